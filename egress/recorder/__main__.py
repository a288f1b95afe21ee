"""python -m egress.recorder APP NOTE: runs the app with the recorder's names; NOTE gets the reason if cdktf has to do it."""

from __future__ import annotations

import gc
import json
import os
import runpy
import sys
from importlib import metadata, util
from pathlib import Path

from egress.cdk import CDKTF, VARIABLE
from egress.recorder.app import VERSION
from egress.recorder.handover import hand_over, note_in
from egress.recorder.names import BINDINGS, install
from egress.recorder.nsxt import SCHEMA

_MEANT_FOR_CDKTF = ("CDKTF_CONTEXT_JSON", "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS", "SYNTH_HCL_OUTPUT")
"""Variables of the environment that change what cdktf writes (cdktf 0.21, process.env in its lib)."""


def main() -> None:
    """Runs the app. What goes wrong in it is told by cdktf's run, but for what it says itself and ends with."""
    gc.disable()  # whatever is made stays until the end, and that is near
    app, note = sys.argv[1], Path(sys.argv[2])
    note_in(note)
    _look_around()
    install()
    sys.argv = [app]
    try:
        runpy.run_path(app, run_name="__main__")
    except Exception as error:
        hand_over(f"an error: {type(error).__name__}")


def _look_around() -> None:
    for name in _MEANT_FOR_CDKTF:
        if os.environ.get(name):
            hand_over(f"the variable {name}")
    if os.environ.get(VARIABLE, CDKTF.name) not in ("", CDKTF.name):
        hand_over(f"{VARIABLE}={os.environ[VARIABLE]}")
    try:
        installed = metadata.version(CDKTF.name)
    except metadata.PackageNotFoundError:
        installed = "is not installed"
    if installed != VERSION:
        hand_over(f"cdktf {installed}")
    found = util.find_spec(BINDINGS)
    inputs = Path(found.origin).with_name("inputs.json") if found is not None and found.origin else None
    if inputs is None or not inputs.is_file() or json.loads(inputs.read_bytes()).get("schema") != SCHEMA:
        hand_over(f"bindings {BINDINGS} of another schema")


main()

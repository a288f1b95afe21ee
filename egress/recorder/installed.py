"""Whether the CDK that is installed is the one whose bytes the recorder knows."""

from __future__ import annotations

import json
import os
import sys
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import NamedTuple

from egress.cdk import CDKTF, CDKTN, Cdk
from egress.recorder.layout import json_text
from egress.recorder.nsxt import SCHEMA


class Release(NamedTuple):
    """A CDK whose bytes are known. `splits_empty`: it writes a line end between the brackets of what is empty."""

    version: str
    splits_empty: bool

    def text(self, value: object) -> str:
        """JSON as it lays it out."""
        return json_text(value, splits_empty=self.splits_empty)


RELEASES = {CDKTF.name: Release("0.21.0", splits_empty=True), CDKTN.name: Release("0.24.0", splits_empty=False)}
"""What the two write differs in this alone."""
_MEANT_FOR_THE_CDK = ("CDKTF_CONTEXT_JSON", "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS", "SYNTH_HCL_OUTPUT")
"""Variables of the environment that change what it writes (process.env in the lib of cdktf 0.21 and of cdktn 0.24)."""


def real(module: str, passing: object) -> ModuleSpec | None:
    """Where the real package is, whoever finds it but for `passing`, the recorder's own finder; None where there is none."""
    others = [finder for finder in sys.meta_path if finder is not passing]
    return next((found for finder in others if (found := finder.find_spec(module, None))), None)


def unknown(cdk: Cdk, passing: object) -> str:
    """What about a CDK, its bindings or the environment only the CDK itself can know; empty where there is nothing."""
    for name in _MEANT_FOR_THE_CDK:
        if os.environ.get(name):
            return f"the variable {name}"
    try:
        installed = metadata.version(cdk.name)
    except metadata.PackageNotFoundError:
        installed = "is not installed"
    if installed != RELEASES[cdk.name].version:
        return f"{cdk.name} {installed}"
    found = real(cdk.bindings, passing)
    inputs = Path(found.origin).with_name("inputs.json") if found is not None and found.origin else None
    if inputs is None or not inputs.is_file() or json.loads(inputs.read_bytes()).get("schema") != SCHEMA:
        return f"bindings {cdk.bindings} of another schema"
    return ""

"""A program that is run with the recorder's names."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from egress.recorder.handover import hand_over, note_in
from egress.recorder.names import install


def run(app: str, note: Path) -> None:
    """Runs an app of this directory. `note` gets the reason if the CDK itself has to do it.

    What goes wrong in it is told by the CDK's own run, but for what it says itself and ends with.
    """
    note_in(note)
    install()
    sys.argv = [app]
    try:
        runpy.run_path(app, run_name="__main__")
    except Exception as error:
        hand_over(f"an error: {type(error).__name__}")

"""python -m egress.recorder APP NOTE: runs the app with the recorder's names; NOTE gets the reason if the CDK itself has to do it."""

from __future__ import annotations

import gc
import runpy
import sys
from pathlib import Path

from egress.recorder.handover import hand_over, note_in
from egress.recorder.names import install


def main() -> None:
    """Runs the app. What goes wrong in it is told by the CDK's own run, but for what it says itself and ends with."""
    gc.disable()  # whatever is made stays until the end, and that is near
    app, note = sys.argv[1], Path(sys.argv[2])
    note_in(note)
    install()
    sys.argv = [app]
    try:
        runpy.run_path(app, run_name="__main__")
    except Exception as error:
        hand_over(f"an error: {type(error).__name__}")


main()

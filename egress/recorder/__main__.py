"""python -m egress.recorder APP NOTE: runs the app with the recorder's names; NOTE gets the reason if the CDK itself has to do it."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from pathlib import Path

from egress.ending import end_of_program
from egress.recorder.program import run

gc.disable()  # whatever is made stays until the end, and that is near
run(sys.argv[1], Path(sys.argv[2]))
with contextlib.suppress(OSError):  # Python tells of it, and ends as it should
    end_of_program()
    os._exit(0)

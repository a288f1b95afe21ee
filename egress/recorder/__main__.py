"""python -m egress.recorder APP NOTE: runs the app with the recorder's names; NOTE gets the reason if the CDK itself has to do it."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from egress.recorder.program import run

gc.disable()  # whatever is made stays until the end, and that is near
run(sys.argv[1], Path(sys.argv[2]))

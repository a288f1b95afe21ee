"""The end of a program as the interpreter has it, but for taking apart what was made: that goes with the process anyway."""

from __future__ import annotations

import atexit
import sys
import threading


def end_of_program() -> None:
    """Waits for the threads of a program, its pools let go, runs what it registered for its end, and writes out what it printed: what Python
    does first at an end, in its order (Py_FinalizeEx, "Initialization, Finalization, and Threads"), and has no public name for.

    Errors: OSError where what was printed cannot be written.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()

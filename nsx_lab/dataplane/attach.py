"""A data plane that follows a running lab: what is realized there is what packets meet here.

with Attachment(lab, world) as attachment:
    attachment.probe(Flow("pod-c8", "198.51.100.10", "tcp", 5000))
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from nsx_lab.dataplane.channel import Channel
from nsx_lab.dataplane.dataplane import TIMEOUT, Dataplane, Flow, Outcome
from nsx_lab.dataplane.errors import DataplaneError, Unavailable, WorldError
from nsx_lab.dataplane.planning.objects import check_format
from nsx_lab.strict_json import parse


class Manager(Protocol):
    """What is needed of a lab (`nsx_lab.Lab`)."""

    @property
    def control_token(self) -> str: ...
    def realized(self) -> dict[str, dict[str, Any]]: ...
    def on_realized(self, callback: Callable[[list[Any]], None]) -> Callable[[], None]: ...


def read_world_file(path: Path) -> dict[str, Any]:
    """Section `world` of a world file. Errors: WorldError, naming the file."""
    try:
        document = parse(path.read_bytes())
        check_format(document)
        world: dict[str, Any] = document["world"]
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, AttributeError) as error:
        raise WorldError(f"{path}: not a world file: {error}") from error
    except WorldError as error:
        raise WorldError(f"{path}: {error}") from error
    return world


class Attachment:
    """`world`: section `world` of a world file. Errors when it starts: WorldError; Unavailable where the machine does not allow it.

    A change is taken over by a thread of its own as soon as it is realized, and in any case before the next probe.
    """

    def __init__(self, lab: Manager, world: Mapping[str, Any]) -> None:
        self._lab = lab
        self.plane = Dataplane(world, lab.realized())
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._ending = False
        self._unhook: Callable[[], None] | None = None
        self._channel: Channel | None = None
        self._thread = threading.Thread(target=self._follow, name="nsx-lab-packets", daemon=True)
        self.problem = ""
        """Why the latest configuration could not be taken over; empty when it was."""

    def __enter__(self) -> Self:
        self.plane.start()
        self._unhook = self._lab.on_realized(lambda changes: self._changed.set())
        self._changed.set()  # what was realized between the first look and the hook
        self._thread.start()
        self._channel = Channel(self._lab.control_token, self).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._channel is not None:
            self._channel.stop()
        if self._unhook is not None:
            self._unhook()
        self._ending = True
        self._changed.set()
        self._thread.join(10)
        self.plane.stop()

    def probe(self, flow: Flow, *, explain: bool = False, timeout: float = TIMEOUT) -> Outcome:
        """One flow through what is realized now. Errors: as `Dataplane.probe`."""
        self.settle()
        return self.plane.probe(flow, explain=explain, timeout=timeout)

    def settle(self) -> None:
        """Takes over what is realized, if it changed. What cannot be taken over is told in `problem`; packets go as before."""
        realized = self._lab.realized()  # the look that lets delayed realization happen; it may set `_changed`
        with self._lock:
            if not self._changed.is_set():
                return
            self._changed.clear()
            realized = self._lab.realized()
            try:
                self.plane.update(realized)
                self.problem = ""
            except DataplaneError as error:
                self.problem = str(error)

    def _follow(self) -> None:
        while True:
            self._changed.wait()
            if self._ending:
                return
            self.settle()


@contextmanager
def packets(lab: Manager, world_file: Path | None, tell: Callable[[str], None]) -> Iterator[Attachment | None]:
    """For `nsx-lab serve --packets`: a lab with a data plane, or without when none is wanted (None) or to be had.

    `tell` gets one line about it. In CI (environment variable CI set) a data plane that is not to be had is an error: Unavailable.
    """
    if world_file is None:
        yield None
        return
    try:
        attachment = Attachment(lab, read_world_file(world_file)).__enter__()
    except Unavailable as error:
        if os.environ.get("CI"):
            raise
        tell(f"{error}; the lab goes on without")
        yield None
        return
    try:
        tell(f"real packets through {len(attachment.plane.plan.nodes)} nodes: nsx-lab nodes, probe, exec")
        yield attachment
    finally:
        attachment.__exit__(None, None, None)

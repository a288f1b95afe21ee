"""The process that holds the namespaces: it reads one JSON object a line and answers with one. It ends when its input does.

It is a process of its own because a user namespace can only be entered by a process with one thread, and because namespaces without a
name vanish with the process that holds them.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nsx_lab.dataplane.errors import DataplaneError, Unavailable
from nsx_lab.dataplane.kernel.kernel import Kernel
from nsx_lab.dataplane.kernel.probing import Prober, turn
from nsx_lab.dataplane.kernel.watching import Watch
from nsx_lab.dataplane.planning.recipe import Recipe

Json = dict[str, Any]


class Agent:
    """What can be asked: apply, probe, where."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._kernel = Kernel()
        self._prober = Prober(self._kernel, self._selector)
        self._watch = Watch(self._kernel, self._selector)
        self._lines: list[bytes] = []
        self._rest = b""
        self._ended = False
        os.set_blocking(0, False)
        self._selector.register(0, selectors.EVENT_READ, self._read)

    def _read(self) -> None:
        data = os.read(0, 1 << 20)
        self._ended = self._ended or not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += lines
        if not data:
            self._selector.unregister(0)

    def serve(self) -> None:
        """Until the input ends. The servers inside go on answering meanwhile."""
        while self._lines or not self._ended:
            if not self._lines:
                turn(self._selector, None)
                continue
            request = json.loads(self._lines.pop(0))
            answer(self._handle(request) | {"number": request["number"]})

    def _handle(self, request: Json) -> Json:
        handlers: dict[str, Callable[[Json], Json]] = {
            "apply": self._apply,
            "probe": self._probe,
            "where": self._where,
        }
        try:
            return handlers[request["do"]](request)
        except (DataplaneError, OSError, KeyError) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def _apply(self, request: Json) -> Json:
        fresh = self._kernel.apply([Recipe.from_json(body) for body in request["recipes"]])
        self._prober.servers.keep_up(fresh, [(protocol, port) for protocol, port in request["ports"]])
        return {"fresh": fresh}

    def _probe(self, request: Json) -> Json:
        flows, timeout, quiet = request["flows"], request["timeout"], request["quiet"]
        if not request["explain"]:
            return {"probes": [probe.as_json() for probe in self._prober.run(flows, timeout, quiet)]}
        with self._watch:
            probes = self._prober.run(flows, timeout, quiet)
        return {"probes": [probe.as_json() | self._watch.story(probe) for probe in probes]}

    def _where(self, request: Json) -> Json:
        pid = os.getpid()
        return {
            "user": f"/proc/{pid}/ns/user",
            "nodes": {name: f"/proc/{pid}/fd/{number}" for name, number in self._kernel.nodes.items()},
        }


def answer(body: Json) -> None:
    os.set_blocking(1, True)
    data = json.dumps(body).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


def main() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        agent = Agent()
    except Unavailable as error:
        answer({"unavailable": error.reason, "remedy": error.remedy})
        return 1
    answer({"ready": os.getpid()})
    agent.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Real packets through a realized configuration: the parent's side of the process that holds the namespaces."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from nsx_lab.dataplane.errors import ApplyError, Unavailable, WorldError
from nsx_lab.dataplane.planning import compiling, objects, recipe
from nsx_lab.dataplane.planning.networks import read_address
from nsx_lab.dataplane.planning.plan import Choice, Kind, Plan

TIMEOUT = 0.35
"""Seconds after which a probe counts as lost (measured: a delivered one takes 1 to 5 ms)."""
QUIET = 0.12
"""Seconds without any packet after which nothing more is expected."""
AGENT = (sys.executable, "-m", "nsx_lab.dataplane.kernel.agent")
PROTOCOLS = ("tcp", "udp", "icmp")


@dataclass(frozen=True)
class Flow:
    """From a host or pod, by name. `protocol`: tcp, udp or icmp. `port`: 0 for icmp."""

    origin: str
    to: str
    protocol: str = "tcp"
    port: int = 443

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Flow:
        """As in a world file: {"from", "to", "protocol", "port"}."""
        return cls(str(body["from"]), str(body["to"]), str(body.get("protocol", "tcp")), int(body.get("port") or 0))

    def as_json(self) -> dict[str, Any]:
        return {"from": self.origin, "to": self.to, "protocol": self.protocol, "port": self.port}


@dataclass(frozen=True)
class Outcome:
    """What became of a flow.

    `delivered`: its first packet reached a host or pod, `at` which, and `source_seen` there. `returned`: the first answer came back to
    the sender, from the address and port it had sent to. `exchanged`: so did the application's answer, `answer`. `hops`, `lost` (node,
    reason, reply): filled in when asked to explain. `error`: what the sender's own kernel said.
    """

    flow: Flow
    delivered: bool
    source_seen: str | None
    at: str | None
    returned: bool
    exchanged: bool
    milliseconds: float
    answer: str = ""
    error: str = ""
    hops: tuple[dict[str, Any], ...] = ()
    lost: dict[str, Any] | None = None


class Dataplane:
    """`with Dataplane(world, realized) as plane: plane.probe(Flow("pod-c8", "198.51.100.10", "tcp", 5000))`.

    `world`: section `world` of a world file. `realized`: realized Policy objects by path (`Lab.realized()`, or `objects.flatten`).
    Errors: WorldError for what cannot be used; Unavailable (with reason and remedy) where the machine does not allow it.
    """

    def __init__(self, world: Mapping[str, Any], realized: objects.Realized) -> None:
        self._world = world
        self.plan = compiling.plan(world, realized)
        self._pins: dict[str, int] = {}
        self._applied: tuple[list[recipe.Recipe], tuple[tuple[str, int], ...]] | None = None
        """What the namespaces were made to be; None while that is not known."""
        self._asked = 0
        self._lock = threading.RLock()
        self._agent: subprocess.Popen[bytes] | None = None

    @classmethod
    def from_world_file(cls, document: Mapping[str, Any]) -> Self:
        """From a whole world file (docs/world.md)."""
        objects.check_format(document)
        return cls(document["world"], objects.flatten(document["infra"]))

    def start(self) -> Self:
        pipe = subprocess.PIPE
        self._applied = None
        self._agent = subprocess.Popen(AGENT, stdin=pipe, stdout=pipe, start_new_session=True)
        try:
            hello = self._receive()
            if "unavailable" in hello:
                raise Unavailable(hello["unavailable"], hello["remedy"])
            self._apply()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends the process; with it go its namespaces."""
        agent, self._agent = self._agent, None
        if agent is None or agent.stdin is None or agent.stdout is None:
            return
        agent.stdin.close()
        try:
            agent.wait(5)
        except subprocess.TimeoutExpired:
            agent.kill()
            agent.wait()
        agent.stdout.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Where several ways are equally good."""
        return self.plan.choices

    def update(self, realized: objects.Realized) -> None:
        """Takes over a realized configuration. Only nodes that differ are touched; connections through changed rules are forgotten."""
        self.replace(self._world, realized)

    def replace(self, world: Mapping[str, Any], realized: objects.Realized) -> None:
        """Another world, in the same namespaces as far as they fit."""
        with self._lock:
            plan = compiling.plan(world, realized)
            self._world, self.plan, self._pins = world, plan, {}
            self._apply()

    def pin(self, pins: Mapping[str, int]) -> None:
        """Takes one option at each named choice (`Choice.key` -> index); what is not named is left to the kernel."""
        known = {choice.key: len(choice.options) for choice in self.choices}
        for key, index in pins.items():
            if not 0 <= index < known.get(key, 0):
                raise WorldError(
                    f"pin {key!r}: {index}, allowed are {known or 'none: there is no choice in this world'}"
                )
        with self._lock:
            self._pins = dict(pins)
            self._apply()

    def probe(self, flow: Flow, *, explain: bool = False, timeout: float = TIMEOUT) -> Outcome:
        """One flow. `explain`: hops and, if it is lost, where and why. `timeout` in seconds."""
        return self.probe_all([flow], explain=explain, timeout=timeout)[0]

    def probe_all(
        self, flows: Iterable[Flow], *, explain: bool = False, timeout: float = TIMEOUT, quiet: float = QUIET
    ) -> list[Outcome]:
        """Many flows side by side. Errors: WorldError for an origin that is no host or pod, or an unknown protocol."""
        wanted = list(flows)
        for flow in wanted:
            self._check(flow)
        request = {"timeout": timeout, "quiet": quiet, "explain": explain, "flows": [flow.as_json() for flow in wanted]}
        answer = self._ask({"do": "probe", **request})
        return [_outcome(flow, body) for flow, body in zip(wanted, answer["probes"], strict=True)]

    def where(self) -> dict[str, Any]:
        """Paths below /proc of the user namespace and of each node's network namespace, for this user's programs."""
        return self._ask({"do": "where"})

    def _check(self, flow: Flow) -> None:
        origins = [node.name for node in self.plan.nodes if node.kind in (Kind.HOST, Kind.POD)]
        if flow.origin not in origins:
            raise WorldError(f"{flow.origin!r} is no host or pod, allowed are {', '.join(origins)}")
        read_address(flow.to, "probe")
        if flow.protocol not in PROTOCOLS:
            raise WorldError(f"protocol {flow.protocol!r}, allowed are {', '.join(PROTOCOLS)}")
        if flow.protocol != "icmp" and not 0 < flow.port < 20000:
            raise WorldError(f"port {flow.port}, allowed are 1 to 19999: higher ones are the probes' own")

    def _apply(self) -> None:
        wanted = (recipe.recipes(self.plan, self._pins), self.plan.member_ports)
        if wanted == self._applied:
            return
        self._applied = None
        self._ask({"do": "apply", "recipes": [asdict(one) for one in wanted[0]], "ports": wanted[1]})
        self._applied = wanted

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            agent = self._agent
            if agent is None or agent.stdin is None:
                raise ApplyError("the data plane is not running")
            self._asked += 1
            try:
                agent.stdin.write(json.dumps({**request, "number": self._asked}).encode() + b"\n")
                agent.stdin.flush()
            except BrokenPipeError as error:
                raise ApplyError("the process that held the data plane is gone") from error
            answer = self._receive()
            while answer.get("number") != self._asked:  # an answer that an interrupted caller did not wait for
                answer = self._receive()
        if "error" in answer:
            raise ApplyError(answer["error"])
        return answer

    def _receive(self) -> dict[str, Any]:
        line = self._agent.stdout.readline() if self._agent and self._agent.stdout else b""
        if not line:
            raise ApplyError("the process that holds the data plane ended without an answer")
        body: dict[str, Any] = json.loads(line)
        return body


def _outcome(flow: Flow, body: Mapping[str, Any]) -> Outcome:
    hops: Sequence[dict[str, Any]] = body.get("hops", ())
    return Outcome(
        flow=flow,
        delivered=body["delivered"],
        source_seen=body["seen"],
        at=body["at"],
        returned=body["returned"],
        exchanged=body["exchanged"],
        milliseconds=body["milliseconds"],
        answer=body["answer"],
        error=body["error"],
        hops=tuple(hops),
        lost=body.get("lost"),
    )


__all__ = ["Dataplane", "Flow", "Outcome", "Plan"]

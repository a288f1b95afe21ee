"""Follows a flow along every path, there and back.

    walker = Walker(topology)
    verdict = walker.walk(Flow("pod-c8", IPv4Address("198.51.100.10")))
    verdict.result, verdict.seen, verdict.failing

Pure: the same topology and flow give the same verdict. A loop ends with a reason, never hangs.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from egress.domain.addresses import Address
from egress.reachability.flow import SOURCE_PORT, DropReason, Flow, Hop, Packet, Path, Protocol, Verdict
from egress.reachability.forwarding import State, Step, reversed_packet
from egress.reachability.network import CompiledNetwork
from egress.reachability.tables import address, key, made
from egress.reachability.topology import Topology
from egress.reachability.translation import Raw

MAX_PATHS = 1024
"""Paths that are followed for one direction of one flow; `Verdict.cut` says that there were more."""
HOP_LIMIT = 64
"""Initial TTL (Linux, and the kernel half of the differential test)."""
_SUSPICIOUS = 7


class Outcome(NamedTuple):
    """What became of one path. `seen`: source address at the far side, None when nothing arrived there."""

    delivered: bool
    seen: Address | None
    returned: bool
    drop: DropReason | None


class _Trail(NamedTuple):
    """One direction of one path."""

    steps: tuple[Step, ...]
    drop: DropReason | None
    state: State


class _Walked(NamedTuple):
    """Both directions of one path. `back` is None when the packet did not arrive."""

    there: _Trail
    back: _Trail | None


class Walker:
    """Asks flows of one topology. `before`: a walker of another topology that has nodes in common with it. `differs`: names of those that
    they have not in common, where somebody knows."""

    def __init__(
        self, topology: Topology, before: Walker | None = None, differs: Collection[str] | None = None
    ) -> None:
        self.topology = topology
        self._network: CompiledNetwork = CompiledNetwork(topology, before._network if before else None, differs)

    @property
    def compiled(self) -> int:
        """How many nodes were compiled for this walker, and not taken over from the one before."""
        return self._network.compiled

    def holds(self, address: Address) -> bool:
        """Whether somebody has an address, or answers ARP for it."""
        return self._network.holds(key(address))

    def walk(self, flow: Flow) -> Verdict:
        """The flow with all its paths and hops. Errors: KeyError for an origin that is no node of the topology."""
        walked, cut = self._both(flow)
        return Verdict(flow, tuple(self._path(one) for one in walked), cut)

    def outcomes(self, flow: Flow) -> tuple[Outcome, ...]:
        """As `walk`, without the hops: for asking very many flows."""
        return tuple(map(_outcome, self._both(flow)[0]))

    def _both(self, flow: Flow) -> tuple[list[_Walked], bool]:
        place = self._network.forwarders[flow.origin].place
        port = 0 if flow.protocol is Protocol.ICMP else flow.port
        to = key(flow.to)
        source = place.source(to, flow.to.version)
        if source is None:
            packet = (to, to, SOURCE_PORT, port, flow.protocol.value)
            end = Step(place.name, None, packet, packet, (), None, None, None, DropReason.NO_SOURCE, (), ())
            return [_Walked(_Trail((end,), DropReason.NO_SOURCE, ()), None)], False
        sent = (source, to, SOURCE_PORT, port, flow.protocol.value)
        there, cut = self._follow(place.name, sent, False, ())
        answers: dict[tuple[str, Raw, State], list[_Trail]] = {}
        walked: list[_Walked] = []
        for trail in there:
            if trail.drop is not None:
                walked.append(_Walked(trail, None))
                continue
            last = trail.steps[-1]
            question = (last.node, last.after, trail.state)
            if question not in answers:
                answers[question], more = self._answer(question, place.name, sent)
                cut = cut or more
            walked += [_Walked(trail, back) for back in answers[question]]
        return walked, cut

    def _answer(self, question: tuple[str, Raw, State], origin: str, sent: Raw) -> tuple[list[_Trail], bool]:
        """The paths of the answer. It counts only if it comes to the sender, from where the sender had sent to."""
        node, received, state = question
        trails, cut = self._follow(node, reversed_packet(received), True, state)
        expected = reversed_packet(sent)
        return [_checked(trail, origin, expected) for trail in trails], cut

    def _follow(self, node: str, packet: Raw, reply: bool, state: State) -> tuple[list[_Trail], bool]:
        """Every path of one packet from the node that sends it. Depth first, in the order of the routes."""
        nodes = self._network.forwarders
        done: list[_Trail] = []
        waiting: list[tuple[tuple[Step, ...], Step]] = [
            ((), step) for step in reversed(nodes[node].send(packet, state, reply))
        ]
        while waiting:
            before, step = waiting.pop()
            trail = [*before, step]
            while len(exits := step.exits) == 1 and len(trail) < _SUSPICIOUS:
                name, arrived = exits[0]
                following = nodes[name].receive(arrived, step.after, reply, step.state)
                if len(following) > 1:
                    here = tuple(trail)
                    waiting += [(here, other) for other in reversed(following[1:])]
                step = following[0]
                trail.append(step)
            here = tuple(trail)
            if not exits:
                done.append(_Trail(here, step.drop, step.state))
                if len(done) == MAX_PATHS:
                    return done, bool(waiting)
            for name, arrived in reversed(exits):
                if _again(here, name, arrived, step.after):
                    looped = step._replace(drop=DropReason.LOOP, exits=())
                    waiting.append((here[:-1], looped))
                    continue
                following = nodes[name].receive(arrived, step.after, reply, step.state)
                waiting += [(here, other) for other in reversed(following)]
        return done, False

    def _path(self, walked: _Walked) -> Path:
        outcome = _outcome(walked)
        return Path(outcome.delivered, outcome.returned, outcome.seen, lambda: self._hops(walked))

    def _hops(self, walked: _Walked) -> tuple[tuple[Hop, ...], tuple[Hop, ...]]:
        there, back = walked
        return tuple(map(self._hop, there.steps)), tuple(map(self._hop, back.steps)) if back else ()

    def _hop(self, step: Step) -> Hop:
        node = self.topology.nodes[step.node]
        via = None if step.via is None else address(step.via)
        before, after = _packet(step.before), _packet(step.after)
        values = (node.name, node.kind, step.arrived, step.left, before, after, step.rules, step.route, via, step.drop)
        return made(Hop, values)


def _again(trail: tuple[Step, ...], node: str, arrived: str, packet: Raw) -> bool:
    """The packet was here before on this path. Looked for once the path is longer than a path without a loop usually is."""
    if len(trail) < _SUSPICIOUS:
        return False
    if len(trail) > HOP_LIMIT:  # the sender, and as many forwarding nodes: the last of them has no hop left to give
        return True
    return any(step.before == packet and step.node == node and step.arrived == arrived for step in trail)


def _checked(trail: _Trail, origin: str, expected: Raw) -> _Trail:
    last = trail.steps[-1]
    home = last.node == origin and last.after == expected
    if home and trail.drop is DropReason.TAKEN_HERE:  # it is the gateway's own: it had asked
        return _Trail((*trail.steps[:-1], last._replace(drop=None)), None, trail.state)
    if trail.drop is not None or home:
        return trail
    wrong = last._replace(drop=DropReason.WRONG_ANSWER)
    return _Trail((*trail.steps[:-1], wrong), DropReason.WRONG_ANSWER, trail.state)


def _outcome(walked: _Walked) -> Outcome:
    there, back = walked
    if back is None:
        return Outcome(False, None, False, there.drop)
    return Outcome(True, address(there.steps[-1].after[0]), back.drop is None, back.drop)


def _packet(raw: Raw) -> Packet:
    return made(Packet, (address(raw[0]), address(raw[1]), raw[2], raw[3]))

"""The packet walk and the kernel are asked the same questions, and what they answer is compared. Shared by the test and the bench."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from egress.reachability import Flow as WalkFlow
from egress.reachability import Path, Protocol, Verdict, Walker, assemble, flatten, read_world
from egress.reachability.topology import NodeKind
from nsx_lab import dataplane
from nsx_lab.dataplane import Choice, Dataplane, Flow

QUIET, PATIENT = 0.05, 0.4
ACTIONS = ("SNAT", "DNAT", "REFLEXIVE", "NO_SNAT", "NO_DNAT")
"""The generated rules have their action in their id."""
Answer = tuple[bool, str | None, bool]
"""Delivered, source seen, returned: docs/world.md, "What is compared"."""


@dataclass
class Tally:
    """What a run has seen."""

    flows: int = 0
    probes: int = 0
    delivered: int = 0
    pinnings: int = 0
    met: Counter[str] = field(default_factory=Counter)
    """Flows by drop reason and by NAT action, as compared."""
    kernel_drops: Counter[str] = field(default_factory=Counter)
    disagreements: list[dict[str, Any]] = field(default_factory=list)


def pinnings(choices: Sequence[Choice]) -> list[dict[str, int]]:
    """Every combination of the choices. The families are pinned side by side: a flow meets choices of one family only."""
    four, six = (_combinations([choice for choice in choices if choice.version == version]) for version in (4, 6))
    longer, shorter = (four, six) if len(four) >= len(six) else (six, four)
    return [one | shorter[index % len(shorter)] for index, one in enumerate(longer)]


def _combinations(choices: Sequence[Choice]) -> list[dict[str, int]]:
    """The choice that is slowest to change (ARP: neighbours must forget) changes least often."""
    ordered = sorted(choices, key=lambda choice: choice.kind)
    combinations = itertools.product(*(range(len(choice.options)) for choice in ordered))
    return [{choice.key: index for choice, index in zip(ordered, one, strict=True)} for one in combinations]


def compare(plane: Dataplane, document: dict[str, Any], tally: Tally, *, explain: bool = False) -> None:
    """One world with its flows; `tally` takes the result.

    `explain`: where and why packets are lost is compared too. A disagreement is looked at again, slowly: a busy machine loses time, not
    packets.
    """
    plane.replace(document["world"], dataplane.flatten(document["infra"]))
    ask(plane, document, tally, explain=explain)


def ask(plane: Dataplane, document: dict[str, Any], tally: Tally, *, explain: bool = False) -> None:
    """As `compare`, of whatever world the data plane is now."""
    walker = Walker(assemble(flatten(document["infra"]), read_world(document).world))
    flows = [Flow.from_json(flow) for flow in document["flows"]]
    expected = [_expected(walker, flow, tally) for flow in flows]
    seen = _asked(plane, flows, tally, explain, QUIET)
    doubtful = [index for index, flow in enumerate(flows) if not _agree(flow, expected[index], seen[index], explain)]
    if doubtful:
        again = _asked(plane, [flows[index] for index in doubtful], tally, explain, PATIENT)
        for index, found in zip(doubtful, again, strict=True):
            seen[index] = found
            if not _agree(flows[index], expected[index], found, explain):
                tally.disagreements.append(_report(flows[index], expected[index], found, document))
    tally.flows += len(flows)
    tally.delivered += sum(any(delivered for delivered, _, _ in found.answers) for found in seen)
    tally.kernel_drops.update(reason for found in seen for reason in {reason for _, reason in found.lost})


@dataclass
class Found:
    """What one side says of a flow, over all paths. `lost`: node and reason."""

    answers: set[Answer] = field(default_factory=set)
    lost: set[tuple[str, str]] = field(default_factory=set)


def met(walker: Walker, flow: Flow) -> set[str]:
    """What a flow meets, as far as it can be compared: drop reasons, NAT actions, "delivered"."""
    verdict = _walked(walker, flow)
    paths = [path for path in verdict.paths if _consistent(path)]
    rules = {rule for path in paths for hop in path.forward + path.back for rule in hop.rules}
    actions = {rule.rpartition("-")[0].upper() for rule in rules} & set(ACTIONS)
    delivered = {"delivered"} if any(path.delivered for path in paths) else set()
    return actions | delivered | {str(path.last.drop) for path in paths if path.last.drop}


def _walked(walker: Walker, flow: Flow) -> Verdict:
    return walker.walk(WalkFlow(flow.origin, ip_address(flow.to), Protocol(flow.protocol), flow.port))


def _expected(walker: Walker, flow: Flow, tally: Tally) -> Found:
    paths = [path for path in _walked(walker, flow).paths if _consistent(path)]
    tally.met.update(met(walker, flow))
    return Found(
        {_answered(path) for path in paths},
        {(path.last.node, str(path.last.drop)) for path in paths if path.last.drop},
    )


def _answered(path: Path) -> Answer:
    """A gateway of the lab is silent; the walk's answers to a ping of its own addresses (docs/world.md, step 4)."""
    if path.delivered and path.forward[-1].kind not in (NodeKind.HOST, NodeKind.POD):
        return (False, None, False)
    return (path.delivered, str(path.seen) if path.seen else None, path.returned)


def _consistent(path: Path) -> bool:
    """The same choice is taken wherever the path meets it: a pinned kernel cannot take another one on the way back."""
    chosen: dict[tuple[str, str], str] = {}
    for hops in (path.forward, path.back):
        for hop, following in itertools.zip_longest(hops, hops[1:]):
            if hop.left is None or hop.route is None:
                continue
            target = str(hop.via or hop.after.destination)
            taken = [((hop.node, f"{hop.route} v{hop.after.destination.version}"), target)] if hop.via else []
            taken += [(("arp", target), following.node)] if following else []
            if any(chosen.setdefault(place, option) != option for place, option in taken):
                return False
    return True


def _asked(plane: Dataplane, flows: list[Flow], tally: Tally, explain: bool, quiet: float) -> list[Found]:
    found = [Found() for _ in flows]
    for pins in pinnings(plane.choices):
        plane.pin(pins)
        tally.pinnings += 1
        for index, outcome in enumerate(plane.probe_all(flows, explain=explain, quiet=quiet, timeout=1)):
            tally.probes += 1
            found[index].answers.add((outcome.delivered, outcome.source_seen, outcome.returned))
            if outcome.lost:
                found[index].lost.add((outcome.lost["node"], outcome.lost["reason"]))
    return found


def _agree(flow: Flow, expected: Found, found: Found, explain: bool) -> bool:
    if expected.answers != found.answers:
        return False
    if not explain or flow.protocol == "icmp":  # the kernel's notes on drops know TCP and UDP
        return True
    loops = any(
        reason == "loop" for _, reason in expected.lost
    )  # each time round, NAT may take another port: not to be followed
    return loops or expected.lost == found.lost


def _report(flow: Flow, expected: Found, found: Found, document: dict[str, Any]) -> dict[str, Any]:
    return {
        "flow": flow.as_json(),
        "walk": sorted(map(str, expected.answers)),
        "kernel": sorted(map(str, found.answers)),
        "walk lost": sorted(expected.lost),
        "kernel lost": sorted(found.lost),
        "document": document | {"flows": [flow.as_json()]},
    }

"""Chooses flows so that a short run meets everything: every drop reason and every NAT action often enough, and many deliveries.

The packet walk says what a flow would meet, and so which flows are asked of the kernel; what the kernel answers does not follow from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from egress.reachability import DropReason, Walker, assemble, flatten, read_world
from nsx_lab import dataplane
from nsx_lab.dataplane import Flow
from nsx_lab.dataplane.planning import compiling
from tests.dataplane import differential, strategies

CANDIDATES = 120
MOST_PINNINGS = 4
"""Worlds in which the kernel would have to be pinned more often are left to the bench."""
EVERYTHING = {reason.value for reason in DropReason} | set(differential.ACTIONS)
ANY = 12
"""Flows of each world that are taken as they come."""
SHARE = 0.4
"""Share of the flows that are chosen because they are delivered."""


def worlds(flows: int, each: int) -> Iterator[dict[str, Any]]:
    """World files, until `flows` flows are together and everything occurs in `each` of them."""
    chosen: list[set[str]] = []
    for seed in range(10_000):
        seen = Counter(one for met in chosen for one in met)
        if len(chosen) >= flows and all(seen[one] >= each for one in EVERYTHING):
            return
        document = strategies.seeded(seed, CANDIDATES)
        built = compiling.plan(document["world"], dataplane.flatten(document["infra"]))
        if len(differential.pinnings(built.choices)) > MOST_PINNINGS:
            continue
        walker = Walker(assemble(flatten(document["infra"]), read_world(document).world))
        kept: list[dict[str, Any]] = []
        for flow in {str(flow): flow for flow in document["flows"]}.values():
            met = differential.met(walker, Flow.from_json(flow))
            rare = any(seen[one] < each for one in met & EVERYTHING)
            delivered = "delivered" in met and seen["delivered"] < SHARE * flows
            if rare or delivered or (len(kept) < ANY and len(chosen) < flows):
                kept.append(flow)
                chosen.append(met)
                seen.update(met)
        if kept:
            yield document | {"flows": kept}

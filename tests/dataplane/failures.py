"""Worlds in which one thing has failed: made by the walk's own rules, asked of both halves. Many: `python -m tests.dataplane.failures [WORLDS]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from egress.policy.gateways import tier0s
from egress.policy.tree import PolicyObjects
from egress.reachability import flatten, read_world
from egress.reachability.outage import Outage, after, outages
from egress.reachability.world import world_document
from nsx_lab import dataplane
from nsx_lab.dataplane.planning import compiling
from tests.dataplane import differential, strategies

Json = dict[str, Any]
WORLDS = 200
FLOWS = 12
MOST_PINNINGS = 4
_COLLECTIONS = {
    "Tier0": "tier-0s",
    "Tier1": "tier-1s",
    "LocaleServices": "locale-services",
    "Tier0Interface": "interfaces",
    "StaticRoutes": "static-routes",
    "PolicyNat": "nat",
    "PolicyNatRule": "nat-rules",
}


def worlds(count: int, first: int = 0) -> Iterator[tuple[int, Json, list[tuple[Outage, Json]]]]:
    """So many generated worlds with all their single failures: number, world file, and what it is after each. Worlds in which the kernel
    would have to be pinned very often are passed over."""
    seed = first
    while count:
        document = strategies.seeded(seed, FLOWS)
        found = [(outage, failed(document, outage)) for outage in single(document)]
        if all(_pinnings(one) <= MOST_PINNINGS for _, one in [(None, document), *found]):
            yield seed, document, found
            count -= 1
        seed += 1


def _pinnings(document: Json) -> int:
    built = compiling.plan(document["world"], dataplane.flatten(document["infra"]))
    return len(differential.pinnings(built.choices))


def single(document: Json) -> list[Outage]:
    """Everything that can fail by itself in a world file."""
    parsed = read_world(document)
    (tier0,) = tier0s(parsed.objects)
    return list(dict.fromkeys(outages(tier0, parsed.world)))


def failed(document: Json, outage: Outage) -> Json:
    """The world file after a failure."""
    parsed = read_world(document)
    (tier0,) = tier0s(parsed.objects)
    objects, world = after(outage, tier0, parsed.objects, parsed.world)
    assert set(flatten(document["infra"])) == set(parsed.objects)
    infra = _kept(document["infra"], "/infra", objects)
    return {**world_document(infra, world), "flows": document["flows"]}


def _kept(parent: Json, path: str, objects: PolicyObjects) -> Json:
    """A tree as far as its objects are there, each as it is there."""
    children = []
    for wrapper in parent.get("children", ()):
        kind = wrapper["resource_type"].removeprefix("Child")
        here = f"{path}/{_COLLECTIONS[kind]}/{wrapper[kind]['id']}"
        if here in objects:
            body = {**objects[here], "children": wrapper[kind].get("children", [])}
            children.append({"resource_type": wrapper["resource_type"], kind: _kept(body, here, objects)})
    return {**parent, "children": children}


def main(count: int) -> int:
    """Walk against kernel on every single failure of so many worlds. 1 if they ever disagree."""
    tally, compared = differential.Tally(), 0
    with dataplane.Dataplane({"segments": {}}, {}) as plane:
        for seed, _, found in worlds(count):
            for outage, document in found:
                known = len(tally.disagreements)
                differential.compare(plane, document, tally)
                compared += 1
                for one in tally.disagreements[known:]:
                    print(json.dumps({"seed": seed, "without": str(outage), **one}), flush=True)
    print(f"{compared} failures of {count} worlds, {tally.flows} flows, {tally.delivered} delivered")
    print(f"{len(tally.disagreements)} disagreements")
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else WORLDS))

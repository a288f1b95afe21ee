"""What an update does to the nodes: all that is needed, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest

from nsx_lab.dataplane import Dataplane, flatten
from nsx_lab.dataplane.kernel import kernel, namespaces
from nsx_lab.dataplane.planning import compiling
from nsx_lab.dataplane.planning.recipe import Recipe, recipes
from tests.dataplane.worlds import PULL, SUPERVISOR, TIER0, TKG, Json, build, infra, world

MOVED = {**SUPERVISOR, "translated_network": "10.27.51.150"}
OTHER_SOURCE = {**SUPERVISOR, "source_network": "30.0.0.77"}
EDGE = "T0-wld01/edge01"


def edge(rules: list[Json], **around: Any) -> Recipe:
    plan = compiling.plan(world(**around), flatten(infra(rules)))
    return next(one for one in recipes(plan) if one.name == EDGE)


def commands(before: Recipe, after: Recipe) -> list[str]:
    return [line for family in (4, 6) for line in kernel._lines(before, after, family)]


def test_another_rule_with_the_same_addresses_is_one_table_and_no_command() -> None:
    before, after = edge([SUPERVISOR]), edge([OTHER_SOURCE])
    assert commands(before, after) == []
    changed = kernel._ruleset(before.nft, after.nft)
    assert [line for line in changed.splitlines() if "table" in line] == [
        "delete table ip translation",
        "table ip translation {",
    ]


def test_another_translated_address_leaves_the_routes_alone() -> None:
    lines = commands(edge([SUPERVISOR]), edge([MOVED]))
    assert lines
    assert all(line.startswith("addr ") for line in lines)


def test_a_network_that_goes_takes_routes_along_so_all_are_made_anew() -> None:
    before = edge([])
    after = Recipe(**{**vars(before), "ports": before.ports[1:]})
    assert [line for line in commands(before, after) if line.startswith("route add")]


def test_a_ruleset_that_is_not_known_is_made_from_nothing() -> None:
    nft = edge([SUPERVISOR]).nft
    assert kernel._ruleset(None, nft) == f"flush ruleset\n{nft}"
    assert "".join(kernel._tables(nft).values()).strip() == nft.strip()


def test_who_answers_for_another_address_is_told_by_segment() -> None:
    moved = kernel._answers(edge([SUPERVISOR])) ^ kernel._answers(edge([MOVED]))
    assert {segment for segment, *_ in moved} == {"segment uplink"}
    assert kernel._answers(edge([SUPERVISOR])) == kernel._answers(edge([OTHER_SOURCE]))


STEPS: list[Callable[[Dataplane], None]] = [
    lambda plane: build(plane, infra([SUPERVISOR]), world()),
    lambda plane: build(plane, infra([MOVED, TKG]), world()),
    lambda plane: build(plane, infra([OTHER_SOURCE]), world(down=["edge02"], return_route=False)),
    lambda plane: build(plane, infra([TKG]), world()),
    lambda plane: plane.pin({choice.key: 0 for choice in plane.choices}),
]


def standing(plane: Dataplane) -> dict[str, Any]:
    """Addresses, routes, policies and rules of every node, as its kernel tells them."""
    found: dict[str, Any] = {}

    def look(name: str, path: str) -> None:
        namespaces.enter(os.open(path, os.O_RDONLY))
        addresses = json.loads(said("ip", "-j", "addr"))
        routes = [
            line for family in ("-4", "-6") for line in said("ip", family, "route", "show", "table", "all").splitlines()
        ]
        found[name] = (
            sorted(
                (one["ifname"], info["local"])
                for one in addresses
                for info in one["addr_info"]
                if info["scope"] == "global"
            ),
            sorted(line for line in routes if "proto 66" in line or "nexthop" in line),
            sorted(said("ip", "-4", "rule").splitlines() + said("ip", "-6", "rule").splitlines()),
            kernel._tables(said("nft", "-s", "list", "ruleset")),
        )

    for name, path in plane.where()["nodes"].items():
        thread = threading.Thread(target=look, args=(name, path))  # a namespace belongs to a thread
        thread.start()
        thread.join()
    return found


def said(tool: str, *words: str) -> str:
    place = shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert place is not None
    return subprocess.run([place, *words], capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_after_each_update_the_nodes_are_as_if_made_anew(real_packets: None) -> None:
    with Dataplane({"segments": {}}, {}) as plane:
        for number, step in enumerate(STEPS):
            step(plane)
            fresh = Dataplane({"segments": {}}, {})
            fresh.plan, fresh._pins = plane.plan, plane._pins
            with fresh:
                assert standing(plane) == standing(fresh), number


def test_neighbours_forget_a_node_that_was_made_anew(plane: Dataplane) -> None:
    """It has another MAC then, with the same addresses."""
    build(plane, infra([SUPERVISOR]), world())
    assert plane.probe(PULL).returned
    rewired = world()
    rewired["tier1"]["another"] = {"pods": [{"name": "pod-new", "addresses": ["10.99.0.2/24"]}]}
    tree = infra([SUPERVISOR])
    tree["children"].append({"resource_type": "ChildTier1", "Tier1": {"resource_type": "Tier1", "id": "another", "tier0_path": TIER0}})  # fmt: skip
    build(plane, tree, rewired)
    assert plane.probe(PULL).returned

"""What a request costs does not grow with the lab, nor an object of a large body with the body: counted in steps and function calls, which make no noise."""

from __future__ import annotations

import cProfile
import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from nsx_lab.manager.http.auth import User
from nsx_lab.manager.http.policy import PREFIX
from nsx_lab.manager.http.running import World
from nsx_lab.manager.http.wire import Request
from nsx_lab.manager.nsx.manager import Manager
from nsx_lab.manager.store.kinds import KINDS

Body = dict[str, Any]
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec"
T0 = "/infra/tier-0s/g0"
RULE = f"{T0}/nat/USER/nat-rules/r0"
ADMIN = User("admin")
NOISE = 1.1
WRAPPED = {kind.resource_type: kind.wrapped_in for kind in KINDS}


def child(kind: str, **fields: Any) -> Body:
    return {"resource_type": f"Child{kind}", WRAPPED[kind]: {"resource_type": kind, **fields}}


def address(first: int, number: int) -> str:
    return f"{first}.{number // 65536}.{number // 256 % 256}.{number % 256}"


def rule(number: int) -> Body:
    return child(
        "PolicyNatRule",
        id=f"r{number}",
        action="SNAT",
        source_network=address(11, number),
        translated_network=address(12, number),
    )


def tier0(number: int, *children: Body, mode: str = "ACTIVE_STANDBY") -> Body:
    return child("Tier0", id=f"g{number}", ha_mode=mode, children=list(children))


def services(*interfaces: Body) -> Body:
    return child("LocaleServices", id="d", edge_cluster_path=CLUSTER, children=list(interfaces))


def interface(number: int) -> Body:
    subnets = [{"ip_addresses": [address(13, number)], "prefix_len": 24}]
    return child("Tier0Interface", id=f"i{number}", edge_path=f"{CLUSTER}/edge-nodes/n", subnets=subnets)


def route(number: int) -> Body:
    hops = [{"ip_address": address(13, 250)}]
    return child("StaticRoutes", id=f"s{number}", network=f"{address(14, number)}/32", next_hops=hops)


def nat(*rules: Body) -> Body:
    return child("PolicyNat", id="USER", children=list(rules))


def below(number: int, gateway: int) -> list[Body]:
    """A Tier-1 with a segment."""
    subnets = [{"gateway_address": f"{address(15, 4 * number + 1)}/30"}]
    return [
        child("Tier1", id=f"t{number}", tier0_path=f"/infra/tier-0s/g{gateway}"),
        child("Segment", id=f"w{number}", connectivity_path=f"/infra/tier-1s/t{number}", subnets=subnets),
    ]


def whole(number: int) -> list[Body]:
    """A Tier-0 with one of everything."""
    return [tier0(number, services(interface(number)), route(0), nat(rule(0))), *below(number, number)]


class Asked:
    """A lab, asked without a wire."""

    def __init__(self, *children: Body) -> None:
        self.world = World()
        edges = child("PolicyEdgeCluster", id="ec", children=[child("PolicyEdgeNode", id="n")])
        points = child("Site", id="default", children=[child("EnforcementPoint", id="default", children=[edges])])
        self.ask("PATCH", "/infra", {"resource_type": "Infra", "children": [points]})
        self.ask("PATCH", "/infra", {"resource_type": "Infra", "children": list(children)})

    def ask(self, method: str, path: str, body: Body | None = None) -> Any:
        path, _, query = path.partition("?")
        path = path if path.startswith("/api") else f"{PREFIX}{path}"
        raw = b"" if body is None else json.dumps(body).encode()
        return self.world.policy.answer(Request(method, path, query, {}, raw), ADMIN).body

    def cost(self, method: str, path: str, body: Body | None = None) -> int:
        """How many steps a request takes that was made before."""
        if method != "DELETE":
            self.ask(method, path, body)
        return steps(lambda: self.ask(method, path, body))


def steps(action: Callable[[], object]) -> int:
    """How many instructions of Python are carried out."""
    taken = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal taken
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        taken += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return taken


def calls(action: Callable[[], object]) -> int:
    """How many functions are called: for what takes too many steps to count them."""
    profile = cProfile.Profile()
    profile.runcall(action)
    return sum(entry.callcount for entry in profile.getstats())


REQUESTS: list[tuple[str, str, Body | None]] = [
    ("GET", T0, None),
    ("GET", f"{T0}/nat/USER/nat-rules", None),
    ("GET", "/search/query?query=resource_type:Tier0 AND id:g0", None),
    ("GET", f"{T0}/routing-table", None),
    ("GET", f"{T0}/number-of-routes", None),
    ("GET", f"{T0}/nat/statistics", None),
    ("GET", f"/infra/realized-state/realized-entities?intent_path={RULE}", None),
    ("GET", f"/infra/realized-state/status?intent_path={RULE}", None),
    ("GET", "/infra/realized-state/alarms", None),
    ("GET", "/api/v1/transport-nodes", None),
    ("PATCH", RULE, rule(0)["PolicyNatRule"]),
    ("PATCH", f"{T0}/static-routes/s0", route(0)["StaticRoutes"]),
    ("PATCH", f"{T0}/static-routes/bfd-peers/p", {"peer_address": "13.0.0.250"}),
    ("PATCH", f"{T0}/locale-services/d/interfaces/i0", interface(0)["Tier0Interface"]),
    ("PATCH", T0, {"ha_mode": "ACTIVE_STANDBY", "description": "x"}),
    ("PATCH", "/infra/tier-1s/t0", {"tier0_path": T0}),
    ("DELETE", RULE, None),
]


@pytest.mark.parametrize("method, path, body", REQUESTS)
def test_a_request_costs_the_same_whatever_else_the_lab_holds(method: str, path: str, body: Body | None) -> None:
    small, large = (
        Asked(*(found for number in range(size) for found in whole(number))).cost(method, path, body)
        for size in (5, 50)
    )
    assert large <= NOISE * small


@pytest.mark.parametrize(
    "method, path, body",
    [
        (method, path, body)
        for method, path, body in REQUESTS
        if path not in (f"{T0}/nat/USER/nat-rules", f"{T0}/routing-table", f"{T0}/number-of-routes")
    ],
)
def test_a_request_costs_the_same_however_much_stands_on_its_gateway(method: str, path: str, body: Body | None) -> None:
    def cost(size: int) -> int:
        many = range(size)
        gateway = tier0(0, services(interface(0)), *map(route, many), nat(*map(rule, many)))
        return Asked(gateway, *(found for number in many for found in below(number, 0))).cost(method, path, body)

    assert cost(50) <= NOISE * cost(5)


BODIES: dict[str, Callable[[range], list[Body]]] = {
    "Tier-0s": lambda many: [found for number in many for found in whole(number)],
    "rules": lambda many: [tier0(0, services(), nat(*map(rule, many)))],
    "routes": lambda many: [tier0(0, services(), *map(route, many))],
    "interfaces": lambda many: [tier0(0, services(*map(interface, many)))],
    "BFD peers": lambda many: [
        tier0(0, *(child("StaticRouteBfdPeer", id=f"p{n}", peer_address=address(13, n)) for n in many))
    ],
    "Tier-1s with a segment each, and rules": lambda many: [
        tier0(0, services(), nat(*map(rule, many))),
        *(found for number in many for found in below(number, 0)),
    ],
    "VRF gateways": lambda many: [
        tier0(0),
        *(child("Tier0", id=f"v{number}", vrf_config={"tier0_path": T0}) for number in many),
    ],
}


@pytest.mark.parametrize("what", BODIES)
def test_an_object_of_a_body_costs_the_same_however_many_there_are(what: str) -> None:
    def per_object(size: int) -> float:
        body = {"resource_type": "Infra", "children": BODIES[what](range(size))}
        new = Asked()
        on_an_empty_lab = calls(lambda: new.ask("PATCH", "/infra", body))
        return (on_an_empty_lab + calls(lambda: new.ask("PATCH", "/infra", body))) / size

    per_object(2)  # types are read when they are met first
    assert per_object(200) <= NOISE * per_object(20)


def test_a_change_of_mode_costs_the_same_however_many_gateways_change() -> None:
    def per_gateway(size: int) -> float:
        asked = Asked(*(tier0(number) for number in range(size)))
        changed = [tier0(number, mode="ACTIVE_ACTIVE") for number in range(size)]
        return calls(lambda: asked.ask("PATCH", "/infra", {"resource_type": "Infra", "children": changed})) / size

    assert per_gateway(200) <= NOISE * per_gateway(20)


def test_what_waits_to_be_realized_costs_no_request_anything() -> None:
    def cost(size: int) -> int:
        asked = Asked(*(found for number in range(size) for found in whole(number)))
        asked.world.manager.clock.hold()
        asked.world.manager.realization.delay = 60.0
        for number in range(size):
            asked.ask("PATCH", f"/infra/tier-0s/g{number}", {"ha_mode": "ACTIVE_STANDBY"})
        return asked.cost("GET", f"/infra/realized-state/realized-entities?intent_path={RULE}")

    assert cost(50) <= NOISE * cost(5)


@pytest.mark.parametrize(
    "path", ["/infra/tier-1s?page_size=10", "/search/query?query=resource_type:Tier1&page_size=10"]
)
def test_a_page_shows_no_more_than_it_hands_out(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, shown = Asked(tier0(0), *(found for number in range(50) for found in below(number, 0))), []
    show = Manager.shown

    def noted(self: Manager, obj: Body) -> Body:
        shown.append(obj["id"])
        return show(self, obj)

    monkeypatch.setattr(Manager, "shown", noted)
    answer = asked.ask("GET", path)
    assert [obj["id"] for obj in answer["results"]] == shown
    assert (len(shown), answer["result_count"]) == (10, 50)

"""Anything may come in: the manager answers, and never with a bug. Without HTTP, for speed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsx_lab.manager.http import manager_api
from nsx_lab.manager.http.auth import User
from nsx_lab.manager.http.running import World
from nsx_lab.manager.http.wire import Request
from nsx_lab.manager.nsx import schema
from nsx_lab.manager.store import seed
from nsx_lab.manager.store.errors import NsxError

ADMIN = User("admin")
T0 = "/infra/tier-0s/T0"
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec"
PATHS = [
    T0,
    "/infra/tier-0s/other",
    "/infra/tier-1s/t1",
    f"{T0}/static-routes/r",
    f"{T0}/static-routes/bfd-peers/p",
    f"{T0}/nat/USER/nat-rules/n",
    f"{T0}/nat/NAT64/nat-rules/n",
    f"{T0}/prefix-lists/l",
    f"{T0}/locale-services/default",
    f"{T0}/locale-services/default/interfaces/u",
    f"{T0}/locale-services/default/bgp",
    f"{T0}/locale-services/default/bgp/neighbors/n",
    f"{CLUSTER}",
    f"{CLUSTER}/edge-nodes/e",
    "/infra/tier-1s/t1/nat/USER/nat-rules/n",
    "/infra/tier-1s/t1/locale-services/default",
    "/infra/lb-services/b",
    "/infra/lb-virtual-servers/v",
    "/infra/segments/s",
    "/infra/segments/s/ports/p",
    "/infra/ip-pools/p",
    "/infra/ip-pools/p/ip-subnets/s",
    "/infra/ip-pools/p/ip-allocations/a",
    "/infra/ip-blocks/b",
    "/infra/domains/default/gateway-policies/g",
    "/infra/domains/default/gateway-policies/g/rules/r",
]
FIELDS = sorted({field for body in schema.document()["$defs"].values() for field in body["properties"]})
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            *PATHS,
            CLUSTER,
            "10.0.0.1",
            "10.0.0.0/24",
            "::/0",
            "0.0.0.0/0",
            "10.0.0.1-10.0.0.9",
            "SNAT",
            "REFLEXIVE",
            "NAT64",
        ]
    ),
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 2**40), st.floats(allow_nan=False, allow_infinity=False), TEXTS
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6)
PLAUSIBLE = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(["SNAT", "DNAT", "REFLEXIVE", "NO_SNAT", "NO_DNAT", "NAT64"]),
        "source_network": TEXTS,
        "destination_network": TEXTS,
        "translated_network": TEXTS,
        "sequence_number": st.integers(-1, 2**33),
        "network": TEXTS,
        "next_hops": st.lists(
            st.fixed_dictionaries({}, optional={"ip_address": TEXTS, "admin_distance": st.integers(1, 255)}), max_size=3
        ),
        "peer_address": TEXTS,
        "ip_address": TEXTS,
        "ports": st.just(["443"]),
        "application_profile_path": st.just("/infra/lb-app-profiles/default-tcp-lb-app-profile"),
        "lb_service_path": st.just("/infra/lb-services/b"),
        "route_advertisement_types": st.just(["TIER1_NAT", "TIER1_LB_VIP"]),
        "bfd_profile_path": st.just("/infra/bfd-profiles/default"),
        "tier0_path": TEXTS,
        "subnets": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "ip_addresses": st.lists(TEXTS, max_size=2),
                    "prefix_len": st.integers(1, 128),
                    "gateway_address": TEXTS,
                },
            ),
            max_size=2,
        ),
        "connectivity_path": TEXTS,
        "cidr": TEXTS,
        "size": st.integers(-2, 70),
        "ip_block_path": st.just("/infra/ip-blocks/b"),
        "resource_type": st.sampled_from(["IpAddressPoolBlockSubnet", "IpAddressPoolStaticSubnet"]),
        "allocation_ranges": st.lists(st.fixed_dictionaries({"start": TEXTS, "end": TEXTS}), max_size=2),
        "edge_cluster_path": st.just(CLUSTER),
        "ha_mode": st.sampled_from(["ACTIVE_ACTIVE", "ACTIVE_STANDBY"]),
        "tags": st.lists(st.fixed_dictionaries({"scope": TEXTS, "tag": TEXTS}), max_size=2),
        "display_name": TEXTS,
    },
)


def a_world() -> World:
    world = World()
    services = {
        "resource_type": "ChildLocaleServices",
        "LocaleServices": {"id": "default", "edge_cluster_path": CLUSTER},
    }
    children = [{"resource_type": "ChildTier0", "Tier0": {"id": "T0", "children": [services]}}]
    document = {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": children}}
    world.manager.seed(seed.of_document(document))
    return world


def ask(world: World, method: str, path: str, body: Any = None, query: str = "") -> int:
    """Status of the answer; any exception but the manager's own fails the test."""
    request = Request(method, path, query, {}, json.dumps(body).encode() if body is not None else b"{}")
    try:
        status = world.policy.answer(request, ADMIN).status
    except NsxError as error:
        status = error.status
    assert status in (200, 400, 404, 405, 412, 501)
    return status


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["PATCH", "PUT", "DELETE"]), st.sampled_from(PATHS), st.one_of(BODIES, PLAUSIBLE)),
        max_size=12,
    )
)
def test_any_bodies_at_any_objects(requests: list[tuple[str, str, dict[str, Any]]]) -> None:
    world = a_world()
    for method, path, body in requests:
        ask(world, method, f"/policy/api/v1{path}", body)
    for obj in world.manager.store.objects():
        assert schema.problems(obj["resource_type"], obj) == []
    for path in (T0, "/infra/tier-0s/other"):
        for table in ("routing-table", "forwarding-table", "number-of-routes", "nat/statistics", "nat"):
            assert ask(world, "GET", f"/policy/api/v1{path}/{table}") in (200, 400, 404)
    assert ask(world, "GET", "/policy/api/v1/infra") == 200
    assert ask(world, "GET", f"/policy/api/v1{CLUSTER}/status") in (200, 404)
    for path in manager_api.PATHS:
        assert ask(world, "GET", f"/api/v1/{path.replace('{id}', 'x')}") in (200, 404)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_any_search(text: str) -> None:
    assert ask(a_world_once, "GET", "/policy/api/v1/search/query", query=f"query={text}") in (200, 400)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    *("infra", "tier-0s", "T0", "nat", "USER", "nat-rules", "static-routes", "bfd-peers", "..", ""),
                    *("transport-nodes", "edge-clusters", "alarms", "cluster", "status", "node"),
                ]
            ),
            st.text(max_size=5),
        ),
        max_size=8,
    )
)
def test_any_path(segments: list[str]) -> None:
    for method in ("GET", "PATCH", "PUT", "DELETE", "POST", "OPTIONS"):
        for api in ("/policy/api/v1/", "/api/v1/"):
            ask(a_world(), method, api + "/".join(segments), {"action": "REFLEXIVE"})


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        VALUES,
        lambda inner: st.fixed_dictionaries(
            {},
            optional={
                "resource_type": st.sampled_from(
                    ["Infra", "ChildTier0", "ChildStaticRoutes", "ChildPolicyNat", "Nonsense"]
                ),
                "Tier0": inner,
                "StaticRoutes": inner,
                "PolicyNat": inner,
                "id": TEXTS,
                "marked_for_delete": st.booleans(),
                "children": st.lists(inner, max_size=2),
            },
        ),
        max_leaves=8,
    )
)
def test_any_tree(tree: Any) -> None:
    ask(a_world(), "PATCH", "/policy/api/v1/infra", tree if isinstance(tree, dict) else {"children": tree})


@pytest.mark.parametrize("depth", [70, 900, 100_000])
def test_body_nested_too_deep_is_refused(depth: int) -> None:
    for path in ("/infra", "/infra/tier-0s/x"):
        deep = b'{"children":[' * depth + b"]}" * depth
        request = Request("PATCH", f"/policy/api/v1{path}", "", {}, deep)
        with pytest.raises(NsxError, match="deeper than 64 levels"):
            a_world().policy.answer(request, ADMIN)
        assert isinstance(request.readable_body(), str)


a_world_once = a_world()

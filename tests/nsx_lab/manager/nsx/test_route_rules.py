"""What the manager says to routes and BFD peers that cannot work."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

T0 = "/infra/tier-0s/T0-wld01"


def code(answer: httpx.Response) -> int:
    return 0 if answer.status_code == 200 else int(answer.json()["error_code"])


def route(api: httpx.Client, network: str, **hop: Any) -> int:
    return code(api.patch(f"{T0}/static-routes/x", json={"network": network, "next_hops": [hop]}))


@pytest.mark.parametrize(
    "network, expected",
    [("0.0.0.0/0", 0), ("10.1.2.0/24", 0), ("10.1.2.3/24", 990007), ("10.1.2.3", 990007), ("any", 990007)],
)
def test_network_is_a_block(api: httpx.Client, network: str, expected: int) -> None:
    assert route(api, network, ip_address="10.27.51.1") == expected


@pytest.mark.parametrize(
    "network, hop, expected",
    [
        ("::/0", "2001:db8::1", 0),
        ("::/0", "10.27.51.1", 990006),
        ("0.0.0.0/0", "2001:db8::1", 990006),
        ("0.0.0.0/0", "10.27.51.145", 990007),
        ("0.0.0.0/0", "10.27.51", 990007),
        ("0.0.0.0/0", "192.0.2.1", 0),
    ],
)
def test_next_hop_fits_the_network(api: httpx.Client, network: str, hop: str, expected: int) -> None:
    assert route(api, network, ip_address=hop) == expected


def test_null_route_is_taken(api: httpx.Client) -> None:
    assert route(api, "198.18.0.0/15", admin_distance=2) == 0


def test_scope_of_a_next_hop(api: httpx.Client) -> None:
    api.patch("/infra/tier-0s/other", json={})
    api.patch("/infra/tier-0s/other/locale-services/default", json={})
    foreign = "/infra/tier-0s/other/locale-services/default/interfaces/up"
    api.patch(foreign, json={"subnets": [{"ip_addresses": ["10.9.9.1"], "prefix_len": 24}]})
    own = f"{T0}/locale-services/default/interfaces/edge01-uplink1"
    assert [route(api, "0.0.0.0/0", ip_address="10.27.51.1", scope=[path]) for path in (own, foreign)] == [0, 990005]


@pytest.mark.parametrize(
    "peer, sources, expected",
    [("10.27.51.1", ["10.27.51.145"], 0), ("2001:db8::1", [], 990006), ("10.27.51.1", ["x"], 990006)],
)
def test_bfd_peer_is_ipv4(api: httpx.Client, peer: str, sources: list[str], expected: int) -> None:
    body = {"peer_address": peer, "source_addresses": sources, "bfd_profile_path": "/infra/bfd-profiles/default"}
    assert code(api.patch(f"{T0}/static-routes/bfd-peers/p", json=body)) == expected


def test_second_bfd_peer_of_one_address_is_refused(api: httpx.Client) -> None:
    body = {"peer_address": "10.27.51.1", "bfd_profile_path": "/infra/bfd-profiles/default"}
    peers = f"{T0}/static-routes/bfd-peers"
    assert [code(api.patch(f"{peers}/{name}", json=body)) for name in ("one", "one", "two")] == [0, 0, 990007]
    assert code(api.patch(f"{peers}/two", json={**body, "peer_address": "10.27.51.2"})) == 0


def test_bfd_peer_needs_no_profile(api: httpx.Client) -> None:
    assert code(api.patch(f"{T0}/static-routes/bfd-peers/p", json={"peer_address": "10.27.51.1"})) == 0


def test_service_interface_on_active_active_is_taken(api: httpx.Client) -> None:
    assert api.get(T0).json()["ha_mode"] == "ACTIVE_ACTIVE"
    edge = api.get(f"{T0}/locale-services/default/interfaces/edge01-uplink1").json()["edge_path"]
    service = {"type": "SERVICE", "subnets": [{"ip_addresses": ["172.21.0.1"], "prefix_len": 24}]}
    for name, more in (("with", {"edge_path": edge}), ("without", {})):
        assert code(api.patch(f"{T0}/locale-services/default/interfaces/{name}", json={**service, **more})) == 0


def test_ha_vip_needs_active_standby(api: httpx.Client) -> None:
    uplinks = [f"{T0}/locale-services/default/interfaces/edge0{n}-uplink1" for n in (1, 2)]
    vip = {
        "enabled": True,
        "external_interface_paths": uplinks,
        "vip_subnets": [{"ip_addresses": ["10.27.51.150"], "prefix_len": 24}],
    }
    services = api.get(f"{T0}/locale-services/default").json()
    assert code(api.put(services["path"], json={**services, "ha_vip_configs": [vip]})) == 990001

"""IP pools and blocks, as egress ranges use them."""

from __future__ import annotations

import httpx
import pytest

POOL = "/infra/ip-pools/egress"


@pytest.fixture
def pool(api: httpx.Client) -> httpx.Client:
    """A pool of two addresses."""
    api.patch(POOL, json={"display_name": "egress"})
    ranges = [{"start": "30.0.0.5", "end": "30.0.0.6"}]
    body = {"resource_type": "IpAddressPoolStaticSubnet", "cidr": "30.0.0.0/24", "allocation_ranges": ranges}
    assert api.patch(f"{POOL}/ip-subnets/static", json=body).status_code == 200
    return api


def test_allocations_get_free_addresses(pool: httpx.Client) -> None:
    for name in ("a", "b"):
        pool.patch(f"{POOL}/ip-allocations/{name}", json={})
    found = [pool.get(f"{POOL}/ip-allocations/{name}").json()["allocation_ip"] for name in ("a", "b")]
    assert found == ["30.0.0.5", "30.0.0.6"]
    pool.delete(f"{POOL}/ip-allocations/a")
    pool.patch(f"{POOL}/ip-allocations/c", json={})
    assert pool.get(f"{POOL}/ip-allocations/c").json()["allocation_ip"] == "30.0.0.5"


def test_allocation_keeps_its_address(pool: httpx.Client) -> None:
    for body in ({}, {"description": "again"}):
        pool.patch(f"{POOL}/ip-allocations/a", json=body)
        assert pool.get(f"{POOL}/ip-allocations/a").json()["allocation_ip"] == "30.0.0.5"


def test_exhausted_pool_is_realized_as_error(pool: httpx.Client) -> None:
    for name in ("a", "b", "c"):
        assert pool.patch(f"{POOL}/ip-allocations/{name}", json={}).status_code == 200
    states = []
    for name in ("b", "c"):
        path = f"{POOL}/ip-allocations/{name}"
        states.append(
            pool.get("/infra/realized-state/realized-entities", params={"intent_path": path}).json()["results"][0][
                "state"
            ]
        )
    assert states == ["REALIZED", "ERROR"]


def test_pool_with_allocations_cannot_be_deleted(pool: httpx.Client) -> None:
    pool.patch(f"{POOL}/ip-allocations/a", json={})
    assert pool.delete(POOL).json()["error_code"] == 500030


def test_subnets_of_a_block(api: httpx.Client) -> None:
    api.patch("/infra/ip-blocks/egress", json={"cidr": "30.0.0.0/26"})
    api.patch(POOL, json={})
    found = []
    for name, size in (("a", 16), ("b", 32), ("c", 16), ("d", 8)):
        body = {"resource_type": "IpAddressPoolBlockSubnet", "ip_block_path": "/infra/ip-blocks/egress", "size": size}
        assert api.patch(f"{POOL}/ip-subnets/{name}", json=body).status_code == 200
        got = api.get(f"{POOL}/ip-subnets/{name}").json()
        found.append((got.get("cidr"), got.get("gateway_address")))
    assert found == [
        ("30.0.0.0/28", "30.0.0.1"),
        ("30.0.0.32/27", "30.0.0.33"),
        ("30.0.0.16/28", "30.0.0.17"),
        (None, None),
    ]
    assert api.delete("/infra/ip-blocks/egress").json()["error_code"] == 500030


def test_subnet_of_no_known_type_is_refused(api: httpx.Client) -> None:
    api.patch(POOL, json={})
    for body in ({"resource_type": "Tier0"}, {}):
        assert api.patch(f"{POOL}/ip-subnets/x", json=body).status_code == 400

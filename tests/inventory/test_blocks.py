"""How full IP blocks and pools are: the manager's numbers come first, what was seen counts where it tells none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from egress.domain import WorkloadDomain
from egress.inventory.blocks import backings, networks_of_block, usages
from egress.inventory.survey import Usage
from egress.policy.sighting import Unseen

Json = dict[str, Any]
Of = Callable[..., WorkloadDomain]
BLOCK, POOL = "/infra/ip-blocks/b", "/infra/ip-pools/p"

BLOCKS: dict[str, tuple[Json, Usage]] = {
    "numbers of the manager": ({"cidr": "30.0.0.0/24", "total_size": "256", "used_size": "40"}, Usage(256, 40)),
    "a CIDR": ({"cidr": "30.0.0.0/24"}, Usage(256, 0)),
    "CIDRs and ranges": ({"cidrs": ["30.0.0.0/24", "30.0.1.0/25"], "ranges": [{"start": "30.0.2.1", "end": "30.0.2.10"}]}, Usage(394, 0)),
    "the same CIDR in both forms": ({"cidr": "30.0.0.0/24", "cidrs": ["30.0.0.0/24"]}, Usage(256, 0)),
    "addresses left out": ({"cidr": "30.0.0.0/24", "excluded_ips": [{"start": "30.0.0.0", "end": "30.0.0.9"}]}, Usage(246, 0)),
    "IPv6": ({"cidr": "2001:db8::/120"}, Usage(256, 0)),
    "nothing that can be read": ({"cidr": "thirty", "ranges": [{"start": 1}, "x"], "total_size": "many"}, Usage(None, 0)),
}  # fmt: skip


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_tells_how_full_it_is(name: str) -> None:
    body, expected = BLOCKS[name]
    assert usages({BLOCK: body}) == {BLOCK: expected}


def test_what_pools_cut_from_a_block_is_taken() -> None:
    subnets: dict[str, Json] = {
        f"{POOL}/ip-subnets/one": {"ip_block_path": BLOCK, "size": 32, "cidr": "30.0.0.0/27"},
        f"{POOL}/ip-subnets/two": {"ip_block_path": BLOCK, "cidr": "30.0.0.32/28"},
        f"{POOL}/ip-subnets/other": {"ip_block_path": "/infra/ip-blocks/other", "size": 8},
    }
    found = usages({BLOCK: {"cidr": "30.0.0.0/24"}, POOL: {}, **subnets})
    assert found[BLOCK] == Usage(256, 48)
    assert found[BLOCK].left == 208


def test_a_pool_tells_how_full_it_is() -> None:
    told = {"pool_usage": {"total_ips": 32, "available_ips": 2}}
    assert usages({POOL: told})[POOL] == Usage(32, 30)
    static: dict[str, Json] = {
        f"{POOL}/ip-subnets/s": {
            "cidr": "30.0.0.0/24",
            "allocation_ranges": [{"start": "30.0.0.10", "end": "30.0.0.19"}],
        }
    }
    handed: dict[str, Json] = {f"{POOL}/ip-allocations/{number}": {} for number in range(3)}
    assert usages({POOL: {}, **static, **handed})[POOL] == Usage(10, 3)
    assert usages({POOL: {}})[POOL] == Usage(None, 0)


def test_more_taken_than_there_is_leaves_none() -> None:
    assert Usage(10, 12).left == 0
    assert Usage(None, 3).left is None


def test_what_nsx_9_says_of_a_block_comes_first() -> None:
    told = {"intent_path": BLOCK, "overall_ips_count": "512", "used_ips_count": "7"}
    assert usages({BLOCK: {"cidr": "30.0.0.0/24"}}, told=[told]) == {BLOCK: Usage(512, 7)}


def test_what_was_not_seen_is_not_counted_as_free() -> None:
    objects: dict[str, Json] = {BLOCK: {"cidr": "30.0.0.0/24"}, POOL: {}}
    unseen = [
        Unseen("subnets", "no", path=f"{POOL}/ip-subnets"),
        Unseen("addresses", "no", path=f"{POOL}/ip-allocations"),
    ]
    assert usages(objects, unseen) == {BLOCK: Usage(256, None), POOL: Usage(None, None)}
    vpc = {"/orgs/default/projects/p/vpc-connectivity-profiles/x": {"external_ip_blocks": [BLOCK]}}
    assert usages({**objects, **vpc})[BLOCK] == Usage(256, None), "a VPC takes some, and nobody says how many"


def test_the_blocks_that_back_an_egress_range_are_named(of: Of) -> None:
    objects: dict[str, Json] = {
        BLOCK: {"cidr": "30.0.0.0/16", "display_name": "egress of all"},
        "/infra/ip-blocks/elsewhere": {"cidr": "31.0.0.0/16"},
        POOL: {},
        f"{POOL}/ip-subnets/s": {"cidr": "30.0.0.0/26", "ip_block_path": BLOCK},
    }
    found = backings(of(ranges=["30.0.0.0/24"]), objects)
    assert [(one.path, one.name, str(one.range)) for one in found] == [
        (BLOCK, "egress of all", "30.0.0.0/24"),
        (POOL, "p", "30.0.0.0/24"),
    ]
    assert [str(one) for one in networks_of_block(objects[BLOCK])] == ["30.0.0.0/16"]

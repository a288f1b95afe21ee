"""VPCs of NSX 9 that lead to the Tier-0: their addresses are told as those of Tier-1s are, and their block is an egress range."""

from __future__ import annotations

from egress.scan import Top, draft
from tests.manager.hand_made import T0, look
from tests.manager.test_vpcs import OWNED, lab_with
from tests.nsx_lab.vpcs import VPC, objects


def test_a_vpcs_addresses_are_told_and_its_block_is_a_range() -> None:
    wanted = objects()
    wanted[VPC] |= OWNED
    with lab_with(wanted) as lab:
        seen = look(lab)
    made = draft(seen, T0, Top("wld01", "nsx.example.com"))
    told = {str(one.network): (str(one.holder), one.owner.namespace) for one, _ in made.addresses}
    assert told["30.2.0.1/32"] == ("VPC", "shop-ns")
    assert told["30.2.0.0/24"] == ("VPC", "shop-ns")
    assert "- 30.2.0.0/24" in made.text
    assert (
        "30.2.0.1 of VPC shop (namespace shop-ns of cluster sup): no mapping, and no return route is known" in made.text
    )
    assert "default_route.next_hops" in [one.key for one in made.questions]

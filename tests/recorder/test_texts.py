"""Marks and what stands for them in the JSON."""

from __future__ import annotations

from egress.recorder.texts import mark, resolved


def test_a_reference_is_put_in_the_place_of_its_mark() -> None:
    assert resolved(mark("nsxt_policy_nat_rule.a.path")) == "${nsxt_policy_nat_rule.a.path}"
    assert resolved(f"{mark('a.b.id')}/x/{mark('a.b.path')}") == "${a.b.id}/x/${a.b.path}"


def test_stacks_that_refer_to_the_same_hold_one_text() -> None:
    first, second = mark("data.nsxt_policy_tier0_gateway.Tier0.path"), mark("data.nsxt_policy_tier0_gateway.Tier0.path")
    assert first != second
    assert resolved(first) is resolved(second)

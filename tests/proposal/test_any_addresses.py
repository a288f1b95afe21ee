"""Whatever a manager has: no proposal breaks a rule that held, and one that was written is the last."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.checks import check
from egress.inventory.senders import EgressAddress, Holder
from tests.proposal.conftest import ACTIVE, STANDBY, SUPERVISOR, Proposed, load, sender

pytestmark = pytest.mark.slow
BASES = ["10.2.0.", "10.2.0.", "10.2.0.", "10.9.0.", "10.1.0.", "10.244.0."]
"""Where addresses lie: mostly in the egress range, then outside, in the uplinks' subnet, among pods."""
INSIDE = ["10.246.0.0/24", "10.247.0.0/16", "10.244.0.0/25", "10.2.0.0/28", "0.0.0.0/0", "172.16.0.0/12"]
TEXTS = [
    ACTIVE,
    STANDBY,
    STANDBY.replace("10.2.0.5,", "10.2.0.0/26,"),
    ACTIVE.replace("10.1.0.8/29", "10.1.0.32/27, 10.1.0.8/29"),
]


@st.composite
def address(draw: st.DrawFn) -> EgressAddress:
    """An egress address or network of a Tier-1 or VPC whose names fit nothing, or meet."""
    length = draw(st.sampled_from([32, 32, 32, 31, 30, 29]))
    host = draw(st.integers(0, 63)) & ~((1 << (32 - length)) - 1)
    return sender(
        draw(st.sampled_from(["t1-a", "t1-b", "t1-c", "domain-c1", "näm/e", "x" * 300, "supervisor"])),
        f"{draw(st.sampled_from(BASES))}{host}/{length}",
        draw(st.lists(st.sampled_from(INSIDE), max_size=2, unique=True)),
        namespace=draw(st.sampled_from(["", "dev", "a b", "9"])),
        holder=draw(st.sampled_from([Holder.TIER1] * 4 + [Holder.VPC])),
        translated=draw(st.sampled_from([True, True, True, False])),
    )


@settings(max_examples=100, deadline=None)
@given(addresses=st.lists(address(), max_size=6, unique=True), text=st.sampled_from(TEXTS), whole=st.booleans())
def test_a_file_that_broke_no_rule_breaks_none_with_what_is_proposed(
    proposed: Callable[..., Proposed], addresses: list[EgressAddress], text: str, whole: bool
) -> None:
    every = [*addresses, *([SUPERVISOR] if whole else [])]
    known = {finding.what for finding in check([load(text)]).errors}
    made = proposed(text, every)
    assert [finding.what for finding in check([made.domain]).errors if finding.what not in known] == []
    assert proposed(made.text, every).proposal.changes == ()

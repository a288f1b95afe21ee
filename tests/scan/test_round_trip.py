"""What a domain makes on a manager, scanned, gives a file that makes the same: for every network of tests/topologies."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.checks import Severity, check
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.inventory.survey import Survey
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seeded
from egress.scan import Top, draft

TOPOLOGIES = Path(__file__).parents[1] / "topologies"
NAMES = sorted(file.stem for file in TOPOLOGIES.glob("*.yaml") if file.stem != "expected")
ASKED = {"translated-outside-uplinks": "egress.routed"}
"""Errors of a scanned file that a question asks about: what is routed outside of NSX, no manager knows."""
OF_THE_NETWORK = {"range-not-unicast", "interface-subnets-overlap"}
"""Errors that networks of this folder have as they are."""


@pytest.mark.parametrize("name", NAMES)
def test_a_scanned_domain_makes_what_was_there(name: str) -> None:
    first = read(parse((TOPOLOGIES / f"{name}.yaml").read_bytes(), name), name)
    gateway = GatewayKey.of(first).path
    there = owned(first).objects(gateway)
    made = draft(
        Survey("nsx.example.com", None, (gateway,), {**seeded([first], gateway), **there}),
        gateway,
        Top(name, "nsx.example.com"),
    )
    assert made.foreign == ()
    keys = {one.key for one in made.questions}
    if made.domain is None:
        assert keys == {"egress.ranges"}
        return
    assert owned(made.domain).objects(gateway) == there
    before = {one.rule.id for one in check([first]).findings if one.rule.severity is Severity.ERROR}
    errors = {one.rule.id for one in check([made.domain]).errors} - before - OF_THE_NETWORK
    assert all(ASKED.get(one) in keys for one in errors)

"""docs/domain-files.md: its example is a domain that the reader takes and the checks find no error in."""

from __future__ import annotations

import textwrap
from pathlib import Path

from egress.checks import check
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.policy.owned import owned

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "domain-files.md").read_text()
AROUND = """\
version: 1
name: page
nsx: {host: nsx.example.com}
tier0: {id: T0, ha_mode: ACTIVE_STANDBY, uplinks: [{id: edge01-uplink1, edge: edge01, address: 10.27.51.145/24}]}
default_route: {next_hops: [{address: 10.27.51.1}]}
"""


def test_the_example_of_what_hangs_below_is_read_and_has_no_error() -> None:
    example = PAGE.partition("## What hangs below")[2].partition("    tier1s:")[2].partition("\n\n")[0]
    text = AROUND + textwrap.dedent("    tier1s:" + example) + "\n"
    domain = read(parse(text.encode(), "page.yaml"), "page")
    assert check([domain]).errors == ()
    assert len(owned(domain).ids) == 6
    assert len(domain.tier1s) == len(domain.dns_servers) == 4

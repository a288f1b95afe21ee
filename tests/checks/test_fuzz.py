"""Five thousand mutated domain files at `egress check`: findings or none, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.checks import check, summary, told
from egress.checks.sarif import as_sarif
from egress.domain import DomainFileError, Problem, WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse

REPOSITORY = Path(__file__).parents[2]
SEEDS = [
    path.read_text()
    for path in [REPOSITORY / "domains/wld01.yaml", REPOSITORY / "examples/domains/vrf/blue.yaml", *Path(__file__).parent.glob("one.yaml")]
]  # fmt: skip
ADDRESSES = [
    "0.0.0.0",  # noqa: S104
    "255.255.255.255",
    "10.27.51.145",
    "10.27.51.1",
    "30.0.0.5",
    "127.0.0.1",
    "224.0.0.1",
    "10.1.0.4",
]
WORDS = [
    *ADDRESSES, "0.0.0.0/0", "30.0.0.0/24", "30.0.0.0/25", "10.27.51.0/24", "10.27.51.128/25", "10.27.51.1/31", "10.27.51.1/32",
    "1.2.3.4/0", "ACTIVE_STANDBY", "ACTIVE_ACTIVE", "null", "true", "[]", "{}", "BYPASS", "everywhere", "uplinks", "external: true",
    "bfd: {}", "ha_vips: [{address: 10.27.51.4/24}]", "stateful_active_active: true", "vrf_of: T0", "protect: false", "\n", "  ", "'", "0",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A domain file with some words replaced, so that most still are domains."""
    words = draw(st.sampled_from(SEEDS)).split(" ")
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(words) - 1))
        word = words[at]
        tail = "".join(character for character in word[-3:] if character in "}],\n")
        words[at] = draw(st.sampled_from(WORDS)) + tail
    return " ".join(words)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None)
@given(texts=st.lists(mutated(), min_size=1, max_size=2))
def test_mutated_domain_files_are_judged_without_a_traceback(texts: Any) -> None:
    domains: list[WorkloadDomain] = []
    problems: list[Problem] = []
    for index, text in enumerate(texts):
        try:
            domains.append(read(parse(text.encode(), f"{index}.yaml"), f"d{index}"))
        except DomainFileError as error:
            problems += error.problems
    report = check(domains, problems)
    assert summary(report)
    assert all(told(finding).isascii() for finding in report.findings)
    assert len(as_sarif(report, "0")["runs"][0]["results"]) == len(report.findings) + len(report.suppressed) + len(
        report.problems
    )

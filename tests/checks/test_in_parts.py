"""A fleet that is judged in parts gets the report that it gets as a whole."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from egress.checks import RULES, Report, check
from egress.checks.in_parts import Part, together
from egress.checks.meeting import Marks, meeting
from egress.domain import Place, Problem, WorkloadDomain
from egress.domain.reading import read
from egress.domain.tree import merge
from egress.domain.yaml_tree import parse
from tests.recorder import varied

HERE = Path(__file__).parent
CASES: Any = parse((HERE / "cases.yaml").read_bytes(), "cases.yaml").plain()


def made(stack: str, *changes: Any, base: str = "one") -> WorkloadDomain:
    """A right domain with changes, the later over the earlier."""
    trees = [parse((HERE / f"{base}.yaml").read_bytes(), f"{stack}.yaml")]
    trees += [parse(yaml.safe_dump(change).encode(), f"{stack}.yaml") for change in changes if change]
    return read(reduce(merge, trees), stack)


def in_parts(
    domains: Sequence[WorkloadDomain], *edges: int, problems: Sequence[Problem] = ()
) -> tuple[Report, list[str]]:
    """The report of parts that end at these numbers, as if each came from another process; and which domains were read again."""
    by_stack = {domain.stack: domain for domain in domains}
    again: list[str] = []

    def read_again(stacks: Sequence[str]) -> list[WorkloadDomain]:
        again.extend(stacks)
        return [by_stack[stack] for stack in stacks]

    ends = [0, *edges, len(domains)]
    parts = [Part.of(domains[start:end]) for start, end in pairwise(ends)]
    sent = [pickle.loads(pickle.dumps(part)) for part in parts]  # noqa: S301 - made here
    return together(sent, read_again, problems), again


@pytest.mark.parametrize("kind", ["broken", "holds", "undecided"])
def test_every_case_of_every_rule_is_judged_alike(kind: str) -> None:
    second_of = {"broken": "second"}.get(kind, f"second_{kind}")
    for rule, case in CASES.items():
        if kind not in case:
            continue
        domains = [made("one", case[kind])]
        if case.get(second_of) is not None or "second" in case:
            domains.append(made("two", case.get(second_of), base="two"))
        for order in (domains, domains[::-1]):
            assert in_parts(order, 1)[0] == check(order), rule


@pytest.mark.parametrize("seed", range(8))
def test_a_fleet_in_which_some_share_much_and_others_nothing_is_judged_alike(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    domains = []
    for number, (rule, case) in enumerate(random.sample(sorted(CASES.items()), 40)):
        kind = random.choice([key for key in ("broken", "holds", "undecided", "second") if case.get(key)])
        elsewhere: dict[str, Any] = {"nsx": {"host": f"nsx{random.randrange(30)}.example.com"}}
        if random.random() < 0.3:
            elsewhere["default_route"] = {"external": True, "next_hops": None, "ipv6": None, "bfd": None}
        if random.random() < 0.2:
            elsewhere["suppress"] = [{"rule": rule, "reason": "one of many suppressions"}]
        domains.append(made(f"w{number:02}", case[kind], elsewhere, base="two" if kind == "second" else "one"))
    problems = [Problem(Place("z.yaml", 1, 1), "", "is wrong"), Problem(Place("a.yaml", 1, 1), "", "too")]
    edges = sorted(random.sample(range(1, len(domains)), 3))
    report, again = in_parts(domains, *edges, problems=problems)
    assert report == check(domains, problems)
    assert report.undecided
    assert report.suppressed
    assert again == sorted(again)


def test_of_domains_that_share_nothing_none_is_read_again() -> None:
    random = Random(1)  # noqa: S311 - no secret
    fleet = [varied.domain(random, number) for number in range(40)]
    domains = [
        read(parse(yaml.safe_dump(one, allow_unicode=True).encode(), f"w{number:02}.yaml"), f"w{number:02}")
        for number, one in enumerate(fleet)
    ]
    report, again = in_parts(domains, 10, 20)
    assert report == check(domains)
    assert again == []


MEET: dict[str, Any] = {
    "a Tier-0": {"nsx": {"host": "nsx.example.com"}, "tier0": {"id": "T0", "display_name": None}},
    "a Tier-1": {"nsx": {"host": "nsx.example.com"}, "tier1s": {"of-two": {"networks": ["10.99.0.0/28"]}}},
    "a state": {"state": {"backend": "http", "address": "https://state.example.com/one"}},
}


@pytest.mark.parametrize("what", MEET)
def test_who_has_something_that_another_has_meets_it(what: str) -> None:
    def domain(number: int, changes: Any) -> WorkloadDomain:
        right = varied.domain(Random(1), number)  # noqa: S311 - no secret
        trees = [parse(yaml.safe_dump(one).encode(), f"w{number}.yaml") for one in (right, changes)]
        return read(merge(*trees), f"w{number}")

    domains = [domain(number, MEET[what] if number % 2 else {}) for number in range(4)]
    assert meeting([Marks.of(one) for one in domains]) == [1, 3]


def test_all_rules_over_files_are_judged_in_parts() -> None:
    assert len(Part.of([]).alone) == len([rule for rule in RULES if not rule.live])

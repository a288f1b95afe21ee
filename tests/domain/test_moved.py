"""A key that has moved is refused with its new spelling and the user's own values, and what is then written is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress.domain import Problem
from egress.domain.base import Part
from egress.domain.keys import models_within
from egress.domain.model import WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse

BEFORE = """\
version: 1
name: old
nsx: {host: nsx.example.com}
tier0:
  id: T0
  ha_mode: ACTIVE_STANDBY
  ha_vip: 10.1.0.4/24
  uplinks: [{id: up1, edge: edge01, address: 10.1.0.2/24}, {id: up2, edge: edge02, address: 10.1.0.3/24}]
default_route: {next_hops: [{address: 10.1.0.1}]}
egress:
  range: 10.2.0.0/24
  supervisor: {tier1: domain-c1, source: 10.2.0.5, translated: 10.1.0.10}
  more: {build: {tier1: "1", source: 10.2.0.16/28, translated: 10.1.0.11, priority: 200}}
pods: {domain-c1: 10.244.0.0/24, other: 10.244.1.0/24}
"""


def _told(problems: list[Problem]) -> dict[str, str]:
    return {problem.key: problem.what for problem in problems}


def test_each_moved_key_is_told_in_its_new_spelling_with_the_values_of_the_file(
    problems: Callable[[str | bytes], list[Problem]],
) -> None:
    assert _told(problems(BEFORE)) == {
        "tier0.ha_vip": "key 'ha_vip' has moved, write ha_vips: [{address: 10.1.0.4/24}]",
        "egress.range": "key 'range' has moved, write ranges: [10.2.0.0/24]",
        "egress.supervisor.tier1": "key 'tier1' has moved, write at the top of the file, tier1s: {domain-c1: {egress: 10.2.0.5}}",
        "egress.more.build.tier1": "key 'tier1' has moved, write at the top of the file, tier1s: {'1': {egress: 10.2.0.16/28}}",
        "pods": "key 'pods' has moved, write tier1s: {domain-c1: {networks: [10.244.0.0/24], egress: 10.2.0.5}, "
        "other: {networks: [10.244.1.0/24]}, '1': {egress: 10.2.0.16/28}}",
    }


def test_the_place_is_that_of_the_old_key(problems: Callable[[str | bytes], list[Problem]]) -> None:
    (found,) = [problem for problem in problems(BEFORE) if problem.key == "egress.range"]
    assert (found.place.line, found.place.column) == (11, 3)


def test_what_is_told_can_be_written(problems: Callable[[str | bytes], list[Problem]]) -> None:
    told = _told(problems(BEFORE))
    value = yaml.safe_load(BEFORE)
    for key, what in told.items():
        *above, name = key.split(".")
        at: Any = value
        for part in above:
            at = at[part]
        del at[name]
        if name != "tier1":
            at.update(yaml.safe_load(f"{{{what.split(', write ', 1)[1]}}}"))
    text = yaml.safe_dump(value)
    assert problems(text) == []
    domain = read(parse(text.encode(), "d"), "d")
    assert {name: str(one.egress) for name, one in domain.tier1s.items()} == {
        "domain-c1": "10.2.0.5", "other": "None", "1": "10.2.0.16/28",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("range: 10.2.0.0/24", "range: [1, 2]", "write ranges: [NETWORK]"),
        ("pods: {", "pods: [{", "write tier1s: {TIER1-ID: {networks: [NETWORK]}}"),
        ("ha_vip: 10.1.0.4/24", "ha_vip: {a: b}", "write ha_vips: [{address: ADDRESS/LENGTH}]"),
        ("{tier1: domain-c1, source: 10.2.0.5,", "{tier1: [a],", "tier1s: {TIER1-ID: {egress: ADDRESS}}"),
    ],
)
def test_a_moved_key_whose_value_fits_nothing_is_told_without_it(
    problems: Callable[[str | bytes], list[Problem]], old: str, new: str, told: str
) -> None:
    text = BEFORE.replace(old, new).replace(
        "other: 10.244.1.0/24}", "other: 10.244.1.0/24}]" if "[{" in new else "other: 10.244.1.0/24}"
    )
    assert any(told in problem.what for problem in problems(text)), problems(text)


def test_a_key_that_is_there_under_its_old_name_is_not_also_missing(
    problems: Callable[[str | bytes], list[Problem]],
) -> None:
    assert all("missing" not in problem.what for problem in problems(BEFORE))


def test_old_and_new_spelling_together_are_refused_once(problems: Callable[[str | bytes], list[Problem]]) -> None:
    found = problems(BEFORE.replace("  range: 10.2.0.0/24\n", "  range: 10.2.0.0/24\n  ranges: [10.2.0.0/24]\n"))
    assert [problem.key for problem in found if problem.key.startswith("egress.range")] == ["egress.range"]


def test_nothing_in_a_long_or_hostile_old_value_reaches_the_terminal(
    problems: Callable[[str | bytes], list[Problem]],
) -> None:
    many = ", ".join(f"t{number}: 10.{number}.0.0/24" for number in range(200))
    (found,) = [one for one in problems(BEFORE.replace("pods: {", f"pods: {{{many}, ")) if one.key == "pods"]
    assert len(found.what) < 1200
    assert all(str(one).isprintable() for one in problems(BEFORE.replace("10.2.0.0/24", '"10.2.0.0\\e[31m"')))


def _models(model: type[Part]) -> set[type[Part]]:
    below = {one for field in model.model_fields.values() for one, _ in models_within(field.annotation)}
    return {model}.union(*(_models(one) for one in below if issubclass(one, Part)))


def test_a_moved_key_is_no_key_and_leads_to_one(repository: Path) -> None:
    for model in _models(WorkloadDomain):
        for name, moved in model.moved.items():
            assert name not in model.model_fields
            assert moved.to in {*model.model_fields, *WorkloadDomain.model_fields}

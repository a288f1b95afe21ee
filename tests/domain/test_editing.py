"""A domain file edited by a program: the rest of it stays as it is."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.domain.editing import Edit, edited
from egress.domain.yaml_tree import plain_of

GOLDEN = Path(__file__).parents[2] / "domains" / "wld01.yaml"
MAPPING = {"source": "30.0.0.17", "translated": "10.27.51.150", "priority": 120}


def changes(before: str, after: str) -> list[str]:
    return [one for one in difflib.ndiff(before.splitlines(True), after.splitlines(True)) if one[0] in "+-"]


def test_a_new_mapping_changes_the_one_line_that_holds_the_mappings() -> None:
    text = GOLDEN.read_text()
    after = edited(text, "wld01.yaml", [Edit(("egress", "more", "dev"), MAPPING)])
    wanted = "  more: {dev: {source: 30.0.0.17, translated: 10.27.51.150, priority: 120}} # name -> {source, translated, priority}\n"
    assert changes(text, after) == ["-   more: {} # name -> {source, translated, priority}\n", f"+ {wanted}"]


def test_a_new_tier1_is_a_line_of_its_own_below_the_others() -> None:
    text = GOLDEN.read_text()
    after = edited(text, "wld01.yaml", [Edit(("tier1s", "t1-dev"), {"egress": "30.0.0.17"})])
    assert changes(text, after) == ["+   t1-dev: {egress: 30.0.0.17}\n"]


def test_keys_on_the_way_are_made_and_several_edits_follow_one_another() -> None:
    text = GOLDEN.read_text().replace("  more: {} # name -> {source, translated, priority}\n", "")
    both = [Edit(("egress", "more", name), MAPPING | {"priority": number}) for name, number in (("a", 120), ("b", 130))]
    after = edited(text, "wld01.yaml", both)
    assert [one[0] for one in changes(text, after)] == ["+", "+", "+"]
    assert list(plain_of(after, "x")["egress"]["more"]) == ["a", "b"]  # type: ignore[index]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_a_missing_last_one_stay(end: str) -> None:
    text = f"version: 1{end}egress:{end}  more:{end}    a: {{priority: 1}} # why{end}name: x"
    after = edited(text, "x", [Edit(("egress", "more", "b"), {"priority": 2}), Edit(("formerly",), "y")])
    assert after == (
        f"version: 1{end}egress:{end}  more:{end}    a: {{priority: 1}} # why{end}    b: {{priority: 2}}{end}name: x{end}formerly: y{end}"
    )


def test_an_edit_without_a_safe_place_is_refused_with_what_to_write() -> None:
    with pytest.raises(EgressError, match=r"x: cannot be edited safely, write egress\.more: 3 by hand"):
        edited("egress:\n  more:\n    a: {}\n", "x", [Edit(("egress", "more"), 3)])

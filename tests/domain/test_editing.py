"""A domain file edited by a program: the rest of it stays as it is."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.domain import EgressError
from egress.domain.editing import Edit, edited
from egress.domain.yaml_tree import parse, plain_of
from tests.domain.layouts import Laid, laid_out, paths

GOLDEN = Path(__file__).parents[2] / "domains" / "wld01.yaml"
MAPPING = {"source": "30.0.0.17", "translated": "10.27.51.150", "priority": 120}
VALUES = [
    "30.0.0.17",
    "no",
    "a: b # c, {d} [e]",
    "",
    "two\nlines\t",
    "0x10",
    7,
    False,
    None,
    ["a", "b: c"],
    {"ncp/x": "y", "": "1"},
    MAPPING,
    {"dev": MAPPING},
    "x" * 300,
]
"""What programs write: addresses, names and descriptions of objects that somebody else made, tags."""


def changes(before: str, after: str) -> list[str]:
    return [one for one in difflib.ndiff(before.splitlines(True), after.splitlines(True)) if one[0] in "+-"]


def lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: lists(one) for key, one in value.items()}
    return [lists(one) for one in value] if isinstance(value, list | tuple) else value


def said(text: str) -> Any:
    return lists(parse(text.encode(), "x").plain())


def put(says: Any, at: Sequence[str | int], value: Any) -> None:
    """What an edit means, told once more without any text."""
    for part in at[:-1]:
        if isinstance(says, dict) and says.get(part) is None:
            says[part] = {}
        says = says[part]
    says[at[-1]] = value


def outcome(text: str, edits: list[Edit]) -> tuple[str | None, str]:
    """The edited text, or why there is none."""
    try:
        return edited(text, "x", edits), ""
    except EgressError as error:
        return None, str(error)


@st.composite
def edits_of(draw: st.DrawFn, laid: Laid) -> list[Edit]:
    """Some edits of a file: values replaced, entries added, keys on the way made."""
    found = []
    places = paths(laid.says)
    for _ in range(draw(st.integers(1, 3))):
        at, there = draw(st.sampled_from(places))
        if isinstance(there, dict) or there is None:
            at = (*at, *draw(st.sampled_from([(), ("new",), ("new", "deep")])))
        found.append(Edit(at, draw(st.sampled_from(VALUES))))
    return found


@st.composite
def edited_files(draw: st.DrawFn) -> tuple[Laid, list[Edit]]:
    laid = draw(laid_out())
    return laid, draw(edits_of(laid))


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(edited_files())
def test_an_edit_says_what_was_meant_and_keeps_every_comment_and_every_other_line(
    drawn: tuple[Laid, list[Edit]],
) -> None:
    laid, edits = drawn
    assert said(laid.text) == laid.says, "the layouts say what they are to say"
    after, refused = outcome(laid.text, edits)
    if after is None:
        assert re.fullmatch(r"x: cannot be edited safely, write .* by hand", refused)
        assert refused.isprintable()
        return
    meant = copy.deepcopy(laid.says)
    for edit in edits:
        put(meant, edit.at, copy.deepcopy(edit.value))
    assert said(after) == meant
    assert [one for one in laid.comments if after.count(one) != laid.text.count(one)] == []
    gone = [one[2:] for one in changes(laid.text, after) if one[0] == "-" and not one[2:].startswith("?")]
    touched = sum(_lines_of(laid, edit) for edit in edits)
    assert len(gone) <= touched + (not laid.text.endswith("\n")), gone


def _lines_of(laid: Laid, edit: Edit) -> int:
    """How many lines an edit may take away: the one that it changes, and those of a value that goes."""
    there = dict(paths(laid.says)).get(edit.at)
    return 1 + (
        len(laid.text.splitlines())
        if isinstance(there, dict | list) or "\n" in str(there) or there == "one # no comment"
        else 0
    )


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(edited_files())
def test_no_edit_is_another_text_and_the_same_edits_once_more_say_the_same(drawn: tuple[Laid, list[Edit]]) -> None:
    laid, edits = drawn
    assert edited(laid.text, "x", []) == laid.text
    after, _ = outcome(laid.text, edits)
    again, _ = outcome(after or "", edits) if after else (None, "")
    if after and again:
        assert said(again) == said(after)


def test_a_new_mapping_gets_a_line_of_its_own_below_an_empty_one_whose_comment_stays() -> None:
    text = GOLDEN.read_text()
    after = edited(text, "wld01.yaml", [Edit(("egress", "more", "dev"), MAPPING)])
    assert changes(text, after) == [
        "-   more: {} # name -> {source, translated, priority}\n",
        "+   more: # name -> {source, translated, priority}\n",
        "+     dev: {source: 30.0.0.17, translated: 10.27.51.150, priority: 120}\n",
    ]


@pytest.mark.parametrize("empty", ["{}", "{ }", "", "~", "null"])
@pytest.mark.parametrize("aside", ["", "   # why"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_whatever_stands_for_nothing_is_opened_up(empty: str, aside: str, end: str) -> None:
    text = f"a:\n  more:{' ' if empty else ''}{empty}{aside}".replace("\n", end or "\n") + end
    after = edited(text, "x", [Edit(("a", "more", "b"), {"x": 1})])
    assert after == f"a:\n  more:{aside}\n    b: {{x: 1}}\n".replace("\n", end or "\n")


def test_in_a_flow_and_for_plain_values_an_empty_mapping_stays_on_its_line() -> None:
    assert edited("a: {more: {}} # c\n", "x", [Edit(("a", "more", "b"), {"x": 1})]) == "a: {more: {b: {x: 1}}} # c\n"
    assert edited("tags: {} # c\n", "x", [Edit(("tags", "a"), "b")]) == "tags: {a: b} # c\n"
    assert edited("tags: {\n  # c\n}\n", "x", [Edit(("tags", "a"), "b")]) == "tags: {a: b\n  # c\n}\n"


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
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_a_byte_order_mark_and_a_missing_last_line_end_stay(end: str, mark: str) -> None:
    text = f"{mark}version: 1{end}egress:{end}  more:{end}    a: {{priority: 1}} # why{end}name: x"
    after = edited(text, "x", [Edit(("egress", "more", "b"), {"priority": 2}), Edit(("formerly",), "y")])
    assert after == (
        f"{mark}version: 1{end}egress:{end}  more:{end}    a: {{priority: 1}} # why{end}    b: {{priority: 2}}{end}name: x{end}formerly: y{end}"
    )


def test_several_lines_of_a_value_stay_one_value_on_one_line() -> None:
    text = "a:\n  description: |\n    one\n    two\n\n  b: 1\n"
    after = edited(text, "x", [Edit(("a", "description"), "three\nfour"), Edit(("a", "tags"), {"n": "t\tu"})])
    assert after == 'a:\n  description: "three\\nfour"\n\n  b: 1\n  tags: {n: "t\\tu"}\n'


def test_a_list_of_lines_becomes_a_list_on_the_line_of_its_key() -> None:
    text = "egress:\n  applied_to: # the way out\n    - a\n    - b\n  more: {}\n"
    assert (
        edited(text, "x", [Edit(("egress", "applied_to"), ["c"])])
        == "egress:\n  applied_to: [c] # the way out\n  more: {}\n"
    )
    assert edited(text, "x", [Edit(("egress", "applied_to"), "everywhere")]) == (
        "egress:\n  applied_to: everywhere # the way out\n  more: {}\n"
    )


@pytest.mark.parametrize(
    ("text", "at", "value", "told"),
    [
        ("egress:\n  more:\n    a: {} # kept\n", ("egress", "more"), 3, "write egress.more: 3 by hand"),
        ("a: [\n  1, # kept\n]\n", ("a",), 2, "write a: 2 by hand"),
        ("a: {b}\n", ("a", "b"), 2, "write a.b: 2 by hand"),
        ("a: [{b}]\n", ("a", 0, "b"), 2, r"write a\[0\].b: 2 by hand"),
        ("a: 5\n", ("a", "b"), 2, "write a.b: 2 by hand"),
        ("a: [1]\n", ("a", 1), 2, r"write a\[1\]: 2 by hand"),
        ("a: 1\nb: |\n  text", ("c",), 2, "write c: 2 by hand"),
    ],
)  # fmt: skip
def test_an_edit_without_a_safe_place_is_refused_with_what_to_write(
    text: str, at: tuple[str | int, ...], value: Any, told: str
) -> None:
    with pytest.raises(EgressError, match=f"x: cannot be edited safely, {told}$"):
        edited(text, "x", [Edit(at, value)])


def test_five_hundred_edits_are_read_back_once() -> None:
    entries = "".join(
        f"    m{number}: {{source: 30.0.{number // 250}.{number % 250}}} # {number}\n" for number in range(500)
    )
    text = f"egress:\n  more:\n{entries}"
    after = edited(
        text, "x", [Edit(("egress", "more", f"m{number}", "nsx_id"), f"id {number}") for number in range(500)]
    )
    assert after.count("nsx_id: id ") == 500
    assert [one for one in range(500) if f"# {one}\n" not in after] == []


REPOSITORY = GOLDEN.parents[1]
FILES = sorted(
    path
    for folder in ("domains", "examples", "tests/topologies", "tests/checks", "egress/template/files")
    for path in (REPOSITORY / folder).rglob("*.yaml")
    if "tier0:" in path.read_text() and path.name not in ("cases.yaml", "expected.yaml")
)


def test_there_are_domain_files_to_edit() -> None:
    assert len(FILES) > 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_layout_of_this_repository_is_refused(path: Path) -> None:
    """Everything that adopt and propose write, in every mapping that a file has, and a new mapping and Tier-1."""
    text = path.read_bytes().decode()
    plain = said(text)
    egress = plain.get("egress") or {}
    places = [("default_route",), *(("egress", key) for key in ("supervisor", "tkg") if egress.get(key))]
    places += [("egress", part, key) for part in ("more", "exceptions") for key in egress.get(part) or {}]
    places += [("routes", key) for key in plain.get("routes") or {}]
    edits = [Edit((*at, key), value) for at in places for key, value in IDENTITY.items()]
    edits += [Edit(("egress", "more", "new"), MAPPING), Edit(("tier1s", "t1-new"), {"egress": "30.0.0.17"})]
    edits += [Edit(("egress", "applied_to"), ["a", "b"])]
    after = edited(text, path.name, edits)
    for edit in edits:
        put(plain, edit.at, edit.value)
    assert said(after) == plain
    assert after.count("#") == text.count("#")


IDENTITY: dict[str, Any] = {"nsx_id": "by hand", "tags": {"team": "net: a"}, "priority": 7, "description": "two\nlines"}

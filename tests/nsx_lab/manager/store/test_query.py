"""The query language and its index, against plain ways to say the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsx_lab.manager.store.clock import Clock
from nsx_lab.manager.store.glob import ANY, ONE, Piece, matcher
from nsx_lab.manager.store.query import parse
from nsx_lab.manager.store.search import SearchIndex
from nsx_lab.manager.store.store import Change

LETTERS = st.sampled_from("abA.*\n")
PIECES = st.lists(LETTERS | st.sampled_from([ANY, ONE]), max_size=8)


@given(PIECES, st.text("abA.*\n", max_size=12), st.booleans())
def test_pattern_matches_as_a_regular_expression_would(pieces: list[Piece], text: str, ignore_case: bool) -> None:
    words: dict[Any, str] = {ANY: ".*", ONE: "."}
    expression = "".join(words.get(piece) or re.escape(str(piece)) for piece in pieces)
    expected = re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
    assert matcher(pieces, ignore_case=ignore_case)(text) == (expected is not None)


TYPES, IDS = ("Tier0", "Tier1", "Rule"), ("a", "b", "c-1")
TERMS = st.sampled_from(
    [
        *[f"resource_type:{name}" for name in (*TYPES, '"Tier0"', "Tier*", "None", "(Tier0 OR Rule)", "(Tier0 Tier*)")],
        *[f"id:{name}" for name in ("a", "b", r"c\-1", "c-1", '"c-1"', "?", "*", "A")],
        "display_name:A",
        "tag:x",
        "a",
        "*",
    ]
)


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from([" AND ", " OR ", " && ", " || ", " "])
    pairs = st.builds(lambda left, sign, right: f"{left}{sign}{right}", parts, signs, parts)
    return pairs | parts.map(lambda part: f"({part})") | parts.map(lambda part: f"NOT {part}")


QUERIES = st.recursive(TERMS, joined, max_leaves=6)
WRITES = st.lists(
    st.tuples(st.sampled_from(["/1", "/2", "/3", "/4"]), st.sampled_from(TYPES), st.sampled_from(IDS), st.booleans()),
    max_size=12,
)


@settings(max_examples=400, deadline=None)
@given(WRITES, QUERIES)
def test_index_finds_what_a_look_at_everything_finds(writes: list[tuple[str, str, str, bool]], text: str) -> None:
    index = SearchIndex(Clock(lambda: 0.0))
    everything: dict[str, dict[str, Any]] = {}
    for path, kind, name, gone in writes:
        after = (
            None
            if gone
            else {"path": path, "resource_type": kind, "id": name, "display_name": name, "tag": ["x", path]}
        )
        index.apply([Change(path, everything.get(path), after)], lag=0)
        if after is None:
            everything.pop(path, None)
        else:
            everything[path] = after
    query = parse(text)
    assert index.find(query) == [document for document in everything.values() if query.matches(document)]


@pytest.mark.parametrize(
    "text, looked_at",
    [
        ("id:a9 AND marked_for_delete:false", 1),
        ("resource_type:Tier1 AND display_name:a9*", 10),
        ("display_name:a9* AND (resource_type:Tier1 OR id:a95)", 11),
        ("display_name:a9*", 100),
    ],
)
def test_search_by_id_or_type_looks_at_those_only(text: str, looked_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    index = SearchIndex(Clock(lambda: 0.0))
    for number in range(100):
        obj = {"id": f"a{number}", "display_name": f"a{number}", "resource_type": "Tier1" if number < 10 else "Tier0"}
        index.apply([Change(f"/{number}", None, {**obj, "marked_for_delete": False})], lag=0)
    query = parse(text)
    seen: list[bool] = []
    matches = type(query).matches

    def counted(self: Any, document: Any) -> bool:
        seen.append(self is query)
        return bool(matches(self, document))

    monkeypatch.setattr(type(query), "matches", counted)
    assert index.find(query)
    assert seen.count(True) == looked_at


def test_index_that_lags_less_than_before_keeps_the_order_of_changes() -> None:
    now = [0.0]
    index = SearchIndex(Clock(lambda: now[0]))
    old, new = ({"id": "a", "resource_type": "Tier0", "display_name": name} for name in ("old", "new"))
    index.apply([Change("/a", None, old)], lag=9)
    index.apply([Change("/a", old, new)], lag=0)
    now[0] = 10
    assert index.find(parse("id:a")) == [new]

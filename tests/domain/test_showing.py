"""What `egress show` prints reads as the same domain again, and says where each value came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from egress.cli import group
from egress.domain import load_domains
from egress.domain.reading import read
from egress.domain.tree import Tree, annotated, places
from egress.domain.yaml_tree import parse
from egress.escape import hidden

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20).filter(
    lambda text: not hidden(text)
)
SCALARS = st.one_of(WORDS, st.sampled_from(["no", "0x10", "1.5", "null", "~", "", "- a", "#", "a: b", "2026-01-01"]), st.integers(-(10**17), 10**17), st.booleans())  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=12
)


@given(value=st.dictionaries(WORDS, VALUES, max_size=4))
def test_what_is_shown_reads_as_the_same_tree(value: Any) -> None:
    def build(plain: Any) -> Tree:
        place = parse(b"a: 1", "d.yaml").place
        if isinstance(plain, dict):
            return Tree({key: build(child) for key, child in plain.items()}, place, dict.fromkeys(plain, place))
        if isinstance(plain, list):
            return Tree(tuple(build(child) for child in plain), place, {})
        return Tree(plain, place, {})

    tree = build(value)
    assert parse(annotated(tree).encode(), "shown").plain() == tree.plain()


@pytest.mark.parametrize("stack", ["wld01", "prod-wld02"])
def test_show_prints_the_merged_domain(repository: Path, stack: str) -> None:
    result = CliRunner().invoke(group, ["--root", str(repository), "show", stack])
    assert result.exit_code == 0
    (domain,) = load_domains(repository, [stack])
    assert read(parse(result.stdout.encode(), "shown"), stack) == domain


def test_show_says_where_each_value_came_from(repository: Path) -> None:
    shown = CliRunner().invoke(group, ["--root", str(repository), "show", "prod-wld02"]).stdout
    (host,) = [line for line in shown.splitlines() if "host:" in line]
    assert host.split("#")[1].strip() == "domains/prod/_defaults.yaml:5"
    (vip,) = [line for line in shown.splitlines() if "10.28.60.4/24" in line]
    assert vip.split("#")[1].strip() == "domains/prod/wld02.yaml:7"


def test_show_as_json_gives_values_and_origins(repository: Path) -> None:
    answer = json.loads(CliRunner().invoke(group, ["--root", str(repository), "show", "prod-wld02", "--json"]).stdout)
    assert answer["stack"] == "prod-wld02"
    assert answer["domain"]["nsx"]["host"] == "nsx-prod.example.com"
    assert answer["origins"]["nsx.host"] == {"file": "domains/prod/_defaults.yaml", "line": 5, "column": 9}


def test_every_value_has_an_origin(repository: Path) -> None:
    tree = parse((repository / "domains/wld01.yaml").read_bytes(), "wld01")
    found = dict(places(tree))
    assert found["egress.more"].line == 22
    assert found["tier0.uplinks[1].address"].column == 51

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress.domain import DomainFileError, Place, Problem
from egress.domain.reading import read
from egress.domain.tree import Tree
from egress.domain.yaml_tree import parse

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def golden() -> str:
    """The golden domain's text."""
    return (REPOSITORY / "domains/wld01.yaml").read_text()


@pytest.fixture
def problems() -> Callable[[str | bytes], list[Problem]]:
    """Reads a text as a domain file named d.yaml and gives its findings, none when it is right."""

    def findings(text: str | bytes) -> list[Problem]:
        raw = text.encode() if isinstance(text, str) else text
        try:
            read(parse(raw, "d.yaml"), "d")
        except DomainFileError as error:
            return list(error.problems)
        return []

    return findings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project folder with an empty folder domains."""
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    return tmp_path


@pytest.fixture(scope="session")
def tree_of() -> Callable[[Any], Tree]:
    """Plain data as a tree, every value in line 1."""

    def build(value: Any) -> Tree:
        place = Place("d.yaml", 1, 1)
        if isinstance(value, dict):
            return Tree({key: build(child) for key, child in value.items()}, place, dict.fromkeys(value, place))
        if isinstance(value, list | tuple):
            return Tree(tuple(build(child) for child in value), place, {})
        return Tree(value, place, {})

    return build

"""Defaults under domains: maps merge by key, lists and scalars replace, null removes, places stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.domain import DomainFileError, Place, load_domains
from egress.domain.tree import Origins, Tree, merge, without_nulls
from egress.domain.yaml_tree import parse


@pytest.mark.parametrize(
    ("under", "over", "merged"),
    [
        ("{a: 1}", "{b: 2}", {"b": 2, "a": 1}),
        ("{a: 1}", "{a: 2}", {"a": 2}),
        ("{a: {x: 1, y: 2}}", "{a: {y: 3}}", {"a": {"y": 3, "x": 1}}),
        ("{a: [1, 2]}", "{a: [3]}", {"a": (3,)}),
        ("{a: {x: 1}}", "{a: [1]}", {"a": (1,)}),
        ("{a: [1]}", "{a: {x: 1}}", {"a": {"x": 1}}),
        ("{a: {x: 1}}", "{a: null}", {}),
        ("{a: {x: 1, y: 2}}", "{a: {x: ~}}", {"a": {"y": 2}}),
        ("{a: null}", "{a: 1}", {"a": 1}),
        ("{}", "{a: {x: null}}", {"a": {}}),
        ("{a: 1}", "{}", {"a": 1}),
    ],
)
def test_a_domain_lies_over_its_defaults(under: str, over: str, merged: Any) -> None:
    tree = without_nulls(merge(parse(under.encode(), "under"), parse(over.encode(), "over")))
    assert tree.plain() == merged


def test_every_value_keeps_its_place(root: Path, golden: str) -> None:
    (root / "domains/prod").mkdir()
    (root / "domains/prod/_defaults.yaml").write_text("\ndescription: of the environment\nrealization:\n  timeout: 7\n")
    (root / "domains/prod/a.yaml").write_text(golden.replace("description: VI workload domain on static routing\n", ""))
    (domain,) = load_domains(root)
    assert domain.description == "of the environment"
    assert str(domain.place("description")) == "domains/prod/_defaults.yaml:2:14"
    assert str(domain.place("realization", "timeout")) == "domains/prod/_defaults.yaml:4:12"
    assert str(domain.place("tier0", "uplinks", 1, "address")) == "domains/prod/a.yaml:11:51"
    assert domain.place("tier0", "uplinks", 7) == domain.place("tier0", "uplinks")


def test_the_outer_defaults_lie_under_the_inner_ones(root: Path, golden: str) -> None:
    (root / "domains/prod").mkdir()
    bare = golden.replace("description: VI workload domain on static routing\n", "")
    (root / "domains/_defaults.yaml").write_text("description: outer\nrealization: {timeout: 1, delay: 1}\n")
    (root / "domains/prod/_defaults.yaml").write_text("realization: {timeout: 2}\n")
    (root / "domains/prod/a.yaml").write_text(bare)
    (root / "domains/b.yaml").write_text(bare)
    outer, inner = load_domains(root)
    assert (outer.stack, outer.description, outer.realization.timeout) == ("b", "outer", 1)
    assert (inner.stack, inner.description, inner.realization.timeout, inner.realization.delay) == (
        "prod-a",
        "outer",
        2,
        1,
    )


def test_defaults_may_be_empty(root: Path, golden: str) -> None:
    (root / "domains/_defaults.yaml").write_text("# nothing yet\n")
    (root / "domains/a.yaml").write_text(golden)
    assert [domain.stack for domain in load_domains(root)] == ["a"]


def test_a_finding_in_shared_defaults_is_told_once_and_at_its_place(root: Path, golden: str) -> None:
    (root / "domains/_defaults.yaml").write_text("realization: {timeout: 0}\nregion: eu\n")
    (root / "domains/a.yaml").write_text(golden)
    (root / "domains/b.yaml").write_text(golden)
    with pytest.raises(DomainFileError) as caught:
        load_domains(root)
    assert [(problem.place.file, problem.key) for problem in caught.value.problems] == [
        ("domains/_defaults.yaml", "realization.timeout"),
        ("domains/_defaults.yaml", "region"),
    ]


def test_a_secret_in_the_defaults_is_found_even_if_a_domain_removes_it(root: Path, golden: str) -> None:
    (root / "domains/_defaults.yaml").write_text("nsx: {password: hunter2}\n")
    (root / "domains/a.yaml").write_text(golden.replace("nsx:\n", "nsx:\n  password: null\n"))
    with pytest.raises(DomainFileError, match="looks like a secret") as caught:
        load_domains(root)
    assert "hunter2" not in str(caught.value)


def test_equal_domains_are_equal_wherever_they_came_from(root: Path, golden: str) -> None:
    (root / "domains/a.yaml").write_text(golden)
    (one,) = load_domains(root)
    (root / "domains/a.yaml").write_text("# moved down\n" + golden)
    (other,) = load_domains(root)
    assert one == other
    assert one.place("name") != other.place("name")


def test_a_key_that_a_null_takes_out_has_the_place_of_what_it_stood_in() -> None:
    text = "a: {b: null, c: 1}\nd:\n  - {e: ~, f: [null, 2]}\n  - ~\ng: ~\n"
    tree = parse(text.encode(), "file")
    kept = without_nulls(tree)
    places = {path: Origins(tree).place(path) for path in _paths(tree)}
    assert places == {path: Origins(kept).place(path) for path in places}
    assert places["a", "b"] == places["a", "b", "x"] == places["a",] == Place("file", 1, 1)
    assert places["d", 0, "f", 0] == Place("file", 3, 16)
    assert places["g",] == Place("file", 1, 1)


def _paths(tree: Tree) -> Iterator[tuple[str | int, ...]]:
    """Every place of a tree, and one below that is not there."""
    yield ()
    value = tree.value
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple) else ()
    for name, child in below:
        yield from ((name, *rest) for rest in _paths(child))
        yield (name, "x")

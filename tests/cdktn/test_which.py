"""Which CDK a program runs on, and what is said where it can run on none."""

from __future__ import annotations

import ast
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from egress import cdk
from egress.cdk import BOTH, CDKTF, CDKTN, CdkError, chosen

ROOT = Path(__file__).parents[2]
VERSIONS = {"cdktf": "0.21.0", "cdktn": "0.24.0", "constructs": "10.7.2"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What pip has installed, by name; to be changed by a test."""
    there = dict(VERSIONS)

    def version(name: str) -> str:
        if name not in there:
            raise metadata.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(cdk, "installed", lambda one: one.name in there)
    return there


@pytest.mark.parametrize(
    "named, imported, found",
    [
        ("", (), CDKTF),
        ("cdktn", (), CDKTN),
        ("cdktf", (), CDKTF),
        ("", ("cdktn", "json"), CDKTN),
        ("cdktf", ("cdktn",), CDKTN),
        ("cdktn", ("cdktf",), CDKTF),
        ("cdktn", ("cdktf", "cdktn"), CDKTN),
    ],
)
def test_what_is_imported_wins_then_what_is_named_then_cdktf(
    machine: dict[str, str], named: str, imported: tuple[str, ...], found: cdk.Cdk
) -> None:
    assert chosen({"EGRESS_CDK": named}, imported) is found


def test_the_only_one_that_is_installed_is_taken(machine: dict[str, str]) -> None:
    del machine["cdktf"]
    assert chosen({}, ()) is CDKTN


@pytest.mark.parametrize(
    "named, imported, installed, sentence",
    [
        ("terraform", (), {}, "EGRESS_CDK is 'terraform', allowed are cdktf (the default) and cdktn"),
        ("cdktn", (), {"cdktn": None}, "cdktn is not installed: pip install 'tier0-egress[cdktn]'"),
        ("", (), {"cdktf": None, "cdktn": None}, "cdktf is not installed: pip install 'tier0-egress'"),
        (
            "",
            ("cdktn",),
            {"cdktn": "0.25.1"},
            "cdktn 0.25.1 is installed, the bindings here are made for 0.24 and newer, before 0.25: "
            "pip install 'tier0-egress[cdktn]'",
        ),
        (
            "cdktn",
            (),
            {"constructs": "10.8.1"},
            "constructs 10.8.1 is installed, cdktn runs on 10.6 and newer, before 10.8: pip install 'tier0-egress[cdktn]'",
        ),
        ("cdktf", (), {"cdktf": "0.20.9"}, "cdktf 0.20.9 is installed, the bindings here are made for 0.21"),
        (
            "",
            (),
            {"cdktf": "0.22.0", "cdktn": "0.23.9"},
            "cdktf 0.22.0 is installed, the bindings here are made for 0.21",
        ),
        (
            "",
            (),
            {"cdktf": "0.20.9"},
            "cdktf 0.20.9 is installed, the bindings here are made for 0.21 and newer, before 0.22: "
            "pip install 'tier0-egress'; or EGRESS_CDK=cdktn, which fits",
        ),
        ("cdktn", (), {"constructs": None}, "constructs is not installed, which cdktn needs: pip install"),
        ("", ("cdktf", "cdktn"), {}, "this program has imported cdktf and cdktn, and the constructs run on one"),
    ],
)
def test_one_clear_sentence_where_none_can_be_run_on(
    machine: dict[str, str], named: str, imported: tuple[str, ...], installed: dict[str, str | None], sentence: str
) -> None:
    for name, version in installed.items():
        machine.pop(name)
        if version is not None:
            machine[name] = version
    with pytest.raises(CdkError) as told:
        chosen({"EGRESS_CDK": named}, imported)
    assert str(told.value).startswith(sentence)
    assert "\n" not in str(told.value)
    assert ("which fits" in str(told.value)) == ("which fits" in sentence)


def test_a_version_tells_whose_it_is() -> None:
    assert [cdk.made_by(version) for version in ("0.21.0", "0.24.3", "0.20.0", "0.25.0-pre.1", "", "latest")] == [
        CDKTF,
        CDKTN,
        *[None] * 4,
    ]


def test_the_default_runs_where_the_other_does_not_fit(machine: dict[str, str]) -> None:
    machine["constructs"] = "10.8.1"
    assert chosen({}, ()) is CDKTF


def test_the_versions_are_those_that_the_distribution_asks_for() -> None:
    asked = {
        (one.name, str(one.marker or "")): one.specifier
        for one in map(Requirement, metadata.requires("tier0-egress") or [])
    }
    extra = 'extra == "cdktn"'
    for name, (first, before) in CDKTN.versions.items():
        assert asked[name, extra].contains(first)
        assert not asked[name, extra].contains(before)
    assert str(asked["cdktf", ""]) == "==0.21.0"


def test_the_same_names_are_taken_from_both() -> None:
    (either,) = (
        node for node in ast.parse((ROOT / "tier0_egress" / "cdk.py").read_text()).body if isinstance(node, ast.If)
    )

    def taken(statements: list[ast.stmt], one: cdk.Cdk) -> set[tuple[str, str]]:
        froms = [found for found in statements if isinstance(found, ast.ImportFrom)]
        assert len(froms) == len(statements)
        return {
            (str(found.module).replace(one.bindings, "bindings").replace(one.name, "core"), alias.name)
            for found in froms
            for alias in found.names
        }

    assert taken(either.body, CDKTF) == taken(either.orelse, CDKTN)
    assert len(taken(either.body, CDKTF)) > 20


def test_nothing_else_of_ours_imports_a_cdk() -> None:
    names = tuple(f"{word} {name}" for one in BOTH for name in (one.name, one.bindings) for word in ("import", "from"))
    files = [
        file for room in ("constructs_lib", "stacks", "egress", "tier0_egress") for file in (ROOT / room).rglob("*.py")
    ]
    assert len(files) > 100
    found = {
        file.relative_to(ROOT).as_posix()
        for file in files
        for line in file.read_text().splitlines()
        if line.strip().startswith(names)
    }
    assert found == {"tier0_egress/cdk.py"}

"""Who shares a Tier-0: found however its file says so, and of the others none is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from egress.cli._neighbours import Neighbours
from egress.cli.context import Project
from egress.domain import files

GOLDEN = (Path(__file__).parents[2] / "domains/wld01.yaml").read_text()
Reads = Counter[str]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Twenty domains of one manager, each on a Tier-0 of its own."""
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    for number in range(20):
        write(tmp_path, f"a{number:02}", f"T0-{number:02}")
    return Project(tmp_path)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Counts the files that are read as YAML from here on."""
    counted: Reads = Counter()
    read = files.read_tree
    monkeypatch.setattr(files, "read_tree", lambda file: counted.update([file.path.stem]) or read(file))
    return counted


def write(root: Path, stack: str, tier0: str, host: str = "nsx.example.com") -> None:
    text = GOLDEN.replace("id: T0-wld01", f"id: {tier0}").replace("nsx-wld01.example.com", host)
    (root / f"domains/{stack}.yaml").write_text(text)


def test_only_those_on_the_tier0_are_read_each_once(project: Project, reads: Reads) -> None:
    write(project.root, "tenant", '"T0\\x2d07"')
    write(project.root, "elsewhere", "T0-07", "other.example.com")
    write(project.root, "longer", "T0-07-b")
    (domain,) = project.domains(["a07"])
    neighbours = Neighbours(project, [domain])
    assert [one.stack for one in neighbours.of(domain)] == ["a07", "tenant"]
    assert [one.stack for one in neighbours.of(domain)] == ["a07", "tenant"]
    assert reads == dict.fromkeys(("a07", "tenant", "elsewhere", "longer"), 1)


def test_of_many_tier0s_no_file_that_names_none_of_them_is_read(project: Project, reads: Reads) -> None:
    write(project.root, "tenant", "T0-02")
    domains = project.domains([f"a{number:02}" for number in range(15)])
    assert [one.stack for one in Neighbours(project, domains).of(domains[2])] == ["a02", "tenant"]
    assert len(reads) == 16


def test_a_file_that_cannot_be_read_is_told_where_it_may_name_the_tier0(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for stack, other in (("b01", "T0-01"), ("b02", "T0-02")):
        write(project.root, stack, f"{other}\n  no_such_key: 1")
    (domain,) = project.domains(["a01"])
    Neighbours(project, [domain], quiet=True).read()
    assert capsys.readouterr().err == ""
    neighbours = Neighbours(project, [domain])
    neighbours.read()
    told = capsys.readouterr().err
    assert "domains/b01.yaml" in told
    assert "left out: whether this file shares a Tier-0 is not known" in told
    assert "b02" not in told
    assert [one.stack for one in neighbours.of(domain)] == ["a01"]


def test_a_domain_whose_file_is_gone_has_the_neighbours_that_are_left(project: Project) -> None:
    (domain,) = project.domains(["a01"])
    write(project.root, "tenant", "T0-01")
    (project.root / "domains/a01.yaml").unlink()
    assert [one.stack for one in Neighbours(Project(project.root), [domain]).of(domain)] == ["tenant"]
    for file in (project.root / "domains").iterdir():
        file.unlink()
    (project.root / "domains").rmdir()
    assert Neighbours(Project(project.root), [domain]).of(domain) == ()

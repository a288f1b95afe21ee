"""Finding domain files: what is a stack, and what is refused rather than passed over."""

from __future__ import annotations

import cProfile
import os
import pstats
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.domain import DomainFileError, EgressError, find_files, find_root, load_domains
from egress.domain.files import Looked, look, named, select
from egress.domain.fleet import load


def test_a_file_is_a_stack_named_after_its_path(root: Path, golden: str) -> None:
    for name in ("wld01", "prod/wld02", "prod/wld03"):
        path = root / "domains" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(golden)
    (root / "domains/prod/_defaults.yaml").write_text("")
    (root / "domains/README.md").write_text("not YAML")
    (root / "domains/.wld01.yaml.swp").write_text("an editor's")
    assert [file.stack for file in find_files(root)] == ["prod-wld02", "prod-wld03", "wld01"]
    assert [domain.stack for domain in load_domains(root, ["wld01"])] == ["wld01"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.yml", "domains/a.yml:1:1: ends in .yml, domain files end in .yaml: rename it"),
        ("a.YAML", "domains/a.YAML:1:1: ends in .YAML"),
        ("prod/eu/a.yaml", "domains/prod/eu/a.yaml:1:1: lies too deep"),
        (
            "Prod/a.yaml",
            "makes no stack name, allowed in file and folder names are lower-case letters, digits and dashes",
        ),
        ("a b.yaml", "makes no stack name"),
        ("_default.yaml", "and _defaults.yaml for defaults"),
        ("_defaults.yml", "ends in .yml"),
        ("a\x1b[31m.yaml", r"domains/a\x1b[31m.yaml:1:1: makes no stack name"),
        ("a.yaml/b.yaml", "domains/a.yaml:1:1: is a folder, domain files are files"),
        (f"{'a' * 65}.yaml", "makes no stack name"),
    ],
)
def test_a_file_that_would_be_passed_over_is_refused(root: Path, golden: str, path: Any, expected: Any) -> None:
    file = root / "domains" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(golden)
    with pytest.raises(DomainFileError, match=re.escape(expected)):
        find_files(root)


def test_two_files_that_give_one_stack_are_refused(root: Path, golden: str) -> None:
    (root / "domains/prod").mkdir()
    (root / "domains/prod/a.yaml").write_text(golden)
    (root / "domains/prod-a.yaml").write_text(golden)
    with pytest.raises(DomainFileError, match="gives the stack name 'prod-a', as domains/prod"):
        find_files(root)


@pytest.mark.parametrize("kind", ["out of the tree", "to itself", "nowhere", "to a folder", "folder to itself"])
def test_links_that_lead_elsewhere_are_refused(
    root: Path, golden: str, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.yaml").write_text(golden)
    link = root / "domains/a.yaml"
    match kind:
        case "out of the tree":
            link.symlink_to(elsewhere / "a.yaml")
        case "to itself":
            link.symlink_to(link)
        case "nowhere":
            link.symlink_to(root / "nowhere.yaml")
        case "to a folder":
            (root / "domains/prod").symlink_to(elsewhere)
        case "folder to itself":
            (root / "domains/prod").symlink_to(root / "domains")
    with pytest.raises(DomainFileError, match="is a link"):
        find_files(root)


def test_a_link_within_domains_is_followed(root: Path, golden: str) -> None:
    (root / "domains/a.yaml").write_text(golden)
    (root / "domains/b.yaml").symlink_to("a.yaml")
    assert [domain.stack for domain in load_domains(root)] == ["a", "b"]


def test_a_pipe_named_like_a_domain_is_refused_without_waiting(root: Path) -> None:
    os.mkfifo(root / "domains/a.yaml")
    with pytest.raises(DomainFileError, match="is no regular file"):
        load_domains(root)


@pytest.fixture
def as_nobody(golden: str) -> Iterator[Any]:
    """A project that everybody can reach, seen by a user who is not root; cleaned up as who one was."""
    root = Path(tempfile.mkdtemp())
    (root / "domains/prod").mkdir(parents=True)
    (root / "cdktf.json").write_text("{}")
    (root / "domains/prod/a.yaml").write_text(golden)
    for path in (root, root / "domains", root / "domains/prod", root / "domains/prod/a.yaml"):
        path.chmod(0o755)
    load_domains(root)  # so that Python has imported what it needs while it may
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield root
    os.seteuid(before)
    for path in (root, root / "domains", root / "domains/prod"):
        path.chmod(0o755)
    shutil.rmtree(root)


@pytest.fixture
def forbid(as_nobody: Any) -> Any:
    """Takes every right on a path away, as its owner."""

    def take(path: Any) -> None:
        me = os.geteuid()
        os.seteuid(as_nobody.stat().st_uid)
        (as_nobody / path).chmod(0)
        os.seteuid(me)

    return take


@pytest.mark.parametrize("path", ["domains/prod/a.yaml", "domains/prod", "domains"])
def test_what_may_not_be_read_is_told(as_nobody: Any, forbid: Any, path: str) -> None:
    assert [domain.stack for domain in load_domains(as_nobody)] == ["prod-a"]
    forbid(path)
    with pytest.raises(DomainFileError, match=f"{path}:1:1: cannot be read: Permission denied"):
        load_domains(as_nobody)


def test_a_project_that_may_not_be_entered_is_told(as_nobody: Any, forbid: Any) -> None:
    forbid(".")
    with pytest.raises(EgressError, match="no folder 'domains'"):
        load_domains(as_nobody)
    with pytest.raises(EgressError, match=r"no cdktf\.json"):
        find_root(as_nobody / "domains")


def test_a_file_that_vanishes_after_it_was_found_is_told(root: Path, golden: str) -> None:
    (root / "domains/a.yaml").write_text(golden)
    files = find_files(root)
    (root / "domains/a.yaml").unlink()
    (problem,) = load(files).problems
    assert str(problem) == "domains/a.yaml:1:1: cannot be read: No such file or directory"


def test_a_name_that_is_not_utf8_is_told_in_printable_text(root: Path) -> None:
    (root / "domains" / os.fsdecode(b"caf\xe9.yaml")).write_text("")
    with pytest.raises(DomainFileError) as caught:
        find_files(root)
    assert str(caught.value).startswith(r"domains/caf\xe9.yaml:1:1: makes no stack name")


def test_right_files_are_read_beside_wrong_ones(root: Path, golden: str) -> None:
    (root / "domains/a.yaml").write_text(golden)
    (root / "domains/b.yaml").write_text("version: 2\n")
    (root / "domains/c.yml").write_text(golden)
    files, passed_over = look(root)
    loaded = load(files)
    assert [domain.stack for domain in loaded.domains] == ["a"]
    assert {problem.place.file for problem in loaded.problems} == {"domains/b.yaml"}
    assert {problem.place.file for problem in passed_over} == {"domains/c.yml"}


def test_unknown_stacks_no_folder_and_no_file_are_told(
    root: Path, golden: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(EgressError, match="no domain file in domains/"):
        load_domains(root)
    (root / "domains/a.yaml").write_text(golden)
    with pytest.raises(EgressError, match="no stack 'b', there are: a"):
        select(find_files(root), ["b"])
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(EgressError, match="no folder 'domains'"):
        find_files(empty)
    with pytest.raises(EgressError, match=r"no cdktf\.json"):
        find_root(empty)
    (root / "domains/prod").mkdir()
    assert find_root(root / "domains/prod") == root


def test_naming_every_file_of_a_project_looks_through_it_once(root: Path, golden: str) -> None:
    """As `egress check domains/*.yaml` does; counted in calls of functions, the same number on every machine."""

    def all_named() -> int:
        profile, known = cProfile.Profile(), dict[Path, Looked]()
        for path in sorted((root / "domains").glob("*.yaml")):
            assert [file.stack for file in profile.runcall(named, path, root, known)] == [path.stem]
        return pstats.Stats(profile).total_calls  # type: ignore[attr-defined, no-any-return]

    (root / "cdktf.json").write_text("{}")
    calls = []
    for count in (20, 80):
        for number in range(count):
            (root / f"domains/w{number}.yaml").write_text(golden)
        calls.append(all_named())
    assert calls[1] < 4.2 * calls[0], calls


def test_defaults_that_are_named_mean_every_domain_over_them(root: Path, golden: str) -> None:
    (root / "cdktf.json").write_text("{}")
    (root / "domains/prod").mkdir()
    for name in ("a", "prod/b", "prod/c"):
        (root / f"domains/{name}.yaml").write_text(golden)
    (root / "domains/_defaults.yaml").write_text("")
    (root / "domains/prod/_defaults.yaml").write_text("")
    known: dict[Path, Looked] = {}
    meant = [[one.stack for one in named(Path(f"domains/{name}"), root, known)] for name in ("_defaults.yaml", "prod/_defaults.yaml", "prod/b.yaml")]  # fmt: skip
    assert meant == [["a", "prod-b", "prod-c"], ["prod-b", "prod-c"], ["prod-b"]]

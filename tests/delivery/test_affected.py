"""Affected stacks: exactly those whose Terraform moved."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from egress.delivery.change import affected as room
from egress.delivery.change.affected import Affected, Change, Why, compare
from egress.domain import EgressError, files
from tests.repositories import git

pytestmark = pytest.mark.slow

EGRESS = Path(sys.executable).with_name("egress")
REPOSITORY = Path(__file__).resolve().parents[2]


def test_compared_are_bytes_and_nothing_else() -> None:
    here = {"a": b"1", "b": b"2", "d": b"4"}
    there = {"a": b"1", "b": b"3", "c": b"3"}
    removed = "its objects and its state stay until it is destroyed: egress plan --base plans that"
    assert compare(here, there) == (
        Affected("b", Why.CHANGED),
        Affected("c", Why.REMOVED, removed),
        Affected("d", Why.NEW),
    )
    assert compare(here, there, "requirements.txt differs")[0] == Affected(
        "a", Why.EVERYTHING, "requirements.txt differs"
    )
    assert compare(here, here) == ()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two domains, with a defaults file under one of them, in a git repository whose branch is called main."""
    root = tmp_path / "repository" / "network"
    (root / "domains" / "prod").mkdir(parents=True)
    for name in (
        "cdktf.json",
        "main.py",
        "domains/wld01.yaml",
        "domains/prod/_defaults.yaml",
        "domains/prod/wld02.yaml",
    ):
        shutil.copy(REPOSITORY / name, root / name)
    (root / "requirements.txt").write_text("tier0-egress==0.1.0\n")
    git(root.parent, "init", "-q", "-b", "main")
    commit(root)
    return root


def affected(root: Path, base: Path | str) -> tuple[Affected, ...]:
    return room.affected(root, base).stacks


def commit(root: Path) -> None:
    git(root, "add", "-A", ".")
    git(root, "commit", "-q", "-m", "x", "--allow-empty")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_against_a_git_reference(project: Path) -> None:
    assert affected(project, "main") == ()
    wld01, defaults = project / "domains" / "wld01.yaml", project / "domains" / "prod" / "_defaults.yaml"

    edit(wld01, "# never a credential in this file", "# a comment moves nothing")
    assert affected(project, "main") == ()

    edit(wld01, "translated: 10.27.51.147", "translated: 10.27.51.148")
    assert affected(project, "main") == (Affected("wld01", Why.CHANGED),)

    shutil.copy(REPOSITORY / "domains" / "wld01.yaml", wld01)
    edit(defaults, "host: ", "host: other-")
    moved = "host nsx-prod.example.com -> other-nsx-prod.example.com"
    assert affected(project, "main") == (Affected("prod-wld02", Why.CHANGED, moved),)


def test_a_file_that_goes_and_another_that_comes(project: Path) -> None:
    (project / "domains" / "wld01.yaml").unlink()
    text = (project / "domains" / "prod" / "wld02.yaml").read_text()
    for old, new in (
        ("wld02", "wld07"),
        ("10.28.60", "10.28.61"),
        ("30.1.", "30.2."),
        ("db8:60", "db8:61"),
        ("domain-c12", "domain-c17"),
    ):
        text = text.replace(old, new)
    (project / "domains" / "prod" / "wld07.yaml").write_text(text)
    assert [(one.stack, one.why) for one in affected(project, "main")] == [
        ("prod-wld07", Why.NEW),
        ("wld01", Why.REMOVED),
    ]


def rename(root: Path, old: str, new: str) -> Path:
    """A domain file under another name, with the name in it, as `git mv` and a person leave it."""
    file = (root / "domains" / f"{old}.yaml").rename(root / "domains" / f"{new}.yaml")
    edit(file, f"name: {Path(old).name}", f"name: {Path(new).name}")
    return file


def test_a_renamed_file_is_one_rename_and_says_the_command(project: Path) -> None:
    file = rename(project, "wld01", "berlin")
    (one,) = affected(project, "main")
    assert (one.stack, one.why) == ("berlin", Why.RENAMED)
    assert "egress rename wld01 berlin keeps its state and objects, and its plan then shows no change" in one.detail
    edit(file, "name: berlin", "name: berlin\nformerly: wld01")
    (one,) = affected(project, "main")
    assert one.detail == "renamed from wld01, whose objects it keeps (formerly): its plan shows no change"


def test_two_renames_at_once_one_of_them_with_a_change(project: Path) -> None:
    file = rename(project, "wld01", "berlin")
    edit(file, "translated: 10.27.51.147", "translated: 10.27.51.148")
    rename(project, "prod/wld02", "prod/wld03")
    found = affected(project, "main")
    assert [(one.stack, one.why) for one in found] == [("berlin", Why.RENAMED), ("prod-wld03", Why.RENAMED)]
    assert "its plan then shows 1 changed object" in found[0].detail
    assert "its plan then shows no change" in found[1].detail


def test_a_rename_whose_objects_are_others_is_removed_and_new_with_a_hint(project: Path) -> None:
    file = rename(project, "wld01", "berlin")
    text = file.read_text()
    for old, new in (("51.145", "51.155"), ("51.147", "51.157"), ("51.1}", "51.2}")):
        text = text.replace(old, new)
    file.write_text(text)
    found = affected(project, "main")
    assert [(one.stack, one.why) for one in found] == [("berlin", Why.NEW), ("wld01", Why.REMOVED)]
    assert "was it renamed? then egress rename wld01 berlin" in found[1].detail


def test_a_file_that_moves_into_a_folder_and_keeps_its_stack_is_no_rename(project: Path) -> None:
    (project / "domains" / "prod" / "wld02.yaml").rename(project / "domains" / "prod-wld02.yaml")
    text = (project / "domains" / "prod" / "_defaults.yaml").read_text()
    rest = (project / "domains" / "prod-wld02.yaml").read_text().replace("version: 1\n", "")
    (project / "domains" / "prod-wld02.yaml").write_text(text + rest.replace("name: wld02", "name: prod-wld02"))
    assert {one.why for one in affected(project, "main")} <= {Why.CHANGED}


def test_letters_of_another_case_make_no_stack_here_and_a_broken_base_there(project: Path) -> None:
    file = project / "domains" / "wld01.yaml"
    file.rename(file.with_name("Wld01.yaml"))
    with pytest.raises(EgressError, match="makes no stack name"):
        affected(project, "main")
    commit(project)
    file.with_name("Wld01.yaml").rename(file)
    assert [(one.stack, one.why) for one in affected(project, "main")] == [
        ("prod-wld02", Why.EVERYTHING),
        ("wld01", Why.NEW),
    ]


def test_the_first_domain_ever_and_the_last_one(project: Path, tmp_path: Path) -> None:
    shutil.move(project / "domains", tmp_path / "domains")
    assert [(one.stack, one.why) for one in affected(project, "main")] == [
        ("prod-wld02", Why.REMOVED),
        ("wld01", Why.REMOVED),
    ]
    commit(project)
    assert room.affected(project, "main") == Change((), (), {}, 0)
    shutil.move(tmp_path / "domains", project / "domains")
    assert {one.why for one in affected(project, "main")} == {Why.NEW}


def test_a_base_that_has_nothing_at_all_or_not_this_folder(project: Path) -> None:
    empty_tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # known to every git
    git(project.parent, "checkout", "-q", "--orphan", "start")
    git(project.parent, "rm", "-rq", "--cached", ".")
    (project.parent / "README").write_text("x")
    git(project.parent, "add", "README")
    git(project.parent, "commit", "-q", "-m", "x")
    for base in (empty_tree, "start"):
        assert {one.why for one in affected(project, base)} == {Why.NEW}


def test_what_git_leaves_out_of_archives_is_at_the_base_all_the_same(project: Path) -> None:
    (project / ".gitattributes").write_text("domains export-ignore\n")
    commit(project)
    assert affected(project, "main") == ()


def test_another_version_or_provider_affects_everything_and_is_told(project: Path) -> None:
    (project / "locks").mkdir()
    lock = project / "locks" / "terraform.lock.hcl"
    lock.write_text('provider "registry.terraform.io/vmware/nsxt" {\n  version     = "3.11.1"\n}\n')
    commit(project)
    assert affected(project, "main") == ()
    edit(lock, "3.11.1", "3.12.0")
    (project / "requirements.txt").write_text("# a comment moves nothing\ntier0-egress==0.2.0\nhttpx==0.28.1\n")
    found = room.affected(project, "main")
    assert [(one.stack, one.why) for one in found.stacks] == [
        ("prod-wld02", Why.EVERYTHING),
        ("wld01", Why.EVERYTHING),
    ]
    assert found.only_pins
    assert found.pins == (
        "locks/terraform.lock.hcl: registry.terraform.io/vmware/nsxt 3.11.1 -> 3.12.0",
        "requirements.txt: tier0-egress 0.1.0 -> 0.2.0, httpx 0.28.1 is new",
    )
    lock.unlink()
    (project / "requirements.txt").write_text("# a comment moves nothing\n\ntier0-egress==0.1.0\n")
    assert room.affected(project, "main").pins == ("locks/terraform.lock.hcl is gone",)


def test_a_base_that_is_broken_or_empty(project: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "requirements.txt").write_text("tier0-egress==0.1.0\n")
    assert {one.why for one in affected(project, empty)} == {Why.NEW}
    broken = tmp_path / "broken"
    shutil.copytree(project, broken)
    (broken / "domains" / "wld01.yaml").write_text("version: [")
    assert {one.detail for one in affected(project, broken)} == {"the base does not synthesise"}


def test_the_command_prints_what_can_be_planned_and_tells_the_rest(project: Path, tmp_path: Path) -> None:
    (project / "domains" / "prod" / "wld02.yaml").unlink()
    edit(project / "domains" / "wld01.yaml", "translated: 10.27.51.147", "translated: 10.27.51.148")
    summary = tmp_path / "summary.md"
    lab = {"EGRESS_LAB": str(tmp_path / "a lab changes nothing here.json")}
    command: list[str | Path] = [EGRESS, "affected", "--base", "main"]
    done = subprocess.run(
        [*command, "--summary", summary], cwd=project, env=os.environ | lab, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "wld01\n"), done.stderr
    assert "prod-wld02: removed: its objects and its state stay" in done.stderr
    assert "| prod-wld02 | removed: its objects and its state stay" in summary.read_text()
    as_json = subprocess.run([*command, "--json"], cwd=project, capture_output=True, text=True, check=True)
    assert [(one["stack"], one["why"]) for one in json.loads(as_json.stdout)] == [
        ("prod-wld02", "removed"),
        ("wld01", "changed"),
    ]


def test_whom_a_stack_talks_to_and_as_whom_is_named(project: Path) -> None:
    wld01, defaults = project / "domains" / "wld01.yaml", project / "domains" / "prod" / "_defaults.yaml"
    edit(defaults, "credentials: NSXT_PROD", "credentials: NSXT_B")
    assert affected(project, "main") == (Affected("prod-wld02", Why.CHANGED, "credentials NSXT_PROD -> NSXT_B"),)
    edit(wld01, "host: nsx-wld01.example.com", "ca_file: ca.pem\n  host: evil.example.com")
    (project / "ca.pem").write_text("one")
    changed = "host nsx-wld01.example.com -> evil.example.com, ca_file the system's authorities -> ca.pem"
    assert affected(project, "main")[1] == Affected("wld01", Why.CHANGED, changed)
    commit(project)
    (project / "ca.pem").write_text("two")
    assert affected(project, "main") == (Affected("wld01", Why.CHANGED, "ca_file ca.pem holds something else"),)


def test_beside_synthesis_only_files_that_differ_are_read_and_those_with_a_ca_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a domain file takes a millisecond, and synthesis reads them all."""
    reads: Counter[str] = Counter()
    read = files.read_tree
    monkeypatch.setattr(files, "read_tree", lambda file: reads.update([file.shown]) or read(file))
    assert affected(project, "main") == ()
    assert not reads
    edit(project / "domains" / "wld01.yaml", "translated: 10.27.51.147", "translated: 10.27.51.148")
    assert affected(project, "main") == (Affected("wld01", Why.CHANGED),)
    assert reads == {"domains/wld01.yaml": 2}
    edit(project / "domains" / "prod" / "_defaults.yaml", "credentials: NSXT_PROD", '"ca\\x5ffile": ca.pem')
    commit(project)
    reads.clear()
    (project / "ca.pem").write_text("two")
    told = Affected("prod-wld02", Why.CHANGED, "ca_file ca.pem holds something else")
    assert affected(project, "main") == (told,)
    assert reads == {"domains/prod/_defaults.yaml": 2, "domains/prod/wld02.yaml": 2}


def ask(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EGRESS, "affected", "--base", "main", *arguments], cwd=root, capture_output=True, text=True, check=False
    )


def test_the_matrix_is_one_line_that_each_ci_system_takes_also_when_nothing_is_affected(project: Path) -> None:
    empty = ask(project, "--matrix")
    assert (empty.stdout, empty.returncode) == ('{"include": []}\n', 0)
    assert "no stack differs from main" in empty.stderr
    assert json.loads(ask(project, "--matrix", "gitlab").stdout) == {
        "nothing-to-plan": {"script": ["echo no stack is affected"]}
    }
    (project / "domains" / "prod" / "wld02.yaml").unlink()
    edit(project / "domains" / "wld01.yaml", "translated: 10.27.51.147", "translated: 10.27.51.148")
    github = ask(project, "--matrix")
    assert github.stdout.count("\n") == 1
    assert json.loads(github.stdout)["include"] == [
        {"stack": "prod-wld02", "verb": "destroy", "tier0": "T0-wld02"},
        {"stack": "wld01", "verb": "plan", "tier0": "T0-wld01"},
    ]
    assert ask(project, "--chunks", "2").returncode == 1
    assert ask(project, "--matrix", "--json").returncode == 1


def test_only_pins_moved_is_told_with_which(project: Path) -> None:
    (project / "requirements.txt").write_text("tier0-egress==0.2.0\n")
    told = ask(project)
    assert told.stdout == "prod-wld02\nwld01\n"
    assert "nothing but pins moved, all 2 stacks" in told.stderr
    assert "requirements.txt: tier0-egress 0.1.0 -> 0.2.0" in told.stderr

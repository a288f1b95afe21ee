"""Affected stacks: exactly those whose Terraform moved."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from egress.delivery.affected import Affected, Why, affected, compare
from egress.domain import EgressError

pytestmark = pytest.mark.slow

EGRESS = Path(sys.executable).with_name("egress")
REPOSITORY = Path(__file__).resolve().parents[2]


def test_compared_are_bytes_and_nothing_else() -> None:
    here = {"a": b"1", "b": b"2", "d": b"4"}
    there = {"a": b"1", "b": b"3", "c": b"3"}
    removed = "its objects stay: destroy it from the base before the file goes"
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
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


def git(root: Path, *arguments: str) -> None:
    """git, without the settings of whoever runs the tests."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=root, env=env, check=True, capture_output=True)


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


def test_a_file_that_goes_and_one_that_comes(project: Path) -> None:
    (project / "domains" / "wld01.yaml").rename(project / "domains" / "wld07.yaml")
    edit(project / "domains" / "wld07.yaml", "name: wld01", "name: wld07")
    assert [(one.stack, one.why) for one in affected(project, "main")] == [("wld01", Why.REMOVED), ("wld07", Why.NEW)]


def test_another_version_or_provider_affects_everything(project: Path) -> None:
    (project / "requirements.txt").write_text("tier0-egress==0.2.0\n")
    (project / "locks").mkdir()
    (project / "locks" / "terraform.lock.hcl").write_text("# another provider\n")
    found = affected(project, "main")
    assert [one.stack for one in found] == ["prod-wld02", "wld01"]
    assert {one.detail for one in found} == {"locks/terraform.lock.hcl, requirements.txt differs"}


def test_a_base_that_is_broken_or_empty(project: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "requirements.txt").write_text("tier0-egress==0.1.0\n")
    assert {one.why for one in affected(project, empty)} == {Why.NEW}
    broken = tmp_path / "broken"
    shutil.copytree(project, broken)
    (broken / "domains" / "wld01.yaml").write_text("version: [")
    assert {one.detail for one in affected(project, broken)} == {"the base does not synthesise"}


@pytest.mark.parametrize("base, word", [("no-such-branch", "fetch-depth: 0"), ("--output=x", "no git reference")])
def test_a_base_that_git_does_not_know_is_a_sentence(project: Path, base: str, word: str) -> None:
    with pytest.raises(EgressError, match=word):
        affected(project, base)


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
    assert "prod-wld02: removed: its objects stay" in done.stderr
    assert "| prod-wld02 | removed: its objects stay" in summary.read_text()
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

"""A commit on a branch of its own: beside the work tree, over HEAD, pushed only where nobody else has been."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from egress.delivery.git.branch import Remote, What, proposed
from egress.domain import EgressError
from tests.repositories import git

pytestmark = pytest.mark.slow
NAME = "egress/proposed"
FILE = "domains/wld01.yaml"
MESSAGE = "what is proposed\n\nMade-by: egress propose\n"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with a project in a folder of it."""
    work, bare = tmp_path / "work", tmp_path / "origin.git"
    (work / "net" / "domains").mkdir(parents=True)
    (work / "net" / FILE).write_text("a: 1\n")
    git(work, "init", "-q")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "first")
    git(tmp_path, "clone", "-q", "--bare", str(work), str(bare))
    return bare


def clone(origin: Path, *options: str) -> Path:
    """The project folder in a new clone."""
    folder = origin.parent / f"clone-{len(list(origin.parent.iterdir()))}"
    git(origin.parent, "clone", "-q", *options, origin.as_uri(), str(folder))
    return folder / "net"


def tip(origin: Path) -> str:
    return git(origin, "rev-parse", NAME)


def test_a_project_in_a_folder_of_its_repository_gets_its_commit(origin: Path) -> None:
    root = clone(origin)
    done = proposed(root, NAME, {FILE: "a: 2\n"}, MESSAGE)
    assert done.what is What.MADE
    assert git(root, "show", f"{done.commit}:net/{FILE}") == "a: 2"
    assert git(root, "rev-parse", f"{done.commit}^") == git(root, "rev-parse", "main")
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "log", "-1", "--format=%an", done.commit) == "egress propose"
    git(root, "config", "user.name", "Nora")
    again = proposed(root, NAME, {FILE: "a: 3\n"}, MESSAGE)
    assert (again.what, git(root, "log", "-1", "--format=%an", again.commit)) == (What.UPDATED, "Nora")
    assert git(origin, "branch", "--list", NAME) == "", "nothing is pushed unasked"


@pytest.mark.parametrize("options", [(), ("--depth=1",)], ids=["whole", "shallow"])
def test_every_run_is_a_new_clone_and_the_branch_holds_one_commit(origin: Path, options: tuple[str, ...]) -> None:
    made = proposed(clone(origin, *options), NAME, {FILE: "a: 2\n"}, MESSAGE, Remote())
    assert (made.what, tip(origin)) == (What.MADE, made.commit)
    same = proposed(clone(origin, *options), NAME, {FILE: "a: 2\n"}, MESSAGE, Remote())
    assert (same.what, same.commit) == (What.UNCHANGED, made.commit)
    other = proposed(clone(origin, *options), NAME, {FILE: "a: 3\n"}, MESSAGE, Remote())
    assert (other.what, tip(origin)) == (What.UPDATED, other.commit)
    assert git(origin, "rev-list", "--count", f"main..{NAME}") == "1"


def test_a_main_that_moved_elsewhere_leaves_the_branch_and_its_approvals_alone(origin: Path) -> None:
    made = proposed(clone(origin), NAME, {FILE: "a: 2\n"}, MESSAGE, Remote())
    root = clone(origin)
    (root / "README.md").write_text("words\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "words")
    git(root, "push", "-q", "origin", "main")
    assert proposed(root, NAME, {FILE: "a: 2\n"}, MESSAGE, Remote()).what is What.UNCHANGED
    (root / FILE).write_text("a: 1\nb: 1\n")
    git(root, "commit", "-q", "-a", "-m", "the file itself")
    assert proposed(root, NAME, {FILE: "a: 2\nb: 1\n"}, MESSAGE, Remote()).what is What.UPDATED
    assert tip(origin) != made.commit


def test_what_somebody_pushed_on_top_is_never_overwritten(origin: Path) -> None:
    proposed(clone(origin), NAME, {FILE: "a: 2\n"}, MESSAGE, Remote())
    theirs = clone(origin, "--branch", NAME)
    (theirs / FILE).write_text("a: 9\n")
    git(theirs, "commit", "-q", "-a", "-m", "better so")
    git(theirs, "push", "-q")
    before = tip(origin)
    with pytest.raises(EgressError, match="which is no commit of this command: it stays as it is"):
        proposed(clone(origin), NAME, {FILE: "a: 3\n"}, MESSAGE, Remote())
    assert tip(origin) == before


def test_a_push_that_is_refused_says_why_and_tells_no_secret(origin: Path) -> None:
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'not today, TOP-SECRET' >&2\nexit 1\n")
    hook.chmod(0o755)
    root = clone(origin)
    with pytest.raises(EgressError, match="git push failed, the branch is as it was: ") as refused:
        proposed(root, NAME, {FILE: "a: 2\n"}, MESSAGE, Remote(settings={"http.https://x/.extraheader": "TOP-SECRET"}))
    assert "not today, ***" in str(refused.value)
    assert git(root, "branch", "--list", NAME) == ""
    assert "TOP-SECRET" not in (root.parent / ".git" / "config").read_text()


def test_line_ends_that_git_converts_are_no_change(origin: Path) -> None:
    root = clone(origin)
    git(root, "config", "core.autocrlf", "true")
    (root / FILE).unlink()
    git(root, "checkout", "-q", "--", FILE)
    assert (root / FILE).read_bytes() == b"a: 1\r\n"
    done = proposed(root, NAME, {FILE: "a: 1\r\nb: 2\r\n"}, MESSAGE)
    assert git(root, "diff", "--numstat", "main", done.commit).split()[:2] == ["1", "0"]


def test_outside_of_a_repository_it_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EgressError, match="not a git repository"):
        proposed(tmp_path, NAME, {FILE: "a"}, MESSAGE)

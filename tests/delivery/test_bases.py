"""What git does not give: each reason has a sentence of its own, with a remedy that brings it."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.delivery.git.bases import base_folder, object_of
from egress.domain import EgressError
from tests.repositories import git

pytestmark = pytest.mark.slow


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with a file on main, and a commit more on the branch feature."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "file").write_text("one")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "checkout", "-q", "-b", "feature")
    (folder / "file").write_text("two")
    git(folder, "commit", "-q", "-a", "-m", "two")
    return folder


def clone(origin: Path, *options: str) -> Path:
    git(origin.parent, "clone", "-q", *options, f"file://{origin}", "clone")
    return origin.parent / "clone"


@pytest.mark.parametrize("base", ["", "--output=x", "-"])
def test_what_git_would_take_for_an_option_is_no_reference(origin: Path, base: str) -> None:
    with pytest.raises(EgressError, match="is no git reference"):
        object_of(origin, base)


def test_no_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(EgressError, match=r"is in no git repository, so there is no 'main'.*or give a folder"):
        object_of(tmp_path, "main")


def test_no_git_is_told(origin: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(EgressError, match="git is not there"):
        object_of(origin, "main")


def test_a_branch_that_only_the_remote_has_is_named(origin: Path) -> None:
    here = clone(origin, "--branch", "feature")
    with pytest.raises(EgressError, match="git does not know 'main' here, but 'origin/main': give that"):
        object_of(here, "main")


def test_an_unknown_reference_is_told_and_the_advice_is_not_to_unshallow(origin: Path) -> None:
    here = clone(origin)
    with pytest.raises(EgressError, match="git does not know 'origin/no-such'") as told:
        object_of(here, "origin/no-such")
    assert "shallow" not in str(told.value)


def test_without_a_remote_no_fetch_is_advised(origin: Path) -> None:
    with pytest.raises(EgressError, match="git does not know 'nowhere', allowed is .*git log --all shows"):
        object_of(origin, "nowhere")


def test_a_shallow_clone_is_told_and_the_remedy_brings_the_base(origin: Path) -> None:
    here = clone(origin, "--depth", "1", "--branch", "feature")
    with pytest.raises(EgressError, match=r"this clone is shallow.*fetch-depth: 0.*GIT_DEPTH: 0") as told:
        object_of(here, "origin/main")
    remedy = str(told.value).split("by hand: ")[1].removesuffix(")")
    for command in remedy.split(", then "):
        git(here, *command.split()[1:])
    with base_folder(here, "origin/main") as folder:
        assert (folder / "file").read_text() == "one"


def test_a_commit_that_a_shallow_clone_has_is_used(origin: Path) -> None:
    here = clone(origin, "--depth", "1", "--branch", "feature")
    with base_folder(here, "HEAD") as folder:
        assert (folder / "file").read_text() == "two"


def test_a_repository_of_somebody_else_is_told_with_gits_own_remedy(
    origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own tests have it
    with pytest.raises(EgressError, match=r"belongs to another user: git config --global --add safe\.directory"):
        object_of(origin, "main")


def test_the_index_of_the_user_is_left_alone(origin: Path) -> None:
    (origin / "file").write_text("staged")
    git(origin, "add", "file")
    with base_folder(origin, "main") as folder:
        assert (folder / "file").read_text() == "one"
    assert git(origin, "diff", "--cached", "--name-only") == "file"

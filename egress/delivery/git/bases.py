"""A project as it was: what git has at a reference, laid out in a folder that goes again.

Laid out as a checkout would (read-tree and checkout-index into an index of its own), not by `git archive`: that leaves out what
.gitattributes marks `export-ignore`, and a domain that is only left out would look removed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from egress.domain import EgressError
from egress.domain.fields import quoted
from egress.toolchain.running.processes import Ended, run

_A_FOLDER = "or give a folder with the project as it was"


@contextmanager
def base_folder(root: Path, base: Path | str) -> Iterator[Path]:
    """The project at the base: the folder itself, or what git has at a reference, in a folder that is removed again.

    A project that the base does not have yet is an empty folder. Errors: EgressError as of `object_of`, or when git fails.
    """
    if isinstance(base, Path):
        yield base
        return
    found = object_of(root, base)
    where = _git(root, "rev-parse", "--show-prefix").out.removesuffix("\n")
    with tempfile.TemporaryDirectory(prefix="egress-base-") as scratch:
        index, folder = Path(scratch, "index"), Path(scratch, "base")
        folder.mkdir()
        # in the project folder `--all` means the files below it
        for arguments in (["read-tree", found], ["checkout-index", "--all", f"--prefix={folder}/"]):
            done = _git(root, *arguments, index=index)
            if done.code:
                raise EgressError(f"git does not give the files of {quoted(base)}: {done.err.strip()}")
        project = folder / where
        project.mkdir(parents=True, exist_ok=True)
        yield project


def object_of(root: Path, base: str) -> str:
    """The id of the commit (or tree) that a reference names.

    Errors: EgressError, told apart: git is missing, `root` is in no repository or in somebody else's, the reference is unknown,
    and whether that is because the clone is shallow.
    """
    if not base or base.startswith("-"):
        raise EgressError(f"{quoted(base)} is no git reference, allowed is a branch, a tag or a commit")
    asked = _git(root, "rev-parse", "--is-shallow-repository")
    if asked.code:
        raise EgressError(_no_repository(root, base, asked.err.strip()))
    for kind in ("commit", "tree"):
        found = _git(root, "rev-parse", "--verify", "--quiet", f"{base}^{{{kind}}}")
        if not found.code:
            return found.out.strip()
    raise EgressError(_unknown(root, base, shallow=asked.out.strip() == "true"))


def _no_repository(root: Path, base: str, words: str) -> str:
    if "not a git repository" in words:
        return f"{str(root)!r} is in no git repository, so there is no {quoted(base)}: go to a clone, {_A_FOLDER}"
    if "dubious ownership" in words:
        return (
            f"git reads nothing in {str(root)!r}, which belongs to another user: "
            "git config --global --add safe.directory with the repository's folder allows it"
        )
    return f"git cannot be asked about {quoted(base)}: {words}"


def _unknown(root: Path, base: str, *, shallow: bool) -> str:
    """Why git may not know a reference, and what brings it. `git fetch origin BRANCH` alone would not: in a clone of one branch
    it leaves no `origin/BRANCH` (git-fetch, configured remote-tracking branches)."""
    if _knows(root, f"refs/remotes/origin/{base}"):
        return f"git does not know {quoted(base)} here, but {quoted(f'origin/{base}')}: give that"
    branch = base.removeprefix("origin/")
    fetch = f"git fetch origin {branch}:refs/remotes/origin/{branch}"
    brings = fetch if base != branch else f"{fetch}, and give origin/{branch}"
    if all(letter in "0123456789abcdef" for letter in base.lower()) and len(base) >= 7:
        brings = f"git fetch origin {base}"
    if "origin" not in _git(root, "remote").out.split():
        return f"git does not know {quoted(base)}, allowed is a branch, a tag or a commit: git log --all shows what there is"
    if shallow:
        return (
            f"git does not know {quoted(base)}, and this clone is shallow: fetch its whole history (GitHub: actions/checkout with "
            f"fetch-depth: 0; GitLab: GIT_DEPTH: 0; by hand: git fetch --unshallow, then {brings})"
        )
    return f"git does not know {quoted(base)}, allowed is a branch, a tag or a commit that was fetched: {brings}"


def _knows(root: Path, name: str) -> bool:
    return not _git(root, "rev-parse", "--verify", "--quiet", name).code


def _git(root: Path, *arguments: str, index: Path | None = None) -> Ended:
    """git in the project folder, in English. index: an index file of our own. Errors: EgressError where there is no git."""
    env = os.environ | {"LC_ALL": "C"} | ({"GIT_INDEX_FILE": str(index)} if index else {})
    try:
        return run(["git", *arguments], cwd=root, env=env)
    except FileNotFoundError:
        raise EgressError(
            f"git is not there (not on PATH), and it has the files of the base: install it, {_A_FOLDER}"
        ) from None

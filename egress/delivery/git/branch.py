"""One commit on a branch of its own, made beside the work tree and the index of whoever works in the clone, and pushed where that is asked.

    found = proposed(root, "egress/proposed", {"domains/wld01.yaml": text}, message, remote=None)

The branch is ours if it holds one commit that says so: anything else there is somebody's work and stays.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from egress.domain import EgressError
from egress.domain.fields import quoted
from egress.escape import line
from egress.toolchain.running.processes import Ended, run

__all__ = ["Committed", "Remote", "What", "proposed"]

_WHO = {"name": "egress propose", "email": "egress@localhost"}
"""Author and committer where git is told none, as on a runner."""


class What(StrEnum):
    """What became of the branch."""

    MADE = "made"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Committed:
    """The branch as it is now: its commit, and what became of it."""

    commit: str
    what: What


@dataclass(frozen=True)
class Remote:
    """Where a branch is pushed to. settings: of git, as key -> value, for these calls only; they may hold a secret."""

    name: str = "origin"
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)


def proposed(root: Path, name: str, files: Mapping[str, str], message: str, remote: Remote | None = None) -> Committed:
    """Puts files, by their paths below `root`, into one commit over HEAD, on the branch `name`. The last line of the message is the mark by
    which the branch is known the next time. A branch that says so already is left as it is. Remote: None pushes nothing.

    Errors: EgressError; the branch is as it was then.
    """
    git = _Git(root, remote)
    git.check(name)
    ref = f"refs/heads/{name}"
    mark = message.rstrip("\n").rsplit("\n", 1)[-1]
    git.clean(files)
    tree = git.tree(files)
    theirs = git.fetched(name) if remote else ""
    ours = git.tip(ref)
    for tip in {theirs, ours} - {""}:
        git.is_ours(name, tip, mark)
    before = theirs if remote else ours
    if before and git.patch(f"{before}^", before) == git.patch("HEAD", tree):
        if ours != before:
            git.ask("update-ref", ref, before, ours)
        return Committed(before, What.UNCHANGED)
    commit = git.commit(tree, message)
    if remote:
        git.push(commit, ref, before)
    git.ask("update-ref", ref, commit, ours)
    return Committed(commit, What.UPDATED if before else What.MADE)


class _Git:
    """git in a project folder."""

    def __init__(self, root: Path, remote: Remote | None) -> None:
        self._root = root
        self._remote = remote
        self._env = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
        self._prefix = self.ask("rev-parse", "--show-prefix")

    def ask(self, *arguments: str, **env: str) -> str:
        """What git prints. Errors: EgressError."""
        done = self.run(*arguments, **env)
        if done.code:
            raise EgressError(f"git {arguments[0]} failed, the branch is as it was: {line(self._said(done))}")
        return done.out.strip("\n")

    def run(self, *arguments: str, **env: str) -> Ended:
        try:
            return run(["git", *arguments], cwd=self._root, env=self._env | env)
        except FileNotFoundError:
            raise EgressError("git is not there (not on PATH): install it, or write the file with --write") from None

    def _said(self, done: Ended) -> str:
        said = done.err.strip() or f"status {done.code}"
        for secret in self._remote.settings.values() if self._remote else ():
            said = said.replace(secret, "***")
        return said

    def check(self, name: str) -> None:
        """Whether a branch may be called so, and is not the one that somebody stands on. Errors: EgressError."""
        if self.run("check-ref-format", "--branch", name).code or name.startswith("-"):
            raise EgressError(f"{quoted(name)} is no name of a branch, as in egress/proposed")
        if self.run("symbolic-ref", "--quiet", "--short", "HEAD").out.strip() == name:
            raise EgressError(
                f"{quoted(name)} is checked out here: go to another branch, or write the file with --write"
            )

    def clean(self, files: Mapping[str, str]) -> None:
        """The files are as HEAD has them: what is proposed was made from them. Errors: EgressError."""
        for path in files:
            if self.run("ls-files", "--error-unmatch", "--", path).code:
                raise EgressError(f"{path} is in no commit: commit it first, what is proposed lies over it")
            if self.run("diff", "--quiet", "HEAD", "--", path).code:
                raise EgressError(
                    f"{path} has changes that are not committed: commit them first, what is proposed lies over them"
                )

    def tree(self, files: Mapping[str, str]) -> str:
        """The tree of HEAD with the files in it, by an index of its own."""
        with tempfile.TemporaryDirectory(prefix="egress-") as scratch:
            index = str(Path(scratch, "index"))
            self.ask("read-tree", "HEAD", GIT_INDEX_FILE=index)
            for number, (path, text) in enumerate(files.items()):
                kept = Path(scratch, f"{number}")
                kept.write_bytes(text.encode())
                blob = self.ask("hash-object", "-w", f"--path={self._prefix}{path}", str(kept))
                mode = self.ask("ls-tree", "--full-tree", "HEAD", "--", f"{self._prefix}{path}").split()[0]
                entry = f"{mode},{blob},{self._prefix}{path}"
                self.ask("update-index", "--cacheinfo", entry, GIT_INDEX_FILE=index)
            return self.ask("write-tree", GIT_INDEX_FILE=index)

    def commit(self, tree: str, message: str) -> str:
        """A commit over HEAD, by whom git says, else by ourselves."""
        env: dict[str, str] = {}
        for what, value in _WHO.items():
            if not self.run("config", f"user.{what}").out.strip():
                env |= {f"GIT_{role}_{what.upper()}": value for role in ("AUTHOR", "COMMITTER")}
        env = {key: self._env.get(key) or value for key, value in env.items()}
        return self.ask("commit-tree", tree, "-p", "HEAD", "-m", message.rstrip("\n"), **env)

    def tip(self, ref: str) -> str:
        """The commit of a branch, empty where there is none."""
        return self.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").out.strip()

    def is_ours(self, name: str, tip: str, mark: str) -> None:
        """Errors: EgressError for a branch that holds something else than one commit of ours."""
        said = self.ask("log", "-1", "--format=%B", tip).rstrip("\n").rsplit("\n", 1)[-1]
        if said != mark:
            raise EgressError(
                f"branch {quoted(name)} ends in {tip[:12]}, which is no commit of this command: it stays as it is, merge or remove it, or "
                "give another name"
            )

    def patch(self, before: str, after: str) -> str:
        """What lies between two trees: modes and blobs before and after, and paths."""
        return self.ask("diff-tree", "-r", "--no-renames", before, after)

    def fetched(self, name: str) -> str:
        """The tip of the branch where it is pushed to, with the commit before; empty where there is none. Errors: EgressError."""
        remote = self._remote
        assert remote is not None
        tip = self._far("ls-remote", remote.name, f"refs/heads/{name}").partition("\t")[0]
        if tip:
            shallow = self.ask("rev-parse", "--is-shallow-repository") == "true"
            depth = ["--depth=2"] if shallow else []
            self._far("fetch", "--quiet", *depth, remote.name, f"+refs/heads/{name}:refs/remotes/{remote.name}/{name}")
            tip = self.tip(f"refs/remotes/{remote.name}/{name}")
        return tip

    def push(self, commit: str, ref: str, before: str) -> None:
        """Errors: EgressError, also where somebody pushed there meanwhile."""
        remote = self._remote
        assert remote is not None
        self._far("push", "--quiet", f"--force-with-lease={ref}:{before}", remote.name, f"{commit}:{ref}")

    def _far(self, *arguments: str) -> str:
        settings = self._remote.settings if self._remote else {}
        given = self._env.get("GIT_CONFIG_COUNT", "")
        first = int(given) if given.isdecimal() else 0
        env = {"GIT_CONFIG_COUNT": str(first + len(settings))}
        for number, (key, value) in enumerate(settings.items(), first):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return self.ask(*arguments, **env)

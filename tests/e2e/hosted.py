"""A repository as `egress init` writes it, hosted: a bare repository, a clone that somebody works in, the forge, the runners."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress.template.repository import write
from tests.e2e.act import REPOSITORY, Actions, WorkflowRun
from tests.forge.github import Forge, Token, serving
from tests.repositories import git

TOKEN = "token-of-the-job"
_INDEX = "#--index-url https://packages.example.com/simple\n"


@dataclass
class Hosted:
    """Pushes, pull requests and nights, each with the workflows that GitHub would run for it."""

    root: Path
    forge: Forge
    actions: Actions

    def commit(self, words: str) -> str:
        """Everything that differs in the clone; the commit."""
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "-m", words)
        return self.commit_of("HEAD")

    def commit_of(self, name: str) -> str:
        """The commit of a branch."""
        return git(self.root, "rev-parse", name)

    def branch(self, name: str) -> None:
        """A new branch from main, to work on."""
        git(self.root, "switch", "-q", "-c", name, "main")

    def pull_request(self, branch: str, of: str = REPOSITORY) -> WorkflowRun:
        """Pushes a branch of ours or of a fork; the workflow runs at its merge into main."""
        head = self.commit_of(branch)
        git(self.root, "switch", "-q", "--detach", "main")
        git(self.root, "merge", "-q", "--no-ff", "-m", f"merge {branch}", branch)
        git(self.root, "push", "-q", "-f", "bare", "HEAD:refs/pull/12/merge")
        self.forge.pull_requests[12] = (f"{of.partition('/')[0]}:{branch}", head)
        pull = {"number": 12, "head": {"ref": branch, "sha": head, "repo": {"full_name": of}}, "base": {"ref": "main"}}
        run = self._run("egress.yml", "pull_request", {"number": 12, "pull_request": pull})
        git(self.root, "switch", "-q", branch)
        return run

    def comments_for(self, run: WorkflowRun, of: str) -> WorkflowRun:
        """What follows a run for a fork."""
        label, head = self.forge.pull_requests[12]
        owner, branch = label.split(":")
        ended = {"id": run.number, "event": "pull_request", "conclusion": "failure" if run.code else "success"}
        ended |= {"head_branch": branch, "head_sha": head, "pull_requests": []}
        ended |= {"head_repository": {"full_name": of, "owner": {"login": owner}}}
        git(self.root, "switch", "-q", "main")
        return self._run("egress-comment.yml", "workflow_run", {"action": "completed", "workflow_run": ended})

    def merge(self, branch: str) -> WorkflowRun:
        """Squashes a branch into main and pushes that."""
        git(self.root, "switch", "-q", "main")
        git(self.root, "merge", "-q", "--squash", branch)
        self.commit(f"{branch}, squashed")
        return self.push()

    def push(self, before: str = "HEAD^") -> WorkflowRun:
        """Pushes main. before: where main was."""
        git(self.root, "push", "-q", "bare", "main")
        commits = [self.commit_of(name) for name in (before, "HEAD")]
        return self._run(
            "egress-apply.yml", "push", {"ref": "refs/heads/main", "before": commits[0], "after": commits[1]}
        )

    def night(self) -> WorkflowRun:
        """The workflow of every night, at main."""
        git(self.root, "switch", "-q", "main")
        return self._run("egress-nightly.yml", "schedule", {"schedule": "17 3 * * *"})

    def _run(self, workflow: str, event: str, payload: dict[str, Any]) -> WorkflowRun:
        about = {"repository": {"full_name": REPOSITORY, "default_branch": "main"}}
        return self.actions.run(self.root, f".github/workflows/{workflow}", event, payload | about)


@contextmanager
def hosted(folder: Path, wheel: Path, packages: Path, environment: dict[str, str]) -> Iterator[Hosted]:
    """What `egress init` writes, committed on main, its package in a folder of wheels that the repository holds.

    Whatever GitHub's description has against a request or an answer fails the test.
    """
    root, origin = folder / "network", folder / "origin.git"
    write(root)
    (root / "wheels").mkdir()
    shutil.copy(wheel, root / "wheels")
    requirements = root / "requirements.txt"
    assert _INDEX in requirements.read_text()
    requirements.write_text(requirements.read_text().replace(_INDEX, "--no-index\n--find-links wheels\n"))
    subprocess.run(["git", "init", "-q", "--bare", origin], check=True, capture_output=True)
    git(root, "init", "-q", "-b", "main")
    git(
        root, "remote", "add", "origin", f"https://github.com/{REPOSITORY}.git"
    )  # what act reads the repository's name from
    git(root, "remote", "add", "bare", origin.as_uri())
    forge = Forge({TOKEN: Token()})
    with serving(forge) as url:
        actions = Actions(folder / "act", origin, packages, environment | {"GITHUB_API_URL": url})
        actions.secrets["GITHUB_TOKEN"] = TOKEN
        made = Hosted(root, forge, actions)
        made.commit("as egress init writes it")
        git(root, "push", "-q", "bare", "main")
        yield made
    assert forge.problems == []

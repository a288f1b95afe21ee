"""The workflows that `egress init` writes, run whole by act: package from a folder of wheels, jobs in folders of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from egress.template.repository import write
from tests.e2e.act import REPOSITORY, Actions, WorkflowRun, shelf
from tests.e2e.test_workflow import plain

pytestmark = pytest.mark.e2e
WORKFLOW = ".github/workflows/egress.yml"


@dataclass
class Forge:
    """A repository on a forge: the bare one, a clone that somebody works in, the runners."""

    root: Path
    origin: Path
    actions: Actions

    def git(self, *arguments: str) -> str:
        """git in the clone, without the settings of whoever runs the tests."""
        return git(self.root, *arguments)

    def commit(self, words: str) -> None:
        """Everything that differs in the clone."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", words)

    def pull_request(self, branch: str, number: int = 12, of: str = REPOSITORY) -> WorkflowRun:
        """Pushes a branch and runs the workflow of pull requests at the merge of it into main, as GitHub does."""
        head = self.git("rev-parse", branch)
        self.git("switch", "-q", "--detach", "origin/main")
        self.git("merge", "-q", "--no-ff", "-m", f"merge {branch}", branch)
        self.git("push", "-q", "-f", "origin", f"HEAD:refs/pull/{number}/merge", branch)
        payload = {
            "number": number,
            "pull_request": {
                "number": number,
                "head": {"ref": branch, "sha": head, "repo": {"full_name": of}},
                "base": {"ref": "main"},
            },
            "repository": {"full_name": REPOSITORY, "default_branch": "main"},
        }
        return self.actions.run(self.root, WORKFLOW, "pull_request", payload)


def git(root: Path, *arguments: str) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    done = subprocess.run(["git", *who, *arguments], cwd=root, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf(tmp_path_factory.mktemp("shelf") / "packages")


@pytest.fixture
def forge(tmp_path: Path, wheel: Path, packages: Path, any_engine: dict[str, str]) -> Forge:
    """What egress init writes, in git, with its package in a folder of wheels."""
    root, origin = tmp_path / "network", tmp_path / "origin.git"
    write(root)
    (root / "wheels").mkdir()
    shutil.copy(wheel, root / "wheels")
    requirements = root / "requirements.txt"
    text = requirements.read_text()
    index = "#--index-url https://packages.example.com/simple\n"
    assert index in text
    requirements.write_text(text.replace(index, "--no-index\n--find-links wheels\n"))
    subprocess.run(["git", "init", "-q", "--bare", origin], check=True)
    made = Forge(root, origin, Actions(tmp_path / "act", origin, packages, dict(any_engine)))
    made.git("init", "-q", "-b", "main")
    made.git("remote", "add", "origin", f"https://github.com/{REPOSITORY}.git")
    made.git("config", f"url.file://{origin}.insteadOf", f"https://github.com/{REPOSITORY}.git")
    made.commit("as egress init writes it")
    made.git("push", "-q", "-u", "origin", "main")
    return made


def test_a_pull_request_of_a_fork_is_checked_and_planned_on_a_lab(forge: Forge) -> None:
    forge.git("switch", "-q", "-c", "change")
    file = forge.root / "domains" / "wld01.yaml"
    file.write_text(file.read_text().replace("translated: 10.27.51.4", "translated: 10.27.51.148"))
    forge.commit("another address")
    run = forge.pull_request("change", of="somebody/egress")
    check = run.one("check")
    assert "| wld01 | changed |" in check.summary
    assert "### wld01: 2 to add, 0 to change, 0 to destroy\n\ntarget: lab 127.0.0.1:" in plain(check.summary)
    assert set(run.jobs) == {"check"}
    assert run.code == 0

"""`egress propose --to`: from a file of proposals to a branch and one merge request, on GitLab; test_nightly.py has GitHub, under act."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.domain.editing import Edit
from egress.proposal.document import as_data
from egress.proposal.proposal import Change, Kind, Proposal
from tests.e2e.sites import EGRESS, project
from tests.forge.gitlab import GitLab, serving
from tests.repositories import git

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
BRANCH = "egress/proposed"


@pytest.fixture
def forge() -> Iterator[GitLab]:
    with serving(GitLab({"token-of-the-project": 7})) as made:
        yield made


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the golden domain, and a bare origin."""
    root = project(tmp_path / "project")
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    git(root, "remote", "add", "origin", (tmp_path / "origin.git").as_uri())
    git(root, "push", "-q", "origin", "main")
    return root


def proposal(*names: str, undecided: tuple[str, ...] = ()) -> dict[str, Any]:
    changes = []
    for number, name in enumerate(names):
        source, translated = f"30.0.0.{40 + number}", f"10.27.51.{160 + number}"
        entry = {"source": source, "translated": translated, "priority": 120 + 10 * number}
        changes.append(Change(Kind.NEW, name, source, translated, (Edit(("egress", "more", name), entry),), ("new",)))
    return as_data([Proposal("wld01", tuple(changes), undecided)])


def run(root: Path, forge: GitLab, data: dict[str, Any], code: int, **more: str) -> str:
    (root / "proposal.json").write_text(json.dumps(data))
    env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "CI_", "GIT"))}
    env |= {"CI_API_V4_URL": f"{forge.url}/api/v4", "CI_PROJECT_ID": "42", "CI_DEFAULT_BRANCH": "main", "NO_PROXY": "*"}
    env |= {"GITLAB_TOKEN": "token-of-the-project", "GIT_CONFIG_GLOBAL": os.devnull, **more}
    command: list[str | Path] = [
        EGRESS,
        "propose",
        "--from",
        "proposal.json",
        "--branch",
        BRANCH,
        "--push",
        "--to",
        "gitlab",
    ]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "token-of-the-project" not in done.stdout + done.stderr
    return done.stderr


def test_one_merge_request_is_opened_updated_and_closed(clone: Path, forge: GitLab) -> None:
    assert "the pull request: made" in run(clone, forge, proposal("a"), 2)
    (request,) = forge.requests
    assert (request["source_branch"], request["target_branch"]) == (BRANCH, "main")
    tip = git(clone, "ls-remote", "origin", BRANCH)
    assert "the pull request: unchanged" in run(clone, forge, proposal("a"), 2)
    assert git(clone, "ls-remote", "origin", BRANCH) == tip
    assert "the pull request: updated" in run(clone, forge, proposal("a", "b"), 2)
    assert "2 new mappings" in request["description"]
    assert "the pull request: closed" in run(clone, forge, proposal(undecided=("30.0.0.9 is a VPC's",)), 2)
    assert (request["state"], len(forge.requests)) == ("closed", 1)
    assert "is left to you" in forge.words[-1]["body"]
    assert "the pull request" not in run(clone, forge, proposal(), 0)


def test_without_a_token_or_where_checks_refuse_it_nothing_is_pushed(clone: Path, forge: GitLab) -> None:
    assert "GITLAB_TOKEN is not set" in run(clone, forge, proposal("a"), 1, GITLAB_TOKEN="")
    twice = proposal("a")
    twice["proposals"][0]["changes"][0]["edits"][0]["value"]["source"] = "30.0.0.5"
    assert "has a rule already" in run(clone, forge, twice, 1)
    unknown = proposal("a")
    unknown["proposals"][0]["stack"] = "wld99"
    assert "no stack 'wld99'" in run(clone, forge, unknown, 1)
    assert forge.requests == []
    assert git(clone, "ls-remote", "origin", BRANCH) == ""

"""The workflows that `egress init` writes, as they lie there: linted, least rights, nothing from a place that nobody named.

They are run in test_act.py and test_reviewed_change.py. What is here is what act does not look at.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress.template.repository import Ci, contents, write
from tests.repositories import git

pytestmark = pytest.mark.e2e
BIN = Path(sys.executable).parent
PULL_REQUEST = ".github/workflows/egress.yml"
COMMENT = ".github/workflows/egress-comment.yml"
APPLY = ".github/workflows/egress-apply.yml"
NIGHTLY = ".github/workflows/egress-nightly.yml"
ACTION = ".github/actions/egress/action.yml"
WORKFLOWS = [PULL_REQUEST, COMMENT, APPLY, NIGHTLY]
SCHEMA = ["check-jsonschema", "--builtin-schema"]
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
"""What GitHub documents for `shell: bash`."""
OURS = "github.event.pull_request.head.repo.full_name == github.repository"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What egress init writes, in git."""
    root = tmp_path / "network"
    write(root)
    git(root, "init", "-q", "-b", "main")
    return root


def loaded(text: str) -> dict[Any, Any]:
    value: dict[Any, Any] = yaml.safe_load(text)
    return value


def jobs() -> dict[str, dict[str, Any]]:
    """Every job of every workflow, as `file/job`."""
    files = contents(Ci.GITHUB)
    return {
        f"{Path(name).stem}/{job}": value for name in WORKFLOWS for job, value in loaded(files[name])["jobs"].items()
    }


def plain(text: str) -> str:
    """Markdown without the empty comments and backslashes that keep a page from finding mentions and links in it."""
    return text.replace("<!-- -->", "").replace("\\", "")


@pytest.mark.parametrize(
    "linter",
    [
        ["actionlint"],
        ["zizmor", "--offline", "--no-progress", "."],
        [*SCHEMA, "vendor.github-workflows", *WORKFLOWS],
        [*SCHEMA, "custom.github-workflows-require-timeout", *WORKFLOWS],
        [*SCHEMA, "vendor.github-actions", ACTION],
    ],
    ids=["actionlint", "zizmor", "schema", "timeouts", "action"],
)
def test_linters_find_nothing(repository: Path, linter: list[str]) -> None:
    done = subprocess.run([BIN / linter[0], *linter[1:]], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_linters_would_find_something(repository: Path) -> None:
    file = repository / PULL_REQUEST
    text = file.read_text()
    file.write_text(text.replace("runs-on: ubuntu-24.04", "runs-on: ubuntu-24.04\n    no-such-key: 1"))
    assert subprocess.run([BIN / "actionlint"], cwd=repository, capture_output=True, check=False).returncode == 1
    schema: list[str | Path] = [BIN / SCHEMA[0], SCHEMA[1], "vendor.github-workflows", PULL_REQUEST]
    assert subprocess.run(schema, cwd=repository, capture_output=True, check=False).returncode == 1
    file.write_text(text.replace("  pull_request:\n", "  pull_request_target:\n"))
    zizmor: list[str | Path] = [BIN / "zizmor", "--offline", "--no-progress", "."]
    assert subprocess.run(zizmor, cwd=repository, capture_output=True, check=False).returncode > 10


def test_the_pipeline_of_gitlab_is_what_its_published_schema_allows(tmp_path: Path) -> None:
    write(tmp_path, Ci.GITLAB)
    assert not (tmp_path / ".github").exists()
    command: list[str | Path] = [BIN / SCHEMA[0], SCHEMA[1], "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    done = subprocess.run([*command, ".gitlab-ci.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(file.read_text().replace("resource_group: egress-apply", "resource_group: []"))
    assert subprocess.run([*command, file], cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_scripts_of_gitlab_are_shell(tmp_path: Path) -> None:
    pipeline = loaded(contents(Ci.GITLAB)[".gitlab-ci.yml"])
    scripts = [pipeline["default"]["before_script"], *(job["script"] for job in pipeline.values() if "script" in job)]
    assert len(scripts) == 11
    for script in scripts:
        text = "\n".join(script)
        assert "@" not in text.replace("[@]", ""), "every mark is filled in"
        done = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
        assert done.stderr == ""


def test_no_ci_writes_no_workflow() -> None:
    assert not [name for name in contents(Ci.NONE) if "github" in name or "gitlab" in name]


def test_actions_are_pinned_by_commit_and_hold_no_credentials() -> None:
    files = contents(Ci.GITHUB)
    uses = [use for name in [*WORKFLOWS, ACTION] for use in re.findall(r"uses: (.*)", files[name])]
    remote = [use for use in uses if use != "./.github/actions/egress"]
    assert len(remote) == 26
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in remote)
    for name, job in jobs().items():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name


def test_a_job_may_what_it_needs_and_no_more() -> None:
    files = contents(Ci.GITHUB)
    assert all(loaded(files[name])["permissions"] == {} for name in WORKFLOWS)
    may = {name: job["permissions"] for name, job in jobs().items() if job["permissions"] != {"contents": "read"}}
    assert may == {
        "egress/review": {"contents": "read", "pull-requests": "write"},
        "egress-comment/comment": {"actions": "read", "contents": "read", "pull-requests": "write"},
        "egress-apply/waiting": {},
        "egress-nightly/drift": {"contents": "read", "issues": "write"},
        "egress-nightly/request": {"contents": "write", "pull-requests": "write"},
    }


def test_secrets_are_in_one_step_of_jobs_in_an_environment_on_our_own_runners() -> None:
    environments = {name: job.get("environment") for name, job in jobs().items() if "secrets." in str(job)}
    assert environments == {
        "egress/plan": "nsx-plan",
        "egress-apply/apply": "nsx-apply",
        "egress-apply/approved": "nsx-approve",
        "egress-nightly/drift": "nsx-plan",
        "egress-nightly/propose": "nsx-plan",
        "egress-nightly/verify": "nsx-plan",
    }
    given = []
    for name in environments:
        job = jobs()[name]
        assert job["runs-on"] == ["self-hosted", "nsx"]
        (holder,) = [step for step in job["steps"] if "secrets." in str(step)]
        assert "secrets." not in str({**job, "steps": []})
        given.append(
            {key: value for key, value in holder["env"].items() if "secrets." in value and "PLAN_KEY" not in key}
        )
    manager = {key: value for key, value in given[0].items() if key.startswith("NSXT_")}
    for name, one in zip(environments, given, strict=True):
        if name in ("egress-nightly/verify", "egress-nightly/propose"):
            assert one == manager, f"{name} reads managers and no state"
        else:
            assert one == given[0], f"{name}: what one job needs to reach manager and state, all need"


def test_who_reads_managers_writes_no_branch_and_who_writes_one_reaches_no_manager() -> None:
    for name, job in jobs().items():
        writes = job["permissions"].get("contents") == "write"
        assert not (writes and ("secrets." in str(job) or "self-hosted" in job["runs-on"] or "environment" in job)), (
            name
        )


def test_a_fork_reaches_no_secret_and_no_runner_of_the_site() -> None:
    for name, job in jobs().items():
        if name.startswith("egress/") and (
            "secrets." in str(job) or "self-hosted" in job["runs-on"] or "write" in str(job["permissions"])
        ):
            assert OURS in job["if"], name
    triggers = {name: loaded(text)[True] for name, text in contents(Ci.GITHUB).items() if name in WORKFLOWS}
    assert set(triggers[PULL_REQUEST]) == {"pull_request"}
    assert set(triggers[COMMENT]) == {"workflow_run"}
    (comment,) = loaded(contents(Ci.GITHUB)[COMMENT])["jobs"].values()
    (checkout, _, artifact, _) = comment["steps"]
    assert "ref" not in checkout["with"], "the branch of this repository, not the commit of a stranger"
    assert artifact["with"]["path"].startswith("${{ runner.temp }}/"), "beside the checkout, over nothing of it"


def test_nothing_that_others_write_stands_in_a_script() -> None:
    for name, text in contents(Ci.GITHUB).items():
        if name in [*WORKFLOWS, ACTION]:
            scripts = [step["run"] for step in _steps(loaded(text)) if "run" in step]
            assert scripts or name != ACTION
            assert not [script for script in scripts if "${{" in script], name


def _steps(value: dict[str, Any]) -> list[dict[str, Any]]:
    if "runs" in value:
        return list(value["runs"]["steps"])
    return [step for job in value["jobs"].values() for step in job["steps"]]


def test_an_apply_is_never_cancelled_and_a_plan_may_be() -> None:
    files = contents(Ci.GITHUB)
    assert loaded(files[PULL_REQUEST])["concurrency"]["cancel-in-progress"] is True
    assert "concurrency" not in loaded(files[APPLY]), "a second merge would take the place of one that waits"
    for name in ("apply", "approved"):
        assert jobs()[f"egress-apply/{name}"]["concurrency"]["cancel-in-progress"] is False
    pipeline = loaded(contents(Ci.GITLAB)[".gitlab-ci.yml"])
    for name in ("apply", "approved"):
        assert pipeline[name]["resource_group"] == "egress-apply"
        assert not pipeline[name].get("interruptible", pipeline["default"]["interruptible"])


@pytest.mark.parametrize("file", ["requirements", "requirements-lab"])
@pytest.mark.parametrize("ci", [Ci.GITHUB, Ci.GITLAB])
def test_nothing_is_installed_from_an_index_that_nobody_named(tmp_path: Path, file: str, ci: Ci) -> None:
    write(tmp_path, ci)
    if ci is Ci.GITHUB:
        (script,) = [step["run"] for step in _steps(loaded((tmp_path / ACTION).read_text())) if "run" in step]
    else:
        script = loaded((tmp_path / ".gitlab-ci.yml").read_text())["default"]["before_script"][2]

    def install(**env: str) -> subprocess.CompletedProcess[str]:
        said = script.replace("python -m pip", "echo would")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")} | env | {"REQUIREMENTS": file}
        return subprocess.run([*BASH, "-c", said], cwd=tmp_path, env=clean, text=True, capture_output=True, check=False)

    assert install().returncode == 1
    assert "name your package index in requirements.txt" in install().stdout
    index = "https://packages.example.com/simple"
    assert install(PIP_INDEX_URL=index).stdout == f"would install --requirement {file}.txt\n"
    assert install(PIP_FIND_LINKS="wheels").returncode == 1, "the public index is still asked"
    assert install(PIP_FIND_LINKS="wheels", PIP_NO_INDEX="1").returncode == 0
    beside = install(PIP_INDEX_URL=index, PIP_EXTRA_INDEX_URL="https://pypi.example.com")
    assert beside.returncode == 1
    assert "an extra index is asked beside yours" in beside.stdout
    text = (tmp_path / "requirements.txt").read_text()
    (tmp_path / "requirements.txt").write_text(text.replace("#--index-url", "--index-url"))
    assert install().returncode == 0
    (tmp_path / f"{file}.lock").write_text("")
    assert install().stdout == f"would install --require-hashes --requirement {file}.lock\n"
    (tmp_path / "requirements.txt").write_text(f"{text}--extra-index-url {index}\n")
    assert install().returncode == 1

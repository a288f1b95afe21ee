"""The workflow that `egress init` writes: linted, and its steps run for a pull request."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress.domain import load_domains
from egress.policy.seed import seed
from egress.template.repository import write
from nsx_lab import Lab
from tests.e2e.installed import Installed
from tests.e2e.workflow import BASH, Job

pytestmark = pytest.mark.e2e
BIN = Path(sys.executable).parent
WORKFLOW = ".github/workflows/egress.yml"
OURS = {"github.event.pull_request.head.repo.full_name": "org/network", "github.repository": "org/network"}
FORK = OURS | {"github.event.pull_request.head.repo.full_name": "somebody/network"}


STATE_SECRETS = [
    f"secrets.{name}"
    for name in ("PG_CONN_STR", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "TF_HTTP_USERNAME", "TF_HTTP_PASSWORD")
]  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What egress init writes, in git."""
    root = tmp_path / "network"
    write(root)
    git(root, "init", "-q", "-b", "main")
    return root


def git(root: Path, *arguments: str) -> None:
    """git, without the settings of whoever runs the tests."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=root, env=env, check=True, capture_output=True)


def workflow(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((root / WORKFLOW).read_text())
    return loaded


@pytest.mark.parametrize("linter", [["actionlint"], ["zizmor", "--offline", "--no-progress", "."]])
def test_linters_find_nothing(repository: Path, linter: list[str]) -> None:
    done = subprocess.run([BIN / linter[0], *linter[1:]], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_linters_would_find_something(repository: Path) -> None:
    file = repository / WORKFLOW
    text = file.read_text()
    file.write_text(text.replace("runs-on: ubuntu-24.04", "runs-on: ubuntu-24.04\n    no-such-key: 1"))
    assert subprocess.run([BIN / "actionlint"], cwd=repository, capture_output=True, check=False).returncode == 1
    file.write_text(text.replace("  pull_request:\n", "  pull_request_target:\n"))
    zizmor: list[str | Path] = [BIN / "zizmor", "--offline", "--no-progress", "."]
    assert subprocess.run(zizmor, cwd=repository, capture_output=True, check=False).returncode > 10


def test_actions_are_pinned_by_commit_and_hold_no_credentials(repository: Path) -> None:
    text = (repository / WORKFLOW).read_text()
    uses = re.findall(r"uses: (.*)", text)
    assert len(uses) == 4
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in uses)
    for job in workflow(repository)["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert checkout["with"]["persist-credentials"] is False
    assert workflow(repository)["permissions"] == {}


def test_secrets_are_in_one_step_that_no_fork_reaches(repository: Path, tmp_path: Path) -> None:
    loaded = workflow(repository)
    holders = [
        (name, step.get("name"))
        for name, job in loaded["jobs"].items()
        for step in job["steps"]
        if "secrets." in str(step)
    ]
    assert holders == [("plan", "plan")]
    assert "secrets." not in str({**loaded["jobs"]["plan"], "steps": []})
    plan = {"loaded": loaded, "stacks": {"needs.check.outputs.stacks": "wld01"}}
    for values, wanted in [(OURS, True), (FORK, False), (OURS | {"needs.check.outputs.stacks": ""}, False)]:
        job = Job(plan["loaded"], "plan", repository, {}, plan["stacks"] | values, tmp_path)
        assert job.wanted() is wanted


@pytest.mark.parametrize("job, file", [("check", "requirements-lab.txt"), ("plan", "requirements.txt")])
def test_nothing_is_installed_from_an_index_that_nobody_named(repository: Path, job: str, file: str) -> None:
    (step,) = [step for step in workflow(repository)["jobs"][job]["steps"] if step.get("name") == "install"]
    assert step["run"].rstrip().endswith(f"--requirement {file}")

    def install(**env: str) -> subprocess.CompletedProcess[str]:
        script = step["run"].replace("exec python -m pip", "exec echo would").replace("python -m pip", "echo would")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")} | env
        return subprocess.run(
            [*BASH, "-c", script], cwd=repository, env=clean, text=True, capture_output=True, check=False
        )

    assert install().returncode == 1
    assert "name your package index here" in install().stdout
    index = "https://packages.example.com/simple"
    assert install(PIP_INDEX_URL=index).returncode == 0
    assert install(PIP_FIND_LINKS="wheels").returncode == 1, "the public index is still asked"
    assert install(PIP_FIND_LINKS="wheels", PIP_NO_INDEX="1").returncode == 0
    beside = install(PIP_INDEX_URL=index, PIP_EXTRA_INDEX_URL="https://pypi.example.com")
    assert beside.returncode == 1
    assert "an extra index is asked beside yours" in beside.stdout
    text = (repository / "requirements.txt").read_text()
    (repository / "requirements.txt").write_text(text.replace("#--index-url", "--index-url"))
    assert install().returncode == 0
    lock = file.replace(".txt", ".lock")
    (repository / lock).write_text("")
    assert install().stdout == f"would install --require-hashes --requirement {lock}\n"
    (repository / "requirements.txt").write_text(f"{text}--extra-index-url {index}\n")
    assert install().returncode == 1


@pytest.mark.slow
def test_the_steps_check_and_plan_what_a_pull_request_changes(
    repository: Path, installed: Installed, any_engine: dict[str, str], tmp_path: Path
) -> None:
    with Lab(seed=seed(load_domains(repository))) as manager:
        file = repository / "domains" / "wld01.yaml"
        (repository / "ca.pem").write_text(manager.ca_pem)
        text = file.read_text().replace("host: nsx-wld01.example.com", f"ca_file: ca.pem\n  host: {manager.host}")
        file.write_text(text)
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", "base")
        git(repository, "update-ref", "refs/remotes/origin/main", "main")
        git(repository, "switch", "-q", "-c", "change")
        env = installed.environment(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path), **any_engine)

        (repository / "README.md").write_text("nothing that moves a stack\n")
        calm = Job(workflow(repository), "check", repository, env, OURS | {"github.base_ref": "main"}, tmp_path).run()
        assert calm.outputs == {"stacks": ""}
        assert "No stack differs from `origin/main`." in calm.summary
        assert "plan on a lab" not in calm.ran

        file.write_text(text.replace("translated: 10.27.51.4", "translated: 10.27.51.148"))
        check = Job(workflow(repository), "check", repository, env, FORK | {"github.base_ref": "main"}, tmp_path).run()
        assert check.ran == ["install", "check", "find affected stacks", "plan on a lab"]
        assert check.outputs == {"stacks": "wld01"}
        assert "| wld01 | changed |" in check.summary
        assert "### wld01: 2 to add, 0 to change, 0 to destroy\n\ntarget: lab 127.0.0.1:" in plain(check.summary)
        assert manager.control.journal() == [], "so far the manager was not even asked"

        mirror = tmp_path / "mirror"
        installed.run("nsx-lab", "mirror", str(mirror), cwd=tmp_path)
        known = {
            "secrets.NSXT_USERNAME": manager.username,
            "secrets.NSXT_PASSWORD": manager.password,
            "vars.NSXT_HOST": manager.host,
            **dict.fromkeys(STATE_SECRETS, ""),
            "vars.EGRESS_PROVIDER || 'registry'": f"mirror:{mirror}",
            "needs.check.outputs.stacks": check.outputs["stacks"],
        }
        env |= {"NSX_LAB_PYTHON": str(installed.bin / "python")}
        plan = Job(workflow(repository), "plan", repository, env, OURS | known, tmp_path).run()
        assert f"### wld01: 2 to add, 0 to change, 0 to destroy\n\ntarget: {manager.host} \\| " in plain(plan.summary)
        assert '"10.27.51.148",' in plan.summary, "the engine's own words are there"
        assert manager.password not in plan.summary
        writes = [entry for entry in manager.control.journal() if entry["method"] not in ("GET", "POST")]
        assert writes == [], "a plan writes nothing"


def plain(summary: str) -> str:
    """A summary without the empty comments that keep a page from finding mentions in it."""
    return summary.replace("<!-- -->", "")

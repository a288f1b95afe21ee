"""GitHub Actions on this machine: whole workflows, run by nektos/act without containers, each job in a folder of its own.

Remote actions are replaced by those in `actions/`; steps, expressions, matrices, outputs, conditions and local actions are act's.
Not looked at by act, so for other tests: permissions, concurrency, environments and who may reach their secrets.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from egress.cdk import BOTH

ACT = Path(sys.executable).with_name("act")
_ACTIONS = Path(__file__).with_name("actions")
_REMOTE = re.compile(r"uses:\s*([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)@([0-9a-f]{40})\b")
_NOT_ON_A_SHELF = ("tier0_egress", "__editable__", "_editable", "__pycache__", *(cdk.bindings for cdk in BOTH))
REPOSITORY = "acme/egress"


@dataclass(frozen=True)
class JobRun:
    """How a job ended (success, failure), what it printed, what it wrote into the job summary."""

    result: str
    log: str
    summary: str
    matrix: dict[str, str]


@dataclass(frozen=True)
class WorkflowRun:
    """A run of a workflow: the jobs that ran, by id, each with its legs. `number` is its id, by which artifacts lie."""

    number: int
    code: int
    jobs: dict[str, list[JobRun]]
    words: str

    def one(self, job: str, result: str = "success") -> JobRun:
        """The job's only leg; asserts how it ended."""
        (leg,) = self.legs(job, result)
        return leg

    def legs(self, job: str, result: str = "success") -> list[JobRun]:
        """The job's legs; asserts how all of them ended."""
        assert job in self.jobs, f"{job} did not run, but: {sorted(self.jobs)}\n{self.words}"
        for leg in self.jobs[job]:
            assert leg.result == result, f"{job} {leg.matrix}: {leg.result}\n{leg.log}"
        return self.jobs[job]


@dataclass
class Actions:
    """Runs workflows of a repository. folder: everything that the runs leave. origin: the bare repository that jobs clone.

    environment, secrets, variables: what every job finds, `secrets.*`, `vars.*`.
    """

    folder: Path
    origin: Path
    shelf: Path
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    _runs: int = 0

    def run(self, checkout: Path, workflow: str, event: str, payload: Mapping[str, Any]) -> WorkflowRun:
        """Runs a workflow of `checkout` at its HEAD, which the origin must have, for an event."""
        self._runs += 1
        folder = self.folder / f"run-{self._runs}"
        folder.mkdir(parents=True)
        (folder / "event.json").write_text(json.dumps(payload))
        variables = self.environment | {
            "ORIGIN": str(self.origin),
            "SHELF": str(self.shelf),
            "ARTIFACTS": str(self.artifacts),
            "RUNNER_PYTHON": sys.executable,
            "GITHUB_RUN_ID": str(self._runs),
            "TERM": "dumb",  # act gives jobs a terminal, which GitHub does not
            "PIP_QUIET": "1",
            "PIP_NO_COMPILE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        for name, values in [("env", variables), ("secrets", self.secrets), ("vars", self.variables)]:
            (folder / name).write_text("".join(f"{key}={json.dumps(value)}\n" for key, value in values.items()))
        done = subprocess.run(
            self._command(checkout, folder, workflow, event),
            cwd=checkout,
            env=_clean() | {"HOME": str(folder / "home"), "GIT_CONFIG_GLOBAL": os.devnull},
            text=True,
            capture_output=True,
            check=False,
        )
        return _read(self._runs, done)

    @property
    def artifacts(self) -> Path:
        """What was uploaded: a folder per run, one per artifact in it."""
        return self.folder / "artifacts"

    def _command(self, checkout: Path, folder: Path, workflow: str, event: str) -> list[str | Path]:
        labels = {label for job in _jobs(checkout / workflow) for label in _labels(job["runs-on"])}
        command: list[str | Path] = [
            ACT,
            event,
            "--json",
            "--no-skip-checkout",
            "--no-cache-server",
            "--action-offline-mode",
        ]
        command += ["--workflows", workflow, "--eventpath", folder / "event.json", "--remote-name", "origin"]
        command += ["--env-file", folder / "env", "--secret-file", folder / "secrets", "--var-file", folder / "vars"]
        for label in sorted(labels):
            command += ["--platform", f"{label}=-self-hosted"]
        for name, commit in sorted(_remote_actions(checkout)):
            command += ["--local-repository", f"{name}@{commit}={_ACTIONS / name.split('/')[1]}"]
        return command


def _jobs(workflow: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(workflow.read_text())["jobs"].values())


def _labels(runs_on: str | list[str]) -> list[str]:
    return [runs_on] if isinstance(runs_on, str) else runs_on


def _remote_actions(checkout: Path) -> set[tuple[str, str]]:
    """Every remote action that any workflow or local action uses. Each has a stand-in, or act would ask the network."""
    found = set()
    for file in [*(checkout / ".github").rglob("*.yml"), *(checkout / ".github").rglob("*.yaml")]:
        found |= {(name, commit) for name, commit in _REMOTE.findall(file.read_text())}
    lacking = {name for name, _ in found if not (_ACTIONS / name.split("/")[1] / "action.yml").is_file()}
    assert not lacking, f"no stand-in in {_ACTIONS.name}/ for {lacking}"
    return found


def _clean() -> dict[str, str]:
    """What a runner has: no variable of whoever runs the tests that a program could take for its own."""
    return {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}


def _read(number: int, done: subprocess.CompletedProcess[str]) -> WorkflowRun:
    legs: dict[str, list[dict[str, Any]]] = {}
    for said in _said(done.stdout + done.stderr):
        if "job" in said:
            legs.setdefault(said["job"], []).append(said)
    jobs: dict[str, list[JobRun]] = {}
    for _, lines in sorted(legs.items()):
        results = [line["jobResult"] for line in lines if "jobResult" in line]
        log = "".join(line["msg"] for line in lines if line.get("raw_output"))
        summary = "".join(line["content"] for line in lines if line.get("command") == "summary")
        matrix = lines[0].get("matrix") or {}
        if results:
            jobs.setdefault(lines[0]["jobID"], []).append(JobRun(results[-1], log, summary, matrix))
    words = "".join(leg.log for legs in jobs.values() for leg in legs)
    return WorkflowRun(number, done.returncode, jobs, words or done.stdout + done.stderr)


def _said(output: str) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def shelf(folder: Path) -> Path:
    """What a package index would have given: the packages of this environment, by links, without this project."""
    folder.mkdir()
    for one in Path(sysconfig.get_path("purelib")).iterdir():
        if not one.name.startswith(_NOT_ON_A_SHELF) and one.suffix != ".pth":
            (folder / one.name).symlink_to(one)
    return folder

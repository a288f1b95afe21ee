"""Runs the `run:` steps of a GitHub workflow in their order, as a runner would: bash, step files, outputs, conditions.

Only the expressions listed in `values` are known; any other in the workflow is an error, so that none goes untested.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
"""What GitHub documents for `shell: bash`."""


@dataclass
class Job:
    """One job of a workflow, to be run in a checkout. `outputs` are there after `run`, `summary` holds what was written."""

    workflow: dict[str, Any]
    name: str
    checkout: Path
    environment: dict[str, str]
    values: dict[str, str]
    scratch: Path
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def wanted(self) -> bool:
        """Whether the job's own condition holds."""
        return self._holds(self.workflow["jobs"][self.name].get("if"))

    def run(self) -> Job:
        """Runs every step that is a command; asserts that each ends well."""
        assert self.workflow["defaults"]["run"]["shell"] == "bash"
        for number, step in enumerate(self.workflow["jobs"][self.name]["steps"]):
            if "run" in step and self._holds(step.get("if")):
                self._step(number, step)
        return self

    def _step(self, number: int, step: dict[str, Any]) -> None:
        script, output, summary = (self.scratch / f"{self.name}-{number}.{end}" for end in ("sh", "out", "md"))
        script.write_text(step["run"])
        output.touch()
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        env = {name: self._filled(value) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            [*BASH, script],
            cwd=self.checkout,
            env=self.environment | files | env,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"{step['name']}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        self.ran.append(step["name"])
        self.summary += summary.read_text() if summary.is_file() else ""
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            self.outputs[key] = value
            self.values[f"steps.{step['id']}.outputs.{key}"] = value

    def _filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: self.values[match[1]], text)

    def _holds(self, condition: str | None) -> bool:
        """Conditions of the form `A == B && C != ''`."""
        for part in (condition or "").split(" && "):
            if part:
                left, operator, right = part.split()
                if (self._value(left) == self._value(right)) is not (operator == "=="):
                    return False
        return True

    def _value(self, word: str) -> str:
        return word.strip("'") if word.startswith("'") else self.values[word]

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import egress.cli as cli
from egress.domain import EgressError

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in the project; gives the exit code and all that it printed."""
    monkeypatch.delenv("EGRESS_LAB", raising=False)
    monkeypatch.chdir(project)

    def run(*arguments: str, stdin: str | bytes = "") -> tuple[int, str]:
        done: Result = CliRunner().invoke(
            cli.group, ["--root", str(project), *arguments], input=stdin, standalone_mode=False
        )
        if isinstance(done.exception, EgressError):
            return 1, f"egress: {done.exception}"
        if done.exception:
            raise done.exception
        return int(done.return_value or 0), done.output

    return run

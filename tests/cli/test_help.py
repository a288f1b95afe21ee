"""`egress --help`: whole, quick, and the same as what each command says; and the page of all commands."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

import egress.cli as cli
from egress.cli._summaries import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]
EGRESS = Path(sys.executable).with_name("egress")


def command(name: str) -> click.Command:
    found = cli.group.get_command(click.Context(cli.group), name)
    assert found is not None
    return found


def test_the_table_has_every_command_file_and_no_other() -> None:
    files = {module.name for module in pkgutil.iter_modules(cli.__path__) if not module.name.startswith("_")}
    assert {name.replace("-", "_") for name in COMMANDS} == files - {"context", "output"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_line_of_the_table_is_the_commands_own_first_sentence(name: str) -> None:
    said = " ".join((command(name).help or "").split("\n\n")[0].split())
    assert f"{said} ".startswith(f"{COMMANDS[name]} ")


@pytest.mark.slow
def test_at_100_columns_every_description_is_whole_and_on_one_line() -> None:
    done = subprocess.run(
        [EGRESS, "--help"], env=os.environ | {"COLUMNS": "100"}, text=True, capture_output=True, check=True
    )
    lines = done.stdout.splitlines()
    for name, words in COMMANDS.items():
        assert any(line.split() == [name, *words.split()] for line in lines), name
    assert max(map(len, lines)) <= 100
    assert "..." not in done.stdout.partition("Commands:")[2]


@pytest.mark.slow
def test_help_loads_no_command_and_not_the_model() -> None:
    code = "import sys, egress.cli as cli, json; cli.run(['--help']); print(); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    ours = {name for name in loaded if name.startswith("egress")}
    assert ours == {
        "egress",
        "egress.cli",
        "egress.cli._summaries",
        "egress.cli.output",
        "egress.ending",
        "egress.escape",
    }
    assert not loaded & {"pydantic", "yaml", "httpx", "jsii", "rich.console"}


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(REPOSITORY / "tools"))
    import command_reference  # type: ignore[import-not-found]

    return command_reference


def test_the_page_of_commands_is_current(reference: Any) -> None:
    again = "run: .venv/bin/python tools/command_reference.py"
    assert (REPOSITORY / "docs" / "commands.md").read_text() == reference.page(), again


def test_the_page_has_every_command_with_all_of_its_options(reference: Any) -> None:
    text = reference.page()
    for name in COMMANDS:
        _, _, rest = text.partition(f"\n### egress {name}\n")
        section = rest.partition("\n### ")[0]
        for option in command(name).params:
            if isinstance(option, click.Option):
                assert option.opts[0] in section, (name, option.opts)
                assert option.help, f"egress {name} {option.opts[0]} says what it does"


@pytest.mark.slow
def test_the_labs_help_cuts_no_description_either() -> None:
    lab = EGRESS.with_name("nsx-lab")
    done = subprocess.run(
        [lab, "--help"], env=os.environ | {"COLUMNS": "100"}, text=True, capture_output=True, check=True
    )
    assert "serve" in done.stdout
    assert "..." not in done.stdout.partition("Commands:")[2]


@pytest.mark.slow
def test_plan_loads_what_every_plan_needs_and_nothing_that_one_in_many_does() -> None:
    code = "import json, sys, egress.cli.plan; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    loaded = set(json.loads(done.stdout))
    rooms = {name.split(".")[1] for name in loaded if name.startswith("egress.")}
    assert rooms.isdisjoint({"plan_store", "review", "reachability", "answers", "pictures", "scan", "forge", "manager"})
    assert not loaded & {"httpx", "jsii", "rich.console", "ruamel.yaml", "tarfile"}

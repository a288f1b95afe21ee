"""docs/troubleshooting.md: every message is one that the code has, every command one that there is."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from egress.cli import group
from egress.cli._summaries import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "troubleshooting.md").read_text()
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]
OURS = ("egress", "nsx_lab", "stacks", "constructs_lib")
THEIRS = (
    *sorted((REPOSITORY / "tests" / "recordings").glob("*.json")),
    REPOSITORY / "tests" / "reliability" / "plays.py",
)
"""What other tools said when they were recorded, and what tests wait for from a real engine."""


def spoken(tree: ast.AST) -> Iterator[str]:
    """Every text of a module, docstrings apart; `…` for what is put into it."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in prose:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def texts() -> tuple[str, ...]:
    files = [file for folder in OURS for file in (REPOSITORY / folder).rglob("*.py")]
    ours = [text for file in files for text in spoken(ast.parse(file.read_text()))]
    return (*ours, *(file.read_text() for file in THEIRS))


def said_by_the_code(message: str) -> bool:
    """Whether a text of the code has all of the message: where the page has dots, anything may stand, or nothing."""
    wanted = re.compile(".*?".join(re.escape(part) for part in message.split("...")), re.DOTALL)
    return any(wanted.search(text) for text in texts())


@pytest.mark.parametrize("message", [row[0].split("`")[1] for row in ROWS])
def test_the_message_is_in_the_code(message: str) -> None:
    fixed = max(message.split("..."), key=len)
    assert len(fixed.strip()) > 7, "a row that fits everything finds nothing"
    assert said_by_the_code(message)


def test_a_message_that_nobody_says_is_found_out() -> None:
    assert not said_by_the_code("the flux capacitor of ... is empty")
    assert said_by_the_code("nobody to ask, nothing was changed: give --yes after reading the plan")


def test_every_row_says_what_it_means() -> None:
    assert len(ROWS) > 40
    for row in ROWS:
        assert len(row) == 3, row
        assert row[1], row


@pytest.mark.parametrize("words", sorted(set(re.findall(r"`((?:EGRESS_\w+=1 )?egress [^`]+)`", PAGE))))
def test_the_command_is_one_that_there_is(words: str) -> None:
    line = shlex.split(words.removesuffix(" &"))
    line = line[line.index("egress") + 1 :]
    line = line[2:] if line[0] == "--root" else line
    name, *rest = line
    assert name in COMMANDS
    command = group.get_command(click.Context(group), name)
    assert command is not None
    options = {option for param in command.params for option in param.opts}
    before = rest[: rest.index("--")] if "--" in rest else rest
    assert {word for word in before if word.startswith("--")} <= options


def test_the_rule_that_is_explained_is_one() -> None:
    from egress.checks import RULES

    for rule in re.findall(r"--explain ([a-z-]+)", PAGE):
        assert rule in {one.id for one in RULES}

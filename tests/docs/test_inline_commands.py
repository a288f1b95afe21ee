"""Commands that the pages name in their sentences: each exists with the options it is given, and those that read nothing but files are run.

Commands in blocks are run by the tests of their pages (first-domain, second-day, README, bindings).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import egress.cli
import nsx_lab.cli

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
GROUPS: dict[str, click.Group] = {"egress": egress.cli.group, "nsx-lab": nsx_lab.cli.main}
ONLY_READ_FILES = {"check", "explain", "report", "routes", "schema", "seed", "show", "topology"}
STAND_FOR = {
    "STACK": "wld01",
    "NAME": "wld01",
    "wld07": "wld01",
    "PROXY": "10.40.0.5",
    "domains/NAME.yaml": "domains/wld01.yaml",
}
"""Words of the pages that stand for others, and what is there in the project that the commands are run in."""


def commands() -> list[str]:
    """Every command in a sentence, once; a name alone, as of the program, is none."""
    found = [one for page in PAGES for one in re.findall(r"`((?:egress|nsx-lab) [^`]+)`", page.read_text())]
    return sorted({re.sub(r"\s*(?:[>&|].*|\[[^\]]*\])$", "", one) for one in found if "COMMAND" not in one})


def parsed(text: str) -> tuple[click.Group, click.Command | None, list[str]]:
    """The program, its command (None where the program alone is meant), and the command's words up to `--`."""
    program, *words = shlex.split(text)
    group, name = (
        GROUPS[program],
        next((word for word in words if word in GROUPS[program].list_commands(_of(program))), None),
    )
    if name is None:
        return group, None, words
    after = words[words.index(name) + 1 :]
    return group, group.get_command(_of(program), name), after[: after.index("--")] if "--" in after else after


def _of(program: str) -> click.Context:
    return click.Context(GROUPS[program], info_name=program)


@pytest.mark.parametrize("text", commands())
def test_a_named_command_exists_with_the_options_it_is_given(text: str) -> None:
    group, command, words = parsed(text)
    known = {option for one in (command or group).params for option in (*one.opts, *one.secondary_opts)} | {
        "--help",
        "--version",
    }
    assert command is not None or set(words) <= known, "no such command"
    assert {word for word in words if word.startswith("-")} <= known


def test_there_are_commands_in_the_sentences() -> None:
    assert len(commands()) > 50


@pytest.mark.slow  # pictures are drawn by a program
@pytest.mark.parametrize(
    "text", [one for one in commands() if one.split()[1] in ONLY_READ_FILES and "--live" not in one]
)
def test_a_command_that_reads_files_does_what_it_is_named_for(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(REPOSITORY / "domains", tmp_path / "domains")
    (tmp_path / "cdktf.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("EGRESS_")]:
        monkeypatch.delenv(name)
    words = [STAND_FOR.get(word, word) for word in shlex.split(text)[1:]]
    needs_one = words[0] in ("report", "topology", "show") and len(words) == 1
    done = CliRunner().invoke(egress.cli.group, words + (["wld01"] if needs_one else []), standalone_mode=False)
    assert done.exception is None, text
    assert done.return_value in (0, 2, None), text
    assert done.output

"""Runs the console blocks of a document that are marked `<!-- executed -->`, all in one bash, and compares what they print.

In a block, a line that begins with `$ ` is a command; `# exit code N` in it says how it ends, 0 if it does not. The lines below are
printed in this order, one after the other; a line `...` stands for any lines, and `...` in a line for anything in it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"<!-- executed -->\n```console\n(.*?)```", re.DOTALL)
_FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
_EXIT = re.compile(r"# exit code (\d+)")
_MARK = "::ended::"


@dataclass(frozen=True)
class Command:
    """A command, the exit code it is to have, and the lines it is to print."""

    words: str
    code: int
    lines: tuple[str, ...]

    def judge(self, printed: str, code: int) -> None:
        """Asserts that it went as the document says."""
        assert code == self.code, f"{self.words}: ended with {code}\n{printed}"
        wanted = "".join(
            r"(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"[ ]*\n"
            for line in self.lines
        )
        shown = "".join(f"{line.rstrip()}\n" for line in printed.splitlines() if line.strip())
        assert not self.lines or re.fullmatch(wanted, shown), f"{self.words}: wanted\n{wanted}\nprinted\n{shown}"


def commands(document: str) -> list[Command]:
    """The commands of a document's executed blocks, in order."""
    found = []
    for block in _BLOCK.findall(document):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            words, *lines = part.rstrip("\n").split("\n")
            code = _EXIT.search(words)
            found.append(Command(words, int(code[1]) if code else 0, tuple(line for line in lines if line.strip())))
    return found


def files(document: str) -> dict[str, str]:
    """The files that a document shows in full, by name."""
    return dict(_FILE.findall(document))


def run(all_commands: list[Command], cwd: Path, env: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Runs the commands in one bash. `before`: lines to run before the command with the given words, untold."""
    script = ["exec 2>&1"]
    for command in all_commands:
        script += [before[command.words]] if command.words in before else []
        script += [command.words, f'echo "{_MARK}$?"']
    done = subprocess.run(
        ["bash", "-m", "-c", "\n".join(script)], cwd=cwd, env=dict(env), text=True, capture_output=True, check=False
    )
    *pieces, _ = re.split(rf"{_MARK}(\d+)\n", done.stdout)
    assert len(pieces) == 2 * len(all_commands), done.stdout
    for command, printed, code in zip(all_commands, pieces[::2], pieces[1::2], strict=True):
        command.judge(printed, int(code))

"""Every Python program that somebody may copy from here: the blocks of the pages, those of docstrings, and the examples."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = (
    REPOSITORY / "main.py",
    REPOSITORY / "egress/template/files/main.py.txt",
    *sorted((REPOSITORY / "examples").glob("*.py")),
)
"""Files that are programs."""
_OURS = ("egress", "tier0_egress", "constructs_lib", "stacks", "nsx_lab", "tools", "bindings", "examples")
_IMPORT = re.compile(r"^(?:>>> )?(?:from \S+ import |import \w)", re.MULTILINE)
_FENCED = re.compile(r"^(?P<fence>```+|~~~+)(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=fence)", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^(?: {4}.*)?\n)+", re.MULTILINE)
_DOCSTRING = re.compile(r'^( *)r?"""(.*?)"""$', re.MULTILINE | re.DOTALL)
_OF_A_CDK = re.compile(r"^\s*(?:import|from) .*\b(?:cdktf|cdktn|cdk\w+_provider_nsxt|tier0_egress)\b", re.MULTILINE)


@dataclass(frozen=True)
class Program:
    """Where it stands, from the repository's root, and its text."""

    where: str
    text: str

    @property
    def of_a_cdk(self) -> bool:
        """Whether it runs on cdktf or cdktn: what imports neither them nor the constructs is the same with both."""
        return _OF_A_CDK.search(self.text) is not None


@cache
def programs() -> tuple[Program, ...]:
    """All of them; one that stands at two places is there twice."""
    found = [Program(_name(app), app.read_text()) for app in APPS]
    for page in _pages():
        found += [Program(_name(page), text) for text in in_page(page.read_text())]
    for file in (file for room in _OURS for file in sorted((REPOSITORY / room).rglob("*.py"))):
        found += [Program(_name(file), text) for text in in_docstrings(file.read_text())]
    return tuple(found)


def in_page(page: str) -> Iterator[str]:
    """The programs of a Markdown page: whatever imports something, however the block is marked."""
    for block in _FENCED.finditer(page):
        if _IMPORT.search(block["text"]):
            yield block["text"]
    yield from _indented(_FENCED.sub("", page))


def _indented(text: str) -> Iterator[str]:
    for block in _INDENTED.findall(f"{text}\n"):
        code = textwrap.dedent(block).strip("\n")
        if _IMPORT.search(code):
            yield f"{code}\n"


def in_docstrings(source: str) -> Iterator[str]:
    """The programs in the docstrings of a Python file."""
    for margin, text in _DOCSTRING.findall(source):
        if "import " in text:
            yield from in_page(re.sub(rf"^{margin}", "", text, flags=re.MULTILINE))


def _pages() -> list[Path]:
    """Every page, but what was installed or built."""
    found = REPOSITORY.rglob("*.md")
    unwanted = {"node_modules", "build", "dist"}
    return sorted(
        page
        for page in found
        if not any(part.startswith(".") or part in unwanted for part in page.relative_to(REPOSITORY).parts)
    )


def _name(file: Path) -> str:
    return file.relative_to(REPOSITORY).as_posix()

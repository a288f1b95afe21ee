"""Lines of a domain file that is written: YAML on the left, where a value came from as an aligned comment on the right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from egress import escape

_ALIGNED = 72
"""Longer lines do not push the comments of all the others to the right."""


@dataclass(frozen=True)
class Row:
    """One line. `text`: its YAML, with its indentation; empty for a comment alone, which stands at `indent`.

    entry: of which entry it is; what the reader refuses there makes the whole entry go. instead: for the text of a trial, where the
    line holds a question that makes the reader refuse the file.
    """

    text: str
    note: str = ""
    indent: int = 0
    entry: str = ""
    instead: str | None = None


def remark(note: str, indent: int = 0) -> Row:
    """A comment on a line of its own."""
    return Row("", note, indent)


def pair(
    indent: int, key: str, value: Any, note: str = "", entry: str = "", *, instead: Any = None, dash: bool = False
) -> Row:
    """A key and its value on one line. instead: the value for a trial. dash: the line begins an entry of a list."""
    lead = " " * indent + ("- " if dash else "")
    name = key_text(key)
    told = None if instead is None else f"{lead}{name}: {flow(instead)}"
    return Row(f"{lead}{name}: {flow(value)}", note, indent, entry, told)


def item(indent: int, value: Any, note: str = "", entry: str = "") -> Row:
    """An entry of a list on one line."""
    return Row(f"{' ' * indent}- {flow(value)}", note, indent, entry)


def heading(indent: int, key: str, note: str = "", entry: str = "") -> Row:
    """A key whose mapping stands on the lines below."""
    return Row(f"{' ' * indent}{key_text(key)}:", note, indent, entry)


def rendered(rows: Iterable[Row], *, trial: bool = False) -> str:
    """The text of the lines. trial: with values in the place of questions, to see what the reader makes of everything else."""
    held = list(rows)
    width = max((len(row.text) for row in held if row.text and row.note and len(row.text) <= _ALIGNED), default=0)
    return "".join(f"{_line(row, width, trial)}\n" for row in held)


def _line(row: Row, width: int, trial: bool) -> str:
    text = row.instead if trial and row.instead is not None else row.text
    note = f"# {escape.line(row.note)}" if row.note else ""
    if not text:
        return f"{' ' * row.indent}{note}" if note else ""
    return f"{text.ljust(width)} {note}" if note else text


class _Dumper(yaml.SafeDumper):
    """Text with a line end or a hidden character is written with escapes on its line."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if value.isprintable() else '"')


_Dumper.add_representer(str, _text)


def flow(value: Any) -> str:
    """A plain value as YAML on one line, whatever its texts hold; what nobody sees is an escape."""
    text = _dumped(value, plain=True)
    return _dumped(value, plain=False) if escape.hidden(text) else text


def _dumped(value: Any, *, plain: bool) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, allow_unicode=plain, sort_keys=False, width=1 << 30
    )
    return text.removesuffix("\n").removesuffix("\n...")


def key_text(key: str) -> str:
    """A key as YAML writes it."""
    return flow({key: 0}).removeprefix("{").rpartition(": ")[0]

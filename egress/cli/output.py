"""How commands speak: answers on standard output, everything else on standard error. Colours only on a terminal."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table

from egress.domain import EgressError

OK = 0
FAILED = 1
NEEDS_YOU = 2
INTERRUPTED = 130
_PIPED_WIDTH = 160
"""Columns of a table that goes into a file or another program."""


def console() -> Console:
    """A console for answers. rich leaves colours out when the output is no terminal, or NO_COLOR is set."""
    return Console(highlight=False, soft_wrap=True)


def side() -> Console:
    """A console for progress and notes, on standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def table(*headers: str, title: str | None = None) -> Table:
    """A table that folds long values rather than cutting them: a path that ends in dots helps nobody."""
    columns = [Column(header, overflow="fold") for header in headers]
    return Table(*columns, title=title, title_justify="left", title_style="bold")


def say(text: str) -> None:
    """One line, or several, on standard error, as they are."""
    click.echo(text, err=True)


def print_json(value: Any) -> None:
    """One JSON value on standard output, indented, keys in the given order."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextlib.contextmanager
def progress(what: str) -> Iterator[None]:
    """Shows that something is going on: a spinner on a terminal, a line elsewhere."""
    err = side()
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        say(what)
        yield


def print_table(grid: Table) -> None:
    """Prints a table as wide as the terminal is, and without one as wide as it needs to be."""
    out = console()
    if not out.is_terminal:
        out.width = _PIPED_WIDTH
    out.print(grid)


def write(output: Path, text: str) -> None:
    """Writes a text file. Errors: EgressError."""
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EgressError(f"{str(output)!r} cannot be written: {error.strerror}") from None

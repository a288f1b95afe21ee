"""How commands speak: answers on standard output, everything else on standard error. Colours only on a terminal.

The one door to a terminal: whatever passes here shows hidden characters as escapes and is never read as markup (egress/escape.py).
Ruff refuses `click.echo`, `click.confirm` and rich's own consoles and tables anywhere else in egress.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

import click

from egress import escape

if TYPE_CHECKING:  # rich takes its time to load, and most answers go where it has nothing to add
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

OK = 0
FAILED = 1
NEEDS_YOU = 2
PLAN_AGAIN = 3
INTERRUPTED = 130
_PIPED_WIDTH = 160
"""Columns of a table that goes into a file or another program."""
_GAP = 2
"""Blanks after each column of a grid."""
_SECONDS_BETWEEN_LINES = 10.0
Styled: TypeAlias = str | tuple[str, str]
"""A text as it is, or with the style that it has where colours are shown."""
Shown: TypeAlias = tuple[str, str, str | None]
"""A line, or several; the style that it has where colours are shown; the only words in it that have it, None for all."""


def console() -> Console:
    """A console for answers. rich leaves colours out when the output is no terminal, or NO_COLOR is set."""
    from egress.cli._terminal import Terminal

    return Terminal()


def side() -> Console:
    """A console for progress and notes, on standard error."""
    from egress.cli._terminal import Terminal

    return Terminal(stderr=True)


def drawn_on() -> Console | None:
    """The console for progress where standard error is a terminal, on which lines may be drawn over; None where it is none."""
    return err if _decorated(sys.stderr) and (err := side()).is_terminal else None


def table(*headers: str, title: str | None = None) -> Table:
    """A table that folds long values rather than cutting them: a path that ends in dots helps nobody."""
    from rich.table import Column, Table

    columns = [Column(header, overflow="fold") for header in headers]
    return Table(*columns, title=title, title_justify="left", title_style="bold")


def grid(*headers: str, fold: bool = False) -> Table:
    """A table without lines. fold: long values are folded anywhere, otherwise between words."""
    from rich.table import Column, Table

    columns = [Column(header, overflow="fold") if fold else Column(header) for header in headers]
    return Table(*columns, box=None, padding=(0, _GAP, 0, 0))


def styled(*parts: Styled) -> Text:
    """One text of several parts, each as it is or with a style: `styled(("wld01", "bold"), " works")`."""
    from rich.text import Text

    return Text.assemble(
        *(escape.terminal(part) if isinstance(part, str) else (escape.terminal(part[0]), part[1]) for part in parts)
    )


def echo(text: str, *, nl: bool = True) -> None:
    """Text of an answer on standard output, as it is."""
    _write(escape.terminal(text), nl=nl)


def _write(shown: str, *, nl: bool = False) -> None:
    """Text that is fit for a terminal already: looking through very much of it once more takes a twentieth of a check of 1,000 domains."""
    click.echo(shown, nl=nl)


def show(text: str, style: str, part: str | None = None) -> None:
    """One line of an answer, or several, as in `show_all`."""
    show_all([(text, style, part)])


def show_all(lines: Iterable[Shown]) -> None:
    """Lines of an answer."""
    if not _decorated(sys.stdout):
        _write("".join([escape.terminal(text) + "\n" for text, _, _ in lines]))
        return
    from rich.text import Text

    out = console()
    for text, style, part in lines:
        shown = Text(text, style=style if part is None else "")
        if part is not None:
            shown.highlight_words([part], style)
        out.print(shown)


def show_lines(lines: Iterable[Sequence[Styled]]) -> None:
    """Lines of an answer, each of several parts."""
    if not _decorated(sys.stdout):
        _write("".join([escape.terminal("".join(map(_text, parts))) + "\n" for parts in lines]))
        return
    out = console()
    for parts in lines:
        out.print(styled(*parts))


def _text(part: Styled) -> str:
    return escape.terminal(part if isinstance(part, str) else part[0])


def _decorated(stream: TextIO) -> bool:
    """Whether rich would take a stream for a terminal: it is one, or the environment says so (rich.console.Console.is_terminal)."""
    forced = any(os.environ.get(name) for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))
    return forced or (not stream.closed and stream.isatty())


def entry(text: str, mark: tuple[str, str] | None = None, indent: int = 4) -> None:
    """One entry of a list on standard output, hidden characters shown. On a terminal it is folded between words, its further lines indented.

    mark: a sign before it, and the sign's style. indent: of the further lines, in columns.
    """
    sign = (f"{mark[0]} ", mark[1]) if mark else ("", "")
    folded = _folded(sign[0] + escape.line(text), indent)
    if not _decorated(sys.stdout):
        echo(folded)
        return
    console().print(styled(sign, folded.removeprefix(sign[0])))


def _folded(text: str, indent: int) -> str:
    """Text at the width of the terminal; as it is where there is none: a line for each entry is what a program wants."""
    if not sys.stdout.isatty():
        return text
    width = max(shutil.get_terminal_size().columns, 2 * indent)
    return textwrap.fill(
        text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False, expand_tabs=False
    )


def engine_words(text: str) -> None:
    """An engine's words on standard output; colours as `egress.delivery.planning.plans.colour` asked for them."""
    kept = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    click.echo((escape.coloured if kept else escape.terminal)(text).rstrip())


def say(text: str) -> None:
    """One line, or several, on standard error, as they are."""
    click.echo(escape.terminal(text), err=True)


def print_json(value: Any) -> None:
    """One JSON value on standard output, indented, keys in the given order."""
    click.echo(escape.json_text(value))


@contextlib.contextmanager
def one_value() -> Iterator[Callable[[Any], None]]:
    """Keeps standard output for one JSON value, which is printed by what this yields: whatever this process, its workers and its engines say
    meanwhile goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with open(kept, "w", encoding="utf-8", closefd=False) as out, contextlib.redirect_stdout(sys.stderr):
            yield lambda value: click.echo(escape.json_text(value), file=out)
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def ask(question: str) -> bool:
    """Asks for a yes on standard error; no is the default."""
    return click.confirm(escape.terminal(question), err=True)


def usage_error(error: click.UsageError) -> None:
    """Tells a wrong usage as click does."""
    context = error.ctx
    if context is not None:
        say(context.get_usage())
        if context.command.get_help_option(context) is not None:
            names = context.command.get_help_option_names(context)
            say(f"Try '{context.command_path} {max(names, key=len)}' for help.\n")
    say(f"Error: {error.format_message()}")


def prepare_streams() -> None:
    """Characters that a terminal's encoding does not have are shown as escapes: an answer never ends in an encoding error. A stream that
    was closed before the start (`>&-`), of which Python makes None, takes everything and keeps nothing."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until the end
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            _reconfigure(stream)


def _reconfigure(stream: TextIO) -> None:
    stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]


_how_far: Callable[[str], None] | None = None
_aloud = True


def how_far_to(tell: Callable[[str], None], *, aloud: bool) -> None:
    """From now on this process is a worker: what shows that something is going on is told to another one. aloud: it is a line, too."""
    global _how_far, _aloud
    _how_far, _aloud = tell, aloud


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Shows that something is going on: a spinner on a terminal, a line elsewhere. Yields what tells how far it is."""
    if _how_far is not None:
        _how_far(what)
        if _aloud:
            say(what)
        yield _how_far
    elif err := drawn_on():
        with err.status(styled(what)) as status:
            yield lambda text: status.update(styled(text))
    else:
        say(what)
        yield now_and_then(say)


def print_table(rows: Table, *, aside: bool = False) -> None:
    """Prints a table as wide as the terminal is, and without one as wide as it needs to be. aside: on standard error."""
    out = side() if aside else console()
    if not out.is_terminal:
        out.width = _PIPED_WIDTH
    out.print(rows)


def print_grid(
    headers: Sequence[str], rows: Sequence[Sequence[Styled]], *, fold: bool = False, aside: bool = False
) -> None:
    """Prints a table without lines, as wide and where `print_table` does. fold: long values are folded anywhere, otherwise between words."""
    plain = None if _decorated(sys.stderr if aside else sys.stdout) else _plain_grid([headers, *rows])
    if plain is not None:
        click.echo(plain, err=aside)
        return
    shown = grid(*headers, fold=fold)
    for row in rows:
        shown.add_row(*(styled(cell) for cell in row))
    print_table(shown, aside=aside)


def _plain_grid(rows: Sequence[Sequence[Styled]]) -> str | None:
    """The lines of a grid as rich writes them without colours, in a fiftieth of the time; None for one that has to be folded."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if any("\n" in cell or "\t" in cell for row in cells for cell in row):
        return None
    widths = [max(map(_width, column)) + _GAP for column in zip(*cells, strict=True)]
    if sum(widths) > _PIPED_WIDTH:
        return None
    return "\n".join(
        [
            "".join([cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)])
            for row in cells
        ]
    )


def _width(text: str) -> int:
    """Columns that a text takes at a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def at_a_terminal() -> bool:
    """Whether somebody reads answers at a terminal."""
    return sys.stdout.isatty()


def columns() -> int | None:
    """Columns of the terminal; None where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() or sys.stderr.isatty() else None


def kept_words(words: Iterable[tuple[int, str]]) -> None:
    """What a worker printed, as it is: it passed this door there. By stream: 1 for answers, 2 for everything else."""
    for stream, text in words:
        out = sys.stdout if stream == 1 else sys.stderr
        out.write(text)
        out.flush()


def now_and_then(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Passes a line on when the last one is ten seconds old: a log is no spinner."""
    last = time.monotonic()

    def told(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            tell(text)

    return told

"""The options --record, --summary and --json of an apply, and where they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from egress.delivery.outcome.record import Record
from egress.domain import EgressError
from egress.escape import json_text
from egress.writing import append, write

Decorated = Callable[..., Any]


def record_options(function: Decorated) -> Decorated:
    """The options --record, --summary and --json."""
    path = click.Path(path_type=Path, dir_okay=False)
    for option in (
        click.option(
            "--summary",
            "summary_file",
            type=path,
            help="Append what was applied to this file as Markdown, for instance to $GITHUB_STEP_SUMMARY.",
        ),
        click.option(
            "--json",
            "as_json",
            is_flag=True,
            help="The same as one JSON value on standard output; all words go to standard error.",
        ),
        click.option(
            "--record",
            "record_file",
            type=path,
            help="Write what was applied, by whom and when, to this file as JSON (format egress-apply).",
        ),
    ):
        function = option(function)
    return function


@contextmanager
def recorded(
    stacks: Sequence[str], record_file: Path | None, summary_file: Path | None, printed: Callable[[Any], None] | None
) -> Iterator[Record]:
    """A record that is written when the context ends, however it ends. printed: prints it, where that is wanted, too.

    Errors: EgressError, before anything is done, for a file that cannot be written."""
    record = Record(tuple(stacks))
    if record_file:
        _write(record_file, record)
    if summary_file:
        append(summary_file, "")
    try:
        yield record
    except EgressError as error:
        record.error = str(error)
        raise
    finally:
        if record_file:
            _write(record_file, record)
        if summary_file:
            append(summary_file, record.as_markdown())
        if printed:
            printed(record.as_data())


def _write(file: Path, record: Record) -> None:
    write(file, json_text(record.as_data()) + "\n", private=True)

"""The option --base: what a change is told from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorated = Callable[..., Any]


class Base(click.ParamType[Path | str]):
    """A folder with the project as it was, which wins; else a git reference, looked up when it is used."""

    name = "base"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:
        """The folder, or the reference as it was typed."""
        if isinstance(value, Path):
            return value
        return Path(value).resolve() if value and Path(value).is_dir() else str(value)


def base_option(words: str, *, required: bool = False) -> Callable[[Decorated], Decorated]:
    """The option --base. `words`: its help."""
    return click.option("--base", type=Base(), required=required, metavar="DIR|REF", help=words)

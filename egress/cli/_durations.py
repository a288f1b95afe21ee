"""A duration on the command line: 30, 30s, 5m or 1h."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[int]):
    """Whole seconds, from text such as 30, 30s, 5m or 1h. `least`: the shortest that is allowed."""

    name = "duration"

    def __init__(self, least: int = 0) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds. Errors: click's, with what is allowed."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,6})([smh]?)", value)
        seconds = int(found[1]) * _UNITS[found[2] or "s"] if found else -1
        if seconds < self._least:
            least = f", {self._least} at least" if self._least else ""
            self.fail(
                f"{value!r} is no duration, allowed is a number of seconds, or as in 30s, 5m, 1h{least}", param, ctx
            )
        return seconds

"""rich's console, as the one door to a terminal has it (output.py); loaded where somebody sees colours, tables or a spinner."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from egress import escape


class Terminal(Console):
    """A console on which text is text: never markup, and hidden characters are shown."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def render_str(self, text: str, **settings: Any) -> Text:
        return super().render_str(
            escape.terminal(text), **(settings | {"markup": False, "emoji": False, "highlight": False})
        )

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(escape.terminal(text), style)

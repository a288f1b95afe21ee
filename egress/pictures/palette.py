"""The colours of pictures and pages, in light and dark. Words on their grounds have a contrast of 4.5:1 or more, lines of 3:1
(WCAG 2.2, 1.4.3 and 1.4.11); `tests/pictures` computes it."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Palette:
    """One scheme. `paper`, `box`: grounds. `good`, `some`, `bad`, `ink`, `faint`, `group`: words and lines on them."""

    paper: str
    box: str
    ink: str
    faint: str
    rule: str
    group: str
    good: str
    some: str
    bad: str

    def colours(self) -> dict[str, str]:
        """The colours by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


LIGHT = Palette(
    paper="#ffffff",
    box="#f6f8fa",
    ink="#1f2328",
    faint="#57606a",
    rule="#d0d7de",
    group="#0969da",
    good="#1a7f37",
    some="#8a5a00",
    bad="#c21c2b",
)
DARK = Palette(
    paper="#0d1117",
    box="#161b22",
    ink="#e6edf3",
    faint="#9198a1",
    rule="#30363d",
    group="#58a6ff",
    good="#3fb950",
    some="#d29922",
    bad="#ff7b72",
)

"""Draws docs/pictures/pull.svg: ten seconds of what `make demo` shows, for the head of the README.

An image pull times out; egress apply; the pull works. Every word in it is taken from the demo's own record, docs/pictures/demo.svg, which
tools/record_demo.py makes, and which calls this. It moves by CSS alone, so that it does inside of an <img>; who asks for no motion sees
its last frame. Run it: .venv/bin/python tools/moving_picture.py
"""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from egress.pictures.palette import DARK

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
RECORD, PICTURE = PICTURES / "demo.svg", PICTURES / "pull.svg"
SECONDS, TIMES = 10.0, 3
"""Length of one round, and how often it is shown; then the last frame stays."""
WIDTH, HEIGHT = 860, 400
POD, TIER0, REGISTRY, HIGH = 110, 430, 750, 112
"""Where they stand, in the middle of each; all at one height."""
PLACES = (
    (POD, 140, "pod", "domain-c8"),
    (TIER0, 160, "Tier-0", "T0-wld01"),
    (REGISTRY, 160, "registry", "198.51.100.10"),
)
LINE, ROWS = 22, 196
LABEL = (
    "A pod's image pull is lost at the Tier-0 and times out. egress apply makes a default route and two NAT rules. "
    "Then the pull reaches the registry and its answer comes back."
)


@dataclass(frozen=True)
class Story:
    """The words, as the demo said them."""

    before: str
    ask: str
    lost: str
    apply: str
    plan: tuple[str, ...]
    done: str
    after: str
    answered: str


def main() -> int:
    """Draws it from the record that is there."""
    PICTURE.write_text(draw(story(lines(RECORD.read_text()))))
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024 + 1} kB")
    return 0


def lines(record: str) -> list[str]:
    """The lines of a terminal that rich drew, from the top to the bottom."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text class="[^"]*" x="([^"]+)" y="([^"]+)"[^>]*>([^<]*)</text>', record):
        rows.setdefault(float(y), []).append((float(x), html.unescape(text).replace("\xa0", " ")))
    return ["".join(text for _, text in sorted(rows[y])).rstrip() for y in sorted(rows)]


def story(record: list[str]) -> Story:
    """The lines that tell it. Errors: ValueError where the demo does not say such a thing any more."""
    before, after = "Without it: image pulls time out", "Now image pulls work"
    ask = _after(record, before, "$ nsx-lab probe pod/domain-c8 ")
    plan = record.index("$ egress plan wld01")
    words = tuple(line for line in record[plan : plan + 8] if line.startswith("+ "))
    apply = _after(record, "The apply", "$ egress apply ")
    return Story(
        before=before,
        ask=ask,
        lost=_after(record, ask, "pod/domain-c8 -> "),
        apply=apply,
        plan=words,
        done=_after(record, apply, "Apply complete!"),
        after=after,
        answered=_after(record, after, "pod/domain-c8 -> "),
    )


def _after(record: list[str], title: str, beginning: str) -> str:
    """The first line after `title` that begins so, in the same step: an empty line ends one."""
    at = record.index(title)
    step = record[at + 1 : record.index("", at)]
    found = next((line for line in step if line.startswith(beginning)), None)
    if found is None:
        raise ValueError(f"after {title!r} no line begins with {beginning!r}")
    return found


def draw(told: Story) -> str:
    """The SVG. Everything stands as it is in the last frame; the animations only say since when, and until when."""
    moves = Moves()
    plan = [(4.3 + 0.35 * number, line, DARK.good) for number, line in enumerate(told.plan)]
    rows = [
        (0.3, told.ask, DARK.faint),
        (2.3, told.lost, DARK.bad),
        (3.5, told.apply, DARK.ink),
        *plan,
        (5.6, told.done, DARK.ink),
        (6.4, told.ask, DARK.faint),
        (9.2, told.answered, DARK.good),
    ]
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="{DARK.paper}"/>',
        moves.text("title", 24, 40, told.before, DARK.bad, 0, 6.2, gone=True),
        moves.text("title", 24, 40, told.after, DARK.good, 6.2),
        *_ways(moves),
        *_packets(moves),
        *(_place(*place) for place in PLACES),
        *(moves.text("row", 24, ROWS + LINE * n, text, colour, since) for n, (since, text, colour) in enumerate(rows)),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'role="img" aria-labelledby="pull-title pull-words">'
    )
    words = (
        f'<title id="pull-title">{told.before}; egress apply; {told.after}</title><desc id="pull-words">{LABEL}</desc>'
    )
    return "\n".join([head, words, f"<style>{moves.style()}</style>", *parts, "</svg>", ""])


class Moves:
    """The animations: each has a name, and begins and ends with the round."""

    def __init__(self) -> None:
        self._frames: dict[str, str] = {}

    def shown(self, since: float, until: float | None = None, kind: str = "") -> str:
        """Attributes of a part that is seen from `since` until `until`, in seconds; left out: until the end."""
        name = f"s{since * 10:.0f}" + (f"-{until * 10:.0f}" if until is not None else "")
        begin = f"{_percent(since)}{{opacity:0}}{_percent(since + 0.15)}{{opacity:1}}" if since else "0%{opacity:1}"
        end = (
            f"{_percent(until)}{{opacity:1}}{_percent(until + 0.15)},100%{{opacity:0}}" if until else "100%{opacity:1}"
        )
        self._frames[name] = f"0%{{opacity:0}}{begin}{end}" if since else f"{begin}{end}"
        return f'class="{f"{kind} a".strip()}" style="animation-name:{name}"'

    def path(self, name: str, stops: list[tuple[float, int, int]]) -> str:
        """Attributes of a part that moves along x: at these seconds, to the right by so much, seen (1) or not (0)."""
        frames = "".join(f"{_percent(at)}{{transform:translateX({x}px);opacity:{seen}}}" for at, x, seen in stops)
        self._frames[name] = frames
        return f'class="a" style="animation-name:{name}" opacity="0"'

    def text(
        self,
        kind: str,
        x: int,
        y: int,
        words: str,
        colour: str,
        since: float,
        until: float | None = None,
        gone: bool = False,
    ) -> str:
        """Words that are seen from `since` on. gone: not in the last frame."""
        hidden = ' opacity="0"' if gone else ""
        return f'<text {self.shown(since, until, kind)} x="{x}" y="{y}" fill="{colour}"{hidden}>{html.escape(words)}</text>'

    def style(self) -> str:
        """The style of the whole picture."""
        frames = "".join(f"@keyframes {name}{{{text}}}" for name, text in self._frames.items())
        return (
            "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}"
            ".title{font:600 20px system-ui,sans-serif}.name{font:600 15px system-ui,sans-serif}.middle{text-anchor:middle}"
            f".a{{animation:{SECONDS:g}s linear {TIMES} both}}"
            "@media (prefers-reduced-motion:reduce){.a{animation:none}}"
            f"{frames}"
        )


def _percent(second: float) -> str:
    return f"{100 * second / SECONDS:g}%"


def _ways(moves: Moves) -> list[str]:
    """The way out to the Tier-0 is always there; the one from there to the registry since the apply."""
    out = f'<line x1="{POD + 70}" x2="{TIER0 - 80}" y1="{HIGH}" y2="{HIGH}" stroke="{DARK.faint}" stroke-width="2"/>'
    further = f'x1="{TIER0 + 80}" x2="{REGISTRY - 80}" y1="{HIGH}" y2="{HIGH}" stroke-width="2"'
    return [
        out,
        f'<line {further} stroke="{DARK.rule}" stroke-dasharray="3 8"/>',
        f'<line {further} stroke="{DARK.good}" {moves.shown(5.6)}/>',
    ]


def _place(middle: int, width: int, name: str, more: str) -> str:
    return (
        f'<rect x="{middle - width // 2}" y="{HIGH - 34}" width="{width}" height="68" rx="8" fill="{DARK.box}" stroke="{DARK.faint}"/>'
        f'<text class="name middle" x="{middle}" y="{HIGH - 6}" fill="{DARK.ink}">{name}</text>'
        f'<text class="middle" x="{middle}" y="{HIGH + 18}" fill="{DARK.faint}">{more}</text>'
    )


def _packets(moves: Moves) -> list[str]:
    """The packet that is lost, and the one whose answer comes back; a cross and a tick say so without colour."""
    start, far, end = POD + 70, TIER0 - 80 - POD - 70, REGISTRY - 80 - POD - 70
    lost = moves.path("lost", [(0, 0, 0), (0.8, 0, 0), (0.9, 0, 1), (2.0, far, 1), (2.1, far, 0), (SECONDS, far, 0)])
    kept = moves.path(
        "kept",
        [(0, 0, 0), (6.8, 0, 0), (6.9, 0, 1), (8.0, end, 1), (8.1, end, 1), (9.1, 0, 1), (9.2, 0, 0), (SECONDS, 0, 0)],
    )
    cross = f'<path d="M-8,-8L8,8M8,-8L-8,8" stroke="{DARK.bad}" stroke-width="4" stroke-linecap="round"/>'
    tick = f'<path d="M-9,0L-2,7L10,-8" fill="none" stroke="{DARK.good}" stroke-width="4" stroke-linecap="round"/>'
    return [
        f'<circle {lost} r="8" cx="{start}" cy="{HIGH}" fill="{DARK.ink}"/>',
        f'<g transform="translate({TIER0 - 100} {HIGH})"><g {moves.shown(2.0, 5.6)} opacity="0">{cross}</g></g>',
        f'<circle {kept} r="8" cx="{start}" cy="{HIGH}" fill="{DARK.good}"/>',
        f'<g transform="translate({POD + 94} {HIGH - 20})"><g {moves.shown(9.2)}>{tick}</g></g>',
    ]


if __name__ == "__main__":
    sys.exit(main())

"""A Picture as text that other programs draw: Mermaid, Graphviz DOT, and a tree for terminals."""

from __future__ import annotations

import json
from collections.abc import Iterable

from egress import escape
from egress.pictures.picture import Box, Line, Picture
from egress.reachability.flow import Result

_COLOURS = {Result.ALL: "#1a7f37", Result.SOME: "#bf8700", Result.NONE: "#cf222e", None: "#8c959f"}
_STYLES = {Result.ALL: "solid", Result.SOME: "dashed", Result.NONE: "dashed", None: "dotted"}
_WORDS = {Result.ALL: "works", Result.SOME: "some fail", Result.NONE: "fails", None: ""}


def mermaid(picture: Picture) -> str:
    """A Mermaid flowchart, as GitHub and GitLab draw it."""
    names = {box.id: f"n{number}" for number, box in enumerate(picture.boxes)}
    rows = ["---", f"title: {json.dumps(escape.line(picture.title), ensure_ascii=False)}", "---", "flowchart LR"]
    for group, boxes in _groups(picture.boxes):
        indent = "    "
        if group:
            rows.append(f'{indent}subgraph g{len(rows)}["{escape.mermaid(group)}"]')
            indent *= 2
        rows += [
            f'{indent}{names[box.id]}["{"<br/>".join(escape.mermaid(text) for text in (box.title, *box.lines))}"]'
            for box in boxes
        ]
        if group:
            rows.append("    end")
    for number, line in enumerate(picture.lines):
        arrow = {Result.ALL: "-->", Result.NONE: "-.-x", Result.SOME: "-.->", None: "---"}[line.result]
        label = f'|"{escape.mermaid(_label(line))}"|' if _label(line) else ""
        rows.append(f"    {names[line.start]} {arrow}{label} {names[line.end]}")
        rows.append(f"    linkStyle {number} stroke:{_COLOURS[line.result]}")
    return "\n".join(rows) + "\n"


def dot(picture: Picture) -> str:
    """Graphviz DOT. Only text goes into it, quoted: nothing in a domain file can become markup."""
    rows = [
        "digraph egress {",
        "  graph [rankdir=LR, fontname=Helvetica, fontsize=14, nodesep=0.35, ranksep=0.9, bgcolor=white, "
        f"label={_quoted(picture.title)}, labelloc=t];",
        '  node [shape=box, style="rounded,filled", fillcolor="#f6f8fa", color="#57606a", fontname=Helvetica, fontsize=11, margin="0.22,0.1"];',
        "  edge [fontname=Helvetica, fontsize=10, penwidth=1.6];",
    ]
    for number, (group, boxes) in enumerate(_groups(picture.boxes)):
        if group:
            rows.append(f'  subgraph cluster_{number} {{ label={_quoted(group)}; color="#0969da"; style=rounded;')
        rows += [f"  {_quoted(box.id)} [label={_lines(box)}{_faint(box)}];" for box in boxes]
        if group:
            rows.append("  }")
    for line in picture.lines:
        head = "none" if line.result is None else "normal"
        rows.append(
            f"  {_quoted(line.start)} -> {_quoted(line.end)} [label={_quoted(_label(line))}, "
            f'color="{_COLOURS[line.result]}", fontcolor="{_COLOURS[line.result]}", '
            f"style={_STYLES[line.result]}, arrowhead={head}];"
        )
    return "\n".join([*rows, "}"]) + "\n"


def tree(picture: Picture) -> str:
    """A tree for terminals, from the pods outwards; a node that was shown before is only named."""
    below: dict[str, list[Line]] = {}
    for line in picture.lines:
        below.setdefault(line.start, []).append(line)
    boxes = {box.id: box for box in picture.boxes}
    ends = {line.end for line in picture.lines}
    rows = [escape.line(picture.title)]
    seen: set[str] = set()
    for box in picture.boxes:
        if box.id not in ends:
            rows += _branch(box, boxes, below, seen, "")
    return "\n".join([*rows, *(f"lost: {escape.line(text)}" for text in picture.lost)]) + "\n"


def _branch(box: Box, boxes: dict[str, Box], below: dict[str, list[Line]], seen: set[str], indent: str) -> list[str]:
    details = f" ({'; '.join(box.lines)})" if box.lines and box.id not in seen else ""
    rows = [f"{indent}{escape.line(box.title + details)}"]
    if box.id in seen:
        return rows
    seen.add(box.id)
    lines = below.get(box.id, [])
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        inner = _branch(boxes[line.end], boxes, below, seen, "")
        label = f"[{_label(line)}] " if _label(line) else ""
        rows.append(f"{indent}{'`-- ' if last else '|-- '}{label}{inner[0]}")
        rows += [f"{indent}{'    ' if last else '|   '}{row}" for row in inner[1:]]
    return rows


def _groups(boxes: Iterable[Box]) -> list[tuple[str | None, list[Box]]]:
    """Boxes with the gateway they are drawn in; those without one first."""
    found: dict[str | None, list[Box]] = {None: []}
    for box in boxes:
        found.setdefault(box.group, []).append(box)
    return list(found.items())


def _label(line: Line) -> str:
    word = _WORDS[line.result]
    return f"{line.label} {word}".strip() if line.result is not Result.ALL else line.label


def _faint(box: Box) -> str:
    return ', fontcolor="#8c959f", style="rounded,dashed"' if box.down else ""


def _lines(box: Box) -> str:
    return '"' + "\\n".join(escape.dot(text) for text in (box.title, *box.lines)) + '"'


def _quoted(text: str) -> str:
    return f'"{escape.dot(text)}"'

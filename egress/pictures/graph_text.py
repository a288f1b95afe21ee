"""A Picture as text that other programs draw: Mermaid, Graphviz DOT, and a tree for terminals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise

from egress import escape
from egress.pictures.palette import LIGHT
from egress.pictures.picture import Box, Line, Picture
from egress.reachability.flow import Result

COLOURS = {Result.ALL: LIGHT.good, Result.SOME: LIGHT.some, Result.NONE: LIGHT.bad, None: LIGHT.faint}
STYLES = {Result.ALL: "solid", Result.SOME: "dashed", Result.NONE: "dashed", None: "dotted"}
_WORDS = {Result.ALL: "", Result.SOME: "some lost", Result.NONE: "lost", None: ""}
LEGEND = {
    Result.ALL: "every packet gets on",
    Result.NONE: "packets are lost right after it",
    Result.SOME: "some are lost right after it",
    None: "a link that no question goes over",
}
"""What the lines of a picture mean."""


def mermaid(picture: Picture) -> str:
    """A Mermaid flowchart, as GitHub and GitLab draw it."""
    names = {box.id: f"n{number}" for number, box in enumerate(picture.boxes)}
    rows = ["---", f"title: {json.dumps(escape.line(picture.title), ensure_ascii=False)}", "---", "flowchart LR"]
    for group, boxes in _groups(picture.boxes):
        indent = "    "
        if group:
            rows.append(f'{indent}subgraph g{len(rows)}["{escape.mermaid(group)}"]')
            indent *= 2
        rows += [f'{indent}{names[box.id]}["{"<br/>".join(map(escape.mermaid, _texts(box)))}"]' for box in boxes]
        if group:
            rows.append("    end")
    for number, line in enumerate(picture.lines):
        arrow = {Result.ALL: "-->", Result.NONE: "-.-x", Result.SOME: "-.->", None: "---"}[line.result]
        label = f'|"{escape.mermaid(_label(line))}"|' if _label(line) else ""
        start, end = (line.end, line.start) if line.back else (line.start, line.end)
        rows.append(f"    {names[start]} {arrow}{label} {names[end]}")
        rows.append(f"    linkStyle {number} stroke:{COLOURS[line.result]}")
    rows += [f"    style {names[box.id]} stroke:{LIGHT.bad},stroke-width:2px" for box in picture.boxes if box.lost]
    signs = {Result.ALL: "solid", Result.NONE: "dotted with a cross", Result.SOME: "dotted with a head", None: "plain"}
    used = {line.result for line in picture.lines}
    told = "<br/>".join(escape.mermaid(f"{signs[one]}: {words}") for one, words in LEGEND.items() if one in used)
    rows += [f'    legend["{told}"]', "    style legend fill:none,stroke:none,text-align:left"]
    return "\n".join(rows) + "\n"


def dot(picture: Picture, *, down: bool = False, bare: bool = False) -> str:
    """Graphviz DOT. Only text goes into it, quoted: nothing in a domain file can become markup.

    down: from the top to the bottom, for narrow pages; left out: from left to right. bare: without title and gateways.
    """
    direction = "rankdir=TB, nodesep=0.5, ranksep=0.45" if down else "rankdir=LR, nodesep=0.35, ranksep=0.55"
    title = f", label={_quoted(picture.title)}, labelloc=t" if not bare else ""
    rows = [
        "digraph egress {",
        f'  graph [{direction}, fontname=Helvetica, fontsize=14, bgcolor="{LIGHT.paper}", fontcolor="{LIGHT.ink}"{title}];',
        f'  node [shape=box, style="rounded,filled", fillcolor="{LIGHT.box}", color="{LIGHT.faint}", fontcolor="{LIGHT.ink}", '
        'fontname=Helvetica, fontsize=11, margin="0.22,0.1"];',
        "  edge [fontname=Helvetica, fontsize=10, penwidth=1.6];",
        *_in_their_order(picture.boxes),
    ]
    ids = {box.id: f"box{number}" for number, box in enumerate(picture.boxes)}
    for number, (group, boxes) in enumerate(_groups(picture.boxes)):
        framed = group and not bare
        if framed:
            rows.append(
                f'  subgraph cluster_{number} {{ label={_quoted(str(group))}; color="{LIGHT.group}"; style=rounded;'
            )
        rows += [f"  {_quoted(box.id)} [label={_lines(box)}, id={ids[box.id]}{_look(box)}];" for box in boxes]
        if framed:
            rows.append("  }")
    for line in picture.lines:
        ends = "arrowhead=none" if line.result is None else f"dir={'back' if line.back else 'forward'}"
        rows.append(
            f"  {_quoted(line.start)} -> {_quoted(line.end)} [label={_folded(_label(line))}, "
            f'color="{COLOURS[line.result]}", fontcolor="{COLOURS[line.result]}", '
            f"style={STYLES[line.result]}, {ends}];"
        )
    return "\n".join([*rows, "}"]) + "\n"


def _in_their_order(boxes: Iterable[Box]) -> Iterator[str]:
    """Boxes of one kind stay in the order of the picture: Graphviz would swap them where lines cross less. It heeds such a chain where
    it stands before its boxes and outside of clusters, and not always elsewhere (tried)."""
    kinds: dict[tuple[str, str | None], list[str]] = {}
    for box in boxes:
        kinds.setdefault((box.kind, box.group), []).append(_quoted(box.id))
    for same in kinds.values():
        if len(same) > 1:
            yield f"  {{ rank=same; {'; '.join(f'{one} -> {other} [style=invis]' for one, other in pairwise(same))}; }}"


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
    lines = _texts(box)[1:]
    details = f" ({'; '.join(lines)})" if lines and box.id not in seen else ""
    rows = [f"{indent}{escape.line(box.title + details)}"]
    if box.id in seen:
        return rows
    seen.add(box.id)
    further = below.get(box.id, [])
    for number, line in enumerate(further):
        last = number == len(further) - 1
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
    return f"{line.label} {_WORDS[line.result]}".strip()


def _texts(box: Box) -> tuple[str, ...]:
    return (box.title, *box.lines, *(f"lost here: {reason}" for reason in box.lost))


def _look(box: Box) -> str:
    if box.lost:
        return f', color="{LIGHT.bad}", penwidth=2'
    return f', fontcolor="{LIGHT.faint}", style="rounded,dashed"' if box.down else ""


def _lines(box: Box) -> str:
    return '"' + "\\n".join(escape.dot(text) for text in _texts(box)) + '"'


def _folded(text: str) -> str:
    """A label with a line for each of its addresses."""
    return '"' + ",\\n".join(escape.dot(part) for part in text.split(", ")) + '"'


def _quoted(text: str) -> str:
    return f'"{escape.dot(text)}"'

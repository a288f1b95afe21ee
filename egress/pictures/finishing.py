"""What Graphviz does not do, added to its SVG: title, gateways around their edges, a legend, a description in words, a dark scheme.

Graphviz would draw a gateway as a cluster, and then does not keep the order of the edges inside (measured with the wheel's, 16.1.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from egress import escape
from egress.pictures.graph_text import COLOURS, LEGEND, STYLES
from egress.pictures.palette import DARK, LIGHT
from egress.pictures.picture import Picture

_SVG = "http://www.w3.org/2000/svg"
_DASHES = {"solid": "", "dashed": "5,2", "dotted": "1,5"}
"""As Graphviz draws these styles."""
_MARGIN, _TITLE, _PAD, _HEAD, _ROW, _SAMPLE = 8.0, 26.0, 12.0, 18.0, 17.0, 30.0
"""In points: around everything, the title's height, around a gateway's boxes, its name's height, a legend's row and sample."""
_LETTER = 6.3
"""Width of a letter of 11 points, about."""


@dataclass(frozen=True)
class _Frame:
    """A rectangle, with y growing downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, frames: Iterable[_Frame]) -> _Frame:
        """The smallest that holds all of them."""
        every = list(frames)
        return cls(
            min(f.left for f in every),
            min(f.top for f in every),
            max(f.right for f in every),
            max(f.bottom for f in every),
        )

    def grown(self, left: float, top: float, right: float, bottom: float) -> _Frame:
        """Larger by so much on each side."""
        return _Frame(self.left - left, self.top - top, self.right + right, self.bottom + bottom)

    def drawn(self, **attributes: str) -> Element:
        """As an SVG element."""
        place = {"x": self.left, "y": self.top, "width": self.right - self.left, "height": self.bottom - self.top}
        return _element("rect", **{name: f"{number:.2f}" for name, number in place.items()}, **attributes)


def finished(text: str, picture: Picture, name: str) -> str:
    """Graphviz's SVG of `picture`, made of its DOT without gateways and title. `name`: what ids in it begin with."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(text)  # noqa: S314 - Graphviz wrote it; it holds no entities
    (graph,) = root.findall(f"{{{_SVG}}}g")
    ground = graph.find(f"{{{_SVG}}}polygon")
    assert ground is not None, "Graphviz draws the ground first"
    whole = _frame(ground.attrib["points"])
    gateways = dict(_gateways(graph, picture))
    whole = _Frame.around([whole, *gateways.values()]).grown(_MARGIN, _MARGIN + _TITLE, _MARGIN, _MARGIN)
    legend, bottom = _legend(picture, whole)
    whole = _Frame(whole.left, whole.top, max([whole.right, *map(_right, legend)]), bottom)
    _strip(graph, ground)
    behind = [whole.drawn(fill=LIGHT.paper), *(_gateway(name, frame) for name, frame in gateways.items())]
    for at, part in enumerate([*behind, _title(picture, whole)]):
        graph.insert(at, part)
    graph.extend(legend)
    graph.attrib.pop("transform")
    width, height = whole.right - whole.left, whole.bottom - whole.top
    root.attrib |= {
        "viewBox": f"{whole.left:.2f} {whole.top:.2f} {width:.2f} {height:.2f}",
        "width": f"{width:.0f}pt",
        "height": f"{height:.0f}pt",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-words",
    }
    heads = [_words("title", picture.title, id=f"{name}-title"), _words("desc", in_words(picture), id=f"{name}-words")]
    for at, head in enumerate([*heads, _words("style", _dark())]):
        root.insert(at, head)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def in_words(picture: Picture) -> str:
    """What the picture shows, for those who do not see it: who is in it from the inside to the outside, and what is lost."""
    ranks: dict[str, list[str]] = {}
    for box in picture.boxes:
        ranks.setdefault(box.kind, []).append(f"{box.title} (down)" if box.down else box.title)
    chain = "; then ".join(", ".join(titles) for titles in ranks.values())
    told = f"Lost: {'; '.join(picture.lost)}." if picture.lost else "No packet is lost."
    return f"From the inside to the outside: {chain}. {told}"


def _element(tag: str, **attributes: str) -> Element:
    return Element(f"{{{_SVG}}}{tag}", {name.replace("_", "-"): value for name, value in attributes.items()})


def _words(tag: str, text: str, **attributes: str) -> Element:
    found = _element(tag, **attributes)
    found.text = escape.terminal(text)
    return found


def _frame(numbers: str) -> _Frame:
    """The frame of a path or polygon, by its numbers: x and y in turn. A rounded corner's control points lie inside."""
    found = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", numbers)]
    return _Frame(min(found[::2]), min(found[1::2]), max(found[::2]), max(found[1::2]))


def _strip(graph: Element, ground: Element) -> None:
    """Takes out what is replaced, and ids and titles that are those of the DOT text; words on lines get a ground of their own."""
    graph.remove(ground)
    for group in graph.iter(f"{{{_SVG}}}g"):
        for text in group.findall(f"{{{_SVG}}}text") if group.get("class") == "edge" else ():
            text.attrib |= {
                "stroke": LIGHT.paper,
                "stroke-width": "3",
                "stroke-linejoin": "round",
                "paint-order": "stroke",
            }
        group.attrib.pop("id", None)
        for title in group.findall(f"{{{_SVG}}}title"):
            group.remove(title)


def _gateways(graph: Element, picture: Picture) -> Iterator[tuple[str, _Frame]]:
    """A frame around the boxes of each gateway, with room for its name."""
    frames: dict[str, list[_Frame]] = {}
    for group in graph.iter(f"{{{_SVG}}}g"):
        number = group.attrib.get("id", "").removeprefix("box")
        outline = group.find(f"{{{_SVG}}}path")
        if number.isdigit() and outline is not None and picture.boxes[int(number)].group:
            frames.setdefault(str(picture.boxes[int(number)].group), []).append(_frame(outline.attrib["d"]))
    for name, found in frames.items():
        yield name, _Frame.around(found).grown(_PAD, _PAD + _HEAD, _PAD, _PAD)


def _gateway(name: str, frame: _Frame) -> Element:
    group = _element("g", **{"class": "gateway"})
    group.append(frame.drawn(fill="none", stroke=LIGHT.group, rx="8"))
    group.append(
        _words("text", name, x=f"{frame.left + _PAD:.2f}", y=f"{frame.top + _HEAD:.2f}", fill=LIGHT.ink, **_font(13))
    )
    return group


def _title(picture: Picture, whole: _Frame) -> Element:
    return _words(
        "text",
        picture.title,
        x=f"{whole.left + _MARGIN:.2f}",
        y=f"{whole.top + _TITLE:.2f}",
        fill=LIGHT.ink,
        **_font(14),
    )


def _font(size: int) -> dict[str, str]:
    return {"font_family": "Helvetica,sans-Serif", "font_size": f"{size}.00"}


def _legend(picture: Picture, whole: _Frame) -> tuple[list[Element], float]:
    """What the lines mean, below the picture, in as many rows as its width asks for; and where it ends."""
    used = {line.result for line in picture.lines}
    x, y = whole.left + _MARGIN, whole.bottom
    parts: list[Element] = []
    for result, words in LEGEND.items():
        if result not in used:
            continue
        width = _SAMPLE + 6 + len(words) * _LETTER
        if x > whole.left + _MARGIN and x + width > whole.right:
            x, y = whole.left + _MARGIN, y + _ROW
        dash = {"stroke_dasharray": _DASHES[STYLES[result]]} if _DASHES[STYLES[result]] else {}
        ends = {"x1": f"{x:.2f}", "x2": f"{x + _SAMPLE:.2f}", "y1": f"{y:.2f}", "y2": f"{y:.2f}"}
        parts.append(_element("line", **ends, stroke=COLOURS[result], stroke_width="1.6", **dash))
        text = _words("text", words, x=f"{x + _SAMPLE + 6:.2f}", y=f"{y + 4:.2f}", fill=LIGHT.ink, **_font(11))
        parts.append(text)
        x += width + 2 * _MARGIN
    return parts, y + _ROW


def _right(part: Element) -> float:
    """Where a part of the legend ends, about."""
    return float(part.get("x2") or float(part.attrib["x"]) + len(part.text or "") * _LETTER)


def _dark() -> str:
    """Each colour of the light scheme by that of the dark one, on screens that ask for it; paper stays light."""
    dark = DARK.colours()
    rules = (
        f'svg [fill="{light}"]{{fill:{dark[name]}}}svg [stroke="{light}"]{{stroke:{dark[name]}}}'
        for name, light in LIGHT.colours().items()
    )
    return f"@media screen and (prefers-color-scheme: dark){{{''.join(rules)}}}"

"""The finished SVG: order, gateways, legend, description, and colours that can be read in light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any
from xml.etree import ElementTree

import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.domain import WorkloadDomain
from egress.pictures.drawing import svg
from egress.pictures.graph_text import COLOURS, LEGEND
from egress.pictures.palette import DARK, LIGHT, Palette
from egress.pictures.picture import Line, Picture, draw
from egress.reachability import Result
from egress.reachability.topology import NodeKind
from egress.reachability.view import view as view_of

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"
Frame = tuple[float, float, float, float]
MORE_EDGES = (
    "    - {id: edge03-uplink1, edge: edge03, address: 10.27.51.148/24}\n"
    "    - {id: edge04-uplink1, edge: edge04, address: 10.27.51.149/24}\ndefault_route:"
)
FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "golden": (),
    "four edges": (("default_route:", MORE_EDGES),),
    "four edges, no dns": (("default_route:", MORE_EDGES), ("dns_servers: [172.20.0.53]", "dns_servers: []")),
    "three dns": (("[172.20.0.53]", "[172.20.0.54, 172.20.0.53, 10.27.51.53]"),),
    "edges the other way round": (("edge01", "x"), ("edge02", "edge01"), ("x-uplink1, edge: x,", "edge02-uplink1, edge: edge02,")),
    "standby": (("ACTIVE_ACTIVE", "ACTIVE_STANDBY"),),
}  # fmt: skip


@pytest.fixture(params=FILES)
def picture(request: pytest.FixtureRequest, golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> Picture:
    text = golden_text
    for old, new in FILES[request.param]:
        assert old in text
        text = text.replace(old, new)
    view = view_of(domain_of(text))
    return draw(view, answers(view, Ask()))


@pytest.fixture
def golden_picture(golden: WorkloadDomain) -> Picture:
    view = view_of(golden)
    return draw(view, answers(view, Ask()))


def parsed(text: str) -> Any:
    return ElementTree.fromstring(text)


def numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", text)]


def boxes_drawn(root: Any) -> dict[str, Frame]:
    """The frame of each box by its first line of text."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "node":
            places = numbers(group.find(f"{SVG}path").get("d"))
            title = group.find(f"{SVG}text").text
            found[title] = (min(places[::2]), min(places[1::2]), max(places[::2]), max(places[1::2]))
    return found


@pytest.mark.parametrize("down", [False, True])
def test_boxes_of_a_kind_stand_in_the_order_of_the_file(picture: Picture, down: bool) -> None:
    drawn = boxes_drawn(parsed(svg(picture, down=down)))
    for kind in NodeKind:
        titles = [box.title for box in picture.boxes if box.kind is kind]
        places = [drawn[title][0 if down else 1] for title in titles]
        assert places == sorted(places), titles


@pytest.mark.parametrize("down", [False, True])
def test_a_gateway_stands_around_its_own_boxes_and_no_others(picture: Picture, down: bool) -> None:
    root = parsed(svg(picture, down=down))
    drawn = boxes_drawn(root)
    ((gateway,),) = [[one for one in root.iter(f"{SVG}g") if one.get("class") == "gateway"]]
    frame = gateway.find(f"{SVG}rect")
    left, top = float(frame.get("x")), float(frame.get("y"))
    right, bottom = left + float(frame.get("width")), top + float(frame.get("height"))
    inside = {name for name, (x1, y1, x2, y2) in drawn.items() if left < x1 and x2 < right and top < y1 and y2 < bottom}
    outside = {name for name, (x1, y1, x2, y2) in drawn.items() if x2 < left or right < x1 or y2 < top or bottom < y1}
    assert inside == {box.title for box in picture.boxes if box.group == "T0-wld01"}
    assert inside | outside == set(drawn), "nobody stands on the border"


@pytest.mark.parametrize("down", [False, True])
def test_everything_lies_inside_of_the_picture(picture: Picture, down: bool) -> None:
    root = parsed(svg(picture, down=down))
    left, top, width, height = numbers(root.get("viewBox"))
    for x1, y1, x2, y2 in boxes_drawn(root).values():
        assert left < x1
        assert top < y1
        assert x2 < left + width
        assert y2 < top + height
    for text in root.iter(f"{SVG}text"):
        assert left < float(text.get("x")) < left + width
        assert top < float(text.get("y")) < top + height


def test_a_reader_who_does_not_see_it_is_told_what_it_shows(golden_picture: Picture) -> None:
    root = parsed(svg(golden_picture))
    assert root.get("role") == "img"
    named = {element.get("id"): element for element in root if element.get("id")}
    title, words = (named[one] for one in root.get("aria-labelledby").split())
    assert (title.tag, words.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text == "wld01: the domain file, as if applied"
    assert words.text.startswith("From the inside to the outside: pod/domain-c8, pod/vnet-domain-c8; then domain-c8")
    assert "TKG pod -> dns 172.20.0.53: answer lost at upstream gateway, no route" in words.text
    assert [one.text for one in root.iter(f"{SVG}title")] == [title.text], "no raw id is shown on the way over a box"


def test_the_legend_explains_every_line_that_is_drawn_and_no_other(golden_picture: Picture) -> None:
    def legend(picture: Picture) -> list[str | None]:
        return [one.text for one in parsed(svg(picture)).iter(f"{SVG}text") if one.text in LEGEND.values()]

    assert legend(golden_picture) == [LEGEND[Result.ALL], LEGEND[Result.NONE]]
    some = replace(golden_picture.lines[0], result=Result.SOME)
    every = replace(golden_picture, lines=(*golden_picture.lines, some, Line("registry", "dns 172.20.0.53")))
    assert legend(every) == list(LEGEND.values())


def test_two_pictures_may_stand_on_one_page(golden_picture: Picture) -> None:
    ids = re.findall(r' id="([^"]+)"', svg(golden_picture) + svg(golden_picture, down=True))
    assert len(ids) == len(set(ids)) == 4


def light(colour: str) -> float:
    """Relative luminance (WCAG 2.2, "relative luminance")."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_gives_the_known_values() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#bf8700", "#ffffff") < 4.5, "the amber that was there before"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_words_have_a_contrast_of_at_least_four_and_a_half(palette: Palette) -> None:
    words = ("ink", "faint", "good", "some", "bad", "group")
    for word, ground in product(words, ("paper", "box")):
        assert contrast(getattr(palette, word), getattr(palette, ground)) >= 4.5, (word, ground)


def coloured(element: Any, ground: str, scheme: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Every text with its colour and that of its ground."""
    box = next(
        (child.get("fill") for child in element.findall(f"{SVG}path") if child.get("fill") not in (None, "none")), None
    )
    ground = box if box and element.get("class") == "node" else ground
    for child in element:
        if child.tag == f"{SVG}text":
            yield child.text, scheme[child.get("fill")], scheme[ground]
        elif child.tag == f"{SVG}g":
            yield from coloured(child, ground, scheme)


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_of_the_picture_stands_out_from_what_is_below_it(golden_picture: Picture, dark: bool) -> None:
    names = LIGHT.colours()
    scheme = {colour: (DARK if dark else LIGHT).colours()[name] for name, colour in names.items()}
    found = list(coloured(parsed(svg(golden_picture)), LIGHT.paper, scheme))
    assert len(found) > 40
    assert [(text, contrast(word, ground)) for text, word, ground in found if contrast(word, ground) < 4.5] == []


def test_the_dark_scheme_has_every_colour_that_is_drawn(golden_picture: Picture) -> None:
    root = parsed(svg(golden_picture))
    drawn = {element.get(side) for element in root.iter() for side in ("fill", "stroke")} - {None, "none"}
    assert drawn <= set(LIGHT.colours().values()), "a colour that is not in the palette stays light in the dark"
    assert len(set(LIGHT.colours().values())) == len(LIGHT.colours()), "two names of one colour cannot be told apart"
    assert set(COLOURS.values()) <= set(LIGHT.colours().values())
    assert "screen and (prefers-color-scheme: dark)" in root.find(f"{SVG}style").text

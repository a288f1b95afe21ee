"""The picture: who is in it, what its lines say, and that no text in it can become markup."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.domain import WorkloadDomain
from egress.pictures.drawing import layouter, svg
from egress.pictures.graph_text import dot, mermaid, tree
from egress.pictures.picture import Box, Picture, draw
from egress.reachability import Result
from egress.reachability.topology import NodeKind
from egress.reachability.view import View
from egress.reachability.view import view as view_of

HOSTILE = 'a"]; <script>alert(1)</script> -->|x| \\" }'


def _parsed(text: str) -> Any:
    return ElementTree.fromstring(text)


def picture_of(view: View) -> Picture:
    return draw(view, answers(view, Ask()))


@pytest.fixture
def picture(golden: WorkloadDomain) -> Picture:
    return picture_of(view_of(golden))


def test_everybody_is_in_it_once_from_the_inside_to_the_outside(picture: Picture) -> None:
    assert [box.title for box in picture.boxes] == [
        "pod/domain-c8",
        "pod/vnet-domain-c8",
        "domain-c8",
        "vnet-domain-c8",
        "T0-wld01 (DR)",
        "edge01",
        "edge02",
        "upstream gateway",
        "registry",
        "dns 172.20.0.53",
    ]
    assert len({box.id for box in picture.boxes}) == len(picture.boxes)


def test_an_edge_tells_its_addresses_next_hops_and_mappings(picture: Picture) -> None:
    edge = next(box for box in picture.boxes if box.title == "edge01")
    assert edge.group == "T0-wld01"
    assert "10.27.51.145" in edge.lines
    assert "0.0.0.0/0 via 10.27.51.1" in edge.lines
    assert "30.0.0.5 -> 10.27.51.145" in edge.lines


def test_lines_carry_the_verdict_and_the_address_that_is_seen_there(picture: Picture) -> None:
    lines = {(line.start, line.end): line for line in picture.lines}
    assert lines["T0-wld01/edge02", "upstream gateway"].result is Result.ALL
    assert lines["T0-wld01/edge02", "upstream gateway"].label == "10.27.51.145, 10.27.51.147"
    assert lines["T0-wld01/edge01", "dns 172.20.0.53"].result is Result.NONE
    assert lines["domain-c8", "T0-wld01/dr"].result is Result.SOME
    assert lines["upstream gateway", "dns 172.20.0.53"].result is None


def test_the_lines_of_the_golden_picture_are_these(picture: Picture) -> None:
    inner = "30.0.0.16, 30.0.0.5"
    outer = "10.27.51.145, 10.27.51.147"
    assert [(line.start, line.end, line.label, line.result) for line in picture.lines] == [
        ("pod/domain-c8", "domain-c8", "10.244.0.98", Result.SOME),
        ("domain-c8", "T0-wld01/dr", "30.0.0.5", Result.SOME),
        ("pod/vnet-domain-c8", "vnet-domain-c8", "192.168.128.2", Result.SOME),
        ("vnet-domain-c8", "T0-wld01/dr", "30.0.0.16", Result.SOME),
        ("T0-wld01/dr", "T0-wld01/edge01", inner, Result.SOME),
        ("T0-wld01/dr", "T0-wld01/edge02", inner, Result.ALL),
        ("T0-wld01/edge01", "upstream gateway", outer, Result.ALL),
        ("T0-wld01/edge02", "upstream gateway", outer, Result.ALL),
        ("T0-wld01/edge01", "dns 172.20.0.53", inner, Result.NONE),
        ("upstream gateway", "dns 172.20.0.53", "", None),
        ("upstream gateway", "registry", outer, Result.ALL),
    ]


def test_the_tree_of_the_golden_picture_reads_like_this(picture: Picture) -> None:
    rows = [row.split(" (")[0] for row in tree(picture).splitlines()]
    assert rows == [
        "wld01: the domain file, as if applied",
        "pod/domain-c8",
        "`-- [10.244.0.98 some fail] domain-c8",
        "    `-- [30.0.0.5 some fail] T0-wld01",
        "        |-- [30.0.0.16, 30.0.0.5 some fail] edge01",
        "        |   |-- [10.27.51.145, 10.27.51.147] upstream gateway",
        "        |   |   |-- dns 172.20.0.53",
        "        |   |   `-- [10.27.51.145, 10.27.51.147] registry",
        "        |   `-- [30.0.0.16, 30.0.0.5 fails] dns 172.20.0.53",
        "        `-- [30.0.0.16, 30.0.0.5] edge02",
        "            `-- [10.27.51.145, 10.27.51.147] upstream gateway",
        "pod/vnet-domain-c8",
        "`-- [192.168.128.2 some fail] vnet-domain-c8",
        "    `-- [30.0.0.16 some fail] T0-wld01",
        "lost: Supervisor pod -> dns 172.20.0.53: answer lost at upstream gateway, no route",
        "lost: TKG pod -> dns 172.20.0.53: answer lost at upstream gateway, no route",
    ]


def test_dot_draws_verdicts_as_colours_and_unused_connections_without_an_arrow(picture: Picture) -> None:
    rows = [row for row in dot(picture).splitlines() if " -> " in row and "label=" in row and "color=" in row]
    assert len(rows) == len(picture.lines)
    by_style = {style: [row for row in rows if f"style={style}" in row] for style in ("solid", "dashed", "dotted")}
    assert {name: len(found) for name, found in by_style.items()} == {"solid": 4, "dashed": 6, "dotted": 1}
    assert "arrowhead=none" in by_style["dotted"][0]
    assert not any("arrowhead=none" in row for row in by_style["solid"])


def test_only_the_domains_own_tier1s_are_drawn(golden: WorkloadDomain) -> None:
    view = view_of(golden)
    other = {"/infra/tier-1s/other": {"id": "other", "tier0_path": view.gateway}}
    titles = [box.title for box in picture_of(view.changed({**view.objects, **other})).boxes]
    assert "other" not in titles
    assert "domain-c8" in titles


def test_what_is_lost_is_said_in_words(picture: Picture) -> None:
    assert picture.lost[0] == "Supervisor pod -> dns 172.20.0.53: answer lost at upstream gateway, no route"


def test_an_edge_that_is_down_is_drawn_as_down(golden: WorkloadDomain) -> None:
    picture = picture_of(view_of(golden, down=frozenset({"edge01"})))
    box = next(box for box in picture.boxes if box.title == "edge01")
    assert box.down
    assert box.lines == ("down",)


def test_the_standby_edge_is_called_so(standby: WorkloadDomain) -> None:
    lines = {box.title: box.lines for box in picture_of(view_of(standby)).boxes}
    assert lines["edge02"][0] == "standby"
    assert "standby" not in lines["edge01"]


def test_the_tree_names_every_box_and_explains_each_once(picture: Picture) -> None:
    text = tree(picture)
    for box in picture.boxes:
        assert box.title in text
    assert text.count("172.20.0.254") == 1, "the upstream gateway's addresses are told once"
    assert "lost: TKG pod -> dns 172.20.0.53" in text


def test_mermaid_has_a_line_and_a_style_for_each_connection(picture: Picture) -> None:
    text = mermaid(picture)
    assert text.count("linkStyle") == len(picture.lines)
    assert text.count("subgraph") == text.count("\n    end\n") == 1
    assert '-.-x|"30.0.0.16, 30.0.0.5 fails"|' in text


@pytest.fixture
def hostile(picture: Picture) -> Picture:
    boxes = (*picture.boxes, Box(HOSTILE, NodeKind.HOST, HOSTILE, (HOSTILE,), HOSTILE))
    return replace(picture, title=HOSTILE, boxes=boxes)


def test_no_text_becomes_markup_in_mermaid(hostile: Any) -> None:
    text = mermaid(hostile).split("---\n", 2)[2]
    assert "<script>" not in text
    assert text.count("#lt;") + text.count("#60;") >= 2


def test_no_text_becomes_markup_in_svg(hostile: Any) -> None:
    root = _parsed(svg(hostile))
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert any("<script>alert(1)</script>" in (element.text or "") for element in root.iter())


def test_graphviz_takes_the_dot_without_a_word(picture: Picture) -> None:
    done = subprocess.run([layouter(), "-Tsvg"], input=dot(picture), text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_svg_shows_every_box_and_needs_nothing_from_elsewhere(picture: Picture) -> None:
    text = svg(picture)
    shown = {element.text for element in _parsed(text).iter() if element.tag.endswith("text")}
    for box in picture.boxes:
        assert box.title in shown
    assert "href" not in text.replace("xmlns:xlink", "")

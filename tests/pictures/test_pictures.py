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
from egress.pictures.palette import LIGHT
from egress.pictures.picture import Box, Line, Picture, draw
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


def test_a_leg_carries_how_packets_fare_on_it_and_whose_they_are(picture: Picture) -> None:
    lines = {(line.start, line.end): line for line in picture.lines}
    assert lines["T0-wld01/edge02", "upstream gateway"].result is Result.ALL
    assert lines["T0-wld01/edge02", "upstream gateway"].label == "10.27.51.145, 10.27.51.147"
    assert lines["T0-wld01/edge01", "dns 172.20.0.53"].result is Result.ALL, "the lookup arrives"
    assert lines["upstream gateway", "dns 172.20.0.53"].result is Result.NONE, "its answer is what is lost"
    assert lines["upstream gateway", "dns 172.20.0.53"].label == "answers to 30.0.0.5, 30.0.0.16"
    assert lines["upstream gateway", "dns 172.20.0.53"].back
    assert not lines["upstream gateway", "registry"].back


def test_a_box_says_that_packets_are_lost_there_and_why(picture: Picture) -> None:
    assert {box.title: box.lost for box in picture.boxes if box.lost} == {"upstream gateway": ("no route",)}


def test_the_lines_of_the_golden_picture_are_these(picture: Picture) -> None:
    inner = "30.0.0.5, 30.0.0.16"
    outer = "10.27.51.145, 10.27.51.147"
    assert [(line.start, line.end, line.label, line.result) for line in picture.lines] == [
        ("pod/domain-c8", "domain-c8", "10.244.0.98", Result.ALL),
        ("domain-c8", "T0-wld01/dr", "30.0.0.5", Result.ALL),
        ("pod/vnet-domain-c8", "vnet-domain-c8", "192.168.128.2", Result.ALL),
        ("vnet-domain-c8", "T0-wld01/dr", "30.0.0.16", Result.ALL),
        ("T0-wld01/dr", "T0-wld01/edge01", inner, Result.ALL),
        ("T0-wld01/dr", "T0-wld01/edge02", inner, Result.ALL),
        ("T0-wld01/edge01", "upstream gateway", outer, Result.ALL),
        ("T0-wld01/edge02", "upstream gateway", outer, Result.ALL),
        ("T0-wld01/edge01", "dns 172.20.0.53", inner, Result.ALL),
        ("T0-wld01/edge02", "dns 172.20.0.53", inner, Result.ALL),
        ("upstream gateway", "dns 172.20.0.53", f"answers to {inner}", Result.NONE),
        ("upstream gateway", "registry", outer, Result.ALL),
    ]


def without(view: View, *paths: str) -> View:
    return view.changed({path: body for path, body in view.objects.items() if not path.endswith(paths)})


@pytest.mark.parametrize(
    ("gone", "lost_at", "painted"),
    [
        (("default-route",), {"T0-wld01/edge01", "T0-wld01/edge02", "upstream gateway"}, ("T0-wld01/dr", "T0-wld01/edge02", Result.SOME)),
        (("egress-supervisor",), {"upstream gateway"}, ("upstream gateway", "registry", Result.SOME)),
        (("egress-supervisor", "egress-tkg"), {"upstream gateway"}, ("upstream gateway", "registry", Result.SOME)),
    ],
)  # fmt: skip
def test_what_is_taken_away_reddens_the_leg_that_loses_the_packet(
    golden: WorkloadDomain, gone: tuple[str, ...], lost_at: set[str], painted: tuple[str, str, Result]
) -> None:
    picture = picture_of(without(view_of(golden), *gone))
    assert {box.id for box in picture.boxes if box.lost} == lost_at
    assert painted in [(line.start, line.end, line.result) for line in picture.lines]


@pytest.mark.parametrize("gone", [(), ("default-route",), ("egress-supervisor",), ("egress-tkg",), ("-route", "-tkg")])
@pytest.mark.parametrize("down", [frozenset(), frozenset({"edge01"})])
def test_a_leg_is_painted_as_losing_exactly_where_a_walked_path_ends(
    golden: WorkloadDomain, gone: tuple[str, ...], down: frozenset[str]
) -> None:
    view = without(view_of(golden, down=down), *gone) if gone else view_of(golden, down=down)
    asked = answers(view, Ask())
    ends = set()
    for answer in asked:
        for path in answer.finding.verdict.failing:
            hops = path.back or path.forward
            if len(hops) > 1:
                ends.add(frozenset((hops[-2].node, hops[-1].node)))
    lines = draw(view, asked).lines
    losing = {frozenset((line.start, line.end)) for line in lines if line.result in (Result.NONE, Result.SOME)}
    assert losing == ends


def test_the_tree_of_the_golden_picture_reads_like_this(picture: Picture) -> None:
    rows = [row.split(" (")[0] for row in tree(picture).splitlines()]
    assert rows == [
        "wld01: the domain file, as if applied",
        "pod/domain-c8",
        "`-- [10.244.0.98] domain-c8",
        "    `-- [30.0.0.5] T0-wld01",
        "        |-- [30.0.0.5, 30.0.0.16] edge01",
        "        |   |-- [10.27.51.145, 10.27.51.147] upstream gateway",
        "        |   |   |-- [answers to 30.0.0.5, 30.0.0.16 lost] dns 172.20.0.53",
        "        |   |   `-- [10.27.51.145, 10.27.51.147] registry",
        "        |   `-- [30.0.0.5, 30.0.0.16] dns 172.20.0.53",
        "        `-- [30.0.0.5, 30.0.0.16] edge02",
        "            |-- [10.27.51.145, 10.27.51.147] upstream gateway",
        "            `-- [30.0.0.5, 30.0.0.16] dns 172.20.0.53",
        "pod/vnet-domain-c8",
        "`-- [192.168.128.2] vnet-domain-c8",
        "    `-- [30.0.0.16] T0-wld01",
        "lost: Supervisor pod -> dns 172.20.0.53: answer lost at upstream gateway, no route",
        "lost: TKG pod -> dns 172.20.0.53: answer lost at upstream gateway, no route",
    ]


def test_dot_draws_what_becomes_of_packets_as_colours_and_an_unused_connection_without_an_arrow(
    golden: WorkloadDomain,
) -> None:
    picture = picture_of(view_of(golden.model_copy(update={"dns_servers": ()})))
    unused = replace(picture, lines=(*picture.lines, Line("registry", "upstream gateway")))
    rows = [row for row in dot(unused).splitlines() if " -> " in row and "label=" in row and "color=" in row]
    assert len(rows) == len(unused.lines)
    assert [row for row in rows if "style=dotted" in row] == [row for row in rows if "arrowhead=none" in row] != []
    (lost,) = [row for row in dot(picture_of(view_of(golden))).splitlines() if "style=dashed" in row and " -> " in row]
    assert "dir=back" in lost
    assert LIGHT.bad in lost


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
    assert '-.-x|"answers to 30.0.0.5, 30.0.0.16 lost"|' in text
    assert 'legend["' in text


@pytest.fixture
def hostile(picture: Picture) -> Picture:
    boxes = (*picture.boxes, Box(HOSTILE, NodeKind.HOST, HOSTILE, (HOSTILE,), HOSTILE))
    return replace(picture, title=HOSTILE, boxes=boxes)


def test_no_text_becomes_markup_in_mermaid(hostile: Any) -> None:
    text = mermaid(hostile).split("---\n", 2)[2]
    assert "<script>" not in text
    assert text.count("#lt;") + text.count("#60;") >= 2


@pytest.mark.slow
def test_no_text_becomes_markup_in_svg(hostile: Any) -> None:
    root = _parsed(svg(hostile))
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert any("<script>alert(1)</script>" in (element.text or "") for element in root.iter())


@pytest.mark.slow
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("bare", [False, True])
def test_graphviz_takes_the_dot_without_a_word(picture: Picture, down: bool, bare: bool) -> None:
    text = dot(picture, down=down, bare=bare)
    done = subprocess.run([layouter(), "-Tsvg"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_the_svg_shows_every_box_and_needs_nothing_from_elsewhere(picture: Picture) -> None:
    text = svg(picture)
    shown = {element.text for element in _parsed(text).iter() if element.tag.endswith("text")}
    for box in picture.boxes:
        assert box.title in shown
    assert "href" not in text.replace("xmlns:xlink", "")

"""The report: what it tells, and how it reads on a telephone, in the dark and on paper."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.assumptions import assumptions
from egress.answers.returns import missing_routes
from egress.answers.route_text import FORMATS, ROUTERS, SERVERS, TITLES
from egress.checks import check
from egress.domain import WorkloadDomain
from egress.pictures.drawing import svg
from egress.pictures.page import Content, page
from egress.pictures.picture import draw
from egress.reachability.view import view as view_of
from tests.nsx_lab.manager.http.browser import BROKEN, CUT, PALE, Browser, wanted_here

pytestmark = pytest.mark.slow


def report(domain: WorkloadDomain, on: str | None = None) -> str:
    """The page of a domain. on: another machine than the one that lacks the routes."""
    view = view_of(domain)
    found = answers(view, Ask())
    picture = draw(view, found)
    routes = missing_routes(view, [answer.finding for answer in found])
    routes = tuple(replace(route, on=on) for route in routes) if on else routes
    judged = check([domain]).about("wld01")
    return page(Content(view, svg(picture), svg(picture, down=True), judged, found, routes, "2026-11-26"))


def words(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "\n", text))


def test_it_says_its_assumptions_itself(golden: WorkloadDomain) -> None:
    text = words(report(golden))
    told = list(assumptions(view_of(golden)))
    assert len(told) > 5
    for sentence in told:
        assert sentence in text
    assert "docs/" not in text, "who gets it by mail has no docs"


def test_a_server_is_told_how_to_write_its_route_and_which_formats_are_left_out(golden: WorkloadDomain) -> None:
    text = words(report(golden))
    assert "On dns 172.20.0.53" in text
    for name in SERVERS:
        assert TITLES[name] in text
    assert "ip route replace 30.0.0.0/24 nexthop via 172.20.0.1 nexthop via 172.20.0.2" in text
    assert "route -p ADD 30.0.0.0 MASK 255.255.255.0 172.20.0.1" in text
    assert "taken for a server and these are for routers: ios, nxos, junos, vyos" in text
    assert "egress routes wld01 --format ios" in text


def test_a_router_is_told_so_in_the_languages_of_routers(golden: WorkloadDomain) -> None:
    text = words(report(golden, on="upstream gateway"))
    assert "On upstream gateway" in text
    for name in ROUTERS:
        assert TITLES[name] in text
    assert "taken for a router and these are for servers: netplan, windows" in text


def test_no_format_is_passed_over_in_silence() -> None:
    assert set(SERVERS) | set(ROUTERS) == set(FORMATS) == set(TITLES)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    wanted_here()
    with Browser(tmp_path) as found:
        yield found


@pytest.fixture
def opened(browser: Browser, tmp_path: Path, golden: WorkloadDomain) -> Browser:
    (tmp_path / "report.html").write_text(report(golden))
    browser.go((tmp_path / "report.html").as_uri())
    browser.until_it_says("Assumed")
    return browser


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_well_at_every_width_and_in_the_dark(opened: Browser, width: int, scheme: str) -> None:
    opened.sees(width, scheme)
    assert opened.value(BROKEN) == []
    assert opened.value(CUT) == []
    assert opened.value(PALE) == []
    ground = opened.value("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(13, 17, 23)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert opened.value("[...document.querySelectorAll('svg')].filter(one => one.checkVisibility()).length") == 1
    assert opened.complaints == []


def test_on_a_telephone_rows_are_stacked_and_the_picture_stands_upright(opened: Browser) -> None:
    opened.sees(390)
    assert opened.value("getComputedStyle(document.querySelector('td')).display") == "block"
    label = "getComputedStyle(document.querySelectorAll('td')[1], '::before').content"
    assert opened.value(label) == '"verdict: "'
    tall = "document.querySelector('.tall svg').getBoundingClientRect()"
    assert opened.value(f"{tall}.height > {tall}.width"), "from the top to the bottom"
    assert opened.value(f"{tall}.width > 300")


def test_paper_is_white_whatever_the_screen_is_and_nothing_runs_out_of_it(opened: Browser) -> None:
    opened.sees(720, "dark", medium="print")
    assert opened.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.value("getComputedStyle(document.querySelector('.tall text')).fill") == "rgb(31, 35, 40)"
    assert opened.value("document.querySelector('details').checkVisibility()") is False
    assert opened.value(CUT) == []
    assert opened.value(PALE) == []

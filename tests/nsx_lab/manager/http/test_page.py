"""The page at /_lab/: who gets in, what it tells, and what a browser makes of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from nsx_lab import Lab
from nsx_lab.cli import main
from nsx_lab.manager.http.view import ENTRIES_SHOWN, ROWS_SHOWN, TIER0S_SHOWN, view
from nsx_lab.manager.http.visitors import PASSES_KEPT, Visitors
from tests.nsx_lab.manager.http.browser import BROKEN, CUT, PALE, Browser, wanted_here

ClientOf = Callable[..., httpx.Client]
TIER0 = "/infra/tier-0s/T0-wld01"
RULE = f"{TIER0}/nat/USER/nat-rules/nat-vm-a"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture
def web(lab: Lab, client_of: ClientOf) -> httpx.Client:
    """A client of everything below the lab's address, without credentials."""
    return client_of(lab, base="", auth=None)


@pytest.fixture
def browser(lab: Lab, tmp_path: Path) -> Iterator[Browser]:
    wanted_here()
    with Browser(tmp_path, lab) as opened:
        yield opened


def ticket(address: str) -> dict[str, str]:
    return {"Authorization": f"Ticket {address.partition('#')[2]}"}


def entered(lab: Lab, web: httpx.Client) -> dict[str, str]:
    """Headers of somebody who came in by a link."""
    return {"Authorization": f"Pass {web.post('/_lab/page/enter', headers=ticket(lab.page())).json()['pass']}"}


# who gets in


def test_the_page_itself_holds_nothing_of_the_lab(lab: Lab, web: httpx.Client) -> None:
    answer = web.get("/_lab/")
    assert answer.status_code == 200
    for secret in (lab.control_token, lab.password, "T0-wld01"):
        assert secret not in answer.text
    assert web.get("/_lab", follow_redirects=True).text == answer.text


def test_the_page_may_run_its_own_script_and_ask_its_own_lab(web: httpx.Client) -> None:
    answer = web.get("/_lab/")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert re.fullmatch(r"'sha256-[\w+/=]+'", policy["script-src"])
    assert re.fullmatch(r"'sha256-[\w+/=]+'", policy["style-src"])
    assert policy["require-trusted-types-for"] == "'script'"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_names_no_other_host_and_makes_no_markup_of_text(web: httpx.Client) -> None:
    text = web.get("/_lab/").text
    assert "//" not in re.sub(r"^\s*// .*$", "", text, flags=re.MULTILINE)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_a_link_opens_the_page_once(lab: Lab, web: httpx.Client) -> None:
    link = lab.page()
    assert web.post("/_lab/page/enter", headers=ticket(link)).status_code == 200
    again = web.post("/_lab/page/enter", headers=ticket(link))
    assert again.status_code == 401
    assert "used already" in again.json()["error"]


def test_a_pass_lets_look_and_nothing_else(lab: Lab, web: httpx.Client) -> None:
    headers = entered(lab, web)
    assert web.get("/_lab/page/view", headers=headers).status_code == 200
    bearer = {"Authorization": headers["Authorization"].replace("Pass", "Bearer")}
    for shown in (headers, bearer):
        assert web.post("/_lab/reset", headers=shown).status_code == 401
        assert web.get("/_lab/objects", headers=shown).status_code == 401
        assert web.post("/_lab/page", headers=shown).status_code == 401
        assert web.get("/policy/api/v1/infra/tier-0s", headers=shown).status_code == 403
    assert web.post("/_lab/page/view", headers=headers).status_code == 405


@pytest.mark.parametrize("shown", ["", "Pass", "Pass wrong", "Pass \xe9", "Ticket wrong", "Basic YTpi"])
def test_without_a_pass_nothing_is_shown(web: httpx.Client, shown: str) -> None:
    headers = {b"Authorization": shown.encode("latin-1")}
    assert web.get("/_lab/page/view", headers=headers).status_code == 401
    assert web.post("/_lab/page/enter", headers=headers).status_code == 401


def test_a_ticket_is_no_pass_and_neither_is_the_control_token(lab: Lab, web: httpx.Client) -> None:
    link = lab.page().partition("#")[2]
    for word in (link, lab.control_token, lab.password):
        assert web.get("/_lab/page/view", headers={"Authorization": f"Pass {word}"}).status_code == 401


def test_the_oldest_pass_gives_way() -> None:
    visitors = Visitors()
    passes = [visitors.enter(visitors.ticket()) or "" for _ in range(PASSES_KEPT + 1)]
    assert not visitors.may_look(passes[0])
    assert all(visitors.may_look(one) for one in passes[1:])


def test_the_command_prints_a_link_and_the_fingerprint_to_compare(lab: Lab, web: httpx.Client, tmp_path: Path) -> None:
    lab.write_lab_file(tmp_path / "lab.json")
    done = CliRunner().invoke(main, ["page", "--lab-file", str(tmp_path / "lab.json")])
    assert done.exit_code == 0, done.output
    assert re.fullmatch(rf"{lab.url}/_lab/#[\w-]{{32}}\n", done.stdout)
    assert re.search(r"certificate SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}", done.stderr)
    assert lab.control_token not in done.output
    assert web.post("/_lab/page/enter", headers=ticket(done.stdout.strip())).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("with_file", [True, False])
def test_serve_prints_a_link_only_where_no_lab_file_leads_to_one(with_file: bool, tmp_path: Path) -> None:
    file = ["--lab-file", str(tmp_path / "lab.json")] if with_file else []
    serving = subprocess.Popen([sys.executable, "-m", "nsx_lab", "serve", *file], stdout=subprocess.PIPE, text=True)
    try:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("lab ready at https://")
    finally:
        serving.terminate()
        assert serving.stdout is not None
        with serving.stdout:
            rest = serving.stdout.read()
        serving.wait(30)
    assert ("/_lab/#" in rest) is not with_file


# what it tells


def shown(lab: Lab, since: int = 0, named: str = "") -> dict[str, Any]:
    with lab.world.manager.lock:
        return json.loads(json.dumps(view(lab.world, since, named)))  # type: ignore[no-any-return]


def test_a_tier0_is_shown_with_all_that_stands_on_it(
    lab: Lab, api: httpx.Client, rule: dict[str, Any], route: dict[str, Any]
) -> None:
    api.patch(RULE, json=rule)
    api.patch(f"{TIER0}/static-routes/default-route", json=route)
    (tier0,) = shown(lab)["tier0s"]
    assert [(one["id"], one["addresses"], one["edge"]) for one in tier0["interfaces"]] == [
        ("edge01-uplink1", ["10.27.51.145/24"], "edge01"),
        ("edge02-uplink1", ["10.27.51.147/24"], "edge02"),
        ("services", ["172.20.0.1/24"], ""),
    ]
    assert tier0["routes"][0]["hops"] == [{"address": "10.27.51.1", "distance": 1, "scope": []}]
    (nat,) = tier0["rules"]
    assert (nat["action"], nat["source"], nat["destination"], nat["translated"], nat["state"]) == (
        "REFLEXIVE",
        "30.0.0.5",
        "any",
        "10.27.51.145",
        "REALIZED",
    )
    assert tier0["tier1s"] == ["domain-c8", "vnet-domain-c8"]


def test_an_error_is_shown_with_its_alarm_and_looking_is_no_poll(
    lab: Lab, api: httpx.Client, rule: dict[str, Any]
) -> None:
    api.patch(RULE, json=rule)
    lab.control.realization(RULE, "ERROR", "no room", polls=1)
    for _ in range(3):
        (tier0,) = shown(lab)["tier0s"]
        assert (tier0["rules"][0]["state"], tier0["rules"][0]["alarms"]) == ("ERROR", ["no room"])


def test_what_is_deleted_is_shown_until_it_has_left(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    lab.control.clock(hold=True)
    lab.control.realization(delay=5)
    api.delete(RULE)
    assert [one["state"] for one in shown(lab)["tier0s"][0]["rules"]] == ["LEAVING"]
    lab.control.clock(advance=6)
    assert shown(lab)["tier0s"][0]["rules"] == []


def test_the_journal_is_told_from_a_number_on_and_without_bodies(lab: Lab, api: httpx.Client) -> None:
    api.get("/infra/tier-0s")
    api.get("/infra/tier-0s/none")
    told = shown(lab, since=1)
    assert [(entry["seq"], entry["status"]) for entry in told["journal"]] == [(2, 404)]
    assert "body" not in told["journal"][0]
    assert (told["first"], told["last"]) == (1, 2)
    lab.control.reset()
    assert (shown(lab)["first"], shown(lab)["journal"]) == (3, [])


def test_much_is_cut_and_said_to_be(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    tier0s = [{"resource_type": "ChildTier0", "Tier0": {"id": f"more-{n}"}} for n in range(TIER0S_SHOWN)]
    lab.control.seed({"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": tier0s}})
    for number in range(ROWS_SHOWN + 1):
        address = {"source_network": f"30.1.{number}.1", "translated_network": f"10.28.{number}.1"}
        api.patch(f"{RULE}-{number}", json={**rule, **address, "id": f"nat-vm-a-{number}"}).raise_for_status()
    told = shown(lab)
    assert (len(told["tier0s"]), told["tier0s_found"]) == (TIER0S_SHOWN, TIER0S_SHOWN + 1)
    assert told["tier0s"][0]["left_off"] == {"rules": 1}
    assert len(told["tier0s"][0]["rules"]) == ROWS_SHOWN
    assert len(told["journal"]) == ENTRIES_SHOWN
    assert [one["id"] for one in shown(lab, named="MORE-7")["tier0s"]] == ["more-7"]


# what a browser makes of it


@pytest.mark.slow
def test_a_browser_shows_the_lab_live(
    browser: Browser, lab: Lab, api: httpx.Client, rule: dict[str, Any], route: dict[str, Any]
) -> None:
    browser.go(lab.page())
    browser.until_it_says("edge02-uplink1")
    browser.until_it_says("no NAT rules")
    assert browser.value("location.href") == f"{lab.url}/_lab/", "the ticket has left the address bar"
    api.patch(RULE, json=rule)
    api.patch(f"{TIER0}/static-routes/default-route", json=route)
    browser.until_it_says("PATCH /policy/api/v1" + RULE)
    browser.until_it_says("0.0.0.0/0")
    lab.control.realization(RULE, "ERROR", "the edge has no room")
    browser.until_it_says("the edge has no room")
    lab.control.reset()
    browser.until("!document.body.innerText.includes('PATCH')")
    assert browser.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_numbers_and_words_stay_whole_and_nothing_is_cut(
    browser: Browser, lab: Lab, api: httpx.Client, rule: dict[str, Any], route: dict[str, Any], width: int
) -> None:
    api.patch(RULE, json=rule | {"display_name": "wld01-egress-supervisor"})
    api.patch(f"{TIER0}/static-routes/default-route", json=route)
    for number in range(110):
        asked = (
            f"resource_type:PolicyNatRule AND id:(wld01-egress-supervisor OR wld01-egress-tkg OR wld01-egress-{number})"
        )
        api.get(
            "/search/query", params={"query": asked, "included_fields": "id,path,source_network,translated_network"}
        )
    browser.sees(width)
    browser.go(lab.page())
    browser.until_it_says("wld01-egress-109")
    assert (browser.value(BROKEN), browser.value(CUT)) == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(
    browser: Browser, lab: Lab, api: httpx.Client, rule: dict[str, Any], scheme: str
) -> None:
    api.patch(RULE, json=rule)
    api.get("/infra/tier-0s/none")
    lab.control.realization(RULE, "ERROR", "the edge has no room")
    browser.sees(1280, scheme)
    browser.go(lab.page())
    browser.until_it_says("the edge has no room")
    browser.until_it_says("404")
    assert browser.value(PALE) == []


@pytest.mark.slow
def test_a_browser_leaves_no_trace_in_the_journal(browser: Browser, lab: Lab) -> None:
    browser.go(lab.page())
    browser.until_it_says("no request yet")
    assert lab.control.journal() == []


@pytest.mark.slow
def test_hostile_names_stay_text(browser: Browser, lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json={**rule, "display_name": HOSTILE}).raise_for_status()
    api.get("/infra/tier-0s", params={"cursor": HOSTILE})
    lab.control.realization(RULE, "ERROR", HOSTILE)
    browser.go(lab.page())
    browser.until_it_says(HOSTILE)
    assert browser.value("document.querySelectorAll('img, main script').length") == 0
    assert browser.value("document.title") == "nsx-lab"
    assert browser.complaints == []


@pytest.mark.slow
def test_the_browser_itself_refuses_markup_and_strangers(browser: Browser, lab: Lab) -> None:
    browser.go(lab.page())
    browser.until_it_says("T0-wld01")
    assert (
        browser.value(
            "(() => { try { document.body.innerHTML = '<b>x</b>'; return ''; } catch (e) { return e.name; } })()"
        )
        == "TypeError"
    )
    assert browser.value("fetch('https://127.0.0.1:1/').then(() => 'asked', e => e.message)") == "Failed to fetch"
    assert any("Content Security Policy" in said and "connect-src" in said for said in browser.complaints)


@pytest.mark.slow
def test_a_used_link_says_how_to_get_another(browser: Browser, lab: Lab) -> None:
    link = lab.page()
    browser.go(link)
    browser.until_it_says("T0-wld01")
    browser.go("about:blank")
    browser.go(link)
    browser.until_it_says("This link was used already")
    browser.until_it_says("nsx-lab page prints another")
    assert not browser.value("document.body.innerText.includes('T0-wld01')")


@pytest.mark.slow
def test_the_page_has_a_light_and_a_dark_face(browser: Browser, lab: Lab, tmp_path: Path) -> None:
    browser.go(lab.page())
    browser.until_it_says("T0-wld01")
    light = browser.picture("light")
    papers = [browser.value("getComputedStyle(document.body).backgroundColor")]
    dark = browser.picture("dark")
    papers.append(browser.value("getComputedStyle(document.body).backgroundColor"))
    assert papers == ["rgb(251, 251, 250)", "rgb(20, 24, 27)"]
    assert min(len(light), len(dark)) > 20_000, "a page with something on it, not a blank one"


def test_without_a_browser_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.nsx_lab.manager.http.browser.CHROMIUM", None)
    monkeypatch.setitem(os.environ, "TESTS_SKIP_NOTHING", "1")
    with pytest.raises(pytest.fail.Exception, match="no Chromium"):
        wanted_here()

"""explain, routes, diagnose, topology and report as a user meets them: exit codes, words, JSON, files."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.cli.conftest import Run

REPOSITORY = Path(__file__).resolve().parents[2]
RETURN_ROUTE = "\nreturn_routes: [{host: 172.20.0.53, to: 30.0.0.0/24, via: [172.20.0.1, 172.20.0.2]}]\n"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TIMEOUT = (
    'Failed to pull image "k8s.gcr.io/busybox": rpc error: code = Unknown desc = Error response from daemon: Get '
    "https://k8s.gcr.io/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while "
    "awaiting headers)"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the golden domain in which all four steps are done."""
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    text = (REPOSITORY / "domains/wld01.yaml").read_text()
    (tmp_path / "domains/wld01.yaml").write_text(text + RETURN_ROUTE)
    return tmp_path


@pytest.fixture
def edit(project: Path) -> Callable[[str, str], None]:
    """Changes the domain file."""
    file = project / "domains/wld01.yaml"

    def change(old: str, new: str) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


def test_explain_says_that_everything_works_and_exits_0(run: Run) -> None:
    code, text = run("explain", "wld01")
    assert code == 0
    assert text.count("works") == 5
    assert "fails" not in text


def test_explain_names_the_hop_the_reason_the_object_and_the_symptom_and_exits_2(run: Run, edit: Any) -> None:
    edit(RETURN_ROUTE, "")
    code, text = run("explain", "wld01")
    assert code == 2
    assert 'image pulls end with "lookup ...: i/o timeout"' in text
    assert "upstream gateway: the answer 172.20.0.53 -> 30.0.0.16 is lost, no route" in text
    assert "add on dns 172.20.0.53: 30.0.0.0/24 via 172.20.0.1, 172.20.0.2" in text


def test_explain_without_an_edge_names_the_edge(run: Run) -> None:
    code, text = run("explain", "wld01", "--without", "edge02")
    assert code == 2
    assert "10.27.51.147 is an interface address of edge02, which is down" in text


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("edge01-uplink1", "it ends at  T0-wld01/edge01: the answer 30.0.1.1 -> 198.51.100.10 is lost, no route"),
        ("10.27.51.1", "answers for 10.27.51.1, which was taken away, and it is still a next hop"),
        ("10.27.51.0/24", "a second next hop, on another VLAN and watched by BFD, takes over"),
    ],
)
def test_explain_without_an_uplink_a_router_or_a_vlan(run: Run, lost: str, said: str) -> None:
    code, text = run("explain", "wld01", "--without", lost)
    assert code == 2
    assert f"(the domain file, as if applied, without {lost})" in text
    assert said in text
    code, text = run("explain", "wld01", "--without", lost, "--json")
    assert json.loads(text)[0]["without"] == [lost]


def test_check_carries_the_what_if_matrix(run: Run) -> None:
    code, text = run("check")
    assert code == 0
    assert "wld01: without edge edge02: " in text
    assert "flows work; sometimes: " in text
    code, text = run("check", "--json")
    (matrix,) = json.loads(text)["what_if"].values()
    assert {one["without"]["kind"] for one in matrix} == {"edge", "uplink", "router", "VLAN"}
    code, text = run("check", "--no-what-if")
    assert "without edge" not in text


@pytest.mark.slow
def test_the_report_shows_the_what_if_matrix(run: Run, project: Path) -> None:
    run("report", "wld01", "-o", "report.html")
    page = (project / "report.html").read_text()
    assert "<h2>What if</h2>" in page
    assert "edge edge02" in page


def test_check_of_a_file_with_an_error_asks_what_is_wrong_and_not_what_if(run: Run, edit: Any) -> None:
    edit("translated: 10.27.51.147", "translated: 10.27.51.145")
    code, text = run("check")
    assert code == 2
    assert "without edge" not in text


def test_explain_with_hops_shows_every_node_there_and_back(run: Run) -> None:
    code, text = run("explain", "wld01", "--from", "tkg", "--to", "registry", "--hops")
    assert code == 0
    assert "path 2 of 2" in text
    assert "becomes 10.27.51.147 -> 198.51.100.10 by wld01-egress-tkg" in text
    assert "back   pod/vnet-domain-c8" in text


def test_explain_json_is_one_value_with_everything(run: Run) -> None:
    code, text = run("explain", "wld01", "--from", "supervisor", "--to", "registry", "--json")
    (value,) = json.loads(text)
    assert code == 0
    assert value["stack"] == "wld01"
    assert value["answers"][0]["seen"] == ["10.27.51.145"]
    assert value["answers"][0]["paths"][0]["forward"][3]["rules"] == ["wld01-egress-supervisor"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "nope"], "no stack 'nope', there are: wld01"),
        (["explain", "wld01", "--to", "10.0.0.300"], "'10.0.0.300' is no address"),
        (
            ["explain", "wld01", "--without", "edge09"],
            "wld01 has no edge, uplink, router or VLAN 'edge09', there are: edge edge01, edge edge02, uplink",
        ),
        (["explain", "wld01", "--plan", "missing.json"], "the plan 'missing.json' is not there"),
        (["diagnose", "wld01", "--from", "x", "events.txt"], "wld01 has no mapping or Tier-1 'x'"),
        (["topology", "wld01", "-o", "no/such/folder.svg"], "cannot be written"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_1(run: Run, project: Path, arguments: list[str], said: str) -> None:
    (project / "events.txt").write_text(TIMEOUT)
    code, text = run(*arguments)
    assert code == 1
    assert said in text


def test_a_plan_of_another_version_is_refused(run: Run) -> None:
    code, text = run("explain", "wld01", "--plan", "-", stdin='{"format_version": "9.0", "planned_values": {}}')
    assert (code, "format version '9.0', allowed is 1.x" in text) == (1, True)


def test_a_plan_file_itself_is_told_from_its_json(run: Run, project: Path) -> None:
    (project / "tfplan").write_bytes(b"PK\x03\x04")
    code, text = run("explain", "wld01", "--plan", "tfplan")
    assert (code, "is a plan file, which only its engine can read" in text) == (1, True)


def test_after_a_plan_that_leaves_nothing_everything_fails(run: Run) -> None:
    plan = json.dumps({"format_version": "1.2", "planned_values": {"root_module": {}}})
    code, text = run("explain", "wld01", "--plan", "-", stdin=plan)
    assert code == 2
    assert "after the plan" in text
    assert "the default route 0.0.0.0/0 is missing" in text


def test_live_reads_the_lab_and_says_so(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Lab(seed=seed(load_domains(project))) as lab:
        lab.write_lab_file(project / "lab.json")
        monkeypatch.setenv("EGRESS_LAB", str(project / "lab.json"))
        code, text = run("explain", "wld01", "--live")
    assert code == 2
    assert f"the lab {lab.host}" in text
    assert "apply wld01-default-route: 0.0.0.0/0 via 10.27.51.1" in text


def test_routes_prints_nothing_missing_and_exits_0(run: Run) -> None:
    code, text = run("routes", "wld01")
    assert (code, "no route is missing outside NSX" in text) == (0, True)


def test_routes_prints_what_is_missing_and_exits_2(run: Run, edit: Any) -> None:
    edit(RETURN_ROUTE, "")
    code, text = run("routes", "wld01", "--format", "linux")
    assert (code, text) == (
        2,
        "# on dns 172.20.0.53\nip route replace 30.0.0.0/24 nexthop via 172.20.0.1 nexthop via 172.20.0.2\n",
    )


def test_routes_with_all_shows_what_is_taken_for_granted(run: Run) -> None:
    code, text = run("routes", "wld01", "--all", "--format", "nxos")
    assert code == 0
    assert "ip route 30.0.1.0/24 10.27.51.147" in text


def test_routes_json_tells_missing_and_assumed_apart(run: Run, edit: Any) -> None:
    edit(RETURN_ROUTE, "")
    (value,) = json.loads(run("routes", "wld01", "--json")[1])
    assert [route["to"] for route in value["missing"]] == ["30.0.0.0/24"]
    assert [route["to"] for route in value["assumed"]] == ["30.0.1.0/24"]


def test_diagnose_joins_the_text_with_what_is_missing(run: Run, edit: Any) -> None:
    edit("  tkg: {source: 30.0.0.16, translated: 10.27.51.147}\n", "")
    code, text = run("diagnose", "wld01", stdin=TIMEOUT)
    assert code == 2
    assert "connection timed out: k8s.gcr.io" in text
    assert "this domain has no NAT for 30.0.0.16" in text


def test_diagnose_json_names_the_missing_object(run: Run, edit: Any) -> None:
    edit("default_route:\n  next_hops: [{address: 10.27.51.1}]", "default_route:\n  next_hops: [{address: 10.27.99.1}]")
    code, text = run("diagnose", "wld01", "--json", stdin=TIMEOUT)
    value = json.loads(text)
    assert code == 2
    assert value["failures"][0]["cause"] == "connection timed out"
    assert value["failures"][0]["missing"][0]["missing"] == "next hop"


@pytest.mark.parametrize(
    ("stdin", "code", "said"),
    [
        ("", 1, "nothing to read"),
        ("Name: web\nStatus: Running\n", 1, "no failure text that is known here"),
        ('Back-off pulling image "a"', 1, "only back-off events here"),
        ('Successfully pulled image "a" in 1s', 0, "nothing failed"),
        (b"\xff\xfe\x00", 1, "no failure text that is known here"),
    ],
)
def test_diagnose_says_what_it_needs_when_there_is_nothing_to_tell(run: Run, stdin: str, code: int, said: str) -> None:
    assert (run("diagnose", "wld01", stdin=stdin)[0], said in run("diagnose", "wld01", stdin=stdin)[1]) == (code, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "start"), [("tree", "wld01: "), ("mermaid", "---\n"), ("svg", "<svg"), ("dot", "digraph")]
)
def test_topology_prints_each_format(run: Run, form: str, start: str) -> None:
    code, text = run("topology", "wld01", "--format", form)
    assert code == 0
    assert text.startswith(start)


@pytest.mark.slow
def test_topology_writes_a_file(run: Run, project: Path) -> None:
    assert run("topology", "wld01", "--format", "svg", "-o", "wld01.svg")[0] == 0
    assert (project / "wld01.svg").read_text().startswith("<svg")


@pytest.mark.slow
def test_report_writes_one_page_with_all_of_it(run: Run, project: Path, edit: Any) -> None:
    edit(RETURN_ROUTE, "")
    code, _ = run("report", "wld01", "-o", "report.html")
    page = (project / "report.html").read_text()
    assert code == 2
    for part in (
        "3 of 5 flows work",
        "<svg",
        "translated-is-interface",
        "ip route replace 30.0.0.0/24",
        "TKG pod -&gt; registry",
    ):
        assert part in page
    assert "<script" not in page
    assert "://" not in page.replace("http://www.w3.org/", "")


@pytest.mark.slow
def test_text_from_the_domain_file_cannot_become_markup(run: Run, project: Path, edit: Any) -> None:
    edit("edge01", "<img src=x onerror=alert(1)>")
    run("report", "wld01", "-o", "report.html")
    page = (project / "report.html").read_text()
    assert "<img" not in page
    assert "&lt;img src=x" in page


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian package chromium)")
def test_a_browser_shows_the_report_without_asking_anybody(run: Run, project: Path) -> None:
    run("report", "wld01", "-o", "report.html")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=2000",
        f"--user-data-dir={project / 'profile'}",
    ]
    picture = project / "page.png"
    page = (project / "report.html").as_uri()
    dumped = subprocess.run(
        [str(CHROMIUM), *flags, "--dump-dom", page], capture_output=True, text=True, timeout=120, check=True
    )
    assert "5 of 5 flows work" in dumped.stdout
    assert dumped.stdout.count("<text") > 20, "the picture is part of the page"
    assert "Content Security Policy" not in dumped.stderr, "nothing was refused"
    subprocess.run(
        [str(CHROMIUM), *flags, f"--screenshot={picture}", "--window-size=1300,1600", page],
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert picture.stat().st_size > 50_000, "a page with a picture on it, not a blank one"

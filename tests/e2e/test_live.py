"""`--live` means live: what the manager has now is walked and named, whatever the file says, and nothing is written."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

import egress.cli as cli
from egress.domain import EgressError, load_domains
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import project

pytestmark = pytest.mark.slow

T0 = "/infra/tier-0s/T0-wld01"
VNET, DEV = "/infra/tier-1s/vnet-domain-c8", "/infra/tier-1s/t1-ns-dev"
TIMEOUT = (
    'Failed to pull image "harbor.example.com/web:1": rpc error: code = Unknown desc = failed to resolve reference: '
    'Head "https://harbor.example.com/v2/web/manifests/1": net/http: request canceled while waiting for connection '
    "(Client.Timeout exceeded while awaiting headers)"
)
Run = Callable[..., tuple[int, str]]
Put = Callable[[str, dict[str, Any]], None]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab with the golden domain as it is once it is applied."""
    with Lab(seed=json.loads(json.dumps(seed(load_domains(project(tmp_path / "seed")))))) as lab:
        yield lab


@pytest.fixture
def put(lab: Lab) -> Iterator[Put]:
    """PATCHes an object, as somebody else does it."""
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    url = f"https://{lab.host}/policy/api/v1"
    with httpx.Client(base_url=url, verify=tls, auth=(lab.username, lab.password)) as api:

        def put(path: str, body: dict[str, Any]) -> None:
            answer = api.patch(path, json=body)
            assert answer.status_code == 200, answer.text

        yield put


@pytest.fixture
def run(tmp_path: Path, lab: Lab, put: Put, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command against the lab, on which the golden domain is applied; the journal begins after that."""
    root = project(tmp_path / "project")
    (domain,) = load_domains(root)
    for path, body in owned(domain).objects(GatewayKey.of(domain).path).items():
        if body and not path.endswith("/nat/USER"):
            put(path, body)
    lab.write_lab_file(tmp_path / "lab.json", stand_in=False)
    monkeypatch.setenv("EGRESS_LAB", str(tmp_path / "lab.json"))

    def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(cli.group, ["--root", str(root), *arguments], input=stdin, standalone_mode=False)
        if isinstance(done.exception, EgressError):
            return 1, f"egress: {done.exception}"
        if done.exception:
            raise done.exception
        return int(done.return_value or 0), done.output

    return run


def moved(put: Put) -> None:
    """TKG's Tier-1 moves from .16 to .17, and a third Tier-1 with .18 is hung below the Tier-0."""
    put(f"{VNET}/nat/USER/nat-rules/vnet-domain-c8-snat-0", snat("192.168.128.0/24", "30.0.0.17"))
    tier1(put, "t1-ns-dev", snat("10.246.0.0/24", "30.0.0.18"))


def snat(source: str, translated: str) -> dict[str, Any]:
    return {"action": "SNAT", "source_network": source, "translated_network": translated, "sequence_number": 0}


def tier1(put: Put, name: str, *rules: dict[str, Any], edges: bool = True) -> None:
    path = f"/infra/tier-1s/{name}"
    put(path, {"tier0_path": T0, "route_advertisement_types": ["TIER1_NAT", "TIER1_LB_VIP"]})
    cluster = "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges"
    put(f"{path}/locale-services/default", {"edge_cluster_path": cluster} if edges else {})
    for number, rule in enumerate(rules):
        put(f"{path}/nat/USER/nat-rules/snat-{number}", rule)


def verdicts(run: Run, *arguments: str) -> dict[str, str]:
    """Verdicts by question."""
    told = json.loads(run("explain", "wld01", "--live", "--json", *arguments)[1].partition("\n[")[2].join(["[", ""]))
    return {answer["question"]: answer["result"] for answer in told[0]["answers"]}


def test_a_moved_egress_address_and_a_new_namespace_fail_by_name(run: Run, put: Put) -> None:
    moved(put)
    code, told = run("explain", "wld01", "--live")
    assert code == 2
    assert "the file says that Tier-1 vnet-domain-c8 SNATs to 30.0.0.16, the manager SNATs to 30.0.0.17" in told
    assert "Tier-1 t1-ns-dev is not in the domain file: on the manager it SNATs to 30.0.0.18" in told
    pulls = {title: result for title, result in verdicts(run).items() if title.endswith("-> registry")}
    assert pulls == {
        "Supervisor pod -> registry": "all",
        "vnet-domain-c8 pod -> registry": "none",
        "t1-ns-dev pod -> registry": "none",
    }
    for address in ("30.0.0.17", "30.0.0.18"):
        assert f"source {address}" in told, "the mapping that is missing"


def test_diagnose_names_them_instead_of_the_firewall(run: Run, put: Put) -> None:
    moved(put)
    code, told = run("diagnose", "wld01", "--live", stdin=TIMEOUT)
    assert code == 2
    for who, address in (("vnet-domain-c8", "30.0.0.17"), ("t1-ns-dev", "30.0.0.18")):
        asked = [line for line in told.splitlines() if f"{who} pod -> harbor.example.com: " in line]
        assert len(asked) == 1, "one thing is missing, and what was tried is not advised to be taken away again"
        assert f"this domain has no NAT for {address}" in asked[0]
    assert "look at firewalls" not in told


@pytest.mark.parametrize("who", ["t1-ns-dev", "tkg", "30.0.0.18"])
def test_a_tier1_that_the_file_does_not_name_can_be_asked_about(run: Run, put: Put, who: str) -> None:
    moved(put)
    code, told = run("explain", "wld01", "--live", "--from", who)
    assert code == 2
    assert "fails" in told


def test_the_report_shows_the_tier1s_that_are_there(run: Run, put: Put, tmp_path: Path) -> None:
    moved(put)
    page = tmp_path / "wld01.html"
    code, _ = run("report", "wld01", "--live", "-o", str(page))
    assert code == 2
    text = page.read_text()
    assert "t1-ns-dev pod -&gt; registry" in text
    assert "the manager SNATs to 30.0.0.17" in text


def test_everything_is_read_by_get_and_counted(run: Run, put: Put, lab: Lab) -> None:
    moved(put)
    before = len(lab.control.journal())
    for command in ("explain", "routes", "topology"):
        run(command, "wld01", "--live")
    asked = lab.control.journal()[before:]
    assert {one["method"] for one in asked} == {"GET"}
    once = [one["path"] for one in asked[: len(asked) // 3]]
    assert len(once) == 17 + 3 + 3 * 2, "the Tier-0 and its surroundings, own objects, two for each Tier-1"
    refused = {one["path"] for one in asked if one["status"] != 200}
    assert refused == {"/policy/api/v1/orgs/default/projects"}, "this NSX is older than projects with VPCs"


def test_what_was_not_moved_works_as_the_file_says(run: Run) -> None:
    assert {title: result for title, result in verdicts(run).items() if "dns" not in title} == {
        "Supervisor pod -> registry": "all",
        "TKG pod -> registry": "all",
        "outside -> ingress": "all",
    }


def test_a_tier1_without_an_edge_cluster_translates_nothing(run: Run, put: Put) -> None:
    put(f"{VNET}/locale-services/default", {"edge_cluster_path": ""})
    code, told = run("explain", "wld01", "--live", "--from", "tkg")
    assert code == 2
    assert "Tier-1 vnet-domain-c8 has no edge cluster" in told
    assert "pods leave un-translated" in told
    assert "add a mapping" not in told, "no rule on the Tier-0 is the cure"


def test_a_route_whose_next_hop_does_not_answer_bfd_is_not_walked(run: Run, put: Put, lab: Lab) -> None:
    peer = f"{T0}/static-routes/bfd-peers/gw"
    put(peer, {"peer_address": "10.27.51.1", "bfd_profile_path": "/infra/bfd-profiles/default", "enabled": True})
    code, told = run("diagnose", "wld01", "--live", stdin=TIMEOUT)
    assert (
        "look at BFD before firewalls: BFD peer gw watches 10.27.51.1, the only next hop of wld01-default-route" in told
    )
    lab.control.runtime(peer, "DOWN")
    code, told = run("explain", "wld01", "--live", "--from", "supervisor")
    assert code == 2
    assert "next hop 10.27.51.1 does not answer BFD" in told
    assert "apply wld01-default-route" not in told


def test_a_rule_that_is_not_realized_does_nothing(run: Run, put: Put, lab: Lab) -> None:
    path = f"{T0}/nat/USER/nat-rules/wld01-egress-supervisor"
    lab.control.fault(method="PATCH", path=f"*{path}", realize="no such edge")
    put(path, {"action": "REFLEXIVE", "source_network": "30.0.0.5", "translated_network": "10.27.51.145"})
    code, told = run("explain", "wld01", "--live", "--from", "supervisor")
    assert code == 2
    assert "wld01-egress-supervisor is on T0-wld01 and not realized (ERROR: no such edge): it does nothing" in told
    assert "to do       apply" not in told


def test_the_virtual_servers_that_are_there_are_asked(run: Run, put: Put) -> None:
    put("/infra/lb-services/domain-c8", {"connectivity_path": "/infra/tier-1s/domain-c8", "size": "SMALL"})
    server = {"lb_service_path": "/infra/lb-services/domain-c8", "application_profile_path": "/infra/lb-app-profiles/default-tcp-lb-app-profile"}  # fmt: skip
    put(
        "/infra/lb-virtual-servers/api",
        {**server, "display_name": "kube-api", "ip_address": "30.0.1.2", "ports": ["6443"]},
    )
    put(
        "/infra/lb-virtual-servers/harbor",
        {**server, "display_name": "harbor", "ip_address": "30.0.1.9", "ports": ["443"]},
    )
    asked = verdicts(run)
    assert asked["outside -> kube-api 30.0.1.2:6443"] == "all"
    assert asked["outside -> harbor 30.0.1.9:443"] == "all"
    assert "outside -> ingress" not in asked
    put("/infra/tier-1s/domain-c8/locale-services/default", {"edge_cluster_path": ""})
    code, told = run("explain", "wld01", "--live")
    assert code == 2
    assert "Tier-1 domain-c8 has no edge cluster, so no service router: its load balancers do not answer" in told
    assert verdicts(run)["outside -> harbor 30.0.1.9:443"] == "none"

"""`egress verify` on a lab: well after an apply, and each difference that somebody plants is named, by its id, and no other."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner
from junitparser import Error, Failure, JUnitXml

import egress.cli as cli
from egress.domain import EgressError, WorkloadDomain, load_domains
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from egress.verification.junit import CASES
from nsx_lab import Lab
from tests.e2e.sites import EGRESS, project
from tests.nsx_lab.vpcs import objects as vpc_objects

pytestmark = pytest.mark.slow

Json = dict[str, Any]
T0, C8, DEV = "/infra/tier-0s/T0-wld07", "/infra/tier-1s/domain-c8", "/infra/tier-1s/t1-dev"
RULES, ROUTE = f"{T0}/nat/USER/nat-rules", f"{T0}/static-routes/wld07-default-route"
SUPERVISOR, TKG = f"{RULES}/wld07-egress-supervisor", f"{RULES}/wld07-egress-tkg"
UPLINK = f"{T0}/locale-services/default/interfaces/edge01-uplink1"
STANDBY = """
version: 1
name: wld07
nsx: {host: nsx-wld07.example.com}
tier0:
  id: T0-wld07
  ha_mode: ACTIVE_STANDBY
  ha_vips: [{address: 10.20.30.10/24}]
  uplinks:
    - {id: edge01-uplink1, edge: edge01, address: 10.20.30.11/24}
    - {id: edge02-uplink1, edge: edge02, address: 10.20.30.12/24}
default_route:
  next_hops: [{address: 10.20.30.2}, {address: 10.20.30.3}]
egress:
  ranges: [10.60.0.0/24]
  supervisor: {source: 10.60.0.5, translated: 10.20.30.40}
  tkg: {source: 10.60.0.16, translated: 10.20.30.41}
tier1s:
  domain-c8: {networks: [10.244.0.96/28], egress: 10.60.0.5}
  vnet-domain-c8: {networks: [192.168.128.0/24], egress: 10.60.0.16}
ingress: {range: 10.61.0.0/24}
dns_servers: [10.1.1.53]
"""


class Place:
    """A lab on which a domain is applied, and the command."""

    def __init__(self, root: Path, lab: Lab) -> None:
        self.root, self.lab = root, lab
        tls = ssl.create_default_context(cadata=lab.ca_pem)
        self.api = httpx.Client(
            base_url=f"https://{lab.host}/policy/api/v1", verify=tls, auth=(lab.username, lab.password)
        )

    def put(self, path: str, body: Json) -> None:
        answer = self.api.patch(path, json=body)
        assert answer.status_code == 200, answer.text

    def change(self, path: str, **changes: Any) -> None:
        kept = {name: value for name, value in self.api.get(path).json().items() if not name.startswith("_")}
        self.put(path, {name: value for name, value in (kept | changes).items() if value is not None})

    def delete(self, path: str) -> None:
        assert self.api.delete(path).status_code == 200

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        done = CliRunner().invoke(cli.group, ["--root", str(self.root), *arguments], standalone_mode=False)
        if isinstance(done.exception, EgressError):
            return 1, "", f"egress: {done.exception}"
        if done.exception:
            raise done.exception
        return int(done.return_value or 0), done.stdout, done.stderr

    def verify(self, *arguments: str) -> tuple[int, list[Json]]:
        """Exit code and the stacks."""
        code, told, _ = self.run("verify", "--json", *arguments)
        return code, json.loads(told)

    def found(self) -> tuple[int, set[str]]:
        """Exit code, and the ids of what needs somebody."""
        code, (stack,) = self.verify()
        return code, {one["id"] for one in stack["findings"] if one["severity"] != "note"}


Make = Callable[..., Place]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """make(text, seeded=change): a lab with the domain of a text applied; the golden one without. `change` edits the seed before."""
    places: list[Place] = []

    def build(
        text: str | None = None,
        *,
        beside: str = "",
        seeded: Callable[[Json], None] = lambda _: None,
        profile: str = "4.2",
    ) -> Place:
        root = project(tmp_path / "project")
        if text is not None:
            (root / "domains/wld01.yaml").unlink()
            (root / "domains/wld07.yaml").write_text(text)
        if beside:
            (root / "domains/wld08.yaml").write_text(beside)
        domains = load_domains(root)
        document = json.loads(json.dumps(seed(domains)))
        seeded(document)
        place = Place(root, Lab(seed=document, profile=profile).start())
        places.append(place)
        for domain in domains:
            apply(place, domain)
        place.lab.write_lab_file(tmp_path / "lab.json", stand_in=False)
        monkeypatch.setenv("EGRESS_LAB", str(tmp_path / "lab.json"))
        return place

    yield build
    for place in places:
        place.api.close()
        place.lab.stop()


def apply(place: Place, domain: WorkloadDomain) -> None:
    for path, body in owned(domain).objects(GatewayKey.of(domain).path).items():
        if not path.endswith("/nat/USER"):
            place.put(path, body)


@pytest.fixture
def standby(make: Make) -> Place:
    return make(STANDBY)


@pytest.mark.parametrize("text", [None, STANDBY], ids=["golden", "standby"])
def test_after_an_apply_all_is_well_and_only_get_was_sent(make: Make, text: str | None) -> None:
    place = make(text)
    before = place.lab.control.mark()
    code, (stack,) = place.verify()
    assert code == 0
    assert stack["well"]
    assert not [one for one in stack["findings"] if one["severity"] != "note"]
    assert not stack["not_seen"]
    assert stack["looked_at"]["forwarding_tables"] == 2
    assert [one["covered_by"] for one in stack["looked_at"]["egress_addresses"]] == [
        "mapping supervisor",
        "mapping tkg",
    ]
    asked = place.lab.control.journal(before)
    assert {one["method"] for one in asked} == {"GET"}
    assert {one["path"] for one in asked if one["status"] != 200} <= {"/policy/api/v1/orgs/default/projects"}, "NSX 4"


@dataclass(frozen=True)
class Planted:
    """A difference: how it is planted, the ids that name it and what comes of it, and words of the text."""

    plant: Callable[[Place], None]
    ids: set[str]
    words: str


def changed(path: str, **values: Any) -> Callable[[Place], None]:
    return lambda place: place.change(path, **values)


def foreign(place: Place) -> None:
    place.put(f"{RULES}/theirs", {"action": "NO_SNAT", "source_network": "10.60.0.0/28", "sequence_number": 5})


def second_route(place: Place) -> None:
    place.put(
        f"{T0}/static-routes/theirs",
        {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.20.30.9", "admin_distance": 1}]},
    )


def hops(*addresses: str) -> Callable[[Place], None]:
    return changed(ROUTE, next_hops=[{"ip_address": one, "admin_distance": 1} for one in addresses])


def address(text: str) -> Callable[[Place], None]:
    return changed(UPLINK, subnets=[{"ip_addresses": [text], "prefix_len": 24}])


def vip(*addresses: str) -> Callable[[Place], None]:
    services = f"{T0}/locale-services/default"
    both = [UPLINK, UPLINK.replace("edge01", "edge02")]
    configs = [
        {"enabled": True, "external_interface_paths": both, "vip_subnets": [{"ip_addresses": [one], "prefix_len": 24}]}
        for one in addresses
    ]
    return changed(services, ha_vip_configs=configs)


def unrealized(place: Place) -> None:
    place.lab.control.realization(path=SUPERVISOR, state="ERROR", message="no such edge")


def snat(source: str, translated: str) -> Json:
    return {"action": "SNAT", "source_network": source, "translated_network": translated, "sequence_number": 0}


def moved(place: Place) -> None:
    place.put(f"{C8}/nat/USER/nat-rules/domain-c8-snat-0", snat("10.244.0.96/28", "10.60.0.6"))


def new_tier1(place: Place) -> None:
    cluster = "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld07-edges"
    place.put(DEV, {"tier0_path": T0, "route_advertisement_types": ["TIER1_NAT", "TIER1_LB_VIP"]})
    place.put(f"{DEV}/locale-services/default", {"edge_cluster_path": cluster})
    rule = snat("10.246.0.0/24", "10.60.0.18") | {"tags": [{"scope": "ncp/project", "tag": "dev"}]}
    place.put(f"{DEV}/nat/USER/nat-rules/s", rule)


def lonely_edge(place: Place) -> None:
    """The second edge's uplink stands in a network without a next hop."""
    place.change(
        ROUTE,
        next_hops=[{"ip_address": one, "admin_distance": 1, "scope": [UPLINK]} for one in ("10.20.30.2", "10.20.30.3")],
    )


PLANTED: dict[str, Planted] = {
    "rule changed by hand": Planted(
        changed(TKG, translated_network="10.20.30.49"), {"object-differs"}, "translated_network is 10.20.30.49 on the manager, the file says 10.20.30.41",
    ),
    "rule renamed by hand": Planted(changed(TKG, display_name="mine"), {"label-differs"}, "display_name is mine"),
    "rule deleted": Planted(lambda place: place.delete(TKG), {"object-missing", "flow-fails"}, "NAT rule wld07-egress-tkg: the manager has none"),
    "rule disabled": Planted(changed(TKG, enabled=False), {"rule-disabled", "flow-fails"}, "enabled is no on the manager"),
    "priority moved": Planted(changed(TKG, sequence_number=900), {"object-differs"}, "sequence_number is 900 on the manager, the file says 110"),
    "foreign NO_SNAT before ours": Planted(foreign, {"foreign-rule-first", "flow-fails"}, "NO_SNAT theirs, which no stack of this tool made"),
    "second default route": Planted(second_route, {"second-default-route", "flow-fails"}, "the manager has another 0.0.0.0/0"),
    "next hop changed": Planted(hops("10.20.30.2", "10.20.30.4"), {"object-differs", "flow-fails"}, "next_hops is 10.20.30.2 and 10.20.30.4"),
    "next hop added": Planted(hops("10.20.30.2", "10.20.30.3", "10.20.30.4"), {"object-differs", "flow-fails"}, "and 10.20.30.4 on the manager"),
    "uplink address changed": Planted(address("10.20.30.21"), {"uplink-differs"}, "edge01-uplink1 has 10.20.30.21/24"),
    "HA VIP removed": Planted(vip(), {"ha-vip-differs", "outage-worse"}, "HA VIP 10.20.30.10/24: T0-wld07 does not have it"),
    "another HA VIP": Planted(vip("10.20.30.99"), {"ha-vip-differs"}, "T0-wld07 has 10.20.30.99/24 instead"),
    "rule not realized": Planted(unrealized, {"not-realized", "flow-fails"}, "NSX has it and does not act by it (ERROR: no such edge)"),
    "Tier-1 egress moved": Planted(moved, {"egress-moved", "flow-fails"}, "Tier-1 domain-c8 sends with 10.60.0.6 now, the file says 10.60.0.5"),
    "new Tier-1": Planted(new_tier1, {"egress-uncovered", "flow-fails"}, "10.60.0.18 of Tier-1 t1-dev (namespace dev)"),
    "edge without default route": Planted(lonely_edge, {"object-differs", "edge-without-default-route", "outage-worse"}, "edge edge02: it does not forward 0.0.0.0/0"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_difference_is_named_and_no_other(standby: Place, name: str) -> None:
    planted = PLANTED[name]
    planted.plant(standby)
    assert standby.found() == (2, planted.ids)
    code, told, _ = standby.run("verify")
    assert code == 2
    assert planted.words in told


def test_another_ha_mode_is_named(make: Make) -> None:
    def standby_seed(document: Json) -> None:
        (tier0,) = [one["Tier0"] for one in document["infra"]["children"] if one["resource_type"] == "ChildTier0"]
        tier0["ha_mode"] = "ACTIVE_STANDBY"

    code, ids = make(seeded=standby_seed).found()
    assert code == 2
    assert "ha-mode-differs" in ids
    assert ids <= {"ha-mode-differs", "flow-fails", "outage-worse"}


def test_what_is_written_otherwise_and_means_the_same_is_no_difference(standby: Place) -> None:
    route, rule = standby.api.get(ROUTE).json(), standby.api.get(TKG).json()
    standby.change(ROUTE, next_hops=route["next_hops"][::-1], tags=route["tags"][::-1])
    standby.change(
        TKG,
        source_network="10.60.0.16/32",
        translated_network="10.20.30.41/32",
        tags=rule["tags"][::-1],
        scope=rule["scope"][::-1],
    )
    assert standby.found() == (0, set())


def answered_without(place: Place, name: str, field: str) -> None:
    """From now on the manager leaves a field of a rule out of its answers."""
    body = place.api.get(RULES).json()
    for one in body["results"]:
        if one["id"] == name:
            del one[field]
    place.lab.control.fault(method="GET", path=f"*{RULES}", times=0, status=200, body=body)


def test_a_network_list_that_the_manager_leaves_out_is_seen_and_that_drift_is_silent_is_said(standby: Place) -> None:
    answered_without(standby, "wld07-egress-tkg", "source_network")
    code, told, _ = standby.run("verify")
    assert code == 2
    assert "source_network is any on the manager, the file says 10.60.0.16 [object-differs]" in told
    assert "egress drift says nothing of it" in told


def test_a_vpn_mode_on_a_reflexive_rule_is_told_before_an_update_fails(make: Make) -> None:
    place = make()
    rules = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules"
    body = place.api.get(rules).json()
    body["results"][0]["policy_based_vpn_mode"] = "BYPASS"
    place.lab.control.fault(method="GET", path=f"*{rules}", times=0, status=200, body=body)
    assert place.found() == (2, {"object-differs"})
    assert "every later change of the rule fails before a request is sent" in place.run("verify")[1]


UNSEEN = {
    "NAT rules of Tier-1s": "*/tier-1s/*/nat/*",
    "one Tier-1's edge cluster": f"*{C8}/locale-services",
    "Tier-1s": "*/infra/tier-1s",
    "rules of the Tier-0": f"*{RULES}",
    "static routes": f"*{T0}/static-routes",
    "interfaces": "*/interfaces",
    "locale services": f"*{T0}/locale-services",
    "virtual servers": "*/lb-virtual-servers",
    "realized states": "*/realized-entities",
    "alarms of realization": "*/realized-state/alarms",
    "forwarding tables": "*/forwarding-table",
    "BFD peers": "*/bfd-peers",
}


@pytest.mark.parametrize(
    "fault", [{"status": 403}, {"status": 200, "body": '{"results": [{"id": "cu'}], ids=["403", "cut"]
)
@pytest.mark.parametrize("part", UNSEEN)
def test_what_could_not_be_seen_is_1_and_nothing_is_invented_of_it(standby: Place, part: str, fault: Json) -> None:
    standby.lab.control.fault(method="GET", path=UNSEEN[part], times=0, **fault)
    code, (stack,) = standby.verify()
    assert [one["id"] for one in stack["findings"] if one["severity"] != "note"] == []
    assert code == 1
    assert any(one["matters"] for one in stack["not_seen"])
    assert not stack["well"]
    assert "not seen: " in standby.run("verify")[1]


@pytest.mark.parametrize("path", ["*/api/v1/alarms", "*/statistics", "*/search/query"])
def test_what_no_verdict_rests_on_is_told_and_does_not_decide(standby: Place, path: str) -> None:
    standby.lab.control.fault(method="GET", path=path, times=0, status=403)
    code, (stack,) = standby.verify()
    assert code == 0
    if "search" not in path:  # what a search finds is read where it stands, too
        assert [one["matters"] for one in stack["not_seen"]] == [False]


def without_tier1s(document: Json) -> None:
    document["infra"]["children"] = [
        one for one in document["infra"]["children"] if one["resource_type"] != "ChildTier1"
    ]


def test_a_tier0_below_which_nothing_hangs_is_not_well(make: Make) -> None:
    place = make(STANDBY, seeded=without_tier1s)
    code, ids = place.found()
    assert code == 2
    assert {"tier1-missing", "mapping-stale"} <= ids
    assert "Tier-1 domain-c8: it does not hang below this Tier-0: none does" in place.run("verify")[1]


def test_an_edge_that_is_down_is_named(standby: Place) -> None:
    standby.lab.control.runtime(
        "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld07-edges/edge-nodes/edge02", "DOWN"
    )
    code, told, _ = standby.run("verify")
    assert code == 2
    assert "edge edge02: it gives no forwarding table [edge-without-default-route]" in told
    assert "infrastructure_communication/edge_tunnels_down (HIGH)" in told


def test_a_mapping_of_the_whole_range_covers_a_namespace_that_comes(make: Make) -> None:
    whole = "  supervisor: {source: 10.60.0.5, translated: 10.20.30.40}\n  tkg: {source: 10.60.0.16, translated: 10.20.30.41}\n"
    assert whole in STANDBY
    place = make(
        STANDBY.replace(whole, "  more: {all: {source: 10.60.0.0/24, translated: 10.20.30.10, priority: 100}}\n")
    )
    new_tier1(place)
    code, (stack,) = place.verify()
    assert code == 0
    covered = {one["address"]: one["covered_by"] for one in stack["looked_at"]["egress_addresses"]}
    assert covered["10.60.0.18"] == "mapping all"


BESIDE = """
version: 1
name: wld08
nsx: {host: nsx-wld07.example.com}
tier0:
  id: T0-wld07
  ha_mode: ACTIVE_STANDBY
  ha_vips: [{address: 10.20.30.10/24}]
  uplinks:
    - {id: edge01-uplink1, edge: edge01, address: 10.20.30.11/24}
    - {id: edge02-uplink1, edge: edge02, address: 10.20.30.12/24}
default_route: {external: true}
egress:
  ranges: [10.70.0.0/24]
  more: {all: {source: 10.70.0.0/24, translated: 10.20.30.50, priority: 200}}
tier1s:
  t1-b: {networks: [10.248.0.0/24], egress: 10.70.0.5}
"""


def test_two_domains_on_one_tier0_are_each_well_and_an_address_is_told_once(make: Make) -> None:
    place = make(STANDBY, beside=BESIDE)
    code, stacks = place.verify()
    assert code == 0
    assert [(one["stack"], one["well"]) for one in stacks] == [("wld07", True), ("wld08", True)]
    covered = [
        [(one["address"], one["covered_by"]) for one in stack["looked_at"]["egress_addresses"]] for stack in stacks
    ]
    assert covered == [
        [("10.60.0.5", "mapping supervisor"), ("10.60.0.16", "mapping tkg")],
        [("10.70.0.5", "mapping all")],
    ]
    new_tier1(place)
    _, stacks = place.verify()
    told = [one["stack"] for one in stacks for finding in one["findings"] if finding["id"] == "egress-uncovered"]
    assert told == ["wld07"]
    place.delete(ROUTE)
    _, stacks = place.verify()
    ids = {
        one["stack"]: {finding["id"] for finding in one["findings"] if finding["severity"] == "error"} for one in stacks
    }
    assert "object-missing" in ids["wld07"]
    assert "edge-without-default-route" in ids["wld08"], "the default route is the neighbour's, and it is needed"


def test_counters_are_shown_and_not_judged(standby: Place) -> None:
    standby.lab.report_nat(TKG, 12, 3400, 2)
    code, told, _ = standby.run("verify")
    assert code == 0
    assert "wld07-egress-tkg: 12 packets, 3400 bytes, 2 sessions open" in told
    assert "wld07-egress-supervisor: 0 packets" in told


def test_a_manager_that_is_not_there_is_1_for_its_stack(standby: Place) -> None:
    standby.lab.stop()
    code, told, said = standby.run("verify", "--json", "--timeout", "3s")
    assert code == 1
    (stack,) = json.loads(told)
    assert not stack["well"]
    assert stack["failed"] in said
    assert "wld07: could not be verified: " in said


def test_a_project_without_a_domain_is_not_well(standby: Place) -> None:
    (standby.root / "domains/wld07.yaml").unlink()
    code, _, said = standby.run("verify")
    assert code == 1
    assert "egress: " in said


def test_the_junit_file_has_a_case_a_check_and_stack(standby: Place, tmp_path: Path) -> None:
    file = tmp_path / "verify.xml"
    code, _, _ = standby.run("verify", "--junit", str(file))
    suites = JUnitXml.fromfile(str(file))
    (suite,) = suites
    assert (code, suite.name, suite.failures, suite.errors) == (0, "wld07", 0, 0)
    assert [case.name for case in suite] == [name for name in CASES if name != "probe-no-answer"]
    moved(standby)
    standby.lab.control.fault(method="GET", path="*/forwarding-table", times=0, status=403)
    assert standby.run("verify", "--junit", str(file))[0] == 2
    (suite,) = JUnitXml.fromfile(str(file))
    bad = {case.name: type(case.result[0]) for case in suite if case.result}
    assert bad["egress-moved"] is Failure
    assert bad["everything-seen"] is Error
    standby.lab.stop()
    assert standby.run("verify", "--junit", str(file), "--timeout", "3s")[0] == 1
    (suite,) = JUnitXml.fromfile(str(file))
    assert [type(case.result[0]) for case in suite] == [Error]


@pytest.mark.parametrize(
    "wrong", [["--watch", "--junit", "x.xml"], ["--every", "5s"], ["--watch", "--every", "0"], ["nobody"]]
)
def test_a_wrong_usage_is_told(standby: Place, wrong: list[str]) -> None:
    with pytest.raises(click.UsageError) if wrong != ["nobody"] else contextlib.nullcontext():
        assert standby.run("verify", *wrong)[0] == 1


def test_in_a_lab_nobody_but_this_machine_is_probed(standby: Place) -> None:
    code, told, _ = standby.run("verify", "--probe")
    assert code == 0
    assert "not asked from this machine: DNS server 10.1.1.53:53 is an address of the lab" in told


def with_a_vpc(make: Make) -> Place:
    """The golden domain on NSX 9.1, with a VPC that leads to its Tier-0."""
    place = make(profile="9.1")
    for path, body in vpc_objects().items():
        place.put(path, body)
    return place


def test_addresses_of_a_vpc_count_like_any_other(make: Make) -> None:
    place = with_a_vpc(make)
    code, ids = place.found()
    assert (code, "egress-uncovered" in ids) == (2, True)
    told = place.run("verify")[1]
    assert "30.2.0.0/24 of VPC shop: it leaves by the Tier-0" in told
    file = place.root / "domains/wld01.yaml"
    route = "return_routes: [{host: upstream, to: 30.2.0.0/24, via: [10.27.51.145, 10.27.51.147]}]\n"
    file.write_text(file.read_text() + route)
    assert "egress-uncovered" not in place.found()[1]


@pytest.mark.parametrize(
    "path", ["*/orgs/default/projects", "*/vpcs", "*/transit-gateways", "*/gateway-connections", "*/ip-blocks"]
)
def test_who_may_not_look_for_vpcs_does_not_learn_that_all_is_well(make: Make, path: str) -> None:
    place = with_a_vpc(make)
    file = place.root / "domains/wld01.yaml"
    route = "return_routes: [{host: upstream, to: 30.2.0.0/24, via: [10.27.51.145, 10.27.51.147]}]\n"
    file.write_text(file.read_text() + route)
    place.lab.control.fault(method="GET", path="*/search/query", times=0, status=403)
    assert place.found() == (0, set())
    place.lab.control.fault(method="GET", path=path, times=0, status=403)
    code, (stack,) = place.verify()
    assert code == 1
    assert any(one["matters"] for one in stack["not_seen"])


class Watching:
    """`egress verify --watch` as a process, and what it prints."""

    def __init__(self, place: Place, *options: str) -> None:
        command = [str(EGRESS), "verify", "--watch", "--every", "1", "--timeout", "2s", *options]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("NSXT_", "TF_"))}
        self.process = subprocess.Popen(
            command, cwd=place.root, env=clean, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def until(self, wanted: Callable[[str], bool]) -> list[str]:
        """The lines up to the first that is wanted, with it."""
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if wanted(lines[-1]):
                return lines
        raise AssertionError(f"it ended: {lines} {self.process.stderr.read() if self.process.stderr else ''}")

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate()
        return self.process.returncode


@pytest.fixture
def watching() -> Iterator[Callable[..., Watching]]:
    made: list[Watching] = []

    def start(place: Place, *options: str) -> Watching:
        made.append(Watching(place, *options))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()
        one.process.communicate()


def test_watch_tells_what_changes_and_survives_a_manager_that_goes_and_comes(
    standby: Place, watching: Callable[..., Watching]
) -> None:
    before = sorted(standby.root.rglob("*"))
    seen = watching(standby, "--json")
    (first,) = [json.loads(line) for line in seen.until(lambda line: "verdict" in line)]
    assert (first["stack"], first["event"], first["verdict"]) == ("wld07", "verdict", "well")
    as_it_was = standby.api.get(TKG).json()
    standby.change(TKG, sequence_number=900)
    found, verdict = (json.loads(line) for line in seen.until(lambda line: '"verdict"' in line))
    assert (found["event"], found["finding"]["id"]) == ("found", "object-differs")
    assert verdict["well"] is False
    standby.lab.control.fault(method="GET", path="*", times=0, status=503)
    (gone,) = [json.loads(line) for line in seen.until(lambda line: "cannot read" in line)]
    assert "503" in gone["why"]
    standby.put(TKG, as_it_was)
    standby.lab.control.clear_faults()
    again, mended, well = (json.loads(line) for line in seen.until(lambda line: '"verdict"' in line))
    assert [again["event"], mended["event"], well["well"]] == ["can read again", "gone", True]
    standby.lab.control.fail_over(4)  # as the managers' virtual address does when it moves
    seen.until(lambda line: '"cannot read"' in line)
    assert len(seen.until(lambda line: '"can read again"' in line)) == 1
    assert seen.interrupt() == 130
    assert sorted(standby.root.rglob("*")) == before


def test_watch_in_words_says_when(standby: Place, watching: Callable[..., Watching]) -> None:
    seen = watching(standby)
    (line,) = seen.until(lambda line: "well" in line)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d wld07 \(the lab ", line)
    domain = standby.root / "domains/wld07.yaml"
    domain.write_text("version: 1\nname: [")
    assert "wld07: cannot read: " in seen.until(lambda line: "cannot read" in line)[0]
    domain.write_text(STANDBY)
    seen.until(lambda line: "can read again" in line)
    assert seen.interrupt() == 130


def test_watch_ends_at_a_login_that_is_refused(standby: Place, watching: Callable[..., Watching]) -> None:
    standby.lab.control.fault(method="GET", path="*", times=0, status=401)
    seen = watching(standby)
    _, said = seen.process.communicate()
    assert seen.process.returncode == 1
    assert "does not let this user in" in said

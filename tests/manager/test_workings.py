"""What a manager counts and reports, and the forwarding table of each edge, from a lab and from managers that answer otherwise."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.domain import WorkloadDomain, load_domains
from egress.inventory.workings import Hits, Workings
from egress.manager import Manager, sight
from egress.manager.access import Access
from egress.manager.workings import workings
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from egress.policy.sighting import Doubt, Forwarded, Sighting
from nsx_lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]
T0 = "/infra/tier-0s/T0-wld01"
RULE = f"{T0}/nat/USER/nat-rules/wld01-egress-supervisor"
EDGES = "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges/edge-nodes"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def golden() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["wld01"])[0]


@pytest.fixture
def lab(golden: WorkloadDomain) -> Iterator[Lab]:
    """A lab on which the golden domain is applied."""
    with Lab(seed=seed([golden])) as lab:
        with lab.world.manager.lock:
            for path, body in owned(golden).objects(GatewayKey.of(golden).path).items():
                if not path.endswith("/nat/USER"):
                    lab.world.manager.patch(path, body, "test")
        yield lab


def look(lab: Lab, domain: WorkloadDomain) -> tuple[Sighting, Workings]:
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    with Manager(Access(lab.host, tls, (lab.username, lab.password)), pause=lambda _: None) as manager:
        seen = sight(manager, domain)
        return seen, workings(manager, domain, seen)


def test_each_edge_has_a_table_of_its_own(lab: Lab, golden: WorkloadDomain) -> None:
    seen, _ = look(lab, golden)
    default = Forwarded("0.0.0.0/0", "10.27.51.1")
    assert seen.tables is not None
    assert {edge: default in ways for edge, ways in seen.tables.items()} == {"edge01": True, "edge02": True}
    assert seen.forwarded == seen.tables["edge01"] | seen.tables["edge02"]
    lab.control.runtime(f"{EDGES}/edge02", "DOWN")
    assert set(look(lab, golden)[0].tables or ()) == {"edge01"}


@pytest.mark.parametrize(
    "fault", [{"status": 404}, {"status": 200, "body": {"results": []}}, {"status": 200, "body": {"results": "no"}}]
)
def test_tables_that_cannot_be_read_are_none_and_say_why(lab: Lab, golden: WorkloadDomain, fault: Json) -> None:
    lab.control.fault(method="GET", path="*/forwarding-table", times=0, **fault)
    seen, _ = look(lab, golden)
    assert seen.tables is None
    assert seen.forwarded is None
    assert seen.untabled


def test_a_table_in_a_strange_form_is_one_without_ways(lab: Lab, golden: WorkloadDomain) -> None:
    odd = [{"edge_node": None, "route_entries": "x"}, {"route_entries": [None, 3, {"network": "0.0.0.0/0"}]}, {}]
    lab.control.fault(method="GET", path="*/forwarding-table", times=0, status=200, body={"results": odd})
    seen, _ = look(lab, golden)
    assert seen.tables == {"edge 1": frozenset(), "edge 2": {Forwarded("0.0.0.0/0", "None")}, "edge 3": frozenset()}


def test_hits_and_alarms_are_read(lab: Lab, golden: WorkloadDomain) -> None:
    lab.report_nat(RULE, 7, 900, 1)
    lab.control.runtime(f"{EDGES}/edge01", "DOWN")
    _, counted = look(lab, golden)
    assert counted.hits[RULE] == Hits(7, 900, 1)
    assert counted.alarms is not None
    (alarm,) = counted.alarms
    assert (alarm.event, alarm.severity) == ("infrastructure_communication/edge_tunnels_down", "HIGH")
    assert f"{EDGES}/edge01" in alarm.concerns
    assert not counted.unseen


def test_counters_of_several_edges_are_added_and_odd_ones_are_zero(lab: Lab, golden: WorkloadDomain) -> None:
    count = {"total_packets": 5, "total_bytes": "6", "active_sessions": None, "warning_message": "firewall off"}
    body = {"results": [{"rule_statistics": [count, {"total_packets": "x"}, None]}, {"rule_statistics": [count]}, {}]}
    lab.control.fault(method="GET", path="*/statistics", times=0, status=200, body=body)
    assert look(lab, golden)[1].hits[RULE] == Hits(10, 12, 0, "firewall off")


@pytest.mark.parametrize("path", ["*/statistics", "*/api/v1/alarms", "*/ip-blocks"])
def test_what_cannot_be_read_is_told_and_is_no_doubt(lab: Lab, golden: WorkloadDomain, path: str) -> None:
    lab.control.fault(method="GET", path="*/search/query", times=0, status=403)
    lab.control.fault(method="GET", path=path, times=0, status=403)
    _, counted = look(lab, golden)
    assert [one.doubt for one in counted.unseen] == [Doubt.NONE]
    assert (counted.alarms is None) == path.endswith("alarms")

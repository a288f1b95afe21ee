"""A manager that already has rules, and the days after: scan, check, adopt, plan, verify, propose, as one story on a lab made by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import REPOSITORY, Site, lab_site
from tests.nsx_lab.vpcs import objects

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

Json = dict[str, Any]
T0 = "/infra/tier-0s/T0-b"
SERVICES = f"{T0}/locale-services/default"
RULES = f"{T0}/nat/USER/nat-rules"
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges"
OTHER = "/infra/tier-0s/T0-wld01"


def uplink(edge: int, address: str) -> Json:
    subnets = [{"ip_addresses": [address], "prefix_len": 24}]
    return {
        "type": "EXTERNAL",
        "edge_path": f"{CLUSTER}/edge-nodes/edge0{edge}",
        "subnets": subnets,
        "resource_type": "Tier0Interface",
    }


BY_HAND: dict[str, Json] = {
    T0: {"display_name": "T0 of the business", "ha_mode": "ACTIVE_STANDBY"},
    SERVICES: {"edge_cluster_path": CLUSTER},
    f"{SERVICES}/interfaces/up1": uplink(1, "10.30.0.2"),
    f"{SERVICES}/interfaces/up2": uplink(2, "10.30.0.3"),
    f"{T0}/static-routes/Way_out_Kim": {
        "display_name": "Way out (Kim, 2023)",
        "network": "0.0.0.0/0",
        "next_hops": [{"ip_address": "10.30.0.1", "admin_distance": 1}],
    },
    f"{RULES}/snat_sup": {
        "display_name": "SNAT: supervisor",
        "action": "SNAT",
        "source_network": "30.5.0.5",
        "translated_network": "10.30.0.20",
        "sequence_number": 7,
        "firewall_match": "BYPASS",
        "tags": [{"scope": "team", "tag": "net & co"}],
    },
    f"{RULES}/0f8b6f1e": {
        "display_name": "0f8b6f1e",
        "action": "SNAT",
        "source_network": "30.5.0.16",
        "translated_network": "10.30.0.21",
        "sequence_number": 33,
    },
    f"{RULES}/cluster three": {
        "display_name": "three",
        "action": "SNAT",
        "source_network": "30.5.0.32",
        "translated_network": "10.30.0.22",
        "sequence_number": 34,
    },
}
FOREIGN: dict[str, Json] = {
    f"{RULES}/list": {
        "action": "SNAT",
        "source_network": "10.99.0.1,10.99.0.2",
        "translated_network": "10.30.0.30",
        "sequence_number": 900,
    },
    f"{RULES}/web": {
        "action": "DNAT",
        "destination_network": "10.30.0.40",
        "translated_network": "30.6.0.9",
        "sequence_number": 901,
    },
    f"{T0}/nat/DEFAULT/nat-rules/late": {
        "action": "NO_SNAT",
        "source_network": "10.98.0.0/24",
        "destination_network": "10.97.0.0/24",
        "sequence_number": 5,
    },
    f"{OTHER}/static-routes/Way_out_Kim": {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.1"}]},
}


def put_tier1(site: Site, name: str, cluster: str, namespace: str, inside: str, egress: str) -> None:
    """A Tier-1 as NCP makes it for a namespace."""
    path = f"/infra/tier-1s/{name}"
    tags = [{"scope": "ncp/cluster", "tag": cluster}, {"scope": "ncp/project", "tag": namespace}]
    advertised = ["TIER1_NAT", "TIER1_LB_VIP"]
    site.put(path, tier0_path=T0, route_advertisement_types=advertised, tags=tags)
    site.put(f"{path}/locale-services/default", edge_cluster_path=CLUSTER)
    gateway = inside.replace(".0/", ".1/")
    site.put(f"/infra/segments/seg-{name}", connectivity_path=path, subnets=[{"gateway_address": gateway}], tags=tags)
    site.put(
        f"{path}/nat/USER/nat-rules/snat",
        action="SNAT",
        source_network=inside,
        translated_network=egress,
        sequence_number=0,
        tags=tags,
    )


@pytest.fixture
def site(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    """An empty project, and a lab on which people have worked by hand."""
    with Lab(seed=seed(load_domains(REPOSITORY, ["wld01"])), profile="9.1") as lab:
        site = lab_site(tmp_path / "project", lab, any_engine)
        (site.root / "domains" / "wld01.yaml").unlink()
        for path, body in {**BY_HAND, **FOREIGN, **objects("T0-b")}.items():
            site.put(path, **body)
        put_tier1(site, "t1-svc", "domain-c8", "svc", "10.244.0.0/24", "30.5.0.5")
        put_tier1(site, "t1-blue", "blue", "ns-blue", "10.244.1.0/24", "30.5.0.16")
        put_tier1(site, "t1-green", "green", "ns-green", "10.244.2.0/24", "30.5.0.32")
        yield site


def foreign(site: Site) -> dict[str, Json]:
    """Objects of other people, as the manager has them now."""
    there = site.lab.control.objects("/infra")
    return {path: there[path] for path in FOREIGN}


def now(site: Site) -> int:
    """A mark in the journal."""
    return int(site.lab.control.journal()[-1]["seq"])


def end_state(clients: Path, site: Site, folder: Path) -> Json:
    """What the official SDK finds on the Tier-0."""
    (folder / "ca.pem").write_text(site.lab.ca_pem)
    script = REPOSITORY / "tests" / "nsx_lab" / "clients" / "end_state.py"
    command: list[str | Path] = [
        clients / "venv/bin/python",
        "-W",
        "ignore",
        script,
        site.env["EGRESS_LAB"],
        folder / "ca.pem",
        "T0-b",
    ]
    found: Json = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def answered(site: Site) -> None:
    """The questions of a scanned file, answered as its owner would."""
    file = site.root / "domains" / "b.yaml"
    lines = file.read_text().splitlines()
    first = lines.index("  ranges:")
    ranges = [line for line in lines[first + 1 :] if line.startswith("    - ")]
    kept = [line for line in lines if line not in ranges and "QUESTION" not in line]
    kept[kept.index("  ranges:")] = "  ranges: [30.5.0.0/24]\n  pool: [10.30.0.64/28]"
    kept.append("return_routes: [{host: upstream, to: 30.2.0.0/24, via: [10.30.0.2]}]")
    file.write_text("\n".join(kept) + "\n")


@pytest.fixture
def scanned(site: Site) -> Site:
    """The same with a domain file from a scan, which is clean."""
    mark = now(site)
    site.egress("scan", "--tier0", "T0-b", "--out", "domains/b.yaml", code=2)
    text = (site.root / "domains" / "b.yaml").read_text()
    assert "30.2.0.1 of VPC shop" in text
    assert all(path in text for path in FOREIGN if path.startswith(T0)), "what the file cannot hold is told"
    answered(site)
    site.egress("check", "b", code=0)
    assert site.writes(mark) == []
    return site


def test_from_a_hand_made_manager_to_a_new_namespace(scanned: Site, clients: Path, tmp_path: Path) -> None:
    site, before, mark = scanned, foreign(scanned), now(scanned)
    site.egress("adopt", "b", "--yes", code=0)
    planned = site.egress("plan", "b", "--import-existing", code=2).stdout
    assert "4 to import, 0 to add, 0 to change, 0 to destroy" in planned
    assert site.writes(mark) == [], "nothing was written so far"
    site.egress("apply", "b", "--import-existing", "--yes", code=0)
    site.egress("plan", "b", code=0)
    site.egress("verify", "b", code=0)

    put_tier1(site, "t1-red", "red", "ns-red", "10.244.3.0/24", "30.5.0.48")
    mark = now(site)
    told = site.egress("verify", "b", code=2).stdout
    assert "30.5.0.48" in told
    assert "ns-red" in told
    site.egress("propose", "b", "--write", code=2)
    assert "1 to add, 0 to change, 0 to destroy" in site.egress("plan", "b", code=2).stdout
    assert site.writes(mark) == [], "verify, propose and plan only read"
    site.egress("apply", "b", "--yes", code=0)
    site.egress("verify", "b", code=0)
    site.egress("propose", "b", code=0)

    rules = end_state(clients, site, tmp_path)["rules"]
    assert {source for _, source, _, _ in rules} == {
        "30.5.0.5",
        "30.5.0.16",
        "30.5.0.32",
        "30.5.0.48",
        "10.99.0.1,10.99.0.2",
        None,
    }
    assert foreign(site) == before
    site.egress("unprotect", "b", "--yes", code=0)
    site.egress("destroy", "b", "--yes", code=0)
    assert foreign(site) == before


def test_a_mapping_of_the_whole_range_makes_a_new_namespace_no_change(site: Site) -> None:
    for name in ("snat_sup", "0f8b6f1e", "cluster three"):
        site.delete(f"{RULES}/{name}")
    site.put(f"{RULES}/everybody", **BY_HAND[f"{RULES}/0f8b6f1e"] | {"source_network": "30.5.0.0/24"})
    site.egress("scan", "--tier0", "T0-b", "--out", "domains/b.yaml", code=2)
    answered(site)
    site.egress("check", "b", code=0)
    site.egress("adopt", "b", "--yes", code=0)
    site.egress("apply", "b", "--import-existing", "--yes", code=0)
    put_tier1(site, "t1-red", "red", "ns-red", "10.244.3.0/24", "30.5.0.48")
    site.egress("plan", "b", code=0)
    site.egress("verify", "b", code=0)
    assert "covers 4 egress addresses: nothing is to be added" in site.egress("propose", "b", code=0).stderr


def test_a_scan_that_may_not_see_the_tier1s_makes_verify_say_so(scanned: Site) -> None:
    site = scanned
    site.egress("adopt", "b", "--yes", code=0)
    site.egress("apply", "b", "--import-existing", "--yes", code=0)
    site.lab.control.fault(path="/policy/api/v1/infra/tier-1s/*/nat/*", status=403, times=1000)
    done = site.egress("verify", "b", code=1)
    assert "NAT rules of Tier-1" in done.stdout + done.stderr

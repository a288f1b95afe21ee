"""`egress verify` on a lab: well after an apply, and each difference that somebody plants is named, by its id, and no other."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

import egress.cli as cli
from egress.domain import EgressError, WorkloadDomain, load_domains
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import project

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

    def build(text: str | None = None, *, seeded: Callable[[Json], None] = lambda _: None) -> Place:
        root = project(tmp_path / "project")
        if text is not None:
            (root / "domains/wld01.yaml").unlink()
            (root / "domains/wld07.yaml").write_text(text)
        domains = load_domains(root)
        document = json.loads(json.dumps(seed(domains)))
        seeded(document)
        place = Place(root, Lab(seed=document).start())
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
    assert {one["status"] for one in asked} == {200}


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

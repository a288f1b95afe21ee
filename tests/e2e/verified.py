"""A lab on which a domain is applied, and `egress verify` on it."""

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
from egress.domain import EgressError, WorkloadDomain, load_domains
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import project

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
def applied_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """applied_lab(text, seeded=change): a lab with the domain of a text applied; the golden one without. `change` edits the seed before."""
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
def standby_lab(applied_lab: Make) -> Place:
    return applied_lab(STANDBY)


def snat(source: str, translated: str) -> Json:
    return {"action": "SNAT", "source_network": source, "translated_network": translated, "sequence_number": 0}


def moved(place: Place) -> None:
    place.put(f"{C8}/nat/USER/nat-rules/domain-c8-snat-0", snat("10.244.0.96/28", "10.60.0.6"))


def new_tier1(place: Place, name: str = "t1-dev", address: str = "10.60.0.18") -> None:
    """The Tier-1 of namespace dev appears."""
    path, cluster = (
        f"/infra/tier-1s/{name}",
        "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld07-edges",
    )
    place.put(path, {"tier0_path": T0, "route_advertisement_types": ["TIER1_NAT", "TIER1_LB_VIP"]})
    place.put(f"{path}/locale-services/default", {"edge_cluster_path": cluster})
    rule = snat("10.246.0.0/24", address) | {"tags": [{"scope": "ncp/project", "tag": "dev"}]}
    place.put(f"{path}/nat/USER/nat-rules/s", rule)

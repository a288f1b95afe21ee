"""Domains that are not the golden one: ACTIVE_STANDBY with IPv6, two domains on one Tier-0, a VRF gateway, a shared state."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e import postgres
from tests.e2e.sites import REPOSITORY, Site, lab_site, project
from tests.machine import lacks
from tests.upgrade.releases import copy_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SECOND = "prod-wld02"
FILES = ("domains/prod/_defaults.yaml", "domains/prod/wld02.yaml")


@pytest.fixture
def lab_of_two(tmp_path: Path) -> Iterator[Lab]:
    """A lab with the Tier-0s of the golden domain and of prod-wld02."""
    root = project(tmp_path / "seed", *FILES)
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        yield lab


def objects(lab: Lab, tier0: str) -> dict[str, dict[str, Any]]:
    """Routes and rules of a gateway, by id."""
    found = lab.control.objects(f"/infra/tier-0s/{tier0}").values()
    return {str(o["id"]): o for o in found if o["resource_type"] in ("StaticRoutes", "PolicyNatRule")}


def test_active_standby_with_snat_and_ipv6(tmp_path: Path, lab_of_two: Lab, engine_env: dict[str, str]) -> None:
    site = lab_site(tmp_path / "project", lab_of_two, engine_env)
    project(site.root, *FILES)

    planned = site.egress("plan", SECOND, code=2)
    assert "Plan: 4 to add, 0 to change, 0 to destroy." in planned.stdout
    site.egress("apply", SECOND, "--yes", code=0)

    made = objects(lab_of_two, "T0-wld02")
    hops = {name: [hop["ip_address"] for hop in made[name]["next_hops"]] for name in made if "next_hops" in made[name]}
    assert hops == {
        f"{SECOND}-default-route": ["10.28.60.253", "10.28.60.254"],
        f"{SECOND}-default-route-v6": ["2001:db8:60::1"],
    }
    assert made[f"{SECOND}-default-route-v6"]["network"] == "::/0"
    rules = [made[f"{SECOND}-egress-{name}"] for name in ("supervisor", "tkg")]
    assert [(rule["action"], rule["translated_network"]) for rule in rules] == [("SNAT", "10.28.60.10")] * 2
    assert {"scope": "team", "tag": "network"} in made[f"{SECOND}-default-route"]["tags"]

    mark = lab_of_two.control.mark()
    assert "No changes." in site.egress("plan", SECOND, code=0).stdout
    site.egress("drift", SECOND, code=0)
    assert site.writes(mark) == []
    assert (site.root / ".lab" / "state" / f"{SECOND}.tfstate").is_file(), "on a lab the state is no database's"
    site.egress("destroy", SECOND, "--yes", code=0)
    assert objects(lab_of_two, "T0-wld02") == {}


def test_two_domains_on_one_tier0_and_a_vrf_gateway(tmp_path: Path, any_engine: dict[str, str]) -> None:
    root = copy_project(REPOSITORY / "examples", tmp_path / "project")
    with Lab(seed=seed(load_domains(root))) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        site = Site(root, lab, any_engine | {"EGRESS_LAB": str(tmp_path / "lab.json")})
        plans = json.loads(site.egress("plan", "--json", code=2).stdout)
        assert {plan["stack"]: plan["add"] for plan in plans} == {
            "shared-platform": 3,
            "shared-tenant": 2,  # its default route is platform's
            "vrf-blue": 3,
        }
        planned = site.egress("plan", code=2)
        headings = [line for line in planned.stdout.splitlines() if not line.startswith("+ ")]
        assert headings == [
            text
            for stack in ("shared-platform", "shared-tenant", "vrf-blue")
            for text in (
                "",
                f"== {stack}",
                f"Plan: {3 - (stack == 'shared-tenant')} to add, 0 to change, 0 to destroy.",
            )
        ], "a plan in a file says which stack it is of"
        assert "==" not in planned.stderr
        site.egress("apply", "--yes", code=0)

        shared = objects(lab, "T0-shared")
        assert [name for name in shared if shared[name]["resource_type"] == "StaticRoutes"] == [
            "shared-platform-default-route"
        ]
        priorities = {o["sequence_number"] for o in shared.values() if o["resource_type"] == "PolicyNatRule"}
        assert priorities == {100, 110, 200, 210}
        (hop, _) = objects(lab, "T0-vrf-blue")["vrf-blue-default-route"]["next_hops"]
        assert hop["scope"] == ["/infra/tier-0s/T0-vrf-blue/locale-services/default/interfaces/vrf-blue-edge01"]

        mark = lab.control.mark()
        assert site.egress("plan", code=0).stdout.count("No changes.") == 3
        assert site.writes(mark) == []
        site.egress("destroy", "shared-tenant", "--yes", code=0)
        assert len(objects(lab, "T0-shared")) == 3, "the neighbour's route and rules stay"
        site.egress("plan", "shared-platform", code=0)


@pytest.fixture
def database() -> Iterator[postgres.Postgres]:
    """A PostgreSQL server of this test's own; CI has one, and does not pass without."""
    where = postgres.programs()
    if where is None:
        lacks("no PostgreSQL server on this machine: Debian's package is postgresql")
    with postgres.server(where) as running:
        yield running


@pytest.fixture
def team_site(tmp_path: Path, lab_of_two: Lab, engine_env: dict[str, str], database: postgres.Postgres) -> Site:
    """prod-wld02 as a team has it: a manager with a CA file and credentials of its own, and the state in a database."""
    root = project(tmp_path / "project", *FILES)
    (root / "ca.pem").write_text(lab_of_two.ca_pem)
    file = root / FILES[0]
    text = file.read_text()
    assert "host: nsx-prod.example.com" in text
    assert "state: {backend: pg}" in text
    file.write_text(text.replace("host: nsx-prod.example.com", f"ca_file: ca.pem\n  host: {lab_of_two.host}"))
    mirror = tmp_path / "mirror"
    subprocess.run([sys.executable, "-m", "nsx_lab", "mirror", mirror], check=True, capture_output=True)
    env = engine_env | {
        "EGRESS_PROVIDER": f"mirror:{mirror}",
        "NSXT_PROD_USERNAME": lab_of_two.username,
        "NSXT_PROD_PASSWORD": lab_of_two.password,
        "PG_CONN_STR": database.url,
    }
    return Site(root, lab_of_two, env)


def test_a_state_in_postgresql(team_site: Site, database: postgres.Postgres) -> None:
    site = team_site
    site.egress("apply", SECOND, "--yes", code=0)
    assert len(objects(site.lab, "T0-wld02")) == 4
    assert "No changes." in site.egress("plan", SECOND, code=0).stdout

    state = json.loads(database.ask('SELECT data FROM "prod-wld02".states'))
    kept = {resource["type"] for resource in state["resources"] if resource["mode"] == "managed"}
    assert kept == {"nsxt_policy_static_route", "nsxt_policy_nat_rule"}
    assert not (site.root / "state").exists()
    for file in (path for path in site.root.rglob("*") if path.is_file() and "providers" not in path.parts):
        assert database.password.encode() not in file.read_bytes(), f"the connection string is kept in {file}"

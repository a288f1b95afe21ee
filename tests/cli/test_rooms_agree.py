"""Two odd domains, mostly on one Tier-0: check, explain, report, seed, a planned view and a real lab believe the same of them."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import egress.cli as cli
from egress.domain import EgressError, WorkloadDomain, load_domains
from egress.policy.owned import owned
from egress.policy.paths import tier0
from egress.policy.planned import ROUTE, RULE
from nsx_lab import Lab

T0 = "T0-shared"
HOSTS = ("nsx.example.com", "NSX.example.com", "nsx.example.COM:443", "nsx.example.com:443")
"""One manager, written in four ways."""
OTHERS = ("nsx.example.com:8443", "nsx2.example.com")
"""Managers of the first and of the second file alone."""
SERVICES = ("{id: svc-a, address: 172.20.0.1/24}", "{id: svc-b, address: 172.21.0.1/24}")


@dataclass(frozen=True)
class Side:
    """What one of the two files says. `number`: 1 or 2, of which its addresses are made."""

    number: int
    host: str
    by_id: bool
    services: tuple[str, ...]
    external: bool
    second: bool
    other_source: bool

    @property
    def stack(self) -> str:
        return "ab"[self.number - 1]

    def text(self) -> str:
        route = "external: true" if self.external else "next_hops: [{address: 10.29.70.253}]"
        mine = 3 - self.number if self.other_source else self.number
        second = (
            f"third: {{source: 30.{self.number}.0.40, translated: 10.29.70.{self.number}9, priority: {self.number}90}}"
        )
        return f"""\
version: 1
name: {self.stack}
nsx: {{host: "{self.host}", version: "4.2.1"}}
tier0:
  {"id" if self.by_id else "display_name"}: {T0}
  ha_mode: ACTIVE_STANDBY
  ha_vips: [{{address: 10.29.70.4/24}}]
  uplinks:
    - {{id: u1, edge: edge01, address: 10.29.70.2/24}}
    - {{id: u2, edge: edge02, address: 10.29.70.3/24}}
  service_interfaces: [{", ".join(self.services)}]
default_route: {{{route}}}
egress:
  ranges: [30.{self.number}.0.0/24]
  supervisor: {{source: 30.{mine}.0.5, translated: 10.29.70.{self.number}0, priority: {self.number}00}}
  tkg: {{source: 30.{self.number}.0.16, translated: 10.29.70.{self.number}0, priority: {self.number}10}}
  more: {{{second if self.second else ""}}}
tier1s:
  domain-{self.stack}: {{egress: 30.{mine}.0.5}}
  vnet-{self.stack}: {{egress: 30.{self.number}.0.16}}
ingress: {{range: 30.{self.number}.1.0/24}}
state: {{backend: local}}
"""


@dataclass(frozen=True)
class Pair:
    """Two files. What is to be believed of them is said here in the plainest words."""

    a: Side
    b: Side

    @property
    def one_gateway(self) -> bool:
        return self.a.host in HOSTS and self.b.host in HOSTS

    @property
    def errors_of_b(self) -> set[str]:
        """Fleet rules that b breaks, which comes second."""
        if not self.one_gateway:
            return set()
        found = set()
        if not self.a.external and not self.b.external:
            found.add("default-route-has-two-owners")
        if set(self.a.services) != set(self.b.services):
            found.add("shared-tier0-differs")
        if self.a.other_source != self.b.other_source:
            found.add("source-twice")
        return found

    @property
    def assumed_of_b(self) -> bool:
        """Whether b's default route is a guess."""
        return self.b.external and not (self.one_gateway and not self.a.external)


def sides(number: int) -> st.SearchStrategy[Side]:
    return st.builds(
        Side,
        number=st.just(number),
        host=st.sampled_from((*HOSTS * 2, OTHERS[number - 1])),
        by_id=st.booleans(),
        services=st.lists(st.sampled_from(SERVICES), unique=True, max_size=2).map(tuple),
        external=st.booleans(),
        second=st.booleans(),
        other_source=st.just(False) if number == 1 else st.booleans(),
    )


FLEET = ("default-route-has-two-owners", "shared-tier0-differs", "source-twice")


class Project:
    """A project folder with the two files, and the commands in it."""

    def __init__(self, root: Path, pair: Pair) -> None:
        self.root = root
        (root / "domains").mkdir(parents=True)
        (root / "cdktf.json").write_text("{}")
        for side in (pair.a, pair.b):
            (root / "domains" / f"{side.stack}.yaml").write_text(side.text())
        self.domains = load_domains(root)

    def run(self, *arguments: str, stdin: str = "") -> str:
        done = CliRunner().invoke(cli.group, ["--root", str(self.root), *arguments], input=stdin, standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.stdout

    def explain(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        (told,) = json.loads(self.run("explain", "b", "--json", *arguments, stdin=stdin))
        return dict(told)


def results(told: dict[str, Any]) -> dict[str, str]:
    return {answer["question"]: answer["result"] for answer in told["answers"]}


def plan_of(domain: WorkloadDomain) -> str:
    """The plan of a stack that was never applied, as the engine shows it."""
    resources = []
    gateway = tier0(T0)
    for path, body in owned(domain).objects(gateway).items():
        values: dict[str, Any] = {"nsx_id": path.rsplit("/", 1)[1], "gateway_path": gateway}
        if body["resource_type"] == "StaticRoutes":
            resources.append(
                {"type": ROUTE, "values": values | {"network": body["network"], "next_hop": body["next_hops"]}}
            )
        elif body["resource_type"] == "PolicyNatRule":
            networks = {f"{name}_networks": [body[f"{name}_network"]] for name in ("source", "translated")}
            rule = {"action": body["action"], "rule_priority": body["sequence_number"], "scope": body["scope"]}
            resources.append({"type": RULE, "values": values | rule | networks})
    root = {"resources": [{"mode": "managed", **one} for one in resources]}
    return json.dumps({"format_version": "1.2", "planned_values": {"root_module": root}})


@contextmanager
def applied(project: Project, seed: dict[str, Any]) -> Iterator[Lab]:
    """A lab with the seed, in which both stacks are applied; commands act on it."""
    with Lab(seed=seed) as lab, pytest.MonkeyPatch.context() as patch:
        tls = ssl.create_default_context(cadata=lab.ca_pem)
        login = (lab.username, lab.password)
        with httpx.Client(base_url=f"https://{lab.host}/policy/api/v1", verify=tls, auth=login) as api:
            for domain in project.domains:
                for path, body in owned(domain).objects(tier0(T0)).items():
                    if body["resource_type"] != "PolicyNat":
                        api.patch(path, json=body).raise_for_status()
        lab.write_lab_file(project.root / "lab.json")
        patch.setenv("EGRESS_LAB", str(project.root / "lab.json"))
        yield lab


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=st.builds(Pair, a=sides(1), b=sides(2)))
def test_what_one_room_believes_of_two_domains_every_room_believes(
    pair: Pair, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EGRESS_LAB", raising=False)
    project = Project(tmp_path_factory.mktemp("pair") / "project", pair)

    checked = json.loads(project.run("check", "--json"))
    of_b = [finding for finding in checked["findings"] if finding["stack"] == "b"]
    assert {finding["rule"] for finding in of_b} & set(FLEET) == pair.errors_of_b
    assert not [one for one in checked["findings"] if one["stack"] == "a" and one["rule"] in FLEET]

    page = project.root / "b.html"
    project.run("report", "b", "-o", str(page))
    shown = re.findall(r'<td data-of="rule">([a-z0-9-]+)</td><td data-of="where">domains/b\.yaml', page.read_text())
    assert sorted(shown) == sorted(finding["rule"] for finding in of_b)

    filed = project.explain()
    planned = project.explain("--plan", "-", stdin=plan_of(project.domains[1]))
    assert results(planned) == results(filed)
    for told in (filed, planned):
        assert pair.assumed_of_b == any("taken as 0.0.0.0/0" in note for note in told["assumed"])
        strange = [note for note in told["assumed"] if "it is in that of a" in note]
        extra = set(pair.a.services) - set(pair.b.services) if pair.one_gateway else set()
        assert len(strange) == len(extra)
    assert (
        any("the plan says nothing of a on the same Tier-0" in note for note in planned["assumed"]) == pair.one_gateway
    )

    if not pair.one_gateway:
        with pytest.raises(EgressError, match=f"a and b each have a Tier-0 '{T0}'"):
            project.run("seed")
        return
    seed = json.loads(project.run("seed"))
    assert sum("Tier0" in child for child in seed["infra"]["children"]) == 1
    with applied(project, seed) as lab:
        names = {path.rsplit("/", 1)[1] for path in lab.control.objects(tier0(T0)) if "/interfaces/" in path}
        assert names == {"u1", "u2"} | {
            text.split(",")[0].removeprefix("{id: ") for text in pair.a.services + pair.b.services
        }
        live = project.explain("--live")
    if not pair.errors_of_b and not pair.assumed_of_b:
        there = {title: result for title, result in results(filed).items() if not title.startswith("third ")}
        assert results(live) == there, "the third mapping is for a Tier-1 that neither file nor manager has"
    if pair.assumed_of_b:
        assert {"Supervisor pod -> registry": "none"}.items() <= results(live).items(), "nobody made the route"

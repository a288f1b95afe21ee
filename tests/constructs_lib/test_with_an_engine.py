"""What the constructs say, to a real engine: it validates, applies, and finds nothing left to do."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider

from egress.toolchain.tools.engine import engines
from nsx_lab import Lab
from nsx_lab.provider.plugin.mirror import write_mirror
from tests.nsx_lab.provider.residence import variables
from tier0_egress.constructs import (
    BfdPeer,
    EgressMapping,
    EgressSnatPair,
    HaMode,
    NextHop,
    RealizationCheck,
    Tier0DefaultRoute,
    Tier0Gateway,
)

pytestmark = pytest.mark.e2e

ENGINES = engines()
T0 = "/infra/tier-0s/T0-a"
RULE = f"{T0}/nat/USER/nat-rules/rule-supervisor"
Program = Callable[[TerraformStack], None]


def tier0(id_: str, ha_mode: HaMode) -> dict[str, Any]:
    edges = "/infra/sites/default/enforcement-points/default/edge-clusters/edges"
    subnet = {"ip_addresses": ["10.27.51.145", "2001:db8::145"], "prefix_len": 24}
    uplink = {
        "resource_type": "Tier0Interface",
        "id": "up1",
        "type": "EXTERNAL",
        "edge_path": f"{edges}/edge-nodes/0",
        "urpf_mode": "STRICT",
        "subnets": [{**subnet, "ip_addresses": ["10.27.51.145"]}],
    }
    locale = {
        "resource_type": "LocaleServices",
        "id": "default",
        "edge_cluster_path": edges,
        "children": [{"resource_type": "ChildTier0Interface", "Tier0Interface": uplink}],
    }
    gateway = {
        "resource_type": "Tier0",
        "id": id_,
        "display_name": f"{id_} of the east",
        "ha_mode": ha_mode.value,
        "children": [{"resource_type": "ChildLocaleServices", "LocaleServices": locale}],
    }
    return {"resource_type": "ChildTier0", "Tier0": gateway}


@dataclass
class Workshop:
    """A lab, an engine, and a folder to synthesise into again and again."""

    lab: Lab
    folder: Path
    engine: Path
    mirror: Path

    def write(self, program: Program) -> None:
        """Synthesises what `program` adds to a stack with an NSX provider."""
        app = App(outdir=str(self.folder))
        stack = TerraformStack(app, "s")
        NsxtProvider(stack, "nsxt", host=self.lab.host, ca=self.lab.ca_pem, max_retries=1)
        LocalBackend(stack, path="s.tfstate")
        program(stack)
        app.synth()
        self.run("init", "-input=false")
        self.run("validate")

    def run(self, *arguments: str, code: int = 0) -> str:
        """Runs the engine and asserts its exit code; returns everything it says, in one line."""
        config = self.folder / "engine.tfrc"
        config.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{self.mirror}" }}\n}}\n')
        env = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "NSXT_"))} | {
            "TF_CLI_CONFIG_FILE": str(config),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "NSX_LAB_PYTHON": sys.executable,
            "NSXT_USERNAME": self.lab.username,
            "NSXT_PASSWORD": self.lab.password,
        }
        stand_in = self.lab.lab_file().stand_in
        if stand_in is not None and arguments[0] != "init":
            env |= variables(stand_in, os.getpid())
        folder = self.folder / "stacks" / "s"
        command = [str(self.engine), arguments[0], "-no-color", *arguments[1:]]
        done = subprocess.run(command, cwd=folder, env=env, text=True, capture_output=True, check=False)
        said = " ".join((done.stdout + done.stderr).replace("│", " ").split())
        assert done.returncode == code, said
        return said

    def apply(self, code: int = 0) -> str:
        """Applies without asking."""
        return self.run("apply", "-auto-approve", "-input=false", code=code)

    def plan(self, code: int = 0) -> str:
        """Plans: 0 nothing to do, 2 something to do, 1 an error."""
        return self.run("plan", "-detailed-exitcode", "-input=false", code=code)

    def edit(self, path: str, **changes: Any) -> None:
        """Changes an object as somebody in NSX Manager would."""
        context = ssl.create_default_context(cadata=self.lab.ca_pem)
        auth = (self.lab.username, self.lab.password)
        with httpx.Client(base_url=self.lab.url, auth=auth, verify=context) as api:
            body = api.get(f"/policy/api/v1{path}").raise_for_status().json()
            api.patch(f"/policy/api/v1{path}", json=body | changes).raise_for_status()


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    assert ENGINES, "no engine at all on this machine"
    mirror = write_mirror(tmp_path / "mirror")
    gateways = [tier0("T0-a", HaMode.ACTIVE_ACTIVE), tier0("T0-s", HaMode.ACTIVE_STANDBY)]
    seed = {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": gateways}}
    folder = tmp_path / "out"
    folder.mkdir()
    with Lab(seed=seed) as lab:
        yield Workshop(lab, folder, Path(ENGINES[0].command), mirror)


def egress(
    gateway_id: str, ha_mode: HaMode, *, translated: str = "10.27.51.150", protect: bool = False, check: bool = True
) -> Program:
    """A route and one rule, each with its check."""

    def program(stack: TerraformStack) -> None:
        gateway = Tier0Gateway.from_id(stack, "Tier0", gateway_id=gateway_id)
        hops = [NextHop(address="10.27.51.1")]
        route = Tier0DefaultRoute(
            stack, "Route", gateway_path=gateway.path, nsx_id="route", next_hops=hops, protect=protect
        )
        pair = EgressSnatPair(
            stack,
            "Egress",
            gateway_path=gateway.path,
            ha_mode=ha_mode,
            applied_to=[gateway.interface_path("up1")],
            supervisor=EgressMapping(source="30.0.0.5", translated=translated, nsx_id="rule-supervisor"),
            default_route=route,
        )
        if check:
            RealizationCheck(stack, "RouteRealized", resource=route.resource, timeout=5)
            RealizationCheck(stack, "RuleRealized", resource=pair.rules["supervisor"], timeout=5)

    return program


@pytest.mark.parametrize("gateway_id, ha_mode", [("T0-a", HaMode.ACTIVE_ACTIVE), ("T0-s", HaMode.ACTIVE_STANDBY)])
def test_plan_after_apply_is_empty_and_nothing_is_left_after_destroy(
    workshop: Workshop, gateway_id: str, ha_mode: HaMode
) -> None:
    workshop.write(egress(gateway_id, ha_mode))
    assert "Plan: 2 to add" in workshop.plan(code=2)
    workshop.apply()
    workshop.plan(code=0)
    workshop.run("destroy", "-auto-approve")
    below = workshop.lab.control.objects(f"/infra/tier-0s/{gateway_id}")
    assert [path for path in below if "/static-routes/" in path or "/nat-rules/" in path] == []


def test_both_families_and_bfd_peers_leave_nothing_to_do(workshop: Workshop) -> None:
    def program(stack: TerraformStack) -> None:
        gateway = Tier0Gateway.from_display_name(stack, "Tier0", display_name="T0-a of the east")
        peer = BfdPeer(nsx_id="peer", peer_address="10.27.51.1", source_addresses=["10.27.51.145"], tags={"a": "b"})
        hops = [
            NextHop(address="10.27.51.1", interface_path=gateway.interface_path("up1")),
            NextHop(address="10.27.51.2", admin_distance=9),
        ]
        common: dict[str, Any] = {"gateway_path": gateway.path, "protect": False}
        Tier0DefaultRoute(stack, "V4", **common, nsx_id="v4", next_hops=hops, bfd_peers=[peer])
        Tier0DefaultRoute(stack, "V6", **common, nsx_id="v6", next_hops=[NextHop(address="2001:db8::1")])

    workshop.write(program)
    workshop.apply()
    workshop.plan(code=0)
    routes = workshop.lab.control.objects(f"{T0}/static-routes/")
    assert routes[f"{T0}/static-routes/v6"]["network"] == "::/0"
    assert [hop["admin_distance"] for hop in routes[f"{T0}/static-routes/v4"]["next_hops"]] == [1, 9]
    assert routes[f"{T0}/static-routes/bfd-peers/peer"]["peer_address"] == "10.27.51.1"


def test_name_that_only_begins_like_the_gateways_fails_the_plan(workshop: Workshop) -> None:
    workshop.write(lambda stack: _named(stack, "T0-a of"))
    said = workshop.plan(code=1)
    assert "the Tier-0 found is named T0-a of the east, which only begins with the name asked for" in said


def _named(stack: TerraformStack, name: str) -> None:
    Tier0Gateway.from_display_name(stack, "Tier0", display_name=name)


def test_protected_route_refuses_to_be_destroyed(workshop: Workshop) -> None:
    workshop.write(egress("T0-a", HaMode.ACTIVE_ACTIVE, protect=True))
    workshop.apply()
    assert "prevent_destroy" in workshop.run("destroy", "-auto-approve", code=1)
    assert f"{T0}/static-routes/route" in workshop.lab.control.objects(T0)


def test_update_that_is_realized_as_an_error_fails_the_apply_and_can_be_put_right(workshop: Workshop) -> None:
    workshop.write(egress("T0-a", HaMode.ACTIVE_ACTIVE))
    workshop.apply()
    workshop.lab.control.realization(RULE, "ERROR", when="next")
    workshop.write(egress("T0-a", HaMode.ACTIVE_ACTIVE, translated="10.27.51.151"))
    assert f"NSX says ERROR, not REALIZED, for {RULE}" in workshop.apply(code=1)
    assert "NSX says ERROR" in workshop.plan(code=1)
    workshop.write(egress("T0-a", HaMode.ACTIVE_ACTIVE, translated="10.27.51.152"))
    workshop.apply()
    workshop.plan(code=0)


def test_what_is_realized_as_an_error_can_be_destroyed(workshop: Workshop) -> None:
    workshop.lab.control.realization(RULE, "ERROR", when="next")
    workshop.write(egress("T0-a", HaMode.ACTIVE_ACTIVE))
    workshop.apply(code=1)
    workshop.run("destroy", "-auto-approve")
    assert RULE not in workshop.lab.control.objects(T0)


def test_snat_rule_stands_a_manager_that_answers_with_anything_as_destination(workshop: Workshop) -> None:
    """Issue 1152 of the provider."""
    rule = "/infra/tier-0s/T0-s/nat/USER/nat-rules/rule-supervisor"
    workshop.write(egress("T0-s", HaMode.ACTIVE_STANDBY))
    workshop.apply()
    workshop.edit(rule, destination_network="0.0.0.0/0")
    workshop.plan(code=0)


def test_snat_rule_that_somebody_limits_to_a_destination_fails_the_plan_until_it_is_replaced(
    workshop: Workshop,
) -> None:
    rule = "/infra/tier-0s/T0-s/nat/USER/nat-rules/rule-supervisor"
    workshop.write(egress("T0-s", HaMode.ACTIVE_STANDBY))
    workshop.apply()
    workshop.edit(rule, destination_network="198.51.100.0/24")
    said = workshop.plan(code=1)
    assert 'the rule is limited to destination ["198.51.100.0/24"], which was set outside of Terraform' in said
    workshop.run("apply", "-auto-approve", "-replace=nsxt_policy_nat_rule.Egress_supervisor")
    workshop.plan(code=0)
    assert "destination_network" not in workshop.lab.control.objects(rule)[rule]

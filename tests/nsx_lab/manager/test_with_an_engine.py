"""The lab under a real engine and the stand-in provider: the life of a default route and its NAT rules on each version profile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egress.toolchain.engine import engines
from nsx_lab import Lab
from nsx_lab.manager.nsx.profiles import PROFILES
from nsx_lab.provider.mirror import write_mirror

pytestmark = pytest.mark.e2e

ENGINES = engines()
T0 = "/infra/tier-0s/T0-wld01"
RULE = f"{T0}/nat/USER/nat-rules/a"
WRITES = ("PATCH", "PUT", "DELETE")


@dataclass
class Bench:
    """A folder with a configuration, and an engine to run there against a lab."""

    folder: Path
    mirror: Path
    engine: Path

    def run(self, lab: Lab, *arguments: str, code: int = 0) -> str:
        (self.folder / "engine.tfrc").write_text(
            f'provider_installation {{\n  filesystem_mirror {{ path = "{self.mirror}" }}\n}}\n'
        )
        env = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "NSXT_"))} | {
            "TF_CLI_CONFIG_FILE": str(self.folder / "engine.tfrc"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "NSX_LAB_PYTHON": sys.executable,
            "NSXT_MANAGER_HOST": lab.host,
            "NSXT_CA": lab.ca_pem,
            "NSXT_USERNAME": lab.username,
            "NSXT_PASSWORD": lab.password,
        }
        command = [str(self.engine), arguments[0], "-no-color", *arguments[1:]]
        done = subprocess.run(command, cwd=self.folder, env=env, text=True, capture_output=True, check=False)
        said = " ".join((done.stdout + done.stderr).replace("│", " ").split())
        assert done.returncode == code, said
        return said

    def write(self, lab: Lab, **rule: Any) -> None:
        """A default route and one NAT rule of the gateway T0-wld01."""
        gateway = "${data.nsxt_policy_tier0_gateway.t0.path}"
        route = {
            "display_name": "r",
            "nsx_id": "r",
            "gateway_path": gateway,
            "network": "0.0.0.0/0",
            "next_hop": [{"ip_address": "10.27.51.1"}],
        }
        nat = {
            "display_name": "a",
            "nsx_id": "a",
            "gateway_path": gateway,
            "type": "USER",
            "action": "REFLEXIVE",
            "source_networks": ["30.0.0.5"],
            "translated_networks": ["10.27.51.145"],
            "depends_on": ["nsxt_policy_static_route.r"],
            **rule,
        }
        document = {
            "terraform": {"required_providers": {"nsxt": {"source": "vmware/nsxt", "version": ">= 3.11, < 4.0"}}},
            "provider": {"nsxt": {"max_retries": 5, "retry_max_delay": 20}},
            "data": {
                "nsxt_policy_tier0_gateway": {"t0": {"id": "T0-wld01"}},
                "nsxt_policy_realization_info": {
                    "a": {"path": "${nsxt_policy_nat_rule.a.path}", "delay": 0, "timeout": 30}
                },
            },
            "resource": {"nsxt_policy_static_route": {"r": route}, "nsxt_policy_nat_rule": {"a": nat}},
            "output": {"state": {"value": "${data.nsxt_policy_realization_info.a.state}"}},
        }
        (self.folder / "main.tf.json").write_text(json.dumps(document))
        if not (self.folder / ".terraform").exists():
            self.run(lab, "init", "-input=false")

    def apply(self, lab: Lab, code: int = 0) -> str:
        return self.run(lab, "apply", "-auto-approve", "-input=false", code=code)

    def plan(self, lab: Lab, code: int) -> str:
        return self.run(lab, "plan", "-detailed-exitcode", "-input=false", code=code)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    assert ENGINES, "no engine at all on this machine"
    folder = tmp_path / "work"
    folder.mkdir()
    return Bench(folder, write_mirror(tmp_path / "mirror"), ENGINES[0].command)


@pytest.fixture(params=ENGINES, ids=lambda engine: f"{engine.product}-{engine.version}")
def each_engine(request: pytest.FixtureRequest, bench: Bench) -> Bench:
    """The bench with one engine after the other."""
    bench.engine = request.param.command
    return bench


@pytest.fixture(params=sorted(PROFILES))
def versioned(request: pytest.FixtureRequest, seed_document: dict[str, Any]) -> Iterator[Lab]:
    """A lab of each profile."""
    with Lab(seed_document, profile=request.param) as lab:
        yield lab


def writes(lab: Lab, since: int) -> list[tuple[str, str]]:
    found = [entry for entry in lab.control.journal(since) if entry["method"] in WRITES]
    return [(entry["method"], entry["path"].rpartition("/")[2]) for entry in found]


def test_life_cycle_on_each_profile_and_engine(versioned: Lab, each_engine: Bench) -> None:
    lab, bench = versioned, each_engine
    bench.write(lab)
    bench.plan(lab, code=2)
    assert writes(lab, 0) == []
    assert 'state = "REALIZED"' in bench.apply(lab)
    assert writes(lab, 0) == [("PATCH", "r"), ("PATCH", "a")]
    bench.plan(lab, code=0)
    bench.write(lab, translated_networks=["10.27.51.147"], logging=True)
    mark = lab.control.mark()
    bench.apply(lab)
    assert writes(lab, mark) == [("PATCH", "a")]
    bench.plan(lab, code=0)
    mark = lab.control.mark()
    bench.run(lab, "destroy", "-auto-approve")
    assert writes(lab, mark) == [("DELETE", "a"), ("DELETE", "r")]
    assert RULE not in lab.control.objects(T0)


def test_rule_deleted_behind_the_back_comes_back(lab: Lab, api: Any, bench: Bench) -> None:
    bench.write(lab)
    bench.apply(lab)
    api.delete(RULE)
    bench.plan(lab, code=2)
    bench.apply(lab)
    bench.plan(lab, code=0)
    assert RULE in lab.realized()


def test_echo_of_any_destination_leaves_plans_empty(seed_document: dict[str, Any], bench: Bench) -> None:
    """terraform-provider-nsxt #1152, with the remedy that the constructs use: ignore_changes on destination_networks."""
    seed_document["infra"]["children"][0]["Tier0"]["ha_mode"] = "ACTIVE_STANDBY"
    remedy = {"action": "SNAT", "lifecycle": {"ignore_changes": ["destination_networks"]}}
    with Lab(seed_document, settings={"echo_any": True}) as lab:
        bench.write(lab, action="SNAT")
        bench.apply(lab)
        bench.plan(lab, code=2)
        bench.write(lab, **remedy)
        bench.plan(lab, code=0)
        bench.write(lab, **remedy, logging=True)
        bench.apply(lab)
        bench.plan(lab, code=0)
        bench.run(lab, "destroy", "-auto-approve")


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, "times": 3},
        {"status": 429, "times": 4},
        {"reset": True},
        {"reset": True, "when": "after"},
        {"status": 504, "when": "after"},
    ],
    ids=lambda fault: " ".join(f"{key}={value}" for key, value in fault.items()),
)
def test_fault_during_an_apply_is_overcome(lab: Lab, bench: Bench, fault: dict[str, Any]) -> None:
    bench.write(lab)
    lab.control.fault(method="PATCH", path="*/nat-rules/a", **fault)
    bench.apply(lab)
    assert lab.control.faults()[0]["fired"] == fault.get("times", 1)
    bench.plan(lab, code=0)


def test_lab_that_was_restarted_in_the_middle_is_the_same(
    tmp_path: Path, seed_document: dict[str, Any], bench: Bench
) -> None:
    with Lab(seed_document, data_dir=tmp_path / "data") as lab:
        bench.write(lab)
        bench.apply(lab)
    with Lab(seed_document, data_dir=tmp_path / "data") as lab:
        bench.plan(lab, code=0)
        bench.run(lab, "destroy", "-auto-approve")


def test_late_realization_is_waited_for(lab: Lab, bench: Bench) -> None:
    bench.write(lab)
    lab.control.realization("*/nat-rules/*", "UNREALIZED", polls=2)
    assert 'state = "REALIZED"' in bench.apply(lab)
    looks = [entry for entry in lab.control.journal() if entry["path"].endswith("/realized-entities")]
    assert len(looks) == 3

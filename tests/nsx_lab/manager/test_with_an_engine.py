"""The lab under a real engine and the stand-in provider: the life of a default route and its NAT rules on each version profile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egress.toolchain.tools.engine import engines
from nsx_lab import Lab
from nsx_lab.manager.nsx.profiles import PROFILES
from nsx_lab.provider.plugin.mirror import write_mirror
from nsx_lab.provider.wire.versions import NEWER
from tests.nsx_lab.provider.residence import variables

pytestmark = pytest.mark.e2e

ENGINES = engines()
T0 = "/infra/tier-0s/T0-wld01"
RULE = f"{T0}/nat/USER/nat-rules/a"
WRITES = ("PATCH", "PUT", "DELETE")


@dataclass
class Bench:
    """A folder with a configuration, and an engine to run there against a lab.

    `resident`: whether the lab's resident stand-in is used, or the engine starts its own.
    """

    folder: Path
    mirror: Path
    engine: Path
    resident: bool = True

    def run(self, lab: Lab, *arguments: str, code: int = 0) -> str:
        (self.folder / "engine.tfrc").write_text(
            f'provider_installation {{\n  filesystem_mirror {{ path = "{self.mirror}" }}\n}}\n'
        )
        env = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "NSXT_"))} | {
            "TF_CLI_CONFIG_FILE": str(self.folder / "engine.tfrc"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "NSX_LAB_PYTHON": sys.executable,
            "NSXT_USERNAME": lab.username,
            "NSXT_PASSWORD": lab.password,
        }
        socket = lab.lab_file().stand_in
        if self.resident and socket is not None and arguments[0] != "init":
            env |= variables(socket, os.getpid())
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
            "provider": {"nsxt": {"host": lab.host, "ca": lab.ca_pem, "max_retries": 5, "retry_max_delay": 20}},
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
    bench.resident = lab.world.manager.settings.profile.name != "4.2"  # one of them by an ordinary start
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


def test_provider_3_12_on_nsx_9_1(tmp_path: Path, seed_document: dict[str, Any], bench: Bench) -> None:
    """The pair that docs/versions.md names: from 9.1 on it is 3.12 that is wanted, and it asks for network spans at each start."""
    bench.resident, bench.mirror = False, write_mirror(tmp_path / "newer", NEWER)
    with Lab(seed_document, profile="9.1") as lab:
        bench.write(lab)
        assert f'"{NEWER.name}"' in (bench.folder / ".terraform.lock.hcl").read_text()
        assert 'state = "REALIZED"' in bench.apply(lab)
        bench.plan(lab, code=0)
        bench.run(lab, "destroy", "-auto-approve")
        asked = [entry["path"] for entry in lab.control.journal()]
        starts = asked.count("/api/v1/node/version")
        assert asked.count("/policy/api/v1/infra/network-spans") == starts > 0
        assert writes(lab, 0) == [("PATCH", "r"), ("PATCH", "a"), ("DELETE", "a"), ("DELETE", "r")]


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
        bench.write(lab)  # another port, another authority; the objects are the same
        bench.plan(lab, code=0)
        bench.run(lab, "destroy", "-auto-approve")


def test_two_applies_at_once_by_one_resident_stand_in_do_not_mix(
    tmp_path: Path, seed_document: dict[str, Any], bench: Bench
) -> None:
    """Two managers, two users, one stand-in: what one session was configured with never serves another."""
    with Lab(seed_document, username="one") as one, Lab(seed_document, username="two") as two:
        benches = {lab.username: Bench(tmp_path / lab.username, bench.mirror, bench.engine) for lab in (one, two)}
        for lab in (one, two):
            benches[lab.username].folder.mkdir()
            benches[lab.username].write(lab, source_networks=[f"30.0.0.{5 if lab is one else 6}"])
            document = json.loads((benches[lab.username].folder / "main.tf.json").read_text())
            document["provider"]["nsxt"] |= {"username": lab.username, "password": lab.password}
            (benches[lab.username].folder / "main.tf.json").write_text(json.dumps(document))
            lab.control.fault(path="*/static-routes/r", method="PATCH", delay=0.5)  # so that they are at work together
        with ThreadPoolExecutor() as pool:  # both by the stand-in of the first lab
            said = list(pool.map(lambda lab: benches[lab.username].run(one, "apply", "-auto-approve"), (one, two)))
        assert all("Apply complete" in text for text in said)
        for lab, source in ((one, "30.0.0.5"), (two, "30.0.0.6")):
            assert lab.control.objects(T0)[RULE]["source_network"] == source
            assert {entry["who"] for entry in lab.control.journal()} - {""} == {lab.username}
            assert writes(lab, 0) == [("PATCH", "r"), ("PATCH", "a")]
            benches[lab.username].run(one, "plan", "-detailed-exitcode")


def test_late_realization_is_waited_for(lab: Lab, bench: Bench) -> None:
    bench.write(lab)
    lab.control.realization("*/nat-rules/*", "UNREALIZED", polls=2)
    assert 'state = "REALIZED"' in bench.apply(lab)
    looks = [entry for entry in lab.control.journal() if entry["path"].endswith("/realized-entities")]
    assert len(looks) == 3

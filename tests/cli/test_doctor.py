import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from egress.toolchain.doctor import BINDINGS, NEEDED_BINDINGS
from nsx_lab import Lab
from tests.e2e.sites import Site

pytestmark = pytest.mark.slow

EGRESS = Path(sys.executable).with_name("egress")
REPOSITORY = Path(__file__).resolve().parents[2]


def doctor(cwd: Path = REPOSITORY, **env: str) -> tuple[int, dict[str, dict[str, Any]]]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("EGRESS_", "NSXT_", "JSII_"))}
    done = subprocess.run(
        [EGRESS, "doctor", "--json"], cwd=cwd, env=clean | env, text=True, capture_output=True, check=False
    )
    return done.returncode, {part["name"]: part for part in json.loads(done.stdout)}


def test_on_a_lab_everything_is_there(tmp_path: Path) -> None:
    with Lab() as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        code, parts = doctor(EGRESS_LAB=str(tmp_path / "lab.json"))
    assert code == 0
    assert parts["target"]["found"] == f"the lab {lab.host}"
    # The cdktf CLI is brought when it is first asked for, and nothing but `cdktf` itself needs it.
    assert {part["health"] for name, part in parts.items() if name != "cdktf CLI"} == {"fine"}


def test_a_real_target_without_provider_and_credentials_is_exit_1_with_the_fixes(tmp_path: Path) -> None:
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    (tmp_path / "domains" / "wld01.yaml").write_bytes((REPOSITORY / "domains" / "wld01.yaml").read_bytes())
    code, parts = doctor(tmp_path)
    assert code == 1
    assert parts["provider"]["health"] == "missing"
    assert "EGRESS_PROVIDER=mirror:DIR" in parts["provider"]["fix"]
    assert "NSXT_USERNAME" in parts["credentials NSXT_*"]["fix"]
    assert parts["provider lock"]["health"] == "note"


@pytest.mark.parametrize("node", ["/nowhere/node", "/bin/false"])
def test_a_node_that_does_not_run_is_told(node: str) -> None:
    _, parts = doctor(JSII_NODE=node)
    assert parts["Node"]["health"] != "fine"


def test_outside_a_project_it_says_so_and_looks_at_the_rest(tmp_path: Path) -> None:
    code, parts = doctor(tmp_path)
    assert code == 0
    assert parts["project"]["health"] == "note"
    assert parts["engine"]["health"] == "fine"


def test_a_folder_without_the_cdktf_cli_is_told_and_keeps_nothing_from_running(tmp_path: Path) -> None:
    code, parts = doctor(tmp_path, EGRESS_CDKTF_CLI=str(tmp_path))
    assert code == 0
    assert parts["cdktf CLI"]["health"] == "note"
    assert "unset the variable" in parts["cdktf CLI"]["fix"]


def test_reach_asks_the_manager_and_compares_the_ha_mode(site: Site) -> None:
    assert "answers and has /infra/tier-0s/T0-wld01, ACTIVE_ACTIVE" in site.egress("doctor", "--reach", code=0).stdout
    assert all(entry["method"] == "GET" for entry in site.lab.control.journal()), "read-only"
    standby = json.dumps(site.lab.control.snapshot()).replace('"ACTIVE_ACTIVE"', '"ACTIVE_STANDBY"')
    site.lab.control.restore(json.loads(standby))
    told = site.egress("doctor", "--reach", code=1).stdout
    assert "with ha_mode ACTIVE_STANDBY" in told
    assert "correct tier0.ha_mode" in told
    site.lab.stop()
    assert "cannot be reached" in site.egress("doctor", "--reach", code=1).stdout


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH with a distribution of somebody else's that brings a package of the same name."""
    folder = tmp_path / "site"
    for name in ("", *NEEDED_BINDINGS):
        package = folder / BINDINGS / name
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    distribution(folder, "full-nsxt", "9.9")
    return folder


def distribution(folder: Path, name: str, version: str) -> None:
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "top_level.txt").write_text(f"{BINDINGS}\n")


def test_two_distributions_that_brought_the_same_bindings_are_both_named(tmp_path: Path, foreign: Path) -> None:
    distribution(foreign, "tier0-fork", "1.0")
    code, parts = doctor(tmp_path, PYTHONPATH=str(foreign))
    assert code == 1
    assert parts["provider bindings"]["health"] == "missing"
    assert "full-nsxt 9.9" in parts["provider bindings"]["found"]
    assert "tier0-fork 1.0" in parts["provider bindings"]["found"]
    assert "uninstall all of them" in parts["provider bindings"]["fix"]


def test_bindings_of_somebody_else_are_told(tmp_path: Path, foreign: Path) -> None:
    code, parts = doctor(tmp_path, PYTHONPATH=str(foreign))
    assert code == 0
    assert parts["provider bindings"]["health"] == "note"
    assert parts["provider bindings"]["found"] == f"{BINDINGS} is of full-nsxt 9.9, not of tier0-egress"
    shutil.rmtree(foreign / BINDINGS / "policy_nat_rule")
    code, parts = doctor(tmp_path, PYTHONPATH=str(foreign))
    assert code == 1
    assert parts["provider bindings"]["found"].endswith("not of tier0-egress, and lacks policy_nat_rule")


def test_a_lock_that_the_mirror_does_not_have_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    (tmp_path / "domains" / "wld01.yaml").write_bytes((REPOSITORY / "domains" / "wld01.yaml").read_bytes())
    mirrored = tmp_path / "mirror" / "registry.terraform.io" / "vmware" / "nsxt"
    mirrored.mkdir(parents=True)
    (mirrored / "terraform-provider-nsxt_3.12.0_linux_amd64.zip").touch()
    env = {"EGRESS_PROVIDER": f"mirror:{tmp_path / 'mirror'}"}
    _, parts = doctor(tmp_path, **env)
    assert "commit it" in parts["provider lock"]["fix"], "there is none yet"
    name = parts["provider lock"]["found"].split()[1]
    (tmp_path / "locks").mkdir()
    lock = 'provider "registry.terraform.io/vmware/nsxt" {\n  version     = "3.11.1"\n}\n'
    (tmp_path / name).write_text(lock)
    code, parts = doctor(tmp_path, **env)
    assert code == 1
    assert "the lock says vmware/nsxt 3.11.1, the mirror mirror has 3.12.0" in parts["provider lock"]["found"]
    assert "--upgrade-provider" in parts["provider lock"]["fix"]
    (tmp_path / name).write_text(lock.replace("3.11.1", "3.12.0"))
    assert doctor(tmp_path, **env)[1]["provider lock"]["health"] == "fine"

"""bindings/build.py: rebuilds to the same bytes, takes a schema of one's own, and goes beside bindings of one's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress.cdk import BOTH, CDKTF
from egress.toolchain.cdktf_cli import CDKTF_CLI, CDKTN_CLI, Cli, bring_cli
from egress.toolchain.tools.engine import find_engine
from egress.toolchain.tools.node import find_node
from tests.cdktn.second import BESIDE, needed, on_cdktn
from tests.e2e import console

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "bindings.md").read_text()
PROVIDER = "registry.terraform.io/vmware/nsxt"
Json = dict[str, Any]
Build = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def own() -> Json:
    """A schema as `terraform providers schema -json` prints it, with one more resource than ours: what the page's program uses."""
    schema: Json = json.loads((ROOT / "nsx_lab" / "provider" / "nsxt-schema.json").read_text())
    text = {"type": "string", "description_kind": "plain"}
    known_after = text | {"optional": True, "computed": True}
    attributes = {
        "id": known_after,
        "nsx_id": known_after,
        "path": text | {"computed": True},
        "display_name": text | {"required": True},
        "description": text | {"optional": True},
    }
    block = {"attributes": attributes, "description_kind": "plain"}
    schema["provider_schemas"][PROVIDER]["resource_schemas"]["nsxt_policy_group"] = {"version": 0, "block": block}
    return schema


def build(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "bindings" / "build.py", *arguments]
    return subprocess.run(command, text=True, capture_output=True, check=False)


@pytest.mark.e2e
@pytest.mark.parametrize("cdk", [cdk.name for cdk in BOTH])
def test_the_committed_wheel_is_what_a_build_gives(cdk: str) -> None:
    done = build("--check", "--only", cdk)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 differ" in done.stdout


@pytest.mark.e2e
def test_a_schema_of_ones_own_gives_a_fuller_package_and_a_difference_is_told(own: Json, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps(own))
    done = build("--schema", tmp_path / "own.json", "--out", tmp_path / "dist", "--only", CDKTF.name)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "cdktf_cdktf_provider_nsxt/policy_group/__init__.py" in archive.namelist()
        assert "cdktf_cdktf_provider_nsxt/policy_nat_rule/__init__.py" in archive.namelist()
    compare = f"import build, pack; print(build.compare(build.BOTH[0], pack.read(build.Path({str(wheel)!r})), build.HERE / 'dist'))"
    done = subprocess.run(
        [sys.executable, "-c", compare], cwd=ROOT / "bindings", text=True, capture_output=True, check=True
    )
    assert done.stdout.endswith("\n2\n")
    assert "cdktf_cdktf_provider_nsxt/policy_group/__init__.py is in one of them only" in done.stdout
    assert ".jsii.tgz/package/lib/index.js differs" in done.stdout


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda schema: "{", "cannot be read as JSON"),
        (lambda schema: "[]", "holds no vmware/nsxt"),
        (lambda schema: json.dumps({"provider_schemas": {}}), "holds no vmware/nsxt"),
        (
            lambda schema: json.dumps(_without(schema, "nsxt_policy_nat_rule")),
            "lacks policy_nat_rule, which the constructs need",
        ),
    ],
)
def test_a_file_that_is_no_such_schema_is_refused_in_a_sentence(
    own: Json, tmp_path: Path, change: Callable[[Json], str], words: str
) -> None:
    (tmp_path / "own.json").write_text(change(own))
    done = build("--schema", tmp_path / "own.json", "--out", tmp_path / "dist")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "dist").exists()


def _without(schema: Json, resource: str) -> Json:
    nsxt = schema["provider_schemas"][PROVIDER]
    fewer = {name: body for name, body in nsxt["resource_schemas"].items() if name != resource}
    return {"provider_schemas": {PROVIDER: nsxt | {"resource_schemas": fewer}}}


@pytest.mark.e2e
@pytest.mark.parametrize("cli", [CDKTF_CLI, pytest.param(CDKTN_CLI, marks=needed)], ids=lambda cli: cli.name)
def test_constructs_go_beside_bindings_that_get_makes(own: Json, tmp_path: Path, cli: Cli) -> None:
    """The page's two files, `cdktf get` (`cdktn get`) with a schema in place of a registry, and what comes out."""
    for name, text in console.files(PAGE).items():
        (tmp_path / name).write_text(on_cdktn(text) if (cli, name) == (CDKTN_CLI, "main.py") else text)
    config = tmp_path / "cdktf.json"
    assert "vmware/nsxt@~> 3.11" in config.read_text()
    config.write_text(config.read_text().replace("~> 3.11", "3.11.1"))
    cache = tmp_path / "cache"
    cache.mkdir()
    engine = find_engine()
    series = ".".join(engine.version.split(".")[:2])
    whose = [f"@{name}-{series}" for name in ("terraform", "opentofu", "tofu")] if cli == CDKTN_CLI else [""]
    for one in whose:  # cdktn keeps a schema by engine
        (cache / f"nsxt@3.11.1{one}.json").write_text(json.dumps(own | {"provider_versions": {PROVIDER: "3.11.1"}}))
    env = {key: value for key, value in os.environ.items() if not key.startswith(("CDKTF_", "JSII_"))}
    if cli == CDKTN_CLI:
        env |= {"PYTHONPATH": str(BESIDE), "EGRESS_CDK": cli.name, "TERRAFORM_BINARY_NAME": str(engine.command)}
    env |= {"CDKTF_EXPERIMENTAL_PROVIDER_SCHEMA_CACHE_PATH": str(cache), "CHECKPOINT_DISABLE": "1", "CI": "1"}
    env |= {"DISABLE_VERSION_CHECK": "1", "PATH": os.pathsep.join([str(_node_and_npm(tmp_path)), env["PATH"]])}
    got = subprocess.run(
        [find_node(), bring_cli(cli=cli), "get"], cwd=tmp_path, env=env, text=True, capture_output=True, check=False
    )
    assert got.returncode == 0, got.stdout + got.stderr

    ran = subprocess.run(
        [sys.executable, "main.py"], cwd=tmp_path, env=env, text=True, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    made = json.loads((tmp_path / "cdktf.out" / "stacks" / "wld01" / "cdk.tf.json").read_text())
    assert made.pop("//")["metadata"].pop("version") in ("0.21.0", "0.24.0")
    assert made["terraform"].pop("backend")
    assert made == MADE, "whichever CDK made it"


def _named(path: str, name: str) -> Json:
    return {"metadata": {"path": f"wld01/{path}", "uniqueId": name}}


MADE = {
    "provider": {"nsxt": [{"host": "nsx-wld01.example.com"}]},
    "terraform": {"required_providers": {"nsxt": {"source": "vmware/nsxt", "version": ">= 3.11, < 4.0"}}},
    "data": {
        "nsxt_policy_tier0_gateway": {"tier0": {"//": _named("tier0", "tier0"), "display_name": "T0-wld01"}},
        "nsxt_policy_realization_info": {
            "GroupRealized": {
                "//": _named("GroupRealized/Default", "GroupRealized"),
                "path": "${nsxt_policy_group.registries.path}",
                "depends_on": ["nsxt_policy_group.registries"],
                "delay": 0,
                "timeout": 120,
                "lifecycle": {
                    "postcondition": [
                        {
                            "condition": '${self.state == "REALIZED"}',
                            "error_message": "NSX says ${self.state}, not REALIZED, for ${self.path}: "
                            "look at its alarms in NSX, correct the object and apply again",
                        }
                    ]
                },
            }
        },
    },
    "resource": {
        "nsxt_policy_group": {"registries": {"//": _named("registries", "registries"), "display_name": "registries"}},
        "nsxt_policy_static_route": {
            "DefaultRoute": {
                "//": _named("DefaultRoute/Default", "DefaultRoute"),
                "display_name": "wld01-default-route",
                "nsx_id": "wld01-default-route",
                "gateway_path": "${data.nsxt_policy_tier0_gateway.tier0.path}",
                "network": "0.0.0.0/0",
                "next_hop": [{"ip_address": "10.27.51.1", "admin_distance": 1}],
                "lifecycle": {"prevent_destroy": True},
            }
        },
    },
}


def _node_and_npm(folder: Path) -> Path:
    """Commands `node` and `npm` of the wheel: what cdktf calls by name."""
    node = find_node()
    scripts = {"node": "", "npm": f'"{node.parent.parent}/lib/node_modules/npm/bin/npm-cli.js"'}
    place = folder / "commands"
    place.mkdir()
    for name, script in scripts.items():
        (place / name).write_text(f'#!/bin/sh\nexec "{node}" {script} "$@"\n')
        (place / name).chmod(0o755)
    return place

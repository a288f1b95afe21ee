"""The example of the README, as it stands there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "constructs_alone.py"


@pytest.fixture
def old_node(tmp_path: Path) -> Path:
    """A folder with a `node` that nobody wants."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "node").write_text("#!/bin/sh\necho 'this is the node of PATH' >&2\nexit 9\n")
    (folder / "node").chmod(0o755)
    return folder


def test_constructs_alone_make_the_golden_domains_resources_whatever_node_is_on_path_and_without_a_home(
    tmp_path: Path, old_node: Path
) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("JSII_")}
    env["PATH"] = os.pathsep.join([str(old_node), env["PATH"]])
    env["HOME"] = str(old_node / "node")  # a file, where jsii would keep its packages
    done = subprocess.run([sys.executable, EXAMPLE], cwd=tmp_path, env=env, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    made = json.loads((tmp_path / "cdktf.out" / "stacks" / "wld01" / "cdk.tf.json").read_text())
    resources = {
        f"{kind}.{name}": body["nsx_id"] for kind, all in made["resource"].items() for name, body in all.items()
    }
    assert resources == {
        "nsxt_policy_static_route.DefaultRoute": "wld01-default-route",
        "nsxt_policy_nat_rule.Egress_supervisor": "wld01-egress-supervisor",
        "nsxt_policy_nat_rule.Egress_tkg": "wld01-egress-tkg",
    }
    assert list(made["data"]["nsxt_policy_realization_info"]) == ["RouteRealized"]
    assert made["terraform"]["required_providers"]["nsxt"]["version"] == ">= 3.11, < 4.0"

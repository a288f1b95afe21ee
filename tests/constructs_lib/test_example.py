"""The example of the README, as it stands there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "constructs_alone.py"


def test_constructs_alone_make_the_golden_domains_resources(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLE], cwd=tmp_path, env=os.environ, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
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

"""Types are checked in a program on either CDK."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cdktn.second import BESIDE, REPOSITORY, environment, needed, on_cdktn

pytestmark = [pytest.mark.slow, needed]

EXAMPLE = (REPOSITORY / "examples" / "constructs_alone.py").read_text()
TYPED = """\
import tier0_egress.constructs as nsx
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_nsxt.policy_nat_rule import PolicyNatRule
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider
from tier0_egress.stacks import WorkloadDomainStack

stack = TerraformStack(App(), "wld01")
provider = NsxtProvider(stack, "nsxt", host="nsx.example.com")
tier0 = nsx.Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0", provider=provider)
route = nsx.Tier0DefaultRoute(
    stack, "Route", gateway_path=tier0.path, nsx_id="r", next_hops=[nsx.NextHop(address="10.0.0.1")], provider=provider
)
rule = PolicyNatRule(
    stack, "rule", gateway_path=tier0.path, display_name="r", action="SNAT", depends_on=[route.resource]
)
nsx.RealizationCheck(stack, "RouteRealized", resource=route, provider=provider)
nsx.RealizationCheck(stack, "RuleRealized", resource=rule)
"""
WRONG = """\
nsx.RealizationCheck(stack, "Wrong", resource=tier0.path)
nsx.NextHop(adress="10.0.0.1")
nsx.Tier0Gateway.from_id(stack, "Wrong", gateway_id="T0", provider=stack)
"""


@pytest.mark.parametrize("cdk", ["cdktf", "cdktn"])
def test_types_are_checked_in_a_program_on_either(tmp_path: Path, cdk: str) -> None:
    text = TYPED if cdk == "cdktf" else on_cdktn(TYPED)
    (tmp_path / "right.py").write_text(text)
    (tmp_path / "example.py").write_text(EXAMPLE if cdk == "cdktf" else on_cdktn(EXAMPLE))
    (tmp_path / "wrong.py").write_text(text + WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", "--cache-dir=.mypy"]
    env = environment()
    if cdk == "cdktn":
        command += ["--python-executable", str(_with_cdktn(tmp_path))]
    done = subprocess.run(
        [*command, "example.py", "right.py", "wrong.py"],
        cwd=tmp_path,
        env=env,
        text=True,
        capture_output=True,
        check=False,
    )
    first = len(text.splitlines()) + 1
    places = re.findall(r"^(\w+\.py):(\d+): error", done.stdout, re.MULTILINE)
    assert sorted(set(places)) == [("wrong.py", str(first + number)) for number in range(3)], done.stdout + done.stderr


def _with_cdktn(folder: Path) -> Path:
    """A virtual environment with cdktn in front of our own packages, as a type checker looks at one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    for found in BESIDE.iterdir():
        (packages / found.name).symlink_to(found)
    (own,) = Path(sys.prefix).glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(f"{own}\n{REPOSITORY}\n")
    return folder / "venv" / "bin" / "python"

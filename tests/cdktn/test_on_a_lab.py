"""Stacks on cdktn, on the lab: by the cdktn CLI in `egress shell`, and a state that goes from either CDK to the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from egress.toolchain.cdktf_cli import CDKTF_CLI, CDKTN_CLI, bring_cli
from nsx_lab import Lab
from tests.cdktn.second import BESIDE, REPOSITORY, needed
from tests.e2e.sites import ROUTE, STACK, SUPERVISOR, TKG, Site
from tests.upgrade.releases import copy_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow, needed]


GIVEN = {"unique_id", "realization_id"}


@pytest.fixture
def examples(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    """The three stacks of the examples, two of which share a Tier-0; cdktn beside cdktf."""
    root = copy_project(REPOSITORY / "examples", tmp_path / "project")
    with Lab(seed=seed(load_domains(root))) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        env = any_engine | {"CI": "1", "EGRESS_LAB": str(tmp_path / "lab.json"), "PYTHONPATH": str(BESIDE)}
        yield Site(root, lab, env)


def everything(site: Site) -> dict[str, object]:
    """All that is on the manager, but for what it counts, and the ids that it gives, itself."""
    return {
        path: {key: value for key, value in body.items() if not key.startswith("_") and key not in GIVEN}
        for path, body in site.lab.control.objects("/infra").items()
    }


def plain(site: Site, *command: str) -> str:
    return site.egress("shell", "--", *command, code=0).stdout


def version(site: Site, stack: str) -> str:
    """The CDK's version that a stack of the CLI's output names."""
    made = json.loads((site.root / ".lab" / "cdktf.out" / "stacks" / stack / "cdk.tf.json").read_text())
    return str(made["//"]["metadata"]["version"])


def test_cdktn_synthesises_deploys_compares_and_destroys_several_stacks(examples: Site) -> None:
    for cli in (CDKTF_CLI, CDKTN_CLI):
        bring_cli(cli=cli)
    site = examples
    before = everything(site)
    assert "Generated Terraform code for the stacks" in plain(site, "cdktn", "synth")
    assert version(site, "vrf-blue") == "0.24.0"
    plain(site, "cdktn", "deploy", "*", "--auto-approve")
    by_cdktn = everything(site)
    assert len(by_cdktn) > len(before)
    mark = site.lab.control.mark()
    assert "No changes." in plain(site, "cdktn", "diff", "shared-tenant")
    assert "No changes." in plain(site, "cdktf", "diff", "shared-tenant"), "cdktf goes on where cdktn left off"
    assert version(site, "shared-tenant") == "0.21.0"
    assert site.writes(mark) == []
    plain(site, "cdktn", "destroy", "*", "--auto-approve")
    assert everything(site) == before
    site.egress("apply", "--yes", code=0)
    assert everything(site) == by_cdktn, "egress apply ends in the same"


def test_a_state_goes_from_either_to_the_other_with_an_empty_plan(site: Site) -> None:
    on = {cdk: site.env | {"PYTHONPATH": str(BESIDE), "EGRESS_CDK": cdk} for cdk in ("cdktf", "cdktn")}
    for one, other in (("cdktf", "cdktn"), ("cdktn", "cdktf")):
        site.env = on[one]
        site.egress("apply", STACK, "--yes", code=0)
        assert set(site.objects()) == {ROUTE, SUPERVISOR, TKG}
        site.env = on[other]
        assert "No changes." in site.egress("plan", STACK, code=0).stdout
        site.egress("destroy", STACK, "--yes", code=0)
        assert site.objects() == {}


def test_doctor_says_which_cdk_runs(site: Site, tmp_path: Path) -> None:
    for name in ("cdktn", "cdktn-0.24.0.dist-info"):
        (tmp_path / name).symlink_to(BESIDE / name)
    site.env |= {"PYTHONPATH": str(tmp_path)}
    said = " ".join(site.egress("doctor", code=0).stdout.split())
    assert "cdktf (the default)" in said
    assert "the other does not fit: constructs 10." in said
    site.env |= {"PYTHONPATH": str(BESIDE)}
    assert "cdktf (the default; cdktn: EGRESS_CDK=cdktn)" in site.egress("doctor", code=0).stdout
    site.env |= {"EGRESS_CDK": "cdktn"}
    said = site.egress("doctor", code=0).stdout
    assert "cdktn (EGRESS_CDK; cdktf: EGRESS_CDK=cdktf)" in said
    assert "cdktn_provider_nsxt, of " in said
    site.env |= {"EGRESS_CDK": "cdk8s"}
    assert "EGRESS_CDK is 'cdk8s', allowed are cdktf (the default) and cdktn" in site.egress("doctor", code=1).stdout

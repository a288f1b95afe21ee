"""Stacks on both CDKs, on the lab: by either CLI in `egress shell` and by egress, with one end; a state goes from each to each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from egress.toolchain.cdktf_cli import CDKTF_CLI, CDKTN_CLI, bring_cli
from nsx_lab import Lab
from tests.cdktn.second import BESIDE, REPOSITORY, needed
from tests.e2e.sites import ROUTE, STACK, SUPERVISOR, TKG, Site
from tests.upgrade.releases import copy_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow, needed]


GIVEN = {"unique_id", "realization_id", "_create_time", "_last_modified_time"}
"""What the manager gives an object anew each time that one is made."""
SEEN = {"id", "realized_id"}
"""Of a realization that was read: the id that the provider draws for the reading, and the manager's for the object."""
STACKS = ("shared-platform", "shared-tenant", "vrf-blue")

Json = dict[str, Any]


@pytest.fixture
def examples(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    """The three stacks of the examples, two of which share a Tier-0; cdktn beside cdktf."""
    root = copy_project(REPOSITORY / "examples", tmp_path / "project")
    with Lab(seed=seed(load_domains(root))) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        env = any_engine | {"CI": "1", "EGRESS_LAB": str(tmp_path / "lab.json"), "PYTHONPATH": str(BESIDE)}
        yield Site(root, lab, env)


def objects(site: Site) -> Json:
    """All that is on the manager but for what is given anew; the revision, which counts writes, is among it."""
    return {
        path: {key: value for key, value in body.items() if key not in GIVEN}
        for path, body in site.lab.control.objects("/infra").items()
    }


def states(site: Site) -> dict[str, Json]:
    """Each stack's state, but for what is drawn or counted: the serial number, the ids of SEEN, and the order of the engine's checks."""
    found = {}
    for stack in STACKS:
        state = json.loads((site.root / ".lab" / "state" / f"{stack}.tfstate").read_text())
        assert state.pop("serial") > 0
        state["check_results"] = sorted(state["check_results"] or [], key=lambda check: str(check["config_addr"]))
        for resource in state["resources"]:
            if resource["type"] == "nsxt_policy_realization_info":
                for instance in resource["instances"]:
                    assert all(instance["attributes"].pop(key) for key in SEEN)
        found[stack] = state
    return found


def plain(site: Site, *command: str) -> str:
    return site.egress("shell", "--", *command, code=0).stdout


def version(site: Site, stack: str) -> str:
    """The CDK's version that a stack of the CLI's output names."""
    made = json.loads((site.root / ".lab" / "cdktf.out" / "stacks" / stack / "cdk.tf.json").read_text())
    return str(made["//"]["metadata"]["version"])


def nothing_to_do(site: Site, *diffs: tuple[str, str]) -> None:
    """The plan of every stack is empty for egress, and that of the named ones for the CLIs; nothing is written."""
    mark = site.lab.control.mark()
    for cli, stack in diffs:
        assert "No changes." in plain(site, cli, "diff", stack)
        assert version(site, stack) == {"cdktf": "0.21.0", "cdktn": "0.24.0"}[cli]
    assert site.egress("plan", code=0).stdout.count("No changes.") == len(STACKS)
    assert site.writes(mark) == []


@pytest.mark.timeout(900)  # ten commands of the CLIs, one after the other
def test_both_clis_and_egress_end_in_the_same_state_and_each_goes_on_where_another_left_off(examples: Site) -> None:
    site = examples
    ends: dict[str, tuple[dict[str, Json], Json]] = {}
    for brought in (CDKTF_CLI, CDKTN_CLI):
        bring_cli(cli=brought)
    before = objects(site)
    assert f"Generated Terraform code for the stacks: {', '.join(STACKS)}" in plain(site, "cdktn", "synth")
    # what a CLI prints of stacks at once may be cut in the middle of a line: the manager is asked, and the state
    for cli, other in (("cdktf", "cdktn"), ("cdktn", "cdktf")):
        plain(site, cli, "deploy", "*", "--auto-approve")
        ends[cli] = states(site), objects(site)
        assert version(site, "vrf-blue") == {"cdktf": "0.21.0", "cdktn": "0.24.0"}[cli]
        nothing_to_do(site, (other, "shared-tenant"))
        plain(site, other, "destroy", "*", "--auto-approve")
        assert objects(site) == before
    site.egress("apply", "--yes", code=0)
    ends["egress"] = states(site), objects(site)
    nothing_to_do(site, ("cdktn", "vrf-blue"), ("cdktf", "shared-platform"))
    site.egress("destroy", "--yes", code=0)
    assert objects(site) == before
    made = ends["cdktf"][1]
    assert len(made) == len(before) + 8, "two default routes and six rules"
    assert ends["cdktf"] == ends["cdktn"] == ends["egress"]


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

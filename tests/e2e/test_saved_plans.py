"""A saved plan is applied as it was reviewed, or refused with the reason: whatever happened to its folder, the file, the manager."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import ENGINES, STACK, SUPERVISOR, TIER0, TKG, Site, lab_site, project

pytestmark = pytest.mark.e2e

SECOND = "prod-wld02"


def _edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def _vouch(folder: Path) -> None:
    """Makes the note's digests fit whatever lies in the folder, as a forger would."""
    note = json.loads((folder / "egress.json").read_text())
    note["sha256"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in note["sha256"]}
    (folder / "egress.json").write_text(json.dumps(note))


def _domain(site: Site, edit: Callable[[str], str]) -> None:
    file = site.root / "domains" / f"{STACK}.yaml"
    changed = edit(file.read_text())
    assert changed != file.read_text()
    file.write_text(changed)


def _plan_of_another_stack(folder: Path, site: Site) -> None:
    """The other stack's plan, vouched for by a forged note."""
    other = folder.parent / SECOND
    for name in ("tfplan", "plan.json", "cdk.tf.json"):
        shutil.copyfile(other / name, folder / name)
    _vouch(folder)


def _tfplan_alone_of_another_stack(folder: Path, site: Site) -> None:
    shutil.copyfile(folder.parent / SECOND / "tfplan", folder / "tfplan")
    _vouch(folder)


def _unchanged_by_the_note(folder: Path, site: Site) -> None:
    """The note claims another target; nobody is to believe it."""
    _edit(folder / "egress.json", target="127.0.0.1:1", stack=SECOND)


def _rewritten_plan_json(folder: Path, site: Site) -> None:
    plan = json.loads((folder / "plan.json").read_text())
    plan["resource_changes"] = []
    (folder / "plan.json").write_text(json.dumps(plan))
    _vouch(folder)


def _cut(name: str) -> Callable[[Path, Site], None]:
    def cut(folder: Path, site: Site) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-20])

    return cut


def _cut_and_vouched(name: str) -> Callable[[Path, Site], None]:
    def cut(folder: Path, site: Site) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-20])
        _vouch(folder)

    return cut


def _gone(name: str) -> Callable[[Path, Site], None]:
    return lambda folder, site: (folder / name).unlink()


def _with(name: str, content: bytes) -> Callable[[Path, Site], None]:
    def write(folder: Path, site: Site) -> None:
        (folder / name).write_bytes(content)

    return write


def _newer_lock(folder: Path, site: Site) -> None:
    (lock,) = (site.root / ".lab" / "locks").rglob("*.lock.hcl")
    lock.write_text(lock.read_text() + "# a colleague's\n")


MANIPULATIONS: dict[str, tuple[Callable[[Path, Site], None], str]] = {
    "domain file has changed": (
        lambda folder, site: _domain(site, lambda t: t.replace("translated: 10.27.51.150", "translated: 10.27.51.160")),
        "made from another configuration than the domain file gives now",
    ),
    "credentials of another prefix": (
        lambda folder, site: _domain(site, lambda t: t.replace("nsx:\n", "nsx:\n  credentials: NSXT_B\n")),
        "its domain file has changed since this plan was made",
    ),
    "plan of another stack, vouched for": (_plan_of_another_stack, "made from another configuration"),
    "plan file of another stack, vouched for": (_tfplan_alone_of_another_stack, "plan.json in"),
    "note of another stack": (_unchanged_by_the_note, f"is of '{SECOND}'"),
    "plan.json rewritten, vouched for": (_rewritten_plan_json, "is not what the plan file says"),
    "note says version 1": (
        lambda folder, site: _edit(folder / "egress.json", version=1),
        "no note of a saved plan of version 3",
    ),
    "note's target is no text": (
        lambda folder, site: _edit(folder / "egress.json", sha256="x"),
        "no note of a saved plan",
    ),
    "note says another engine": (
        lambda folder, site: _edit(folder / "egress.json", engine="Terraform 0.1"),
        "made with 'Terraform 0.1', this run has",
    ),
    "note is empty": (_with("egress.json", b""), "is empty: plan again"),
    "note is cut off": (_cut("egress.json"), "is cut off: plan again"),
    "note is binary": (_with("egress.json", b"\xff\xfe\x00"), "is no text: plan again"),
    "note is a list": (_with("egress.json", b"[]"), "holds no JSON object: plan again"),
    "plan file is cut off": (_cut("tfplan"), "is not what was saved, its digest differs"),
    "plan file is cut off, vouched for": (_cut_and_vouched("tfplan"), "the plan cannot be shown"),
    "plan file is gone": (_gone("tfplan"), "is not there: plan again"),
    "plan.json is gone": (_gone("plan.json"), "is not there: plan again"),
    "configuration is gone": (_gone("cdk.tf.json"), "is not there: plan again"),
    "configuration is edited": (_with("cdk.tf.json", b"{}"), "is not what was saved, its digest differs"),
    "lock is gone": (_gone(".terraform.lock.hcl"), "is not there: plan again"),
    "provider lock has moved": (_newer_lock, "made under another provider lock"),
    "rule was edited by hand": (
        lambda folder, site: site.write(TKG, translated_network="10.27.51.99"),
        'Egress_tkg: translated_networks: ["10.27.51.147"] -> ["10.27.51.99"]',
    ),
    "rule was deleted by hand": (lambda folder, site: site.delete(TKG), "Egress_tkg: is gone"),
}


STALE = {
    "domain file has changed",
    "credentials of another prefix",
    "plan of another stack, vouched for",
    "note says another engine",
    "provider lock has moved",
    "rule was edited by hand",
    "rule was deleted by hand",
}
"""Those after which a plan is to be made anew, exit code 3; the others are damaged, or somebody's work."""


@dataclass
class Prepared:
    """A project with two applied stacks and a saved change of each, and the lab as it was then."""

    root: Path
    lab: Lab
    world: dict[str, Any]
    env: dict[str, str]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    files = ("domains/prod/_defaults.yaml", "domains/prod/wld02.yaml")
    root = project(tmp_path_factory.mktemp("saved") / "project", *files)
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        site = lab_site(root, lab, {"TERRAFORM_BINARY_NAME": str(ENGINES[0].command)})
        project(root, *files)
        site.egress("apply", "--yes", code=0)
        _domain(site, lambda text: text.replace("translated: 10.27.51.145", "translated: 10.27.51.150"))
        site.egress("plan", "--out", "plans", code=2)
        yield Prepared(root, lab, lab.control.snapshot(), site.env)


@pytest.fixture
def planned(prepared: Prepared, tmp_path: Path) -> Site:
    """That project, as it was right after the plans were saved."""
    prepared.lab.control.restore(prepared.world)
    root = shutil.copytree(prepared.root, tmp_path / "project")
    return Site(root, prepared.lab, prepared.env)


@pytest.mark.parametrize("manipulation", MANIPULATIONS)
def test_a_manipulated_saved_plan_is_refused_with_the_reason(planned: Site, manipulation: str) -> None:
    act, reason = MANIPULATIONS[manipulation]
    act(planned.root / "plans" / STACK, planned)
    before = planned.objects()
    refused = planned.egress("apply", "--saved", "plans", STACK, "--yes", code=3 if manipulation in STALE else 1)
    assert reason in refused.stderr
    assert planned.objects() == before


def test_what_is_not_manipulated_is_applied(planned: Site) -> None:
    planned.egress("apply", "--saved", "plans", STACK, "--yes", code=0)
    assert planned.objects()[SUPERVISOR]["translated_network"] == "10.27.51.150"


def test_a_comment_in_the_domain_file_changes_no_plan(planned: Site) -> None:
    _domain(planned, lambda text: f"# a word\n{text}")
    planned.egress("apply", "--saved", "plans", STACK, "--yes", code=0)


def test_an_object_that_was_only_saved_again_is_told(planned: Site) -> None:
    planned.write(TKG)
    done = planned.egress("apply", "--saved", "plans", STACK, "--yes", code=0)
    assert "Egress_tkg was saved again since the plan was made" in done.stderr


def test_after_a_saved_plan_its_flows_are_walked_and_what_was_to_work_has_to_work(planned: Site) -> None:
    """Between plan and apply somebody puts a rule in front: no plan sees it, and the stack's own objects are as they were."""
    foreign = f"{TIER0}/nat/USER/nat-rules/foreign"
    planned.put(foreign, action="NO_SNAT", source_network="30.0.0.0/24", sequence_number=1)
    done = planned.egress("apply", "--saved", "plans", STACK, "--yes", "--record", "record.json", code=1)
    assert "planned again, nothing is left to do" in done.stderr
    assert "image pulls from TKG: time out, and was to work" in done.stderr
    assert f"applied, and 2 of its flows do not work that were to work: egress explain {STACK} --live" in done.stderr
    (entry,) = json.loads((planned.root / "record.json").read_text())["stacks"]
    pulls = {one["question"]: one["result"] for one in entry["flows"] if one["question"].endswith("registry")}
    assert pulls == {"Supervisor pod -> registry": "fails", "TKG pod -> registry": "fails"}


def test_a_plan_is_saved_for_its_owner_and_through_no_link(planned: Site, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    plan = planned.root / "plans" / STACK / "tfplan"
    plan.unlink()
    plan.symlink_to(victim)
    planned.egress("plan", STACK, "--out", "plans", code=2)
    assert not plan.is_symlink()
    assert victim.read_text() == "mine"
    assert plan.stat().st_mode & 0o077 == 0
    assert plan.parent.stat().st_mode & 0o077 == 0


def test_the_plan_of_one_manager_shows_the_other_no_credentials(manager_site: Site) -> None:
    """The plan of stack b in the folder of stack a, with a note that vouches for it: b's manager hears nothing of a's login."""
    site = manager_site
    with Lab(seed=json.loads(json.dumps(seed(load_domains(site.root))))) as other:
        (site.root / "b.pem").write_text(other.ca_pem)
        text = (site.root / "domains" / f"{STACK}.yaml").read_text()
        other_text = (
            text.replace(site.lab.host, other.host).replace("ca.pem", "b.pem").replace(f"name: {STACK}", "name: other")
        )
        (site.root / "domains" / "other.yaml").write_text(other_text.replace("nsx:\n", "nsx:\n  credentials: NSXT_B\n"))
        site.env |= {"NSXT_B_USERNAME": other.username, "NSXT_B_PASSWORD": other.password}
        site.egress("plan", "--out", "plans", code=2)
        for name in ("tfplan", "plan.json"):
            shutil.copyfile(site.root / "plans" / "other" / name, site.root / "plans" / STACK / name)
        _vouch(site.root / "plans" / STACK)
        mark = other.control.mark()
        refused = site.egress("apply", "--saved", "plans", STACK, "--yes", code=1)
        assert f"this plan was made for {other.host}, the target now is {site.lab.host}" in refused.stderr
        assert other.control.journal(mark) == [], "the other manager was not even asked"
        assert site.objects() == {}

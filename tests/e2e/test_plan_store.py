"""From a pull request's plan to its merge: found by what is synthesised then, applied as it is, or the run ends with a code of its own."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from tests.e2e.sites import STACK, SUPERVISOR, Site
from tests.repositories import git

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

NEW = "10.27.51.150"


@pytest.fixture
def reviewed(site: Site) -> Site:
    """The golden domain applied from main; on a branch another address, whose plan is kept in a sealed folder."""
    (site.root / ".gitignore").write_text(".lab\n.egress\nstore\n")
    git(site.root, "init", "-q", "-b", "main")
    git(site.root, "add", "-A")
    git(site.root, "commit", "-q", "-m", "x")
    site.egress("apply", "--yes", code=0)
    git(site.root, "checkout", "-q", "-b", "change")
    edit(site, "translated: 10.27.51.145", f"translated: {NEW}")
    git(site.root, "commit", "-q", "-a", "-m", "x")
    site.env |= {"EGRESS_PLAN_KEY": b64encode(b"k" * 32).decode()}
    kept = site.egress("plan", "--base", "main", "--store", "store", code=2)
    assert f"{STACK}: its plan is kept in" in kept.stderr
    return site


def edit(site: Site, old: str, new: str) -> None:
    file = site.root / "domains" / f"{STACK}.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def merge(site: Site) -> None:
    """By squash: main has the files, and none of the branch's commits."""
    git(site.root, "checkout", "-q", "main")
    git(site.root, "merge", "-q", "--squash", "change")
    git(site.root, "commit", "-q", "-m", "squashed")


def test_a_squash_merge_finds_the_plan_and_applies_it_once(reviewed: Site) -> None:
    merge(reviewed)
    applied = reviewed.egress("apply", "--store", "store", "--base", "HEAD~1", "--yes", code=0)
    assert NEW in applied.stdout
    assert reviewed.objects()[SUPERVISOR]["translated_network"] == NEW
    again = reviewed.egress("apply", "--store", "store", STACK, "--yes", code=3)
    assert f"nothing was changed:\n{STACK}: no plan to apply what is synthesised now is kept in" in again.stderr
    nothing = reviewed.egress("apply", "--store", "store", "--base", "HEAD", "--yes", "--json", code=0)
    assert "nothing to apply: no stack differs from HEAD" in nothing.stderr
    assert json.loads(nothing.stdout)["stacks"] == []
    planned = reviewed.egress("plan", "--base", "HEAD", "--json", code=0)
    assert json.loads(planned.stdout) == [], "one value, also where there is nothing to plan"


def test_what_was_not_reviewed_is_not_planned_and_applied_in_one_go(reviewed: Site) -> None:
    merge(reviewed)
    edit(reviewed, NEW, "10.27.51.151")
    before = reviewed.objects()
    missing = reviewed.egress("apply", "--store", "store", STACK, "--yes", code=3)
    assert "plan again, and have that looked at" in missing.stderr
    edit(reviewed, "10.27.51.151", NEW)
    reviewed.write(SUPERVISOR, translated_network="10.27.51.99")
    stale = reviewed.egress("apply", "--store", "store", STACK, "--yes", code=3)
    assert "this plan is stale" in stale.stderr
    assert reviewed.objects().keys() == before.keys()
    assert reviewed.objects()[SUPERVISOR]["translated_network"] == "10.27.51.99"


def test_a_removed_domain_is_destroyed_by_the_plan_that_was_reviewed(reviewed: Site) -> None:
    merge(reviewed)
    reviewed.egress("apply", "--store", "store", "--base", "HEAD~1", "--yes", code=0)
    git(reviewed.root, "rm", "-q", f"domains/{STACK}.yaml")
    git(reviewed.root, "commit", "-q", "-m", "gone")
    unplanned = reviewed.egress("apply", "--store", "store", "--base", "HEAD~1", "--yes", code=3)
    assert f"{STACK}: no plan to destroy what is synthesised now is kept" in unplanned.stderr
    reviewed.egress("plan", "--store", "store", "--base", "HEAD~1", code=2)
    reviewed.egress("apply", "--store", "store", "--base", "HEAD~1", "--yes", code=0)
    assert reviewed.objects() == {}
    again = reviewed.egress("apply", "--store", "store", "--base", "HEAD~1", "--yes", code=0)
    assert "nothing to destroy" in again.stderr


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--store", "store"), "which stacks? name them, or give --base REF"),
        (("--store", "store", "--saved", "."), "two places of a plan"),
        (("--base", "main"), "--base goes with --saved or --store"),
        (("--store", "s3://plans", STACK), "plans in S3 are sealed, and EGRESS_PLAN_KEY is not set"),
        (("--store", "ftp://x", STACK), "is no store of plans"),
    ],
)
def test_options_that_do_not_go_together_are_refused(site: Site, arguments: tuple[str, ...], words: str) -> None:
    assert words in site.egress("apply", *arguments, "--yes", code=1).stderr

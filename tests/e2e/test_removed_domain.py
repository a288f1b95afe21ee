"""A domain file that goes in a pull request: its stack is planned to be destroyed, from the base, and that very plan is applied."""

from __future__ import annotations

import json

import pytest

from tests.e2e.sites import STACK, SUPERVISOR, TKG, Site
from tests.repositories import git

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def removed(site: Site) -> Site:
    """The golden domain, applied and committed on main; then its file, the last one, is removed."""
    (site.root / ".gitignore").write_text(".lab\n.egress\nplans\nstore\n")
    git(site.root, "init", "-q", "-b", "main")
    git(site.root, "add", "-A")
    git(site.root, "commit", "-q", "-m", "x")
    site.egress("apply", "--yes", code=0)
    git(site.root, "rm", "-q", f"domains/{STACK}.yaml")
    return site


def test_the_plan_of_a_removed_domain_destroys_it_and_is_applied_as_it_was_saved(removed: Site) -> None:
    planned = removed.egress("plan", "--base", "main", "--out", "plans", code=2)
    assert "removed: its objects and its state stay" in planned.stderr
    assert "apply --saved plans --base main" in planned.stderr
    note = json.loads((removed.root / "plans" / STACK / "egress.json").read_text())
    assert (note["verb"], note["base"]) == ("destroy", git(removed.root, "rev-parse", "main"))

    refused = removed.egress("apply", "--saved", "plans", "--yes", code=1)
    assert (
        f"{STACK}: no domain file gives this stack, so its plan can only destroy it: give --base REF" in refused.stderr
    )
    assert TKG in removed.objects()
    removed.egress("apply", "--saved", "plans", "--base", "main", "--yes", code=0)
    assert removed.objects() == {}

    again = removed.egress("plan", "--base", "main", "--out", "again", code=0)
    assert "nothing of it is on the manager: nothing to destroy" in again.stderr
    affected = removed.egress("affected", "--base", "main", "--json", code=0).stdout
    (removed.root / "again" / "affected.json").write_text(affected)
    assert "removed" in affected
    removed.egress(
        "gate", "again", "--base", "main", code=0
    )  # destroyed first, then the file went: nothing to answer for


def test_a_plan_to_destroy_is_refused_once_the_manager_the_base_or_the_file_is_another(removed: Site) -> None:
    removed.egress("plan", STACK, "--base", "main", "--out", "plans", code=2)
    saved = ("apply", "--saved", "plans", "--yes")

    git(removed.root, "checkout", "-q", "main", "--", f"domains/{STACK}.yaml")
    back = removed.egress(*saved, code=3)
    assert "this plan was made to 'destroy', now it is to apply: plan again" in back.stderr

    file = removed.root / "domains" / f"{STACK}.yaml"
    file.write_text(file.read_text().replace("translated: 10.27.51.147", "translated: 10.27.51.148"))
    git(removed.root, "commit", "-q", "-a", "-m", "a change that was merged before")
    git(removed.root, "rm", "-q", f"domains/{STACK}.yaml")
    moved = removed.egress(*saved, "--base", "HEAD", code=3)
    assert "its domain file has changed since this plan was made" in moved.stderr

    removed.write(SUPERVISOR, translated_network="10.27.51.99")
    stale = removed.egress(*saved, "--base", "HEAD~1", code=3)
    assert "this plan is stale" in stale.stderr
    assert TKG in removed.objects()


def test_a_protected_default_route_is_shown_as_lost_and_not_taken_away(manager_site: Site) -> None:
    site = manager_site
    (site.root / ".gitignore").write_text("state\nlocks\n.egress\nplans\n")
    file = site.root / "domains" / f"{STACK}.yaml"
    git(site.root, "init", "-q", "-b", "main")
    git(site.root, "add", "-A")
    git(site.root, "commit", "-q", "-m", "x")
    site.egress("apply", "--yes", code=0)
    before = site.objects()
    file.rename(site.root / "kept.yaml")
    planned = site.egress("plan", "--base", "main", "--out", "plans", code=2)
    assert "default route: deleted" in planned.stdout
    refused = site.egress("apply", "--saved", "plans", "--base", "main", "--yes", code=1)
    assert "merge default_route.protect: false with the file still there, then remove the file" in refused.stderr
    assert site.objects() == before

    (site.root / "kept.yaml").rename(file)
    file.write_text(file.read_text().replace("default_route:\n", "default_route:\n  protect: false\n"))
    git(site.root, "commit", "-q", "-a", "-m", "unprotected")
    site.egress("apply", "--yes", code=0)
    git(site.root, "rm", "-q", f"domains/{STACK}.yaml")
    site.egress("plan", "--base", "main", "--out", "plans", code=2)
    site.egress("apply", "--saved", "plans", "--base", "main", "--yes", code=0)
    assert site.objects() == {}


def test_a_removed_domain_whose_state_is_lost_needs_somebody(removed: Site) -> None:
    (removed.root / ".lab" / "state" / f"{STACK}.tfstate").unlink()
    told = removed.egress("plan", "--base", "main", "--out", "plans", code=2)
    assert "put its domain file back, then egress apply" in told.stderr
    assert not (removed.root / "plans" / STACK).exists()


def test_what_the_base_does_not_have_and_what_was_renamed_is_not_destroyed(removed: Site) -> None:
    unknown = removed.egress("plan", "no-such", "--base", "main", code=1)
    assert "no domain file gives stack 'no-such', neither here nor at 'main'" in unknown.stderr
    git(removed.root, "checkout", "-q", "main", "--", f"domains/{STACK}.yaml")
    git(removed.root, "mv", f"domains/{STACK}.yaml", "domains/berlin.yaml")
    file = removed.root / "domains" / "berlin.yaml"
    file.write_text(file.read_text().replace(f"name: {STACK}", f"name: berlin\nformerly: {STACK}"))
    renamed = removed.egress("plan", STACK, "--base", "main", code=1)
    assert f"{STACK} was renamed to berlin, which has its objects" in renamed.stderr

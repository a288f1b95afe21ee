"""The provider's life: a lock that a colleague moved, another source, a new version."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.sites import STACK, Site

pytestmark = pytest.mark.e2e


def lock(site: Site) -> Path:
    (found,) = (site.root / "locks").iterdir()
    return found


def test_a_lock_that_names_what_the_mirror_lacks_is_told_with_the_way_out_and_mending_it_is_enough(
    manager_site: Site,
) -> None:
    site = manager_site
    site.egress("plan", STACK, code=2)
    ours = lock(site).read_text()
    theirs = ours.replace('version     = "3.11.1+lab"', 'version     = "3.99.0"')
    assert theirs != ours
    lock(site).write_text(theirs)
    for command in (("plan", STACK), ("drift", STACK), ("apply", STACK, "--yes")):
        told = site.egress(*command, code=1).stderr
        assert "the lock says vmware/nsxt 3.99.0, the mirror mirror has 3.11.1+lab" in told
        assert f"egress plan --upgrade-provider {STACK} moves the lock" in told
    assert lock(site).read_text() == theirs, "a locked provider is never changed unasked"
    lock(site).write_text(ours)
    site.egress("plan", STACK, code=2)
    assert site.objects() == {}


def test_the_lock_moves_when_that_is_asked_for_and_the_difference_is_one_file(manager_site: Site) -> None:
    site = manager_site
    site.egress("plan", STACK, code=2)
    ours = lock(site).read_text()
    lock(site).write_text(ours.replace('version     = "3.11.1+lab"', 'version     = "3.99.0"'))
    told = site.egress("plan", STACK, "--upgrade-provider", code=2).stderr
    assert "locks/terraform.lock.hcl has moved: read the difference, and commit it" in told
    assert lock(site).read_text() == ours
    assert "has moved" not in site.egress("plan", STACK, "--upgrade-provider", code=2).stderr


def test_a_lab_may_be_driven_by_the_stand_in_and_then_from_a_mirror(site: Site, tmp_path: Path) -> None:
    site.egress("plan", STACK, code=2)
    mirror = tmp_path / "elsewhere"
    (site.root / ".lab" / "mirror").rename(mirror)
    site.env["EGRESS_PROVIDER"] = f"mirror:{mirror}"
    site.egress("plan", STACK, code=2)
    kept = sorted(path.parent.name.split("-")[0] for path in (site.root / ".lab" / "locks").rglob("*.lock.hcl"))
    assert kept == ["mirror", "stand"]
    del site.env["EGRESS_PROVIDER"]
    site.egress("plan", STACK, code=2)


def test_a_cache_that_makes_plans_write_is_refused_by_name(manager_site: Site) -> None:
    manager_site.env["NSXT_CACHE_MODE"] = "config_scope"
    assert "CACHE_MODE" in manager_site.egress("plan", STACK, code=1).stderr

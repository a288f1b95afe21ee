"""A manager that takes connections and answers nothing keeps nobody from what concerns the state alone."""

from __future__ import annotations

import pytest

from tests.e2e.sites import STACK, Site

pytestmark = pytest.mark.e2e


@pytest.fixture
def hung(site: Site) -> Site:
    """A stack that was applied, on a manager that hangs since."""
    site.egress("apply", STACK, "--yes", code=0)
    site.lab.control.fault(path="*", times=0, hang=True)
    return site


def test_who_holds_a_lock_is_told_and_the_engine_is_run(hung: Site) -> None:
    """A lock is what a run leaves that was killed because its manager hangs."""
    mark = hung.lab.control.mark()
    assert "nobody holds the lock of its state" in hung.egress("unlock", STACK, code=0).stderr
    assert "nsxt_policy_static_route" in hung.egress("engine", STACK, "--", "state", "list", code=0).stdout
    assert hung.lab.control.journal(mark) == []


def test_a_stack_is_renamed(hung: Site) -> None:
    mark = hung.lab.control.mark()
    domains = hung.root / "domains"
    text = (domains / f"{STACK}.yaml").read_text()
    (domains / "wld09.yaml").write_text(text.replace(f"name: {STACK}", "name: wld09"))
    (domains / f"{STACK}.yaml").unlink()
    assert "egress plan wld09 is to show no changes" in hung.egress("rename", STACK, "wld09", "--yes", code=0).stderr
    assert hung.lab.control.journal(mark) == []
    hung.lab.control.clear_faults()
    hung.egress("plan", "wld09", code=0)

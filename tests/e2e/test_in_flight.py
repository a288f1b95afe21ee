"""What a run asks a manager at a time is limited, however many objects it has."""

from __future__ import annotations

import pytest

from tests.e2e.sites import STACK, Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
MORE = "".join(f"    m{n}: {{source: 30.0.0.{n}, translated: 10.27.51.{n}, priority: {n}}}\n" for n in range(200, 212))


def test_a_run_over_many_rules_never_has_more_than_nine_requests_in_flight(site: Site) -> None:
    """Four such runs beside one another stay below the 40 that a manager takes of a client."""
    file = site.root / "domains" / f"{STACK}.yaml"
    text = file.read_text()
    assert "  more: {}" in text
    file.write_text(text.replace("  more: {}", f"  more:\n{MORE.rstrip()}"))
    control = site.lab.control
    control.limits(outstanding=9)
    control.fault(method="PATCH", path="*/nat-rules/*", times=0, delay=0.3)
    mark = control.mark()
    site.egress("plan", STACK, "--out", "plans", code=2)
    site.egress("apply", "--saved", "plans", "--yes", code=0)
    refused = [entry for entry in control.journal(mark) if entry["status"] == 503]
    assert refused == []
    assert len(site.objects()) == 15

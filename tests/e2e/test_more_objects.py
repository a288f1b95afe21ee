"""What a domain has beside its default route and its two mappings: further routes, exceptions, any source. On every engine found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import Site, lab_site, project

pytestmark = pytest.mark.e2e

STANDBY = (
    ("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY"),
    ("  tkg: {source: 30.0.0.16,", "  tkg: {source: any, priority: 1000,"),
    ("  more: {}", "  exceptions: {corporate: {destination: 10.0.0.0/8, priority: 50}}"),
    ("dns_servers:", "routes:\n  corporate: {network: 10.0.0.0/8, next_hops: [{address: 10.27.51.7}]}\n  none: {network: 10.99.0.0/16, discard: true}\ndns_servers:"),
)  # fmt: skip
T0 = "/infra/tier-0s/T0-wld01"


@pytest.fixture
def site(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    root = project(tmp_path / "project")
    file = root / "domains" / "wld01.yaml"
    text = file.read_text()
    for old, new in STANDBY:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        made = lab_site(tmp_path / "other", lab, any_engine)
        made.root = root
        yield made


def test_they_are_applied_leave_nothing_to_do_and_go_with_their_entries(site: Site) -> None:
    assert "Plan: 6 to add, 0 to change, 0 to destroy." in site.egress("plan", "wld01", code=2).stdout
    site.egress("apply", "wld01", "--yes", code=0)
    objects = site.lab.control.objects(T0)
    assert objects[f"{T0}/static-routes/wld01-route-none"]["next_hops"] == [{"admin_distance": 1}]
    exception = objects[f"{T0}/nat/USER/nat-rules/wld01-no-snat-corporate"]
    assert (exception["action"], exception["destination_network"]) == ("NO_SNAT", "10.0.0.0/8")
    assert "source_network" not in exception
    assert "source_network" not in objects[f"{T0}/nat/USER/nat-rules/wld01-egress-tkg"]

    mark = site.lab.control.mark()
    assert "No changes." in site.egress("plan", "wld01", code=0).stdout
    site.egress("drift", "wld01", code=0)
    assert site.writes(mark) == []

    file = site.root / "domains" / "wld01.yaml"
    file.write_text(file.read_text().replace("  corporate: {network", "  # corporate: {network"))
    site.egress("apply", "wld01", "--yes", code=0)
    assert f"{T0}/static-routes/wld01-route-corporate" not in site.lab.control.objects(T0)
    assert f"{T0}/static-routes/wld01-default-route" in site.lab.control.objects(T0)


def test_after_a_lost_state_they_are_taken_back_under_their_ids(site: Site) -> None:
    site.egress("apply", "wld01", "--yes", code=0)
    (site.root / ".lab" / "state" / "wld01.tfstate").unlink()
    mark = site.lab.control.mark()
    site.egress("apply", "wld01", "--yes", "--import-existing", code=0)
    assert site.writes(mark) == []
    assert "No changes." in site.egress("plan", "wld01", code=0).stdout

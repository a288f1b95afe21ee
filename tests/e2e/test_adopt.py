"""Objects that somebody clicked together become those of a domain file: matched by content, imported, destroyed; nothing else is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.sites import STACK, TIER0, Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

UPLINKS = [f"{TIER0}/locale-services/default/interfaces/{name}" for name in ("edge01-uplink1", "edge02-uplink1")]
USER = f"{TIER0}/nat/USER/nat-rules"
ROUTE, SUP, TKG = f"{TIER0}/static-routes/to the core", f"{USER}/9f2c-sup", f"{USER}/9f2d.tkg"
BY_HAND: dict[str, dict[str, Any]] = {
    ROUTE: {
        "display_name": "to the core: ${router} %{x}",
        "description": "by hand,\nsee ticket 4711",
        "network": "0.0.0.0/0",
        "next_hops": [{"ip_address": "10.27.51.1", "admin_distance": 7, "scope": UPLINKS[:1]}],
    },
    SUP: {
        "display_name": "sup éé # {out}",
        "action": "REFLEXIVE",
        "source_network": "30.0.0.5",
        "translated_network": "10.27.51.145",
        "sequence_number": 4711,
        "firewall_match": "BYPASS",
        "scope": UPLINKS,
        "tags": [{"scope": "team", "tag": "net: a"}, {"scope": "", "tag": "x"}],
    },
    TKG: {
        "display_name": "'tkg'",
        "action": "REFLEXIVE",
        "source_network": "30.0.0.16/32",
        "translated_network": "10.27.51.147",
        "scope": UPLINKS[::-1],
    },
}
"""What somebody made who had no domain file."""
NCP = [{"scope": "ncp/cluster", "tag": "domain-c8"}]
FOREIGN: dict[str, dict[str, Any]] = {
    f"{TIER0}/static-routes/backup": {"network": "10.9.0.0/16", "next_hops": [{"ip_address": "10.27.51.9", "admin_distance": 1}]},
    f"{USER}/ncp": {"action": "REFLEXIVE", "source_network": "30.0.0.40", "translated_network": "10.27.51.180", "sequence_number": 1, "tags": NCP},
    f"{USER}/a list": {
        "action": "REFLEXIVE",
        "source_network": "30.0.0.32,30.0.0.33",
        "translated_network": "10.27.51.200/31",
        "sequence_number": 2,
    },
    f"{USER}/off": {
        "action": "REFLEXIVE",
        "source_network": "30.0.0.5",
        "translated_network": "10.27.51.145",
        "sequence_number": 1,
        "enabled": False,
    },
    f"{TIER0}/nat/DEFAULT/nat-rules/last": {"action": "REFLEXIVE", "source_network": "30.0.0.50", "translated_network": "10.27.51.190", "sequence_number": 3},
}  # fmt: skip
OTHER = "/infra/tier-0s/T0-other"


def made_by_hand(site: Site, objects: Mapping[str, Mapping[str, Any]]) -> None:
    for path, body in objects.items():
        site.put(path, **body)


def others(site: Site) -> dict[str, Any]:
    """Everything on the manager that is not ours, as it is, to the last bit."""
    mine = set(BY_HAND)
    return {
        path: body for path, body in site.lab.control.objects().items() if path not in mine and not _is_inventory(body)
    }


def _is_inventory(body: Mapping[str, Any]) -> bool:
    return body.get("resource_type") in ("Infra",)


def bodies(site: Site) -> dict[str, Any]:
    """What our three objects say; when they were written last is no part of it."""
    found = site.lab.control.objects(TIER0)
    return {path: {k: v for k, v in found[path].items() if k not in ("_revision", "_last_modified_time", "_last_modified_user")} for path in BY_HAND}  # fmt: skip


@pytest.fixture
def brownfield(site: Site) -> Site:
    made_by_hand(site, BY_HAND | FOREIGN)
    site.put(OTHER, ha_mode="ACTIVE_ACTIVE")
    for path, body in BY_HAND.items():  # the same ids on another gateway
        site.put(path.replace(TIER0, OTHER), **{k: v for k, v in body.items() if k not in ("scope", "next_hops")} | ({"next_hops": [{"ip_address": "10.1.1.1", "admin_distance": 1}]} if "next_hops" in body else {}))  # fmt: skip
    return site


class TestAdopted:
    def test_from_adopt_to_destroy_nothing_but_what_is_meant_is_touched(self, brownfield: Site) -> None:
        site = brownfield
        file = site.root / "domains" / f"{STACK}.yaml"
        before, strangers, mine, mark = file.read_text(), others(site), bodies(site), site.lab.control.mark()

        told = site.egress("adopt", STACK, "--dry-run", code=2)
        assert file.read_text() == before
        assert "default route, 0.0.0.0/0 via 10.27.51.1: static route 'to the core" in told.stdout
        done = site.egress("adopt", STACK, "--yes", code=0)
        assert "is to show 3 to import and nothing else" in done.stderr
        assert {one["method"] for one in site.lab.control.journal(mark)} == {"GET"}

        text = file.read_text()
        kept = [line for line in before.splitlines() if line not in text.splitlines()]
        assert [line.split(":")[0].strip() for line in kept] == ["next_hops", "supervisor", "tkg"]
        assert "nsx_id: 9f2c-sup" in text
        assert "already" in site.egress("adopt", STACK, "--yes", code=0).stderr

        planned = site.egress("plan", STACK, "--import-existing", code=2).stdout
        assert "Plan: 3 to import, 0 to add, 0 to change, 0 to destroy." in planned
        mark = site.lab.control.mark()
        site.egress("apply", STACK, "--import-existing", "--yes", code=0)
        assert site.writes(mark) == []
        assert "No changes." in site.egress("plan", STACK, code=0).stdout
        assert bodies(site) == mine
        assert others(site) == strangers

        site.egress("destroy", STACK, "--yes", code=0)
        assert [path for path in BY_HAND if path in site.lab.control.objects(TIER0)] == []
        assert others(site) == strangers

"""Objects that somebody clicked together become those of a domain file: matched by content, imported, destroyed; nothing else is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e import console
from tests.e2e.sites import EGRESS, REPOSITORY, STACK, TIER0, Site, lab_site, project

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


GOLDEN_HOP = "next_hops: [{address: 10.27.51.1}]"
WATCHED = (
    (GOLDEN_HOP, f"{GOLDEN_HOP}\n  bfd: {{}}"),
    ("translated: 10.27.51.145", "translated: 10.27.51.155"),
    ("translated: 10.27.51.147", "translated: 10.27.51.157"),
)
GATEWAYS = f"{TIER0}/static-routes/bfd-peers"


def rewritten(site: Site, *changes: tuple[str, str]) -> None:
    file = site.root / "domains" / f"{STACK}.yaml"
    text = file.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)


def test_every_command_does_what_the_page_says(brownfield: Site) -> None:
    site = brownfield
    env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_"))} | site.env
    path = f"{EGRESS.parent}{os.pathsep}{env['PATH']}"
    page = (REPOSITORY / "docs" / "adopt.md").read_text()
    console.run(console.commands(page), site.root, env | {"PATH": path, "COLUMNS": "160"}, {})


class TestRefused:
    def test_the_steps_that_are_told_for_a_list_lead_to_rules_of_its_own_for_each(self, site: Site) -> None:
        both = f"{USER}/both"
        site.put(
            both,
            action="REFLEXIVE",
            source_network="30.0.0.5,30.0.0.16",
            translated_network="10.27.51.146/31",
            sequence_number=500,
            scope=UPLINKS,
        )
        told = site.egress("adopt", STACK, "--yes", code=2).stdout
        assert (
            "write a mapping or exception for each of its networks, with priorities below 500; egress apply; egress explain --live"
            in told
        )
        site.egress("apply", STACK, "--yes", code=0)
        site.egress("explain", STACK, "--live", "--from", "tkg", "--to", "registry", code=0)
        site.delete(both)
        site.egress("drift", STACK, code=0)

    def test_the_steps_that_are_told_for_another_section_lead_to_a_rule_where_a_stack_has_them(
        self, site: Site
    ) -> None:
        last = f"{TIER0}/nat/DEFAULT/nat-rules/last"
        site.put(last, action="REFLEXIVE", source_network="30.0.0.5", translated_network="10.27.51.145", scope=UPLINKS)
        told = site.egress("adopt", STACK, "--yes", code=2).stdout
        assert "suppress second-rule-for-a-source in the file with that reason, let egress apply make its like" in told
        refused = site.egress("apply", STACK, "--yes", code=1).stderr
        assert f"fix: egress adopt {STACK} makes it the stack's own where it does the same" in refused
        reason = "  - {rule: second-rule-for-a-source, reason: the rule in section DEFAULT goes when this one works}\n"
        file = site.root / "domains" / f"{STACK}.yaml"
        file.write_text(file.read_text() + reason)
        site.egress("apply", STACK, "--yes", code=0)
        site.egress("explain", STACK, "--live", "--from", "supervisor", "--to", "registry", code=0)
        site.delete(last)
        file.write_text(file.read_text().removesuffix(reason))
        site.egress("drift", STACK, code=0)

    def test_a_bfd_peer_of_another_id_is_looked_for_before_anything_is_made(self, site: Site) -> None:
        rewritten(site, *WATCHED)
        site.put(
            f"{GATEWAYS}/gw", peer_address="10.27.51.1", bfd_profile_path="/infra/bfd-profiles/default", enabled=True
        )
        mark = site.lab.control.mark()
        assert "NSX takes one BFD peer for each address" in site.egress("adopt", STACK, "--yes", code=2).stdout
        told = site.egress("apply", STACK, "--yes", code=1).stderr
        assert (
            "the manager has another BFD peer for 10.27.51.1: gw, which no stack of this tool made [second-bfd-peer]"
            in told
        )
        assert "refused, nothing was changed" in told
        assert site.writes(mark) == []
        site.delete(f"{GATEWAYS}/gw")
        site.egress("apply", STACK, "--yes", code=0)
        site.egress("drift", STACK, code=0)

    def test_a_bfd_peer_of_our_id_that_somebody_made_is_not_overwritten(self, site: Site) -> None:
        rewritten(site, *WATCHED)
        peer = f"{GATEWAYS}/{STACK}-bfd-10-27-51-1"
        site.put(peer, peer_address="10.27.51.1", bfd_profile_path="/infra/bfd-profiles/default", enabled=False)
        mark = site.lab.control.mark()
        told = site.egress("adopt", STACK, "--yes", code=2).stdout
        assert "its enabled is False, the file makes it True" in told
        refused = site.egress("apply", STACK, "--yes", code=1).stderr
        assert "tracks nothing, and 1 of its 4 objects are on the manager [nothing-tracked]" in refused
        assert site.writes(mark) == []
        assert site.lab.control.objects(TIER0)[peer]["enabled"] is False


class TestReadOnly:
    def test_who_may_only_read_adopts_and_takes_into_the_state_and_is_told_where_something_is_to_be_made(
        self, manager_site: Site
    ) -> None:
        site = manager_site
        made_by_hand(site, {path: BY_HAND[path] for path in (ROUTE, SUP)})
        site.lab.control.add_user("reader", "only reads", "auditor")
        site.env |= {"NSXT_USERNAME": "reader", "NSXT_PASSWORD": "only reads"}
        site.egress("adopt", STACK, "--yes", code=0)
        assert (
            "Plan: 2 to import, 1 to add, 0 to change" in site.egress("plan", STACK, "--import-existing", code=2).stdout
        )
        mark = site.lab.control.mark()
        told = site.egress("apply", STACK, "--import-existing", "--yes", code=1)
        assert "403" in told.stderr + told.stdout or "not authorized" in (told.stderr + told.stdout).lower()
        assert [one for one in site.lab.control.journal(mark) if one["method"] != "GET" and one["status"] == 200 and "session" not in one["path"]] == []  # fmt: skip


EVERY_KIND = (
    ("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY"),
    (GOLDEN_HOP, "next_hops: [{address: 10.27.51.1}, {address: 10.27.51.2, admin_distance: 9}]\n  ipv6: {next_hops: [{address: '2001:db8:51::1'}]}"),
    ("  tkg: {source: 30.0.0.16,", "  tkg: {source: any, priority: 1000,"),
    ("  more: {}", "  exceptions:\n    corporate: {destination: 10.0.0.0/8, priority: 50} # theirs"),
    ("dns_servers:", "routes:\n  corporate:\n    network: 10.0.0.0/8\n    next_hops:\n      - address: 10.27.51.7 # the firewall\n  none: {network: 10.99.0.0/16, discard: true}\ndns_servers:"),
)  # fmt: skip


@pytest.fixture
def standby(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    """An active-standby gateway, and a file that says one of everything."""
    root = project(tmp_path / "project")
    file = root / "domains" / f"{STACK}.yaml"
    text = file.read_text()
    for old, new in EVERY_KIND:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        site = lab_site(tmp_path / "other", lab, any_engine)
        site.root = root
        yield site


class TestEveryKind:
    def test_snat_any_source_exceptions_further_routes_and_ipv6(self, standby: Site) -> None:
        site = standby
        scope: list[str] = []
        made_by_hand(
            site,
            {
                f"{TIER0}/static-routes/a": {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.2", "admin_distance": 3}, {"ip_address": "10.27.51.1"}]},
                f"{TIER0}/static-routes/b": {"network": "::/0", "next_hops": [{"ip_address": "2001:db8:51::1"}]},
                f"{TIER0}/static-routes/c": {"network": "10.0.0.0/8", "next_hops": [{"ip_address": "10.27.51.7", "admin_distance": 2, "scope": UPLINKS[1:]}]},
                f"{TIER0}/static-routes/d": {"network": "10.99.0.0/16", "next_hops": [{"admin_distance": 1}], "tags": [{"scope": "why", "tag": ""}]},
                f"{USER}/e": {"action": "SNAT", "source_network": "30.0.0.5", "translated_network": "10.27.51.145", "sequence_number": 3, "scope": scope},
                f"{USER}/f": {"action": "SNAT", "translated_network": "10.27.51.147", "destination_network": "0.0.0.0/0", "sequence_number": 2147481599, "scope": scope},
                f"{USER}/g": {"action": "NO_SNAT", "destination_network": "10.0.0.0/8", "firewall_match": "BYPASS", "scope": scope},
            },
        )  # fmt: skip
        site.egress("adopt", STACK, "--yes", code=0)
        text = (site.root / "domains" / f"{STACK}.yaml").read_text()
        assert "applied_to: everywhere # scope of the NAT rules" in text
        assert (
            "- address: 10.27.51.7 # the firewall\n        admin_distance: 2\n        interface: edge02-uplink1\n"
            in text
        )
        planned = site.egress("plan", STACK, "--import-existing", code=2).stdout
        assert "Plan: 7 to import, 0 to add, 0 to change, 0 to destroy." in planned
        mark = site.lab.control.mark()
        site.egress("apply", STACK, "--import-existing", "--yes", code=0)
        assert site.writes(mark) == []
        assert "No changes." in site.egress("plan", STACK, code=0).stdout
        site.egress("drift", STACK, code=0)

"""What a manager shows, does not show, or shows in a strange form: it is walked, or told, and never a green verdict by accident."""

from __future__ import annotations

import copy
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.domain import WorkloadDomain, load_domains
from egress.manager import Manager, sight
from egress.manager.access import Access
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from egress.reachability.view import Live, View, view
from nsx_lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]
T0 = "/infra/tier-0s/T0-wld01"
C8, VNET = "/infra/tier-1s/domain-c8", "/infra/tier-1s/vnet-domain-c8"
RULES = "nat/USER/nat-rules"
Json = dict[str, Any]
Put = Callable[[str, Json], None]


@pytest.fixture(scope="module")
def golden() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["wld01"])[0]


@pytest.fixture
def lab(golden: WorkloadDomain) -> Iterator[Lab]:
    """A lab on which the golden domain is applied."""
    with Lab(seed=seed([golden])) as lab:
        for path, body in owned(golden).objects(GatewayKey.of(golden).path).items():
            if not path.endswith("/nat/USER"):
                _patch(lab, path, body)
        yield lab


@pytest.fixture
def put(lab: Lab) -> Put:
    return lambda path, body: _patch(lab, path, body)


def _patch(lab: Lab, path: str, body: Json) -> None:
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    url = f"https://{lab.host}/policy/api/v1{path}"
    answer = httpx.patch(url, json=body, verify=tls, auth=(lab.username, lab.password))
    assert answer.status_code == 200, answer.text


def look(lab: Lab, domain: WorkloadDomain) -> View:
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    with Manager(Access(lab.host, tls, (lab.username, lab.password)), pause=lambda _: None) as manager:
        return view(domain, source=Live.of("the lab", sight(manager, domain)))


def words(seen: View, origin: str | None = None) -> dict[str, str]:
    """Verdicts of the pulls, in a word, by the Tier-1."""
    found = [one for one in answers(seen, Ask()) if one.question.purpose.value == "image pull"]
    return {one.question.sender.tier1: one.word for one in found if one.question.sender}


def gaps(seen: View) -> str:
    return "; ".join(str(one) for one in seen.unseen)


PARTS = {
    "rules of one Tier-1": (f"*{VNET}/{RULES}", "NAT rules of Tier-1 vnet-domain-c8", {"domain-c8": "works", "vnet-domain-c8": "cannot know"}),
    "its edge cluster": (f"*{VNET}/locale-services", "edge cluster of Tier-1 vnet-domain-c8", {"domain-c8": "works", "vnet-domain-c8": "cannot know"}),
    "rules of every Tier-1": ("*/tier-1s/*/nat/*", "NAT rules of Tier-1 domain-c8", {"domain-c8": "cannot know", "vnet-domain-c8": "cannot know"}),
    "Tier-1s": ("*/infra/tier-1s", "Tier-1s below T0-wld01", {"domain-c8": "cannot know", "vnet-domain-c8": "cannot know"}),
    "rules of the Tier-0": (f"*{T0}/{RULES}", "NAT rules of T0-wld01", {"domain-c8": "cannot know", "vnet-domain-c8": "cannot know"}),
    "static routes": (f"*{T0}/static-routes", "static routes of T0-wld01", {"domain-c8": "cannot know", "vnet-domain-c8": "cannot know"}),
    "interfaces": ("*/interfaces", "interfaces of T0-wld01", {"domain-c8": "cannot know", "vnet-domain-c8": "cannot know"}),
    "realized state": ("*/realized-entities", "realized state of", {"domain-c8": "cannot know", "vnet-domain-c8": "cannot know"}),
    "segments": ("*/infra/segments", "segments behind Tier-1s", {"domain-c8": "works", "vnet-domain-c8": "works"}),
}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "fault", [{"status": 403}, {"status": 404}, {"status": 200, "body": '{"results": [{"id": "cu'}]
)
def test_a_part_that_is_not_shown_is_told_and_no_verdict_rests_on_it(
    lab: Lab, golden: WorkloadDomain, part: str, fault: Json
) -> None:
    path, told, expected = PARTS[part]
    lab.control.fault(method="GET", path=path, times=0, **fault)
    seen = look(lab, golden)
    assert told in gaps(seen)
    assert words(seen) == expected


def test_beside_a_tier1_that_is_not_shown_the_others_are_walked_as_they_are(
    lab: Lab, golden: WorkloadDomain, put: Put
) -> None:
    put(f"{VNET}/{RULES}/vnet-domain-c8-snat-0", snat("192.168.128.0/24", "30.0.0.17"))
    lab.control.fault(method="GET", path=f"*{C8}/{RULES}", times=0, status=403)
    seen = look(lab, golden)
    assert words(seen) == {"domain-c8": "cannot know", "vnet-domain-c8": "fails"}
    assert any("the manager SNATs to 30.0.0.17" in sentence for sentence in seen.differs)


def test_virtual_servers_that_are_not_shown_leave_only_the_ingress_open(lab: Lab, golden: WorkloadDomain) -> None:
    lab.control.fault(method="GET", path="*/lb-virtual-servers", times=0, status=403)
    found = {
        one.question.title: one.word for one in answers(look(lab, golden), Ask()) if "dns" not in one.question.title
    }
    assert found == {
        "Supervisor pod -> registry": "works",
        "TKG pod -> registry": "works",
        "outside -> ingress": "cannot know",
    }


def test_an_old_version_without_forwarding_tables_matters_only_where_bfd_watches(
    lab: Lab, golden: WorkloadDomain, put: Put
) -> None:
    lab.control.fault(method="GET", path="*/forwarding-table", times=0, status=404)
    assert words(look(lab, golden)) == {"domain-c8": "works", "vnet-domain-c8": "works"}
    put(
        f"{T0}/static-routes/bfd-peers/gw",
        {"peer_address": "10.27.51.1", "bfd_profile_path": "/infra/bfd-profiles/default"},
    )
    seen = look(lab, golden)
    assert "whether BFD peers of T0-wld01 are up" in gaps(seen)
    assert words(seen) == {"domain-c8": "cannot know", "vnet-domain-c8": "cannot know"}


def test_bgp_neighbours_leave_open_what_fails_and_nothing_else(lab: Lab, golden: WorkloadDomain, put: Put) -> None:
    put(
        f"{T0}/locale-services/default/bgp/neighbors/peer", {"neighbor_address": "10.27.51.1", "remote_as_num": "65001"}
    )
    put(f"{VNET}/{RULES}/vnet-domain-c8-snat-0", snat("192.168.128.0/24", "30.0.0.17"))
    assert words(look(lab, golden)) == {"domain-c8": "works", "vnet-domain-c8": "cannot know"}


def snat(source: str, translated: str, **more: Any) -> Json:
    return {"action": "SNAT", "source_network": source, "translated_network": translated, **more}


FOREIGN = {
    "a comma list": ("30.0.0.1,30.0.0.5", "fails", "works"),
    "a range": ("30.0.0.1-30.0.0.9", "fails", "works"),
    "any": (None, "fails", "fails"),
    "another's": ("30.0.0.64/26", "works", "works"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_rule_that_comes_first_is_walked_whatever_its_form(
    golden: WorkloadDomain, lab: Lab, name: str
) -> None:
    source, supervisor, tkg = FOREIGN[name]
    rule = {"action": "NO_SNAT", "sequence_number": 1, **({"source_network": source} if source else {})}
    seen = _with(lab, golden, {f"{T0}/{RULES}/foreign": rule})
    assert words(seen) == {"domain-c8": supervisor, "vnet-domain-c8": tkg}


def test_a_foreign_rule_that_nobody_can_read_is_listed_and_leaves_everything_open(
    golden: WorkloadDomain, lab: Lab
) -> None:
    rule = {"action": "NO_SNAT", "sequence_number": 1, "source_network": "everybody"}
    seen = _with(lab, golden, {f"{T0}/{RULES}/foreign": rule})
    assert "rule foreign cannot be read" in gaps(seen)
    assert words(seen) == {"domain-c8": "cannot know", "vnet-domain-c8": "cannot know"}


def test_a_rule_that_translates_to_a_range_leaves_its_tier1_open(golden: WorkloadDomain, lab: Lab) -> None:
    seen = _with(
        lab, golden, {f"{VNET}/{RULES}/vnet-domain-c8-snat-0": snat("192.168.128.0/24", "30.0.0.16-30.0.0.20")}
    )
    assert "translates to 30.0.0.16-30.0.0.20" in gaps(seen)
    assert words(seen) == {"domain-c8": "works", "vnet-domain-c8": "cannot know"}


def _with(lab: Lab, domain: WorkloadDomain, objects: dict[str, Json]) -> View:
    """What is seen with objects more, of a form that the lab itself would not take."""
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    with Manager(Access(lab.host, tls, (lab.username, lab.password))) as manager:
        found = sight(manager, domain)
    changed = copy.deepcopy({**found.objects, **objects})
    return view(domain, source=Live("the lab", found.gateway, changed, found.states, unseen=found.unseen))


def test_display_names_that_two_tier1s_share_are_told_apart_by_id(golden: WorkloadDomain, lab: Lab, put: Put) -> None:
    for name in ("one", "two"):
        put(f"/infra/tier-1s/{name}", {"display_name": "the same", "tier0_path": T0})
        put(f"/infra/tier-1s/{name}/{RULES}/s", snat("10.246.0.0/24", "30.0.0.5"))
        put(f"/infra/tier-1s/{name}/locale-services/default", {"edge_cluster_path": _cluster(lab)})
    assert {"one", "two"} <= set(words(look(lab, golden)))


def _cluster(lab: Lab) -> str:
    return str(
        lab.control.objects(f"{C8}/locale-services/default")[f"{C8}/locale-services/default"]["edge_cluster_path"]
    )


def test_a_tier1_that_is_gone_is_no_silence(golden: WorkloadDomain, lab: Lab) -> None:
    changed = golden.model_copy(update={"tier1s": {**golden.tier1s, "gone": golden.tier1s["domain-c8"]}})
    seen = look(lab, changed)
    assert "Tier-1 gone of the file: it does not hang below this Tier-0" in gaps(seen)
    assert seen.doubtful


def test_ha_mode_and_interface_that_differ_are_said_and_the_managers_are_walked(
    golden: WorkloadDomain, lab: Lab
) -> None:
    other = golden.tier0.model_copy(
        update={
            "uplinks": tuple(
                one.model_copy(update={"address": type(one.address)("10.27.51.150/24")})
                if one.id == "edge01-uplink1"
                else one
                for one in golden.tier0.uplinks
            ),
            "ha_mode": "ACTIVE_STANDBY",
        }
    )
    seen = look(lab, golden.model_copy(update={"tier0": other}))
    assert (
        "the file says 10.27.51.150/24 for edge01-uplink1, T0-wld01 has 10.27.51.145/24: 10.27.51.145/24 is walked"
        in seen.differs
    )
    assert "the file says ha_mode ACTIVE_STANDBY, T0-wld01 is ACTIVE_ACTIVE: ACTIVE_ACTIVE is walked" in seen.differs
    assert words(seen) == {"domain-c8": "works", "vnet-domain-c8": "works"}


def test_no_more_requests_than_two_for_each_tier1_and_never_too_many_in_a_second(golden: WorkloadDomain) -> None:
    with Lab(seed=with_tier1s(golden, 48), limits=True) as lab:
        seen = look_at_pace(lab, golden)
        journal = lab.control.journal()
    assert len([one for one in seen.topology.nodes if one.startswith("ns-")]) == 48
    refused = {one["path"] for one in journal if one["status"] != 200}
    assert refused == {"/policy/api/v1/orgs/default/projects"}, (
        "no request was one too many: the lab allows 100 in a second"
    )
    assert {one["method"] for one in journal} == {"GET"}
    assert len(journal) == 17 + 2 * 50


def test_rules_outside_of_the_section_user_are_read_with_and_without_a_search(
    golden: WorkloadDomain, lab: Lab, put: Put
) -> None:
    put(f"{VNET}/nat/DEFAULT/nat-rules/first", {"action": "NO_SNAT", "source_network": "192.168.128.0/24"})
    put(f"{VNET}/nat/INTERNAL/nat-rules/before", {"action": "NO_SNAT", "source_network": "192.168.128.0/24"})
    expected = {"domain-c8": "works", "vnet-domain-c8": "fails"}
    assert words(look(lab, golden)) == expected
    lab.control.fault(method="GET", path="*/search/query", times=0, status=403)
    assert words(look(lab, golden)) == expected


@pytest.mark.slow
def test_a_thousand_tier1s_are_read_and_asked_about(golden: WorkloadDomain) -> None:
    with Lab(seed=with_tier1s(golden, 998)) as lab:
        seen = look(lab, golden)
    assert len({one.tier1 for one in seen.around.senders}) == 1000
    assert len([sentence for sentence in seen.differs if "is not in the domain file" in sentence]) == 998
    assert seen.unseen == ()


def with_tier1s(domain: WorkloadDomain, count: int) -> Json:
    """A seed with Tier-1s more, each with the egress address of the first."""
    document = seed([domain])
    first = next(one for one in document["infra"]["children"] if "Tier1" in one)
    for number in range(count):
        more = copy.deepcopy(first)
        more["Tier1"]["id"] = f"ns-{number}"
        document["infra"]["children"].append(more)
    return document


def look_at_pace(lab: Lab, domain: WorkloadDomain) -> View:
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    with Manager(Access(lab.host, tls, (lab.username, lab.password))) as manager:
        return view(domain, source=Live.of("the lab", sight(manager, domain)))

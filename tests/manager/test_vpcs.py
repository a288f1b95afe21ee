"""VPCs of NSX 9 are senders like Tier-1s: found where there are any, at no cost where there are none, and what was not looked at is said."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.returns import missing_routes
from egress.domain import WorkloadDomain, load_domains
from egress.domain.ranges import FurtherMapping
from egress.inventory.survey import Survey, Usage
from egress.inventory.vpcs import egress_addresses, of_vpcs
from egress.manager import Manager, sight, survey
from egress.manager.saved_answers import answering_from, keeping
from egress.policy.owned import owned
from egress.policy.seed import seed
from egress.policy.sighting import Sighting
from egress.reachability.view import Live, View, view
from nsx_lab import Lab
from tests.manager.hand_made import REPOSITORY, T0, Json, gaps, look, way
from tests.nsx_lab.vpcs import PROFILE, PROJECT, VPC, objects

OWNED = {"tags": [{"scope": "nsx-op/cluster", "tag": "sup"}, {"scope": "nsx-op/namespace", "tag": "shop-ns"}]}


@contextmanager
def lab_with(written: dict[str, Json], profile: str = "9.1") -> Iterator[Lab]:
    """A lab of the golden domain with objects more."""
    with Lab(seed=seed(load_domains(REPOSITORY, ["wld01"])), profile=profile) as lab:
        tls = ssl.create_default_context(cadata=lab.ca_pem)
        with httpx.Client(verify=tls, auth=(lab.username, lab.password)) as client:
            for path, body in written.items():
                answer = client.patch(f"https://{lab.host}/policy/api/v1{path}", json=body)
                assert answer.status_code == 200, answer.text
        yield lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    wanted = objects()
    wanted[VPC] |= OWNED
    with lab_with(wanted) as lab:
        yield lab


@pytest.fixture
def golden() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["wld01"])[0]


def seen(lab: Lab, domain: WorkloadDomain) -> Sighting:
    with Manager(way(lab), pause=lambda _: None) as manager:
        return sight(manager, domain)


def addresses(found: Survey | Sighting) -> list[str]:
    return [str(one) for one in of_vpcs(found.objects, T0)]


EXPECTED = [
    "30.2.0.1 of VPC shop (namespace shop-ns of cluster sup)",
    "30.2.0.0/24 of VPC shop (namespace shop-ns of cluster sup)",
]


def test_a_survey_and_a_sight_find_what_a_vpc_sends_with(lab: Lab, golden: WorkloadDomain) -> None:
    found = look(lab)
    assert (addresses(found), found.looked_for_vpcs, found.unseen) == (EXPECTED, True, ())
    assert addresses(seen(lab, golden)) == EXPECTED
    snat, block = of_vpcs(found.objects, T0)
    assert (snat.translated, [str(one) for one in snat.behind]) == (True, ["172.16.0.0/20"])
    assert (block.translated, block.path) == (False, "/infra/ip-blocks/external")
    assert found.usage["/infra/ip-blocks/external"] == Usage(256, 17)
    both = egress_addresses(found.objects, T0)
    assert [one.holder.value for one in both] == ["Tier-1", "Tier-1", "VPC", "VPC"]


def test_kept_answers_have_the_vpcs(lab: Lab, tmp_path: Path) -> None:
    with keeping(tmp_path / "kept", way(lab)) as manager:
        found = survey(manager)
    with answering_from(tmp_path / "kept") as manager:
        assert survey(manager) == found


def test_without_a_search_the_collections_tell_the_same(lab: Lab, golden: WorkloadDomain) -> None:
    whole = look(lab)
    lab.control.fault(method="GET", path="*/search/query", times=0, status=403)
    again = look(lab)
    assert addresses(again) == EXPECTED
    assert set(again.objects) == set(whole.objects)
    assert addresses(seen(lab, golden)) == EXPECTED


@pytest.mark.parametrize("path", ["*/orgs/*", "*/vpcs"])
def test_without_the_right_to_look_it_says_that_it_did_not(lab: Lab, golden: WorkloadDomain, path: str) -> None:
    lab.control.fault(method="GET", path=path, times=0, status=403)
    found = look(lab)
    assert not found.looked_for_vpcs
    assert "does not let this user read /orgs/default/projects" in gaps(found)
    assert addresses(found) == []
    assert "VPCs" in "; ".join(map(str, seen(lab, golden).unseen))


PARTS = {
    "rules": ("*/nat/DEFAULT/nat-rules", "NAT rules of VPC shop: "),
    "attachments": ("*/vpcs/shop/attachments", "where VPC shop leads to: "),
    "profiles": ("*/vpc-connectivity-profiles", "VPC connectivity profiles of project dev: "),
    "transit gateways": ("*/transit-gateways/tgw/attachments", "where transit gateway tgw leads to: "),
    "connections": ("*/gateway-connections", "gateway connections of transit gateways: "),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_not_shown_is_told(lab: Lab, golden: WorkloadDomain, part: str) -> None:
    path, told = PARTS[part]
    lab.control.fault(method="GET", path="*/search/query", times=0, status=501)
    lab.control.fault(method="GET", path=path, times=0, status=403)
    assert told in gaps(look(lab))
    assert told in "; ".join(map(str, seen(lab, golden).unseen))


def test_a_default_snat_that_is_on_and_has_no_rule_is_told(lab: Lab) -> None:
    with lab_with({**objects(), VPC: {"private_ips": []}}) as empty:
        found = look(empty)
        assert addresses(found) == ["30.2.0.0/24 of VPC shop"]
        assert (
            gaps(found)
            == "default SNAT address of VPC shop: its connectivity profile has default SNAT on, and the VPC has no rule of it"
        )


def test_a_manager_without_vpcs_is_asked_two_questions_and_an_older_one_one(golden: WorkloadDomain) -> None:
    for profile, asked, looked in (("9.1", 2, True), ("4.2", 1, False)):
        with lab_with({}, profile) as plain:
            mark = plain.control.mark()
            found = look(plain)
            journal = plain.control.journal(mark)
            about = [one["path"] for one in journal if "/orgs" in one["path"] or "Vpc" in one["query"]]
            assert len([path for path in about if not path.endswith("/ip-blocks")]) == asked
            assert (found.looked_for_vpcs, found.unseen) == (looked, ())
            assert seen(plain, golden).unseen == ()


def test_a_vpc_that_leads_to_another_tier0_is_left_out() -> None:
    elsewhere = objects()
    elsewhere["/infra/gateway-connections/t0"] = {"tier0_path": "/infra/tier-0s/other"}
    with lab_with({"/infra/tier-0s/other": {}, **elsewhere}) as lab:
        found = look(lab)
        assert addresses(found) == []
        assert len(of_vpcs(found.objects, "/infra/tier-0s/other")) == 2


def test_a_vpc_of_nsx_4_names_its_tier0_itself() -> None:
    rule = {"action": "SNAT", "source_network": "172.16.0.0/20", "translated_network": "30.2.0.7"}
    direct = {PROJECT: {}, VPC: {"default_gateway_path": T0}, f"{VPC}/nat/USER/nat-rules/out": rule}
    with lab_with(direct) as lab:
        assert addresses(look(lab)) == ["30.2.0.7 of VPC shop"]


OTHER = "/orgs/default/projects/test"
TWO = {
    **objects(),
    OTHER: {},
    f"{OTHER}/vpc-connectivity-profiles/out": objects()[PROFILE],
    f"{OTHER}/vpcs/shop": {"private_ips": ["172.16.0.0/20"]},
    f"{OTHER}/vpcs/shop/attachments/default": {"vpc_connectivity_profile": f"{OTHER}/vpc-connectivity-profiles/out"},
}
"""Two VPCs of one name with the same private network."""


def test_vpcs_of_one_name_are_told_apart_and_a_block_that_they_share_counts_once(golden: WorkloadDomain) -> None:
    with lab_with(TWO) as lab:
        assert addresses(look(lab)) == [
            "30.2.0.1 of VPC dev/shop",
            "30.2.0.2 of VPC test/shop",
            "30.2.0.0/24 of VPC dev/shop, test/shop",
        ]
        domain = with_mapping(golden)
        applied(lab, domain)
        told = pulls(walked(lab, domain))
        assert (told["dev shop"][0], told["test shop"][0]) == ("works", "fails"), "only the first is mapped"


def walked(lab: Lab, domain: WorkloadDomain) -> View:
    return view(domain, source=Live.of("the lab", seen(lab, domain)))


def pulls(of: View) -> dict[str, tuple[str, list[str]]]:
    """Verdict of the pulls and what is missing, by Tier-1 or VPC."""
    found = [one for one in answers(of, Ask()) if one.question.purpose.value == "image pull"]
    return {
        one.question.sender.tier1: (one.word, [remedy.name for remedy in one.finding.remedies])
        for one in found
        if one.question.sender
    }


def applied(lab: Lab, domain: WorkloadDomain) -> None:
    """The domain, applied."""
    with httpx.Client(
        verify=ssl.create_default_context(cadata=lab.ca_pem), auth=(lab.username, lab.password)
    ) as client:
        for path, body in owned(domain).objects(T0).items():
            if not path.endswith("/nat/USER"):
                assert client.patch(f"https://{lab.host}/policy/api/v1{path}", json=body).status_code == 200


def with_mapping(domain: WorkloadDomain) -> WorkloadDomain:
    """The domain with a mapping of the VPC's default SNAT address."""
    mapping = FurtherMapping.model_validate({"source": "30.2.0.1", "translated": "10.27.51.150", "priority": 120})
    return domain.model_copy(update={"egress": domain.egress.model_copy(update={"more": {"shop": mapping}})})


def test_the_walk_asks_from_a_vpc_and_names_what_is_missing(lab: Lab, golden: WorkloadDomain) -> None:
    applied(lab, golden)
    found = walked(lab, golden)
    assert "VPC shop leads to this Tier-0: it SNATs to 30.2.0.1, and that is walked" in found.differs
    told = pulls(found)
    assert (told["domain-c8"][0], told["vnet-domain-c8"][0], told["shop"][0]) == ("works", "works", "fails")
    back = [one for one in missing_routes(found) if str(one.to) == "30.2.0.1/32"]
    assert back, "return routes name it"


def test_a_vpc_whose_address_is_mapped_works(lab: Lab, golden: WorkloadDomain) -> None:
    domain = with_mapping(golden)
    applied(lab, domain)
    found = walked(lab, domain)
    assert pulls(found)["shop"] == ("works", [])
    assert not [one for one in found.differs if one.startswith("mapping shop")]

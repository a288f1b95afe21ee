"""States of a manager from public reports (sources beside each), on the lab: what `--live` says of them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from egress.answers.answer import Answer, answers
from egress.answers.asking import Ask
from egress.diagnosis.diagnosis import diagnose
from egress.diagnosis.failure_texts import read
from egress.domain import WorkloadDomain
from egress.domain.reading import read as read_domain
from egress.domain.yaml_tree import parse
from egress.manager import Manager, sight
from egress.manager.access import Access
from egress.policy.owned import owned
from egress.policy.seed import seed
from egress.reachability.view import Live, View, view
from nsx_lab import Lab

T0 = "/infra/tier-0s/T0-l0"
TIMEOUT = (
    'Failed to pull image "harbor.example.com/web:1": failed to do request: Head "https://harbor.example.com/v2/web/manifests/1": '
    "dial tcp 198.51.100.10:443: i/o timeout"
)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def domain() -> WorkloadDomain:
    name = "l0.yaml"
    return read_domain(parse((Path(__file__).parent / name).read_bytes(), name), "l0")


def applied(domain: WorkloadDomain, ha_mode: str | None = None, **more: list[Json]) -> Json:
    """A seed with everything that the stack makes. `more`: further `rules` and `routes`, and `others`, which are children of the Tier-0."""
    document = seed([domain])
    tier0 = next(one["Tier0"] for one in document["infra"]["children"] if "Tier0" in one)
    made = owned(domain).objects(T0)
    rules = [body for path, body in made.items() if "/nat-rules/" in path] + more.get("rules", [])
    routes = [body for path, body in made.items() if "/static-routes/" in path] + more.get("routes", [])
    section: Json = {"resource_type": "PolicyNat", "id": "USER", "nat_type": "USER"}
    section["children"] = [{"resource_type": "ChildPolicyNatRule", "PolicyNatRule": one} for one in rules]
    tier0["children"] += [{"resource_type": "ChildStaticRoutes", "StaticRoutes": one} for one in routes]
    tier0["children"] += [{"resource_type": "ChildPolicyNat", "PolicyNat": section}, *more.get("others", [])]
    tier0["ha_mode"] = ha_mode or tier0["ha_mode"]
    return document


def seen(domain: WorkloadDomain, document: Json, **settings: Any) -> View:
    with Lab(seed=document, **settings) as lab:
        tls = ssl.create_default_context(cadata=lab.ca_pem)
        with Manager(Access(lab.host, tls, (lab.username, lab.password))) as manager:
            return view(domain, source=Live.of("the lab", sight(manager, domain)))


def pulls(there: View) -> dict[str, Answer]:
    return {one.question.title: one for one in answers(there, Ask()) if one.question.purpose.value == "image pull"}


def said(answer: Answer) -> str:
    return "; ".join(f"{one.why}: {one.fix}" for one in answer.finding.remedies)


def test_a_null_route_for_the_registrys_network_is_the_cause(domain: WorkloadDomain) -> None:
    """vmware/terraform-provider-nsxt issue 604."""
    null = {"resource_type": "StaticRoutes", "id": "null-registry", "network": "198.51.100.0/24", "next_hops": [{"admin_distance": 1}]}  # fmt: skip
    for answer in pulls(seen(domain, applied(domain, routes=[null]))).values():
        assert answer.word == "fails"
        assert [one.name for one in answer.finding.remedies] == ["null-registry"]
        assert "198.51.100.0/24" in said(answer)
        assert "discards" in said(answer)
        assert "l0-default-route" not in said(answer)


@pytest.mark.parametrize("rules", [True, False], ids=["with its rules", "with nothing below it"])
def test_a_tier1_without_an_edge_cluster_is_named(domain: WorkloadDomain, rules: bool) -> None:
    """vmware-archive/nsx-integration-for-openshift issue 45: NAT on a Tier-1 needs an edge cluster."""
    document = applied(domain)
    for child in document["infra"]["children"]:
        if "Tier1" in child:
            kept = [one for one in child["Tier1"]["children"] if rules and "PolicyNat" in one]
            child["Tier1"]["children"] = kept
    found = pulls(seen(domain, document, semantics="realize"))
    assert set(found) == {"domain-c12 pod -> registry", "vnet-domain-c12 pod -> registry"}
    for title, answer in found.items():
        assert answer.word == "fails"
        assert f"Tier-1 {title.split()[0]} has no edge cluster" in said(answer)
        assert "leave un-translated" in said(answer)


def test_bfd_that_watches_the_only_next_hop_is_told_before_firewalls(domain: WorkloadDomain) -> None:
    """Broadcom KB 433438 and 369184."""
    peer = {"resource_type": "StaticRouteBfdPeer", "id": "bfd-253", "peer_address": "10.28.60.253", "enabled": True, "bfd_profile_path": "/infra/bfd-profiles/default"}  # fmt: skip
    document = applied(domain, others=[{"resource_type": "ChildStaticRouteBfdPeer", "BfdPeer": peer}])
    told = "BFD peer bfd-253 watches 10.28.60.253, the only next hop of l0-default-route"
    there = seen(domain, document)
    assert {answer.word for answer in pulls(there).values()} == {"works"}
    assert any(sentence.startswith(told) and "Routing Down" in sentence for sentence in there.watched)
    (failure,) = read(TIMEOUT).failures
    sentences = diagnose(there, failure).sentences()
    first = next(index for index, one in enumerate(sentences) if told in one)
    assert first < next(index for index, one in enumerate(sentences) if "look at firewalls" in one)
    document["down"] = [f"{T0}/static-routes/bfd-peers/bfd-253"]
    for answer in pulls(seen(domain, document)).values():
        assert answer.word == "fails"
        assert "next hop 10.28.60.253 does not answer BFD, so NSX has withdrawn it" in said(answer)
        assert "apply" not in said(answer)


def test_rules_of_namespaces_on_the_tier0_itself_are_left_alone(domain: WorkloadDomain) -> None:
    """NSX Container Plugin 4.2, and a captured static route with enabled_on_secondary."""
    ncp = {"resource_type": "PolicyNatRule", "id": "ncp-ns1", "action": "SNAT", "sequence_number": 1024, "source_network": "10.245.0.0/24", "translated_network": "10.28.60.30"}  # fmt: skip
    there = seen(domain, applied(domain, rules=[ncp]))
    found = pulls(there)
    assert {title: answer.word for title, answer in found.items()} == {
        "Supervisor pod -> registry": "works",
        "TKG pod -> registry": "works",
    }
    assert {str(one) for answer in found.values() for one in answer.finding.verdict.seen} == {"10.28.60.10"}


def test_rules_that_are_not_realized_translate_nothing(domain: WorkloadDomain) -> None:
    """vmware/terraform-provider-nsxt issue 977: SNAT on an ACTIVE_ACTIVE gateway is accepted, and not realized."""
    there = seen(domain, applied(domain, ha_mode="ACTIVE_ACTIVE"), semantics="realize")
    assert "the file says ha_mode ACTIVE_STANDBY, T0-l0 is ACTIVE_ACTIVE: ACTIVE_ACTIVE is walked" in there.differs
    for name, key in (("l0-egress-supervisor", "Supervisor"), ("l0-egress-tkg", "TKG")):
        answer = pulls(there)[f"{key} pod -> registry"]
        assert answer.word == "fails"
        assert f"{name} is on T0-l0 and not realized (ERROR" in said(answer)
        assert f"apply {name}" not in said(answer)

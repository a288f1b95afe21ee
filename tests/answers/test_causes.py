"""What is missing: the four steps taken away one by one, and the mistakes of docs/reachability.md."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from egress.answers.answer import Answer, answers
from egress.answers.asking import Ask
from egress.answers.causes import find
from egress.answers.questions import Purpose, questions
from egress.answers.remedy import Missing
from egress.domain import WorkloadDomain
from egress.reachability import Result
from egress.reachability.view import View
from egress.reachability.view import view as view_of

RETURN_ROUTE = "\nreturn_routes: [{host: 172.20.0.53, to: 30.0.0.0/24, via: [172.20.0.1, 172.20.0.2]}]\n"
RULE = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules/wld01-egress-"
ROUTE = "/infra/tier-0s/T0-wld01/static-routes/wld01-default-route"


@pytest.fixture
def complete(golden_text: str, domain_of: Callable[..., WorkloadDomain]) -> View:
    """The golden domain with all four steps done."""
    return view_of(domain_of(golden_text + RETURN_ROUTE))


def without(view: View, *paths: str) -> View:
    return view.changed({path: body for path, body in view.objects.items() if path not in paths})


def missing(view: View) -> Any:
    """For each failing question what is missing, as (kind, name)."""
    found = {}
    for question in questions(view):
        finding = find(view, question.flow)
        if finding.verdict.result is not Result.ALL:
            assert finding.complete, f"{question.title}: with the remedies in place it works"
            found[question.title] = [(remedy.missing, remedy.name) for remedy in finding.remedies]
    return found


def test_with_all_four_steps_everything_works(complete: View) -> None:
    assert missing(complete) == {}
    assert len(questions(complete)) == 5


def test_step_1_taken_away_the_default_route_is_missing(complete: View) -> None:
    found = missing(without(complete, ROUTE))
    expected = [(Missing.DEFAULT_ROUTE, "wld01-default-route")]
    assert found == dict.fromkeys(["Supervisor pod -> registry", "TKG pod -> registry", "outside -> ingress"], expected)


@pytest.mark.parametrize(("key", "title"), [("supervisor", "Supervisor"), ("tkg", "TKG")])
def test_steps_2_and_3_taken_away_one_nat_rule_is_missing(complete: View, key: str, title: str) -> None:
    found = missing(without(complete, RULE + key))
    assert found == {f"{title} pod -> registry": [(Missing.NAT_RULE, f"wld01-egress-{key}")]}


def test_step_4_taken_away_the_return_route_is_missing(golden: WorkloadDomain) -> None:
    expected = [(Missing.RETURN_ROUTE, "30.0.0.0/24 via 172.20.0.1, 172.20.0.2")]
    titles = ["Supervisor pod -> dns 172.20.0.53", "TKG pod -> dns 172.20.0.53"]
    assert missing(view_of(golden)) == dict.fromkeys(titles, expected)


def test_all_steps_taken_away_each_question_names_everything_it_needs(golden: WorkloadDomain) -> None:
    view = without(view_of(golden), ROUTE, f"{RULE}supervisor", f"{RULE}tkg")
    found = missing(view)
    assert [kind for kind, _ in found["TKG pod -> registry"]] == [Missing.DEFAULT_ROUTE, Missing.NAT_RULE]
    assert [kind for kind, _ in found["outside -> ingress"]] == [Missing.DEFAULT_ROUTE]
    assert [kind for kind, _ in found["TKG pod -> dns 172.20.0.53"]] == [Missing.RETURN_ROUTE]


def test_a_mapping_that_is_not_in_the_file_is_told_by_the_egress_address(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = "\n".join(line for line in golden_text.splitlines() if not line.startswith("  tkg:"))
    view = view_of(domain_of(text + RETURN_ROUTE))
    finding = find(view, next(q.flow for q in questions(view) if q.sender and q.sender.tier1 == "vnet-domain-c8"))
    assert "this domain has no NAT for 30.0.0.16:" in finding.remedies[0].why
    assert "add a mapping to the domain file: source 30.0.0.16," in finding.remedies[0].fix


UNKNOWN = ("networks: [192.168.128.0/24], egress: 30.0.0.16}", "networks: [192.168.128.0/24]}")


def test_a_tier1_whose_address_is_not_known_is_asked_and_no_example_of_ours_is_advised(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(golden_text.replace(*UNKNOWN)))
    (sender,) = [one for one in view.around.senders if one.tier1 == "vnet-domain-c8"]
    assert (sender.known, sender.title) == (False, "vnet-domain-c8")
    finding = find(view, next(q.flow for q in questions(view) if q.sender == sender))
    (remedy,) = finding.remedies
    assert (remedy.missing, remedy.at, finding.complete) == (Missing.EGRESS_ADDRESS, "vnet-domain-c8", False)
    assert "tier1s.vnet-domain-c8.egress" in remedy.fix
    assert str(sender.egress) not in remedy.why + remedy.fix
    assert any(f"{sender.egress} stands for it" in note for note in view.notes)


def test_without_any_rule_a_rule_is_missing_whatever_the_address(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace(*UNKNOWN).replace(", egress: 30.0.0.5}", "}")
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("  tkg:", "  supervisor:")))
    view = view_of(domain_of(text + "\n"))
    finding = find(view, questions(view)[0].flow)
    assert [one.missing for one in finding.remedies] == [Missing.NAT_RULE]
    assert finding.complete
    assert (
        finding.remedies[0].fix == "add a mapping for that address, or for 30.0.0.0/24 as a whole, to the domain file"
    )


def test_an_unknown_address_makes_no_difference_where_the_whole_range_has_a_rule(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace(*UNKNOWN).replace("ACTIVE_ACTIVE", "ACTIVE_STANDBY")
    text = text.replace("tkg: {source: 30.0.0.16,", "tkg: {source: 30.0.0.0/24,").replace(
        "translated: 10.27.51.147}", "translated: 10.27.51.50}"
    )
    view = view_of(domain_of(text))
    found = find(view, next(q.flow for q in questions(view) if q.sender and q.sender.tier1 == "vnet-domain-c8"))
    assert (found.verdict.result, found.verdict.seen) == (Result.ALL, (ip_address("10.27.51.50"),))


def test_a_routed_namespace_needs_a_route_back_and_no_rule(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    routed = golden_text.replace("tier1s: #", "tier1s:\n  ns-routed: {networks: [10.246.0.0/24], nat: false}\n  #")
    view = view_of(domain_of(routed))
    finding = find(view, next(q.flow for q in questions(view) if q.title == "ns-routed pod -> registry"))
    (remedy,) = finding.remedies
    assert (remedy.missing, remedy.at, finding.complete) == (Missing.UPSTREAM_ROUTE, "upstream gateway", True)
    assert remedy.name == "10.246.0.0/24 via 10.27.51.145, 10.27.51.147"
    declared = "return_routes: [{host: upstream, to: 10.246.0.0/24, via: [10.27.51.145, 10.27.51.147]}]\n"
    view = view_of(domain_of(routed + declared))
    finding = find(view, next(q.flow for q in questions(view) if q.title == "ns-routed pod -> registry"))
    assert (finding.verdict.result, finding.verdict.seen) == (Result.ALL, (ip_address("10.246.0.2"),))


def test_a_disabled_rule_is_told_as_disabled(complete: View) -> None:
    path = f"{RULE}tkg"
    view = complete.changed({**complete.objects, path: {**complete.objects[path], "enabled": False}})
    flow = questions(view)[1].flow
    assert find(view, flow).remedies[0].why == "NAT rule wld01-egress-tkg for 30.0.0.16 is disabled"


def test_a_rule_on_the_wrong_interface_is_told(complete: View) -> None:
    path = f"{RULE}tkg"
    scope = ["/infra/tier-0s/T0-wld01/locale-services/default/interfaces/edge01-services"]
    view = complete.changed({**complete.objects, path: {**complete.objects[path], "scope": scope}})
    assert "is not applied to edge01-uplink1" in find(view, questions(view)[1].flow).remedies[0].why


def test_a_rule_without_scope_is_told_for_the_lookup_that_it_breaks(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(golden_text.replace("applied_to: uplinks", "applied_to: everywhere") + RETURN_ROUTE))
    found = missing(view)
    assert found["TKG pod -> dns 172.20.0.53"] == [(Missing.NAT_SCOPE, "wld01-egress-tkg")]


def test_a_next_hop_that_only_one_edge_reaches_is_told_for_the_other(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace("address: 10.27.51.147/24", "address: 10.27.52.147/24")
    view = view_of(domain_of(text.replace("translated: 10.27.51.147", "translated: 10.27.51.99")))
    finding = find(view, questions(view)[0].flow)
    assert finding.verdict.result is Result.SOME
    assert [(remedy.missing, remedy.at) for remedy in finding.remedies] == [(Missing.NEXT_HOP, "T0-wld01/edge02")]
    assert finding.complete


def test_a_translated_address_outside_the_uplinks_needs_a_route_upstream(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(golden_text.replace("translated: 10.27.51.147", "translated: 10.99.0.7")))
    finding = find(view, questions(view)[1].flow)
    assert [(r.missing, r.name) for r in finding.remedies] == [
        (Missing.UPSTREAM_ROUTE, "10.99.0.7/32 via 10.27.51.145, 10.27.51.147")
    ]
    assert finding.complete


def test_without_an_edge_the_address_that_died_is_named_and_moving_it_helps(golden: WorkloadDomain) -> None:
    view = view_of(golden, down=frozenset({"edge02"}))
    finding = find(view, questions(view)[1].flow)
    (remedy,) = finding.remedies
    assert remedy.missing is Missing.EDGE
    assert "10.27.51.147 is an interface address of edge02, which is down" in remedy.why
    assert "a spare address of the uplink network" in remedy.fix
    assert finding.complete


def test_without_any_edge_bringing_one_back_is_all_that_helps(golden: WorkloadDomain) -> None:
    view = view_of(golden, down=frozenset({"edge01", "edge02"}))
    finding = find(view, questions(view)[0].flow)
    assert [(one.missing, one.fix) for one in finding.remedies] == [(Missing.EDGE, "bring an edge back")]
    assert finding.complete


def test_active_standby_with_a_vip_survives_the_loss_of_each_edge(standby: WorkloadDomain) -> None:
    for edge in ("edge01", "edge02"):
        view = view_of(standby, down=frozenset({edge}))
        assert missing(view) == {}


def test_translated_to_the_standby_edges_own_address_is_told(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY")
    view = view_of(domain_of(text))
    finding = find(view, questions(view)[1].flow)
    assert finding.remedies[0].missing is Missing.TRANSLATED_ADDRESS
    assert "the standby edge" in finding.remedies[0].why


def test_a_next_hop_that_is_nobodys_is_told(golden_text: str, domain_of: Callable[..., WorkloadDomain]) -> None:
    view = view_of(domain_of(golden_text))
    hops = {**view.objects[ROUTE], "next_hops": [{"ip_address": "10.27.51.9"}]}
    view = view.changed({**view.objects, ROUTE: hops})
    finding = find(view, questions(view)[0].flow)
    assert finding.remedies[0].why == "nobody on the segment of edge01-uplink1 answers for 10.27.51.9"


def test_an_external_default_route_is_taken_as_there_and_noted(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text.replace(
        "default_route:\n  next_hops: [{address: 10.27.51.1}]", "default_route: {external: true}"
    )
    view = view_of(domain_of(text))
    assert "external: true" in text
    assert find(view, questions(view)[0].flow).verdict.result is Result.ALL
    assert view.notes[0].startswith("the default route is somebody else's")


def test_a_domain_that_shares_the_tier0_brings_the_route(
    golden_text: str, domain_of: Callable[..., WorkloadDomain], golden: WorkloadDomain
) -> None:
    text = golden_text.replace(
        "default_route:\n  next_hops: [{address: 10.27.51.1}]", "default_route: {external: true}"
    )
    other = domain_of(text)
    assert view_of(other, [golden, other]).notes == ()


def test_each_purpose_has_the_symptom_that_its_tools_show(golden: WorkloadDomain) -> None:
    view = without(view_of(golden), ROUTE)
    shown = {answer.question.purpose: answer.symptom for answer in answers(view, Ask())}
    assert "Client.Timeout exceeded while awaiting headers" in shown[Purpose.PULL]
    assert "i/o timeout" in shown[Purpose.LOOKUP]
    assert shown[Purpose.INGRESS] == "clients of 30.0.1.1:443 time out"


def test_a_flow_that_fails_on_some_paths_is_told_as_now_and_then(golden: WorkloadDomain) -> None:
    view = view_of(golden, down=frozenset({"edge01"}))
    question = next(q for q in questions(view) if q.purpose is Purpose.INGRESS)
    assert Answer(question, find(view, question.flow)).symptom.startswith("now and then, on 1 of 2 paths")

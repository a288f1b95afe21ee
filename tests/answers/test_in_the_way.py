"""What somebody else has on the gateway: it is named as the cause where the walk without it goes further, and only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.causes import Finding, find
from egress.answers.in_the_way import in_the_way
from egress.answers.questions import questions
from egress.answers.remedy import Missing
from egress.domain import WorkloadDomain
from egress.reachability import Result
from egress.reachability.view import Live, View
from egress.reachability.view import view as view_of

RETURN_ROUTE = "\nreturn_routes: [{host: 172.20.0.53, to: 30.0.0.0/24, via: [172.20.0.1, 172.20.0.2]}]\n"
T0 = "/infra/tier-0s/T0-wld01"
RULES = f"{T0}/nat/USER/nat-rules/"
ROUTES = f"{T0}/static-routes/"


@pytest.fixture
def live(golden_text: str, domain_of: Callable[..., WorkloadDomain]) -> Callable[..., View]:
    """The golden domain, complete, as a manager has it, with further objects."""
    domain = domain_of(golden_text + RETURN_ROUTE)
    there = view_of(domain).objects

    def made(more: dict[str, Any]) -> View:
        return view_of(domain, source=Live("the manager x", T0, {**there, **more}))

    return made


def pull(view: View) -> Finding:
    return find(view, questions(view)[0].flow)


def test_a_foreign_rule_that_matches_first_is_named_and_no_route_is_asked_for(live: Callable[..., View]) -> None:
    rule = {"action": "NO_SNAT", "source_network": "30.0.0.0/24", "sequence_number": 1}
    finding = pull(live({f"{RULES}foreign": rule}))
    (remedy,) = finding.remedies
    assert (remedy.missing, remedy.name, finding.complete) == (Missing.FOREIGN_RULE, "foreign", True)
    assert remedy.why == (
        "rule foreign (priority 1, NO_SNAT, not of this stack) matches before wld01-egress-supervisor, wld01-egress-tkg"
    )


def test_a_foreign_rule_behind_ours_is_not_blamed(live: Callable[..., View]) -> None:
    rule = {"action": "NO_SNAT", "source_network": "30.0.0.0/24", "sequence_number": 900}
    view = live({f"{RULES}foreign": rule})
    assert all(answer.works for answer in answers(view, Ask()))
    bare = view.changed(
        {path: body for path, body in view.objects.items() if path != f"{RULES}wld01-egress-supervisor"}
    )
    assert [one.missing for one in pull(bare).remedies] == [Missing.NAT_RULE], "ours is missing, and would come first"


def test_a_second_default_route_to_nobody_is_named(live: Callable[..., View]) -> None:
    route = {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.77"}]}
    finding = pull(live({f"{ROUTES}other": route}))
    (remedy,) = finding.remedies
    assert (finding.verdict.result, remedy.missing, finding.complete) == (Result.SOME, Missing.FOREIGN_ROUTE, True)
    assert "other (not of this stack) is a second default route, via 10.27.51.77" in remedy.why


@pytest.mark.parametrize("hop", ["10.27.51.77", None])
def test_a_foreign_route_to_a_part_of_the_world_is_named(live: Callable[..., View], hop: str | None) -> None:
    hops = [{"ip_address": hop} if hop else {"admin_distance": 1}]
    view = live({f"{ROUTES}other": {"network": "198.51.100.0/24", "next_hops": hops}})
    (remedy,) = pull(view).remedies
    assert (remedy.missing, remedy.name) == (Missing.FOREIGN_ROUTE, "other")
    assert f"a route to 198.51.100.0/24, via {hop or 'nobody, it discards'}" in remedy.why


def test_what_is_applied_is_never_to_be_applied(live: Callable[..., View]) -> None:
    rule = {"action": "NO_SNAT", "sequence_number": 1}
    odd: dict[str, dict[str, Any]] = {
        "rule": {f"{RULES}foreign": rule},
        "route": {f"{ROUTES}other": {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.77"}]}},
    }
    for more in odd.values():
        view = live(more)
        for answer in answers(view, Ask()):
            assert not any(remedy.fix.startswith("apply") for remedy in answer.finding.remedies), answer


def test_a_rule_of_a_neighbour_is_told_with_its_stack(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    mine = domain_of(golden_text + RETURN_ROUTE)
    text = golden_text.replace("30.0.0.5,", "30.0.0.0/24,").replace(
        "translated: 10.27.51.145", "translated: 10.9.0.0/24"
    )
    supervisor = text.replace("10.9.0.0/24}", "10.9.0.0/24, priority: 1}")
    other = domain_of(supervisor, "other")
    finding = pull(view_of(mine, [mine, other]))
    (remedy,) = finding.remedies
    assert (remedy.missing, remedy.name) == (Missing.FOREIGN_RULE, "other-egress-supervisor")
    assert "REFLEXIVE, of stack other) matches before wld01-egress-supervisor" in remedy.why


def test_an_address_of_the_gateway_itself_is_told_as_such(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    view = view_of(domain_of(golden_text.replace("172.20.0.53", "172.20.0.1")))
    finding = next(
        one.finding for one in answers(view, Ask()) if one.question.title.startswith("Supervisor pod -> dns")
    )
    (remedy,) = finding.remedies
    assert remedy.missing is Missing.OWN_ADDRESS
    assert "172.20.0.1 is an address of the gateway itself" in remedy.why
    assert not finding.more, "nothing was tried, so nothing is said of what would be with it"


def test_more_is_said_only_of_what_was_walked(live: Callable[..., View]) -> None:
    view = live({})
    world = view.around.world
    deaf = replace(world, hosts=tuple(replace(one, gateway=()) for one in world.hosts))
    gone = {path: body for path, body in view.objects.items() if path != f"{ROUTES}wld01-default-route"}
    finding = pull(view.changed(gone).in_world(deaf))
    assert finding.remedies[0].missing is Missing.DEFAULT_ROUTE
    assert finding.more == (not finding.complete)


def test_a_foreign_rule_of_a_later_section_matches_before_none_of_ours(live: Callable[..., View]) -> None:
    rule = {
        "action": "REFLEXIVE",
        "source_network": "30.0.0.0/24",
        "translated_network": "10.99.0.0/24",
        "sequence_number": 1,
    }
    view = live({f"{T0}/nat/DEFAULT": {}, f"{T0}/nat/DEFAULT/nat-rules/foreign": rule})
    bare = view.changed(
        {path: body for path, body in view.objects.items() if path != f"{RULES}wld01-egress-supervisor"}
    )
    met = bare.walker.walk(questions(bare)[0].flow).failing[0]
    (proposal,) = in_the_way(bare, met, frozenset())
    assert proposal.remedy.why == (
        "rule foreign (priority 1, REFLEXIVE, not of this stack) decides what happens to the packet"
    )

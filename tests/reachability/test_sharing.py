"""A view with one change takes over what has not changed: counted, and the same as made from nothing."""

from __future__ import annotations

import gc
import sys
import tracemalloc
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from itertools import product
from typing import Any

import pytest

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.causes import Trials, find
from egress.answers.questions import questions
from egress.answers.what_if import what_if
from egress.domain import WorkloadDomain
from egress.domain.addresses import Address
from egress.policy import gateways, seed
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.planned import Planned
from egress.reachability import assemble, view
from egress.reachability.topology import Node
from egress.reachability.view import AfterPlan, Live, View
from egress.reachability.view import view as view_of
from egress.reachability.walk import Walker

DomainOf = Callable[..., WorkloadDomain]

HEAD = """\
version: 1
name: many
nsx: {host: nsx.example.com}
tier0:
  id: T0
  ha_mode: ACTIVE_STANDBY
  uplinks:
    - {id: u1, edge: e1, address: 10.27.48.2/22}
    - {id: u2, edge: e2, address: 10.27.48.3/22}
dns_servers: [172.20.0.53]
"""
WITH_ROUTE = "default_route: {next_hops: [{address: 10.27.48.1}]}\n"
MAPPED = "{source: 30.0.250.5, translated: 10.27.50.1}"


def without_rules(domain_of: DomainOf, count: int, stack: str = "many", second: int = 0) -> WorkloadDomain:
    """A domain of so many Tier-1s, with a mapping for an address that none of them has."""
    route = WITH_ROUTE if second == 0 else "default_route: {external: true}\n"
    mapping = MAPPED.replace("30.0.", f"30.{second}.").replace("10.27.50.1", f"10.27.50.{second + 1}")
    lines = [f"egress: {{ranges: [30.{second}.0.0/16], supervisor: {mapping}}}", "tier1s:"]
    lines += [
        f"  ns{second}-{number}: {{networks: [10.{second + 64}.{number}.0/28], egress: 30.{second}.0.{number + 1}}}"
        for number in range(count)
    ]
    return domain_of(HEAD + route + "\n".join(lines) + "\n", stack)


@pytest.mark.parametrize("count", [5, 40])
def test_with_one_rule_more_the_edges_are_compiled_and_nothing_else(domain_of: DomainOf, count: int) -> None:
    view = view_of(without_rules(domain_of, count))
    path = "/infra/tier-0s/T0/nat/USER/nat-rules/more"
    rule = {"action": "SNAT", "source_network": "30.0.0.1", "translated_network": "10.27.51.9"}
    after = view.changed({**view.objects, path: rule})
    assert view.walker.compiled == len(view.topology.nodes)
    assert after.walker.compiled == 2
    assert [node.name for node in after.topology.nodes.values() if node is not view.topology.nodes[node.name]] == [
        "T0/e1",
        "T0/e2",
    ]


def test_a_remedy_of_two_flows_is_put_in_once(domain_of: DomainOf) -> None:
    view, trials = view_of(without_rules(domain_of, 4)), Trials()
    pods = [sender.pod for sender in view.around.senders if sender.tier1.startswith("ns0-")]
    for question in questions(view):
        if question.flow.origin in pods:
            assert find(view, question.flow, trials).complete
    assert (len(pods), trials.made) == (4, 4)


def anew(view: View) -> View:
    """The same view, put together and compiled from nothing."""
    found = view_of(view.domain, view.neighbours)
    assert found.walker.compiled == len(found.topology.nodes)
    return found


def in_order(view: View) -> dict[str, Node]:
    """The nodes; rules and what is answered for in an order of their own, as theirs means nothing."""
    return {
        node.name: replace(
            node,
            rules=tuple(sorted(node.rules, key=lambda rule: rule.rank)),
            interfaces=tuple(face._replace(answers=tuple(sorted(face.answers, key=str))) for face in node.interfaces),
        )
        for node in view.topology.nodes.values()
    }


def test_views_of_domains_on_one_tier0_are_as_if_each_were_made_alone(domain_of: DomainOf) -> None:
    everyone = [without_rules(domain_of, 3, f"many{number}", number) for number in range(4)]
    earlier = None
    for domain in everyone:
        earlier = view_of(domain, everyone, like=earlier)
        alone = anew(earlier)
        assert in_order(earlier) == in_order(alone)
        assert [one.as_json() for one in answers(earlier, Ask())] == [one.as_json() for one in answers(alone, Ask())]


def test_a_gateway_of_many_domains_is_read_once_and_its_rules_are_compiled_once(
    domain_of: DomainOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = [without_rules(domain_of, 2, f"many{number}", number) for number in range(12)]
    read: list[Sequence[str]] = []
    seeded = seed.seeded

    def counted(domains: Sequence[WorkloadDomain], gateway: str) -> object:
        read.append([one.stack for one in domains])
        return seeded(domains, gateway)

    monkeypatch.setattr(view, "seeded", counted)
    earlier = view_of(everyone[0], everyone)
    assert earlier.walker.compiled == len(earlier.topology.nodes)
    for domain in everyone[1:]:
        made = view_of(domain, everyone, like=earlier)
        own = [name for name in made.topology.nodes if f"ns{domain.stack.removeprefix('many')}-" in name]
        assert made.walker.compiled < len(made.topology.nodes) / 2, (
            "own Tier-1s, those of the domain before, the gateway"
        )
        assert len(own) == 4
        earlier = made
    assert [len(stacks) for stacks in read] == [12] + 11 * [1]


def plans(domain: WorkloadDomain) -> list[AfterPlan]:
    """Every plan that leaves a part of what the domain's file makes as it is, changes a part, and has a rule more or none."""
    gateway = GatewayKey.of(domain).path
    own = owned(domain).objects(gateway)
    found = []
    for kept in product((True, False, None), repeat=len(own)):
        bodies = {path: body for (path, body), keep in zip(own.items(), kept, strict=True) if keep}
        changed = {
            path: {**body, "source_network": "30.9.9.9"}
            for (path, body), keep in zip(own.items(), kept, strict=True)
            if keep is None
        }
        route = {f"{gateway}/static-routes/more": {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.48.9"}]}}
        more = {
            f"{gateway}/nat/USER/nat-rules/more": {
                "action": "SNAT",
                "source_network": "30.0.0.0/8",
                "translated_network": "10.27.50.9",
            }
        }
        found += [AfterPlan(Planned(gateway, {**bodies, **changed, **rest})) for rest in ({}, more, route)]
    return found


def test_plans_put_into_what_the_files_say_are_as_if_each_view_were_made_alone(domain_of: DomainOf) -> None:
    """Also of two domains whose files make a rule of one name, and where the plan takes away what another domain makes as well."""
    everyone = [without_rules(domain_of, 2, f"many{number}", number) for number in range(3)]
    doubled = without_rules(domain_of, 2, "many3", 3).model_copy(update={"egress": everyone[1].egress})
    named = "many1-egress-supervisor"
    mapping = doubled.egress.supervisor
    assert mapping is not None
    egress = doubled.egress.model_copy(update={"supervisor": mapping.model_copy(update={"nsx_id": named})})
    everyone.append(doubled.model_copy(update={"egress": egress}))
    assert named in owned(everyone[3]).ids
    for domain in everyone:
        files = view_of(everyone[0 if domain is not everyone[0] else 2], everyone)
        for plan in plans(domain):
            put_in, alone = view_of(domain, everyone, plan, like=files), view_of(domain, everyone, plan)
            assert dict(put_in.objects) == dict(alone.objects)
            assert in_order(put_in) == in_order(alone)
            assert (put_in.notes, put_in.differs, put_in.unseen) == (alone.notes, alone.differs, alone.unseen)
            assert [one.as_json() for one in answers(put_in, Ask())] == [one.as_json() for one in answers(alone, Ask())]


@pytest.mark.parametrize("count", [1, 10])
def test_of_many_plans_on_one_gateway_each_reads_its_own_domain(
    domain_of: DomainOf, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    everyone = [without_rules(domain_of, 2, f"many{number}", number) for number in range(12)]
    files = view_of(everyone[0], everyone)
    read: list[int] = []

    def counted(domains: Sequence[WorkloadDomain], gateway: str) -> object:
        read.append(len(domains))
        return seed.seeded(domains, gateway)

    monkeypatch.setattr(view, "seeded", counted)
    for domain in everyone[1 : count + 1]:
        made = view_of(domain, everyone, plans(domain)[0], like=files)
        assert made.walker.compiled < len(made.topology.nodes) / 2
    assert read == count * [1]


def test_domains_on_one_gateway_whose_manager_was_read_once_share_what_was_seen(
    domain_of: DomainOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = [without_rules(domain_of, 2, f"many{number}", number) for number in range(12)]
    there = dict(view_of(everyone[0], everyone).objects)
    states = {"/infra/tier-0s/T0/nat/USER/nat-rules/many4-egress-supervisor": "ERROR: no"}
    alone = [view_of(domain, everyone, Live("x", "/infra/tier-0s/T0", there)) for domain in everyone]
    made: list[object] = []
    of = view.Base.of

    def counted(*arguments: Any) -> view.Base:
        made.append(arguments)
        return of(*arguments)

    monkeypatch.setattr(view.Base, "of", counted)
    earlier = None
    for number, domain in enumerate(everyone):
        earlier = view_of(domain, everyone, Live("x", "/infra/tier-0s/T0", there), like=earlier)
        assert in_order(earlier) == in_order(alone[number])
        assert earlier.differs == alone[number].differs
    assert len(made) == 1
    other = view_of(everyone[4], everyone, Live("x", "/infra/tier-0s/T0", there, states), like=earlier)
    assert len(made) == 2, "another state is another sight"
    assert any("many4-egress-supervisor is on the manager and not realized" in one for one in other.differs)


def calls(work: Callable[[], object]) -> int:
    """How many functions are called."""
    made = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("answer", [lambda view: answers(view, Ask(to="registry", origin="supervisor")), what_if])
def test_one_of_many_domains_costs_what_one_of_few_does(domain_of: DomainOf, answer: Callable[[View], object]) -> None:
    def third(count: int) -> int:
        """The calls that it takes to answer one of so many domains on a Tier-0, after others."""
        everyone = [without_rules(domain_of, 2, f"many{number}", number) for number in range(count)]
        earlier = None
        for domain in everyone[:2]:
            earlier = view_of(domain, everyone, like=earlier)
            answer(earlier)
        return calls(lambda: answer(view_of(everyone[2], everyone, like=earlier)))

    few, many = (third(count) for count in (6, 48))
    assert few > 1000
    assert many < 1.1 * few


def fresh_bytes(work: Callable[[], object]) -> int:
    """How much memory is taken for the work at most: a copy of everything that a gateway has would show, whoever makes it."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("tier1s", [(2, 2), (2, 0), (30, 2)], ids=["alike", "imagined by some", "many in the first"])
def test_one_of_many_domains_copies_nothing_of_what_the_others_have(
    domain_of: DomainOf, tier1s: tuple[int, int]
) -> None:
    first, second = tier1s

    def next_one(count: int) -> int:
        """The memory that it takes to answer one more of so many domains on a Tier-0, after others."""
        everyone = [
            without_rules(domain_of, first if number == 0 else (2, second)[number % 2], f"many{number}", number)
            for number in range(count)
        ]
        earlier = None
        for domain in everyone[:8]:
            earlier = view_of(domain, everyone, like=earlier)
            answers(earlier, Ask(to="registry", origin="supervisor"))
        made = partial(view_of, everyone[8], everyone, like=earlier)
        return fresh_bytes(lambda: answers(made(), Ask(to="registry", origin="supervisor")))

    few, many = (next_one(count) for count in (24, 184))
    assert many < 1.2 * few, f"{few} bytes among 24 domains, {many} among 184"


def test_who_has_an_address_is_found_without_a_list_of_all(domain_of: DomainOf) -> None:
    def bytes_of_the_next(count: int) -> int:
        everyone = [without_rules(domain_of, 2, f"many{number}", number) for number in range(count)]
        earlier = None
        for domain in everyone[:3]:
            earlier = view_of(domain, everyone, like=earlier)
            assert earlier.walker.holds(ip_address("10.27.48.2"))
        walker = earlier.walker if earlier else None
        assert walker is not None
        return fresh_bytes(lambda: walker.holds(ip_address("10.27.48.200")))

    few, many = (bytes_of_the_next(count) for count in (24, 184))
    assert many < 1.2 * few + 1000, f"{few} bytes among 24 domains, {many} among 184"


def test_an_address_is_held_by_whom_a_view_has_and_by_nobody_before(domain_of: DomainOf) -> None:
    everyone = [without_rules(domain_of, 3, f"many{number}", number) for number in range(12)]
    earlier = None
    asked: set[Address] = {ip_address("10.27.48.200")}
    for domain in everyone:
        earlier = view_of(domain, everyone, like=earlier)
        faces = [face for node in earlier.topology.nodes.values() for face in node.interfaces]
        held = {one.ip for face in faces for one in face.addresses}
        held |= {ip for face in faces for network in (*face.answers, *face.relays) for ip in network}
        asked |= held
        assert {one for one in asked if earlier.walker.holds(one)} == held


def test_a_file_that_contradicts_its_neighbours_counts_in_its_own_view(domain_of: DomainOf) -> None:
    first = without_rules(domain_of, 1, "first")
    text = HEAD.replace("10.27.48.3/22", "10.27.48.4/22") + WITH_ROUTE
    second = domain_of(text + f"egress: {{ranges: [30.9.0.0/16], supervisor: {MAPPED}}}\n", "second")
    everyone = [first, second]
    made = view_of(second, everyone, like=view_of(first, everyone))
    assert in_order(made) == in_order(view_of(second, everyone))
    addresses = [str(face.addresses[0]) for face in made.topology.nodes["T0/e2"].interfaces]
    assert "10.27.48.4/22" in addresses


def test_two_mappings_of_one_id_count_each_in_its_own_view(domain_of: DomainOf) -> None:
    texts = [MAPPED, MAPPED.replace("10.27.50.1", "10.27.50.77")]
    everyone = [
        domain_of(
            HEAD + WITH_ROUTE + f"egress: {{ranges: [30.0.0.0/16], supervisor: {text[:-1]}, nsx_id: same}}}}\n", name
        )
        for text, name in zip(texts, ("a", "b"), strict=True)
    ]
    earlier = view_of(everyone[0], everyone)
    made = view_of(everyone[1], everyone, like=earlier)
    translated = [[str(rule.translated) for rule in one.tier0.rules] for one in (earlier, made)]
    assert translated == [["10.27.50.1/32"], ["10.27.50.77/32"]]


def test_an_object_that_is_the_very_same_is_read_once(domain_of: DomainOf, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = view_of(without_rules(domain_of, 1)).objects
    memory = gateways.Memory()
    seen: list[str] = []
    real = gateways.Reader._rule

    def counted(self: gateways.Reader, path: str, body: dict[str, Any]) -> gateways.Rule:
        seen.append(path)
        return real(self, path, body)

    monkeypatch.setattr(gateways.Reader, "_rule", counted)
    (first,), (second,) = gateways.tier0s(objects, memory), gateways.tier0s(dict(objects), memory)
    assert first == second
    assert len(seen) == 1
    assert all(one is other for one, other in zip(first.rules, second.rules, strict=True))


def test_a_note_about_an_object_is_told_whenever_it_is_read(domain_of: DomainOf) -> None:
    view = view_of(without_rules(domain_of, 1))
    odd = {"action": "SNAT", "source_network": "30.0.0.1/24", "translated_network": "10.27.51.9"}
    after = view.changed({**view.objects, "/infra/tier-0s/T0/nat/USER/nat-rules/odd": odd})
    assert after.tier0.notes == after.changed(dict(after.objects)).tier0.notes
    assert "host bits" in after.tier0.notes[0]


def test_a_walker_forgets_a_node_that_is_gone(golden: WorkloadDomain) -> None:
    whole = view_of(golden)
    world = whole.around.world
    without = assemble(whole.objects, world)
    walker = Walker(without)
    fewer = {name: node for name, node in without.nodes.items() if name != "registry"}
    after = Walker(type(without)(fewer), walker)
    pull = questions(whole)[0].flow
    assert str(walker.walk(pull).paths[0].last.drop) == "None"
    assert str(after.walk(pull).paths[0].last.drop) == "no neighbour"


def test_a_view_that_was_asked_goes_with_the_last_who_has_it(golden: WorkloadDomain) -> None:
    """No search for cycles has to find it: of a fleet there is one view at a time."""
    gc.collect()
    gc.disable()
    try:
        asked = view_of(golden, [golden])
        assert answers(asked, Ask())
        kept = [weakref.ref(part) for part in (asked, asked.walker, asked.walker._network, asked.topology)]
        del asked
        assert [part() for part in kept] == [None] * len(kept)
    finally:
        gc.enable()

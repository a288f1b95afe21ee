"""What is on a manager and does nothing: rules and routes that are not realized, Tier-1s without a service router, next hops that BFD withdrew.

Nobody has to make any of it: to advise that would send people away from the cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from egress.answers.remedy import Missing, Proposal, Remedy
from egress.domain.fields import listed
from egress.policy.paths import Collection, child, edge_cluster, last, nat_rule
from egress.policy.sighting import acts, hidden
from egress.policy.tier1s import ADVERTISED_NAT, Tier1, whole_tier1s
from egress.policy.tree import PolicyObjects
from egress.reachability.flow import Verdict
from egress.reachability.view import Live, View
from egress.vocabulary import NatAction


def candidates(view: View, verdict: Verdict) -> Iterator[Proposal]:
    """Idle things, each with the view in which it acts: whether that helps, the walk says."""
    if not isinstance(view.source, Live):
        return
    source, passed = view.source, {hop.node for path in verdict.paths for hop in (*path.forward, *path.back)}
    yield from _silent(view, source)
    yield from _without_edges(view, source, passed)
    yield from _unrealized(view, source, {*passed, last(view.gateway)})
    yield from _untold(view, passed)


def _silent(view: View, source: Live) -> Iterator[Proposal]:
    for address in sorted(source.silent):
        why = (
            f"next hop {address} does not answer BFD, so NSX has withdrawn it: the static route is there and not in use"
        )
        fix = f"see to {address}: let that router answer BFD, or disable its BFD peer; look at the alarms static routing removed and Routing Down"
        remedy = Remedy(Missing.BFD, last(view.gateway), address, why, fix)
        yield Proposal(remedy, partial(view.from_source, replace(source, silent=source.silent - {address})))


def _unrealized(view: View, source: Live, gateways: set[str]) -> Iterator[Proposal]:
    for path, state in source.states.items():
        gateway, name = path.split("/")[3], last(path)
        if acts(path) and path in view.objects and gateway in gateways:
            why = f"{name} is on {gateway} and not realized ({state}): it does nothing"
            fix = f"see to what NSX says of {name}; to apply it again changes nothing"
            states = {one: said for one, said in source.states.items() if one != path}
            remedy = Remedy(Missing.REALIZATION, gateway, name, why, fix)
            yield Proposal(remedy, partial(view.from_source, replace(source, states=states)))


def _untold(view: View, passed: set[str]) -> Iterator[Proposal]:
    """Tier-1s on the way that do not tell the Tier-0 of what they translate to."""
    for tier1 in view.gateways.lower:
        if tier1.id in passed and tier1.advertises is not None and not tier1.tells(ADVERTISED_NAT):
            tells = [*sorted(tier1.advertises), ADVERTISED_NAT]
            why = f"Tier-1 {tier1.id} does not advertise its NAT addresses, so the Tier-0 knows no way back to them"
            fix = f"add {ADVERTISED_NAT} to its route_advertisement_types"
            told = {tier1.path: {**view.objects[tier1.path], "route_advertisement_types": tells}}
            yield Proposal(Remedy(Missing.ADVERTISEMENT, tier1.id, tier1.id, why, fix), partial(view.put_in, told))


def _without_edges(view: View, source: Live, passed: set[str]) -> Iterator[Proposal]:
    """Tier-1s on the way that have no service router, where they have a rule or the file says that they translate."""
    for tier1 in view.gateways.lower:
        services = child(tier1.path, Collection.LOCALE_SERVICES, "default")
        if tier1.id in passed and not tier1.clusters and not hidden(source.unseen, services.rpartition("/")[0]):
            added, what = _meant(view, tier1)
            if what:
                why = f"Tier-1 {tier1.id} has no edge cluster, so no service router: {what} does not act, and pods leave un-translated"
                fix = f"give Tier-1 {tier1.id} an edge cluster in NSX"
                objects = {services: {"edge_cluster_path": edge_cluster("any")}, **added}
                below = f"{tier1.path}/"  # what could not be realized without a service router
                states = {path: state for path, state in source.states.items() if not path.startswith(below)}
                remedy = Remedy(Missing.EDGE_CLUSTER, tier1.id, tier1.id, why, fix)
                yield Proposal(remedy, partial(_changed, view, replace(source, states=states), objects))


def _changed(view: View, source: Live, objects: PolicyObjects) -> View:
    return view.from_source(source).put_in(objects)


def _meant(view: View, tier1: Tier1) -> tuple[dict[str, dict[str, str]], str]:
    """The rules that a Tier-1 would act by, and what they are called: its own, else the one that the file tells of."""
    (whole,) = whole_tier1s(
        {path: body for path, body in view.objects.items() if f"{path}/".startswith(f"{tier1.path}/")}
    )
    own = [last(rule.path) for rule in whole.rules if rule.action in (NatAction.SNAT, NatAction.REFLEXIVE)]
    if own:
        return {}, f"NAT rule {listed(own)}"
    declared = view.domain.tier1s.get(tier1.id)
    if declared is None or not declared.nat or declared.egress is None:
        return {}, ""
    body = {"action": NatAction.SNAT.value, "translated_network": str(declared.egress)}
    return {nat_rule(tier1.path, "of-the-file"): body}, f"the SNAT to {declared.egress} that the file tells of"

"""Rules about objects: what becomes of routes, rules and BFD peers, by the plan's own data and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from egress.delivery.content import drift
from egress.delivery.content.network_words import Became, told, value
from egress.delivery.content.plan_content import UNKNOWN, Change
from egress.delivery.planning.guards import was_default_route
from egress.policy.identity import GatewayKey
from egress.policy.owned import EVERYTHING
from egress.policy.planned import BFD_PEER, KINDS, ROUTE, RULE
from egress.review.finding import Demand
from egress.review.gate.rule import Case, Met, plan_rule

_TIER0 = "nsxt_policy_tier0_gateway"
_NAMES = frozenset({"display_name", "description", "tag"})
"""Attributes that do nothing to packets: who renamed an object by hand loses nothing that runs."""
_OWN_PROVIDER = "nsxt"
"""The provider configuration that stacks have: one, without an alias."""


@plan_rule(
    "stack-destroyed",
    Demand.OVERRIDE,
    "a plan takes away everything that a stack has",
    reason="Whatever runs in the domain is cut off. A domain file that is deleted by mistake looks like this, too.",
    source="prevent_destroy goes with the block that holds it (Terraform, lifecycle; docs/decisions/0006)",
    fix="bring the domain file back, or let somebody answer for the end of this domain",
    covers=(
        "default-route-lost",
        "further-route-moved",
        "nat-rule-lost",
        "bfd-peer-lost",
        "too-many-deletions",
        "flow-breaks",
    ),
)
def stack_destroyed(case: Case) -> Iterator[Met]:
    there = [change for change in case.plan.content.changes if change.before is not None or change.creates]
    gone = [change for change in case.changes if change.actions == ("delete",)]
    if gone and len(gone) == len(there):
        names = [case.name(change) for change in gone]
        yield Met(f"all {len(gone)} objects of the stack are deleted: {', '.join(names[:12])}")


@plan_rule(
    "default-route-lost",
    Demand.OVERRIDE,
    "a default route is deleted, replaced, or no longer one",
    reason="Without it no answer leaves the Tier-0, and under strict uRPF nothing comes in. Also a replacement is an outage: the old one goes first.",
    source="Tier0Interface.urpf_mode is STRICT unless set (NSX API); measured with packets, docs/real-packets.md",
    fix="keep the route and its nsx_id; a next hop is changed in place",
)
def default_route_lost(case: Case) -> Iterator[Met]:
    for change in case.changes:
        if was_default_route(change) and (change.loses or _has_another_network(change)):
            yield Met(case.words(change), case.at(change))


def _has_another_network(change: Change) -> bool:
    before = (change.before or {}).get("network") or EVERYTHING[4]
    return change.after is not None and change.after.get("network") != before


@plan_rule(
    "next-hop-moved",
    Demand.OVERRIDE,
    "the next hops of a default route change",
    reason="Everything that leaves the Tier-0 takes another way. The walk knows the addresses of the file, not whether a router answers there.",
    source="nsxt_policy_static_route, next_hop (provider 3.11.1)",
    fix="see that the new next hop answers on the uplinks' networks, and who owns it",
)
def next_hop_moved(case: Case) -> Iterator[Met]:
    for change in case.changes:
        if (
            was_default_route(change)
            and change.before
            and change.after
            and not change.loses
            and "next_hop" in change.values
        ):
            yield Met(case.words(change), case.at(change))


@plan_rule(
    "further-route-moved",
    Demand.WARN,
    "another static route is deleted, replaced, or changes its next hops or network",
    reason="What is sent to that network takes another way, and only flows to it that the file asks about are walked.",
    source="assumption",
    fix="ask who uses the network that the route leads to",
)
def further_route_moved(case: Case) -> Iterator[Met]:
    for change in case.changes:
        here = change.type == ROUTE and change.before is not None and not was_default_route(change)
        if here and (change.loses or {"next_hop", "network"} & set(change.values)):
            yield Met(case.words(change), case.at(change))


@plan_rule(
    "nat-rule-lost",
    Demand.OVERRIDE,
    "a NAT rule is deleted or replaced",
    reason="The egress address leaves un-translated from then on, and answers to it find no way back. Connections that go through the rule end.",
    source="docs/real-packets.md: a pull without its rule times out",
    fix="keep the mapping's key and nsx_id: a translated address is changed in place",
)
def nat_rule_lost(case: Case) -> Iterator[Met]:
    for change in case.changes:
        if change.type == RULE and change.loses:
            yield Met(case.words(change), case.at(change))


@plan_rule(
    "rule-disabled",
    Demand.OVERRIDE,
    "a NAT rule is switched off",
    reason="It is still listed, and does as little as one that was deleted.",
    source="PolicyNatRule.enabled (NSX API)",
    fix="let the rule be enabled",
)
def rule_disabled(case: Case) -> Iterator[Met]:
    yield from _switched(case, True, False)


@plan_rule(
    "rule-enabled",
    Demand.WARN,
    "a NAT rule that was switched off is switched on",
    reason="Somebody switched it off for a reason, and packets that passed it by are translated from now on.",
    source="PolicyNatRule.enabled (NSX API)",
    fix="ask who switched it off",
)
def rule_enabled(case: Case) -> Iterator[Met]:
    yield from _switched(case, False, True)


def _switched(case: Case, before: bool, after: bool) -> Iterator[Met]:
    for change in case.changes:
        if change.type == RULE and change.values.get("enabled") == (before, after):
            yield Met(case.words(change), case.at(change))


@plan_rule(
    "bfd-peer-lost",
    Demand.WARN,
    "a BFD peer is deleted, replaced or switched off",
    reason="A static route on an ACTIVE_ACTIVE Tier-0 does not notice a dead next hop without one.",
    source="NSX, StaticRouteBfdPeer",
    fix="keep default_route.bfd, or let the next hops be an address that routers share",
)
def bfd_peer_lost(case: Case) -> Iterator[Met]:
    for change in case.changes:
        if change.type == BFD_PEER and (change.loses or change.values.get("enabled") == (True, False)):
            yield Met(case.words(change), ("default_route",))


@plan_rule(
    "object-forgotten",
    Demand.OVERRIDE,
    "an object stays on the manager and is tracked no more",
    reason="Nobody sees it change from then on, and a later apply meets it as somebody else's.",
    source="actions: forget (Terraform, JSON output format)",
    fix="let the stack keep it, or delete it",
)
def object_forgotten(case: Case) -> Iterator[Met]:
    for change in case.changes:
        if "forget" in change.actions:
            yield Met(f"{case.name(change)}: {Became.FORGOTTEN}", case.at(change))


@plan_rule(
    "object-taken-over",
    Demand.WARN,
    "an object that is on the manager is taken into the state, and changed",
    reason="Until now it was somebody's own, with values that somebody chose.",
    source="actions with importing (Terraform, JSON output format)",
    fix="ask whose it is, and read what changes of it",
)
def object_taken_over(case: Case) -> Iterator[Met]:
    for change in case.changes:
        if change.importing and change.actions != ("no-op",):
            yield Met(case.words(change), case.at(change))


@plan_rule(
    "foreign-object",
    Demand.DENY,
    "a plan writes something else than static routes, NAT rules and BFD peers, or runs a program",
    reason="Only these are ever written by this project, by the one provider of the stack. A Tier-0 is read, never managed.",
    source="README.md; house rule",
    fix="take it out of this project: what else there is on a manager has its own",
)
def foreign_object(case: Case) -> Iterator[Met]:
    for change in case.changes:
        if change.type not in KINDS:
            yield Met(f"{change.address} is of the type {change.type}")
    yield from (Met(what) for what in _strange_in(case.plan.content.configuration.get("root_module") or {}))


def _strange_in(module: object) -> Iterator[str]:
    """Resources of a configuration that run a program or are made by another provider than the stack's."""
    if not isinstance(module, dict):
        return
    for resource in module.get("resources") or ():
        address, key = resource.get("address"), resource.get("provider_config_key") or _OWN_PROVIDER
        if resource.get("provisioners"):
            yield f"{address} runs a program (provisioner)"
        if resource.get("mode") == "managed" and key != _OWN_PROVIDER:
            yield f"{address} is made by the provider configuration {key}"
    for call in (module.get("module_calls") or {}).values():
        yield from _strange_in(call.get("module"))


@plan_rule(
    "other-gateway",
    Demand.DENY,
    "an object lies on another Tier-0 than the stack's own",
    reason="A stack is one domain on one Tier-0. Anything on another gateway is another team's outage.",
    source="house rule",
    fix="write the object into the domain file of that Tier-0",
)
def other_gateway(case: Case) -> Iterator[Met]:
    own = _own_gateways(case)
    for change in case.changes:
        for values in filter(None, (change.before, change.after)):
            gateway = str(values.get("gateway_path") or "")
            if change.type not in KINDS or gateway in own:
                continue
            named = "a gateway that is not known before the apply" if gateway in ("", UNKNOWN) else gateway
            yield Met(
                f"{case.name(change)} lies on {named}, the stack's own is {' or '.join(sorted(own)) or 'not known'}"
            )
            break


def _own_gateways(case: Case) -> frozenset[str]:
    """The stack's Tier-0: by the file's id; where that gives a name alone, or is gone, the one gateway that the plan looked up."""
    if case.domain is not None and case.domain.tier0.id is not None:
        return frozenset({GatewayKey.of(case.domain).path})
    values = (case.plan.content.raw.get("prior_state") or {}).get("values") or {}
    found = {
        str(one["values"].get("path"))
        for one in (values.get("root_module") or {}).get("resources") or ()
        if one["mode"] == "data" and one["type"] == _TIER0
    }
    if not found:  # a plan of what is destroyed looks nothing up
        found = {
            str((change.before or {}).get("gateway_path")) for change in case.plan.content.changes if change.before
        }
    return frozenset(found) if len(found) == 1 else frozenset()


@plan_rule(
    "too-many-deletions",
    Demand.OVERRIDE,
    "a plan deletes or replaces more objects than limits.deletions allows",
    reason="A wrong key, a moved file or an empty list takes away more than anybody meant.",
    source="house rule",
    fix="split the change, or find out why so much goes",
)
def too_many_deletions(case: Case) -> Iterator[Met]:
    gone = [case.name(change) for change in case.changes if change.loses]
    if len(gone) > case.deletions:
        yield Met(f"{len(gone)} objects are deleted or replaced, allowed are {case.deletions}: {', '.join(gone[:12])}")


@plan_rule(
    "overwrites-drift",
    Demand.OVERRIDE,
    "a plan overwrites what somebody changed on the manager",
    reason="The change by hand may be what keeps things running. The provider sends no revision: it overwrites without a word.",
    source="measured with the provider 3.11.1: 382 of 382 writes were PATCH, without a revision",
    fix="take the change into the domain file, or let somebody answer for undoing it: egress drift tells it",
)
def overwrites_drift(case: Case) -> Iterator[Met]:
    written = {change.address: change for change in case.changes if change.actions != ("no-op",)}
    names = {one.address: one.object for one in told(case.plan.content)}
    for one in drift.read(case.plan.content):
        says = one.deleted or any(each.attribute not in _NAMES for each in one.values)
        if says and one.address in written:
            by_hand = "; ".join(str(value(each.attribute, each.state, each.manager)) for each in one.values)
            what = "was deleted by hand" if one.deleted else f"was changed by hand ({by_hand})"
            yield Met(f"{names[one.address]} {what}, and the plan undoes that", case.at(written[one.address]))

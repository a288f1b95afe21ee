"""What an apply refuses, whichever command leads to it: to lose the default route, and to make twice what is there.

The default route is never destroyed by accident. `prevent_destroy` is part of the resource's own block, so it guards nothing
once the block is gone: a domain that turns to `external: true`, or loses its IPv6 route, would have its route destroyed without
a word. The plan itself is looked at instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from egress.delivery.content.plan_content import Change, PlanContent
from egress.delivery.planning.looks import Found
from egress.domain import EgressError, WorkloadDomain
from egress.domain.model import HaMode
from egress.policy.owned import BFD, EVERYTHING
from egress.policy.paths import last
from egress.policy.planned import ROUTE, RULE
from egress.policy.presence import Presence

_DOUBLES = frozenset(
    {
        "second-default-route",
        "second-route-for-a-network",
        "second-rule-for-a-source",
        "second-bfd-peer",
        "own-object-untracked",
        "nothing-tracked",
    }
)
"""Rules that say what an apply would make a second time, if it makes anything."""
_MODE = "ha-mode-differs"
_STATEFUL = ("SNAT", "NO_SNAT")
"""Actions of ours that need ACTIVE_STANDBY, or stateful services (NSX Policy API, PolicyNatRule.action)."""
_NEVER = frozenset({"state-of-another-stack"})
"""Rules whose finding makes every plan wrong."""


def refuse_losing_a_route(domain: WorkloadDomain, content: PlanContent, *, from_base: bool = False) -> None:
    """Errors: EgressError when the plan deletes or replaces a default route while `default_route.protect` is true. Further routes come and go
    by their entries in the file.

    from_base: the domain is as a base has it, so that nothing which is done here takes its protection away.
    """
    if not domain.default_route.protect:
        return
    lost = [change for change in content.changes if change.loses and was_default_route(change)]
    if lost:
        networks = " and ".join(str((change.before or {}).get("network", "the default route")) for change in lost)
        addresses = ", ".join(change.address for change in lost)
        meant = f"egress unprotect {domain.stack}"
        if from_base:
            meant = "merge default_route.protect: false with the file still there, then remove the file"
        raise EgressError(
            f"{domain.stack}: this plan takes away {networks} ({addresses}): without it nothing behind the Tier-0 is "
            f"reachable. If that is meant: {meant}, and plan again"
        )


def was_default_route(change: Change) -> bool:
    """Whether an object is a default route before the plan; a route whose network the plan does not tell counts as one."""
    if change.type != ROUTE:
        return False
    network = (change.before or {}).get("network") or EVERYTHING[4]
    return network in EVERYTHING.values()


def refuse_doubles(content: PlanContent, around: Found) -> None:
    """Errors: EgressError when the plan makes a route or rule that the manager has already, or is made from another's state.

    A finding that the domain file suppresses, with a reason, refuses nothing.
    """
    there = around.there
    if there is None:
        return
    makes = {change.nsx_id for change in content.changes if change.creates and not change.importing}
    refused = [one for one in around.report.findings if one.rule.id in _NEVER]
    if makes:
        gone = {change.path for change in content.changes if change.loses}
        doubled = set(_doubled(there, makes, gone))
        refused += [one for one in around.report.findings if one.rule.id in _DOUBLES and one.key in doubled]
    if refused:
        what = "\n".join(f"  {one.what} [{one.rule.id}]" for one in refused)
        raise EgressError(f"{there.domain.stack}: refused, nothing was changed; the remedies are told above:\n{what}")


def refuse_wrong_mode(content: PlanContent, around: Found) -> None:
    """Errors: EgressError when the plan writes rules that the gateway's HA mode does not take: an update that NSX refuses leaves the new value
    in the state. A finding that the domain file suppresses, with a reason, refuses nothing."""
    there = around.there
    if there is None or there.objects.get(there.gateway, {}).get("ha_mode") != HaMode.ACTIVE_ACTIVE:
        return
    found = [one for one in around.report.findings if one.rule.id == _MODE]
    written = [one for one in content.changes if one.type == RULE and (one.creates or "update" in one.actions)]
    stateful = [one.nsx_id for one in written if (one.after or {}).get("action") in _STATEFUL]
    if found and stateful:
        raise EgressError(
            f"{there.domain.stack}: refused, nothing was changed: {last(there.gateway)} is {HaMode.ACTIVE_ACTIVE.value} and takes no "
            f"{'/'.join(_STATEFUL)} rules ({', '.join(stateful)}); {found[0].fix}"
        )


def _doubled(there: Presence, makes: set[str], gone: set[str]) -> Iterator[str]:
    """Keys of the domain file whose objects the plan makes although the manager has them, or has their like.

    makes: ids that the plan creates. gone: paths that it takes away.
    """
    if any(last(path) in makes for path in there.untracked):
        yield "state"
    for route in there.owned.routes:
        if route.identity.nsx_id in makes and set(there.routes_like(route)) - gone:
            yield ".".join(route.at)
    for peer in there.owned.bfd_peers:
        if peer.identity.nsx_id in makes and set(there.peers_like(peer)) - gone:
            yield ".".join(BFD)
    for rule in there.owned.rules:
        if rule.identity.nsx_id in makes and {one.path for one in there.rules_like(rule)} - gone:
            yield ".".join(rule.at)

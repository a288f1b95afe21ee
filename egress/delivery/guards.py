"""What an apply refuses, whichever command leads to it.

The default route is never destroyed by accident. `prevent_destroy` is part of the resource's own block, so it guards nothing
once the block is gone: a domain that turns to `external: true`, or loses its IPv6 route, would have its route destroyed without
a word. The plan itself is looked at instead.
"""

from __future__ import annotations

from egress.delivery.plan_content import PlanContent
from egress.domain import EgressError, WorkloadDomain

ROUTE = "nsxt_policy_static_route"


def refuse_losing_a_route(domain: WorkloadDomain, content: PlanContent) -> None:
    """Errors: EgressError when the plan deletes or replaces a route while `default_route.protect` is true."""
    if not domain.default_route.protect:
        return
    lost = [change for change in content.changes if change.type == ROUTE and change.loses]
    if lost:
        networks = " and ".join(str((change.before or {}).get("network", "the default route")) for change in lost)
        addresses = ", ".join(change.address for change in lost)
        raise EgressError(
            f"{domain.stack}: this plan takes away {networks} ({addresses}): without it nothing behind the Tier-0 is "
            f"reachable. If that is meant: egress unprotect {domain.stack}, and plan again"
        )

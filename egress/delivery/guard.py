"""The default route is never destroyed by accident.

`prevent_destroy` is part of the resource's own block, so it guards nothing once the block is gone: a domain that turns to
`external: true`, or loses its IPv6 route, would have its route destroyed without a word. The plan itself is looked at instead.
"""

from __future__ import annotations

from typing import Any

from egress.domain import EgressError, WorkloadDomain

_ROUTE = "nsxt_policy_static_route"


def refuse_losing_a_route(domain: WorkloadDomain, plan: dict[str, Any]) -> None:
    """Errors: EgressError when the plan deletes or replaces a route while `default_route.protect` is true."""
    if not domain.default_route.protect:
        return
    for change in plan.get("resource_changes", []):
        if change["type"] == _ROUTE and "delete" in change["change"]["actions"]:
            network = (change["change"].get("before") or {}).get("network", "the default route")
            raise EgressError(
                f"{domain.stack}: this plan takes away {network} ({change['address']}): without it nothing behind the Tier-0 is "
                f"reachable. If that is meant: egress unprotect {domain.stack}, and plan again"
            )

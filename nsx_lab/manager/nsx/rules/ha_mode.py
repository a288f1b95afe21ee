"""When the HA mode of a Tier-0 may be changed. It yields what stands in the way; it writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nsx_lab.manager.nsx.rules.finding import Finding, When
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object

STATEFUL = ("SNAT", "DNAT", "NO_SNAT", "NO_DNAT")

claim(
    "another HA mode of a Tier-0: refused while it has uplinks on more than one edge, an HA VIP, a SERVICE interface, a VRF gateway, rules SNAT, DNAT, NO_SNAT or "
    "NO_DNAT, or a REFLEXIVE rule that is applied to an interface",
    Evidence.DOC,
    "NSX 4.1 Administration Guide and VCF 9.0, Changing the HA Mode of a Tier-0 Gateway. Words and code are the lab's; that what goes in the same request counts as gone "
    "is an assumption",
    "test_ha_mode.py::test_what_is_in_the_way_of_another_mode_is_named",
)
not_modelled(
    "HA mode: DNS forwarder, IPSec and L2 VPN, service insertion and stateful firewall, which stand in its way too",
    "the mode is changed",
)


def check_change(gateway: Gateway, before: Mapping[str, Object | None]) -> Iterator[Finding]:
    """Why a gateway may not have the mode that this transaction gives it. `before`: written objects as they were, by path."""
    old = before.get(gateway.path)
    if not gateway.is_tier0 or old is None or old.get("ha_mode") == gateway.object.get("ha_mode"):
        return
    reasons = list(_reasons(gateway, before))
    if reasons:
        yield Finding(
            errors.CODE_ROUTER_MODE,
            f"HA mode of {gateway.path} cannot be changed from {old.get('ha_mode')} to {gateway.object.get('ha_mode')}: {'; '.join(reasons)}.",
            When.REFUSE,
        )


def _reasons(gateway: Gateway, before: Mapping[str, Object | None]) -> Iterator[str]:
    """What stood there before, and still does."""
    uplinks = [one for one in gateway.interfaces if one.get("type", "EXTERNAL") == "EXTERNAL"]
    edges = sorted({_name(one["edge_path"]) for one in uplinks if one.get("edge_path")})
    if len(edges) > 1:
        yield f"it has uplinks on {len(edges)} edges ({', '.join(edges)}), allowed is one"
    if any(_was(service, before).get("ha_vip_configs") for service in gateway.locale_services):
        yield "it has an HA VIP"
    service = sorted(one["id"] for one in gateway.interfaces if one.get("type") == "SERVICE")
    if service:
        yield f"it has service interfaces ({', '.join(service)})"
    vrfs = sorted(one["id"] for one in gateway.vrfs() if one["path"] != gateway.path)
    if vrfs:
        yield f"it has VRF gateways ({', '.join(vrfs)})"
    rules = [_was(rule, before) for rule in gateway.nat_rules()]
    stateful = sorted(rule["id"] for rule in rules if rule.get("action") in STATEFUL)
    if stateful:
        yield f"it has {'/'.join(STATEFUL)} rules ({', '.join(stateful)})"
    applied = sorted(rule["id"] for rule in rules if rule.get("action") == "REFLEXIVE" and rule.get("scope"))
    if applied:
        yield f"REFLEXIVE rules are applied to interfaces ({', '.join(applied)})"


def _was(obj: Object, before: Mapping[str, Object | None]) -> Object:
    """An object as it was before the transaction; empty where it is new."""
    return before.get(obj["path"], obj) or {}


def _name(path: str) -> str:
    return path.rpartition("/")[2]

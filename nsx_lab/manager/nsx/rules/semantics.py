"""Rules of the product that no schema holds: who is checked by what, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nsx_lab.manager.nsx.rules import allocation, ha_mode, load_balancing, nat_rules, route_rules
from nsx_lab.manager.nsx.rules.finding import Finding, When
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.nsx.rules.overlaps import Networks
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object, Transaction

_RULES: dict[str, Callable[[Object, Gateway], Iterator[Finding]]] = {
    "PolicyNatRule": nat_rules.check,
    "StaticRoutes": route_rules.check_route,
    "StaticRouteBfdPeer": route_rules.check_bfd_peer,
    "IpAddressAllocation": allocation.check,
    "IpAddressPoolBlockSubnet": allocation.check,
    "IpAddressPoolStaticSubnet": allocation.check_networks,
    "IpAddressBlock": allocation.check_networks,
    "LBVirtualServer": load_balancing.check_virtual_server,
    "LocaleServices": route_rules.check_locale_services,
}

claim(
    "a broken rule is refused at once (default), or accepted and realized as ERROR with an alarm: NSX does both, which rule does which is not known",
    Evidence.ASSUMPTION,
    "setting `semantics`; codes of the lab's own range wherever no source gives NSX's",
    "test_nat_rules.py::test_broken_rule_may_be_realized_as_error",
)


class _Gateways(dict[str, Gateway]):
    """Gateways by path, each made when it is asked for first."""

    def __init__(self, tx: Transaction, segments: Networks | None) -> None:
        super().__init__()
        self._tx = tx
        self._segments = segments

    def __missing__(self, path: str) -> Gateway:
        made = self[path] = Gateway(self._tx, path, self._segments)
        return made


def check(tx: Transaction, mode: str, segments: Networks | None = None) -> dict[str, tuple[str, int]]:
    """Raises the refusal of a transaction, or returns what cannot be realized: path -> (message, code).

    `mode` is that of the settings, or "tell": nothing is refused. `segments`: networks of all segments that are stored, if they are at hand.
    """
    unrealizable: dict[str, tuple[str, int]] = {}
    gateways = _Gateways(tx, segments)
    if mode != "tell":
        _refuse_mode_changes(tx, gateways)
    for obj in [*tx.written(), *_affected(tx)]:
        rules = _RULES.get(obj["resource_type"])
        if rules is None:
            continue
        for finding in rules(obj, gateways[Gateway.path_of(obj)]):
            refuse = finding.when is When.REFUSE or (finding.when is When.EITHER and mode == "refuse")
            if refuse and mode != "tell":
                raise errors.refused(finding.code, finding.message)
            unrealizable.setdefault(obj["path"], (finding.message, finding.code))
    return unrealizable


def _refuse_mode_changes(tx: Transaction, gateways: _Gateways) -> None:
    changed = [obj["path"] for obj in tx.written() if obj["resource_type"] == "Tier0"]
    before = {change.path: change.before for change in tx.changes()} if changed else {}
    for path in changed:
        for finding in ha_mode.check_change(gateways[path], before):
            raise errors.refused(finding.code, finding.message)


_MODE = ("ha_mode", "stateful_services", "vrf_config")
"""Fields of a Tier-0 by which its NAT rules are judged."""


def _affected(tx: Transaction) -> Iterator[Object]:
    """NAT rules of gateways whose mode this transaction changes: they must still fit."""
    for gateway in tx.written():
        before = tx.before(gateway["path"]) if gateway["resource_type"] == "Tier0" else None
        if before is not None and any(before.get(name) != gateway.get(name) for name in _MODE):
            for section in tx.children(gateway["path"], "PolicyNat"):
                yield from (rule for rule in tx.children(section["path"]) if not tx.writes_to(rule["path"]))


def echo(obj: Object) -> Object:
    """The object as shown by a manager with option echo_any (terraform-provider-nsxt #1152)."""
    if obj["resource_type"] == "PolicyNatRule" and obj.get("action") == "SNAT" and not obj.get("destination_network"):
        return {**obj, "destination_network": "0.0.0.0/0"}
    return obj

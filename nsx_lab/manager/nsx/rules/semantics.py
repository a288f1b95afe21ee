"""Rules of the product that no schema holds: who is checked by what, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nsx_lab.manager.nsx.rules import allocation, ha_mode, load_balancing, nat_rules, route_rules
from nsx_lab.manager.nsx.rules.finding import Finding, When
from nsx_lab.manager.nsx.rules.gateway import Gateway
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


def check(tx: Transaction, mode: str) -> dict[str, tuple[str, int]]:
    """Raises the refusal of a transaction, or returns what cannot be realized: path -> (message, code).

    `mode` is that of the settings, or "tell": nothing is refused.
    """
    unrealizable: dict[str, tuple[str, int]] = {}
    gateways: dict[str, Gateway] = {}
    if mode != "tell":
        _refuse_mode_changes(tx, gateways)
    for obj in [*tx.written(), *_affected(tx)]:
        rules = _RULES.get(obj["resource_type"])
        if rules is None:
            continue
        path = Gateway.path_of(obj)
        for finding in rules(obj, gateways.setdefault(path, Gateway(tx, path))):
            refuse = finding.when is When.REFUSE or (finding.when is When.EITHER and mode == "refuse")
            if refuse and mode != "tell":
                raise errors.refused(finding.code, finding.message)
            unrealizable.setdefault(obj["path"], (finding.message, finding.code))
    return unrealizable


def _refuse_mode_changes(tx: Transaction, gateways: dict[str, Gateway]) -> None:
    changed = [obj["path"] for obj in tx.written() if obj["resource_type"] == "Tier0"]
    before = {change.path: change.before for change in tx.changes()} if changed else {}
    for path in changed:
        for finding in ha_mode.check_change(gateways.setdefault(path, Gateway(tx, path)), tx, before):
            raise errors.refused(finding.code, finding.message)


def _affected(tx: Transaction) -> Iterator[Object]:
    """NAT rules of gateways whose mode this transaction may change: they must still fit."""
    written = {obj["path"] for obj in tx.written()}
    for gateway in tx.written():
        if gateway["resource_type"] == "Tier0":
            for section in tx.children(gateway["path"], "PolicyNat"):
                yield from (rule for rule in tx.children(section["path"]) if rule["path"] not in written)


def echo(obj: Object) -> Object:
    """The object as shown by a manager with option echo_any (terraform-provider-nsxt #1152)."""
    if obj["resource_type"] == "PolicyNatRule" and obj.get("action") == "SNAT" and not obj.get("destination_network"):
        return {**obj, "destination_network": "0.0.0.0/0"}
    return obj

"""Rules of the product that no schema holds."""

from __future__ import annotations

from nsx_lab.manager.store import Object, Transaction


def check(tx: Transaction, mode: str) -> dict[str, tuple[str, int]]:
    """Raises the refusal of a transaction, or returns what cannot be realized: path -> (message, code)."""
    return {}


def echo(obj: Object) -> Object:
    """The object as shown by a manager with option echo_any."""
    if obj["resource_type"] == "PolicyNatRule" and obj.get("action") == "SNAT" and not obj.get("destination_network"):
        return {**obj, "destination_network": "0.0.0.0/0"}
    return obj

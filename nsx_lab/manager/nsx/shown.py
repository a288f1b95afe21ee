"""How an object is shown: as it is stored, with what follows from other objects."""

from __future__ import annotations

from nsx_lab.manager.nsx.rules import semantics
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.store.store import Object, Store, Transaction

ADDED = ("ha_mode", "destination_network")
"""Fields that an object may be shown with and is not stored with."""


def shown(store: Store, obj: Object, *, echo_any: bool) -> Object:
    """The object for an answer. `store` is asked for what stands around it; `echo_any` is that of the settings."""
    if obj["resource_type"] == "Tier1" and "ha_mode" not in obj:
        serves = Gateway(Transaction(store), obj["path"]).has_edge_cluster
        return {**obj, "ha_mode": "ACTIVE_STANDBY"} if serves else obj
    return semantics.echo(obj) if echo_any else obj

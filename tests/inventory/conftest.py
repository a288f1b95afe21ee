from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

import pytest
import yaml

from egress.domain import WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.inventory.senders import EgressAddress, Holder
from egress.inventory.whose import Owner

Json = dict[str, Any]
BASE: Json = {
    "version": 1,
    "name": "wld",
    "nsx": {"host": "nsx.example.com"},
    "tier0": {
        "id": "T0",
        "ha_mode": "ACTIVE_STANDBY",
        "uplinks": [
            {"id": "e1", "edge": "en1", "address": "10.20.30.11/24"},
            {"id": "e2", "edge": "en2", "address": "10.20.30.12/24"},
            {"id": "e1-dns", "edge": "en1", "address": "172.20.0.1/24", "nat": False},
        ],
    },
    "default_route": {"next_hops": [{"address": "10.20.30.1"}]},
    "egress": {"ranges": ["10.60.0.0/24"]},
}
Of = Callable[..., WorkloadDomain]


@pytest.fixture
def of() -> Of:
    """of("wld07", more={...}, tier1s={...}): a domain of that stack; what is not a key of a file is one of its part `egress`."""

    def build(stack: str = "wld07", **given: Any) -> WorkloadDomain:
        top = {name: value for name, value in given.items() if name in ("tier1s", "return_routes", "default_route")}
        egress = {**BASE["egress"], **{name: value for name, value in given.items() if name not in top}}
        text = yaml.safe_dump({**BASE, **top, "egress": egress}, sort_keys=False)
        return read(parse(text.encode(), f"{stack}.yaml"), stack)

    return build


Send = Callable[..., EgressAddress]


@pytest.fixture
def sends() -> Send:
    """sends("10.60.0.5", "t1-dev", "dev"): an egress address of a Tier-1, of a namespace."""

    def build(
        network: str, name: str = "t1-dev", namespace: str = "", *, cluster: str = "", translated: bool = True
    ) -> EgressAddress:
        whose = Owner(cluster, namespace)
        return EgressAddress(IPv4Network(network), Holder.TIER1, name, whose, f"/infra/{name}", translated)

    return build

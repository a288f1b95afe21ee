"""Whatever form the attributes of a manager's objects have, verify says something of them, and never ends in a traceback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from egress.domain import EgressError, WorkloadDomain
from egress.policy.sighting import Sighting
from egress.verification.junit import as_junit
from egress.verification.text import as_json, gaps, shown, summary, told
from tests.verification.conftest import T0, applied, changed, held

MORE = ("vrf_config", "stateful_services", "ha_vip_configs", "policy_based_vpn_mode", "service", "destination_network")
STRANGE: list[Any] = [
    "",
    0,
    -5,
    3.5,
    True,
    [],
    {},
    ["x"],
    [None],
    [{}],
    {"a": 1},
    "x",
    "\n",
    [[]],
    [{"ip_address": 5}],
    [{"tag": None}],
    "10.0.0.1,",
    "1" * 50,
    [{"ip_addresses": "x", "prefix_len": "y"}],
    [{"ip_addresses": ["x"], "prefix_len": 99}],
    [{"vip_subnets": "x"}],
]
CHANGES = (
    ("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY\n  ha_vips: [{address: 10.20.30.10/24}]"),
    ("next_hops: [{address: 10.20.30.1}]", "next_hops: [{address: 10.20.30.1}]\n  bfd: {}"),
)


def whole(domain: WorkloadDomain) -> Sighting:
    """An applied domain, with a segment, a virtual server and a rule of somebody else's."""
    seen = applied(domain)
    more: dict[str, dict[str, Any]] = {
        "/infra/segments/s": {
            "connectivity_path": "/infra/tier-1s/t1",
            "subnets": [{"gateway_address": "10.244.0.1/24"}],
        },
        "/infra/lb-services/l": {"connectivity_path": "/infra/tier-1s/t1"},
        "/infra/lb-virtual-servers/v": {
            "ip_address": "10.61.0.9",
            "ports": ["443"],
            "lb_service_path": "/infra/lb-services/l",
        },
        f"{T0}/nat/USER/nat-rules/foreign": {
            "action": "SNAT",
            "source_network": "10.9.0.0/16",
            "translated_network": "10.20.30.70",
            "sequence_number": 7,
            "scope": [],
            "tags": [],
        },
    }
    return replace(seen, objects={**seen.objects, **more})


@pytest.mark.parametrize("offset", range(0, len(STRANGE), 7))
def test_no_attribute_of_whatever_form_ends_verify(domain_of: Callable[..., WorkloadDomain], offset: int) -> None:
    domain = domain_of(*CHANGES)
    seen, values = whole(domain), cycle(STRANGE[offset:] + STRANGE[:offset])
    judged = 0
    for path, body in seen.objects.items():
        for key in (*body, *(MORE if path.startswith(T0) else ())):
            try:
                done = held(domain, changed(seen, path, **{key: next(values)}))
            except EgressError:
                continue  # a gateway that cannot be read is told in a sentence
            assert as_json(done)["stack"] == "wld07"
            assert all(told(one, "wld07") for one in done.findings)
            assert [*gaps(done), *shown(done), summary(done)]
            assert as_junit([done], {}, probed=False)
            judged += 1
    assert judged > 100

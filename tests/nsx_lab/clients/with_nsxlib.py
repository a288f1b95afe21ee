"""VMware's own client vmware-nsxlib against a lab: gateways, NAT, segments, routes, realization, search, guarded deletes.

Run by tools/foreign_clients.py: `with_nsxlib.py LAB_FILE CA_FILE`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from vmware_nsxlib.v3 import config, exceptions, policy
from vmware_nsxlib.v3.policy import core_defs

T0, T1 = "T0-wld01", "from-nsxlib"
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1"
TAGS = [{"scope": "made-by", "tag": "nsxlib"}]


def connect(lab: dict[str, Any], ca_file: str) -> policy.NsxPolicyLib:
    return policy.NsxPolicyLib(
        config.NsxLibConfig(
            username=[lab["username"]],
            password=[lab["password"]],
            nsx_api_managers=[f"https://{lab['host']}"],
            ca_file=[ca_file],
            insecure=False,
            max_attempts=2,
            retries=1,
            allow_passthrough=False,
        )
    )


def refused(kind: type[Exception], action: Any) -> None:
    try:
        action()
    except kind:
        return
    raise AssertionError(f"{kind.__name__} should have been raised")


def main() -> None:
    nsx = connect(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2])
    assert [gateway["id"] for gateway in nsx.tier0.list()] == [T0]
    assert nsx.tier0.get_edge_cluster_path(T0) == CLUSTER

    nsx.tier1.create_or_overwrite("one", tier1_id=T1, tier0=T0, tags=TAGS)
    assert nsx.tier1.get(T1)["tier0_path"] == f"/infra/tier-0s/{T0}"
    nsx.tier1.update(T1, name="two")
    assert nsx.tier1.get(T1)["display_name"] == "two"
    nsx.tier1.create_locale_service(T1)
    nsx.tier1.set_edge_cluster_path(T1, CLUSTER)
    assert nsx.tier1.wait_until_realized(T1, sleep=0.1, max_attempts=3)["state"] == "REALIZED"

    nsx.tier1_nat_rule.create_or_overwrite(
        "snat",
        tier1_id=T1,
        nat_rule_id="snat",
        action="SNAT",
        source_network="10.1.1.0/24",
        translated_network="30.0.0.7",
        tags=TAGS,
    )
    assert [rule["id"] for rule in nsx.tier1_nat_rule.list(T1)] == ["snat"]
    nsx.tier1_static_route.create_or_overwrite(
        "route", tier1_id=T1, static_route_id="route", network="10.9.0.0/16", next_hop="10.1.1.1"
    )
    nsx.segment.create_or_overwrite(
        "segment", segment_id="segment", tier1_id=T1, subnets=[core_defs.Subnet("172.31.0.1/24")]
    )

    assert [hit["id"] for hit in nsx.search_by_tags(TAGS, "Tier1")["results"]] == [T1]
    assert [hit["id"] for hit in nsx.search_resource_by_attributes("Tier1", display_name="two")["results"]] == [T1]

    refused(exceptions.ResourceInUse, lambda: nsx.tier1.delete(T1))
    nsx.tier1_nat_rule.delete(T1, "snat")
    nsx.tier1_static_route.delete(T1, "route")
    nsx.segment.delete("segment")
    nsx.tier1.delete(T1)
    refused(exceptions.ResourceNotFound, lambda: nsx.tier1.get(T1))
    print("vmware-nsxlib: all well")


if __name__ == "__main__":
    main()

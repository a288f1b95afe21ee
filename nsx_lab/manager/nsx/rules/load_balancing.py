"""Rules for load balancers: as far as somebody who looks at them relies on. Each check yields what is wrong; none of them writes."""

from __future__ import annotations

from collections.abc import Iterator

from nsx_lab.manager.nsx.rules.addresses import address
from nsx_lab.manager.nsx.rules.finding import Finding, When
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object

claim(
    "load balancers are objects to look at: services with a connectivity_path, virtual servers with ip_address, ports, lb_service_path and pool_path, "
    "pools with members; tags of scope ncp/cluster, ncp/project, ncp/service on what NCP made",
    Evidence.CAPTURED,
    "zhengxiexie/scripts, warp/template/real_nsx_policy_api_report.md (LBService, LBVirtualServer, LBPool; NSX 9, 2025-10)",
    "test_live_reader.py::test_virtual_servers_are_read_and_routed",
)
claim(
    "the ip_address of a virtual server is one address",
    Evidence.CITATION,
    "terraform-provider-nsxt 3.11.1, resource_nsxt_policy_lb_virtual_server.go; the code is the lab's",
    "test_live_reader.py::test_virtual_server_has_one_address",
)
not_modelled(
    "load balancers: profiles, monitors, status and statistics",
    "501; a path of a profile is not checked, and no virtual server balances a packet (a world file's `lb` does)",
)


def check_virtual_server(server: Object, gateway: Gateway) -> Iterator[Finding]:
    """Everything wrong with a virtual server."""
    try:
        address(server["ip_address"])
    except ValueError as error:
        yield Finding(errors.CODE_FAMILY, f"{server['path']}: ip_address: {error}.", When.REFUSE)

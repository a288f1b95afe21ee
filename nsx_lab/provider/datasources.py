"""The data sources: traits for their schema, and how each is read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nsx_lab.provider.objects.gateways import Scope, scope_of
from nsx_lab.provider.realization import read_gateway_interface, read_realization_info
from nsx_lab.provider.search import Wanted, find
from nsx_lab.provider.values import checks
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.values.schema import Trait
from nsx_lab.provider.wire.client import Client, path_escape
from nsx_lab.provider.wire.errors import ApiError, ProviderError
from nsx_lab.provider.wire.model import INTEGER, STRING, ListOf, Struct, convert, convert_hit, policy_object

_GLOBAL_ONLY = (
    "This configuration is only supported with NSX Global Manager. To mark your endpoint as Global Manager, please set "
    "'global_manager' flag to 'true' in the provider"
)
_TARGETS = Struct(
    "vrf_route_targets",
    {"address_family": STRING, "import_route_targets": ListOf(STRING), "export_route_targets": ListOf(STRING)},
)
_VRF = Struct(
    "tier0_vrf_config", {"tier0_path": STRING, "route_distinguisher": STRING, "route_targets": ListOf(_TARGETS)}
)
_TIER0 = policy_object("tier0", {"vrf_config": _VRF})
_SERVICES = policy_object("locale_services", {"edge_cluster_path": STRING})
_SERVICE_LIST = Struct(
    "locale_services_list_result", {"results": ListOf(_SERVICES), "result_count": INTEGER, "cursor": STRING}
)

Reader = Callable[[Record, Client, Scope, threading.Event], None]


@dataclass(frozen=True)
class DataSource:
    """One data source: how it is read and what its schema file does not say."""

    read: Reader
    traits: Mapping[str, Trait] = field(default_factory=dict)


def _search(resource_type: str) -> Reader:
    def read(record: Record, client: Client, scope: Scope, stop: threading.Event) -> None:
        find(record, client, scope, _wanted(record, resource_type))

    return read


def _wanted(record: Record, resource_type: str, within: Mapping[str, str] | None = None) -> Wanted:
    identifier, name = record.get("id"), record.get("display_name")
    if not identifier and not name and within is None:
        raise ProviderError(f"No 'id' or 'display_name' specified for {resource_type}")
    return Wanted(resource_type, identifier, name, within)


def _tier0(record: Record, client: Client, scope: Scope, stop: threading.Event) -> None:
    whole = find(record, client, scope, _wanted(record, "Tier0"))
    if client.settings.global_manager:
        record.set("edge_cluster_path", "")  # one edge cluster says nothing about a stretched gateway
        return
    gateway = convert_hit(whole, _TIER0)
    edge_cluster = _edge_cluster(client, record.id)
    if edge_cluster is not None:
        record.set("edge_cluster_path", edge_cluster)
    if gateway["vrf_config"] is not None:
        record.set("vrf_config", [_vrf(gateway["vrf_config"])])


def _vrf(config: dict[str, Any]) -> dict[str, Any]:
    vrf: dict[str, Any] = {
        "gateway_path": config["tier0_path"],
        "route_distinguisher": config["route_distinguisher"],
    }
    if config["route_targets"]:
        targets = config["route_targets"][0]
        vrf["route_target"] = [
            {
                "address_family": targets["address_family"],
                "auto_mode": False,
                "import_targets": targets["import_route_targets"] or [],
                "export_targets": targets["export_route_targets"] or [],
            }
        ]
    return vrf


def _edge_cluster(client: Client, gateway: str) -> str | None:
    """Of the locale service `default`, else of the first one that has an edge cluster. Errors are passed over."""
    base = f"/policy/api/v1/infra/tier-0s/{path_escape(gateway)}/locale-services"
    try:
        path: str | None = convert(client.call("GET", f"{base}/default"), _SERVICES)["edge_cluster_path"]
        return path
    except (ApiError, ProviderError):
        pass
    try:
        answer = convert(client.call("GET", f"{base}?include_mark_for_delete_objects=false"), _SERVICE_LIST)
    except (ApiError, ProviderError):
        return None
    paths = (service["edge_cluster_path"] for service in answer["results"] or [])
    return next((p for p in paths if p is not None), None)


def _edge_cluster_search(record: Record, client: Client, scope: Scope, stop: threading.Event) -> None:
    site = record.get("site_path")
    if not client.settings.global_manager:
        if site:
            raise ProviderError(_GLOBAL_ONLY)
        find(record, client, scope, _wanted(record, "PolicyEdgeCluster"))
        return
    if not site:
        raise ProviderError("nsxt_policy_edge_cluster requires site_path configuration for NSX Global Manager")
    point = f"{site}/enforcement-points/{client.settings.enforcement_point}"
    find(record, client, scope, _wanted(record, "PolicyEdgeCluster", {"parent_path": point}))


def _realization_info(record: Record, client: Client, scope: Scope, stop: threading.Event) -> None:
    site = record.get("site_path")
    if site and not client.settings.global_manager:
        raise ProviderError(_GLOBAL_ONLY)
    if client.settings.global_manager and not site:
        raise ProviderError("nsxt_policy_realization_info requires site_path configuration for NSX Global Manager")
    read_realization_info(record, client, scope, stop)


def _manager_info(record: Record, client: Client, scope: Scope, stop: threading.Event) -> None:
    try:
        record.set("version", client.read_version())
    except ProviderError as error:
        raise ProviderError(f"failed to retrieve NSX version: {error}") from error
    record.id = "nsxversion"


def _provider_info(record: Record, client: Client, scope: Scope, stop: threading.Event) -> None:
    record.set("commit", "")
    record.set("date", datetime.now().strftime("%b %e %H:%M:%S"))
    record.id = "nsxt"


_WAITING = {"gateway_path": Trait(check=checks.policy_path), "context.project_id": Trait(check=checks.project)}

DATA_SOURCES: Mapping[str, DataSource] = {
    "nsxt_policy_tier0_gateway": DataSource(
        _tier0, {"context.from_global": Trait(default=False), "context.project_id": Trait(check=checks.project)}
    ),
    "nsxt_policy_bfd_profile": DataSource(_search("BfdProfile"), {"display_name": Trait(conflicts_with="id")}),
    "nsxt_policy_edge_cluster": DataSource(_edge_cluster_search, {"site_path": Trait(check=checks.policy_path)}),
    "nsxt_policy_realization_info": DataSource(
        _realization_info,
        {
            "path": Trait(check=checks.policy_path),
            "site_path": Trait(check=checks.policy_path),
            "timeout": Trait(default=1200, check=checks.int_at_least(1)),
            "delay": Trait(default=1, check=checks.int_at_least(0)),
            "context.project_id": Trait(check=checks.project),
        },
    ),
    "nsxt_policy_gateway_interface_realization": DataSource(
        read_gateway_interface,
        {
            **_WAITING,
            "timeout": Trait(default=600, check=checks.int_at_least(1)),
            "delay": Trait(default=5, check=checks.int_at_least(0)),
        },
    ),
    "nsxt_manager_info": DataSource(_manager_info),
    "nsxt_provider_info": DataSource(_provider_info),
}


def read(source: DataSource, record: Record, client: Client, has_context: bool, stop: threading.Event) -> None:
    """Read a data source into its record."""
    client.ensure_version()
    source.read(record, client, scope_of(record, client, has_context), stop)

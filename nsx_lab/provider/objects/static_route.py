"""nsxt_policy_static_route (resource_nsxt_policy_static_route.go of 3.11.1)."""

from __future__ import annotations

from nsx_lab.provider.objects.fields import COMMON, HOPS, TEXT, Field
from nsx_lab.provider.objects.imports import between, take_policy_path, take_short_form
from nsx_lab.provider.objects.kind import ResourceKind, Words
from nsx_lab.provider.values import checks
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.values.schema import Trait
from nsx_lab.provider.wire.client import Client
from nsx_lab.provider.wire.errors import ProviderError


def _import(record: Record, client: Client, identifier: str) -> None:
    if take_policy_path(record, identifier):
        record.set("gateway_path", between(identifier, "", "/static-routes"))
        return
    parts = identifier.split("/")
    if len(parts) != 2:
        raise ProviderError("Please provide <gateway-id>/<static-route-id> as an input")
    take_short_form(record, client, parts, tier1=True)


STATIC_ROUTE = ResourceKind(
    type_name="nsxt_policy_static_route",
    words=Words.plain("Static Route", bad_gateway_first="gateway_path is not a valid"),
    model="static_routes",
    fields=(*COMMON, Field("network", "network", TEXT), Field("next_hop", "next_hops", HOPS, omit_empty=True)),
    leaf=lambda record, identifier, reading: ("static-routes", identifier),
    importer=_import,
    traits={
        "network": Trait(check=checks.network),
        "next_hop.admin_distance": Trait(default=1, check=checks.int_between(1, 255)),
        "next_hop.ip_address": Trait(check=checks.address),
        "next_hop.interface": Trait(check=checks.policy_path),
    },
)

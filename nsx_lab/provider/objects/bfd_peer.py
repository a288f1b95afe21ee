"""nsxt_policy_static_route_bfd_peer (resource_nsxt_policy_static_route_bfd_peer.go of 3.11.1)."""

from __future__ import annotations

from nsx_lab.provider.objects.fields import COMMON, FLAG, TEXT, TEXTS, Field
from nsx_lab.provider.objects.imports import tier0_importer
from nsx_lab.provider.objects.kind import Gateway, ResourceKind, Words
from nsx_lab.provider.values import checks
from nsx_lab.provider.values.schema import Trait

BFD_PEER = ResourceKind(
    type_name="nsxt_policy_static_route_bfd_peer",
    words=Words(
        create="BFD Peer",
        update="BFD Peer",
        read="Gateway BFD Peer",
        delete="Static Route Bfd Peer",
        exists="Resource with id {id} already exists",
    ),
    model="static_route_bfd_peer",
    fields=(
        *COMMON,
        Field("bfd_profile_path", "bfd_profile_path", TEXT),
        Field("enabled", "enabled", FLAG),
        Field("peer_address", "peer_address", TEXT),
        Field("source_addresses", "source_addresses", TEXTS, omit_empty=True),
    ),
    leaf=lambda record, identifier, reading: ("static-routes", "bfd-peers", identifier),
    importer=tier0_importer,
    gateway=Gateway(tier0_only=True, checked=True),
    sends_id=False,
    explains_existence=True,
    # the provider swaps its two arguments here, so it never finds an existing peer
    existing=lambda gateway, identifier: (identifier, "static-routes", "bfd-peers", gateway),
    traits={
        "bfd_profile_path": Trait(check=checks.policy_path),
        "enabled": Trait(default=True),
        "peer_address": Trait(check=checks.ipv4_address),
        "source_addresses": Trait(check=checks.ipv4_address),
    },
)

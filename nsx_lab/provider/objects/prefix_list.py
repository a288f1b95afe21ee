"""nsxt_policy_gateway_prefix_list (resource_nsxt_policy_gateway_prefix_list.go of 3.11.1)."""

from __future__ import annotations

from nsx_lab.provider.objects.fields import COMMON, PREFIXES, Field
from nsx_lab.provider.objects.imports import tier0_importer
from nsx_lab.provider.objects.kind import Gateway, ResourceKind, Words
from nsx_lab.provider.values import checks
from nsx_lab.provider.values.schema import Trait

PREFIX_LIST = ResourceKind(
    type_name="nsxt_policy_gateway_prefix_list",
    words=Words.plain("Gateway Prefix List"),
    model="prefix_list",
    fields=(*COMMON, Field("prefix", "prefixes", PREFIXES, omit_empty=True)),
    leaf=lambda record, identifier, reading: ("prefix-lists", identifier),
    importer=tier0_importer,
    gateway=Gateway(tier0_only=True),
    traits={
        "prefix.action": Trait(default="PERMIT", check=checks.one_of("PERMIT", "DENY")),
        "prefix.ge": Trait(default=0, check=checks.int_between(0, 128)),
        "prefix.le": Trait(default=0, check=checks.int_between(0, 128)),
        "prefix.network": Trait(check=checks.network),
    },
)

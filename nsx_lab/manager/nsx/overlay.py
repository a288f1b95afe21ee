"""What the SDK's types do not say: required fields, sizes, formats. Each line names its source.

Laid over the derived schema (data/nsx-policy.schema.json). The specification meant is NSX 9.1's own `nsx_policy_api.yaml`
(vmware/vcf-api-specs, specifications/nsx/openapi-2.0), read field by field; no text of it stands here.
"""

from __future__ import annotations

from typing import Any

from nsx_lab.manager.store.ledger import Evidence, claim

REQUIRED: dict[str, list[str]] = {
    "PolicyNatRule": ["action"],  # spec: PolicyNatRule.required
    "StaticRoutes": ["network", "next_hops"],  # spec: StaticRoutes.required
    "StaticRouteBfdPeer": ["peer_address"],  # spec: StaticRouteBfdPeer.required
    "PrefixList": ["prefixes"],  # terraform-provider-nsxt: prefix MinItems 1
    "LBVirtualServer": ["ip_address", "ports", "application_profile_path"],  # terraform-provider-nsxt: all Required
    "Tier0Interface": ["subnets"],  # terraform-provider-nsxt: subnets Required
}

LIMITS: dict[tuple[str, str], dict[str, Any]] = {
    ("StaticRoutes", "next_hops"): {"minItems": 1},  # spec: next_hops.minItems
    ("RouterNexthop", "scope"): {"minItems": 1},  # spec: an empty scope is refused; the provider leaves it out
    ("PrefixList", "prefixes"): {"minItems": 1},  # terraform-provider-nsxt: prefix MinItems 1
    ("Tag", "scope"): {"maxLength": 128},  # spec: Tag.scope.maxLength
    ("Tag", "tag"): {"maxLength": 256},  # spec: prose of Tag.tag
    ("", "display_name"): {"maxLength": 255},  # spec: ManagedResource.display_name
    ("", "description"): {"maxLength": 1024},  # spec: ManagedResource.description
    ("InterfaceSubnet", "prefix_len"): {"minimum": 1, "maximum": 128},  # spec: InterfaceSubnet.prefix_len
}

claim(
    "names, types, nesting, enums and number limits of every body are those of the official SDK",
    Evidence.SPEC,
    "PyPI vcf-nsx 9.1.1.0 (nsx_lab/manager/nsx/data/nsx-policy.schema.json, derived by tools/nsx_schema.py)",
    "test_schema.py::test_wrong_bodies_are_refused",
)
claim(
    "required fields, list sizes and text lengths of nsx_lab/manager/nsx/overlay.py",
    Evidence.SPEC,
    "NSX 9.1 nsx_policy_api.yaml, and where it was not read terraform-provider-nsxt's schema: each line says which",
    "test_schema.py::test_wrong_bodies_are_refused",
)
claim(
    "code and text of refusals by schema other than the unknown property",
    Evidence.ASSUMPTION,
    "no source; codes of the lab's own range",
    "test_schema.py::test_wrong_bodies_are_refused",
)

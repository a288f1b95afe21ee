"""Derives the lab's schema and route table from the official SDK, PyPI package `vcf-nsx` (a development dependency of this tool only).

    python3 -m venv DIR && DIR/bin/pip install --require-hashes -r requirements/schema.txt
    DIR/bin/python tools/nsx_schema.py            # writes nsx_lab/manager/nsx/data/
    DIR/bin/python tools/nsx_schema.py --check    # exit 1 if what is committed differs

The SDK holds names, types, nesting, enums, read-only marks, and limits of numbers, strings and lists. It holds no `required`, no defaults, no formats and
no minItems: those come from the hand-made overlay (nsx_lab/manager/nsx/overlay.py).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vcf.nsx import model_client
from vmware.vapi.bindings import type as vapi

PACKAGE = "vcf-nsx"
DATA = Path(__file__).parent.parent / "nsx_lab" / "manager" / "nsx" / "data"
TYPES = [
    "Infra",
    "Site",
    "EnforcementPoint",
    "PolicyEdgeCluster",
    "PolicyEdgeNode",
    "PolicyTransportZone",
    "Tier0",
    "Tier1",
    "LocaleServices",
    "Tier0Interface",
    "Tier1Interface",
    "ServiceInterface",
    "BgpRoutingConfig",
    "BgpNeighborConfig",
    "StaticRouteBfdPeer",
    "StaticRoutes",
    "PolicyNat",
    "PolicyNatRule",
    "PrefixList",
    "Segment",
    "SegmentPort",
    "SegmentConnectionBindingMap",
    "SegmentDiscoveryProfileBindingMap",
    "SegmentMonitoringProfileBindingMap",
    "SegmentQosProfileBindingMap",
    "SegmentSecurityProfileBindingMap",
    "BfdProfile",
    "IpAddressPool",
    "IpAddressPoolBlockSubnet",
    "IpAddressPoolStaticSubnet",
    "IpAddressAllocation",
    "IpAddressBlock",
    "Domain",
    "DhcpV4StaticBindingConfig",
    "DhcpV6StaticBindingConfig",
    "DhcpRelayConfig",
    "DhcpServerConfig",
    "LBService",
    "LBVirtualServer",
    "LBPool",
    "GatewayPolicy",
    "Rule",
    "Service",
    "Ipv6NdraProfile",
    "Ipv6DadProfile",
    "NetworkSpan",
    "GatewayConnection",
    "Org",
    "Project",
    "TransitGateway",
    "TransitGatewayAttachment",
    "CentralizedConfig",
    "VpcConnectivityProfile",
    "Vpc",
    "VpcAttachment",
    "VpcSubnet",
    "PolicyVpcNatRule",
    "GenericPolicyRealizedResource",
    "PolicyAlarmResource",
    "NodeVersion",
    "NodeProperties",
    "ClusterConfig",
    "ClusterStatus",
    "TransportNode",
    "EdgeNode",
    "TransportNodeStatus",
    "TransportNodeState",
    "EdgeCluster",
    "EdgeClusterStatus",
    "PolicyEdgeClusterStatus",
    "Alarm",
    "PartialPatchConfig",
    "ConsolidatedRealizedStatus",
    "RoutingEntry",
    "RoutingTable",
    "Tier0NumberOfRoutesResult",
    "PolicyNatRuleStatisticsPerEnforcementPoint",
    "PolicyNatRuleStatisticsPerLogicalRouter",
    "PolicyNatRuleStatistics",
]
ROUTES = re.compile(r"http_method='(\w+)',\s*url_template='([^']+)'")
SERVED = re.compile(
    r"/policy/api/v1/(?!orgs/\{\w+\}/projects/\{\w+\}/(?!vpcs|transit-gateways|vpc-connectivity-profiles|infra/ip-blocks)|global-infra)|/api/session/|/api/v1/"
)
LETTERS = {"GET": "G", "POST": "P", "PUT": "U", "PATCH": "A", "DELETE": "D"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    check = parser.parse_args().check
    files = {DATA / "nsx-policy.schema.json": schema_text(), DATA / "nsx-routes.txt": routes_text()}
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check:
        print(f"differs from {PACKAGE} {version()}: {', '.join(stale)}" if stale else f"equal to {PACKAGE} {version()}")
        return 1 if stale else 0
    DATA.mkdir(exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: {len(text)} bytes")
    return 0


def version() -> str:
    return importlib.metadata.version(PACKAGE)


def provenance() -> dict[str, str]:
    source = Path(inspect.getfile(model_client)).read_bytes()
    return {
        "package": PACKAGE,
        "version": version(),
        "license": "Apache-2.0",
        "sha256 of vcf/nsx/model_client.py": hashlib.sha256(source).hexdigest(),
        "tool": "tools/nsx_schema.py",
    }


# schema


def schema_text() -> str:
    waiting, definitions = list(TYPES), {}
    while waiting:
        name = waiting.pop(0)
        if name not in definitions:
            definitions[name], references = definition(getattr(model_client, name))
            waiting.extend(references)
    envelope = common_properties(definitions)
    for body in definitions.values():
        if envelope.items() <= body["properties"].items():
            body["properties"] = {key: value for key, value in body["properties"].items() if key not in envelope}
            body["x-envelope"] = True
    document = {"x-provenance": provenance(), "x-envelope": envelope, "$defs": dict(sorted(definitions.items()))}
    lines = [f'"{key}": {json.dumps(value, sort_keys=True)}' for key, value in document.items() if key != "$defs"]
    types = ",\n".join(f'"{name}": {json.dumps(body, sort_keys=True)}' for name, body in document["$defs"].items())
    return "{\n" + ",\n".join(lines) + ',\n"$defs": {\n' + types + "\n}}\n"


def common_properties(definitions: dict[str, Any]) -> dict[str, Any]:
    """What every Policy object has: the properties that Tier0, StaticRoutes and BfdProfile share in name and form."""
    first, *others = (definitions[name]["properties"] for name in ("StaticRoutes", "Tier0", "BfdProfile"))
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}


def definition(struct: Any) -> tuple[dict[str, Any], list[str]]:
    """The JSON Schema of one struct, and the names of those it refers to."""
    binding, texts = struct.get_binding_type(), parameter_texts(struct)
    references: list[str] = []
    properties = {}
    for name in binding.get_field_names():
        python_name = struct._canonical_to_pep_names.get(name, name)
        properties[name] = {
            **form(binding.get_field(name), references),
            **limits(struct, texts.get(python_name, ""), binding.get_field(name)),
        }
    return {"type": "object", "properties": properties, "additionalProperties": is_abstract(struct)}, references


def is_abstract(struct: Any) -> bool:
    """Whether others extend it (a DHCP configuration of a segment is one for IPv4 or for IPv6): their fields may be there, too."""
    return "abstract" in (struct.__doc__ or "") and any(name.startswith("RESOURCE_TYPE_") for name in vars(struct))


def form(binding: Any, references: list[str]) -> dict[str, Any]:
    if isinstance(binding, vapi.OptionalType):
        return form(binding.element_type, references)
    if isinstance(binding, vapi.ListType):
        return {"type": "array", "items": form(binding.element_type, references)}
    if isinstance(binding, vapi.ReferenceType):
        name = binding.resolved_type.binding_class.__name__
        references.append(name)
        return {"$ref": f"#/$defs/{name}"}
    if isinstance(binding, vapi.IntegerType):
        return {"type": "integer"}
    if isinstance(binding, vapi.DoubleType):
        return {"type": "number"}
    if isinstance(binding, vapi.BooleanType):
        return {"type": "boolean"}
    if isinstance(binding, (vapi.StringType, vapi.URIType, vapi.SecretType, vapi.DateTimeType, vapi.BlobType)):
        return {"type": "string"}
    return {"type": "object"}


def parameter_texts(struct: Any) -> dict[str, str]:
    """The docstring of the constructor, cut at each `:type NAME:`."""
    parts = re.split(r":type\s+(\w+):", inspect.getdoc(struct.__init__) or "")
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def limits(struct: Any, text: str, binding: Any) -> dict[str, Any]:
    flat = " ".join(text.split())
    found: dict[str, Any] = {}
    for key, pattern in (
        ("minimum", r"minimum allowable value must be >= (-?\d+)"),
        ("maximum", r"maximum allowable value must be <= (-?\d+)"),
        ("maxLength", r"maximum length (?:of .*? )?must be <= (\d+)|maximum length of this .*? is (\d+)"),
        ("minLength", r"minimum length (?:of .*? )?must be >= (\d+)"),
        ("maxItems", r"maximum (?:count|number) of (?:elements|items) .*?<= (\d+)"),
    ):
        match = re.search(pattern, flat)
        if match:
            found[key] = int(next(group for group in match.groups() if group))
    if "Property is read-only" in flat:
        found["readOnly"] = True
    values = [
        getattr(struct, name)
        for name in re.findall(r"vcf\.nsx\.model\.\w+\.(\w+)", flat)
        if isinstance(getattr(struct, name, None), str)
    ]
    if not values:
        return found
    inner = binding.element_type if isinstance(binding, vapi.OptionalType) else binding
    return (
        {**found, "items": {"type": "string", "enum": values}}
        if isinstance(inner, vapi.ListType)
        else {**found, "enum": values}
    )


# routes


def operations() -> Iterator[tuple[str, str]]:
    root = Path(inspect.getfile(model_client)).parent
    for path in root.rglob("*_client.py"):
        for method, template in ROUTES.findall(path.read_text(encoding="utf-8")):
            if SERVED.match(template):
                yield re.sub(r"\{\w+\}", "{}", template), method


def routes_text() -> str:
    by_template: dict[str, set[str]] = {}
    for template, method in operations():
        by_template.setdefault(template, set()).add(LETTERS[method])
    head = [f"# {key}: {value}" for key, value in provenance().items()]
    head.append(
        "# letters: G GET, P POST, U PUT, A PATCH, D DELETE; without what projects have besides VPCs, transit gateways and IP blocks, and without global manager"
    )
    return (
        "\n".join(
            [*head, *(f"{''.join(sorted(letters))} {template}" for template, letters in sorted(by_template.items()))]
        )
        + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())

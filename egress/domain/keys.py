"""What every key of a domain file means, in one sentence each. The JSON Schema and docs/domain-files.md are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from egress.domain.model import WorkloadDomain

MEANINGS: dict[str, str] = {
    "WorkloadDomain.version": "version of this format, always 1",
    "WorkloadDomain.name": "the workload domain's name: lower-case letters, digits and dashes",
    "WorkloadDomain.formerly": "stack name under which the objects were made, and whose ids and tags they keep; egress rename writes it",
    "WorkloadDomain.description": "free text, at most 1,024 characters",
    "WorkloadDomain.nsx": "the NSX Manager of this domain",
    "WorkloadDomain.tier0": "the Tier-0 gateway, which is read and never managed",
    "WorkloadDomain.default_route": "the way out: a static route on the Tier-0",
    "WorkloadDomain.egress": "the egress range and how its addresses are translated at the Tier-0",
    "WorkloadDomain.ingress": "the range that load balancers answer on",
    "WorkloadDomain.pods": "Tier-1 id: network of the pods or nodes behind it",
    "WorkloadDomain.dns_servers": "addresses of the DNS servers that pods and nodes ask",
    "WorkloadDomain.return_routes": "routes that exist already outside NSX; egress explain counts on them, nothing writes them",
    "WorkloadDomain.state": "where the stack's Terraform state lives",
    "WorkloadDomain.realization": "how long an apply waits for NSX to realize an object",
    "WorkloadDomain.suppress": "preflight rules that do not apply here, each with a reason",
    "Nsx.host": "host name or address of the manager, with an optional port; never a credential",
    "Nsx.version": "NSX version in quotes, as in '4.2.1'; only checks that depend on it read it",
    "Nsx.ca_file": "PEM file with the certificate authority, relative to the project folder; left out: the system's authorities",
    "Nsx.credentials": "environment prefix: NSXT means NSXT_USERNAME and NSXT_PASSWORD",
    "Tier0.id": "its id in NSX; give exactly one of id and display_name",
    "Tier0.display_name": "its name in NSX, matched exactly",
    "Tier0.locale_service": "id of the locale service that holds the interfaces",
    "Tier0.ha_mode": "ACTIVE_ACTIVE (egress becomes REFLEXIVE rules) or ACTIVE_STANDBY (egress becomes SNAT rules)",
    "Tier0.stateful_active_active": "stateful services run on this ACTIVE_ACTIVE gateway (NSX 4.0), so SNAT is possible",
    "Tier0.vrf_of": "id of the parent Tier-0, if this one is a VRF gateway",
    "Tier0.ha_vip": "address with prefix length that moves between the edges (ACTIVE_STANDBY)",
    "Tier0.uplinks": "external interfaces, at least one",
    "Tier0.service_interfaces": "segments that the gateway touches directly, without an uplink in between",
    "Uplink.id": "id of the interface in NSX",
    "Uplink.edge": "the edge node that carries it",
    "Uplink.address": "IPv4 address with prefix length, as in 10.27.51.145/24",
    "Uplink.ipv6": "IPv6 address with prefix length",
    "ServiceInterface.id": "id of the interface in NSX",
    "ServiceInterface.address": "IPv4 address with prefix length",
    "Named.nsx_id": "id in NSX; left out: derived from the stack's name. A changed id replaces the object",
    "Named.display_name": "name in NSX; left out: the id",
    "Named.description": "free text, at most 1,024 characters",
    "Named.tags": "tag scope: tag; left out: managed-by and stack",
    "DefaultRoute.external": "somebody else owns the default route, on a Tier-0 that several domains share",
    "DefaultRoute.next_hops": "next hops of 0.0.0.0/0; equal distances share the load",
    "DefaultRoute.ipv6": "an IPv6 default route (::/0) as well",
    "DefaultRoute.bfd": "a BFD peer for every IPv4 next hop; opt-in, see docs/rules.md before you do",
    "DefaultRoute.protect": "the default route cannot be destroyed while this is true",
    "RouteV6.next_hops": "next hops of ::/0, at least one",
    "NextHop.address": "IPv4 address of the router",
    "NextHop.admin_distance": "1 to 255; a greater one is used when the smaller is gone",
    "NextHop.interface": "id of the uplink to leave by; left out: NSX finds it by the address",
    "NextHopV6.address": "IPv6 address of the router",
    "NextHopV6.admin_distance": "1 to 255; a greater one is used when the smaller is gone",
    "NextHopV6.interface": "id of the uplink to leave by; needed for a link-local address",
    "Bfd.profile": "id of a BFD profile",
    "Bfd.sources": "ids of the uplinks that BFD is sent from; left out: all",
    "Bfd.enabled": "false keeps the peers but sends nothing",
    "Bfd.tags": "tag scope: tag; left out: managed-by and stack",
    "Egress.range": "the egress range of the Supervisor, as vSphere knows it",
    "Egress.routed": "networks outside the uplink subnets that the physical network routes to this Tier-0, for translated addresses",
    "Egress.applied_to": "scope of the NAT rules: uplinks, everywhere, or a list of interface ids",
    "Egress.supervisor": "mapping of the Supervisor's egress address; priority 100 unless it says otherwise",
    "Egress.tkg": "mapping of the TKG cluster's egress address; priority 110 unless it says otherwise",
    "Egress.more": "name: further mapping; the name ends its NSX id",
    "EgressMapping.source": "egress address or network before translation, inside the egress range",
    "EgressMapping.translated": "address or network after translation; REFLEXIVE needs the same size",
    "EgressMapping.tier1": "id of the Tier-1 whose traffic it is",
    "EgressMapping.priority": "0 to 2147481599; the lowest number is looked at first",
    "EgressMapping.firewall_match": "which address the gateway firewall sees: MATCH_INTERNAL_ADDRESS, MATCH_EXTERNAL_ADDRESS or BYPASS",
    "Ingress.range": "the ingress range, as vSphere knows it",
    "ReturnRoute.host": "where the route is: the address of a DNS server of this file, or upstream",
    "ReturnRoute.to": "the network that it leads to, as a rule the egress range",
    "ReturnRoute.via": "addresses of the Tier-0 that it leads to; several share the load",
    "Realization.delay": "seconds before the first look, 0 to 3,600",
    "Realization.timeout": "seconds until it is given up, 1 to 86,400",
    "Suppression.rule": "id of the rule, see docs/rules.md",
    "Suppression.reason": "why it does not apply, at least 10 characters; it is shown in every report",
    "LocalState.backend": "local: a file state/<stack>.tfstate in the project folder, for one person on one machine",
    "PgState.backend": "pg: PostgreSQL with locks; connection string in PG_CONN_STR",
    "PgState.schema_name": "schema that holds the state; left out: the stack's name",
    "S3State.backend": "s3: S3 or a store that speaks it, with lock files; credentials in the AWS_* variables",
    "S3State.bucket": "name of the bucket",
    "S3State.key": "object key; left out: <stack>.tfstate",
    "S3State.region": "region of the bucket",
    "S3State.endpoint": "https address of another store; left out: AWS",
    "HttpState.backend": "http: GitLab or another HTTP state store; credentials in TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
    "HttpState.address": "https address of the state",
    "HttpState.lock_address": "https address for locking; left out: <address>/lock",
    "HttpState.unlock_address": "https address for unlocking; left out: <address>/lock",
}


@dataclass(frozen=True)
class Key:
    """A key of the domain file: its dotted path, `[]` for list entries and `<name>` for free names."""

    path: str
    needed: bool
    default: str
    meaning: str


def meaning(model: type[BaseModel], field: str) -> str:
    """The sentence for a field, from the class that declares it or that it inherits from."""
    for kind in model.__mro__:
        if f"{kind.__name__}.{field}" in MEANINGS:
            return MEANINGS[f"{kind.__name__}.{field}"]
    raise KeyError(f"{model.__name__}.{field} has no sentence in {__name__}.MEANINGS")


def keys(model: type[BaseModel] = WorkloadDomain, above: str = "") -> Iterator[Key]:
    """Every key of the format, in the order of the model."""
    for name, field in model.model_fields.items():
        if name == "stack":
            continue
        path = f"{above}.{name}" if above else name
        yield Key(path, field.is_required(), _default(field), meaning(model, name))
        models, suffix = models_in(field.annotation), _suffix(field.annotation)
        for below in models:
            yield from keys(below, path + suffix + (f" ({_tag(below)})" if len(models) > 1 else ""))


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The model classes that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def _suffix(annotation: Any) -> str:
    name = str(annotation)
    return "[]" if name.startswith("tuple[") else ".<name>" if "Mapping[" in name and models_in(annotation) else ""


def _tag(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["backend"].annotation)[0])


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None or value in ("", (), {}):
        return ""
    if isinstance(value, BaseModel):
        return ", ".join(f"{name}: {one}" for name, one in value.model_dump().items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def table() -> str:
    """All keys as a Markdown table."""
    rows = ["| key | needed | default | meaning |", "|---|---|---|---|"]
    rows += [f"| `{key.path}` | {'yes' if key.needed else ''} | {key.default} | {key.meaning} |" for key in keys()]
    return "\n".join(rows) + "\n"

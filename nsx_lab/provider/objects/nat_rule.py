"""nsxt_policy_nat_rule (resource_nsxt_policy_nat_rule.go of 3.11.1)."""

from __future__ import annotations

from nsx_lab.provider.objects.fields import COMMA_LIST, COMMON, FLAG, NUMBER, TEXT, TEXTS, Field
from nsx_lab.provider.objects.imports import between, take_policy_path, take_short_form
from nsx_lab.provider.objects.kind import ResourceKind, Words
from nsx_lab.provider.values import checks
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.values.schema import Trait
from nsx_lab.provider.wire.client import Client
from nsx_lab.provider.wire.errors import ProviderError

_VPN_MODE_SINCE = (4, 0, 0)


def section(kind: str, action: str) -> str:
    """The NAT section that a rule is written to."""
    return "NAT64" if action == "NAT64" else kind or "USER"


def _leaf(record: Record, identifier: str, reading: bool) -> tuple[str, ...]:
    kind, action = record.get("type"), record.get("action")
    place = kind if reading and kind else section(kind, action)
    return ("nat", place, "nat-rules", identifier)


def _check_type(record: Record) -> None:
    kind, action = record.get("type"), record.get("action")
    if action == "NAT64" and kind not in ("", "NAT64"):
        raise ProviderError("Rules with NAT64 action must have NAT64 nat type")
    if kind == "NAT64" and action != "NAT64":
        raise ProviderError("Rules with type NAT64 action must have NAT64 action")


def _refuse(record: Record, client: Client) -> None:
    action, mode = record.get("action"), record.get("policy_based_vpn_mode")
    if not record.get("translated_networks") and action not in ("NO_SNAT", "NO_DNAT"):
        raise ProviderError(f"Translated Network must be specified for action type: {action}")
    if client.version_at_least(*_VPN_MODE_SINCE) and mode and action not in ("DNAT", "NO_DNAT"):
        raise ProviderError(
            f"Invalid NAT rule action {action} for policy based vpn mode {mode}. "
            "policy based vpn mode supported only on DNAT/NO_DNAT rule"
        )


def _settle(record: Record) -> None:
    if not record.get("type"):
        record.set("type", section("", record.get("action")))


def _import(record: Record, client: Client, identifier: str) -> None:
    if take_policy_path(record, identifier):
        record.set("gateway_path", between(identifier, "", "/nat/"))
        record.set("type", between(identifier, "/nat/", "/nat-rules/"))
        return
    parts = identifier.split("/")
    if len(parts) not in (2, 3):
        raise ProviderError("Please provide <gateway-id>/<nat-rule-id>/[nat-type] as an input")
    if len(parts) == 2:
        record.set("type", "USER")
    take_short_form(record, client, parts, tier1=True)


NAT_RULE = ResourceKind(
    type_name="nsxt_policy_nat_rule",
    words=Words.plain("NAT Rule"),
    model="policy_nat_rule",
    fields=(
        *COMMON,
        Field("action", "action", TEXT),
        Field("destination_networks", "destination_network", COMMA_LIST, omit_empty=True, keep_missing=True),
        Field("enabled", "enabled", FLAG),
        Field("firewall_match", "firewall_match", TEXT, omit_empty=True),
        Field("logging", "logging", FLAG),
        Field("rule_priority", "sequence_number", NUMBER),
        Field("service", "service", TEXT),
        Field("source_networks", "source_network", COMMA_LIST, omit_empty=True, keep_missing=True),
        Field("translated_networks", "translated_network", COMMA_LIST, omit_empty=True, keep_missing=True),
        Field("translated_ports", "translated_ports", TEXT, omit_empty=True),
        Field("scope", "scope", TEXTS),
        Field("policy_based_vpn_mode", "policy_based_vpn_mode", TEXT, omit_empty=True, since=_VPN_MODE_SINCE),
    ),
    leaf=_leaf,
    importer=_import,
    refuse=_refuse,
    check_type=_check_type,
    settle=_settle,
    traits={
        "action": Trait(check=checks.one_of("SNAT", "DNAT", "REFLEXIVE", "NO_SNAT", "NO_DNAT", "NAT64")),
        "destination_networks": Trait(check=checks.network_address_or_range),
        "enabled": Trait(default=True),
        "firewall_match": Trait(
            default="BYPASS", check=checks.one_of("MATCH_EXTERNAL_ADDRESS", "MATCH_INTERNAL_ADDRESS", "BYPASS")
        ),
        "logging": Trait(default=False),
        "rule_priority": Trait(default=100),
        "service": Trait(check=checks.policy_path),
        "source_networks": Trait(check=checks.network_address_or_range),
        "translated_networks": Trait(check=checks.network_address_or_range),
        "translated_ports": Trait(check=checks.port_or_range),
        "scope": Trait(check=checks.policy_path),
        "policy_based_vpn_mode": Trait(check=checks.one_of("BYPASS", "MATCH")),
        "type": Trait(replace=True, check=checks.one_of("INTERNAL", "USER", "DEFAULT", "NAT64")),
    },
)

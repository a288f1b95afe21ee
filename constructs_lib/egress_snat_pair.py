"""The NAT rules of a workload domain's egress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cdktf import TerraformProvider
from cdktf_cdktf_provider_nsxt.policy_nat_rule import PolicyNatRule
from constructs import Construct

from egress.vocabulary import DEFAULT_PRIORITIES, SUPERVISOR, TKG, HaMode, NatAction, nat_action

from .egress_mapping import EgressMapping, nat_rule, network_of
from .tier0_default_route import Tier0DefaultRoute
from .values import RefusedValueError, choice, first_repeated, interface_of, tier0_path


class EgressSnatPair(Construct):
    """The NAT rules of the Supervisor's and the TKG cluster's egress address on a Tier-0, and of further ones."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        gateway_path: str,
        ha_mode: HaMode,
        applied_to: Sequence[str],
        supervisor: EgressMapping | None = None,
        tkg: EgressMapping | None = None,
        more: Mapping[str, EgressMapping] | None = None,
        stateful_active_active: bool = False,
        default_route: Tier0DefaultRoute | None = None,
        provider: TerraformProvider | None = None,
    ) -> None:
        """Makes one rule for each mapping.

        gateway_path: of the Tier-0, `Tier0Gateway.path`.
        ha_mode: of the Tier-0; the rules are REFLEXIVE on ACTIVE_ACTIVE ("SNAT .. only supported when the logical router is
            running in active-standby mode", APIDOC, PolicyNatRule.action), SNAT on ACTIVE_STANDBY.
        applied_to: policy paths of the interfaces that the rules act on, usually the uplinks; empty: all interfaces, so
            what leaves by a service interface is translated too. Always written: a scope left out is not cleared.
        supervisor, tkg: default: no such rule. more: key -> mapping, default: none. At least one in all.
        stateful_active_active: default False; True: stateful services run on this ACTIVE_ACTIVE gateway (NSX 4.0 and later,
            APIDOC, Tier0.stateful_services), so the rules are SNAT.
        default_route: the rules are created after it and destroyed before it; default: somebody else's, no order.
        provider: default: the stack's only NSX provider.

        Raises RefusedValueError for what NSX or the provider would refuse, or would not tell apart.
        """
        super().__init__(scope, id_)
        mappings = _mappings(supervisor, tkg, more or {})
        paths = tuple(dict.fromkeys(applied_to))
        tier0_path(gateway_path)
        for path in paths:
            interface_of(path, gateway_path, "applied_to")
        self.action = _action(choice(HaMode, ha_mode, "ha_mode"), stateful_active_active)
        priorities = _priorities(mappings)
        _check(mappings, priorities, self.action)
        self.rules: Mapping[str, PolicyNatRule] = MappingProxyType(
            {
                key: nat_rule(
                    self,
                    key,
                    mapping,
                    action=self.action,
                    priority=priorities[key],
                    gateway_path=gateway_path,
                    applied_to=paths,
                    depends_on=[default_route.resource] if default_route else [],
                    provider=provider,
                )
                for key, mapping in mappings.items()
            }
        )


def _action(ha_mode: HaMode, stateful_active_active: bool) -> NatAction:
    if stateful_active_active and ha_mode is not HaMode.ACTIVE_ACTIVE:
        raise RefusedValueError(
            f"stateful_active_active: goes with ha_mode ACTIVE_ACTIVE only, not with {ha_mode}: leave it out"
        )
    return nat_action(ha_mode, stateful_active_active=stateful_active_active)


def _mappings(
    supervisor: EgressMapping | None, tkg: EgressMapping | None, more: Mapping[str, EgressMapping]
) -> dict[str, EgressMapping]:
    for key in (SUPERVISOR, TKG):
        if key in more:
            raise RefusedValueError(f"more: {key!r} is a name of its own, allowed is any other key: give it as {key}=")
    named = {SUPERVISOR: supervisor, TKG: tkg}
    mappings = {key: mapping for key, mapping in named.items() if mapping is not None} | dict(more)
    if not mappings:
        raise RefusedValueError(
            "no mapping given, allowed are supervisor, tkg and more: leave the construct out instead"
        )
    return mappings


def _priorities(mappings: Mapping[str, EgressMapping]) -> dict[str, int]:
    priorities: dict[str, int] = {}
    for key, mapping in mappings.items():
        priority = DEFAULT_PRIORITIES.get(key) if mapping.priority is None else mapping.priority
        if priority is None:
            raise RefusedValueError(
                f"more: mapping {key!r} has no priority, allowed is one that no other rule of the gateway has"
            )
        priorities[key] = priority
    return priorities


def _check(mappings: Mapping[str, EgressMapping], priorities: Mapping[str, int], action: NatAction) -> None:
    for mapping in mappings.values():
        mapping.check(action)
    # MP API, NatRule.rule_priority: among equal priorities the "evaluation sequence is undefined".
    _refuse_repeated("priority", list(priorities.values()), "rules of equal priority are evaluated in no defined order")
    _refuse_repeated("nsx_id", [m.nsx_id for m in mappings.values()], "one object would be written twice")
    sources = [network_of(m.source) for m in mappings.values()]
    _refuse_repeated("source", sources, "only the rule of the lowest priority number would act")
    if action is NatAction.REFLEXIVE:
        # NSX admin guide: REFLEXIVE also rewrites the destination of what comes in, one to one.
        translated = [network_of(m.translated) for m in mappings.values()]
        _refuse_repeated("translated", translated, "REFLEXIVE is one to one and sends answers to one source only")


def _refuse_repeated(prop: str, values: Sequence[object], reason: str) -> None:
    repeated = first_repeated(value for value in values if value is not None)
    if repeated is not None:
        shown = str(repeated).removesuffix("/32")
        raise RefusedValueError(f"{prop}: {shown!r} is used twice, allowed is a different one for each rule: {reason}")

"""The NAT rules of a workload domain's egress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from constructs import Construct

from egress.vocabulary import SUPERVISOR, TKG, HaMode, NatAction, nat_action
from tier0_egress.cdk import PolicyNatRule, Provider

from .egress_exception import EgressException, no_snat_rule
from .egress_mapping import EgressMapping, nat_rule
from .ids import interface_of, tier0_path
from .mappings import check_together, exception_id, exceptions_of, priorities_of, refuse_none, together
from .tier0_default_route import Tier0DefaultRoute
from .tree import name_after_parent, nsx_provider, standing
from .values import RefusedValueError, choice, element_of_unknown_list, flag, instance, items, shown


class EgressSnatPair(Construct):
    """The NAT rules of the Supervisor's and the TKG cluster's egress address on a Tier-0, of further ones, and exceptions of them."""

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
        exceptions: Mapping[str, EgressException] | None = None,
        stateful_active_active: bool = False,
        default_route: Tier0DefaultRoute | None = None,
        provider: Provider | None = None,
    ) -> None:
        """Makes one rule for each mapping, and for each exception.

        gateway_path: policy path of the Tier-0, `Tier0Gateway.path`.
        ha_mode: of the Tier-0; the rules are REFLEXIVE on ACTIVE_ACTIVE ("SNAT .. only supported when the logical router is
            running in active-standby mode", APIDOC, PolicyNatRule.action), SNAT on ACTIVE_STANDBY.
        applied_to: policy paths of the interfaces that the rules act on, usually the uplinks; empty: all interfaces, so
            what leaves by a service interface is translated too. Always written: a scope left out is not cleared.
        supervisor: mapping of the Supervisor. Default: no such rule.
        tkg: mapping of the TKG cluster. Default: no such rule.
        more: key -> further mapping; a key names its rule in the construct tree. Default: none.
        exceptions: key -> packets that keep their address (NO_SNAT). Where the rules are SNAT only. Default: none. At least one mapping
            or exception in all.
        stateful_active_active: stateful services run on this ACTIVE_ACTIVE gateway (NSX 4.0 and later, APIDOC,
            Tier0.stateful_services), so the rules are SNAT. Default: False.
        default_route: the rules are created after it and destroyed before it. Default: somebody else's, no order.
        provider: an NsxtProvider. Default: the stack's only one.

        Raises RefusedValueError for what NSX or the provider would refuse, or would not tell apart.
        """
        mappings, excepted = together(supervisor, tkg, more), exceptions_of(exceptions)
        refuse_none(mappings, excepted)
        tier0_path(gateway_path)
        interfaces = _interfaces(applied_to, gateway_path)
        stateful = flag(stateful_active_active, "stateful_active_active")
        action = _action(choice(HaMode, ha_mode, "ha_mode"), stateful)
        priorities = priorities_of(mappings)
        check_together(mappings, excepted, priorities, action)
        route = None if default_route is None else instance(default_route, Tier0DefaultRoute, "default_route")
        chosen = nsx_provider(provider)
        with standing(scope, id_):
            super().__init__(scope, id_)
        self.action = action
        before = [route.resource] if route else []
        self.rules: Mapping[str, PolicyNatRule] = MappingProxyType(
            {
                key: nat_rule(
                    self,
                    key,
                    mapping,
                    action=action,
                    priority=priorities[key],
                    gateway_path=gateway_path,
                    applied_to=interfaces,
                    depends_on=before,
                    provider=chosen,
                )
                for key, mapping in mappings.items()
            }
        )
        self.exceptions: Mapping[str, PolicyNatRule] = MappingProxyType(
            {
                key: no_snat_rule(
                    self,
                    exception_id(key),
                    exception,
                    gateway_path=gateway_path,
                    applied_to=interfaces,
                    depends_on=before,
                    provider=chosen,
                )
                for key, exception in excepted.items()
            }
        )
        for key, rule in self.rules.items():
            name_after_parent(rule, scope, id_, key)
        for key, rule in self.exceptions.items():
            name_after_parent(rule, scope, id_, exception_id(key))
        self._paths: dict[str, str] = {}

    @property
    def supervisor_path(self) -> str:
        """Policy path of the Supervisor's rule; a token. Raises RefusedValueError where there is none."""
        return self.rule_path(SUPERVISOR)

    @property
    def tkg_path(self) -> str:
        """Policy path of the TKG cluster's rule; a token. Raises RefusedValueError where there is none."""
        return self.rule_path(TKG)

    def rule_path(self, key: str) -> str:
        """Policy path of a rule; a token. `key`: supervisor, tkg, or one of `more`. Raises RefusedValueError for another."""
        if key not in self.rules:
            raise RefusedValueError(f"key: {shown(key)} has no rule here, allowed is {' or '.join(self.rules)}")
        if key not in self._paths:
            self._paths[key] = str(self.rules[key].path)
        return self._paths[key]


def _action(ha_mode: HaMode, stateful_active_active: bool) -> NatAction:
    if stateful_active_active and ha_mode is not HaMode.ACTIVE_ACTIVE:
        raise RefusedValueError(
            f"stateful_active_active: goes with ha_mode ACTIVE_ACTIVE only, not with {ha_mode}: leave it out"
        )
    return nat_action(ha_mode, stateful_active_active=stateful_active_active)


def _interfaces(applied_to: Sequence[str], gateway_path: str) -> tuple[str, ...]:
    """Each path once; or one list that only Terraform knows, which goes to the provider as it is."""
    given = items(applied_to, "applied_to", "policy paths")
    if len(given) == 1 and element_of_unknown_list(given[0]):
        return tuple(given)
    return tuple(dict.fromkeys(interface_of(path, gateway_path, "applied_to") for path in given))

"""A workload domain as a Terraform stack: wiring only, what it says is decided in egress/domain and tier0_egress.constructs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constructs import Construct

from egress.domain import LabTarget, WorkloadDomain
from egress.domain.state import LocalState
from egress.escape import terraform
from egress.policy.owned import BfdPeer as OwnedPeer
from egress.policy.owned import NatRule, NoSnatRule, Route, owned
from egress.vocabulary import ANYWHERE, SUPERVISOR, TKG
from tier0_egress.cdk import TerraformOutput, TerraformStack, of_the_other
from tier0_egress.constructs import (
    BfdPeer,
    EgressException,
    EgressMapping,
    EgressSnatPair,
    NextHop,
    RealizationCheck,
    RefusedValueError,
    Tier0DefaultRoute,
    Tier0Gateway,
    Tier0StaticRoute,
)
from tier0_egress.constructs.realization_check import Realizable

from .backend import add_backend, engine_version
from .provider import nsx_provider


class WorkloadDomainStack(TerraformStack):
    """Default route and egress rules of one workload domain. Its addresses and ids are public: `tests/stacks` pins them."""

    def __init__(self, scope: Construct, domain: WorkloadDomain, lab: LabTarget | None = None) -> None:
        """The stack of `domain`, named as the domain's file is.

        lab: a running lab to act on instead of the domain's manager; its state is then local, and nothing is protected.
        Default: None, the domain's manager. Errors: RefusedValueError, beginning with the stack's name.
        """
        if other := of_the_other(scope):
            raise RefusedValueError(f"{domain.stack}: its scope {other}")
        super().__init__(scope, domain.stack)
        state = LocalState(backend="local") if lab else domain.state
        add_backend(self, domain.stack, state)
        self.add_override("terraform.required_version", engine_version(state))
        nsx_provider(self, domain.nsx, lab)
        try:
            self._wire(domain, protect=domain.default_route.protect and lab is None)
        except RefusedValueError as error:
            raise RefusedValueError(f"{domain.stack}: {error}") from None
        domain.forget()  # what the checks derived from it: of a thousand domains some 15 MB, while the other stacks are made

    def _wire(self, domain: WorkloadDomain, *, protect: bool) -> None:
        gateway = self._gateway(domain)
        TerraformOutput(self, "gateway_path", value=gateway.path)
        made = owned(domain)
        route = self._route("DefaultRoute", gateway, domain, made.route, protect, made.bfd_peers)
        self._route("DefaultRouteV6", gateway, domain, made.route_v6, protect)
        for further in made.further:
            self._further_route(gateway, domain, further)
        if not made.rules and not made.exceptions:
            return
        mappings = {rule.key: _mapping(rule) for rule in made.rules}
        scope = (*made.rules, *made.exceptions)[0].scope
        pair = EgressSnatPair(
            self,
            "Egress",
            gateway_path=gateway.path,
            ha_mode=domain.tier0.ha_mode,
            stateful_active_active=domain.tier0.stateful_active_active,
            applied_to=[self._interface(gateway, domain, name) for name in scope],
            supervisor=mappings.pop(SUPERVISOR, None),
            tkg=mappings.pop(TKG, None),
            more=mappings,
            exceptions={one.key: _exception(one) for one in made.exceptions},
            default_route=route,
        )
        for rule in made.rules:
            self._follow(f"egress_{rule.key}", pair.rules[rule.key], rule.identity.nsx_id, domain)
        for one in made.exceptions:
            self._follow(f"no_snat_{one.key}", pair.exceptions[one.key], one.identity.nsx_id, domain)

    def _gateway(self, domain: WorkloadDomain) -> Tier0Gateway:
        tier0 = domain.tier0
        if tier0.id is not None:
            return Tier0Gateway.from_id(self, "Tier0", gateway_id=terraform(tier0.id))
        return Tier0Gateway.from_display_name(self, "Tier0", display_name=terraform(tier0.display_name or ""))

    def _route(
        self,
        id_: str,
        gateway: Tier0Gateway,
        domain: WorkloadDomain,
        route: Route | None,
        protect: bool,
        peers: Sequence[OwnedPeer] = (),
    ) -> Tier0DefaultRoute | None:
        if route is None:
            return None
        made = Tier0DefaultRoute(
            self,
            id_,
            gateway_path=gateway.path,
            nsx_id=terraform(route.identity.nsx_id),
            display_name=terraform(route.identity.display_name),
            description=terraform(route.identity.description),
            tags=_tags(route.identity.tags),
            ip_version=route.ip_version,
            next_hops=self._next_hops(gateway, domain, route),
            bfd_peers=[_peer(peer) for peer in peers],
            protect=protect,
        )
        self._follow(
            "default_route" if route.ip_version == 4 else "default_route_v6", made.resource, made.nsx_id, domain
        )
        return made

    def _further_route(self, gateway: Tier0Gateway, domain: WorkloadDomain, route: Route) -> None:
        made = Tier0StaticRoute(
            self,
            f"Route_{route.key}",
            gateway_path=gateway.path,
            nsx_id=terraform(route.identity.nsx_id),
            display_name=terraform(route.identity.display_name),
            description=terraform(route.identity.description),
            tags=_tags(route.identity.tags),
            network=route.network,
            next_hops=self._next_hops(gateway, domain, route),
            discard=not route.next_hops,
        )
        self._follow(f"route_{route.key}", made.resource, made.nsx_id, domain)

    def _next_hops(self, gateway: Tier0Gateway, domain: WorkloadDomain, route: Route) -> list[NextHop]:
        return [
            NextHop(
                address=hop.address,
                admin_distance=hop.admin_distance,
                interface_path=self._interface(gateway, domain, hop.interface) if hop.interface else None,
            )
            for hop in route.next_hops
        ]

    def _follow(self, name: str, resource: Realizable, nsx_id: str, domain: WorkloadDomain) -> None:
        """Checks that NSX has realized a resource, and says where it is."""
        wait = domain.realization
        check = RealizationCheck(self, f"{name}_realized", resource=resource, delay=wait.delay, timeout=wait.timeout)
        TerraformOutput(self, f"{name}_path", value=check.path)
        TerraformOutput(self, f"{name}_id", value=terraform(nsx_id))

    @staticmethod
    def _interface(gateway: Tier0Gateway, domain: WorkloadDomain, interface: str) -> str:
        return gateway.interface_path(terraform(interface), terraform(domain.tier0.locale_service))


def _mapping(rule: NatRule) -> EgressMapping:
    return EgressMapping(
        source=rule.source,
        destination=rule.destination,
        translated=rule.translated,
        nsx_id=terraform(rule.identity.nsx_id),
        display_name=terraform(rule.identity.display_name),
        description=terraform(rule.identity.description),
        tags=_tags(rule.identity.tags),
        priority=rule.priority,
        firewall_match=rule.firewall_match,
    )


def _exception(rule: NoSnatRule) -> EgressException:
    return EgressException(
        source=rule.source,
        destination=rule.destination or ANYWHERE,
        nsx_id=terraform(rule.identity.nsx_id),
        display_name=terraform(rule.identity.display_name),
        description=terraform(rule.identity.description),
        tags=_tags(rule.identity.tags),
        priority=rule.priority,
    )


def _peer(peer: OwnedPeer) -> BfdPeer:
    return BfdPeer(
        nsx_id=terraform(peer.identity.nsx_id),
        display_name=terraform(peer.identity.display_name),
        tags=_tags(peer.identity.tags),
        peer_address=peer.peer,
        source_addresses=peer.sources,
        profile_path=terraform(peer.profile_path),
        enabled=peer.enabled,
    )


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {terraform(scope): terraform(tag) for scope, tag in tags.items()}

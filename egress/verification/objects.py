"""The stack's own objects: there, equal attribute by attribute, realized. By our own read: what the provider does not see is seen here."""

from __future__ import annotations

from collections.abc import Iterator

from egress.checks.rule import Path
from egress.domain import NatAction, WorkloadDomain
from egress.policy import paths
from egress.policy.owned import Owned, owned
from egress.policy.paths import Collection, is_nat_rule, is_static_route, last
from egress.policy.sighting import Sighting, out_of_sight
from egress.policy.tree import Json
from egress.verification import meaning
from egress.verification.finding import Finding, found
from egress.verification.meaning import ATTRIBUTES

_VPN_MODE = "policy_based_vpn_mode"
_BLIND = "egress drift says nothing of it: the provider does not miss a network list that the manager leaves out (measured with 3.11.1)"
_VPN = (
    "egress drift and plan say nothing of it, and every later change of the rule fails before a request is sent: the provider takes it into "
    "the state (measured with 3.11.1)"
)


def objects(domain: WorkloadDomain, seen: Sighting) -> Iterator[Finding]:
    """What of the stack's own objects is not as its file says. Of a part that could not be read nothing is said."""
    made = owned(domain)
    where = dict(_places(made, seen.gateway))
    for path, body in made.objects(seen.gateway).items():
        if path not in where or out_of_sight(seen.unseen, path):
            continue
        real = seen.objects.get(path)
        if real is None:
            yield _missing(domain, where[path], path)
            continue
        yield from _differing(domain, where[path], path, body, real)
        if path in seen.states:
            yield found(
                "not-realized",
                domain,
                where[path],
                called(path),
                f"NSX has it and does not act by it ({seen.states[path]})",
                "",
                f"see to what NSX says of {last(path)}; to apply it again changes nothing",
            )


def _places(made: Owned, gateway: str) -> Iterator[tuple[str, Path]]:
    """Where the file says what each object is for."""
    for route in made.routes:
        yield paths.static_route(gateway, route.identity.nsx_id), route.at
    for peer in made.bfd_peers:
        yield paths.bfd_peer(gateway, peer.identity.nsx_id), ("default_route", "bfd")
    for rule in (*made.rules, *made.exceptions):
        yield paths.nat_rule(gateway, rule.identity.nsx_id), rule.at


def called(path: str) -> str:
    """An object in words."""
    if is_nat_rule(path):
        return f"NAT rule {last(path)}"
    if is_static_route(path):
        return f"static route {last(path)}"
    kind = "BFD peer " if path.split("/")[-2:-1] == [Collection.BFD_PEERS] else ""
    return f"{kind}{last(path)}"


def _missing(domain: WorkloadDomain, at: Path, path: str) -> Finding:
    return found(
        "object-missing",
        domain,
        at,
        called(path),
        "the manager has none",
        "",
        f"egress apply {domain.stack} makes it",
    )


def _differing(domain: WorkloadDomain, at: Path, path: str, body: Json, real: Json) -> Iterator[Finding]:
    """A finding for each attribute that means something else."""
    for name, attribute in ATTRIBUTES[str(body["resource_type"])].items():
        if meaning.of(body, name, attribute) == meaning.of(real, name, attribute):
            continue
        omitted = attribute.lists and bool(body.get(name)) and not real.get(name)
        id_ = "label-differs" if attribute.label else "object-differs"
        if name == "enabled" and body.get(name):
            id_ = "rule-disabled"
        yield found(
            id_,
            domain,
            at,
            called(path),
            f"{name} is {meaning.shown(real, name, attribute)} on the manager",
            meaning.shown(body, name, attribute),
            "write it in NSX again: no plan shows it, so no apply does"
            if omitted
            else f"egress apply {domain.stack} puts it back; to keep it: change the file",
            attribute=name,
            drift=_BLIND if omitted else "",
        )
    if body.get("action") == NatAction.REFLEXIVE and real.get(_VPN_MODE):
        yield found(
            "object-differs",
            domain,
            at,
            called(path),
            f"{_VPN_MODE} is {real[_VPN_MODE]} on the manager, which a REFLEXIVE rule cannot have",
            "",
            "take it out of the rule in NSX",
            attribute=_VPN_MODE,
            drift=_VPN,
        )

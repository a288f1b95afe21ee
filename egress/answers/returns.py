"""Routes that are missing outside NSX, decided by the walk: on the DNS servers, and on the upstream router.

Nothing here is written anywhere: these are other people's machines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from egress.answers.causes import Finding, find_all
from egress.answers.questions import questions
from egress.reachability.view import View


@dataclass(frozen=True)
class OutsideRoute:
    """A route on a machine that is not NSX. Several `via` share the load, and one takes over for another. `why`: a sentence."""

    on: str
    to: IPv4Network
    via: tuple[IPv4Address, ...]
    why: str


def missing_routes(view: View, findings: Iterable[Finding] | None = None) -> tuple[OutsideRoute, ...]:
    """The routes that the domain's questions fail for, each once. `findings`: of those questions, if there are some already."""
    if findings is None:
        findings = find_all(view, [question.flow for question in questions(view)])
    routes: dict[tuple[str, IPv4Network], OutsideRoute] = {}
    for finding in findings:
        for remedy in finding.remedies:
            if remedy.route and isinstance(remedy.route.to, IPv4Network):
                via = tuple(one for one in remedy.route.via if isinstance(one, IPv4Address))
                route = OutsideRoute(remedy.at, remedy.route.to, via, remedy.why)
                routes.setdefault((route.on, route.to), route)
    return tuple(routes.values())


def assumed_routes(view: View) -> tuple[OutsideRoute, ...]:
    """The routes outside NSX that the walk takes for granted: those of the file, and the ingress range on the upstream router."""
    world = view.around.world
    held = [(router.name, route) for router in world.routers for route in router.routes]
    held += [(host.name, route) for host in world.hosts for route in host.routes]
    declared = {*(route.to for route in view.domain.return_routes), *view.domain.egress.routed}
    return tuple(
        OutsideRoute(
            name,
            route.to,
            tuple(one for one in route.via if isinstance(one, IPv4Address)),
            "the domain file says that it is there" if route.to in declared else "assumed to be there",
        )
        for name, route in held
        if isinstance(route.to, IPv4Network)
    )

"""What verify looks at, and what it finds: each check with an id, a severity, what must hold and why. docs/verify.md holds the same table."""

from __future__ import annotations

from dataclasses import dataclass

from egress.checks import Severity
from egress.checks.rule import Path
from egress.domain import Place, WorkloadDomain

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE


@dataclass(frozen=True)
class Check:
    """Something that must hold. `title`: what; `why`: what happens otherwise, with who says so."""

    id: str
    severity: Severity
    title: str
    why: str


CHECKS: dict[str, Check] = {
    one.id: one
    for one in (
        Check("object-missing", E, "every object of the stack is on the manager", "a route or rule that is not there lets packets get lost"),
        Check("object-differs", E, "every attribute of it is as the file says", "read by ourselves: the provider does not see every difference"),
        Check("label-differs", W, "its name, description and tags are, too", "no packet goes by them; people and other tools do"),
        Check("object-undeclared", W, "every object that bears the stack's tags is in its file", "it acts, and the file does not tell of it"),
        Check("rule-disabled", E, "no NAT rule and no BFD peer of the stack is switched off", "it is there and does nothing"),
        Check("not-realized", E, "every object of the stack is realized", "NSX took it and does not act by it (NSX Policy API, GenericPolicyRealizedResource.state)"),
        Check("realization-alarm", E, "NSX realizes what the stack stands on: gateway, interfaces, Tier-1s", "what is not realized does nothing"),
        Check("alarm", W, "the manager has no open alarm about the gateway, its interfaces or edges", "NSX tells of a BFD peer or an edge that is down by an alarm"),
        Check("stateful-services-differ", E, "stateful services run where the file says so, and nowhere else", "they decide between SNAT and REFLEXIVE"),
        Check("vrf-differs", E, "the gateway is a VRF of the Tier-0 that the file names, or none", "a VRF fails over with its parent only"),
        Check("uplink-edge-differs", E, "each uplink is on the edge that the file names", "what survives the loss of an edge depends on it"),
        Check("uplink-ipv6-differs", E, "the uplinks have the IPv6 addresses of the file", "next hops of ::/0 start from them"),
        Check("interface-type-differs", E, "uplinks are external interfaces, service interfaces are of type SERVICE", "NSX checks the reverse path, translates and fails over by the type"),
        Check("service-interface-differs", E, "the service interfaces are there, with the addresses of the file", "what is beside them is reached by nothing else"),
        Check("ha-vip-differs", E, "the gateway has the HA VIPs of the file, between the same uplinks, and no other", "return routes and translated addresses lead there"),
        Check("interface-undeclared", N, "every interface of the gateway is in a domain file", "what leaves by another one is not looked at"),
        Check("edge-without-default-route", E, "each edge forwards the default route", "an edge without it drops what it gets: some connections die, others live"),
        Check("route-not-forwarded", E, "an edge forwards each further route", "NSX takes a route whose next hop no interface reaches, and does not use it"),
        Check("next-hop-silent", E, "next hops that BFD watches answer", "NSX withdraws the route meanwhile (administration guide, BFD for static routes)"),
        Check("tier1-missing", E, "of the Tier-1s of the file there are some below the Tier-0", "otherwise nothing that this domain is for was looked at"),
        Check("tier1-gone", N, "each Tier-1 of the file is there", "namespaces go: only the file is behind, and a mapping that was for it is told as stale"),
        Check("tier1-translates-nothing", E, "a Tier-1 to which the file gives an egress address translates to one", "its pods leave with their own addresses, which nobody knows a way back to"),
        Check("tier1-idle", N, "something sends through each Tier-1 of the file", "without a NAT rule and a segment nothing does, and no flow of it is asked about"),
        Check("tier1-differs", N, "a Tier-1 sends with the address that the file says", "a mapping covers it anyway: only the file is behind"),
        Check("egress-uncovered", E, "every egress address finds out and back: by a mapping, a return route, an uplink's subnet", "otherwise image pulls time out"),
        Check("egress-moved", E, "a mapping is for the address that its Tier-1 or namespace has now", "a namespace that is made anew gets another address (vSphere 8, namespace networks)"),
        Check("mapping-stale", W, "every mapping translates something that is there", "its translated address is taken for nothing"),
        Check("nothing-sends", N, "something sends through the Tier-0", "with nothing below it there is nothing to look at"),
        Check("no-address-left", W, "there is an address left to translate the next egress address to", "the next namespace stays without a way out"),
        Check("ip-block-full", W, "IP blocks and pools behind the egress ranges have addresses left", "vSphere cannot make the next namespace"),
        Check("flow-fails", E, "what works by the file works on the manager", "the packet walk over what the manager has"),
        Check("flow-fails-by-file", N, "what the file is for works by the file", "egress explain says why, and what is missing"),
        Check("outage-worse", W, "single failures do no more than by the file", "the what-if matrix over what the manager has"),
        Check("probe-no-answer", W, "API endpoints and DNS servers answer, as seen from this machine (--probe)", "they may well answer others"),
    )
}  # fmt: skip
"""What verify looks at by itself. Rules over a domain and its manager (docs/rules.md) keep their ids and stand beside these."""


@dataclass(frozen=True)
class Finding:
    """Something that does not hold.

    about: the object, in words. seen: what the manager has; said: what the file says, empty where it says nothing of it. attribute: of the
    object, where one differs. drift: a sentence where `egress drift` does not say so. place: where the file says it.
    """

    id: str
    severity: Severity
    about: str
    seen: str
    said: str
    fix: str
    place: Place | None = None
    attribute: str = ""
    drift: str = ""

    @property
    def matters(self) -> bool:
        """Whether somebody has to look: notes are good to know."""
        return self.severity is not Severity.NOTE

    @property
    def what(self) -> str:
        """Seen and said in a sentence."""
        words = f"{self.about}: {self.seen}" if self.about else self.seen
        return f"{words}, the file says {self.said}" if self.said else words


def found(
    id_: str,
    domain: WorkloadDomain,
    at: Path,
    about: str,
    seen: str,
    said: str,
    fix: str,
    *,
    attribute: str = "",
    drift: str = "",
) -> Finding:
    """A finding of one of the checks above, at a value of the domain's file; of the empty path it stands nowhere there."""
    place = domain.place(*at) if at else None
    return Finding(id_, CHECKS[id_].severity, about, seen, said, fix, place, attribute, drift)

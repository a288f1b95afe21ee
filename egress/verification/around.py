"""What others have around the stack's objects: the rules over a domain and its manager, as plan and drift ask them; alarms."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from egress.checks import RULES, Report, check_live
from egress.domain import WorkloadDomain
from egress.inventory.workings import Workings
from egress.policy import paths
from egress.policy.gateways import Tier0
from egress.policy.owned import owned
from egress.policy.paths import Collection as Kind
from egress.policy.paths import is_nat_rule, last
from egress.policy.presence import Presence
from egress.policy.sighting import Sighting, out_of_sight
from egress.verification.finding import Finding, found
from egress.vocabulary import INFRA

_OF_INTERFACES = ("uplink-differs", "interfaces-not-shown")
_OF_STATES = (
    "nothing-tracked",
    "own-object-untracked",
    "object-left-over",
    "state-of-another-stack",
    "state-of-no-stack",
)
ASKED = tuple(rule.id for rule in RULES if rule.live and rule.id not in _OF_STATES)
"""Ids of the rules that are asked: those about a state are not, as none is read here."""
_CARRYING = (Kind.TIER0S, Kind.LOCALE_SERVICES, Kind.INTERFACES, Kind.TIER1S)
"""What the stack's objects stand on, with the NAT rules of Tier-1s; what it owns is told for itself."""
_TIER1S = f"{paths.collection(INFRA, Kind.TIER1S)}/"


def rules(domain: WorkloadDomain, seen: Sighting, stacks: Collection[str]) -> Report:
    """The rules over a domain and its manager, without those about its state, which is not read here. stacks: that the project's files give."""
    there = Presence(domain, seen.gateway, seen.objects, None, "", frozenset(stacks))
    return check_live([there])


def undeclared(domain: WorkloadDomain, seen: Sighting) -> Iterator[Finding]:
    """What bears the stack's own tags and is not in its file: taken out of the file and not applied, or back again from a backup."""
    there = Presence(domain, seen.gateway, seen.objects, frozenset(), "", frozenset())
    for path in there.left_over:
        about = f"{last(path)} of stack {domain.stack}"
        fix = f"egress plan {domain.stack} shows whether it goes; where its state is behind: egress apply {domain.stack} --import-existing"
        yield found("object-undeclared", domain, (), about, "it is on the manager, and not in the file", "", fix)


def told(report: Report, domain: WorkloadDomain, seen: Sighting) -> Iterator[Finding]:
    """What they found, without what comes of a part that could not be read."""
    interfaces = paths.interface(seen.gateway, domain.tier0.locale_service, "x").rpartition("/")[0]
    blind = out_of_sight(seen.unseen, interfaces)
    for one in report.findings:
        if one.rule.id in ASKED and not (blind and one.rule.id in _OF_INTERFACES):
            yield Finding(one.rule.id, one.rule.severity, "", one.what, "", one.fix, one.place)


def not_realized(domain: WorkloadDomain, seen: Sighting) -> Iterator[Finding]:
    """What the stack stands on, and NSX could not realize."""
    own = owned(domain).objects(seen.gateway)
    for path, state in seen.states.items():
        rule_of_tier1 = is_nat_rule(path) and path.startswith(_TIER1S)
        if path not in own and (rule_of_tier1 or path.split("/")[-2:-1] in [[kind] for kind in _CARRYING]):
            fix = f"see to what NSX says of {last(path)}"
            yield found("realization-alarm", domain, ("tier0",), last(path), f"it is not realized ({state})", "", fix)


def alarms(domain: WorkloadDomain, seen: Sighting, workings: Workings, tier0: Tier0) -> Iterator[Finding]:
    """Open alarms about the gateway, what is below it, and its edges."""
    names = {seen.gateway, *_ids(seen, seen.gateway)}
    edges = set()
    for path, body in seen.objects.items():
        if path.startswith(f"{seen.gateway}/"):
            names |= {path, *_ids(seen, path)}
            if body.get("edge_path"):
                edges |= {str(body["edge_path"]), last(str(body["edge_path"]))}
    for one in workings.alarms or ():
        if one.concerns & (names | edges) or any(about.startswith(f"{seen.gateway}/") for about in one.concerns):
            seen_ = f"{one.event} ({one.severity}): {one.summary}"
            yield found(
                "alarm", domain, ("tier0",), tier0.id, seen_, "", "see to it in NSX, and resolve the alarm there"
            )


def _ids(seen: Sighting, path: str) -> set[str]:
    body = seen.objects[path]
    return {str(body[name]) for name in ("unique_id", "realization_id", "nsx_id") if body.get(name)}

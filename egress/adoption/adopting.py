"""A domain file and what stands on its Tier-0, matched: what the file has to say so that the next plan imports and changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress.adoption.attributes import differences, read
from egress.adoption.choosing import choose
from egress.adoption.objects import Own, Theirs, own_objects, their_objects
from egress.adoption.place import Place
from egress.adoption.saying import said
from egress.domain import WorkloadDomain
from egress.domain.editing import Edit
from egress.domain.fields import listed
from egress.policy.identity import GatewayKey, ManagerKey
from egress.policy.owned import NatRule, NoSnatRule, nat_scope, owned
from egress.policy.paths import is_bfd_peer, is_nat_rule, last
from egress.policy.tree import PolicyObjects

_SCOPE = ("egress", "applied_to")


@dataclass(frozen=True)
class Match:
    """An object of the file and the one on the manager that it is. `edits`: what the file has to say for it, nothing where it says it."""

    own: Own
    theirs: Theirs
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Refusal:
    """An object of the file that is not adopted, and why. `paths`: of the objects on the manager that it is about."""

    at: tuple[str, ...]
    title: str
    why: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Adoption:
    """How a file and a manager fit. `missing`: objects of the file of which nothing is there, so that the next apply makes them.
    `scope`: what egress.applied_to has to say, none where it says it. `strangers`: how many routes, rules and BFD peers stay whose they are."""

    gateway: str
    matches: tuple[Match, ...]
    missing: tuple[Own, ...]
    refusals: tuple[Refusal, ...]
    scope: tuple[Edit, ...]
    notes: tuple[str, ...]
    strangers: Mapping[str, int]

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Everything that the file has to say."""
        return (*(edit for match in self.matches for edit in match.edits), *self.scope)

    @property
    def agrees(self) -> bool:
        """Whether an import of all matches leaves nothing to change."""
        return not self.refusals and all(
            not differences(match.own.path, match.own.body, match.theirs.body) for match in self.matches
        )


def adoption(
    domain: WorkloadDomain, gateway: str, objects: PolicyObjects, given: Mapping[str, Any], others: Mapping[str, str]
) -> Adoption:
    """Matches a domain with what is below the Tier-0 whose path is `gateway`.

    given: what the domain's own file says, without its defaults. others: the stacks of the project's other domains, by the paths of what
    they make.
    """
    place, standing = Place(domain, gateway, given), their_objects(objects, gateway)
    found: list[tuple[Own, Theirs]] = []
    missing: list[Own] = []
    refusals: list[Refusal] = []
    notes: list[str] = []
    for own in own_objects(domain, gateway):
        choice = choose(own, standing)
        notes += [f"{own.title}: {note}" for note in choice.notes]
        if choice.why:
            refusals.append(Refusal(own.at, own.title, choice.why, tuple(one.path for one in choice.among)))
        elif choice.theirs is None:
            missing.append(own)
        else:
            found.append((own, choice.theirs))
    wanted_by: dict[str, list[Own]] = defaultdict(list)
    for own, one in found:
        wanted_by[one.path].append(own)
    matches: list[Match] = []
    for own, one in found:
        what = said(own, one, place)
        whys = [*_taken(own, one, wanted_by[one.path], others), *what.whys]
        if whys:
            refusals.append(Refusal(own.at, own.title, f"{one}: {'; '.join(whys)}", (one.path,)))
        else:
            matches.append(Match(own, one, what.edits))
    scope, wrong = _scope(place, matches)
    refusals += [*wrong, *_priorities(matches, missing), *_ids(matches, missing)]
    notes += _unasked(domain, standing.all)
    return Adoption(
        gateway,
        tuple(matches),
        tuple(missing),
        tuple(refusals),
        scope,
        tuple(notes),
        _strangers(standing.all, found, refusals),
    )


def _taken(own: Own, one: Theirs, wanted_by: Sequence[Own], others: Mapping[str, str]) -> Iterator[str]:
    """Why an object is no longer free."""
    if one.path in others:
        yield f"stack {others[one.path]} of this project has it already"
    rivals = [rival.title for rival in wanted_by if rival is not own]
    if rivals:
        yield f"{listed(rivals)} of this file would be the same object: take one of them out"


def _scope(place: Place, matches: Sequence[Match]) -> tuple[tuple[Edit, ...], list[Refusal]]:
    """What egress.applied_to has to say: it is one for all rules of a file."""
    rules = [match for match in matches if isinstance(match.own.made, NatRule | NoSnatRule)]
    by_scope: dict[frozenset[str], list[Match]] = defaultdict(list)
    for match in rules:
        by_scope[read(match.theirs.path, match.theirs.body)["scope"]].append(match)
    if len(by_scope) > 1:
        told = "; ".join(
            f"{listed([str(match.theirs) for match in some])} at {_names(one)}" for one, some in by_scope.items()
        )
        why = f"the rules are applied to different interfaces ({told}), and a file has one scope for all: let them agree in NSX first"
        return (), [_about_scope(why, rules)]
    for scope in by_scope:
        unknown = sorted(path for path in scope if place.interface(path) is None)
        if unknown:
            why = f"the rules are applied to {listed(unknown)}, which the file does not have: write that interface into tier0, or change the scope in NSX"
            return (), [_about_scope(why, rules)]
        names = [place.interface(path) for path in scope]
        now = nat_scope(place.domain)
        if set(names) != set(now):
            return (Edit(_SCOPE, _applied_to(place.domain, names)),), []
    return (), []


def _about_scope(why: str, rules: Sequence[Match]) -> Refusal:
    return Refusal(_SCOPE, "scope of the rules", why, tuple(match.theirs.path for match in rules))


def _applied_to(domain: WorkloadDomain, names: Sequence[str | None]) -> str | list[str]:
    if not names:
        return "everywhere"
    if set(names) == {uplink.id for uplink in domain.tier0.uplinks if uplink.nat}:
        return "uplinks"
    return [name for name in domain.tier0.interface_ids if name in names]


def _names(scope: frozenset[str]) -> str:
    return listed(sorted(map(last, scope))) or "every interface"


def _priorities(matches: Sequence[Match], missing: Sequence[Own]) -> Iterator[Refusal]:
    """Rules of one priority, whose order NSX does not define and which a stack refuses."""
    by_number: dict[int, list[tuple[Own, str]]] = defaultdict(list)
    for match in matches:
        if is_nat_rule(match.theirs.path):
            by_number[match.theirs.priority].append((match.own, match.theirs.path))
    for own in missing:
        if isinstance(own.made, NatRule | NoSnatRule):
            by_number[own.made.priority].append((own, ""))
    for number, some in sorted(by_number.items()):
        if len(some) > 1 and any(path for _, path in some):
            names = " and ".join(".".join(own.at) for own, _ in some)
            why = f"{names} would all have priority {number}, and NSX does not say which of equal ones comes first: give each its own, in NSX or, for one that is to be added, in the file"
            yield Refusal(some[-1][0].at, some[-1][0].title, why, tuple(path for _, path in some if path))


def _ids(matches: Sequence[Match], missing: Sequence[Own]) -> Iterator[Refusal]:
    """Objects of one kind that would have one id after it: one's own is another's already."""
    taken = {match.theirs.path: match for match in matches}
    for own in missing:
        if own.path in taken:
            why = f"{taken[own.path].theirs} has the id that this one would get: write an nsx_id at {'.'.join(own.at)}"
            yield Refusal(own.at, own.title, why, (own.path,))


def _unasked(domain: WorkloadDomain, theirs: Sequence[Theirs]) -> Iterator[str]:
    """BFD peers that watch next hops of a file that says nothing of BFD."""
    if domain.default_route.bfd is not None:
        return
    hops = {str(hop.address) for hop in domain.default_route.next_hops}
    for one in theirs:
        if is_bfd_peer(one.path) and one.body.get("peer_address") in hops:
            yield f"{one} watches next hop {one.body['peer_address']}, and the file has no default_route.bfd: it stays whose it is"


def _strangers(
    theirs: Sequence[Theirs], found: Sequence[tuple[Own, Theirs]], refusals: Sequence[Refusal]
) -> dict[str, int]:
    """How many objects are of nobody here, by their kind."""
    told = {one.path for _, one in found} | {path for refusal in refusals for path in refusal.paths}
    return dict(Counter(one.kind for one in theirs if one.path not in told))


def others_of(
    domain: WorkloadDomain, gateway: str, domains: Sequence[WorkloadDomain], name: str | None
) -> dict[str, str]:
    """What the other domains of a project make below a Tier-0, by path. name: the Tier-0's display name."""
    found: dict[str, str] = {}
    for other in domains:
        same = ManagerKey.of(other.nsx.host) == ManagerKey.of(domain.nsx.host)
        if other.stack == domain.stack or not same:
            continue
        if GatewayKey.of(other).path == gateway or (other.tier0.id is None and other.tier0.display_name == name):
            found |= dict.fromkeys(owned(other).objects(gateway), other.stack)
    return found


def same_but_for(before: Any, after: Any, edits: Sequence[Edit]) -> bool:
    """Whether two plain domains, merged with their defaults, say the same at every place that no edit is about."""
    for edit in edits:
        before, after = _without(before, edit.at), _without(after, edit.at)
    return bool(before == after)


def _without(plain: Any, at: tuple[str | int, ...]) -> Any:
    """A plain value without what stands at a place, and without what is empty then."""
    if not at:
        return None
    if isinstance(plain, dict):
        name = at[0]
        rest = {key: one for key, one in plain.items() if key != name}
        below = _without(plain[name], at[1:]) if name in plain else None
        return rest if below in (None, {}) else {**rest, name: below}
    if isinstance(plain, tuple) and isinstance(at[0], int) and at[0] < len(plain):
        return tuple(_without(one, at[1:]) if index == at[0] else one for index, one in enumerate(plain))
    return plain


def still_there(before: Adoption, after: Adoption) -> bool:
    """Whether a file that says what it has to is matched with the same objects, and has nothing more to say."""
    pairs = [{(match.own.at, match.theirs.path) for match in one.matches} for one in (before, after)]
    return pairs[0] == pairs[1] and not after.edits and after.agrees

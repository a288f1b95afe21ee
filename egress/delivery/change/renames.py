"""Renames among domain files that went and files that came: the same Tier-0 and the same objects under another stack's name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from egress.domain import WorkloadDomain
from egress.policy.identity import GatewayKey, same_gateway
from egress.policy.owned import owned

_IDENTITY = ("id", "display_name", "description", "tags")
"""What the stack's name is in."""
_ALIKE = 0.5
"""Share of the objects that are to be the same where ids differ, as of git's own renames (git-diff, --find-renames)."""


@dataclass(frozen=True)
class Rename:
    """A stack that has another name. declared: its file says so (`formerly`). changed: objects that are not as they were."""

    old: str
    new: str
    declared: bool
    changed: int

    @property
    def told(self) -> str:
        """What to do, and what the plan shows."""
        objects = "1 changed object" if self.changed == 1 else f"{self.changed} changed objects"
        shows = objects if self.changed else "no change"
        if self.declared:
            return f"renamed from {self.old}, whose objects it keeps (formerly): its plan shows {shows}"
        return (
            f"renamed from {self.old}: egress rename {self.old} {self.new} keeps its state and objects, and its plan then shows "
            f"{shows}; until then it shows everything as new"
        )


@dataclass(frozen=True, order=True)
class _Likeness:
    """How much a pair has in common, the strongest sign first."""

    declared: bool
    ids: int
    objects: int


def renames(gone: Sequence[WorkloadDomain], new: Sequence[WorkloadDomain]) -> tuple[Rename, ...]:
    """The renames that can be told, each stack in one at most. What is as much like one as like another is told as none."""
    left = {
        (old.stack, one.stack): (old, one, likeness) for old, one in _pairs(gone, new) if (likeness := _alike(old, one))
    }
    found = []
    while left:
        best = max(likeness for _, _, likeness in left.values())
        pairs = [pair for pair, (_, _, likeness) in left.items() if likeness == best]
        for old, one in pairs:
            if sum(pair[0] == old or pair[1] == one for pair in pairs) == 1:
                before, after, likeness = left[old, one]
                changed = _changed(before, after, _full if likeness.declared else _nameless)
                found.append(Rename(old, one, likeness.declared, changed))
        olds, news = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
        left = {pair: value for pair, value in left.items() if pair[0] not in olds and pair[1] not in news}
    return tuple(sorted(found, key=lambda one: one.new))


def could_be(old: WorkloadDomain, new: Sequence[WorkloadDomain]) -> tuple[str, ...]:
    """Stacks that came on the Tier-0 of one that went: one of them may be a rename that cannot be told."""
    return tuple(one.stack for one in new if same_gateway(old, one))


def _pairs(
    gone: Sequence[WorkloadDomain], new: Sequence[WorkloadDomain]
) -> Iterator[tuple[WorkloadDomain, WorkloadDomain]]:
    """Those that may be alike: on one Tier-0, or made under one name. A renamed folder may hold a thousand."""
    near: dict[GatewayKey | str, list[WorkloadDomain]] = {}
    for one in new:
        near.setdefault(GatewayKey.of(one), []).append(one)
        near.setdefault(one.made_as, []).append(one)
    for old in gone:
        found = [one for key in (GatewayKey.of(old), old.stack, old.made_as) for one in near.get(key, ())]
        yield from ((old, one) for one in {one.stack: one for one in found}.values())


def _alike(old: WorkloadDomain, new: WorkloadDomain) -> _Likeness | None:
    """None where nothing speaks for a rename."""
    declared = new.formerly is not None and new.made_as in (old.stack, old.made_as)
    if not same_gateway(old, new):
        return _Likeness(declared, 0, 0) if declared else None
    ids = len(owned(old).ids & owned(new).ids)
    before, after = old.once(_nameless), new.once(_nameless)
    same = (before & after).total()
    most = max(before.total(), after.total())
    alike = bool(most) and same >= _ALIKE * most
    return _Likeness(declared, ids, same) if declared or ids or alike else None


def _changed(old: WorkloadDomain, new: WorkloadDomain, objects: Callable[[WorkloadDomain], Counter[str]]) -> int:
    before, after = old.once(objects), new.once(objects)
    return max((before - after).total(), (after - before).total())


def _full(domain: WorkloadDomain) -> Counter[str]:
    """The domain's objects."""
    return Counter(_texts(domain, ()))


def _nameless(domain: WorkloadDomain) -> Counter[str]:
    """The domain's objects without what its name is in."""
    return Counter(_texts(domain, _IDENTITY))


def _texts(domain: WorkloadDomain, without: Collection[str]) -> Iterator[str]:
    for body in owned(domain).objects(GatewayKey.of(domain).path).values():
        if body["resource_type"] != "PolicyNat":
            yield json.dumps({key: value for key, value in body.items() if key not in without}, sort_keys=True)

"""What hangs below the Tier-0s: links, the nodes of Tier-1s and of the pods behind them, and what each Tier-0 has of them.

Of many Tier-1s most have nothing behind them that a view asks about. In another world only those are looked at that have something in one
of the two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from egress.policy.tier1s import Tier1
from egress.reachability.layered import Layered
from egress.reachability.tier1_nodes import Link
from egress.reachability.topology import Interface, Node
from egress.reachability.world import Tier1World

_NOTHING = Tier1World()


class Asked(NamedTuple):
    """What it is made of: Tier-1s, further ones that only the world has, what hangs on them by id, paths of the Tier-0s that are there."""

    tier1s: tuple[Tier1, ...]
    imagined: tuple[Tier1, ...]
    worlds: Mapping[str, Tier1World]
    tier0s: tuple[str, ...]

    def stands_on(self, other: Asked) -> bool:
        """Whether another has the same gateways, whatever its world is."""
        return (self.tier1s, self.tier0s) == (other.tier1s, other.tier0s)


class Below(NamedTuple):
    """What a Tier-0 has of its Tier-1s. faces: the DR's interfaces, one a Tier-1. telling: links of those that it learns from."""

    faces: tuple[Interface, ...]
    telling: tuple[Link, ...]


class Lower:
    """Links by the Tier-1's id, nodes by name (Tier-1s and pods), what each Tier-0 has of them by its path.

    `before`: an earlier time, of which all is taken over that has not changed. count: of nodes, those of one name counted each. differs: names
    of those that are not the very same at both times.
    """

    def __init__(self, asked: Asked, before: Lower | None = None) -> None:
        self.asked = asked
        near = before if before and before.asked.stands_on(asked) else None
        gone = [one.id for one in near.asked.imagined] if near and near.asked.imagined != asked.imagined else []
        made = [self._link(tier1, number, before) for number, tier1 in self._to_make(near, gone)]
        links = {link.tier1.id: link for link in made}
        tier1s = {name: self._nodes(link)[0] for name, link in links.items()}
        self.links: Layered[Link] = near.links.changed(links, gone) if near else Layered(links)
        self.tier1s: Layered[Node] = near.tier1s.changed(tier1s, gone) if near else Layered(tier1s)
        pods = [pod for link in self._inhabited() for pod in self._nodes(link)[1:]]
        self.pods = {pod.name: pod for pod in pods}
        self.count = len(asked.tier1s) + len(asked.imagined) + len(pods)
        self.below = {path: _below(path, made, near, asked) for path in asked.tier0s}
        self.differs = apart(before.pods, self.pods) if before else set()
        if near:
            here = {*links, *(one.id for one in near.asked.imagined)}
            self.differs |= {name for name in here if near.tier1s.get(name) is not self.tier1s.get(name)}
        elif before:
            self.differs |= apart(before.tier1s, self.tier1s)

    @classmethod
    def of(cls, asked: Asked, before: Lower | None) -> Lower:
        """That of an earlier time if it was made of the same."""
        return before if before and before.asked == asked else cls(asked, before)

    def _link(self, tier1: Tier1, number: int, before: Lower | None) -> Link:
        """The link of a Tier-1: the very same as before, or as in the ground, if it is equal to it."""
        made = Link(tier1, number, self.asked.worlds.get(tier1.id, _NOTHING))
        known = (before.links.get(tier1.id), before.links.below(tier1.id)) if before else ()
        return next((link for link in known if link == made), made)

    def _to_make(self, near: Lower | None, gone: Collection[str]) -> list[tuple[int, Tier1]]:
        """The Tier-1s whose links are to be made, with their numbers: all, or those that are otherwise than in an earlier time near to this.
        gone: those that only the world had then, where it has others now."""
        now = self.asked
        if near is None:
            return [*enumerate((*now.tier1s, *now.imagined))]
        then = near.asked
        moved = [
            name for name in then.worlds.keys() | now.worlds.keys() if then.worlds.get(name) != now.worlds.get(name)
        ]
        known = [near.links[name] for name in moved if name in near.links and name not in gone]
        found = enumerate(now.imagined, len(now.tier1s)) if then.imagined != now.imagined else ()
        return [*((link.number, link.tier1) for link in known), *found]

    def names(self) -> list[str]:
        """The names of all nodes, as often as there is one of that name."""
        tier1s = (*self.asked.tier1s, *self.asked.imagined)
        return [*(one.id for one in tier1s), *(pod.name for one in self._inhabited() for pod in self._nodes(one)[1:])]

    def _inhabited(self) -> list[Link]:
        """The links of the Tier-1s that the world has something of."""
        there = [self.links[name] for name in self.asked.worlds if name in self.links]
        return sorted(there, key=_number)

    def _nodes(self, link: Link) -> tuple[Node, ...]:
        return link.nodes(link.tier1.tier0 in self.asked.tier0s)


def _number(link: Link) -> int:
    return link.number


def _below(path: str, made: Iterable[Link], near: Lower | None, asked: Asked) -> Below:
    """What the Tier-0 of a path has. made: the links that are otherwise than in an earlier time near to this, or all."""
    mine = [link for link in made if link.tier1.tier0 == path]
    telling = [link for link in mine if link.tells]
    if near is None:
        return Below(tuple(link.face for link in mine), tuple(telling))
    anew = {link.tier1.id for link in made} | {one.id for one in near.asked.imagined if one not in asked.imagined}
    then = near.below[path]
    telling += [link for link in then.telling if link.tier1.id not in anew]
    faces = then.faces
    if near.asked.imagined != asked.imagined:
        last = len(faces) - sum(one.tier0 == path for one in near.asked.imagined)
        faces = (*faces[:last], *(link.face for link in mine if link.number >= len(asked.tier1s)))
    return Below(faces, tuple(sorted(telling, key=_number)))


def apart(one: Mapping[str, Node], other: Mapping[str, Node]) -> set[str]:
    """Names of the nodes that are not the very same in both."""
    return {name for name in one.keys() | other.keys() if one.get(name) is not other.get(name)}

"""NSX Policy objects as one mapping from path to object, whether they came as a tree, from a manager or from a plan."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias, TypeVar

from egress.domain import EgressError
from egress.policy.paths import Collection, child, collection
from egress.vocabulary import INFRA

T = TypeVar("T")
Json: TypeAlias = dict[str, Any]
PolicyObjects: TypeAlias = Mapping[str, Json]
"""Objects by their Policy path. An object's own `children` are not looked at."""

_COLLECTIONS = {
    "Tier0": Collection.TIER0S,
    "Tier1": Collection.TIER1S,
    "LocaleServices": Collection.LOCALE_SERVICES,
    "Tier0Interface": Collection.INTERFACES,
    "StaticRoutes": Collection.STATIC_ROUTES,
    "PolicyNat": Collection.NAT,
    "PolicyNatRule": Collection.NAT_RULES,
}
"""Collections by object type (NSX Policy API). Other types mean nothing to the walk."""


def flatten(infra: Json) -> dict[str, Json]:
    """The objects of a hierarchical tree (`{"resource_type": "Infra", "children": [...]}`).

    Errors: EgressError for a child without an id, or a wrapper that does not hold what its name says.
    """
    return dict(_below(infra, INFRA))


def _below(parent: Json, path: str) -> Iterator[tuple[str, Json]]:
    for wrapper in parent.get("children", ()):
        kind = str(wrapper.get("resource_type", "")).removeprefix("Child")
        if kind not in _COLLECTIONS:
            continue
        body = wrapper.get(kind)
        if not isinstance(body, dict) or not body.get("id"):
            raise EgressError(f"a Child{kind} below {path} holds no {kind} with an id")
        here = child(path, _COLLECTIONS[kind], body["id"])
        yield here, {name: value for name, value in body.items() if name != "children"}
        yield from _below(body, here)


class Tree(Mapping[str, Json]):
    """Policy objects, those of each collection at hand. A change shares with what it was made from every collection that it does not touch."""

    def __init__(self, objects: PolicyObjects) -> None:
        self._collections: dict[str, dict[str, Json]] = {}
        self._derived: dict[Hashable, Any] = {}
        for path, body in objects.items():
            self._collections.setdefault(_above(path), {})[path] = body

    @classmethod
    def of(cls, objects: PolicyObjects) -> Tree:
        """The objects as a tree, which they may be already."""
        return objects if isinstance(objects, Tree) else cls(objects)

    def changed(self, changes: Mapping[str, Json | None]) -> Tree:
        """The same with other objects in place of those of the same paths; None takes one away."""
        made = Tree({})
        made._collections = dict(self._collections)
        for path, body in changes.items():
            above = _above(path)
            if made._collections.get(above) is self._collections.get(above):
                made._collections[above] = dict(self._collections.get(above, {}))
            if body is None:
                made._collections[above].pop(path, None)
            else:
                made._collections[above][path] = body
        return made

    def within(self, above: str) -> Mapping[str, Json]:
        """The objects whose path is `above`, a slash and their id."""
        return self._collections.get(above, {})

    def once(self, name: Hashable, make: Callable[[], T]) -> T:
        """What `make` derives from these objects, made once: they do not change. `name`: of what is derived."""
        if name not in self._derived:
            self._derived[name] = make()
        value: T = self._derived[name]
        return value

    def beyond(self, other: Tree) -> frozenset[str]:
        """Paths of the objects that another has not."""
        return frozenset(
            path
            for above, held in self._collections.items()
            if held is not (known := other.within(above))
            for path in held.keys() - known.keys()
        )

    def __getitem__(self, path: str) -> Json:
        return self._collections[_above(path)][path]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._collections.values())

    def __len__(self) -> int:
        return sum(map(len, self._collections.values()))


def _above(path: str) -> str:
    return path.rpartition("/")[0]


def children(objects: PolicyObjects, parent: str, kind: Collection) -> Iterator[tuple[str, Json]]:
    """Path and object of everything directly in a collection below `parent`, in the mapping's order."""
    yield from within(objects, collection(parent, kind)).items()


def within(objects: PolicyObjects, above: str) -> PolicyObjects:
    """The objects directly below a path, in the mapping's order."""
    if isinstance(objects, Tree):
        return objects.within(above)
    start = f"{above}/"
    there = ((path, body) for path, body in objects.items() if path.startswith(start))
    return {path: body for path, body in there if "/" not in path[len(start) :]}

"""Objects by path. Plain data and one rule: a transaction is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a committed transaction did to one path. `before` is None at creation, `after` at deletion."""

    path: str
    before: Object | None
    after: Object | None


class Store:
    """Policy objects by path, with an index of children in order of creation. Stored objects are never altered in place."""

    def __init__(self) -> None:
        self._objects: dict[str, Object] = {}
        self._children: dict[str, dict[str, None]] = {}
        self._by_type: dict[str, dict[str, None]] = {}

    def get(self, path: str) -> Object | None:
        return self._objects.get(path)

    def __contains__(self, path: str) -> bool:
        return path in self._objects

    def __len__(self) -> int:
        return len(self._objects)

    def paths(self) -> list[str]:
        """All paths, parents before children."""
        return list(self._objects)

    def objects(self) -> Iterator[Object]:
        return iter(self._objects.values())

    def child_paths(self, parent: str) -> list[str]:
        """Paths of the objects directly below `parent`, of whatever type."""
        return list(self._children.get(parent, ()))

    def of_type(self, resource_type: str) -> list[str]:
        """Paths of all objects of a type, wherever they stand."""
        return list(self._by_type.get(resource_type, ()))

    def apply(self, changes: list[Change]) -> None:
        """Writes changes; the caller has checked them."""
        for change in changes:
            if change.after is None:
                self._drop(change.path)
            else:
                self._objects[change.path] = change.after
                self._children.setdefault(change.after["parent_path"], {})[change.path] = None
                self._by_type.setdefault(change.after["resource_type"], {})[change.path] = None

    def clear(self) -> None:
        self._objects.clear()
        self._children.clear()
        self._by_type.clear()

    def _drop(self, path: str) -> None:
        gone = self._objects.pop(path, None)
        if gone is not None:
            self._children.get(gone["parent_path"], {}).pop(path, None)
            self._by_type[gone["resource_type"]].pop(path, None)


class Transaction:
    """A view of the store with changes on top. Nothing reaches the store before `changes` are applied to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._staged: dict[str, Object | None] = {}
        self._staged_below: dict[str, dict[str, None]] = {}

    def get(self, path: str) -> Object | None:
        if path in self._staged:
            return self._staged[path]
        return self._store.get(path)

    def put(self, path: str, obj: Object) -> None:
        self._staged[path] = obj
        self._staged_below.setdefault(obj["parent_path"], {})[path] = None

    def delete(self, path: str) -> None:
        self._staged[path] = None

    def child_paths(self, parent: str) -> list[str]:
        """Paths directly below `parent` as they would be after a commit."""
        stored = [path for path in self._store.child_paths(parent) if self._staged.get(path, True) is not None]
        known = set(stored)
        new = (
            path for path in self._staged_below.get(parent, ()) if self._staged[path] is not None and path not in known
        )
        return stored + list(new)

    def children(self, parent: str, resource_type: str = "") -> list[Object]:
        """Objects directly below `parent`, of one type if one is given."""
        found = [self.get(path) for path in self.child_paths(parent)]
        return [obj for obj in found if obj is not None and resource_type in ("", obj["resource_type"])]

    def of_type(self, resource_type: str) -> list[Object]:
        """Objects of a type, wherever they stand."""
        stored = [self._store.get(path) for path in self._store.of_type(resource_type) if path not in self._staged]
        found = [obj for obj in stored if obj is not None]
        return found + [obj for obj in self.written() if obj["resource_type"] == resource_type]

    def below(self, path: str) -> list[str]:
        """Paths of everything below `path`, children before their parents."""
        result: list[str] = []
        for child in self.child_paths(path):
            result.extend(self.below(child))
            result.append(child)
        return result

    def objects(self) -> Iterator[Object]:
        """Every object as it would be after a commit."""
        for obj in self._store.objects():
            if obj["path"] not in self._staged:
                yield obj
        for staged in self._staged.values():
            if staged is not None:
                yield staged

    def written(self) -> list[Object]:
        """Objects created or changed in this transaction."""
        return [obj for obj in self._staged.values() if obj is not None]

    def deleted(self) -> list[str]:
        """Paths deleted in this transaction that are in the store."""
        return [path for path, obj in self._staged.items() if obj is None and path in self._store]

    def changes(self) -> list[Change]:
        """What a commit will do, deletions last."""
        pairs = [(path, self._store.get(path), after) for path, after in self._staged.items()]
        written = [Change(path, before, after) for path, before, after in pairs if after is not None]
        gone = [Change(path, before, None) for path, before, after in pairs if after is None and before is not None]
        return written + gone

"""Objects by path. Plain data and one rule: a transaction is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
BEGINNINGS = ("/infra/", "/orgs/")
"""How a policy path begins."""
_PLACES = frozenset({"path", "parent_path", "remote_path", "relative_path"})


@dataclass(frozen=True, slots=True)
class Change:
    """What a committed transaction did to one path. `before` is None at creation, `after` at deletion."""

    path: str
    before: Object | None
    after: Object | None


class Index:
    """Paths by what objects are asked for: by their parent, their type, both, or a path in a field of theirs or one inside it. In order of creation.

    Nothing that a write asks may cost more than what it asks for: a lab holds ten thousand objects, and looks at few of them at a time.
    """

    def __init__(self) -> None:
        self._paths: dict[tuple[str, str, str], dict[str, None]] = {}

    def add(self, obj: Object) -> None:
        for key in _keys(obj):
            self._paths.setdefault(key, {})[obj["path"]] = None

    def drop(self, obj: Object) -> None:
        for key in _keys(obj):
            self._take_out(key, obj["path"])

    def replace(self, old: Object, new: Object) -> None:
        """As drop and add; what both share keeps its order."""
        gone, come = _keys(old), _keys(new)
        if gone == come:
            return
        for key in gone - come:
            self._take_out(key, old["path"])
        for key in come - gone:
            self._paths.setdefault(key, {})[new["path"]] = None

    def _take_out(self, key: tuple[str, str, str], path: str) -> None:
        found = self._paths[key]
        del found[path]
        if not found:
            del self._paths[key]

    def find(self, *, parent: str = "", resource_type: str = "", link: str = "") -> Iterable[str]:
        """Paths of the objects below `parent`, of `resource_type`, with a field that is the path `link`: as far as each is given."""
        return self._paths.get((parent, resource_type, link), ())

    def clear(self) -> None:
        self._paths.clear()


def _keys(obj: Object) -> set[tuple[str, str, str]]:
    parent, resource_type = obj["parent_path"], obj["resource_type"]
    keys = {(parent, "", ""), ("", resource_type, ""), (parent, resource_type, "")}
    for name, value in obj.items():
        if isinstance(value, str):
            if value.startswith(BEGINNINGS) and name not in _PLACES:
                keys.add(("", resource_type, value))
        elif isinstance(value, dict):
            for inner in value.values():
                if isinstance(inner, str) and inner.startswith(BEGINNINGS):
                    keys.add(("", resource_type, inner))
    return keys


class Store:
    """Policy objects by path. Stored objects are never altered in place."""

    def __init__(self) -> None:
        self._objects: dict[str, Object] = {}
        self.index = Index()

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
        return list(self.index.find(parent=parent))

    def children(self, parent: str, types: Iterable[str]) -> list[Object]:
        """Objects of some types directly below `parent`, in order of creation."""
        wanted = set(types)
        only = wanted.pop() if len(wanted) == 1 else ""
        found = [self._objects[path] for path in self.index.find(parent=parent, resource_type=only)]
        return found if only else [obj for obj in found if obj["resource_type"] in wanted]

    def apply(self, changes: list[Change]) -> None:
        """Writes changes; the caller has checked them."""
        for change in changes:
            before = self._objects.get(change.path)
            if change.after is None:
                if before is not None:
                    del self._objects[change.path]
                    self.index.drop(before)
                continue
            self._objects[change.path] = change.after
            if before is None:
                self.index.add(change.after)
            else:
                self.index.replace(before, change.after)

    def clear(self) -> None:
        self._objects.clear()
        self.index.clear()


class Transaction:
    """A view of the store with changes on top. Nothing reaches the store before `changes` are applied to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._staged: dict[str, Object | None] = {}
        self._index = Index()

    def get(self, path: str) -> Object | None:
        if path in self._staged:
            return self._staged[path]
        return self._store.get(path)

    def put(self, path: str, obj: Object) -> None:
        before = self._staged.get(path)
        self._staged[path] = obj
        if before is None:
            self._index.add(obj)
        else:
            self._index.replace(before, obj)

    def delete(self, path: str) -> None:
        before = self._staged.get(path)
        self._staged[path] = None
        if before is not None:
            self._index.drop(before)

    def before(self, path: str) -> Object | None:
        """The object as it is stored, without what this transaction does to it."""
        return self._store.get(path)

    def writes_to(self, path: str) -> bool:
        """Whether the object at `path` is created or changed here."""
        return self._staged.get(path) is not None

    def writes(self, resource_type: str) -> bool:
        """Whether an object of a type is created or changed here."""
        return bool(self._index.find(resource_type=resource_type))

    def _paths(self, **asked: str) -> list[str]:
        """Paths as they would be after a commit: those of the store first, in their order, then new ones."""
        stored = {path: None for path in self._store.index.find(**asked) if self._staged.get(path, True) is not None}
        return [*stored, *(path for path in self._index.find(**asked) if path not in stored)]

    def child_paths(self, parent: str) -> list[str]:
        """Paths directly below `parent` as they would be after a commit."""
        return self._paths(parent=parent)

    def children(self, parent: str, resource_type: str = "") -> list[Object]:
        """Objects directly below `parent`, of one type if one is given."""
        return self._of(resource_type, self._paths(parent=parent, resource_type=resource_type))

    def of_type(self, resource_type: str) -> list[Object]:
        """Objects of a type, wherever they stand."""
        return self._of(resource_type, self._paths(resource_type=resource_type))

    def linked(self, resource_type: str, field: str, target: str) -> list[Object]:
        """Objects of a type whose `field` is the path `target`, wherever they stand."""
        return [obj for obj in self.naming(resource_type, target) if obj.get(field) == target]

    def naming(self, resource_type: str, target: str) -> list[Object]:
        """Objects of a type with a field, or a field of one of their fields, that is the path `target`."""
        return self._of(resource_type, self._paths(resource_type=resource_type, link=target))

    def _of(self, resource_type: str, paths: list[str]) -> list[Object]:
        """The objects, without those that are of another type by now."""
        found = [self.get(path) for path in paths]
        return [obj for obj in found if obj is not None and resource_type in ("", obj["resource_type"])]

    def below(self, path: str) -> list[str]:
        """Paths of everything below `path`, children before their parents."""
        result: list[str] = []
        for child in self.child_paths(path):
            result.extend(self.below(child))
            result.append(child)
        return result

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

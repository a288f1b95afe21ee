"""The operations that NSX has, from the SDK's stubs: they decide between 404, 405 and 501."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from nsx_lab.manager.store import errors
from nsx_lab.manager.store.kinds import LONG
from nsx_lab.manager.store.ledger import Evidence, claim

_METHODS = {"G": "GET", "P": "POST", "U": "PUT", "A": "PATCH", "D": "DELETE"}
_LEAF = ""

claim(
    "an operation NSX has and the lab has not: 501 naming it; a path NSX does not have: 404; a method the path does not have: 405",
    Evidence.SPEC,
    "route table of PyPI vcf-nsx 9.1.1.0; the answers' codes are the lab's own",
    "test_operations.py::test_404_405_501",
)


@cache
def _trie() -> dict[str, Any]:
    root: dict[str, Any] = {}
    text = files("nsx_lab.manager.nsx").joinpath("data/nsx-routes.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        letters, _, template = line.partition(" ")
        if letters == "#":
            continue
        path, _, action = template.partition("?")
        node = root
        for segment in path.strip("/").split("/"):
            node = node.setdefault(segment, {})
        operations = node.setdefault(_LEAF, {})
        for letter in letters:
            operations.setdefault(_METHODS[letter], []).append(action)
    return root


def find(path: str) -> tuple[str, dict[str, list[str]]] | None:
    """Template and operations (method -> query actions, "" for none) of a path; None when NSX has no such path. Shared: do not alter."""
    return _remembered(path) if len(path) <= LONG else _found(path)


def _found(path: str) -> tuple[str, dict[str, list[str]]] | None:
    return _find(_trie(), tuple(path.strip("/").split("/")), "")


_remembered = lru_cache(maxsize=16384)(_found)


def _find(node: dict[str, Any], rest: tuple[str, ...], template: str) -> tuple[str, dict[str, list[str]]] | None:
    if not rest:
        return (template, node[_LEAF]) if _LEAF in node else None
    for segment in (rest[0], "{}"):
        if segment in node and rest[0]:
            found = _find(node[segment], rest[1:], f"{template}/{segment}")
            if found is not None:
                return found
    return None


def unanswered(method: str, path: str, action: str = "") -> errors.NsxError:
    """The answer for a request that the lab has no operation for. `action` is that of the query, with its name: `action=revise`."""
    found = find(path)
    if found is None:
        return errors.no_such_path(path)
    template, operations = found
    if action in operations.get(method, []):
        return errors.not_implemented(f"{method} {template}{'?' if action else ''}{action}")
    return errors.method_not_allowed(
        method, path, sorted(method for method, actions in operations.items() if "" in actions)
    )


def allows(method: str, path: str) -> bool:
    """Whether NSX has this operation without an `action`."""
    found = find(path)
    return found is not None and "" in found[1].get(method, [])

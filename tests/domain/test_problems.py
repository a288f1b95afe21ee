"""The tree of exceptions at the top of egress/domain/problems.py is complete."""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil

import egress
import tier0_egress
from egress.domain import problems


def _written() -> dict[str, str]:
    """Each name of the tree and the one that it is indented below."""
    above: list[tuple[int, str]] = []
    tree = {}
    for line in (problems.__doc__ or "").splitlines():
        words = line.split()
        if (words and hasattr(builtins, words[0])) or (words and words[0].endswith("Error")):
            indent = len(line) - len(line.lstrip())
            above = [one for one in above if one[0] < indent]
            tree[words[0]] = above[-1][1] if above else ""
            above.append((indent, words[0]))
    return tree


def _defined() -> dict[str, str]:
    """Each public exception that a module of ours defines, and its base."""
    found = {}
    for package in (egress, tier0_egress):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if issubclass(kind, Exception) and kind.__module__ == module.name and not name.startswith("_"):
                    found[name] = kind.__bases__[0].__name__
    return found


def test_the_tree_of_exceptions_is_complete() -> None:
    written = _written()
    defined = _defined()
    assert {name: base for name, base in written.items() if name in defined} == defined
    assert set(written) - set(defined) == {"Exception", "ImportError", "ValueError"}

"""Finds what looks like a secret in a domain file. Patterns of well-known tokens; a guess, on the safe side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from egress.domain.problems import Problem
from egress.domain.tree import Tree, dotted

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_KEY = re.compile(
    r"(^|_)(password|passwort|passwd|pwd|pass|passphrase|secret|token|api_?key|private_?key|access_?key|secret_?key|"
    r"credential|conn_?str)[0-9]*$"
)
"""The last word decides: a Tier-1 named token-service is none, a key named api-token is."""
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|[a-z][a-z0-9+.-]{0,30}://[^/\s:@]*:[^/\s@]+@"  # user:password in an address
    r"|\b(AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    r"|(?<![\w-])(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,})"  # GitHub, GitLab, Slack
    r"|(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"  # JSON web token
    r"|(?i:\bauthorization\s*:\s*(basic|bearer)\s+\S)"
    r"|(?i:\b(password|passwd|pwd|secret|token|api_?key)\s*=\s*\S)"
)
_FIX = "looks like a secret, no secret belongs into a file: give it in the environment and take this one out of use"


def find(tree: Tree) -> Iterator[Problem]:
    """A finding for every key and value that looks like a secret. The value itself is not repeated."""
    found: list[Problem] = []
    _look(tree, [], found)
    return iter(found)


def _look(tree: Tree, path: list[str | int], found: list[Problem]) -> None:
    """The findings of a tree that stands at a path."""
    value = tree.value
    if isinstance(value, str):
        if _is_a_secret(value):
            found.append(Problem(tree.place, dotted(path), f"value {_FIX}"))
    elif isinstance(value, dict):
        for name, child in value.items():
            if _has_a_secret(name):
                found.append(Problem(tree.keys[name], dotted(path), f"a key {_FIX}"))
            elif child.value is not None and _is_secret_name(name):
                found.append(Problem(tree.keys[name], dotted((*path, name)), f"key {_FIX}"))
            else:
                path.append(name)
                _look(child, path, found)
                path.pop()
    elif isinstance(value, tuple):
        for index, child in enumerate(value):
            path.append(index)
            _look(child, path, found)
            path.pop()


def _is_a_secret(value: str) -> bool:
    """Whether a value is one. Each of the patterns wants a letter, and most values are addresses: those are not searched."""
    return value.lower() != value.upper() and bool(_VALUE.search(value))


@lru_cache(maxsize=1024)
def _has_a_secret(name: str) -> bool:
    return _is_a_secret(name)


@lru_cache(maxsize=1024)
def _is_secret_name(name: str) -> bool:
    return len(name) <= 256 and bool(_KEY.search(_WORD_STARTS.sub("_", name).lower()))

"""Secrets taken out of what a manager answers: nothing that is kept, or worked with, has one."""

from __future__ import annotations

import re
from typing import Any

_KEY = re.compile(
    r"pass(wd|word|phrase)|secret|token|credential|private_?key|pre_?shared|\bpsk\b|api_?key|auth_?key|key_?material|community|md5|cookie|authorization|licen[cs]e_?key",
    re.IGNORECASE,
)
"""Keys of an object whose values are, or may be, secret. A key in excess costs a field that nobody here reads."""
_TEXT = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|[a-z][a-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@")
"""Texts that are secret wherever they stand: a private key, a login in an address."""
_NAMES, _VALUES = ("key", "name", "scope"), ("value", "values", "tag")
"""Pairs such as `{"key": "password", "value": ...}`."""


def without_secrets(value: Any) -> Any:
    """A copy of a JSON value in which whatever may be secret is missing. Errors: ValueError for one that is nested too deeply."""
    try:
        return _without(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        hidden = _VALUES if any(_secret(value.get(name)) for name in _NAMES) else ()
        return {
            key: _without(one)
            for key, one in value.items()
            if not _secret(key) and key not in hidden and not (isinstance(one, str) and _TEXT.search(one))
        }
    if isinstance(value, list):
        return [_without(one) for one in value if not (isinstance(one, str) and _TEXT.search(one))]
    return value


def _secret(name: Any) -> bool:
    return isinstance(name, str) and bool(_KEY.search(name))

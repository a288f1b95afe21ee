"""Kinds of values that blocks take. What jsii would refuse, or take in another way, is left to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from egress.recorder.construct import Strict
from egress.recorder.handover import hand_over
from egress.recorder.texts import resolved

Kind = Callable[[object], Any]
_EXACT = 1 << 53  # JavaScript's whole numbers are exact below


def text(value: object) -> str:
    """Text, with references in place of marks."""
    if not isinstance(value, str):
        hand_over(f"a value of class {type(value).__name__} where text is expected")
    plain = str(value)
    if not plain.isascii():
        try:
            plain.encode()
        except UnicodeEncodeError:
            hand_over("text that is no Unicode")
    return resolved(plain)


def whole(value: object) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _EXACT:
        hand_over(f"a value of class {type(value).__name__} where a number is expected")
    return int(value)


def flag(value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        hand_over(f"a value of class {type(value).__name__} where True or False is expected")
    return value


def texts(value: object) -> list[str]:
    """A list of texts."""
    return [text(one) for one in _items(value)]


def wholes(value: object) -> list[int]:
    """A list of whole numbers."""
    return [whole(one) for one in _items(value)]


def block(kind: type[Struct]) -> Kind:
    """One struct of a class."""

    def taken(value: object) -> dict[str, Any]:
        if not isinstance(value, kind):
            hand_over(f"a value of class {type(value).__name__} where {kind.__name__} is expected")
        return value.values_

    return taken


def blocks(kind: type[Struct]) -> Kind:
    """A list of structs of a class."""
    one = block(kind)
    return lambda value: [one(item) for item in _items(value)]


def _items(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        hand_over(f"a value of class {type(value).__name__} where a list is expected")
    return value


def taken(kinds: Mapping[str, Kind], required: frozenset[str], given: Mapping[str, object], of: str) -> dict[str, Any]:
    """Keyword arguments as JSON, those that are None left out."""
    there: dict[str, Any] = {}
    for name, value in given.items():
        if name not in kinds:
            hand_over(f"{of}({name}=...)")
        if value is not None:
            there[name] = kinds[name](value)
    for name in required:
        if name not in there:
            hand_over(f"{of} without {name}")
    return there


class Struct(metaclass=Strict):
    """A nested block, or an argument that is one. Its values are not changed any more, so several blocks may have them."""

    KINDS: ClassVar[Mapping[str, Kind]] = {}
    REQUIRED: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **given: object) -> None:
        self.values_ = taken(self.KINDS, self.REQUIRED, given, type(self).__name__)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        hand_over(f"{type(self).__name__}.{name}")


def struct(name: str, required: str = "", **kinds: Kind) -> type[Struct]:
    """A class of structs; `required`: names with spaces between."""
    return type(name, (Struct,), {"KINDS": kinds, "REQUIRED": frozenset(required.split())})

"""What is derived from a domain, kept with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Derived:
    """What was derived from a domain, by the function that derived it. It makes no difference between equal domains, and is not sent
    along to another process."""

    def __init__(self) -> None:
        self.values: dict[Callable[[Any], Any], Any] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Derived)

    def __hash__(self) -> int:
        return hash(Derived)

    def __reduce__(self) -> tuple[type[Derived], tuple[()]]:
        return Derived, ()

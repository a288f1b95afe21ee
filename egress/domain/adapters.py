"""How values that are no models are read and written: pydantic's adapters, each made when somebody reads or writes, so that no start pays for one."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def adapter(kind: type[T]) -> TypeAdapter[T]:
    """The adapter of a data class, or of a tuple of them; one for each kind."""
    made: TypeAdapter[T] = _made(kind)  # type: ignore[arg-type]  # mypy does not see that a class can be hashed
    return made


@functools.cache
def _made(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)

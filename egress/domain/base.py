"""What every part of a domain's model is made of: enums, frozen maps, and the bases Part and Named.

Modules of models go without `from __future__ import annotations`: pydantic would compile each annotation from its text whenever a
command starts.
"""

import copyreg
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from egress.domain.fields import Description, DisplayName, PolicyId, TagScope, TagValue, quoted, wrong
from egress.domain.moved import NOTHING_MOVED, MovedKeys
from egress.domain.state import given
from egress.vocabulary import MAX_PRIORITY, FirewallMatch, HaMode

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")


def _enum(kind: type[E]) -> BeforeValidator:
    def parse(value: Any) -> E:
        try:
            return kind(value)
        except ValueError:
            raise wrong(f"{quoted(value)} is not allowed here, allowed is {' or '.join(kind)}") from None

    return BeforeValidator(parse)


def number_not_truth(value: Any) -> Any:
    """Python takes true for 1; a file does not."""
    if isinstance(value, bool):
        raise wrong(f"{value!r} is not a number, allowed is 1".lower())
    return value


def _frozen(value: Mapping[str, V]) -> Mapping[str, V]:
    return MappingProxyType(dict(value))


def _sent(mapping: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _frozen, (dict(mapping),)


copyreg.pickle(MappingProxyType, _sent)
"""What a worker found comes back from its process (egress/toolchain/running/workers.py); Python has no way of its own to send such a mapping."""


def _without_nulls(value: Any) -> Any:
    given_none = isinstance(value, dict) and None in value.values()
    return {name: one for name, one in value.items() if one is not None} if given_none else value


Frozen = (BeforeValidator(_without_nulls), AfterValidator(_frozen), PlainSerializer(dict))
Tags = Annotated[Mapping[TagScope, TagValue], *Frozen]
HaModeField = Annotated[HaMode, _enum(HaMode)]
FirewallMatchField = Annotated[FirewallMatch, _enum(FirewallMatch)]
Priority = Annotated[int, Field(ge=0, le=MAX_PRIORITY)]


class Part(BaseModel):
    """Base of everything in a domain file: frozen, strict, unknown keys refused, null as if the key were not there.

    `moved`: keys that an earlier form of the file had here, and how they are written now. A model is completed when it first reads a
    value (`defer_build`), and what stands inside of it with it: a command's start pays for none.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)
    moved: ClassVar[MovedKeys] = NOTHING_MOVED

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, value: Any) -> Any:
        return given(cls, value)


class Named(Part):
    """Keys that every NSX object of a domain may carry. Left out: the id and name are derived, tags are the domain's own."""

    nsx_id: PolicyId | None = Field(
        None, description="id in NSX; left out: derived from the stack's name. A changed id replaces the object"
    )
    display_name: DisplayName | None = Field(None, description="name in NSX; left out: the id")
    description: Description = Field("", description="free text, at most 1,024 characters")
    tags: Tags | None = Field(None, description="tag scope: tag; left out: managed-by and stack")

"""Values at the door of a construct: typed ones pass, text is parsed once, Terraform expressions pass unchecked.

Whatever is wrong with a value, its type included, is a RefusedValueError: the argument's name, the value, what is allowed.
Refusals quote NSX or the provider. Where a reason is quoted, its source is named beside it; APIDOC is the NSX Policy API
reference (4.1.0 and later), "provider" is vmware/nsxt 3.11.1.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MappingProxyType
from typing import Any, TypeVar

from jsii._reference_map import InterfaceDynamicProxy

from egress.vocabulary import MAX_DESCRIPTION, MAX_DISPLAY_NAME, MAX_TAG, MAX_TAG_SCOPE

# $${ is how Terraform writes a plain ${; the other forms are what cdktf puts into lists and maps that are tokens.
_EXPRESSION = re.compile(r"(?<!\$)\$\{|[#&]\{TfToken\[")
_LIST_OR_MAP = re.compile(r"[#&]\{TfToken\[")
_NUMBER = b"\xfd\xff"  # what a number token begins with, as a big-endian double (cdktf 0.21, measured)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN = 80
_PLAIN = (str, bytes, int, float, list, tuple, dict, set, type(None))
_IP = (IPv4Address, IPv4Network, IPv6Address, IPv6Network)

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class RefusedValueError(ValueError):
    """A construct cannot take a value: what was given, what is allowed, what to change."""


def shown(value: object) -> str:
    """A value as messages show it: cut after 80 characters; of an object that is no plain value, or cannot be shown, its class."""
    kind = f"an object of class {type(value).__name__}"
    if not isinstance(value, (*_PLAIN, *_IP)):
        return kind
    try:
        text = repr(str(value)) if isinstance(value, _IP) else repr(value)
    except (ValueError, RecursionError):  # a number of more than 4,300 digits; a list in a list in a list ...
        return kind
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def unresolved(value: object) -> bool:
    """True for CDKTF tokens and for text with a Terraform expression in it: known only when Terraform runs.

    Tokens are told by their marks, as `Token.is_unresolved` does in JavaScript, without the trip there (0.3 ms each, and NaN
    would end the process there). A number token is a huge negative double, so in Python a float and never an int.
    """
    if isinstance(value, str):
        return _EXPRESSION.search(value) is not None
    return isinstance(value, float) and struct.pack(">d", value).startswith(_NUMBER)


def element_of_unknown_list(value: object) -> bool:
    """True for the text that cdktf puts into a list (or map) whose content only Terraform knows. It stands for all of it."""
    return isinstance(value, str) and _LIST_OR_MAP.search(value) is not None


def refuse_unknown_list(value: object, prop: str, allowed: str) -> None:
    """Refuses what stands for a whole list where one value is wanted: jsii would do so at synthesis, naming nothing."""
    if element_of_unknown_list(value):
        raise RefusedValueError(
            f"{prop}: this is a list that only Terraform knows, of unknown length, {allowed}: take Fn.element(list, 0), "
            "Fn.element(list, 1) and so on, as many as are fixed here"
        )


def text(value: object, prop: str, allowed: str) -> str:
    """Text, or a Terraform expression as text."""
    refuse_unknown_list(value, prop, allowed)
    if isinstance(value, str):
        return value
    raise RefusedValueError(f"{prop}: {shown(value)} is no text, {allowed}{hint(value)}")


def hint(value: object) -> str:
    """How to get the text of an object that people give in its place; empty where there is no way."""
    for attribute in ("path", "string_value", "fqn"):
        if hasattr(type(value), attribute):
            return f": give its .{attribute}"
    return ": give it as text, with Token.as_string" if _is_expression_object(value) else ""


def _is_expression_object(value: object) -> bool:
    """What cdktf gives for an expression that is neither text nor a number, such as TerraformVariable.boolean_value."""
    return isinstance(value, InterfaceDynamicProxy)  # a private name of jsii, which all generated bindings use


def line(value: object, prop: str, low: int, high: int) -> str:
    """Text of one line within bounds."""
    allowed = f"allowed are {low} to {high} characters on one line"
    given = text(value, prop, allowed)
    if not unresolved(given) and (not low <= len(given) <= high or _control(given)):
        raise RefusedValueError(f"{prop}: {shown(given)} is not allowed, {allowed}")
    return given


def name_text(value: object, prop: str = "display_name") -> str:
    """A name that people see (provider schema: 1 to 255 characters)."""
    return line(value, prop, 1, MAX_DISPLAY_NAME)


def free_text(value: object) -> str:
    """Free text, line breaks allowed (provider schema)."""
    allowed = f"allowed are at most {MAX_DESCRIPTION} characters"
    given = text(value, "description", allowed)
    if not unresolved(given) and (len(given) > MAX_DESCRIPTION or _control(given.replace("\n", "").replace("\t", ""))):
        raise RefusedValueError(f"description: {shown(given)} is not allowed, {allowed}")
    return given


def tag_map(value: object) -> Mapping[str, str]:
    """Tag scope -> tag; None: no tags."""
    if value is None:
        return MappingProxyType({})
    if not isinstance(value, Mapping):
        raise RefusedValueError(f'tags: {shown(value)} is no mapping, allowed is one such as {{"scope": "tag"}}')
    if any(map(element_of_unknown_list, value)):
        raise RefusedValueError(
            "tags: this is a map that only Terraform knows, allowed is one whose keys are known here"
        )
    return MappingProxyType(
        {
            line(scope, "tags", 0, MAX_TAG_SCOPE): line(tag, f"tags[{scope!r}]", 0, MAX_TAG)
            for scope, tag in value.items()
        }
    )


def labels(display_name: object, description: object, tags: object) -> Mapping[str, str]:
    """What every object has for people: checks its name (None: its id) and description, and returns its tags."""
    if display_name is not None:
        name_text(display_name)
    free_text(description)
    return tag_map(tags)


def _control(value: str) -> bool:
    return _CONTROL.search(value) is not None


def whole_number(value: object, prop: str, low: int, high: int) -> int:
    """A whole number within bounds. A number token passes."""
    if isinstance(value, float) and unresolved(value):
        return value  # type: ignore[return-value]  # a number token is a float that JavaScript understands
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RefusedValueError(
            f"{prop}: {shown(value)} is not allowed, allowed is a whole number from {low} to {high}"
        )
    return value


def flag(value: object, prop: str, *, expression: bool = False) -> bool:
    """True or False. `expression`: whether it may be known only when Terraform runs."""
    if expression and _is_expression_object(value):
        return value  # type: ignore[return-value]  # the bindings take it
    if not isinstance(value, bool):
        raise RefusedValueError(f"{prop}: {shown(value)} is not allowed, allowed is True or False")
    return value


def choice(kind: type[E], value: object, prop: str) -> E:
    """A member of an enumeration, given as such or as its text."""
    try:
        return kind(value)  # type: ignore[arg-type]  # whatever it is: ValueError unless it is a member's text
    except (ValueError, RecursionError):  # the latter from Python's own message about a deep list
        raise RefusedValueError(f"{prop}: {shown(value)} is not allowed, allowed is {' or '.join(kind)}") from None


def instance(value: object, kind: type[T], prop: str) -> T:
    """An object of a class."""
    if not isinstance(value, kind):
        raise RefusedValueError(f"{prop}: {shown(value)} is not allowed, allowed is an object of class {kind.__name__}")
    return value


def items(value: object, prop: str, of: str) -> tuple[Any, ...]:
    """A list or tuple. Text is none, although Python takes it for a sequence of letters. `of`: what is to be in it."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return tuple(value)
    raise RefusedValueError(f"{prop}: {shown(value)} is no list, allowed is a list of {of}")


def instances(value: object, kind: type[T], prop: str) -> tuple[T, ...]:
    """A list of objects of a class."""
    of = f"{kind.__name__} objects"
    given = items(value, prop, of)
    for one in given:
        refuse_unknown_list(one, prop, f"allowed is a list of {of}")
    return tuple(instance(one, kind, prop) for one in given)


def first_repeated(values: Iterable[object]) -> object | None:
    """The first known value that occurs twice; Terraform expressions are not compared."""
    seen: set[object] = set()
    for value in values:
        if unresolved(value):
            continue
        if value in seen:
            return value
        seen.add(value)
    return None

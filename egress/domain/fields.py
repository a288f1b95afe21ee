"""The door: text from a domain file becomes typed values here, and nowhere else.

Every parser takes a value that YAML gave (text, integer, boolean, None) and raises PydanticCustomError with a sentence that
names the value, what is allowed and, where there is an obvious one, the fix.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    NetmaskValueError,
)
from itertools import islice
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from egress import escape
from egress.domain.credentials import owner
from egress.vocabulary import ANYWHERE, INFRA, MAX_DESCRIPTION, MAX_DISPLAY_NAME, MAX_TAG, MAX_TAG_SCOPE

T = TypeVar("T")
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4_PATTERN = rf"{_OCTET}(\.{_OCTET}){{3}}"
_LENGTH = r"(3[0-2]|[12]?[0-9])"
_IPV6_PATTERN = r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
_HOST = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:[1-9][0-9]{0,4})?"
_ID = rf"[^/&\s{escape.HIDDEN}][^/&{escape.HIDDEN}]{{0,254}}"
_ID_THAT_SHOWS = r"[^/&\s][^/&]{0,254}"
"""The same for a text in which nothing is hidden, as `_text` gives it; it is compiled in a tenth of the time."""
_ENV_PREFIX = r"[A-Z][A-Z0-9_]*"

_SHOWN = 80
_LISTED = 12

Finding = tuple[tuple[str | int, ...], str]
"""What is wrong at a place below the model that is being validated: keys and indices, and a sentence."""


def quoted(value: Any) -> str:
    """A value as messages show it: quoted, hidden characters escaped, cut after 80 characters."""
    text = escape.line(ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def listed(values: Collection[Any], joint: str = ", ") -> str:
    """The first few values, and how many more there are: a sentence stays one, whatever is in a file."""
    more = len(values) - _LISTED
    shown = joint.join(map(str, islice(values, _LISTED if more > 1 else len(values))))
    return f"{shown} and {more} more" if more > 1 else shown


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was meant by a mistyped one, if there is one much like it."""
    import difflib  # a command that meets no mistake does without

    near = difflib.get_close_matches(name, known, n=1)
    return near[0] if near else None


def wrong(what: str) -> PydanticCustomError:
    """An error about one value, whose text is exactly `what`."""
    return wrong_at([((), what)])


def wrong_at(findings: list[Finding]) -> PydanticCustomError:
    """One error that carries several findings, for validators that look at several keys."""
    text = "; ".join(what for _, what in findings)
    return PydanticCustomError("egress", "{text}", {"text": text, "findings": findings})


def hidden_character(text: str, *, lines: bool = False) -> str | None:
    """Why `text` is refused, if it holds a character that nobody sees or that reorders what people see.

    The one rule for every name, value and path of a domain file. The text itself is not repeated: it may be a secret. lines: several lines and tabs are allowed.
    """
    found = escape.hidden(text, lines=lines)
    if found is None:
        return None
    return f"character {found.start() + 1} is {escape.name(found[0])}, allowed is text that shows: take it out"


def _text(value: Any, allowed: str, *, lines: bool = False) -> str:
    if not isinstance(value, str):
        raise wrong(f"{quoted(value)} is not text, allowed is {allowed}")
    refused = hidden_character(value, lines=lines)
    if refused:
        raise wrong(refused)
    return value


def _address(value: Any) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    allowed = "an IPv4 address such as 10.27.51.1"
    text = _text(value, allowed)
    if ":" in text:
        raise wrong(
            f"{quoted(text)} is not an IPv4 address, allowed is {allowed}: NSX has no NAT66, and BFD peers are IPv4"
        )
    try:
        return IPv4Address(text)
    except AddressValueError:
        hint = " (without a prefix length)" if "/" in text else ""
        raise wrong(f"{quoted(text)} is not an IPv4 address, allowed is {allowed}{hint}") from None


def _address_v6(value: Any) -> IPv6Address:
    if isinstance(value, IPv6Address):
        return value
    allowed = "an IPv6 address such as 2001:db8:51::1"
    text = _text(value, allowed)
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise wrong(f"{quoted(text)} is not an IPv6 address, allowed is {allowed}") from None
    if address.scope_id is not None:
        raise wrong(f"{quoted(text)} carries a zone, allowed is {allowed}; name the interface beside it")
    return address


def _any_address(value: Any) -> IPv4Address | IPv6Address:
    if isinstance(value, IPv4Address | IPv6Address):
        return value
    return _address_v6(value) if isinstance(value, str) and ":" in value else _address(value)


def _route_holder(value: Any) -> IPv4Address | IPv6Address | str:
    if value == "upstream" or isinstance(value, IPv4Address | IPv6Address):
        return value  # type: ignore[no-any-return]
    if isinstance(value, str) and (":" in value or value[:1].isdecimal()):
        return _any_address(value)
    raise wrong(
        f"{quoted(value)} is not allowed here, allowed is upstream or the address of a DNS server or of its router"
    )


def _network(value: Any) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    allowed = "an IPv4 network such as 30.0.0.0/24"
    text = _text(value, allowed)
    if "/" not in text or not re.fullmatch(rf"[0-9.]+/{_LENGTH}", text):
        raise wrong(f"{quoted(text)} is not an IPv4 network, allowed is {allowed}")
    try:
        return IPv4Network(text)
    except (AddressValueError, NetmaskValueError):
        raise wrong(f"{quoted(text)} is not an IPv4 network, allowed is {allowed}") from None
    except ValueError:
        raise wrong(f"{quoted(text)} has host bits set, did you mean {IPv4Network(text, strict=False)}?") from None


def _address_or_network(value: Any) -> IPv4Address | IPv4Network:
    if isinstance(value, IPv4Address | IPv4Network):
        return value
    text = _text(value, "an IPv4 address or network such as 30.0.0.5 or 30.0.0.0/28")
    if "-" in text or "," in text:
        raise wrong(
            f"{quoted(text)} is a range or a list, allowed is one IPv4 address or network: NSX refuses ranges in NAT rules"
        )
    if ":" in text:
        raise wrong(f"{quoted(text)} is IPv6, allowed is an IPv4 address or network: NSX has no NAT66")
    return _network(text) if "/" in text else _address(text)


def _network_v6(value: str) -> IPv6Network:
    allowed = "an IPv6 network such as 2001:db8:51::/64"
    try:
        return IPv6Network(value)
    except (AddressValueError, NetmaskValueError):
        raise wrong(f"{quoted(value)} is not an IPv6 network, allowed is {allowed}") from None
    except ValueError:
        raise wrong(f"{quoted(value)} has host bits set, did you mean {IPv6Network(value, strict=False)}?") from None


def _any_address_or_network(value: Any) -> IPv4Address | IPv6Address | IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if isinstance(value, str) and "/" in value:
        return _network_v6(_text(value, "an address or network")) if ":" in value else _network(value)
    return _any_address(value)


def _source(value: Any) -> IPv4Address | IPv4Network:
    return ANYWHERE if value == "any" else _address_or_network(value)


def _interface(value: Any) -> IPv4Interface:
    if isinstance(value, IPv4Interface):
        return value
    allowed = "an address with its prefix length such as 10.27.51.145/24"
    text = _text(value, allowed)
    if not re.fullmatch(rf"[0-9.]+/{_LENGTH}", text):
        raise wrong(f"{quoted(text)} is not an interface address, allowed is {allowed}")
    try:
        return IPv4Interface(text)
    except ValueError:
        raise wrong(f"{quoted(text)} is not an interface address, allowed is {allowed}") from None


def _interface_v6(value: Any) -> IPv6Interface:
    if isinstance(value, IPv6Interface):
        return value
    allowed = "an IPv6 address with its prefix length such as 2001:db8:51::145/64"
    text = _text(value, allowed)
    try:
        if "/" not in text or "%" in text or not text.rsplit("/", 1)[1].isdecimal():
            raise ValueError
        return IPv6Interface(text)
    except ValueError:
        raise wrong(f"{quoted(text)} is not an IPv6 interface address, allowed is {allowed}") from None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when a value wants it: few of all the keys are in a file, and a command's start pays for those alone."""
    return re.compile(pattern)


def _matching(pattern: str, allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = _text(value, allowed)
        if not _compiled(pattern).fullmatch(text):
            raise wrong(f"{quoted(text)} is not allowed here, allowed is {allowed}")
        return text

    return check


def _of_length(least: int, most: int, allowed: str, *, lines: bool = False) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = _text(value, allowed, lines=lines)
        if not least <= len(text) <= most:
            raise wrong(f"{quoted(text)} is not allowed here, allowed is {allowed}")
        return text

    return check


def _policy_id(value: Any) -> str:
    allowed = "an NSX id: 1 to 255 characters without '/', '&' and line breaks"
    text = _text(value, allowed)
    if text.startswith(("/global-infra/", "/orgs/")):
        raise wrong(
            f"{quoted(text)} belongs to a Global Manager, a project or a VPC, allowed is {allowed}: only objects of a local "
            "manager's default space can be served here"
        )
    if text.startswith(f"{INFRA}/"):
        raise wrong(f"{quoted(text)} is a path, did you mean {quoted(text.rsplit('/', 1)[1])}?")
    if not re.fullmatch(_ID_THAT_SHOWS, text):
        raise wrong(f"{quoted(text)} is not allowed here, allowed is {allowed}")
    return text


def _env_prefix(value: Any) -> str:
    allowed = "the prefix of two environment variables, as in NSXT for NSXT_USERNAME and NSXT_PASSWORD"
    text = _matching(_ENV_PREFIX, allowed)(value)
    foreign = owner(text)
    if foreign:
        raise wrong(
            f"{quoted(text)} is not allowed here, {text}_* belongs to {foreign}, whose login the manager would get: "
            "allowed is a prefix of its own, as in NSXT or NSXT_PROD"
        )
    return text


def _applied_to(value: Any) -> Any:
    allowed = "uplinks, everywhere, or a list of interface ids"
    if value in ("uplinks", "everywhere"):
        return value
    if not isinstance(value, tuple) or not value:
        raise wrong(f"{quoted(value)} is not allowed here, allowed is {allowed}")
    findings: list[Finding] = []
    for index, name in enumerate(value):
        try:
            _policy_id(name)
        except PydanticCustomError as error:
            findings.append(((index,), error.message()))
    if findings:
        raise wrong_at(findings)
    return value


def _relative_path(value: Any) -> str:
    allowed = "a path relative to the project folder, inside it"
    text = _text(value, allowed)
    path = PurePosixPath(text)
    if not text or path.is_absolute() or ".." in path.parts or "\\" in text or "~" in text or "\0" in text:
        raise wrong(f"{quoted(text)} is not allowed here, allowed is {allowed}")
    return str(path)


class _Parsed:
    """How pydantic reads a value: by one of the parsers above and nothing else, as what they give is of the annotated type.

    Neither is a validator made for that type, which a start would pay for, nor is a value looked at twice.
    """

    def __init__(self, parser: Callable[[Any], Any], schema: dict[str, Any], *, as_text: bool = True) -> None:
        """schema: what the JSON Schema says of the value. as_text: it is written as text where JSON is written."""
        self._parser = parser
        self._schema = schema
        self._as_text = as_text

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.to_string_ser_schema(when_used="json") if self._as_text else None
        return core_schema.no_info_plain_validator_function(self._parser, serialization=written)

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self._schema)


def _field(parser: Callable[[Any], Any], pattern: str) -> _Parsed:
    return _Parsed(parser, {"type": "string", "pattern": f"^{pattern}$"})


def _named(pattern: str, allowed: str) -> _Parsed:
    return _field(_matching(pattern, allowed), pattern)


def _line(least: int, most: int, allowed: str) -> _Parsed:
    return _field(_of_length(least, most, allowed), f"[^{escape.HIDDEN}]{{{least},{most}}}")


def _lines(least: int, most: int, allowed: str) -> _Parsed:
    pattern = f"[^{escape.HIDDEN_IN_TEXT}]{{{least},{most}}}"
    return _field(_of_length(least, most, allowed, lines=True), pattern)


Ipv4 = Annotated[IPv4Address, _field(_address, IPV4_PATTERN)]
Ipv6 = Annotated[IPv6Address, _field(_address_v6, _IPV6_PATTERN)]
_ANY_ADDRESS = f"({IPV4_PATTERN}|{_IPV6_PATTERN})"
ANY_ADDRESS_PATTERN = f"^{_ANY_ADDRESS}$"
AnyAddress = Annotated[IPv4Address | IPv6Address, _field(_any_address, _ANY_ADDRESS)]
RouteHolder = Annotated[
    IPv4Address | IPv6Address | Literal["upstream"],
    _field(_route_holder, f"(upstream|{IPV4_PATTERN}|{_IPV6_PATTERN})"),
]
AnyAddressOrNet = Annotated[
    IPv4Address | IPv6Address | IPv4Network | IPv6Network,
    _field(_any_address_or_network, f"({IPV4_PATTERN}(/{_LENGTH})?|{_IPV6_PATTERN}(/[0-9]{{1,3}})?)"),
]
Ipv4Net = Annotated[IPv4Network, _field(_network, f"{IPV4_PATTERN}/{_LENGTH}")]
Ipv4AddressOrNet = Annotated[IPv4Address | IPv4Network, _field(_address_or_network, f"{IPV4_PATTERN}(/{_LENGTH})?")]
Ipv4Source = Annotated[IPv4Address | IPv4Network, _field(_source, f"(any|{IPV4_PATTERN}(/{_LENGTH})?)")]
"""An address, a network, or any, which is ANYWHERE."""
Ipv4InterfaceAddress = Annotated[IPv4Interface, _field(_interface, f"{IPV4_PATTERN}/{_LENGTH}")]
Ipv6InterfaceAddress = Annotated[IPv6Interface, _field(_interface_v6, f"{_IPV6_PATTERN}/[0-9]{{1,3}}")]
AnyNetwork = IPv4Network | IPv6Network

Name = Annotated[
    str, _named(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "lower-case letters, digits and dashes, as in wld01")
]
MappingName = Annotated[
    str,
    _named(
        r"(?!(supervisor|tkg)$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        "lower-case letters, digits and dashes, as in registry; supervisor and tkg have keys of their own",
    ),
]
StackName = Annotated[str, _named(r"[a-z0-9][a-z0-9-]{0,127}", "a stack name such as prod-wld02")]
Host = Annotated[
    str, _named(_HOST, "a host name or address with an optional port, as in nsx.example.com or 10.0.0.1:443")
]
EnvPrefix = Annotated[str, _field(_env_prefix, _ENV_PREFIX)]
"""Whose variables a prefix must not take is not said by the schema: egress/domain/credentials.py lists them."""
PolicyId = Annotated[str, _field(_policy_id, _ID)]
"""The provider refuses '/' and '&' in ids from its next release on; it takes 1,024 characters, 255 is ours (assumption)."""
AppliedTo = Annotated[
    Literal["uplinks", "everywhere"] | tuple[str, ...],
    _Parsed(
        _applied_to,
        {
            "anyOf": [
                {"enum": ["uplinks", "everywhere"]},
                {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": f"^{_ID}$"}},
            ]
        },
        as_text=False,
    ),
]
DisplayName = Annotated[str, _line(1, MAX_DISPLAY_NAME, "1 to 255 characters on one line")]
"""Length 1 to 255: provider schema validation of display_name."""
Description = Annotated[str, _lines(0, MAX_DESCRIPTION, "at most 1,024 characters")]
Reason = Annotated[str, _lines(10, 1024, "10 to 1,024 characters that say why")]
RuleId = Annotated[str, _line(1, 128, "the id of a rule, see docs/rules.md")]
TagScope = Annotated[str, _line(0, MAX_TAG_SCOPE, "a tag scope of at most 128 characters")]
TagValue = Annotated[str, _line(0, MAX_TAG, "a tag of at most 256 characters")]
NsxVersion = Annotated[str, _named(r"[0-9]{1,2}(\.[0-9]{1,3}){1,3}", "an NSX version in quotes such as '4.2.1'")]
RelativePath = Annotated[str, _field(_relative_path, rf"[^/\\~{escape.HIDDEN}][^\\~{escape.HIDDEN}]*")]
StoreText = Annotated[str, _line(1, 1024, "1 to 1,024 characters on one line")]
"""Names in a state store: a bucket, a key, a region."""
StoreUrl = Annotated[
    str,
    _named(rf"https://[^@\s{escape.HIDDEN}]{{1,2040}}", "an https address without user and password in it"),
]
"""https only, and no user:password@ in it: credentials of a store come from the environment."""

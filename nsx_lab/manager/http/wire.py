"""Requests and answers as plain values, between the ASGI server and the rooms that know NSX."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from nsx_lab.manager.store import errors
from nsx_lab.strict_json import parse

JSON = "application/json;charset=UTF-8"
_ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True)
class Request:
    """One HTTP request, body drained. `query` is raw, header names are lower-case, `certificate_name` is that of the client's certificate. `oversized`: the body was too large and is left out."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    certificate_name: str = ""
    oversized: bool = False

    @cached_property
    def _parsed(self) -> Any:
        """The value in the body, or the ValueError that says why it has none: the journal and the API both ask. {} when there is no body."""
        try:
            return parse(self.body) if self.body.strip() else {}
        except ValueError as error:
            return error

    def json(self) -> dict[str, Any]:
        """The body as an object; {} when there is none."""
        value = self._parsed
        if isinstance(value, ValueError):
            raise errors.malformed(str(value)) from value
        if not isinstance(value, dict):
            raise errors.malformed("an object is expected")
        return value

    def readable_body(self) -> Any:
        """The body for the journal: an object, text, or None where there was none (or `{}`, which clients send with GET)."""
        if isinstance(self._parsed, ValueError):
            return self.body.decode(errors="replace") or None
        return self._parsed or None

    def parameters(self) -> dict[str, str]:
        """The query by name. See `search_parameters` for the search API."""
        pairs = (part.partition("=") for part in self.query.split("&") if part)
        return {unquote(name): unquote(value.replace("+", " ")) for name, _, value in pairs}

    def search_parameters(self) -> dict[str, str]:
        """The query of a search. Clients leave `&`, `=` and `+` of a value raw, so `query` ends at the next known name only."""
        found = _SEARCH_QUERY.search(self.query)
        if found is None:
            return self.parameters()
        rest = Request(self.method, self.path, self.query[: found.start()] + self.query[found.end() :], {}, b"")
        return {**rest.parameters(), "query": _search_text(found["query"])}


_SEARCH_QUERY = re.compile(
    r"(?:^|(?<=&))query=(?P<query>.*?)(?:&(?=(?:cursor|page_size|sort_by|sort_ascending|included_fields|context)=)|$)",
    re.DOTALL,
)


def _search_text(raw: str) -> str:
    r"""Percent decoding; a `+` after an escaping backslash (`%5C+`, Go's PathEscape) is a plus, any other a blank (form encoding)."""
    return unquote(re.sub(r"(?<!%5C)(?<!%5c)(?<!\\)\+", " ", raw))


@dataclass(slots=True)
class Answer:
    """One HTTP answer. `body` None goes out empty, text as it is, anything else as JSON."""

    status: int = 200
    body: Any = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = JSON

    def payload(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return _ENCODER.encode(self.body).encode()


def answer_of(error: errors.NsxError) -> Answer:
    return Answer(error.status, error.body)

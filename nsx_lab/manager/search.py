"""The search API: the query language as the provider, the SDK and vmware-nsxlib use it, over an index that may lag."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from nsx_lab.manager import errors
from nsx_lab.manager.clock import Clock
from nsx_lab.manager.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store import Change, Object

claim(
    "search: field:value terms with AND, OR, NOT, parentheses, quotes, backslash escapes, * and ?; blanks inside a value are taken as part of it",
    Evidence.PROVIDER,
    "what terraform-provider-nsxt 3.11.1 and vmware-nsxlib 19.4.3 send; NSX's grammar is that of Elasticsearch's query string (doc)",
    "test_search.py::test_queries_of_the_provider",
)
claim(
    "search ignores case in display_name and description, nowhere else",
    Evidence.ASSUMPTION,
    "text fields of an Elasticsearch index usually do; no source",
    "test_search.py::test_display_name_ignores_case",
)
claim(
    "search answers results, result_count and cursor (the number of results handed out so far)",
    Evidence.CAPTURED,
    "zhengxiexie/scripts, warp/template/real_nsx_policy_api_report.md",
    "test_search.py::test_pages_follow_the_cursor",
)
not_modelled(
    "search: ranges, fuzzy and proximity terms, boosts, relevance order, POST /search with several queries",
    "400, or taken as plain text",
)

Predicate = Callable[[Object], bool]
_TEXT_FIELDS = frozenset({"display_name", "description"})


class SearchIndex:
    """Documents by path, as of `lag` seconds ago by the lab's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._documents: dict[str, Object] = {}
        self._by_type: dict[str, dict[str, None]] = {}
        self._waiting: list[tuple[float, Change]] = []

    def apply(self, changes: Iterable[Change], lag: float) -> None:
        due = self._clock.now() + lag
        self._waiting.extend((due, change) for change in changes)
        self._catch_up()

    def _catch_up(self) -> None:
        now, later = self._clock.now(), []
        for due, change in self._waiting:
            if due > now:
                later.append((due, change))
            else:
                self._index(change)
        self._waiting = later

    def _index(self, change: Change) -> None:
        old = self._documents.pop(change.path, None) if change.after is None else self._documents.get(change.path)
        if old is not None:
            self._by_type.get(old["resource_type"], {}).pop(change.path, None)
        if change.after is not None:
            self._documents[change.path] = change.after
            self._by_type.setdefault(change.after["resource_type"], {})[change.path] = None

    def find(self, query: str) -> list[Object]:
        """Documents that match, in order of their indexing."""
        self._catch_up()
        matches = parse(query)
        pinned = re.match(r"\s*resource_type:(\w+)\s+AND\s", query)
        if pinned and " OR " not in query:
            candidates = [self._documents[path] for path in self._by_type.get(pinned[1], ())]
        else:
            candidates = list(self._documents.values())
        return [document for document in candidates if matches(document)]

    def clear(self) -> None:
        self._documents.clear()
        self._by_type.clear()
        self._waiting.clear()


# the language

_TOKEN = re.compile(r'\s*(\(|\)|AND\b|OR\b|NOT\b|&&|\|\||!(?=\w)|"(?:\\.|[^"\\])*"|(?:\\.|[^\s()"\\])+)')


def parse(query: str) -> Predicate:
    """A predicate for a query; 400 when it cannot be read."""
    tokens = _TOKEN.findall(query)
    if not tokens:
        raise _bad(query)
    parser = _Parser(tokens, query)
    predicate = parser.either()
    if parser.rest():
        raise _bad(query)
    return predicate


class _Parser:
    """Recursive descent: either = both {OR both}; both = single {[AND] single}; single = NOT single | (either) | term."""

    def __init__(self, tokens: list[str], query: str) -> None:
        self._tokens = tokens
        self._query = query
        self._at = 0

    def rest(self) -> list[str]:
        return self._tokens[self._at :]

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise _bad(self._query)
        self._at += 1
        return token

    def either(self) -> Predicate:
        options = [self.both()]
        while self._peek() in ("OR", "||"):
            self._take()
            options.append(self.both())
        return lambda document: any(option(document) for option in options)

    def both(self) -> Predicate:
        parts = [self.single()]
        while self._peek() not in ("", ")", "OR", "||"):
            if self._peek() in ("AND", "&&"):
                self._take()
            parts.append(self.single())
        return lambda document: all(part(document) for part in parts)

    def single(self) -> Predicate:
        token = self._take()
        if token in ("NOT", "!"):
            inner = self.single()
            return lambda document: not inner(document)
        if token == "(":  # noqa: S105
            inner = self.either()
            if self._take() != ")":
                raise _bad(self._query)
            return inner
        if token in (")", "AND", "OR", "&&", "||"):
            raise _bad(self._query)
        return self._term(token)

    def _term(self, token: str) -> Predicate:
        name, value = _split(token)
        if name and not value:
            return self._grouped(name)
        if name and not value.startswith('"'):
            value = self._with_blanks(value)
        matches = _matcher(value, name.lower() in _TEXT_FIELDS)
        fields = _field_path(name)
        return lambda document: any(matches(text) for text in _values(document, fields))

    def _grouped(self, name: str) -> Predicate:
        """`field:"quoted"` and `field:(a OR b)`: the value is the next token, or the group of values up to `)`."""
        fields = _field_path(name)
        token = self._take()
        values = [token]
        if token == "(":  # noqa: S105
            values = []
            while (inner := self._take()) != ")":
                if inner not in ("OR", "||"):
                    values.append(inner)
        matchers = [_matcher(value, name.lower() in _TEXT_FIELDS) for value in values]
        return lambda document: any(match(text) for text in _values(document, fields) for match in matchers)

    def _with_blanks(self, value: str) -> str:
        """Words that follow without an operator and without a field of their own belong to the value."""
        while self._peek() not in ("", "(", ")", "AND", "OR", "NOT", "&&", "||", "!"):
            if _split(self._peek())[0]:
                break
            value += " " + self._take()
        return value


def _split(token: str) -> tuple[str, str]:
    """Field and value at the first colon that no backslash escapes; ("", token) without one."""
    if token.startswith('"'):
        return "", token
    found = re.match(r"((?:\\.|[^\\:])+):(.*)", token, re.DOTALL)
    return (_unescape(found[1]), found[2]) if found else ("", token)


def _matcher(value: str, ignore_case: bool) -> Callable[[str], bool]:
    if value.startswith('"'):
        pattern = re.escape(_unescape(value[1:-1]))
    else:
        pieces = re.findall(r"\\.|[^\\]", value, re.DOTALL)
        pattern = "".join({"*": ".*", "?": "."}.get(piece) or re.escape(_unescape(piece)) for piece in pieces)
    compiled = re.compile(pattern, (re.IGNORECASE if ignore_case else 0) | re.DOTALL)
    return lambda text: compiled.fullmatch(text) is not None


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _field_path(name: str) -> tuple[str, ...]:
    return tuple(name.split(".")) if name else ()


def _values(value: Any, fields: tuple[str, ...]) -> Iterable[str]:
    """The values of a field as text; of every field if none is named."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, fields)
    elif isinstance(value, dict):
        if not fields:
            for item in value.values():
                yield from _values(item, ())
        elif fields[0] in value:
            yield from _values(value[fields[0]], fields[1:])
    elif not fields:
        yield str(value).lower() if isinstance(value, bool) else str(value)


def _bad(query: str) -> errors.NsxError:
    return errors.NsxError(400, errors.CODE_SCHEMA, "search", f"Cannot read the search query: {query}")

"""The query language of the search API, as the provider, the SDK and vmware-nsxlib use it: from text to something that matches objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from nsx_lab.manager.store import errors
from nsx_lab.manager.store.glob import ANY, ONE, Piece, matcher
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object

MAX_TERMS = 1024
MAX_NESTING = 64

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
    f"a query of more than {MAX_TERMS} terms, or nested deeper than {MAX_NESTING}: 400",
    Evidence.ASSUMPTION,
    "Elasticsearch's default of indices.query.bool.max_clause_count is 1024; its setting in NSX is not known, the depth is the lab's own",
    "test_search.py::test_query_that_is_too_much_is_refused",
)
not_modelled(
    "search: ranges, fuzzy and proximity terms, boosts, relevance order, POST /search with several queries",
    "400, or taken as plain text",
)

_SIGNS = frozenset({"AND", "OR", "NOT", "&&", "||", "!", "(", ")"})
_TEXT_FIELDS = frozenset({"display_name", "description"})


class Exact(Protocol):
    """What an index offers: the paths of the objects whose field holds exactly this value, or None for a field without an index."""

    def __call__(self, field: str, value: str, /) -> Collection[str] | None: ...


class Query(Protocol):
    """A query, or a part of one."""

    def matches(self, document: Object, /) -> bool:
        """Whether the object is found."""
        ...

    def candidates(self, exact: Exact, /) -> Collection[str] | None:
        """Paths beyond which nothing can match; None when that cannot be told without looking at every object."""
        ...


@dataclass(frozen=True)
class Term:
    """`field:value`; without a field every field counts. `values` are alternatives, as written: quoted, or with backslashes and wildcards."""

    name: str
    values: tuple[str, ...]

    def matches(self, document: Object) -> bool:
        text = document.get(self.name)
        if isinstance(text, str):  # as nearly always: no need to look for it
            return self._fits(text)
        return any(map(self._fits, _texts(document, self._path)))

    def candidates(self, exact: Exact) -> Collection[str] | None:
        if not self.name:
            return None
        found = [exact(self.name, text) if (text := _plain(value)) is not None else None for value in self.values]
        known = [paths for paths in found if paths is not None]
        if len(known) < len(found):
            return None
        return known[0] if len(known) == 1 else set().union(*known)

    @cached_property
    def _path(self) -> tuple[str, ...]:
        return tuple(self.name.split(".")) if self.name else ()

    @cached_property
    def _fits(self) -> Callable[[str], bool]:
        """Whether a text is one of the alternatives."""
        ignore_case = self.name.lower() in _TEXT_FIELDS
        fits = [matcher(_pieces(value), ignore_case=ignore_case) for value in self.values]
        return fits[0] if len(fits) == 1 else lambda text: any(fit(text) for fit in fits)


@dataclass(frozen=True)
class Every:
    """All of the parts."""

    parts: tuple[Query, ...]

    def matches(self, document: Object) -> bool:
        return all(part.matches(document) for part in self.parts)

    def candidates(self, exact: Exact) -> Collection[str] | None:
        known = [found for part in self.parts if (found := part.candidates(exact)) is not None]
        return min(known, key=len) if known else None


@dataclass(frozen=True)
class Some:
    """One of the parts, or more."""

    parts: tuple[Query, ...]

    def matches(self, document: Object) -> bool:
        return any(part.matches(document) for part in self.parts)

    def candidates(self, exact: Exact) -> Collection[str] | None:
        known = [part.candidates(exact) for part in self.parts]
        return set().union(*[found for found in known if found is not None]) if None not in known else None


@dataclass(frozen=True)
class Not:
    """What the part does not match."""

    part: Query

    def matches(self, document: Object) -> bool:
        return not self.part.matches(document)

    def candidates(self, exact: Exact) -> Collection[str] | None:
        return None


_TOKEN = re.compile(
    r'\s*(?:(\(|\)|AND\b|OR\b|NOT\b|&&|\|\||!(?=\w)|"(?:\\.|[^"\\])*"|(?:\\.|[^\s()"\\])+)|$)', re.DOTALL
)


def parse(text: str) -> Query:
    """The query in a text; 400 when it cannot be read."""
    tokens = list(_tokens(text))
    if not tokens:
        raise _unreadable(text)
    if sum(token not in _SIGNS for token in tokens) > MAX_TERMS:
        raise _too_much(f"more than {MAX_TERMS} terms")
    parser = _Parser(tokens, text)
    query = parser.either()
    if parser.rest():
        raise _unreadable(text)
    return query


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:  # a quote without its end, or a backslash before nothing
            raise _unreadable(text)
        if found[1]:
            yield found[1]
        at = found.end()


class _Parser:
    """Recursive descent: either = both {OR both}; both = single {[AND] single}; single = NOT single | (either) | term."""

    def __init__(self, tokens: list[str], query: str) -> None:
        self._tokens = tokens
        self._query = query
        self._at = 0
        self._depth = 0

    def rest(self) -> list[str]:
        return self._tokens[self._at :]

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise _unreadable(self._query)
        self._at += 1
        return token

    def either(self) -> Query:
        options = [self.both()]
        while self._peek() in ("OR", "||"):
            self._take()
            options.append(self.both())
        return options[0] if len(options) == 1 else Some(tuple(options))

    def both(self) -> Query:
        parts = [self.single()]
        while self._peek() not in ("", ")", "OR", "||"):
            if self._peek() in ("AND", "&&"):
                self._take()
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def single(self) -> Query:
        token = self._take()
        if token in ("NOT", "!", "("):
            self._depth += 1
            if self._depth > MAX_NESTING:
                raise _too_much(f"nested deeper than {MAX_NESTING}")
            inner = self._inner(token)
            self._depth -= 1
            return inner
        if token in (")", "AND", "OR", "&&", "||"):
            raise _unreadable(self._query)
        return self._term(token)

    def _inner(self, opening: str) -> Query:
        if opening != "(":
            return Not(self.single())
        inner = self.either()
        if self._take() != ")":
            raise _unreadable(self._query)
        return inner

    def _term(self, token: str) -> Query:
        name, value = _split(token)
        if name and not value:
            return Term(name, self._group())
        if name and not value.startswith('"'):
            value = self._with_blanks(value)
        return Term(name, (value,))

    def _group(self) -> tuple[str, ...]:
        """`field:"quoted"` and `field:(a OR b)`: the value is the next token, or the group of values up to `)`."""
        token = self._take()
        if token != "(":  # noqa: S105
            return (token,)
        values = []
        while (inner := self._take()) != ")":
            if inner not in ("OR", "||"):
                values.append(inner)
        return tuple(values)

    def _with_blanks(self, value: str) -> str:
        """Words that follow without an operator and without a field of their own belong to the value."""
        words = [value]
        while self._peek() and self._peek() not in _SIGNS:
            if _split(self._peek())[0]:
                break
            words.append(self._take())
        return " ".join(words)


def _split(token: str) -> tuple[str, str]:
    """Field and value at the first colon that no backslash escapes; ("", token) without one."""
    if token.startswith('"'):
        return "", token
    found = re.match(r"((?:\\.|[^\\:])+):(.*)", token, re.DOTALL)
    return (_unescape(found[1]), found[2]) if found else ("", token)


def _pieces(value: str) -> list[Piece]:
    if value.startswith('"'):
        return list(_unescape(value[1:-1]))
    wild: dict[str, Piece] = {"*": ANY, "?": ONE}
    return [wild.get(part, part[-1]) for part in re.findall(r"\\.|[^\\]", value, re.DOTALL)]


def _plain(value: str) -> str | None:
    """The text that a value stands for; None for one with a star or a question mark in it."""
    pieces = _pieces(value)
    return "".join(map(str, pieces)) if ANY not in pieces and ONE not in pieces else None


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _texts(value: Any, fields: tuple[str, ...]) -> Iterator[str]:
    """The values of a field as text; of every field if none is named."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, fields)
    elif isinstance(value, dict):
        if not fields:
            for item in value.values():
                yield from _texts(item, ())
        elif fields[0] in value:
            yield from _texts(value[fields[0]], fields[1:])
    elif not fields:
        yield str(value).lower() if isinstance(value, bool) else str(value)


def _unreadable(query: str) -> errors.NsxError:
    return errors.NsxError(400, errors.CODE_SCHEMA, "search", f"Cannot read the search query: {query}")


def _too_much(why: str) -> errors.NsxError:
    return errors.NsxError(400, errors.CODE_SCHEMA, "search", f"The search query is {why}.")

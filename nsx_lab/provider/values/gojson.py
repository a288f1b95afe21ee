"""JSON as Go's encoding/json reads it: its words for what is wrong, and nothing after the first value.

The SDK decodes answers with json.Decoder, so trailing text is not an error, and reports the decoder's words.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

_INTEGER: Final = re.compile("-?(0|[1-9][0-9]*)")
_SPACE: Final = " \t\r\n"
_DIGITS: Final = "0123456789"
_LITERALS: Final = {"t": "true", "f": "false", "n": "null"}
_ESCAPES: Final = '"\\/bfnrtu'


def loads(text: str) -> Any:
    """Decode the first value of a text. Raises ValueError with Go's words."""
    start = len(text) - len(text.lstrip(_SPACE))
    if start == len(text):
        raise ValueError("EOF")
    try:
        value, _ = json.JSONDecoder(parse_constant=_refuse).raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise ValueError(_Scanner(text, start).complaint()) from error
    return value


def is_integer(text: str) -> bool:
    """Whether a text is one JSON integer."""
    return _INTEGER.fullmatch(text) is not None


def _refuse(name: str) -> Any:
    raise ValueError(name)


class _StopError(Exception):
    """Where Go's scanner stops."""


class _Scanner:
    """Walks a broken text only to name what Go's scanner would name."""

    def __init__(self, text: str, position: int) -> None:
        self._text = text
        self._at = position

    def complaint(self) -> str:
        try:
            self._value("looking for beginning of value")
        except _StopError as bad:
            return str(bad)
        except RecursionError:
            return "exceeded max depth"
        return "unexpected EOF"

    def _peek(self) -> str:
        if self._at >= len(self._text):
            raise _StopError("unexpected EOF")
        return self._text[self._at]

    def _stop(self, context: str) -> _StopError:
        char = self._text[self._at]
        shown = {"'": "'\\''", '"': "'\"'"}.get(char, f"'{char}'" if char.isprintable() else f"'\\x{ord(char):02x}'")
        named = {"\n": "'\\n'", "\r": "'\\r'", "\t": "'\\t'"}.get(char, shown)
        return _StopError(f"invalid character {named} {context}")

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1

    def _value(self, context: str) -> None:
        self._skip()
        char = self._peek()
        if char == "{":
            self._object()
        elif char == "[":
            self._array()
        elif char == '"':
            self._string()
        elif char in _LITERALS:
            self._literal(_LITERALS[char])
        elif char in _DIGITS or char == "-":
            self._number()
        else:
            raise self._stop(context)

    def _object(self) -> None:
        self._at += 1
        self._skip()
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            self._skip()
            if self._peek() != '"':
                raise self._stop("looking for beginning of object key string")
            self._string()
            self._skip()
            if self._peek() != ":":
                raise self._stop("after object key")
            self._at += 1
            self._value("looking for beginning of value")
            if self._next("}", "after object key:value pair"):
                return

    def _array(self) -> None:
        self._at += 1
        self._skip()
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            self._value("looking for beginning of value")
            if self._next("]", "after array element"):
                return

    def _next(self, end: str, context: str) -> bool:
        self._skip()
        char = self._peek()
        if char not in (",", end):
            raise self._stop(context)
        self._at += 1
        return char == end

    def _string(self) -> None:
        self._at += 1
        while (char := self._peek()) != '"':
            if char < " ":
                raise self._stop("in string literal")
            self._at += 1
            if char == "\\":
                self._escape()
        self._at += 1

    def _escape(self) -> None:
        if self._peek() not in _ESCAPES:
            raise self._stop("in string escape code")
        digits = 4 if self._peek() == "u" else 0
        self._at += 1
        for _ in range(digits):
            if self._peek() not in "0123456789abcdefABCDEF":
                raise self._stop("in \\u hexadecimal character escape")
            self._at += 1

    def _literal(self, word: str) -> None:
        for index, expected in enumerate(word):
            if index and self._peek() != expected:
                raise self._stop(f"in literal {word} (expecting '{expected}')")
            self._at += 1

    def _number(self) -> None:
        if self._peek() == "-":
            self._at += 1
        if self._peek() not in _DIGITS:
            raise self._stop("in numeric literal")
        if self._peek() == "0":
            self._at += 1
        else:
            self._digits()
        if self._follows("."):
            self._one_digit("after decimal point in numeric literal")
        if self._follows("eE"):
            self._follows("+-")
            self._one_digit("in exponent of numeric literal")

    def _follows(self, chars: str) -> bool:
        found = self._at < len(self._text) and self._text[self._at] in chars
        self._at += found
        return found

    def _one_digit(self, context: str) -> None:
        if self._peek() not in _DIGITS:
            raise self._stop(context)
        self._digits()

    def _digits(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in _DIGITS:
            self._at += 1

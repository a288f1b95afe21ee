"""What the texts of domain files tell without being read as YAML: reading a fleet takes a second for a thousand files, this takes hardly any."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from egress.domain.files import DomainFile, SourceFile, read_raw
from egress.domain.problems import DomainFileError

_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]+")
"""What stands beside a text in YAML (blanks, quotes, brackets, commas, colons) is none of these: a text has whole words of its file."""


def that_may_say(files: Collection[DomainFile], texts: Collection[str]) -> tuple[DomainFile, ...]:
    """The files that may have one of these texts as a key or a value, defaults included. None that has one is left out.

    What a file says stands in it letter by letter, as only UTF-8 is read and no alias: but for an escape, which needs a backslash, for
    a line that is folded at a blank, and for an apostrophe, which is written twice in some quotes. What cannot be read may say anything.
    """
    wanted = _Texts(texts)
    known: dict[SourceFile, bool] = {}
    found = []
    for file in files:
        for source in file.defaults:
            if source not in known:
                known[source] = _may_say(source, wanted)
        if any(known[source] for source in file.defaults) or _may_say(file, wanted):
            found.append(file)
    return tuple(found)


class _Texts:
    """Texts that files are searched for, each by the word that the fewest of them have: a file is compared with those whose word it has,
    however many there are."""

    def __init__(self, texts: Collection[str]) -> None:
        words = {plain: _WORD.findall(plain) for plain in {_plain(text.encode()) for text in texts}}
        common = Counter(word for those in words.values() for word in those)
        self._by_word: dict[bytes, list[bytes]] = {}
        self._others: list[bytes] = []
        for plain, those in words.items():
            if those:
                self._by_word.setdefault(min(those, key=common.__getitem__), []).append(plain)
            else:
                self._others.append(plain)

    def may_be_in(self, raw: bytes) -> bool:
        """Whether a file's bytes may say one of the texts."""
        if b"\\" in raw:
            return True
        plain = _plain(raw)
        compared = [text for word in self._by_word.keys() & set(_WORD.findall(plain)) for text in self._by_word[word]]
        return any(text in plain for text in (*compared, *self._others))


def _plain(raw: bytes) -> bytes:
    """On one line, with single blanks, without apostrophes."""
    return b" ".join(raw.translate(None, b"'").split())


def _may_say(file: SourceFile, texts: _Texts) -> bool:
    try:
        return texts.may_be_in(read_raw(file))
    except DomainFileError:
        return True


def same(one: DomainFile, other: DomainFile) -> bool:
    """Whether two files of one stack are the same domain, as they and the defaults under them have the same bytes."""
    try:
        return _raw(one) == _raw(other)
    except DomainFileError:
        return False


def _raw(file: DomainFile) -> list[bytes]:
    return [read_raw(source) for source in (*file.defaults, file)]

"""What the texts of domain files tell without being read as YAML: reading a fleet takes a second for a thousand files, this takes hardly any."""

from __future__ import annotations

from collections.abc import Collection

from egress.domain.files import DomainFile, SourceFile, read_raw
from egress.domain.problems import DomainFileError


def that_may_say(files: Collection[DomainFile], texts: Collection[str]) -> tuple[DomainFile, ...]:
    """The files that may have one of these texts as a key or a value, defaults included. None that has one is left out.

    What a file says stands in it letter by letter, as only UTF-8 is read and no alias: but for an escape, which needs a backslash, and
    for a line that is folded at a blank. What cannot be read may say anything.
    """
    words = [[word.encode() for word in text.split()] for text in texts]
    known: dict[SourceFile, bool] = {}
    found = []
    for file in files:
        for source in file.defaults:
            if source not in known:
                known[source] = _may_say(source, words)
        if any(known[source] for source in file.defaults) or _may_say(file, words):
            found.append(file)
    return tuple(found)


def _may_say(file: SourceFile, texts: Collection[Collection[bytes]]) -> bool:
    try:
        raw = read_raw(file)
    except DomainFileError:
        return True
    return b"\\" in raw or any(all(word in raw for word in words) for words in texts)


def same(one: DomainFile, other: DomainFile) -> bool:
    """Whether two files of one stack are the same domain, as they and the defaults under them have the same bytes."""
    try:
        return _raw(one) == _raw(other)
    except DomainFileError:
        return False


def _raw(file: DomainFile) -> list[bytes]:
    return [read_raw(source) for source in (*file.defaults, file)]

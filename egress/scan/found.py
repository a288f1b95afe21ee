"""What a scan gathers beside the file's values: questions that nobody but a person can answer, and objects that the file has no room for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MARK = "QUESTION"
"""What a question in a file begins with, so that it can be searched for."""


class Kind(StrEnum):
    """What a foreign object is."""

    ROUTE = "static route"
    RULE = "NAT rule"
    PEER = "BFD peer"
    INTERFACE = "interface"
    VIP = "HA VIP"
    TIER1 = "Tier-1"


@dataclass(frozen=True)
class Question:
    """Something that cannot be known from what was seen. `key`: where the answer goes in the file, dotted. `what`: the question."""

    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what}"


@dataclass(frozen=True)
class Foreign:
    """An object that a domain file cannot hold as it is. `why`: the end of a sentence that begins with the object."""

    path: str
    kind: Kind
    why: str

    def __str__(self) -> str:
        return f"{self.kind} {self.path}: {self.why}"


@dataclass
class Gathered:
    """Questions and foreign objects, in the order in which they were met. refused: what the reader of domain files says of entries, by
    their marks: these are foreign, too."""

    refused: Mapping[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)

    def ask(self, key: str, what: str) -> Question:
        """Remembers a question."""
        question = Question(key, what)
        if question not in self.questions:
            self.questions.append(question)
        return question

    def leave(self, path: str, kind: Kind, why: str) -> None:
        """Remembers an object that stays outside of the file."""
        self.foreign.append(Foreign(path, kind, why))

    def refuses(self, mark: str, path: str, kind: Kind) -> bool:
        """Whether an entry is one that the reader refused; it is foreign then."""
        if mark in self.refused:
            self.leave(path, kind, self.refused[mark])
        return mark in self.refused

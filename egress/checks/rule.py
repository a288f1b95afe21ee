"""What a rule is, and the registry that the theme files fill.

A rule is one pure function. It looks at a domain, at all domains, or at a domain and what its manager holds, and yields an outcome for everything that is wrong
(`Broken`) or that the files do not tell (`CannotKnow`). A rule that yields nothing holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from egress.domain import WorkloadDomain
from egress.policy.presence import Presence

Path: TypeAlias = tuple[str | int, ...]
"""Where in a domain: keys and indices, as in ("default_route", "next_hops", 0, "address")."""


class Severity(StrEnum):
    """ERROR: packets, an apply or a state are lost. WARNING: works today, and will hurt. NOTE: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Verdict(StrEnum):
    """What a rule says about a domain."""

    HOLDS = "holds"
    BROKEN = "broken"
    CANNOT_KNOW = "cannot know"


class Broken(NamedTuple):
    """A rule is broken `at` a value. `what`: one sentence with the values. `fix`: what to do. `domain`: whose value it is,
    in rules over all domains."""

    at: Path
    what: str
    fix: str
    domain: WorkloadDomain | None = None


class CannotKnow(NamedTuple):
    """The files do not tell enough. `what`: one sentence that says what is missing."""

    what: str
    domain: WorkloadDomain | None = None


Outcomes: TypeAlias = Iterator[Broken | CannotKnow]
OneDomain: TypeAlias = Callable[[WorkloadDomain], Outcomes]
AllDomains: TypeAlias = Callable[[Sequence[WorkloadDomain]], Outcomes]
OnManager: TypeAlias = Callable[[Presence], Outcomes]


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule. `title` says what must hold, `explanation` why, `source` who says so ("assumption" where nobody does).

    There is one of each id, so rules are compared by identity.
    """

    id: str
    severity: Severity
    title: str
    explanation: str
    source: str
    theme: str
    one: OneDomain | None = None
    all: AllDomains | None = None
    live: OnManager | None = None

    def __reduce__(self) -> tuple[Callable[[str], Rule], tuple[str]]:
        """Another process has it already: only its id is sent."""
        return _registered, (self.id,)


def _registered(id_: str) -> Rule:
    return REGISTRY[id_]


REGISTRY: dict[str, Rule] = {}


def rule(
    id_: str, severity: Severity, title: str, *, explanation: str, source: str
) -> Callable[[OneDomain], OneDomain]:
    """Registers a function that looks at one domain."""

    def register(judge: OneDomain) -> OneDomain:
        _add(Rule(id_, severity, title, explanation, source, _theme(judge.__module__), one=judge))
        return judge

    return register


def fleet_rule(
    id_: str, severity: Severity, title: str, *, explanation: str, source: str
) -> Callable[[AllDomains], AllDomains]:
    """Registers a function that looks at all domains together."""

    def register(judge: AllDomains) -> AllDomains:
        _add(Rule(id_, severity, title, explanation, source, _theme(judge.__module__), all=judge))
        return judge

    return register


def live_rule(
    id_: str, severity: Severity, title: str, *, explanation: str, source: str
) -> Callable[[OnManager], OnManager]:
    """Registers a function that looks at a domain and at what its manager holds."""

    def register(judge: OnManager) -> OnManager:
        _add(Rule(id_, severity, title, explanation, source, _theme(judge.__module__), live=judge))
        return judge

    return register


def _theme(module: str) -> str:
    return module.rsplit(".", 1)[1].replace("_", " ")


def _add(new: Rule) -> None:
    if new.id in REGISTRY:
        raise ValueError(f"two rules are called {new.id!r}")
    REGISTRY[new.id] = new

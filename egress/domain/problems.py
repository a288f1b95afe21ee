"""What can be wrong, and how it is told. Every exception that anything here raises at its users:

Exception
  EgressError               anything that egress tells a person in one sentence
    DomainFileError         one or more domain files are wrong; carries every Problem found
    PlanAgainError          the plan that was reviewed is missing or stale: it is to be made, and looked at, anew
    ApplyFailedError        the engine ended an apply badly; how far it came is said by who asked for it (egress.delivery)
    LoginError              a manager does not let the user in (egress.manager)
    SilentError             a manager takes connections and answers nothing (egress.manager)
    PartError               a manager answers, and this answer is of no use; what else is asked of it may be (egress.manager)
      ObjectError           a manager has no such object, or does not let the user read it (egress.manager)
        MissingError        a manager has no such object, or knows no such path (egress.manager)
    ChecksFailedError       domains break rules that stop a synth; carries the Report (egress.checks)
  PassedError               a deadline is over; the manager's client makes an EgressError of it (egress.deadline)
  GoneError                 what a forge had is gone meanwhile; who posts makes it anew (egress.forge)
  NoPlaceError              a domain file's layout has no safe place for an edit (egress.domain.surgery); told as an EgressError
  CannotHoldError           a domain file cannot hold an object of a manager as it is (egress.scan); listed as foreign
  ImportError
    CdkError                no CDK that the constructs can run on (egress.cdk)
  ValueError
    RefusedValueError       a value that a construct refuses (tier0_egress.constructs)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class EgressError(Exception):
    """A sentence for a person: lower case, the offending value, what is allowed, the fix. Never a traceback."""


class Place(NamedTuple):
    """Where a value stands: file as the user named it, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One finding in a domain file. `key` is the dotted path of the value, empty for the file as a whole."""

    place: Place
    key: str
    what: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place), self.key, self.what) if part)


class PlanAgainError(EgressError):
    """The plan that was reviewed is not there any more, or is about something that has moved since. Nothing was changed; nothing is
    planned again and applied in one go either."""


class DomainFileError(EgressError):
    """Domain files that cannot be used. `problems` holds all findings, sorted by place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))

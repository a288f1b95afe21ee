"""The gate's file, `gate.yaml` beside cdktf.json: what a team demands, what it answers for, which managers are not to be touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from egress.domain import DomainFileError, Problem, secrets
from egress.domain.base import Frozen, Part, number_not_truth
from egress.domain.fields import Description, Host, Reason, RuleId, StackName, StoreText, quoted, wrong
from egress.domain.managers import ManagerKey
from egress.domain.reading import kind, refused
from egress.domain.tree import Tree
from egress.review.finding import Demand, Override

FILE = "gate.yaml"
DELETIONS = 2
"""Objects that one plan may delete where the file says nothing (assumption): the rules of a mapping that is renamed, and a spare one."""


class Setting(StrEnum):
    """What a file says of a rule: a demand, or that it is not judged."""

    DENY = "deny"
    OVERRIDE = "override"
    WARN = "warn"
    OFF = "off"

    @property
    def demand(self) -> Demand | None:
        """The demand; None for a rule that is off."""
        return None if self is Setting.OFF else Demand(self.value)


def _setting(value: Any) -> Setting:
    try:
        return Setting(value)
    except ValueError:
        raise wrong(f"{quoted(value)} is not allowed here, allowed is {', '.join(Setting)}") from None


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        if len(value) != len("2026-12-31"):
            raise ValueError
        return datetime.strptime(value, "%Y-%m-%d").date()  # it ends in UTC: Given.over
    except (TypeError, ValueError):
        raise wrong(f"{quoted(value)} is not a day, allowed is one such as 2026-12-31") from None


def _instant(value: Any) -> datetime:
    allowed = "a time with its zone such as 2026-12-01T18:00:00+01:00 or 2026-12-01T17:00:00Z"
    if isinstance(value, datetime):
        return value
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong(f"{quoted(value)} is not a time, allowed is {allowed}") from None
    if found.tzinfo is None:
        raise wrong(f"{quoted(value)} names no zone, allowed is {allowed}")
    return found


Day = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
SettingField = Annotated[Setting, BeforeValidator(_setting)]


class RuleSetting(Part):
    """What is said of one rule. A word alone is its demand."""

    demand: SettingField = Field(description="deny, override, warn or off")
    why: Reason | None = Field(
        None, description="why, at least 10 characters; needed for off, and shown with every verdict"
    )

    @model_validator(mode="after")
    def _off_has_a_reason(self) -> RuleSetting:
        if self.demand is Setting.OFF and not self.why:
            raise wrong("a rule is not switched off without a reason, write {demand: off, why: ...}")
        return self


def _rule_setting(value: Any) -> Any:
    return {"demand": value} if isinstance(value, str) else value


_WORDS = {"enum": [setting.value for setting in Setting]}
Rules = Annotated[
    Mapping[
        RuleId,
        Annotated[
            RuleSetting,
            BeforeValidator(_rule_setting),
            WithJsonSchema(
                {
                    "anyOf": [
                        {"enum": ["deny", "override", "warn"]},
                        {
                            "type": "object",
                            "properties": {"demand": _WORDS, "why": {"type": "string", "minLength": 10}},
                            "required": ["demand"],
                            "additionalProperties": False,
                        },
                    ]
                }
            ),
        ],
    ],
    *Frozen,
]


class Limits(Part):
    """How much one plan may do."""

    deletions: Annotated[int, Field(ge=0, le=10_000), BeforeValidator(number_not_truth)] = Field(
        DELETIONS, description="objects that one plan may delete or replace"
    )


class Given(Part):
    """Somebody answers for what one rule would stop in one stack. There are no wildcards."""

    rule: RuleId = Field(description="id of the rule, see docs/gate.md")
    stack: StackName = Field(description="the stack, by its name")
    who: StoreText = Field(description="who answers for it")
    why: Reason = Field(description="why it is meant, at least 10 characters")
    until: Day = Field(description="the last day on which it counts, to its end in UTC")
    ticket: StoreText = Field(description="the change ticket")

    def over(self, now: datetime) -> bool:
        """Whether it counts no more."""
        return now.astimezone(UTC).date() > self.until

    @property
    def value(self) -> Override:
        """As findings carry it."""
        return Override(self.rule, self.stack, self.who, self.why, self.until, self.ticket)


class Freeze(Part):
    """Managers on which nothing is to change for a while: an upgrade, a restore."""

    managers: Annotated[tuple[Host, ...], Field(min_length=1)] = Field(
        description="their hosts, as in nsx.host of domain files; no wildcards"
    )
    since: Instant = Field(alias="from", description="the first moment, with its zone; it is frozen then")
    until: Instant = Field(description="the end, with its zone; in that moment it is frozen no more")
    why: Description = Field(description="why, for whoever is stopped by it")

    @model_validator(mode="after")
    def _from_is_before_until(self) -> Freeze:
        if self.since >= self.until:
            raise wrong(
                f"it ends at {self.until.isoformat()} and begins at {self.since.isoformat()}: from lies before until"
            )
        return self

    def lasts(self, now: datetime) -> bool:
        """Whether it is now: from `from` on, and before `until`."""
        return self.since <= now < self.until

    def holds(self, host: str) -> bool:
        """Whether a manager is one of these, however its host is written."""
        return ManagerKey.of(host) in {ManagerKey.of(one) for one in self.managers}


class GatePolicy(Part):
    """A gate file. Every key but version may be left out."""

    version: Annotated[Literal[1], BeforeValidator(number_not_truth)] = Field(description="1")
    rules: Rules = Field(
        default_factory=dict,
        validate_default=True,
        description="rule: deny, override, warn, or {demand: off, why: ...}",
    )
    limits: Limits = Field(default_factory=Limits, description="how much one plan may do")
    overrides: tuple[Given, ...] = Field((), description="who answers for what")
    frozen: tuple[Freeze, ...] = Field((), description="managers on which nothing is to change for a while")


@dataclass(frozen=True)
class PolicyFile:
    """A gate file with the places of what it says; `tree` is None where there is no file, which says nothing."""

    policy: GatePolicy
    tree: Tree | None = None


NO_FILE = PolicyFile(GatePolicy(version=1))


def read(tree: Tree) -> PolicyFile:
    """A gate file. Errors: DomainFileError with every finding at its place. Whether rules and stacks exist is asked elsewhere."""
    if not isinstance(tree.value, dict):
        what = f"a gate file is a mapping of keys, version: 1 among them, found {kind(tree)}"
        raise DomainFileError([Problem(tree.place, "", what)])
    if found := list(secrets.find(tree)):
        raise DomainFileError(found)
    try:
        return PolicyFile(GatePolicy.model_validate(tree.plain()), tree)
    except ValidationError as error:
        raise DomainFileError(refused(error, tree, GatePolicy)) from None

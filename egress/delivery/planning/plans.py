"""Plans: made by the engine, read as data, and applied. `apply` is the only way to a changed network."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from egress import limits
from egress.delivery.content import drift, plan_content
from egress.delivery.content.plan_content import PlanContent
from egress.delivery.content.staleness import moved
from egress.delivery.planning import lost_gateway, memory
from egress.delivery.planning.guards import refuse_doubles, refuse_losing_a_route, refuse_wrong_mode
from egress.delivery.planning.looks import Found
from egress.delivery.planning.silence import Watch
from egress.domain import EgressError, PlanAgainError
from egress.escape import uncoloured
from egress.toolchain.running.own_files import read_bytes
from egress.toolchain.running.secrets import masked
from egress.toolchain.stack import state_lock
from egress.toolchain.stack.stacks import Stack

PLAN = "tfplan"
_WARNING = re.compile(r"^(?:│ )?Warning: (.+?)[ ]*$", re.MULTILINE)
FRESH = 30.0
"""Seconds that a plan may wait for an answer before it is held against the manager again."""


class Verb(StrEnum):
    """What a plan is for, with the engine's option for it."""

    APPLY = "apply"
    DESTROY = "destroy"
    REFRESH = "refresh"

    @property
    def options(self) -> tuple[str, ...]:
        """Options of the engine's `plan`."""
        return {Verb.APPLY: (), Verb.DESTROY: ("-destroy",), Verb.REFRESH: ("-refresh-only",)}[self]


class Outcome(StrEnum):
    """How an apply went, where it did not fail."""

    NOTHING_TO_DO = "nothing to do"
    DECLINED = "declined, nothing was changed"
    APPLIED = "applied"


class ApplyFailedError(EgressError):
    """The engine began to apply a plan, and did not get to its end. `egress.delivery.outcome.aftermath` knows how far it came."""


@dataclass(frozen=True)
class Plan:
    """A plan file in the folder of a run, known by the digest of its bytes. `words`: the engine's, in colours where it was to use them.

    saved: it was made by an earlier run, and may be older than what is on the manager now.
    """

    stack: Stack
    verb: Verb
    file: str
    changes: bool
    digest: str
    words: str = ""
    saved: bool = False

    @cached_property
    def content(self) -> PlanContent:
        """What the plan says, by the engine's `show -json`. Errors: EgressError."""
        done = self.stack.engine("show", "-json", self.file, capture=True)
        if done.code:
            raise EgressError(f"{self.stack.name}: the plan cannot be shown:\n{done.err.strip()}")
        return plan_content.parse(done.out, f"{self.stack.name}: the plan")

    @cached_property
    def full(self) -> str:
        """The engine's words about the plan, in colours where a terminal is to show them. Errors: EgressError."""
        if not self.saved:
            return self.words
        done = self.stack.engine("show", *colour(), self.file, capture=True)
        if done.code:
            raise EgressError(f"{self.stack.name}: the plan cannot be shown: plan again")
        return done.out

    @property
    def warnings(self) -> tuple[str, ...]:
        """Titles of the engine's warnings, which network words do not have."""
        return tuple(dict.fromkeys(_WARNING.findall(uncoloured(self.words))))

    @property
    def question(self) -> str:
        """What a person is asked before it is applied: stack, counts, target."""
        counts = self.content.counts()
        parts = [f"{counts['add']} to add", f"{counts['change']} to change", f"{counts['destroy']} to destroy"]
        if counts["import"]:
            parts.insert(0, f"{counts['import']} to import")
        run = self.stack.run
        return f"{self.verb} {self.stack.name}: {', '.join(parts)}, on {run.target(self.stack.domain)}?"


def make(stack: Stack, verb: Verb = Verb.APPLY, *, file: str = PLAN, patience: int = 0) -> Plan:
    """Plans with a refresh, into a plan file of this name in the folder of the run. Nothing is shown. patience: seconds to wait at least
    for the lock of the state.

    Never with -refresh=false: after a failed update the state holds the new value, and such a plan would show nothing
    (measured with the provider 3.11.1). Errors: EgressError with the engine's words, or where the manager has fallen silent.
    """
    done = stack.engine(
        "plan",
        *colour(),
        "-input=false",
        at_once(),
        "-detailed-exitcode",
        f"-out={file}",
        *stack.locking(patience),
        *verb.options,
        capture=True,
        meanwhile=Watch(stack),
    )
    if done.code not in (0, 2):
        words = uncoloured(done.err or done.out).strip()
        known = state_lock.refusal(stack, words) or stack.other_provider(words) or lost_gateway.told(stack, words)
        raise EgressError(f"{stack.name}: {known}" if known else f"{stack.name}: the plan failed:\n{masked(words)}")
    (stack.folder / file).chmod(0o600)
    return Plan(stack, verb, file, done.code == 2, digest_of(stack, file), done.out)


def apply(plan: Plan, around: Found, agreed: Callable[[str], bool], tell: Callable[[str], None]) -> Outcome:
    """Applies a plan, after every guard, and after `agreed` was asked the plan's question and said yes.

    around: what this run found on the manager.
    What is guarded, shown, asked about and applied are the same bytes. A plan that waited, in a folder or for an answer, is
    held against state and manager once more. `tell` takes notes. Errors: EgressError when a guard refuses, or the engine fails.
    """
    stack = plan.stack
    if not plan.changes:
        if plan.verb is Verb.APPLY and stack.found.managed:
            if not plan.saved:
                _catch_up(plan, tell)
            memory.remember(stack)
        return Outcome.NOTHING_TO_DO
    if stack.run.lab is None:
        refuse_losing_a_route(stack.domain, plan.content, from_base=plan.saved and plan.verb is Verb.DESTROY)
    refuse_doubles(plan.content, around)
    refuse_wrong_mode(plan.content, around)
    if plan.saved:
        refuse_stale(plan, tell)
    asked = time.monotonic()
    if not agreed(plan.question):
        return Outcome.DECLINED
    if time.monotonic() - asked > FRESH:
        refuse_stale(plan, tell)
    if digest_of(stack, plan.file) != plan.digest:
        raise EgressError(f"{stack.name}: the plan file is not the one that was shown, nothing was changed: plan again")
    if stack.engine("apply", *colour(), "-input=false", at_once(), *stack.locking(), plan.file).code:
        raise ApplyFailedError(f"{stack.name}: the {plan.verb} failed")
    if plan.verb is Verb.APPLY:
        memory.remember(stack)
    elif plan.verb is Verb.DESTROY:
        memory.forget(stack)
    return Outcome.APPLIED


def _catch_up(plan: Plan, tell: Callable[[str], None]) -> None:
    """Lets the state have what the manager has, where the file wants just that and the state says otherwise: an update that failed leaves
    the new value there, and a drift that nothing takes away would be told for ever. Nothing is sent to the manager. Errors: EgressError."""
    stack = plan.stack
    behind = [one for one in drift.read(plan.content) if one.matters]
    if not behind:
        return
    done = stack.engine("apply", "-no-color", "-input=false", *stack.locking(), plan.file, capture=True)
    if done.code:
        words = uncoloured(done.err or done.out).strip()
        raise EgressError(
            f"{stack.name}: {state_lock.refusal(stack, words) or f'the state was not written:{chr(10)}{masked(words)}'}"
        )
    addresses = ", ".join(one.address for one in behind)
    tell(f"{stack.name}: the manager is as the file says, and the state was not: it is now ({addresses})")


def refuse_stale(plan: Plan, tell: Callable[[str], None]) -> None:
    """Errors: PlanAgainError when the configuration or an object is not as it was when the plan was made, with what moved."""
    name = plan.stack.name
    since = moved(plan.content, make(plan.stack, Verb.REFRESH, file="now.tfplan").content)
    for address in since.saved_again:
        tell(f"{name}: {address} was saved again since the plan was made, its revision moved and nothing else")
    if since.configuration:
        raise PlanAgainError(f"{name}: this plan was made from another configuration than the one of now: plan again")
    if since.objects:
        told = "\n".join(f"  {one}" for one in since.objects)
        raise PlanAgainError(f"{name}: this plan is stale, since it was made there changed:\n{told}\nplan again")


def digest_of(stack: Stack, file: str) -> str:
    """SHA-256 of the plan file in a stack's folder. Errors: EgressError when it is gone."""
    content = read_bytes(stack.folder / file, f"{stack.name}: the plan file", "plan again")
    return hashlib.sha256(content).hexdigest()


def at_once() -> str:
    """The option for an engine's requests to a manager at a time, in place of its 10: this process's share."""
    return f"-parallelism={limits.mine().at_once}"


def colour() -> tuple[str, ...]:
    """`-no-color`, unless a person looks at a terminal: the engines colour their words even into a pipe."""
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return () if wanted else ("-no-color",)

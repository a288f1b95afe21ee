"""What an apply left: after a failure what was done, what was not, and the next command; after a success, whether nothing is left to do.

Both are known from a plan of now, which looks at the state and at the manager. After a failed update the state alone says nothing: it
holds the new value (measured with the provider 3.11.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from egress.delivery.content.network_words import Became, Told, told
from egress.delivery.planning.looks import Found, found_now
from egress.delivery.planning.plans import Plan, Verb, make
from egress.domain import EgressError
from egress.policy.paths import last
from egress.toolchain.stack import state_lock
from egress.toolchain.stack.stacks import Stack
from egress.toolchain.stack.state_lock import StateLock
from egress.toolchain.store.state import State

_FILE = "aftermath.tfplan"
_PATIENCE = 60
"""Seconds that a plan of afterwards waits for the lock of a state: who waited for this apply takes it first, and plans with it."""
_GOES = frozenset({Became.DELETED, Became.FORGOTTEN})


@dataclass(frozen=True)
class Left:
    """What a failed apply left. `done` by the address of each object of its plan; None where it cannot be known.

    stray: objects that are on the manager, and that the state does not know. why: what to know besides, in words.
    """

    objects: tuple[Told, ...]
    done: dict[str, bool | None]
    stray: tuple[str, ...]
    next: str
    why: str = ""

    def __str__(self) -> str:
        parts = [f"{list(self.done.values()).count(True)} of {len(self.objects)} done"]
        words = {True: "done", False: "not done", None: "not known"}
        for one in self.objects:
            beside = ", but it is on the manager, and not in the state" if one.address in self.stray else ""
            parts.append(f"  {words[self.done[one.address]]}{beside}: {one}")
        return "\n".join(
            [*parts, *([self.why] if self.why else []), f"read the engine's words above, mend, then: {self.next}"]
        )


@dataclass(frozen=True)
class Proof:
    """What a plan right after an apply says. empty: None where there was none, and `why_not` says why."""

    empty: bool | None
    differs: tuple[str, ...] = ()
    why_not: str = ""


def after_failure(plan: Plan, around: Found, tell: Callable[[str], None]) -> Left:
    """What a failed apply left. `around`: what was on the manager before. tell: takes a note where somebody else is waited for. Errors:
    none; what cannot be known is said."""
    stack, objects = plan.stack, told(plan.content)
    unknown: dict[str, bool | None] = dict.fromkeys(_addresses(objects))
    again = f"egress {'destroy' if plan.verb is Verb.DESTROY else 'apply'} {stack.name}"
    if plan.saved:
        again = f"egress plan {stack.name} --out DIR, and egress apply --saved DIR"
    try:
        if lock := state_lock.holder(stack):
            tell(f"{stack.name}: its state is locked by {lock}: up to {_PATIENCE} s are waited for that run")
        done = _by_plan(plan, objects)
        if done is None and (lock := state_lock.holder(stack)):
            return Left(objects, unknown, (), again, _locked(stack, lock))
    except EgressError as error:
        return Left(objects, unknown, (), again, str(error))
    stray = _strays(plan, around)
    if stray:
        again = f"egress apply {stack.name} --import-existing"
    if done is not None:
        return Left(objects, done, stray, again)
    try:
        by_state = _by_state(objects, stack.state())
    except EgressError as error:
        return Left(objects, unknown, stray, again, str(error))
    return Left(objects, by_state, stray, again, "a plan of now fails as well: this is by the state")


def _locked(stack: Stack, lock: StateLock) -> str:
    """Whoever waited for our apply has the lock now, and is alive: to take it away is the last thing to do."""
    return (
        f"the state ({stack.state_place}) is locked by {lock}: if that run is alive, wait until it has ended; if it is dead: egress "
        f"unlock {stack.name}"
    )


def _by_plan(plan: Plan, objects: tuple[Told, ...]) -> dict[str, bool | None] | None:
    """What was done, by a plan of now; None where that fails, as it does where NSX did not realize an object."""
    try:
        open_ = set(_addresses(told(make(plan.stack, plan.verb, file=_FILE, patience=_PATIENCE).content)))
    except EgressError:
        return None
    return {address: address not in open_ for address in _addresses(objects)}


def proof(plan: Plan) -> Proof:
    """Plans once more, after a success. Errors: none."""
    try:
        after = make(plan.stack, plan.verb, file=_FILE, patience=_PATIENCE)
        if not after.changes:
            return Proof(True)
        differs = tuple(str(one) for one in told(after.content))
        return Proof(not after.content.does_something, differs)
    except EgressError as error:
        return Proof(None, (), str(error))


def _addresses(objects: tuple[Told, ...]) -> list[str]:
    return [one.address for one in objects]


def _by_state(objects: tuple[Told, ...], state: State) -> dict[str, bool | None]:
    """What was done as far as a state knows: it says what is there, and not whether an update was taken."""
    found: dict[str, bool | None] = {}
    for one in objects:
        there = one.address in state.addresses
        if one.became in _GOES:
            found[one.address] = not there
        else:
            found[one.address] = there if one.became in (Became.NEW, Became.IMPORTED) else None
    return found


def _strays(plan: Plan, around: Found) -> tuple[str, ...]:
    """Addresses of objects that the plan makes, that are on the manager, and that the state does not track."""
    try:
        there = found_now(plan.stack, around).there
    except EgressError:
        return ()
    untracked = {last(path) for path in there.untracked} if there else set()
    return tuple(one.address for one in plan.content.changes if one.creates and one.nsx_id in untracked)

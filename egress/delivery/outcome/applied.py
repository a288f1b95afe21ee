"""An apply from its question to its proof: through the one door (`plans.apply`), and then what it left."""

from __future__ import annotations

from collections.abc import Callable

from egress.delivery.outcome import aftermath
from egress.delivery.outcome.record import Entry, Record, Result, now
from egress.delivery.planning import plans
from egress.delivery.planning.looks import Found
from egress.delivery.planning.plans import ApplyFailedError, Outcome, Plan
from egress.domain import EgressError


def carry_out(
    plan: Plan,
    around: Found,
    agreed: Callable[[str], bool],
    tell: Callable[[str], None],
    record: Record,
    *,
    verify: bool = True,
) -> Entry:
    """Applies a plan and enters it into the record, however it ends.

    verify: plans once more after it was applied. The walk of the domain's flows after an apply belongs behind this: its verdicts go
    into the entry's `flows`. Errors: EgressError where it was refused or failed, with what was done and what was not, and where
    something is left to do although it went well.
    """
    entry = Entry(plan, now())
    record.entries.append(entry)
    try:
        entry.outcome = plans.apply(plan, around, agreed, tell).value
        if entry.outcome == Outcome.APPLIED:
            entry.done = dict.fromkeys((one.address for one in entry.objects), True)
            if verify:
                _prove(plan, entry, tell)
    except ApplyFailedError as error:
        left = aftermath.after_failure(plan, around, tell)
        entry.outcome, entry.done, entry.error = Result.FAILED, left.done, f"{error}, {left}"
        raise EgressError(entry.error) from None
    except EgressError as error:
        entry.outcome, entry.error = entry.outcome or Result.REFUSED, str(error)
        raise
    except KeyboardInterrupt:
        entry.outcome = entry.outcome or Result.INTERRUPTED
        raise
    finally:
        entry.ended = now()
    return entry


def _prove(plan: Plan, entry: Entry, tell: Callable[[str], None]) -> None:
    """Errors: EgressError when a plan right after the apply is not empty, or cannot be made."""
    name = plan.stack.name
    entry.proof = aftermath.proof(plan)
    if entry.proof.empty:
        tell(f"{name}: planned again, nothing is left to do")
        return
    entry.outcome = Result.NOT_PROVEN if entry.proof.empty is None else Result.NOT_EMPTY
    if entry.proof.empty is None:
        raise EgressError(f"{name}: applied, and whether anything is left to do is not known:\n{entry.proof.why_not}")
    differs = "\n".join(f"  {one}" for one in entry.proof.differs)
    raise EgressError(
        f"{name}: applied, and a plan right after it is not empty:\n{differs}\nsomebody changed it meanwhile, or the manager keeps "
        f"a value in another spelling than the file has: egress plan {name} --full"
    )

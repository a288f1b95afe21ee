"""What became of a domain's flows once a plan was applied, held against what its review had said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.domain import WorkloadDomain
from egress.reachability.view import Live, view
from egress.review.consequence import Consequence, Fate, Review
from egress.review.walked import consequences


@dataclass(frozen=True)
class FlowNow:
    """A flow as it is after the apply. `promised`: what the review had said of it, None where there is none of it."""

    flow: Consequence
    promised: Fate | None

    @property
    def broken_promise(self) -> bool:
        """Whether it was to work and does not. What could not be seen breaks no promise."""
        return self.promised is Fate.WORKS and self.flow.after.fate in (Fate.FAILS, Fate.SOMETIMES)

    def __str__(self) -> str:
        told = self.flow.now
        return f"{told}, and was to work" if self.broken_promise else told

    def as_data(self) -> dict[str, Any]:
        """For the record of the apply. `told`: the flow in words."""
        side = self.flow.after
        return {
            "question": self.flow.question,
            "told": str(self),
            "result": side.fate.value,
            "seen": list(side.seen),
            "why": list(side.why),
            "to_do": list(side.to_do),
            "promised": self.promised.value if self.promised else None,
        }


def flows_now(
    domain: WorkloadDomain, everyone: Sequence[WorkloadDomain], live: Live, review: Review | None
) -> tuple[FlowNow, ...]:
    """The domain's questions, asked of what the manager has now. Errors: EgressError."""
    said = {one.question: one.after.fate for one in review.consequences} if review else {}
    found = consequences(None, answers(view(domain, everyone, live), Ask()))
    return tuple(FlowNow(one, said.get(one.question)) for one in found)

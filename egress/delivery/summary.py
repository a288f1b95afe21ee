"""Plans as plain values, and affected stacks as Markdown for the job summary of a CI system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from egress import escape
from egress.delivery.affected import Affected
from egress.delivery.plan_content import PlanContent


def as_data(content: PlanContent) -> dict[str, Any]:
    """What a plan does, for programs: counts, and for each address that changes the actions and the values on both sides."""
    return content.counts() | {
        "resources": [
            {
                "address": change.address,
                "actions": list(change.actions),
                "values": {name: {"before": b, "after": a} for name, (b, a) in change.values.items()},
            }
            for change in content.changes
            if change.matters
        ]
    }


def of_affected(found: Sequence[Affected], base: str) -> str:
    """The affected stacks and why, in a table."""
    if not found:
        return f"No stack differs from {escape.code_span(base)}.\n\n"
    rows = [f"| {one.stack} | {one.why}{f': {escape.markdown(one.detail)}' if one.detail else ''} |" for one in found]
    return "\n".join(
        [f"Stacks that differ from {escape.code_span(base)}:", "", "| stack | why |", "|---|---|", *rows, "", ""]
    )

"""Plans and affected stacks as Markdown, for the job summary of a CI system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from egress import escape
from egress.delivery.affected import Affected
from egress.delivery.network_words import Told, told
from egress.delivery.plan_content import PlanContent
from egress.delivery.plans import Plan

MAX_WORDS = 60_000
"""Characters of the engine's words that are kept for a stack. GitHub takes 1 MiB a step (their documentation)."""


def of_plan(plan: Plan) -> str:
    """A plan: counts in the headline, a row per object with what it was and what it becomes, the engine's own words folded."""
    run = plan.stack.run.words(plan.stack.domain)
    return render(plan.stack.name, run, as_data(plan.content), plan.words, told(plan.content))


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


def render(stack: str, run: str, counts: dict[str, Any], words: str, objects: Sequence[Told] = ()) -> str:
    """The Markdown of one plan. `counts` as `as_data` gives them, `words` as the engine said them, `objects` in network words."""
    destroys = f"**{counts['destroy']} to DESTROY**" if counts["destroy"] else "0 to destroy"
    lines = [f"### {stack}: {counts['add']} to add, {counts['change']} to change, {destroys}", "", escape.line(run), ""]
    if counts["resources"]:
        by_address = {one.address: one for one in objects}
        order = list(by_address)
        rows = sorted(
            counts["resources"], key=lambda one: order.index(one["address"]) if one["address"] in order else -1
        )
        lines += ["| action | address | object | before | after |", "|---|---|---|---|---|"]
        lines += [_row(one, by_address.get(one["address"])) for one in rows]
        lines.append("")
    lines += ["<details><summary>in the engine's words</summary>", "", escape.code_block(_cut(words))]
    return "\n".join([*lines, "", "</details>", "", ""])


def _row(resource: dict[str, Any], one: Told | None) -> str:
    cells = [" and ".join(resource["actions"]), escape.code_span(resource["address"])]
    cells += [escape.markdown(one.object), *map(_lines, _sides(one))] if one else ["", "", ""]
    return f"| {' | '.join(cells)} |"


def _sides(one: Told) -> tuple[list[str], list[str]]:
    """What an object was and what it becomes; of one that is there on both sides only what differs."""
    if not one.values:
        return [one.before], [one.after]
    return (
        [f"{value.attribute} {value.before}" for value in one.values],
        [f"{value.attribute} {value.after}" for value in one.values],
    )


def _lines(texts: list[str]) -> str:
    return "<br>".join(escape.markdown(text) for text in texts)


def of_affected(found: Sequence[Affected], base: str) -> str:
    """The affected stacks and why, in a table."""
    if not found:
        return f"No stack differs from {escape.code_span(base)}.\n\n"
    rows = [f"| {one.stack} | {one.why}{f': {escape.markdown(one.detail)}' if one.detail else ''} |" for one in found]
    return "\n".join(
        [f"Stacks that differ from {escape.code_span(base)}:", "", "| stack | why |", "|---|---|", *rows, "", ""]
    )


def _cut(words: str) -> str:
    words = escape.uncoloured(words).strip()
    return (
        words if len(words) <= MAX_WORDS else f"{words[:MAX_WORDS]}\n... cut, {len(words) - MAX_WORDS} characters more"
    )

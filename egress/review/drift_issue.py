"""A stack's drift as the body of its issue. The same drift gives the same words, so that a nightly run writes only what is new."""

from __future__ import annotations

from collections.abc import Sequence

from egress.checks import Report
from egress.delivery.content.drift import Drift
from egress.delivery.content.network_words import short_name, value
from egress.escape import code_block, code_span, markdown

MOST = 50_000
"""Characters of rows; GitHub takes 65,536 for the whole."""
_LONGEST = 4_000
"""Characters of the words of a failure."""
_SEEN_LAST = "<!-- tier0-egress: what was seen last -->"
"""Hidden line between what could not be done now and what was known before."""
WELL = "`egress drift` finds none any more: state and manager say the same."
GONE = "No domain file gives this stack any more, so nothing compares it."


def title(stack: str) -> str:
    """Of a new issue."""
    return f"egress: {stack} has drifted, or could not be compared"


def body(stack: str, target: str, drift: Sequence[Drift], around: Report, not_seen: str = "") -> str:
    """What is not as the state says, and what is around it. target: the manager, in words. not_seen: why the rest is not known."""
    rows = [row for one in drift if one.matters for row in _rows(one)]
    findings = [
        f"* {one.rule.severity}: {markdown(one.what)} ({code_span(one.rule.id)})"
        for one in (*around.errors, *around.warnings)
    ]
    lines = [f"What {markdown(target)} says of {code_span(stack)} is not what the state remembers.", ""]
    if rows:
        lines += ["| object | attribute | in the state | on the manager |", "|---|---|---|---|", *_fitting(rows), ""]
    if findings:
        lines += ["Around it:", "", *_fitting(findings), ""]
    if not_seen:
        lines += [
            "Whether somebody else's objects are in the way was not seen:",
            "",
            code_block(not_seen[:_LONGEST]),
            "",
        ]
    lines += [f"To put it back: {code_span(f'egress apply {stack}')}. To keep it: change the domain file."]
    return "\n".join(lines)


def not_compared(stack: str, why: str, before: str) -> str:
    """What is told of a stack that could not be compared. before: the body that its open issue has now; what was known stays."""
    _, apart, rest = before.partition(f"{_SEEN_LAST}\n")
    known = (rest if apart else before).strip()
    lines = [
        f"**{code_span(stack)} could not be compared by the last run: whether it has drifted is not known.**",
        "",
        code_block(why[:_LONGEST]),
        "",
        _SEEN_LAST,
    ]
    return "\n".join(
        [*lines, *(["What was seen last:", "", known.removeprefix("What was seen last:").strip()] if known else [])]
    )


def _rows(one: Drift) -> list[str]:
    name = markdown(short_name(one.path))
    if one.deleted:
        return [f"| {name} | | there | **deleted** |"]
    told = (value(change.attribute, change.state, change.manager) for change in one.values)
    return [f"| {name} | {markdown(v.attribute)} | {markdown(v.before)} | {markdown(v.after)} |" for v in told]


def _fitting(lines: list[str]) -> list[str]:
    """As many as there is room for, and a word about the rest."""
    kept: list[str] = []
    room = MOST // 2
    for number, one in enumerate(lines):
        room -= len(one)
        if room < 0:
            return [*kept, "", f"and {len(lines) - number} more, which `egress drift` shows"]
        kept.append(one)
    return kept

"""Proposals as the pull request that a nightly run keeps: the same proposals give the same words, and every text is escaped where it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from egress.escape import code_span, line, markdown
from egress.proposal.proposal import Change, Kind, Proposal

__all__ = ["LEFT", "TITLE", "WELL", "body", "message"]

TITLE = "egress: mappings for egress addresses that have none"
WELL = "`egress propose` has nothing to propose any more: every egress address that is there is covered."
LEFT = "`egress propose` has no change to propose any more; what its last run says of the rest is left to you."
_WHY = (
    "Egress addresses that are on the manager and that no mapping is for: what is sent with them leaves the Tier-0 un-translated, and no "
    "answer finds back."
)
MADE_BY = "Made-by: egress propose"
"""Trailer by which a commit of ours is known."""
_ROWS = 200
"""Changes that are told; more are counted. A row has some hundred characters, GitHub takes 65,536 for the whole."""
_LONGEST = 50_000


def body(proposals: Sequence[Proposal]) -> str:
    """What a reviewer reads."""
    changes = [(one.stack, change) for one in proposals for change in one.changes]
    new = sum(change.kind is Kind.NEW for _, change in changes)
    moved = len(changes) - new
    told = ["No change of a domain file is proposed."]
    if changes:
        told = [
            _WHY,
            "",
            f"{_count(new, 'new mapping')}, {moved} moved. Merged and applied, the plan is exactly that.",
            "",
        ]
        told += ["| stack | mapping | egress address | translated to | why |", "|---|---|---|---|---|"]
        told += _fitting((_row(stack, change) for stack, change in changes), len(changes))
    told += _list("To confirm before it is merged", "* ", _asks(changes))
    told += _list("Left to you, nothing here is right for it", "* ", _told(proposals, "undecided"))
    told += _list("Not there any more, and left as it is", "* ", _told(proposals, "stale"))
    return "\n".join(told)


def message(proposals: Sequence[Proposal]) -> str:
    """The commit's message: plain text, and no words of a manager, as forges find mentions and references in it."""
    changes = [(one.stack, change) for one in proposals for change in one.changes]
    lines = [line(f"{stack}: {one.key}: {one.source} to {one.translated}") for stack, one in changes[:_ROWS]]
    lines += [f"and {len(changes) - _ROWS} more"] if len(changes) > _ROWS else []
    return "\n\n".join([TITLE, "\n".join(lines), MADE_BY]) + "\n"


def _row(stack: str, change: Change) -> str:
    cells = [code_span(stack), code_span(change.key), code_span(change.source), code_span(change.translated)]
    return f"| {' | '.join(cells)} | {'; '.join(markdown(one) for one in change.why)} |"


def _asks(changes: Iterable[tuple[str, Change]]) -> Iterator[str]:
    return (f"{code_span(stack)}: {markdown(ask)}" for stack, change in changes for ask in change.asks)


def _told(proposals: Iterable[Proposal], what: str) -> Iterator[str]:
    return (f"{code_span(one.stack)}: {markdown(told)}" for one in proposals for told in getattr(one, what))


def _list(title: str, mark: str, entries: Iterable[str]) -> list[str]:
    every = list(entries)
    return ["", f"**{title}**", "", *_fitting((f"{mark}{one}" for one in every), len(every))] if every else []


def _fitting(lines: Iterator[str], count: int) -> list[str]:
    """As many as there is room for, and how many more there are."""
    kept: list[str] = []
    room = _LONGEST // 4
    for one in lines:
        room -= len(one)
        if room < 0 or len(kept) == _ROWS:
            return [*kept, "", f"and {count - len(kept)} more, which `egress propose` shows"]
        kept.append(one)
    return kept


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

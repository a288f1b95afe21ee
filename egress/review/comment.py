"""A run of plans as Markdown: what changes, what happens to packets, what the gate says. In the room that a forge gives.

Counts come first, then a row per stack, then each stack's objects and packets, then pictures, then the engine's own words: where the
room ends, the rest is counted. The dangerous come first in every round. Text of others is escaped where it goes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from egress import escape
from egress.delivery.content.network_words import Became, Told, told
from egress.escape import markdown
from egress.review.consequence import Consequence, OutageChange, Turn
from egress.review.finding import GateFinding, GateVerdict
from egress.review.planned_run import FailedPlan, PlannedRun, Reviewed

COMMENT = 60_000
"""Bytes of a comment. GitHub takes 65,536 characters (422 "Body is too long"), GitLab 1,000,000."""
SUMMARY = 1_000_000
"""Bytes of a job summary. GitHub takes 1 MiB a step (their documentation) and drops the whole of a larger one."""
_ROWS = 0.4
"""Share of the room that the rows of stacks may take."""
_OBJECTS = 40
"""Objects of a stack that stand in its table; more are counted."""
_SENTENCES = 30
"""Consequences, outages or findings of a stack that are told; more are counted."""
_WORDS = 4_000
"""Bytes below which it is no use to cut the engine's words."""
_DESTROYS = (Became.DELETED, Became.REPLACED, Became.REPLACED_LATE)


@dataclass
class _Section:
    """What is to be told of one stack, piece by piece; `taken`: the pieces for which there is room."""

    core: str
    picture: str = ""
    words: str = ""
    taken: list[str] = field(default_factory=list)


def render(run: PlannedRun, limit: int, verdict: GateVerdict | None = None) -> str:
    """The Markdown of a run, at most `limit` bytes of UTF-8. verdict: of the gate, where it was asked."""
    plans = sorted(run.plans, key=lambda plan: _danger(plan, verdict), reverse=True)
    head = "\n".join(_head(run, verdict))
    rows = [*_failed_rows(run), *(_row(plan, verdict) for plan in plans), *_gone_rows(run)]
    sections = [
        *map(_failed_section, run.failed),
        *(_section(plan, verdict) for plan in plans if _is_told(plan, verdict)),
    ]
    room = limit - _size(head) - _RESERVE
    table = _table(rows, int(room * _ROWS) if _size(*rows) + _size(*(one.core for one in sections)) > room else room)
    left_out = _take(sections, room - _size(table))
    body = "".join(piece for section in sections for piece in section.taken)
    return "\n".join(part for part in (head, table, body, *left_out) if part) + "\n"


_RESERVE = 1_000
"""Bytes for what is said of the rest."""


def _size(*texts: str) -> int:
    return sum(len(text.encode()) + 1 for text in texts)


def _take(sections: Sequence[_Section], room: int) -> list[str]:
    """Takes what there is room for, round by round. Returns what is to be said of what there was none for."""
    left: list[str] = []
    cores = pictures = words = 0
    for section in sections:
        if _size(section.core) <= room:
            section.taken.append(section.core)
            room -= _size(section.core)
        else:
            cores += 1
    there = [section for section in sections if section.taken]
    for section in there:
        if section.picture and _size(section.picture) <= room:
            section.taken.append(section.picture)
            room -= _size(section.picture)
        else:
            pictures += bool(section.picture)
    for section in there:
        told = _folded_words(section.words, room)
        if told:
            section.taken.append(told)
            room -= _size(told)
        else:
            words += bool(section.words)
    if cores:
        left.append(f"{_count(cores, 'stack')} only in the table")
    if pictures:
        left.append(f"{_count(pictures, 'picture')}")
    if words:
        left.append(f"the engine's words of {_count(words, 'stack')}")
    return [f"_No room here for the rest: {', '.join(left)}. `egress plan STACK --full` tells it._"] if left else []


def _folded_words(words: str, room: int) -> str:
    """The engine's words, folded and cut to the room; nothing where that is too small to be of use."""
    frame = 300
    if not words or room < min(_size(words), _WORDS) + frame:
        return ""
    raw = words.encode()
    kept = raw[: room - frame].decode("utf-8", "ignore")
    if len(kept) < len(words):
        kept = f"{kept}\n... cut, {len(words) - len(kept)} characters more"
    return f"<details><summary>in the engine's words</summary>\n\n{escape.code_block(kept)}\n\n</details>\n\n"


def _danger(plan: Reviewed, verdict: GateVerdict | None) -> tuple[int, ...]:
    """The higher the earlier a stack is told: what is stopped, what breaks, what is destroyed, what changes."""
    review, counts = plan.review, plan.content.counts()
    return (
        sum(one.stops for one in _findings(plan.stack, verdict)),
        len(review.of(Turn.BREAKS)),
        counts["destroy"],
        len(review.of(Turn.UNKNOWN)) + len(review.of(Turn.STAYS_BROKEN)),
        int(plan.changes),
    )


def _is_told(plan: Reviewed, verdict: GateVerdict | None) -> bool:
    """Whether there is more to say of a stack than that nothing changes."""
    review = plan.review
    return (
        plan.changes
        or any(one.matters for one in review.consequences)
        or bool(review.not_seen or _findings(plan.stack, verdict))
    )


def _findings(stack: str, verdict: GateVerdict | None) -> Sequence[GateFinding]:
    return verdict.of(stack) if verdict else ()


def _head(run: PlannedRun, verdict: GateVerdict | None) -> Iterator[str]:
    """The counts."""
    changes = sum(plan.changes for plan in run.plans)
    told = [f"{_count(changes, 'stack')} change{'s' if changes == 1 else ''}"] if changes else ["no stack changes"]
    same = len(run.plans) - changes
    told += [f"{same} as {'it is' if same == 1 else 'they are'}"] if same else []
    lost = len(run.failed) + len(run.missing)
    told += [f"**{lost} could not be planned**"] if lost else []
    yield f"## Tier-0 egress: {', '.join(told)}"
    yield ""
    if run.plans:
        yield f"Traffic: {_traffic([one for plan in run.plans for one in plan.review.consequences])}"
        yield ""
    if verdict is not None:
        yield f"Gate: {_gate(verdict.findings)}"
        yield ""


def _traffic(consequences: Sequence[Consequence]) -> str:
    """How many flows a plan does what to, in a few words."""
    counted = [(turn, sum(one.turn is turn for one in consequences)) for turn in Turn]
    loud = (Turn.BREAKS, Turn.UNKNOWN, Turn.STAYS_BROKEN)
    told = [
        f"**{number} {_TURNS[turn]}**" if turn in loud else f"{number} {_TURNS[turn]}"
        for turn, number in counted
        if number
    ]
    return ", ".join(told) or "no flow to ask about"


_TURNS = {
    Turn.BREAKS: "will break",
    Turn.UNKNOWN: "cannot be known",
    Turn.STAYS_BROKEN: "broken now and after it",
    Turn.MENDS: "will work",
    Turn.OTHER_SOURCE: "will be seen with another address",
    Turn.WORKS: "as before",
}


def _gate(findings: Sequence[GateFinding]) -> str:
    stops = sum(one.stops for one in findings)
    overridden = sum(one.overridden is not None for one in findings)
    warns = len(findings) - stops - overridden
    told = [f"**{stops} not passed**"] if stops else []
    told += [f"{overridden} overridden"] if overridden else []
    told += [_count(warns, "warning")] if warns else []
    return ", ".join(told) or "passed"


def _failed_rows(run: PlannedRun) -> Iterator[str]:
    for failed in run.failed:
        yield f"| {markdown(failed.stack)} | **could not be planned** | not known | |"
    for missing in run.missing:
        why = f"{markdown(missing.why)}: **no plan of it is here**, its job ended without one"
        yield f"| {markdown(missing.stack)} | {why} | not known | |"


def _gone_rows(run: PlannedRun) -> Iterator[str]:
    for gone in run.gone:
        yield f"| {markdown(gone.stack)} | removed: nothing of it is left, in its state or on the manager | | |"


def _row(plan: Reviewed, verdict: GateVerdict | None) -> str:
    counts = plan.content.counts()
    what = _counts(counts) if plan.changes else "no changes"
    gate = _gate(_findings(plan.stack, verdict)) if verdict is not None else ""
    return f"| {markdown(plan.stack)} | {what} | {_traffic(plan.review.consequences)} | {gate} |"


def _counts(counts: dict[str, int]) -> str:
    destroys = f"**{counts['destroy']} to DESTROY**" if counts["destroy"] else "0 to destroy"
    imports = f"{counts['import']} to import, " if counts.get("import") else ""
    return f"{imports}{counts['add']} to add, {counts['change']} to change, {destroys}"


def _table(rows: Sequence[str], room: int) -> str:
    """As many rows as there is room for, the rest counted."""
    if not rows:
        return ""
    kept: list[str] = []
    for row in rows:
        room -= _size(row)
        if room < 0:
            break
        kept.append(row)
    if len(kept) < len(rows):
        kept.append(f"| {_count(len(rows) - len(kept), 'stack')} more | | | |")
    return "\n".join(["| stack | plan | traffic | gate |", "|---|---|---|---|", *kept, ""])


def _failed_section(failed: FailedPlan) -> _Section:
    words = failed.words[:_WORDS]
    return _Section(f"### {markdown(failed.stack)}: could not be planned\n\n{escape.code_block(words)}\n\n")


def _section(plan: Reviewed, verdict: GateVerdict | None) -> _Section:
    picture = plan.review.picture
    shown = f"<details><summary>picture, after the plan</summary>\n\n{escape.code_block(picture, 'mermaid')}\n\n</details>\n\n"
    return _Section(
        "\n".join(_core(plan, verdict)) + "\n\n", shown if picture else "", plan.words if plan.changes else ""
    )


def _core(plan: Reviewed, verdict: GateVerdict | None) -> Iterator[str]:
    """What everybody reads of a stack."""
    review = plan.review
    yield f"### {markdown(plan.stack)}: {_counts(plan.content.counts()) if plan.changes else 'no changes'}"
    yield ""
    yield markdown(plan.target)
    yield from _objects(told(plan.content))
    yield from _part("What the gate says", [_finding(one) for one in _findings(plan.stack, verdict)])
    yield from _packets(plan)
    yield from _part("When something fails, otherwise than now", list(_outages(review.outages)))
    noticed = [
        f"{one.severity}: {markdown(one.what)} ({markdown(one.rule)}); {markdown(one.fix)}" for one in review.noticed
    ]
    yield from _part("On the manager already", [*noticed, *map(markdown, review.differs)])
    yield ""
    yield f"plan {escape.code_span(f'sha256:{plan.digest}')}"


def _objects(objects: Sequence[Told]) -> Iterator[str]:
    if not objects:
        return
    yield from ("", "| object | what becomes of it | before | after |", "|---|---|---|---|")
    for one in objects[:_OBJECTS]:
        became = f"**{one.became}**" if one.became in _DESTROYS else str(one.became)
        before, after = (_lines(side) for side in _sides(one))
        yield f"| {markdown(one.object)} | {became} | {before} | {after} |"
    if len(objects) > _OBJECTS:
        yield f"| {len(objects) - _OBJECTS} more | | | |"


def _sides(one: Told) -> tuple[list[str], list[str]]:
    """What an object was and what it becomes; of one that is there on both sides only what differs."""
    if not one.values:
        return [one.before], [one.after]
    return (
        [f"{value.attribute} {value.before}" for value in one.values],
        [f"{value.attribute} {value.after}" for value in one.values],
    )


def _lines(texts: list[str]) -> str:
    return "<br>".join(markdown(text) for text in texts)


def _packets(plan: Reviewed) -> Iterator[str]:
    review = plan.review
    order = list(Turn)
    loud = sorted((one for one in review.consequences if one.matters), key=lambda one: order.index(one.turn))
    sentences = [_consequence(one) for one in loud]
    if quiet := [str(one) for one in review.of(Turn.WORKS)]:
        sentences.append(f"as before: {markdown('; '.join(quiet[:_SENTENCES]))}{_more(len(quiet))}")
    title = f"What happens to packets, walked over {markdown(review.source)}"
    sentences += [f"the manager was not read: {markdown(review.not_seen)}"] if review.not_seen else []
    sentences += [f"taken for granted: {markdown(one)}" for one in review.assumed]
    yield from _part(title, sentences)


def _consequence(one: Consequence) -> str:
    sign = "**" if one.turn in (Turn.BREAKS, Turn.UNKNOWN, Turn.STAYS_BROKEN) else ""
    why = "".join(f"<br>because {markdown(text)}" for text in one.after.why)
    to_do = "".join(f"<br>to do: {markdown(text)}" for text in one.after.to_do)
    return f"{sign}{markdown(str(one))}{sign}{why}{to_do}"


def _outages(changes: Sequence[OutageChange]) -> Iterator[str]:
    """What becomes worse, outage by outage; what becomes better is counted: nobody has to decide about it."""
    worse: dict[str, list[OutageChange]] = {}
    for one in changes:
        if one.worse:
            worse.setdefault(one.outage, []).append(one)
    for outage, these in worse.items():
        flows = ", ".join(f"{one.question} ({one.before} -> {one.after})" for one in these[:_SENTENCES])
        yield f"**without {markdown(outage)}**: {markdown(flows)}{_more(len(these))}"
    if better := len(changes) - sum(map(len, worse.values())):
        yield f"{_count(better, 'flow')} less lost, counted over all single failures"


def _finding(one: GateFinding) -> str:
    said = f"{markdown(one.what)} ({markdown(one.rule)}): {markdown(one.why)}"
    if one.overridden:
        given = one.overridden
        return f"overridden until {given.until} by {markdown(given.who)} ({markdown(given.ticket)}, {markdown(given.why)}): {said}"
    note = f"<br>{markdown(one.note)}" if one.note else ""
    return f"{'**' if one.stops else ''}{one.demand}{'**' if one.stops else ''}: {said}<br>to do: {markdown(one.fix)}{note}"


def _part(title: str, sentences: Sequence[str]) -> Iterator[str]:
    """A titled list; nothing without sentences."""
    if sentences:
        yield from ("", f"**{title}**", "")
        yield from (f"- {sentence}" for sentence in sentences[:_SENTENCES])
        if len(sentences) > _SENTENCES:
            yield f"- {len(sentences) - _SENTENCES} more"


def _more(number: int) -> str:
    return f" and {number - _SENTENCES} more" if number > _SENTENCES else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

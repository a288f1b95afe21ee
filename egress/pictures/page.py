"""The report as one HTML page: no script, nothing from elsewhere, every text escaped. It can be mailed as it is, read on a telephone and
printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from egress.answers.answer import Answer
from egress.answers.assumptions import assumptions, unasked
from egress.answers.returns import OutsideRoute
from egress.answers.route_text import FORMATS, ROUTERS, SERVERS, TITLES, render
from egress.answers.what_if import Loss, few
from egress.checks import Report
from egress.escape import markup as escape
from egress.pictures.style import STYLE
from egress.reachability.flow import Result
from egress.reachability.topology import NodeKind
from egress.reachability.view import View

_MOODS_OF_WORDS = {"works": "good", "fails": "bad"}
_MOODS = {"error": "bad", "warning": "some"}


@dataclass(frozen=True)
class Content:
    """Everything that the page of one stack shows. `wide`, `tall`: the picture as markup that Graphviz made, put in as it is."""

    view: View
    wide: str
    tall: str
    report: Report
    answers: Sequence[Answer]
    routes: Sequence[OutsideRoute]
    made: str
    losses: Sequence[Loss] = ()


def page(content: Content) -> str:
    """The page as HTML text."""
    view = content.view
    name = escape(view.domain.stack)
    without = f", without {', '.join(view.lost)}" if view.lost else ""
    parts = [
        f"<h1>{name}</h1>",
        f'<p class="faint">{escape(f"{view.source}{without}")} &middot; {escape(content.made)}</p>',
        f"<p>{_headline(content)}</p>",
        f'<div class="wide">{content.wide}</div><div class="tall">{content.tall}</div>',
        "<h2>Flows</h2>",
        *_flows(content.answers),
        *_list(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in unasked(view)),
        "<h2>What if</h2>",
        *_losses(content.losses),
        "<h2>Checks</h2>",
        *_checks(content.report),
        "<h2>Routes missing outside NSX</h2>",
        *_routes(view, content.routes),
        "<h2>Assumed</h2>",
        *_list(assumptions(view)),
    ]
    head = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>Tier-0 egress: {name}</title><style>{STYLE}</style></head><body>"
    )
    return head + "\n".join(parts) + "</body></html>\n"


def _headline(content: Content) -> str:
    good = sum(answer.works for answer in content.answers)
    errors, warnings = len(content.report.errors), len(content.report.warnings)
    mood = "good" if good == len(content.answers) and not errors else "bad"
    return (
        f'<strong class="{mood}">{good} of {len(content.answers)} flows work</strong>, '
        f"{_count(errors, 'error')} and {_count(warnings, 'warning')} from the checks, "
        f"{_count(len(content.routes), 'route')} missing outside NSX"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _table(headers: Sequence[str], rows: Iterable[Sequence[tuple[str, str]]]) -> Iterator[str]:
    """A table whose rows are stacked on a narrow page. A cell is a class and markup."""
    yield f"<table><thead><tr>{''.join(f'<th>{header}</th>' for header in headers)}</tr></thead><tbody>"
    for row in rows:
        cells = (
            f'<td data-of="{header}"{f" class={mood!r}" if mood else ""}>{text}</td>'
            for header, (mood, text) in zip(headers, row, strict=True)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table>"


def _flows(answers: Iterable[Answer]) -> Iterator[str]:
    rows = []
    for answer in answers:
        verdict = answer.finding.verdict
        mood, word = _MOODS_OF_WORDS.get(answer.word, "some"), answer.word
        seen = ", ".join(str(address) for address in verdict.seen) or "-"
        told = [answer.symptom] if answer.symptom else [f"not seen: {one}" for one in answer.finding.unseen]
        for remedy in answer.finding.remedies:
            told += [remedy.why, f"to do: {remedy.fix}"]
        cells = ("", escape(answer.question.title)), (mood, word), ("", escape(seen))
        rows.append([*cells, ("", f"{'<br>'.join(escape(text) for text in told)}{_hops(answer)}")])
    return _table(["flow", "verdict", "seen as", "what people see, and what is missing"], rows)


def _losses(losses: Sequence[Loss]) -> Iterator[str]:
    """What still works when one thing fails."""
    if not losses:
        yield '<p class="faint">Not said: what it depends on was not seen.</p>'
        return
    rows = []
    for loss in losses:
        good = f"{len(loss.of(Result.ALL))} of {len(loss.results)}"
        cells = [("", escape(str(loss.outage))), ("good" if loss.harmless else "bad", good)]
        rows.append([*cells, *(("", escape(few(loss.of(kind))) or "-") for kind in (Result.SOME, Result.NONE))])
    yield from _table(["without", "flows that work", "sometimes", "fails"], rows)


def _hops(answer: Answer) -> str:
    """Every hop of the first failing path, or of the first one."""
    verdict = answer.finding.verdict
    path = (verdict.failing or verdict.paths)[0]
    lines = [
        f"{way:5} {hop.in_words()}" for way, hops in (("there", path.forward), ("back", path.back)) for hop in hops
    ]
    return f"<details><summary>hops</summary><pre>{escape(chr(10).join(lines))}</pre></details>"


def _checks(report: Report) -> Iterator[str]:
    if not report.findings and not report.suppressed:
        yield '<p class="good">Every rule holds.</p>'
        return
    rows = []
    for finding in (*report.findings, *report.suppressed):
        severity = finding.rule.severity.value
        reason = f"<br>suppressed: {escape(finding.reason)}" if finding.reason else ""
        rows.append(
            [
                (_MOODS.get(severity, "faint") if not finding.reason else "faint", escape(severity)),
                ("", escape(finding.rule.id)),
                ("", escape(str(finding.place or finding.key))),
                ("", f"{escape(finding.what)}<br>{escape(finding.fix)}{reason}"),
            ]
        )
    yield from _table(["severity", "rule", "where", "what, and the fix"], rows)


def _routes(view: View, routes: Sequence[OutsideRoute]) -> Iterator[str]:
    """For each machine that lacks a route: why, and how to write it there, whatever the machine is."""
    if not routes:
        yield '<p class="good">None.</p>'
    for machine in dict.fromkeys(route.on for route in routes):
        mine = [route for route in routes if route.on == machine]
        router = view.topology.nodes[machine].kind is NodeKind.ROUTER
        yield f"<h3>On {escape(machine)}</h3>"
        yield from _list(route.why for route in mine)
        for name in ROUTERS if router else SERVERS:
            yield f'<p class="how">{escape(TITLES[name])}</p><pre>{escape(render(name, mine))}</pre>'
        yield f'<p class="faint">{escape(_left_out(view.domain.stack, router))}</p>'


def _left_out(stack: str, router: bool) -> str:
    """Which formats a machine's routes are not shown in, and why."""
    rest = [name for name in FORMATS if name not in (ROUTERS if router else SERVERS)]
    kind, other = ("router", "servers") if router else ("server", "routers")
    return (
        f"Left out, as this is taken for a {kind} and these are for {other}: {', '.join(rest)}. If it is another machine: "
        f"egress routes {stack} --format {rest[0]}, and so on."
    )


def _list(texts: Iterable[str]) -> Iterator[str]:
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    if items:
        yield f"<ul>{items}</ul>"

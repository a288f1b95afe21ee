"""The report as one HTML page: no script, nothing from elsewhere, every text escaped. It can be mailed as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from egress.answers.answer import Answer
from egress.answers.returns import OutsideRoute
from egress.answers.route_text import render
from egress.checks import Report
from egress.escape import markup as escape
from egress.reachability.flow import Result
from egress.reachability.view import View

_WORDS = {Result.ALL: ("good", "works"), Result.SOME: ("warn", "sometimes"), Result.NONE: ("bad", "fails")}
_STYLE = """
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #1f2328; }
body { max-width: 78rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #eaeef2; }
pre { background: #f6f8fa; padding: .6rem .8rem; overflow-x: auto; }
svg { max-width: 100%; height: auto; }
.good { color: #1a7f37; } .warn { color: #9a6700; } .bad { color: #cf222e; font-weight: 600; } .faint { color: #57606a; }
"""


@dataclass(frozen=True)
class Content:
    """Everything that the page of one stack shows. `svg`: markup that Graphviz made, put in as it is."""

    view: View
    svg: str
    report: Report
    answers: Sequence[Answer]
    routes: Sequence[OutsideRoute]
    made: str


def page(content: Content) -> str:
    """The page as HTML text."""
    view = content.view
    name = escape(view.domain.stack)
    without = f", without {', '.join(sorted(view.around.world.down))}" if view.around.world.down else ""
    parts = [
        f"<h1>{name}</h1>",
        f'<p class="faint">{escape(f"{view.source}{without}")} &middot; {escape(content.made)}</p>',
        f"<p>{_headline(content)}</p>",
        content.svg,
        "<h2>Flows</h2>",
        *_flows(content.answers),
        "<h2>Checks</h2>",
        *_checks(content.report),
        "<h2>Routes missing outside NSX</h2>",
        *_routes(content.routes),
        "<h2>Assumed</h2>",
        _list(view.notes) if view.notes else "<p>What docs/reachability.md says, and nothing else.</p>",
    ]
    head = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Tier-0 egress: {name}</title><style>{_STYLE}</style></head><body>"
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


def _flows(answers: Iterable[Answer]) -> Iterable[str]:
    yield "<table><tr><th>flow</th><th>verdict</th><th>seen as</th><th>what people see, and what is missing</th></tr>"
    for answer in answers:
        verdict = answer.finding.verdict
        mood, word = _WORDS[verdict.result]
        seen = ", ".join(str(address) for address in verdict.seen) or "-"
        told = [answer.symptom] if not answer.works else []
        for remedy in answer.finding.remedies:
            told += [remedy.why, f"to do: {remedy.fix}"]
        yield (
            f'<tr><td>{escape(answer.question.title)}</td><td class="{mood}">{word}</td><td>{escape(seen)}</td>'
            f"<td>{'<br>'.join(escape(text) for text in told)}{_hops(answer)}</td></tr>"
        )
    yield "</table>"


def _hops(answer: Answer) -> str:
    """Every hop of the first failing path, or of the first one."""
    verdict = answer.finding.verdict
    path = (verdict.failing or verdict.paths)[0]
    lines = [
        f"{way:5} {hop.in_words()}" for way, hops in (("there", path.forward), ("back", path.back)) for hop in hops
    ]
    return f"<details><summary>hops</summary><pre>{escape(chr(10).join(lines))}</pre></details>"


def _checks(report: Report) -> Iterable[str]:
    if not report.findings and not report.suppressed:
        yield '<p class="good">Every rule holds.</p>'
        return
    yield "<table><tr><th>severity</th><th>rule</th><th>where</th><th>what, and the fix</th></tr>"
    for finding in (*report.findings, *report.suppressed):
        mood = {"error": "bad", "warning": "warn"}.get(finding.rule.severity.value, "faint")
        reason = f"<br>suppressed: {escape(finding.reason)}" if finding.reason else ""
        yield (
            f'<tr><td class="{mood}">{escape(finding.rule.severity.value)}</td><td>{escape(finding.rule.id)}</td>'
            f"<td>{escape(str(finding.place or finding.key))}</td>"
            f"<td>{escape(finding.what)}<br>{escape(finding.fix)}{reason}</td></tr>"
        )
    yield "</table>"


def _routes(routes: Sequence[OutsideRoute]) -> Iterable[str]:
    if not routes:
        yield '<p class="good">None.</p>'
        return
    yield _list([route.why for route in routes])
    for name in ("linux", "windows", "ios"):
        yield f"<p>{name}</p><pre>{escape(render(name, routes))}</pre>"


def _list(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"

"""`egress diagnose`: what does this failed image pull want to tell me?"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from egress.answers.diagnosis import Diagnosis, addresses, diagnose
from egress.answers.failure_texts import Failure, only_backed_off, pulled, recognise
from egress.cli._names import Sender, stack_argument
from egress.cli._views import source_options, views
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, console, print_json, styled
from egress.domain import EgressError
from egress.domain.fields import listed
from egress.escape import line
from egress.reachability.surroundings import Wishes

_MAX_BYTES = 4 << 20


@click.command("diagnose")
@stack_argument
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--from",
    "sender",
    metavar="WHO",
    type=Sender(),
    help="Whose pod it is: a mapping (supervisor, tkg, ...) or a Tier-1.",
)
@source_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_obj
def command(
    project: Project,
    stack: str,
    file: BinaryIO,
    sender: str | None,
    plan: Path | None,
    live: bool,
    edges: tuple[str, ...],
    as_json: bool,
) -> int:
    """Say what a failed image pull in `kubectl describe pod` means, and what is missing.

    kubectl describe pod NAME | egress diagnose STACK

    Tells a lost connection from a DNS lookup, a certificate, a login and a rate limit, and asks the packet walk where the
    network is to blame. Exit codes: 0 nothing failed, 1 nothing recognised, 2 a failure and what it means.
    """
    text = file.read(_MAX_BYTES).decode("utf-8", errors="replace")
    failures = recognise(text)
    if not failures:
        return _nothing(text)
    wishes = Wishes(hosts=addresses(failures))
    (view,) = views(project, [stack], plan, live, edges, lambda _: wishes)
    if sender is not None and sender not in {name for one in view.around.senders for name in (one.key, one.tier1)}:
        known = dict.fromkeys(name for one in view.around.senders for name in (one.key, one.tier1) if name)
        raise EgressError(f"{stack} has no mapping or Tier-1 {sender!r}, there are: {listed(known)}")
    found = [diagnose(view, failure, sender) for failure in failures]
    if as_json:
        print_json({"stack": stack, "source": str(view.source), "failures": [one.as_json() for one in found]})
    else:
        for one in found:
            _show(one)
    return NEEDS_YOU


def _nothing(text: str) -> int:
    if not text.strip():
        raise EgressError("nothing to read: pipe the output of kubectl describe pod in, or name a file")
    if only_backed_off(text):
        raise EgressError(
            "only back-off events here, which say nothing of their own: give the event before them as well"
        )
    if pulled(text):
        console().print("the image was pulled, nothing failed")
        return OK
    raise EgressError("no failure text that is known here: give the Events part of kubectl describe pod")


def _show(diagnosis: Diagnosis) -> None:
    out = console()
    failure = diagnosis.failure
    out.print(styled((failure.cause.value, "bold"), line(_where(failure))))
    out.print(line(f"  text   {_short(failure.text)}"))
    for number, sentence in enumerate(diagnosis.sentences()):
        out.print(line(f"  {'means ' if number == 0 else '      '} {sentence}"))


def _where(failure: Failure) -> str:
    literal = f"[{failure.address}]" if failure.port and ":" in (failure.address or "") else failure.address
    address = f" ({literal}{f':{failure.port}' if failure.port else ''})" if failure.address else ""
    return f": {failure.host or ''}{address}" if failure.host or address else ""


def _short(text: str) -> str:
    return text if len(text) <= 240 else f"... {text[-236:]}"

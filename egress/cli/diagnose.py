"""`egress diagnose`: what does this failed image pull want to tell me?"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any, BinaryIO

import click

from egress.cli._names import Sender, stack_argument
from egress.cli._views import source_options, views
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, console, print_json, say, styled
from egress.diagnosis.diagnosis import Diagnosis, diagnoses
from egress.diagnosis.failure import Failure
from egress.diagnosis.failure_texts import Reading, read
from egress.diagnosis.suspicion import wishes
from egress.domain import EgressError
from egress.domain.fields import listed
from egress.escape import line

_MAX_BYTES = 16 << 20
"""Longer texts are refused: the events of an hour in a large cluster are shorter (limit of this project)."""
_MAX_LINES = 300_000
"""So are texts of more lines (limit of this project)."""
_MOST = 20
"""Different failures that are told of one text."""
_GIVE = "give the Events part of kubectl describe pod, or kubectl get events -o json"
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""How a text begins that PowerShell wrote."""


@click.command("diagnose")
@stack_argument
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--from",
    "sender",
    metavar="WHO",
    type=Sender(),
    help="Whose pod it is: a mapping (supervisor, tkg, ...) or a Tier-1. Default: as the text tells.",
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
    lost: tuple[str, ...],
    as_json: bool,
) -> int:
    """Say what a failed image pull in `kubectl describe pod` means, and what is missing.

    kubectl describe pod NAME | egress diagnose STACK

    kubectl get events -o json | egress diagnose STACK

    Reads events, and logs of runtimes, imgpkg, kapp-controller and CoreDNS. Says how far the pull came (resolve, connect, proxy, tls, http), and
    asks the packet walk where the network is to blame, with the servers, addresses and ports that the text names. Exit codes: 0 no pull fails, or
    it succeeded later; 1 nothing recognised; 2 a failure and what it means.
    """
    if str(plan) == "-" and getattr(file, "name", "<stdin>") == "<stdin>":
        raise click.UsageError(
            "the text and the plan cannot both come from standard input: name a file for one of them"
        )
    reading = read(_text(file))
    if not reading.failures:
        return _nothing(reading, stack, as_json)
    failures = reading.failures[:_MOST]
    (view,) = views(project, [stack], plan, live, lost, lambda domain: wishes(failures, domain))
    known = dict.fromkeys(name for one in view.around.senders for name in one.names)
    if sender is not None and sender not in known:
        raise EgressError(f"{stack} has no mapping or Tier-1 {sender!r}, there are: {listed(known)}")
    found = diagnoses(view, failures, sender)
    if as_json:
        _print_json(stack, str(view.source), [one.as_json() for one in found], reading)
    else:
        for one in found:
            _show(one)
    if len(reading.failures) > _MOST:
        say(f"{len(reading.failures) - _MOST} more failures are not told: give the events of one pod")
    for failure in reading.over if not as_json else ():
        say(line(f"over: {failure.cause.value}{_where(failure)}: the image was pulled later"))
    return NEEDS_YOU


def _text(file: BinaryIO) -> str:
    raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise EgressError(f"more than {_MAX_BYTES >> 20} MiB, which is more than is read: {_GIVE} of one namespace")
    if raw.count(b"\n") > _MAX_LINES:
        raise EgressError(f"more than {_MAX_LINES:,} lines, which is more than is read: {_GIVE} of one namespace")
    if not raw.strip():
        raise EgressError("nothing to read: pipe the output of kubectl describe pod in, or name a file")
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "utf-8")
    return raw.decode(encoding, errors="replace")


def _nothing(reading: Reading, stack: str, as_json: bool) -> int:
    """No pull fails in this text, or none that can be told."""
    if reading.unknown:
        raise EgressError(f"no failure text that is known here, in a failed pull: {_quoted(reading.unknown[0])}")
    if reading.backed_off and not reading.over and not reading.pulled:
        raise EgressError(
            "only back-off events here, which say nothing of their own: give the event before them as well"
        )
    if not reading.over and not reading.pulled:
        raise EgressError(f"no failure text that is known here: {_seen(reading)}; {_GIVE}")
    if as_json:
        _print_json(stack, None, [], reading)
        return OK
    for failure in reading.over:
        console().print(line(f"over: {failure.cause.value}{_where(failure)}: the image was pulled later"))
    rest = f"what else is here is no pull: {_seen(reading)}" if reading.others else "nothing failed"
    console().print(line(f"the image was pulled, {rest}"))
    return OK


def _print_json(stack: str, source: str | None, failures: list[dict[str, Any]], reading: Reading) -> None:
    over = [{"cause": one.cause.value, "image": one.image, "object": one.of, "text": one.text} for one in reading.over]
    print_json({"stack": stack, "source": source, "failures": failures, "over": over})


def _seen(reading: Reading) -> str:
    """What the text holds, where no pull is in it."""
    if reading.others:
        shown = "; ".join(_quoted(text) for text in list(dict.fromkeys(reading.others))[:3])
        return f"{len(reading.others)} of {reading.count} messages are about other things: {shown}"
    return f"{reading.count} lines, none of them about a pull that failed"


def _quoted(text: str) -> str:
    return f'"{line(text if len(text) <= 160 else f"{text[:157]}...")}"'


def _show(diagnosis: Diagnosis) -> None:
    out = console()
    failure = diagnosis.failure
    out.print(styled((failure.cause.value, "bold"), line(_where(failure))))
    if failure.stage:
        out.print(line(f"  stage  {failure.stage.value}"))
    out.print(line(f"  text   {_short(failure.text)}"))
    for number, sentence in enumerate(diagnosis.sentences()):
        out.print(line(f"  {'means ' if number == 0 else '      '} {sentence}"))


def _where(failure: Failure) -> str:
    """Whom it was about: the name, the address that was connected to, the proxy, the DNS server, the object."""
    literal = f"[{failure.address}]" if failure.address and failure.address.version == 6 else f"{failure.address or ''}"
    address = f"{literal}{f':{failure.port}' if failure.port else ''}" if literal else ""
    name = failure.host if failure.host != f"{failure.address}" else ""
    parts = [name or "", f"({address})" if address and name else address]
    if failure.proxy is not None:
        parts = [f"proxy {failure.proxy}".rstrip(), f"(for {name})" if name and name != failure.proxy else ""]
    if failure.server:
        parts.append(f"(asked of {failure.server})")
    if failure.of:
        parts.append(f"of {failure.of}")
    said = " ".join(part for part in parts if part)
    return f": {said}" if said else ""


def _short(text: str) -> str:
    return text if len(text) <= 240 else f"... {text[-236:]}"

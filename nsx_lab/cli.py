"""The `nsx-lab` command. Exit codes: 0 well, 1 could not answer, 2 answered and it needs you, 130 after Ctrl-C."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nsx_lab.dataplane.commands import register
from nsx_lab.owner import when_gone
from nsx_lab.provider.plugin.mirror import mirror
from nsx_lab.strict_json import parse

Result = TypeVar("Result")


class _Group(click.Group):
    """click with this project's exit codes: bad usage is 1. No traceback reaches anybody, unless NSX_LAB_DEBUG=1 asks for it."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            sys.exit(super().main(*args, **kwargs) or 0)
        except click.exceptions.Abort:
            sys.exit(130)
        except KeyboardInterrupt:
            sys.exit(130)
        except click.ClickException as error:
            error.show()
            sys.exit(1)
        except Exception as error:
            if os.environ.get("NSX_LAB_DEBUG") == "1":
                raise
            click.echo(f"Error: this is a defect: {type(error).__name__}: {error}", err=True)
            click.echo("run it again with NSX_LAB_DEBUG=1 and report what it prints", err=True)
            sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """A lab without NSX: an NSX Manager's Policy API for tests and demos."""


@main.command()
@click.argument("seed", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port to listen on; 0 takes a free one."
)
@click.option(
    "--lab-file", type=click.Path(path_type=Path), help="Write how to find this lab here; removed at the end."
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Keep the configuration here over restarts.")
@click.option("--profile", default="4.2", show_default=True, help="NSX version to be: 3.2, 4.2 or 9.1.")
@click.option(
    "--semantics",
    type=click.Choice(["refuse", "realize"]),
    default="refuse",
    show_default=True,
    help="Broken rules: 400, or realized as ERROR.",
)
@click.option("--faults", type=click.Path(path_type=Path), help="Faults on purpose: a YAML file.")
@click.option("--limits", is_flag=True, help="The product's limits: 100 requests per second, 40 outstanding.")
@click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    callback=lambda context, option, values: _settings(values),
    help="Another setting: echo_any, partial_patch, strict_bfd_lookup (true or false), index_lag, session_seconds (seconds).",
)
@click.option(
    "--packets",
    metavar="WORLD",
    type=click.Path(path_type=Path),
    help="Move real packets through what is realized; WORLD is a world file (docs/real-packets.md).",
)
@click.option(
    "--owner",
    metavar="PID",
    type=click.IntRange(1),
    help="End when this process has ended, in whatever way: for programs that start a lab.",
)
def serve(seed: Path | None, lab_file: Path | None, packets: Path | None, owner: int | None, **options: Any) -> int:
    """Serve a lab until Ctrl-C, beginning with SEED.

    SEED is a JSON file, a folder of saved GET answers, or a terraform.tfstate.
    """
    from nsx_lab.dataplane.attach import packets as attached
    from nsx_lab.manager.lab import Lab
    from nsx_lab.manager.store import collector

    ended = threading.Event()
    caught: list[int] = []

    def end(number: int, frame: object) -> None:
        caught.append(number)
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if owner is not None:
        try:
            when_gone(owner, ended.set)
        except ProcessLookupError:
            raise click.ClickException(f"--owner {owner}: there is no such process any more") from None
    with collector.paused():
        lab = _or_fail(lambda: Lab(seed, **options).start())
        gc.freeze()  # no later collection looks through what the lab began with: this process does nothing else
    try:
        with contextlib.ExitStack() as stack:
            _or_fail(lambda: stack.enter_context(attached(lab, packets, lambda line: click.echo(line, err=True))))
            how = stack.enter_context(lab.announced(lab_file))
            click.echo(f"lab ready at {lab.url}, {how}")
            if lab_file is None:  # otherwise `nsx-lab page` finds the lab, and no link lies about unused
                click.echo(f"look at it once at {lab.page()}")
            sys.stdout.flush()
            ended.wait()
    finally:
        lab.stop()
    return 130 if signal.SIGINT in caught else 0


def _control(lab_file: Path | None) -> Any:
    from nsx_lab.manager.http.client import Control
    from nsx_lab.manager.http.labfile import read_lab_file

    if lab_file is None:
        raise click.ClickException("no lab named: give --lab-file FILE or set EGRESS_LAB")
    path = lab_file
    return Control.of(_or_fail(lambda: read_lab_file(path)))


lab_option = click.option(
    "--lab-file", envvar="EGRESS_LAB", type=click.Path(path_type=Path), help="Lab file of the running lab [EGRESS_LAB]."
)


@main.command()
@lab_option
@click.option("--since", type=click.IntRange(0), default=0, help="Only entries after this number.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def journal(lab_file: Path | None, since: int, as_json: bool) -> None:
    """What the lab was asked."""
    with contextlib.closing(_control(lab_file)) as asked:
        entries = _or_fail(lambda: asked.journal(since))
    if as_json:
        click.echo(json.dumps({"entries": entries}))
        return
    for entry in entries:
        query = f"?{entry['query']}" if entry["query"] else ""
        fault = f"  [{entry['fault']}]" if entry["fault"] else ""
        click.echo(f"{entry['seq']:>5}  {entry['status'] or '---'}  {entry['method']:<6} {entry['path']}{query}{fault}")


@main.command()
@lab_option
@click.option("--open", "opens", is_flag=True, help="Open it in the browser too.")
def page(lab_file: Path | None, opens: bool) -> None:
    """Print a link to a page that shows the lab live.

    On it: Tier-0s, routes, NAT rules, realization, journal.

    The link opens the page once and lets nobody change anything. Browsers do not know the lab's certificate: compare what they show
    with the fingerprint printed here before you go on.
    """
    from nsx_lab.manager.http.tls import fingerprint

    with contextlib.closing(_control(lab_file)) as asked:
        address = _or_fail(asked.page)
        known_by = _or_fail(lambda: fingerprint(asked.host, asked.ca_pem))
    click.echo(address)
    click.echo(f"certificate SHA-256 {known_by}", err=True)
    if opens:
        click.launch(address)


@main.command()
@lab_option
def reset(lab_file: Path | None) -> None:
    """Back to the seed."""
    with contextlib.closing(_control(lab_file)) as asked:
        _or_fail(asked.reset)
    click.echo("lab is back at its seed")


@main.command()
@lab_option
@click.argument("method", type=click.Choice(["GET", "POST", "DELETE"], case_sensitive=False))
@click.argument("name")
@click.argument("body", required=False, metavar="[JSON]")
def control(lab_file: Path | None, method: str, name: str, body: str | None) -> None:
    """Ask the control plane: METHOD NAME [JSON], for instance `GET health`.

    Or `POST realization '{"path": "*", "state": "ERROR"}'`.

    Names: health, journal, reset, seed, objects, realized, realization, faults, limits, clock, sessions, settings, users, certificates,
    failover, snapshot, restore, page.
    """
    with contextlib.closing(_control(lab_file)) as asked:
        answer = _or_fail(lambda: asked.ask(method, f"/{name.lstrip('/')}", _object(body) if body else None))
    click.echo(json.dumps(answer, indent=1))


def _object(text: str) -> dict[str, Any]:
    try:
        value = parse(text)
    except ValueError as error:
        raise ValueError(f"{text[:60]!r} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{text[:60]!r}: a JSON object is expected")
    return value


def _settings(values: tuple[str, ...]) -> dict[str, Any]:
    """`NAME=VALUE` pairs; a value is JSON."""
    found = {}
    for text in values:
        name, equals, value = text.partition("=")
        try:
            found[name] = parse(value)
        except ValueError:
            equals = ""
        if not equals:
            raise click.BadParameter(f"{text!r}: NAME=VALUE is expected, with true, false or a number as VALUE")
    return found


def _or_fail(action: Callable[[], Result]) -> Result:
    try:
        return action()
    except (OSError, ValueError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error


main.add_command(mirror)

register(main)

if __name__ == "__main__":
    main()

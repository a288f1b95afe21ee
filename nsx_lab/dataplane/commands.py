"""`nsx-lab nodes`, `probe`, `exec`: a running lab's data plane by hand. `register` adds them to the command line."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nsx_lab.dataplane import telling
from nsx_lab.dataplane.channel import Remote
from nsx_lab.dataplane.dataplane import PROTOCOLS, TIMEOUT, Flow
from nsx_lab.dataplane.errors import DataplaneError
from nsx_lab.dataplane.kernel import namespaces
from nsx_lab.manager.http.labfile import read_lab_file

lab_option = click.option(
    "--lab-file", envvar="EGRESS_LAB", type=click.Path(path_type=Path), help="Lab file of the running lab [EGRESS_LAB]."
)


def register(group: click.Group) -> None:
    """Adds the commands to `nsx-lab`."""
    for command in (nodes, probe, execute):
        group.add_command(command)


def _remote(lab_file: Path | None) -> Remote:
    if lab_file is None:
        raise click.ClickException("no lab named: give --lab-file FILE or set EGRESS_LAB")
    try:
        return Remote(read_lab_file(lab_file).control_token)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@lab_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def nodes(lab_file: Path | None, as_json: bool) -> int:
    """The nodes that packets go through, and their addresses."""
    try:
        answer = _remote(lab_file).nodes()
    except DataplaneError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({key: answer[key] for key in ("nodes", "notes", "problem")}))
        return 0
    for line in telling.table(answer["nodes"]):
        click.echo(line)
    for note in answer["notes"]:
        click.echo(f"note: {note}")
    if answer["problem"]:
        click.echo(f"the latest change is not in the data plane: {answer['problem']}", err=True)
    return 2 if answer["problem"] else 0


@click.command()
@click.argument("origin", metavar="NODE")
@click.argument("to", metavar="ADDRESS")
@click.option("--protocol", type=click.Choice(PROTOCOLS), default="tcp", show_default=True)
@click.option("--port", type=int, default=443, show_default=True, help="Destination port; icmp has none.")
@click.option("--timeout", type=click.FloatRange(0.05, 10), default=TIMEOUT, show_default=True, help="Seconds.")
@click.option("--explain", is_flag=True, help="Every hop, there and back.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@lab_option
def probe(
    origin: str, to: str, protocol: str, port: int, timeout: float, explain: bool, as_json: bool, lab_file: Path | None
) -> int:
    """Sends a real packet from NODE (a host or pod) to ADDRESS. Exit code 2 when no answer comes back."""
    flow = Flow(origin, to, protocol, 0 if protocol == "icmp" else port)
    try:
        outcome = _remote(lab_file).probe(flow, explain=True, timeout=timeout)
    except DataplaneError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(asdict(outcome)))
    else:
        click.echo(telling.sentence(outcome))
        for line in telling.hops(outcome) if explain else ():
            click.echo(line)
    return 0 if outcome.returned else 2


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("node")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@lab_option
def execute(node: str, command: tuple[str, ...], lab_file: Path | None) -> int:
    """Runs COMMAND on NODE: `nsx-lab exec dns -- ip route add 30.0.0.0/24 via 172.20.0.1`. Its exit code is the command's."""
    try:
        answer = _remote(lab_file).nodes()
    except DataplaneError as error:
        raise click.ClickException(str(error)) from error
    if node not in answer["where"]["nodes"]:
        raise click.ClickException(f"{node!r} is no node, allowed are {', '.join(answer['where']['nodes'])}")
    command = command[1:] if command[0] == "--" and len(command) > 1 else command
    sys.stdout.flush()
    try:
        _enter(answer["where"], node)
        search = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
        os.execvpe(command[0], list(command), {**os.environ, "PATH": search})  # noqa: S606 - no shell is wanted
    except OSError as error:
        raise click.ClickException(f"{command[0]}: {error.strerror}") from error


def _enter(where: dict[str, Any], node: str) -> None:
    """The user namespace first, if it is another one: it is what gives the right to enter the other."""
    target = os.open(where["nodes"][node], os.O_RDONLY)
    if Path(where["user"]).stat().st_ino != Path("/proc/self/ns/user").stat().st_ino:
        namespaces.enter(os.open(where["user"], os.O_RDONLY), namespaces.CLONE_NEWUSER)
    namespaces.enter(target)

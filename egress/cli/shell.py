"""`egress shell`: plain cdktf, the engine, egress and nsx-lab, all of which work in it."""

from __future__ import annotations

import os
import sys

import click

from egress.cdk import BOTH, CdkError, installed, misfit, named
from egress.cli._names import StackName
from egress.cli.context import Project
from egress.cli.output import progress, say
from egress.domain import EgressError


@click.command("shell", context_settings={"allow_interspersed_args": False})
@click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="STACK",
    type=StackName(),
    help="Let cdktf see this stack only; may be repeated.",
)
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND [ARGUMENT]...]")
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], command_line: tuple[str, ...]) -> None:
    """Open a shell in which plain cdktf and the engine work on this project.

    With COMMAND that is run in the shell's place, in the project folder: `cdktf synth|diff|deploy|destroy` work there.

    The cdktf CLI is brought from npm at the first use, and where cdktn is installed the cdktn CLI, too; the engine, the provider (also from a mirror only) and the credentials
    are those that every egress command would use. What egress adds to the engine (the shared provider lock, the refusal to
    lose a default route unnoticed, saved plans) plain cdktf does not have.

    Exit code: that of COMMAND, or of the shell; 1 when it cannot be opened.
    """
    if sys.platform == "win32":
        raise EgressError("egress shell needs a POSIX shell: use WSL")
    from egress.toolchain.cdktf_cli import CLIS, bring_cli, find_cli  # not on Windows
    from egress.toolchain.shell import open_shell, wrong_app

    unfit = wrong_app(project.root)
    if unfit and command_line[:1] in [(cli.name,) for cli in CLIS]:
        raise EgressError(unfit)
    refuse_wrong_cdk()
    domains = project.domains(stacks)
    scripts = {}
    for cli in CLIS:
        if not installed(cli.cdk):
            continue
        script = find_cli(cli=cli)
        if script is None:
            with progress(f"bringing the {cli.name} CLI {cli.version} from npm, once ({cli.cost})"):
                script = bring_cli(cli=cli)
        scripts[cli.name] = script
    shell = open_shell(project.root, project.lab, domains, scripts)
    for note in (*([unfit] if unfit else []), *shell.notes, shell.words):
        say(note)
    if not command_line:
        say(f"{', '.join(scripts)}, the engine, egress and nsx-lab work in here; exit leaves")
    words = command_line or (os.environ.get("SHELL") or "/bin/sh",)
    if stacks:
        shell.environment["EGRESS_STACKS"] = ",".join(stacks)
    os.chdir(project.root)
    sys.stdout.flush()
    try:
        os.execvpe(words[0], words, shell.environment)  # noqa: S606 - the user's own command
    except OSError as error:
        absent = [misfit(cdk) for cdk in BOTH if cdk.name == words[0] and cdk.name not in scripts]
        raise EgressError("".join(absent) or f"{words[0]} does not run: {error.strerror}") from None


def refuse_wrong_cdk() -> None:
    """Refuses what EGRESS_CDK names and no program could run on: the CLI would say so in the middle of its own words."""
    try:
        cdk = named()
    except CdkError as error:
        raise EgressError(str(error)) from None
    reason = misfit(cdk) if cdk else ""
    if reason:
        raise EgressError(reason)

"""The `egress` command. One file per command in this folder; a file's `command` is what it adds.

Exit codes of every command: 0 well, or nothing to do; 1 could not answer (bad usage, unreadable input, a tool or the network
missing); 2 answered, and it needs you (findings, changes, drift, a flow that fails); 3 a plan that was reviewed is missing or stale;
130 after Ctrl-C.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from egress.cli._summaries import COMMANDS, SECTIONS
from egress.cli.output import FAILED, INTERRUPTED, OK, PLAN_AGAIN, prepare_streams, say, usage_error
from egress.ending import end_of_program

_SEARCHES = (100_000, 50, 100)
"""Thresholds of Python's search for cycles. A command makes many objects that stay and hardly any cycles: with the usual ones
`egress check` over 1,000 domains takes half as long again, for nothing (measured on CPython 3.11)."""


class CommandFiles(click.Group):
    """A group whose commands are the files beside this one, imported only when one is asked for; their list is a table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of the file of that name, `-` read as `_`; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by what they are about, from the table: help imports none of them."""
        formatter.write_paragraph()
        formatter.write_heading("Commands")
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", words) for name, words in commands.items()])


@click.command(cls=CommandFiles, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Project folder. Default: the nearest folder upwards with a cdktf.json.",
)
@click.version_option(package_name="tier0-egress", prog_name="egress")
@click.pass_context
def group(ctx: click.Context, root: Path | None) -> None:
    """Default route and egress NAT of VCF workload domains on static routing, as code.

    A domain is a file in domains/, a stack is a domain's Terraform. STACK is a file's path below domains/ joined with dashes:
    domains/prod/wld02.yaml is prod-wld02; the path itself does as well. Without STACK a command takes every stack.

    With EGRESS_LAB=FILE, written by a running lab, every command acts on that lab and on nothing else.

    Exit codes: 0 well, or nothing to do; 1 could not answer; 2 answered, and it needs you; 3 a plan that was reviewed is missing
    or stale; 130 after Ctrl-C.
    """
    from egress.cli.context import Project  # the typed model takes its time to load, and help needs none of it

    ctx.obj = Project(root)


def main() -> None:
    """Entry point of the console script: runs a command and turns whatever happens into a sentence and an exit code."""
    gc.set_threshold(*_SEARCHES)
    polite = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]  # Windows has no SIGHUP
    for number in polite:
        signal.signal(number, _end_as_by_ctrl_c)
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # once more, while the first was told
        code = INTERRUPTED
    for number in (signal.SIGINT, *polite):  # while Python ends it would answer with a traceback
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(OSError):  # Python tells of it, and ends as it should
        end_of_program()
        os._exit(code)
    sys.exit(code)


def _end_as_by_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    """A polite kill ends what was started, as Ctrl-C does."""
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code. Raises nothing, unless EGRESS_DEBUG=1 asks for tracebacks."""
    prepare_streams()
    try:
        code = group.main(arguments, prog_name="egress", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return FAILED
    except click.UsageError as error:
        usage_error(error)
        return FAILED
    except click.ClickException as error:
        say(f"egress: {error.format_message()}")
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        say("egress: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return OK
    except Exception as error:
        if os.environ.get("EGRESS_DEBUG") == "1" and not _expected(error):
            raise
        say(_words(error))
        if isinstance(error, OSError):
            _forget_output()
        return _code(error)
    return code if isinstance(code, int) else OK


def _code(error: Exception) -> int:
    from egress.domain import PlanAgainError

    return PLAN_AGAIN if isinstance(error, PlanAgainError) else FAILED


def _expected(error: Exception) -> bool:
    from egress.domain import EgressError

    return isinstance(error, EgressError)


def _words(error: Exception) -> str:
    """What went wrong, for people."""
    from egress.domain import DomainFileError

    if isinstance(error, DomainFileError):
        return str(error)  # file:line:column comes first, so that editors and terminals can jump there
    if _expected(error):
        return f"egress: {error}"
    if isinstance(error, OSError):  # a full disk, a folder that may not be read, a file that a program of ours needs
        where = f"{str(error.filename)!r}: " if error.filename is not None else ""
        return f"egress: cannot go on: {where}{error.strerror or error}"
    return f"egress: this is a defect: {type(error).__name__}: {error}\nrun it again with EGRESS_DEBUG=1 and report what it prints"


def _forget_output() -> None:
    """What is still to be written has no place to go: Python shall not complain about it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

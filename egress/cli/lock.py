"""`egress lock`: the same provider for everybody, on every platform."""

from __future__ import annotations

from pathlib import Path

import click

from egress.cli.context import Project
from egress.cli.output import OK, progress, say
from egress.domain import EgressError
from egress.layout import STACK_FILE
from egress.toolchain import locking
from egress.toolchain.running.own_files import read_object
from egress.toolchain.stack.runs import Run
from egress.toolchain.stack.synthesis import synthesised
from egress.toolchain.tools.engine import find_engine
from egress.toolchain.tools.provider import find_locked_source


@click.command("lock")
@click.option(
    "--mirror",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Take the provider from this filesystem mirror. Default: that of EGRESS_PROVIDER, else the registry.",
)
@click.option(
    "--platform",
    "given",
    multiple=True,
    metavar="PLATFORM",
    help=f"A platform that the lock is to hold, as in linux_amd64; kept in locks/platforms. Default: {', '.join(locking.PLATFORMS)}.",
)
@click.pass_obj
def command(project: Project, mirror: Path | None, given: tuple[str, ...]) -> int:
    """Write the provider lock, with hashes for every platform that the project names.

    The first egress plan locks the platform that it ran on, and no other. This adds the others, from the registry or a mirror, under
    the version that is locked; egress plan --upgrade-provider moves that. A provider with another hash is not run. Commit
    the file. A lab has a lock of its own, which this leaves alone.

    Exit codes: 0 written, or as it was; 1 no registry and no mirror, or a platform is missing there.
    """
    if project.lab is not None:
        raise EgressError("EGRESS_LAB is set, and a lab keeps a lock of its own: unset EGRESS_LAB")
    engine = find_engine()
    provider = find_locked_source(mirror)
    file = Run(project.root, None, engine, provider).lock_file
    names = locking.platforms(file.parent, given)
    if not project.stacks:
        raise EgressError("no domain file in domains/, so no stack says which provider it needs: write one")
    stack = project.stacks[0]
    with progress(f"locking vmware/nsxt for {', '.join(names)}"), synthesised(project.root, [stack], lab=False) as made:
        config = read_object(made.folders[stack] / STACK_FILE, "the configuration", "main.py makes it")
        required = config.get("terraform", {}).get("required_providers", {})
        done = locking.lock(engine, provider, required, names, file)
    shown = file.relative_to(project.root).as_posix()
    hashes = ", ".join(f"{count} {kind}" for kind, count in done.hashes.items() if count)
    what = "read the difference, and commit it" if done.moved else "it is as it was"
    say(f"{shown}: vmware/nsxt {done.version} for {', '.join(names)} ({hashes}): {what}")
    return OK

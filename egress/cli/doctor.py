"""`egress doctor`: can the main job run here?"""

from __future__ import annotations

import os
from pathlib import Path

import click

from egress.cli._names import stacks_argument
from egress.cli.context import Project, deadline, timeout_option
from egress.cli.output import FAILED, OK, console, print_json, progress, styled
from egress.domain import DomainFileError, EgressError, LabTarget, WorkloadDomain
from egress.layout import STACK_FILE, STATES
from egress.manager.access import context
from egress.manager.reach import steps
from egress.toolchain.doctor import Health, Part, examine
from egress.toolchain.running.own_files import read_object
from egress.toolchain.stack.runs import refuse_state_of_a_runner
from egress.toolchain.stack.stacks import place_of
from egress.toolchain.stack.state_probe import Tried, tried
from egress.toolchain.stack.synthesis import synthesised
from egress.toolchain.tools.engine import find_engine

_STYLE = {Health.FINE: "green", Health.NOTE: "yellow", Health.MISSING: "bold red"}


@click.command("doctor")
@stacks_argument
@click.option("--reach", is_flag=True, help="Try the way to each manager, step by step and read-only.")
@timeout_option
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], reach: bool, as_json: bool) -> int:
    """Look at all that plan and apply need: what is missing, and how to get it.

    Each tool is told with its version and where it was found.

    --reach tries in turn whether the manager's name resolves, the port takes connections, the certificate is trusted, the login
    works, and the Tier-0 may be read; it ends at the first step that goes wrong, with its remedy.

    Of each STACK that is named the place of its state is tried: reached, written, read, and whether it locks. The state itself is not
    touched: with pg and s3 the engine works in a workspace of the probe's own, which goes afterwards; with http the lock is
    taken and given back.

    docs/versions.md says which versions of NSX, provider and engine go together.

    Exit codes: 0 the main job can run; 1 something it needs is missing.
    """
    parts = _parts(project, stacks, reach)
    if as_json:
        print_json([{"name": p.name, "health": p.health.value, "found": p.found, "fix": p.fix} for p in parts])
    else:
        width = max(len(part.name) for part in parts)
        for part in parts:
            mark = (f"{part.health:<8}", _STYLE[part.health])
            console().print(styled(mark, f" {part.name:<{width}}  {part.found}"))
            if part.fix:
                console().print(styled(f"{'':9}{'':{width}}  ", (part.fix, "dim")))
    return FAILED if any(part.health is Health.MISSING for part in parts) else OK


def _parts(project: Project, stacks: tuple[str, ...], reach: bool) -> list[Part]:
    """Everything that can be looked at; a wrong domain or lab file is a finding and does not hide the others."""
    root, lab, wrong = None, None, []
    domains: tuple[WorkloadDomain, ...] = ()
    try:
        root = project.root
        lab = project.lab
        domains = project.domains(stacks)
    except DomainFileError as error:
        wrong.append(Part("domain files", Health.MISSING, str(error), "mend the files"))
    except EgressError as error:
        if stacks or root is not None:
            wrong.append(Part("project", Health.MISSING, str(error)))
    if domains:
        wrong.append(_read(domains))
    if root is not None and lab is None:
        wrong += _authorities(domains, root)
    if reach and root is not None:
        wrong += [part for domain in domains for part in _reached(domain, root, lab)]
    if stacks and root is not None and lab is None:
        wrong += [part for domain in domains for part in _state(domain, root)]
    return [*examine(root, lab, domains), *wrong]


def _read(domains: tuple[WorkloadDomain, ...]) -> Part:
    return Part("domain files", Health.FINE, ", ".join(domain.stack for domain in domains))


def _reached(domain: WorkloadDomain, root: Path, lab: LabTarget | None) -> list[Part]:
    """The steps of the way to the manager, up to the first that goes wrong."""
    host = lab.host if lab else domain.nsx.host
    with progress(f"trying {host} for {domain.stack}"):
        found = list(steps(domain, root, lab, os.environ, deadline()))
    return [
        Part(f"{domain.stack}: {step.name}", Health.MISSING if step.fix else Health.FINE, step.found, step.fix)
        for step in found
    ]


def _state(domain: WorkloadDomain, root: Path) -> list[Part]:
    """What is tried of the place of a stack's state; nothing of it where there is no engine, which is told elsewhere."""
    name = domain.stack
    try:
        refuse_state_of_a_runner(domain, os.environ)
        engine = find_engine()
        with progress(f"trying the state of {name}"), synthesised(root, [name], lab=False) as made:
            config = read_object(made.folders[name] / STACK_FILE, "the configuration", "main.py makes it")
            ((backend, settings),) = config["terraform"]["backend"].items()
            found = list(tried(backend, settings, place_of(backend, settings), engine, root / STATES))
    except EgressError as error:
        words, _, fix = str(error).removeprefix(f"{name}: ").partition(": ")
        return [Part(f"{name}: state", Health.MISSING, words, fix)]
    return [Part(f"{name}: {one.name}", _health(one), one.found, one.fix) for one in found]


def _health(one: Tried) -> Health:
    if one.fix:
        return Health.MISSING
    return Health.FINE if one.certain else Health.NOTE


def _authorities(domains: tuple[WorkloadDomain, ...], root: Path) -> list[Part]:
    """The files in nsx.ca_file, each once."""
    files = sorted({domain.nsx.ca_file for domain in domains if domain.nsx.ca_file})
    parts = []
    for file in files:
        try:
            context(root, file)
            parts.append(Part(file, Health.FINE, "holds the authority of a manager"))
        except EgressError as error:
            parts.append(
                Part(file, Health.MISSING, str(error), "put the authority's PEM file there, or correct nsx.ca_file")
            )
    return parts

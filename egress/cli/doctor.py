"""`egress doctor`: can the main job run here?"""

from __future__ import annotations

from pathlib import Path

import click

from egress.cli.context import Project
from egress.cli.output import FAILED, OK, console, print_json, styled
from egress.domain import DomainFileError, EgressError, LabTarget, WorkloadDomain
from egress.manager import Manager
from egress.toolchain.doctor import Health, Part, examine

_STYLE = {Health.FINE: "green", Health.NOTE: "yellow", Health.MISSING: "bold red"}


@click.command("doctor")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--reach", is_flag=True, help="Ask each manager, read-only, for the Tier-0 that the domain names.")
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], reach: bool, as_json: bool) -> int:
    """Look at every tool that plan and apply need: version, where it was found, what is missing and how to get it.

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
    if reach and root is not None:
        wrong += [_reached(domain, root, lab) for domain in domains]
    return [*examine(root, lab, domains), *wrong]


def _read(domains: tuple[WorkloadDomain, ...]) -> Part:
    return Part("domain files", Health.FINE, ", ".join(domain.stack for domain in domains))


def _reached(domain: WorkloadDomain, root: Path, lab: LabTarget | None) -> Part:
    """Whether the manager answers, knows the Tier-0, and agrees with the file about its HA mode."""
    name = f"manager of {domain.stack}"
    try:
        with Manager.of(domain, root, lab) as manager:
            gateway, objects = manager.tier0(domain.tier0)
    except EgressError as error:
        return Part(name, Health.MISSING, str(error), "mend this, then plan")
    mode = objects[gateway].get("ha_mode")
    if mode != domain.tier0.ha_mode:
        fix = f"the file says {domain.tier0.ha_mode}: correct tier0.ha_mode, the NAT action depends on it"
        return Part(name, Health.MISSING, f"{manager.host} has {gateway} with ha_mode {mode}", fix)
    return Part(name, Health.FINE, f"{manager.host} answers and has {gateway}, {mode}")

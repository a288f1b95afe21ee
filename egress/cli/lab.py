"""`egress lab`: a lab that holds what the stacks need."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import click

from egress.cli._names import stacks_argument
from egress.cli.context import Project
from egress.cli.output import FAILED, OK, say
from egress.domain import EgressError, WorkloadDomain
from egress.layout import Places
from egress.policy.seed import left_out, seed
from egress.reachability.surroundings import surroundings
from egress.reachability.world import world_document
from egress.toolchain.running.processes import run
from egress.toolchain.stack.stack_lock import held


@click.command("lab")
@stacks_argument
@click.option("--port", default=0, show_default="a free one", help="Port on 127.0.0.1.")
@click.option(
    "--lab-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the lab writes how to reach it. Default: .lab/lab.json in the project folder.",
)
@click.option(
    "--packets",
    is_flag=True,
    help="Move real packets through what is realized, in network namespaces (one STACK; Linux with ip and nft).",
)
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], port: int, lab_file: Path | None, packets: bool) -> int:
    """Run a lab in the foreground, seeded with the Tier-0s of the stacks, until Ctrl-C.

    A new lab is an empty world: what an earlier lab left in .lab is removed. A project folder has one lab at a time. With --packets, `nsx-lab nodes`, `nsx-lab
    probe` and `nsx-lab exec` show what becomes of real packets; where the system cannot do that, the lab says so and goes on
    without. What is assumed about the domain's surroundings is in docs/reachability.md.

    Exit codes: 130 after Ctrl-C; 1 the lab could not start.
    """
    domains = project.domains(stacks)
    extra = run([sys.executable, "-m", "nsx_lab.extra"])
    if extra.code:
        raise EgressError(extra.err.strip())
    places = Places(project.root, lab=True)
    home = places.base
    with held(home, "lab", "egress lab", way_out="end it first; each project folder has one lab"):
        return _serve(places, domains, port, lab_file or home / "lab.json", packets)


def _serve(places: Places, domains: tuple[WorkloadDomain, ...], port: int, lab_file: Path, packets: bool) -> int:
    home = places.base
    for leftover in (places.states, places.cdktf_output, places.own):
        shutil.rmtree(leftover, ignore_errors=True)
    seed_file = home / "seed.json"
    seed_file.write_text(json.dumps(seed(domains)))
    for sentence in left_out(domains):
        say(sentence)
    names = " ".join(domain.stack for domain in domains)
    say(f"in another terminal: export EGRESS_LAB={lab_file}; egress plan {names}")
    command_line: list[str | Path] = [
        sys.executable,
        "-m",
        "nsx_lab",
        "serve",
        seed_file,
        "--port",
        str(port),
        "--lab-file",
        lab_file,
        "--owner",
        str(os.getpid()),
    ]
    if packets:
        command_line += ["--packets", _world_file(home, domains)]
    return OK if run(command_line, capture=False).code == 0 else FAILED


def _world_file(home: Path, domains: tuple[WorkloadDomain, ...]) -> Path:
    if len(domains) != 1:
        raise EgressError(f"--packets takes one stack, not {len(domains)}: name it")
    file = home / "world.json"
    file.write_text(json.dumps(world_document(seed(domains)["infra"], surroundings(domains[0]).world)))
    return file

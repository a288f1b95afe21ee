"""Asking the gate: files and git are read here, at the edge, and judged in `judge`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from egress.domain import EgressError, WorkloadDomain
from egress.domain.files import FOLDER, SourceFile, read_tree
from egress.domain.fleet import Fleet
from egress.review.finding import Demand, GateVerdict
from egress.review.gate import base, policy
from egress.review.gate.base import Base
from egress.review.gate.binding import bind, refuse_unknown
from egress.review.gate.judge import judge
from egress.review.gate.text import stacks
from egress.review.planned_run import PlannedRun
from egress.toolchain.stack.runs import in_ci


@dataclass(frozen=True)
class Asked:
    """A verdict, and the demands that it was made by; None for a rule that is off."""

    verdict: GateVerdict
    demands: Mapping[str, Demand | None]


def ask(
    root: Path,
    run: PlannedRun,
    reference: str | None,
    env: Mapping[str, str],
    now: datetime,
) -> Asked:
    """What the gate says of a run.

    root: the project folder, whose domain files may all be gone. reference: of git, what is merged into;
    None on a desk. env: tells whether this is a job of CI, and whose. Errors: EgressError in CI without a reference, DomainFileError for
    what is wrong in a gate file.
    """
    if reference is None and in_ci(env):
        raise EgressError(
            f"in CI (CI={env['CI']}) the gate needs --base REF, the branch that is merged into, or a branch could give itself what it "
            "needs; after the merge: --base HEAD"
        )
    fleet = Fleet(root)
    files = fleet.looked[0] if (root / FOLDER).is_dir() else ()
    judged = frozenset(stacks(run))
    ours = fleet.load([one for one in files if one.stack in judged]).domains
    there = base.read(root, ours, reference, env, judged) if reference is not None else None
    file = root / policy.FILE
    here = policy.read(read_tree(SourceFile(file, policy.FILE))) if os.path.lexists(file) else policy.NO_FILE
    if here.policy.frozen or (there and there.gate.policy.frozen):  # each manager has to be that of some domain
        ours = fleet.load(files).domains
        there = base.read(root, ours, reference, env) if reference is not None else None
    everyone: list[WorkloadDomain] = [*(there.domains if there else ()), *ours]
    known = {*(one.stack for one in files), *judged, *(there.stacks if there else ())}
    for one in (here, there.gate if there else policy.NO_FILE):
        refuse_unknown(one, known, everyone, there.gate if there else None)
    holds = bind(here, there)
    verdict = judge(run, {domain.stack: domain for domain in everyone}, holds, there.moved if there else {}, now)
    return Asked(replace(verdict, notes=(*verdict.notes, *_unseen(run, there))), holds.demands)


def _unseen(run: PlannedRun, there: Base | None) -> tuple[str, ...]:
    if there is None or run.affected is not None:
        return ()
    return ("no affected.json is beside the plans: whether the plan of a stack is missing is not known",)

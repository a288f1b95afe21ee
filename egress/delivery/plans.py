"""Plans: made by the engine, read as data, saved to a folder and taken from it again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress.domain import EgressError, LabTarget, WorkloadDomain
from egress.layout import STACK_FILE
from egress.toolchain.runs import LOCK, Run, Stack

PLAN = "tfplan"
NOTE = "egress.json"
_SAVED_FORMAT = {"format": "egress-plan", "version": 1}


@dataclass(frozen=True)
class Plan:
    """A plan file in a stack's folder. `changes`: whether applying it would change anything."""

    stack: Stack
    changes: bool
    words: str = ""

    def as_data(self) -> dict[str, Any]:
        """The plan as the engine's `show -json` gives it. Errors: EgressError."""
        done = self.stack.engine("show", "-json", PLAN, capture=True)
        if done.code:
            raise EgressError(f"{self.stack.name}: the plan cannot be shown:\n{done.err.strip()}")
        data: dict[str, Any] = json.loads(done.out)
        return data


def make(stack: Stack, *options: str, capture: bool = False) -> Plan:
    """Plans with a refresh, into a plan file; `options` go to the engine (`-destroy`, `-refresh-only`).

    Never with -refresh=false: after a failed update the state holds the new value, and such a plan would show nothing
    (measured with the provider 3.11.1). Errors: EgressError with the engine's words if they were captured.
    """
    plan_file = stack.folder / PLAN
    plan_file.unlink(missing_ok=True)
    done = stack.engine(
        "plan", *colour(capture), "-input=false", "-detailed-exitcode", f"-out={PLAN}", *options, capture=capture
    )
    if done.code not in (0, 2):
        words = f":\n{(done.err or done.out).strip()}" if capture else ""
        raise EgressError(f"{stack.name}: the plan failed{words}")
    plan_file.chmod(0o600)
    return Plan(stack, done.code == 2, done.out)


def apply(plan: Plan, *, capture: bool = False) -> bool:
    """Applies a plan file as it is. True if the engine says it went well."""
    return plan.stack.engine("apply", *colour(capture), "-input=false", PLAN, capture=capture).code == 0


def show(plan: Plan) -> bool:
    """Lets the engine show a plan file in its own words. True if it could."""
    return plan.stack.engine("show", *colour(), PLAN).code == 0


def colour(capture: bool = False) -> tuple[str, ...]:
    """`-no-color`, unless a person looks at a terminal: the engines colour their words even into a pipe."""
    wanted = sys.stdout.isatty() and not capture and not os.environ.get("NO_COLOR")
    return () if wanted else ("-no-color",)


def summary(data: dict[str, Any]) -> dict[str, Any]:
    """What a plan does, for programs: counts, and the actions for each address that changes."""
    resources = [
        {"address": change["address"], "actions": change["change"]["actions"]}
        for change in data.get("resource_changes", [])
        if change["mode"] == "managed" and change["change"]["actions"] != ["no-op"]
    ]
    actions = Counter(action for resource in resources for action in resource["actions"])
    return {
        "add": actions["create"],
        "change": actions["update"],
        "destroy": actions["delete"],
        "import": sum(1 for c in data.get("resource_changes", []) if c["change"].get("importing")),
        "resources": resources,
    }


def target(lab: LabTarget | None, domain: WorkloadDomain) -> dict[str, str]:
    """What a plan was made for. A lab is known by its certificate authority, which it makes anew at every start."""
    if lab is None:
        return {"kind": "manager", "host": domain.nsx.host}
    return {"kind": "lab", "host": lab.host, "ca_sha256": hashlib.sha256(lab.ca.encode()).hexdigest()}


def save(plan: Plan, directory: Path) -> None:
    """Puts everything that an apply needs into `directory`/<stack>, readable by the owner only: plans hold values."""
    folder = directory / plan.stack.name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    for name in (STACK_FILE, LOCK, PLAN):
        shutil.copyfile(plan.stack.folder / name, folder / name)
        (folder / name).chmod(0o600)
    run = plan.stack.run
    note = _SAVED_FORMAT | {
        "stack": plan.stack.name,
        "changes": plan.changes,
        "target": target(run.lab, plan.stack.domain),
        "engine": f"{run.engine.product} {run.engine.version}",
    }
    (folder / NOTE).write_text(json.dumps(note, indent=2) + "\n")


def saved_stacks(directory: Path) -> tuple[str, ...]:
    """Names of the stacks whose plans are saved in `directory`. Errors: EgressError when there are none."""
    names = tuple(sorted(note.parent.name for note in directory.glob(f"*/{NOTE}")))
    if not names:
        raise EgressError(f"no saved plan in {str(directory)!r}: egress plan --out {directory} makes them")
    return names


def restore(run: Run, domain: WorkloadDomain, directory: Path, output: Path) -> Plan:
    """A saved plan, laid into the stack's folder below `output` and initialised.

    Errors: EgressError when it was made for another target or with another engine, or is of another format.
    """
    folder = directory / domain.stack
    try:
        note = json.loads((folder / NOTE).read_text())
    except (OSError, ValueError) as error:
        raise EgressError(f"the saved plan in {str(folder)!r} cannot be read: {error}") from None
    if not isinstance(note, dict) or {key: note.get(key) for key in _SAVED_FORMAT} != _SAVED_FORMAT:
        raise EgressError(f"{str(folder / NOTE)!r} is not a saved plan of version 1")
    here = target(run.lab, domain)
    if note.get("target") != here:
        made_for = note.get("target") or {}
        raise EgressError(
            f"{domain.stack}: this plan was made for the {made_for.get('kind')} {made_for.get('host')}, "
            f"the target now is the {here['kind']} {here['host']}: plan again"
        )
    engine = f"{run.engine.product} {run.engine.version}"
    if note.get("engine") != engine:
        raise EgressError(
            f"{domain.stack}: this plan was made with {note.get('engine')}, this run has {engine}: plan again"
        )
    stack = Stack(run, domain, output / "stacks" / domain.stack)
    stack.folder.mkdir(parents=True, exist_ok=True)
    for name in (STACK_FILE, LOCK, PLAN):
        if not (folder / name).is_file():
            raise EgressError(f"the saved plan in {str(folder)!r} lacks {name}: plan again")
        shutil.copyfile(folder / name, stack.folder / name)
    stack.initialise()
    return Plan(stack, bool(note.get("changes")))

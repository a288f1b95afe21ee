"""The engine itself, on stacks that egress opened: what our own plan is compared with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from egress.domain import LabTarget, WorkloadDomain, load_domains
from egress.toolchain.stack.runs import Run
from egress.toolchain.stack.stacks import opened
from egress.toolchain.stack.synthesis import synthesised
from egress.toolchain.tools.engine import QUICK
from egress.toolchain.tools.provider import reattached
from tests.bench.measuring import Program


class Plain:
    """Programs of the engine on synthesised and initialised stacks."""

    def __init__(self, run: Run, folders: Sequence[tuple[Path, dict[str, str]]], first: WorkloadDomain) -> None:
        self._run, self._first = run, first
        self._folders = folders

    @property
    def engine(self) -> str:
        return str(self._run.engine)

    def programs(self, *arguments: str) -> list[Program]:
        """One a stack."""
        command: list[str | Path] = [self._run.engine.command, *arguments, "-no-color", "-input=false"]
        return [Program(command, folder, env | self._provider()) for folder, env in self._folders]

    def elsewhere(self, folder: Path, *arguments: str) -> Program:
        """The same engine and provider on a configuration that somebody wrote by hand."""
        command: list[str | Path] = [self._run.engine.command, *arguments, "-no-color", "-input=false"]
        env = self._run.environment(self._first)
        return Program(command, folder, env if arguments[0] == "init" else env | self._provider())

    def _provider(self) -> dict[str, str]:
        """The provider process that our own runs use, where a lab has one."""
        return reattached(self._run.provider, self._run.lab)


@contextmanager
def plain(root: Path, lab_file: Path) -> Iterator[Plain]:
    """Opens all stacks of a project against a lab, under their locks, until the context ends."""
    before = os.environ.get("EGRESS_LAB")
    os.environ["EGRESS_LAB"] = str(lab_file)  # what synthesises is a process, too
    try:
        domains = load_domains(root)
        run = Run.prepare(root, LabTarget.from_file(lab_file), domains, "bench")
        with ExitStack() as held:
            made = held.enter_context(synthesised(root, [domain.stack for domain in domains], lab=True))
            folders = []
            for domain in domains:
                stack = held.enter_context(opened(run, domain, made.folders[domain.stack]))
                stack.initialise()
                env = {**run.environment(domain), "TF_DATA_DIR": str(stack.data)}
                folders.append((stack.folder, {key: value for key, value in env.items() if key not in QUICK}))
            yield Plain(run, folders, domains[0])
    finally:
        os.environ.pop("EGRESS_LAB")
        if before is not None:
            os.environ["EGRESS_LAB"] = before

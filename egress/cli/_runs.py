"""What the commands that call the engine share: their options, preparing a run, walking its stacks, asking before an act."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import click

from egress.checks import told as finding_told
from egress.cli._beside import Luggage, beside_one_another, jobs_of, refuse_failed, work_beside
from egress.cli._durations import Duration
from egress.cli.context import Project
from egress.cli.output import FAILED, ask, echo, engine_words, entry, progress, say
from egress.delivery.content.network_words import NO_CHANGES, NOTHING_LEFT, Became, headline, told
from egress.delivery.planning.looks import Ahead, Found, Lookout, Unseeing, found, load, stray_states
from egress.delivery.planning.memory import Remembered
from egress.delivery.planning.plans import Outcome, Plan, Verb, make
from egress.domain import EgressError, WorkloadDomain
from egress.escape import line
from egress.layout import STACK_FILE
from egress.toolchain.running.worker import Came
from egress.toolchain.stack.damaged_state import set_aside
from egress.toolchain.stack.runs import Run, refuse_unfit
from egress.toolchain.stack.stacks import Stack, opened
from egress.toolchain.stack.synthesis import synthesising

Decorated = Callable[..., Any]
T = TypeVar("T")
Looks: TypeAlias = Ahead | Unseeing
_NAMED = 20
"""More stacks than these are counted rather than named."""
_STYLES = {
    Became.NEW: "green",
    Became.CHANGED: "yellow",
    Became.DELETED: "bold red",
    Became.REPLACED: "bold red",
    Became.REPLACED_LATE: "bold red",
    Became.IMPORTED_CHANGED: "yellow",
}


def lock_timeout(function: Decorated) -> Decorated:
    """The option --lock-timeout."""
    return click.option(
        "--lock-timeout",
        "patience",
        type=Duration(),
        default=0,
        metavar="DURATION",
        help="Wait this long where somebody else holds the stack or its state, as in 5m. Default: not at all.",
    )(function)


def agreement(function: Decorated) -> Decorated:
    """The option --yes, under every name that fingers know."""
    return click.option("--yes", "-y", "--auto-approve", "yes", is_flag=True, help="Do not ask.")(function)


def for_each(
    project: Project,
    domains: Sequence[WorkloadDomain],
    act: Callable[[Stack, Found], T],
    *,
    patience: int = 0,
    parallel: int = 1,
    in_order: bool = False,
    luggage: Luggage | None = None,
    go_on: bool = False,
    may_be_new: bool = False,
    upgrade_provider: bool = False,
    head: Callable[[str], None] = say,
    failed: Callable[[str, str], None] | None = None,
    gone: Sequence[Remembered] = (),
    first: Callable[[Mapping[str, bytes]], None] | None = None,
    damaged_aside: bool = False,
    asks_manager: bool = True,
) -> list[T | None]:
    """Says what it works with, synthesises, then acts on every stack, locked and initialised, in their order; what `act` returned.

    `act` gets a stack and what is around it on the manager, which is read meanwhile.
    patience: seconds to wait for the lock of a stack, and for that of its state.
    parallel: so many stacks at once, each in a process of its own: what `act` returns is then brought from there, and so is `luggage`,
    which is what `act` collects besides. in_order: stacks of one Tier-0 one after the other.
    go_on: a stack that fails is told, gives None, and hides no other. may_be_new: it may never have been applied.
    upgrade_provider: moves the provider lock. head: where several stacks get a heading each, to the stream that has what stands below
    it. failed: is given each stack that failed, and why; then a run of one stack goes on, too. gone: those of the run's stacks whose
    domain files are gone, as they were. first: is given the configurations of all of them before any is worked on.
    damaged_aside: a local state that is no state any more is set aside. asks_manager: False for what concerns the state alone, which is done
    while a manager hangs; `act` is then told of nothing around. Errors: EgressError.
    """
    refuse_unfit(project.lab, domains)
    jobs = jobs_of(project.lab, domains, in_order=in_order)
    with ExitStack() as whole:
        folders = {one.domain.stack: whole.enter_context(one.laid_out()) for one in gone}
        names = [domain.stack for domain in domains if domain.stack not in folders]
        apart = beside_one_another(jobs, parallel)
        if names:  # before there is any thread: the looks are taken in one
            begun = whole.enter_context(synthesising(project.root, names, lab=project.lab is not None))
        lookout = whole.enter_context(closing(Lookout(project.root, project.lab)))
        look_at: Callable[[Sequence[WorkloadDomain]], Looks] = lookout.ahead if asks_manager else _nowhere
        looks = None if apart else look_at(domains)
        with ThreadPoolExecutor(max_workers=1) as beside:
            if apart:
                beside.submit(load)
            run = Run.prepare(
                project.root,
                project.lab,
                domains,
                click.get_current_context().command_path,
                patience,
                at_once=min(parallel, len({job.chain for job in jobs})) if apart else 1,
            )
            say(run.words(*domains))
            if names:
                with progress(f"synthesising {_shown(names)}"):
                    made = begun.made()
                if made.notes:
                    say(made.notes)
                folders |= made.folders
        if first:
            first({stack: (folder / STACK_FILE).read_bytes() for stack, folder in folders.items()})
        work = _Work(project, run, look_at, len(domains), may_be_new, upgrade_provider, head, damaged_aside)
        go_on = go_on and (len(folders) > 1 or failed is not None)
        if looks is None:

            def alone(number: int) -> T | _Failed:
                return work.alone_on(domains[number], folders, act, go_on, first=number == 0)

            return _told(work_beside(jobs, alone, parallel, go_on=go_on, luggage=luggage), go_on, failed)
        return [work.on(domain, folders[domain.stack], act, looks, go_on, failed) for domain in domains]


def _nowhere(_: Sequence[WorkloadDomain]) -> Looks:
    return Unseeing()


@dataclass(frozen=True)
class _Failed:
    """A stack that failed, and said so among its own words."""

    why: str


def _told(came: Sequence[Came], go_on: bool, failed: Callable[[str, str], None] | None) -> list[Any]:
    """What `act` returned, None for each stack that failed. Errors: EgressError where it was not to go on."""
    values = []
    for one in came:
        why = (
            one.value.why
            if isinstance(one.value, _Failed)
            else one.failed or ("interrupted" if one.interrupted else "")
        )
        if go_on and why and not isinstance(one.value, _Failed):
            say(f"egress: {one.failed or f'{one.name}: interrupted'}")
        if why and failed:
            failed(one.name, why)
        values.append(None if why else one.value)
    if not go_on:
        refuse_failed(came)
    return values


def for_forgotten(
    project: Project, stacks: Sequence[Remembered], act: Callable[[Stack, Found], T], patience: int
) -> list[T | None]:
    """Acts on stacks whose domain files are gone, from what is remembered of them. Errors: EgressError."""
    return for_each(project, [one.domain for one in stacks], act, patience=patience, gone=stacks, head=echo)


class _Work:
    """Acting on the stacks of a run, one after the other."""

    def __init__(
        self,
        project: Project,
        run: Run,
        look_at: Callable[[Sequence[WorkloadDomain]], Looks],
        stacks: int,
        may_be_new: bool,
        upgrade_provider: bool,
        head: Callable[[str], None],
        damaged_aside: bool = False,
    ) -> None:
        self._damaged_aside = damaged_aside
        self._beside_others = False
        self._project, self._run, self._look_at, self._several = project, run, look_at, stacks > 1
        self._may_be_new, self._upgrade_provider, self._head = may_be_new, upgrade_provider, head
        self._strays = stray_states(run.places, project.stacks)

    def alone_on(
        self,
        domain: WorkloadDomain,
        folders: Mapping[str, Path],
        act: Callable[[Stack, Found], T],
        go_on: bool,
        *,
        first: bool,
    ) -> T | _Failed:
        """Acts on a stack in a process of its own. first: of all of them, which tells what concerns none of them. Errors: EgressError,
        unless it goes on."""
        self._beside_others = True
        if not first:
            self._strays = ()
        whys: list[str] = []
        done = self.on(
            domain, folders[domain.stack], act, self._look_at([domain]), go_on, lambda _, why: whys.append(why)
        )
        return _Failed(whys[0]) if whys else cast(T, done)

    def on(
        self,
        domain: WorkloadDomain,
        folder: Path,
        act: Callable[[Stack, Found], T],
        looks: Looks,
        go_on: bool,
        failed: Callable[[str, str], None] | None,
    ) -> T | None:
        """Acts on a stack whose configuration is in `folder`; None where that failed and it goes on."""
        if self._several:
            self._head(f"\n== {domain.stack}")
        seen = looks.of_next()
        try:
            with ExitStack() as work:
                stack = work.enter_context(opened(self._run, domain, folder))
                for note in stack.notes:
                    say(note)
                if self._damaged_aside and (aside := work.enter_context(set_aside(stack))):
                    say(f"{stack.name}: the state was damaged, and is set aside as {aside.name}")
                _initialise(stack, upgrade=self._upgrade_provider)
                if self._beside_others:
                    work.enter_context(stack.first_in_turn(lambda: _first_run_waits(stack)))
                around = found(stack, seen, self._project.stacks, self._strays, may_be_new=self._may_be_new)
                self._strays = ()  # told once
                return act(stack, around)
        except EgressError as error:
            if failed:
                failed(domain.stack, str(error))
            if not go_on:
                raise
            say(f"egress: {error}")
            return None


def _first_run_waits(stack: Stack) -> None:
    with progress(f"{stack.name} waits: first runs of states in one database go one after the other"):
        pass


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} stacks"


def planned(stack: Stack, verb: Verb = Verb.APPLY) -> Plan:
    """A plan of now. Errors: EgressError with the engine's words."""
    with progress(f"planning {stack.name}"):
        return make(stack, verb)


def show(plan: Plan, *, full: bool) -> None:
    """Prints what a plan does, in network words. full: in the engine's words, too, below them. Errors: EgressError."""
    if plan.changes:
        for one in told(plan.content):
            entry(str(one), mark=(one.became.sign, _STYLES.get(one.became, "bold")))
        echo(headline(plan.content))
    else:
        echo(NOTHING_LEFT if plan.verb is Verb.DESTROY else NO_CHANGES)
    if full and (plan.changes or plan.warnings):
        echo("")
        engine_words(plan.full)
    for warning in () if full else plan.warnings:
        say(f"{plan.stack.name}: the engine warns: {line(warning)} (--full shows its words)")


def tell(around: Found, stack: str) -> None:
    """Says what was found around a stack, and what could not be seen."""
    if around.failed:
        say(f"{stack}: whether somebody else's objects are in the way was not seen: {around.failed}")
    for finding in around.report.findings:
        say(finding_told(finding))


def _initialise(stack: Stack, *, upgrade: bool) -> None:
    lock = stack.run.lock_file
    before = lock.read_bytes() if lock.is_file() else None
    if mended := stack.initialise(upgrade=upgrade):
        say(f"{stack.name}: {mended}")
    if upgrade and lock.read_bytes() != before:
        say(f"{lock.relative_to(stack.run.root)} has moved: read the difference, and commit it")


def asking(*, yes: bool) -> Callable[[str], bool]:
    """Asks a person, on standard error. Errors: EgressError where nobody can be asked and --yes was not given."""

    def agreed(question: str) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise EgressError("nobody to ask, nothing was changed: give --yes after reading the plan")
        return ask(question)

    return agreed


def settle(stack: Stack, outcome: str) -> None:
    """Tells how an apply went. A declined one ends the command."""
    if outcome != Outcome.APPLIED:
        say(f"{stack.name}: {outcome}")
    if outcome == Outcome.DECLINED:
        raise click.exceptions.Exit(FAILED)

"""`egress apply`: change the manager as planned."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from egress.cli._base import base_option
from egress.cli._beside import at_once, parallel_option, table_of
from egress.cli._gone import choose, nothing_left
from egress.cli._names import stacks_argument
from egress.cli._neighbours import Neighbours
from egress.cli._plan_store import Fetching, store_option
from egress.cli._records import record_options, recorded
from egress.cli._runs import agreement, asking, for_each, lock_timeout, planned, settle, show, tell
from egress.cli._taken_back import TakenBack
from egress.cli.context import Project
from egress.cli.output import OK, echo, one_value, say
from egress.delivery.outcome.applied import carry_out
from egress.delivery.outcome.record import Entry, Record, Result
from egress.delivery.planning import saved
from egress.delivery.planning.imports import import_blocks, left_over_tracked
from egress.delivery.planning.looks import Found
from egress.delivery.planning.plans import Outcome, Verb
from egress.domain import EgressError
from egress.domain.fields import quoted
from egress.toolchain.stack.stacks import Stack


@click.command("apply")
@stacks_argument
@agreement
@click.option(
    "--saved",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Apply the plans that egress plan --out saved in this folder, exactly as they are.",
)
@store_option(
    "Apply the plans that egress plan --store kept here for what is synthesised now, exactly as they are. With STACK, or with --base "
    "for what changed since then."
)
@base_option(
    "With --saved or --store: for plans that destroy a stack whose domain file is gone, a folder or git reference at which it still was."
)
@click.option(
    "--import-existing",
    is_flag=True,
    help="After a lost or old state: take the stacks' own objects, which are already on the manager, into the state; what is left over of the stacks goes.",
)
@click.option(
    "--back-to",
    "reference",
    metavar="REF",
    help="Take a wrong change back: the domain files of the named stacks as git has them at REF, shown, asked about with the plan, and applied.",
)
@click.option(
    "--no-verify",
    "verify",
    flag_value=False,
    default=True,
    type=bool,
    help="Do not plan once more afterwards to see that nothing is left to do.",
)
@record_options
@parallel_option
@lock_timeout
@click.pass_obj
def command(
    project: Project,
    stacks: tuple[str, ...],
    yes: bool,
    directory: Path | None,
    store: str | None,
    base: Path | str | None,
    import_existing: bool,
    reference: str | None,
    verify: bool,
    record_file: Path | None,
    summary_file: Path | None,
    as_json: bool,
    parallel: int | None,
    patience: int,
) -> int:
    """Plan, show the plan, ask, and apply that very plan.

    The plan is shown in network words first, then in full, in the engine's.

    With --yes several stacks are applied at once, those of one Tier-0 one after the other; without it one after the other is shown and asked about.
    The first stack that fails or is declined ends the run: those in work come to their end, later ones are left as they were. A saved plan is refused where its
    domain file, its target or the objects that it is about have changed since. Nothing is ever planned again and applied in one go.

    Afterwards it plans once more: that plan has to be empty. A saved plan, or one that is recorded, is followed by the packet walk, too: what was to work
    has to work. Where the apply failed it says what was done, what was not, and what to
    type next. --record, --json and --summary tell who applied which plan to what, with every object before and after.

    Exit codes: 0 applied, or nothing to do; 1 an apply failed, was declined, or left something to do; 3 a saved plan is missing or stale: plan again.
    """
    if parallel is not None and parallel > 1 and (not yes or reference is not None):
        raise EgressError("--parallel applies without asking: it goes with --yes, and not with --back-to")
    _refuse_together(stacks, directory, store, base, import_existing=import_existing, reference=reference)
    printed = click.get_current_context().with_resource(one_value()) if as_json else None
    back = None
    if reference is not None:
        back = click.get_current_context().with_resource(TakenBack.at(project, stacks, reference))
    fetching = Fetching.out_of(store) if store else None
    chosen = choose(project, _saved(project, directory, stacks, base) if directory else stacks, base)
    if chosen.nothing:
        say(f"nothing to apply: no stack differs from {base}")
        with recorded((), record_file, None, printed):
            return OK
    agreed = asking(yes=yes)
    spent: list[str] = []

    def act(stack: Stack, around: Found) -> None:
        taken = None
        with ExitStack() as imports:
            if fetching:
                if chosen.verb(stack.name) is Verb.DESTROY and nothing_left(stack, around):
                    tell(around, stack.name)
                    return
                taken = fetching.fetched(stack.name)
            elif directory:
                taken = saved.read(directory, stack.name)
            if taken:
                plan = saved.restore(stack, taken, chosen.verb(stack.name))
            else:
                if import_existing:
                    imports.enter_context(left_over_tracked(stack, around.there))
                    imports.enter_context(import_blocks(stack, around.there))
                plan = planned(stack)
            show(plan, full=True)
            tell(around, stack.name)
            entry = carry_out(
                plan, around, back.keeping(stack.name, agreed) if back else agreed, say, record, verify=verify
            )
            if back and entry.outcome == Outcome.NOTHING_TO_DO:
                back.ask_alone(stack.name, agreed)
            settle(stack, entry.outcome)
            if verify and (taken or told) and entry.outcome == Outcome.APPLIED:
                _walk(project, neighbours, entry, taken)
            spent.append(stack.name)
            if fetching and beside == 1:
                fetching.done_with(spent.pop())

    neighbours = Neighbours(project, chosen.domains)
    beside = at_once(parallel, project) if yes and back is None else 1
    told = bool(record_file or summary_file or as_json)
    walks = verify and (directory or fetching or told)
    if walks and beside > 1 and len(chosen.domains) > 1:
        from egress.cli import _reviews  # noqa: F401 - loaded once, and not in every process, as what follows is read once

        neighbours.read()
    first = partial(fetching.fetch, chosen) if fetching else None
    failures: dict[str, str] = {}
    with recorded([domain.stack for domain in chosen.domains], record_file, summary_file, printed) as record:
        try:
            for_each(
                project,
                chosen.domains,
                act,
                patience=patience,
                parallel=beside,
                in_order=True,
                luggage=_Applied(record, spent),
                may_be_new=True,
                head=echo,
                failed=failures.__setitem__,
                gone=chosen.gone,
                first=first,
                damaged_aside=import_existing,
            )
        finally:
            if fetching:
                for stack in spent:
                    fetching.done_with(stack)
            if record.entries or failures:
                table_of([_row(stack, record, failures) for stack in record.stacks])
    return OK


@dataclass(frozen=True)
class _Applied:
    """What the processes of several stacks bring: entries of the record, and stacks whose plan is spent."""

    record: Record
    spent: list[str]

    def packed(self) -> Any:
        spent = self.spent.copy()
        self.spent.clear()
        return self.record.packed(), spent

    def unpacked(self, packed: Any) -> None:
        entries, spent = packed
        self.record.unpacked(entries)
        self.spent.extend(spent)


def _row(stack: str, record: Record, failures: Mapping[str, str]) -> tuple[str, str, str]:
    for entry in record.entries:
        if entry.plan.stack.name == stack and entry.outcome:
            return stack, entry.outcome, failures.get(stack, entry.error)
    if stack in failures:
        return stack, Result.FAILED, failures[stack]
    return stack, "left as it was", ""


def _walk(project: Project, neighbours: Neighbours, entry: Entry, taken: saved.Saved | None) -> None:
    from egress.cli._reviews import walk_afterwards  # the packet walk, which takes a third of a second to load

    walk_afterwards(project, neighbours, entry, taken)


def _refuse_together(
    stacks: tuple[str, ...],
    directory: Path | None,
    store: str | None,
    base: Path | str | None,
    *,
    import_existing: bool,
    reference: str | None,
) -> None:
    """Errors: EgressError for options that do not go together."""
    if reference is not None and (directory or store):
        raise EgressError("--back-to goes with a plan of its own, not with --saved or --store")
    if reference is not None and not stacks:
        raise EgressError("which stacks? --back-to takes back the files of those that are named")
    if (directory or store) and import_existing:
        raise EgressError("--import-existing goes with a plan of its own, not with --saved or --store")
    if directory and store:
        raise EgressError("--saved and --store are two places of a plan: give one of them")
    if store and not stacks and base is None:
        raise EgressError(
            "which stacks? name them, or give --base REF, the commit before the change, for what changed since"
        )
    if base is not None and not (directory or store):
        raise EgressError(
            "--base goes with --saved or --store; egress destroy --from REF destroys a stack whose domain file is gone"
        )


def _saved(project: Project, directory: Path, stacks: tuple[str, ...], base: Path | str | None) -> tuple[str, ...]:
    """The stacks to take from a folder of saved plans, each of them looked at once before anything is started."""
    there = saved.saved_stacks(directory)
    missing = [stack for stack in stacks if stack not in there]
    if missing:
        raise EgressError(f"no saved plan for {missing[0]!r} in {str(directory)!r}, there are: {', '.join(there)}")
    for stack in stacks or there:
        note = saved.read(directory, stack).note
        if stack not in project.stacks and base is None:
            at = note.get("base")
            raise EgressError(
                f"{stack}: no domain file gives this stack, so its plan can only destroy it: give --base REF, at which the file still was"
                + (f" (the plan was made from {quoted(at)})" if at else "")
            )
    return stacks or there

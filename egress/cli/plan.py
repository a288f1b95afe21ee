"""`egress plan`: what an apply would do."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from egress.cli._base import base_option
from egress.cli._beside import at_once, parallel_option, table_of
from egress.cli._gone import choose, nothing_left
from egress.cli._names import stacks_argument
from egress.cli._neighbours import Neighbours
from egress.cli._plan_store import Keeping, store_option
from egress.cli._runs import for_each, lock_timeout, planned, show, tell
from egress.cli.context import Project
from egress.cli.output import FAILED, NEEDS_YOU, OK, echo, print_json, say
from egress.delivery.planning.imports import import_blocks
from egress.delivery.planning.looks import Found
from egress.delivery.planning.plans import Plan, Verb
from egress.domain import EgressError
from egress.toolchain.stack.stacks import Stack

if TYPE_CHECKING:
    from egress.cli._reviews import Reviews


@click.command("plan")
@stacks_argument
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Save the plans in this folder for apply --saved."
)
@store_option("Keep the plans in this store for apply --store: a folder, or s3://BUCKET/PREFIX.")
@base_option(
    "Plan what changed since this folder or git reference: without STACK the affected stacks, as egress affected tells them. A "
    "stack whose domain file is gone since then is planned to be destroyed."
)
@click.option(
    "--import-existing",
    is_flag=True,
    help="Take the stacks' own objects, which are already on the manager, into the state, as egress apply --import-existing then does.",
)
@click.option("--full", "-v", is_flag=True, help="Below the network words, the engine's own.")
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output instead of words.")
@click.option(
    "--summary",
    "summary_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append the plans to this file as Markdown, for instance to $GITHUB_STEP_SUMMARY.",
)
@click.option(
    "--upgrade-provider",
    is_flag=True,
    help="Move the provider lock to the newest version that the project allows and the source has; commit the lock file.",
)
@parallel_option
@lock_timeout
@click.pass_obj
def command(
    project: Project,
    stacks: tuple[str, ...],
    out: Path | None,
    store: str | None,
    base: Path | str | None,
    import_existing: bool,
    full: bool,
    as_json: bool,
    summary_file: Path | None,
    upgrade_provider: bool,
    parallel: int | None,
    patience: int,
) -> int:
    """Synthesise and plan; nothing is written to the manager.

    The plan is shown in network words: each route, rule and BFD peer, and what becomes of it from what. --full adds the engine's.
    Also told is what no plan shows: objects of the stack that its state does not track, routes and rules of others that ours
    would stand beside, another HA mode or uplink than declared. A stack that fails hides no other.

    With --base, a stack whose state tracks nothing, and of which nothing is on the manager, is nothing to destroy, and told so.

    Exit codes: 0 no changes; 1 a plan failed; 2 there are changes.
    """
    if import_existing and (out or store):
        raise EgressError(
            "--import-existing shows what egress apply --import-existing will do, and that plans anew: leave --out and --store out"
        )
    keeping = Keeping.into(store) if store else None
    chosen = choose(project, stacks, base)
    if chosen.nothing:
        say(f"nothing to plan: no stack differs from {base}")
        if as_json:
            print_json([])
        return OK
    saving = out or (keeping.folder if keeping else None)
    neighbours = Neighbours(project, chosen.domains)
    reviews = _reviews(project, neighbours, saving, summary_file) if saving or summary_file else None

    def act(stack: Stack, around: Found) -> Planned:
        verb = chosen.verb(stack.name)
        if verb is Verb.DESTROY and nothing_left(stack, around):
            if reviews and around.there and not around.there.untracked:
                reviews.gone(stack.name)
            tell(around, stack.name)
            return Planned(stack.name, matters=around.matters)
        with ExitStack() as imports:
            if import_existing and verb is Verb.APPLY:
                imports.enter_context(import_blocks(stack, around.there))
            plan = planned(stack, verb)
        if not as_json:
            show(plan, full=full)
        if reviews:
            reviews.planned(plan, around, chosen.base(stack.name))
        tell(around, stack.name)
        return Planned(
            stack.name,
            verb,
            plan.changes,
            _counts(plan) if plan.changes else "",
            _as_data(plan, around) if as_json else None,
        )

    beside = at_once(parallel, project)
    if reviews and beside > 1 and len(chosen.domains) > 1:
        neighbours.read()
    failures: dict[str, str] = {}

    def failed(stack: str, why: str) -> None:
        failures[stack] = why
        if reviews:
            reviews.failed(stack, why)

    made = for_each(
        project,
        chosen.domains,
        act,
        patience=patience,
        parallel=beside,
        luggage=reviews,
        go_on=True,
        may_be_new=True,
        upgrade_provider=upgrade_provider,
        head=say if as_json else echo,
        failed=failed,
        gone=chosen.gone,
    )
    if reviews:
        reviews.end()
    whole = [one for one in made if one and one.verb]
    if out and whole:
        say(f"saved in {out}: egress apply --saved {out}{f' --base {base}' if chosen.gone else ''}")
    if keeping and saving:
        keeping.keep(saving, [(one.stack, one.verb) for one in whole if one.verb])
    if as_json:
        print_json([one.data for one in whole])
    else:
        table_of([_row(domain.stack, one, failures) for domain, one in zip(chosen.domains, made, strict=True)])
    if None in made:
        return FAILED
    return NEEDS_YOU if any(one.matters for one in made if one) else OK


class Planned(NamedTuple):
    """What the process that planned a stack brings, which is small however large plan and fleet are.

    verb: None where there was nothing to destroy and so no plan. matters: somebody has to look at it. counts: what the plan does, in words.
    data: for programs, where that was asked for.
    """

    stack: str
    verb: Verb | None = None
    matters: bool = False
    counts: str = ""
    data: dict[str, Any] | None = None


def _row(stack: str, made: Planned | None, failures: Mapping[str, str]) -> tuple[str, str, str]:
    if made is None:
        return stack, "failed", failures.get(stack, "")
    if made.verb is None:
        return stack, "nothing to destroy", ""
    return stack, "changes" if made.matters else "no changes", made.counts


def _counts(plan: Plan) -> str:
    return ", ".join(f"{count} to {verb}" for verb, count in plan.content.counts().items() if count)


def _reviews(project: Project, neighbours: Neighbours, out: Path | None, summary_file: Path | None) -> Reviews:
    from egress.cli._reviews import Reviews  # the packet walk, which takes a third of a second to load

    return Reviews(project, neighbours, out, summary_file)


def _as_data(plan: Plan, around: Found) -> dict[str, Any]:
    data = {
        "stack": plan.stack.name,
        "verb": plan.verb.value,
        "target": plan.stack.run.target(plan.stack.domain),
        **plan.content.as_data(),
    }
    return data | around.as_data()

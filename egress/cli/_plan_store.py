"""What plan and apply do with a store of plans: keep each plan, and fetch the one that was made from what is synthesised now."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from egress.cli._gone import Chosen
from egress.cli.output import progress, say
from egress.delivery.planning import saved
from egress.delivery.planning.plans import Verb
from egress.delivery.planning.saved import Saved
from egress.domain import EgressError, PlanAgainError
from egress.layout import STACK_FILE

if TYPE_CHECKING:
    from egress.plan_store import Key, PlanStore

Decorated = Callable[..., Any]


def store_option(words: str) -> Callable[[Decorated], Decorated]:
    """The option --store. `words`: its help."""
    return click.option("--store", metavar="DIR|s3://BUCKET/PREFIX", help=words)


def _for_this_command(manager: AbstractContextManager[str]) -> Path:
    """A folder that goes when the command ends."""
    return Path(click.get_current_context().with_resource(manager))


class _Work:
    """A store, and a private folder for as long as the command runs."""

    def __init__(self, store: PlanStore, folder: Path) -> None:
        self._store, self.folder = store, folder

    @classmethod
    def _opened(cls, url: str) -> tuple[PlanStore, Path]:
        from egress.plan_store import open_store  # takes its time to load, and most runs keep no plan

        return open_store(url, os.environ), _for_this_command(tempfile.TemporaryDirectory(prefix="egress-plans-"))


class Keeping(_Work):
    """Keeping the plans of a run."""

    @classmethod
    def into(cls, url: str) -> Keeping:
        """Errors: EgressError, before anything is planned."""
        return cls(*cls._opened(url))

    def keep(self, directory: Path, plans: Sequence[tuple[str, Verb]]) -> None:
        """Keeps the plans that were saved in a folder, by stack and what they are to do with it, and takes away what is too old. Errors: EgressError."""
        from egress.plan_store import Key

        for name, verb in plans:
            configuration = (directory / name / STACK_FILE).read_bytes()
            self._store.put(Key.of(name, verb.value, configuration), directory / name)
            say(f"{name}: its plan is kept in {self._store.place.shown} for {self._store.days} days")
        try:
            self._store.expire()
        except EgressError as error:
            say(f"what is too old was not taken away: {error}")


class Fetching(_Work):
    """Fetching the plans of a run: all of them before any is applied, so that one that is missing stops the run at its beginning."""

    def __init__(self, store: PlanStore, folder: Path) -> None:
        super().__init__(store, folder)
        self._keys: dict[str, Key] = {}
        self._missing: dict[str, str] = {}

    @classmethod
    def out_of(cls, url: str) -> Fetching:
        """Errors: EgressError, before anything is done."""
        return cls(*cls._opened(url))

    def fetch(self, chosen: Chosen, configurations: Mapping[str, bytes]) -> None:
        """Fetches the plan of each configuration. Errors: PlanAgainError with every stack that has none; EgressError.

        The plan of a stack that is to be destroyed may be missing: whether there is anything left to destroy is not known yet.
        """
        from egress.plan_store import Key

        with progress(f"fetching plans from {self._store.place.shown}"):
            for stack, configuration in configurations.items():
                self._keys[stack] = Key.of(stack, chosen.verb(stack).value, configuration)
                try:
                    self._store.get(self._keys[stack], self.folder / stack)
                except PlanAgainError as error:
                    self._missing[stack] = str(error)
        lacking = [words for stack, words in self._missing.items() if chosen.verb(stack) is not Verb.DESTROY]
        if lacking:
            raise PlanAgainError("\n".join(["nothing was changed:", *lacking]))

    def fetched(self, stack: str) -> Saved:
        """The plan of a stack. Errors: PlanAgainError where it was missing; EgressError for one that is damaged."""
        if stack in self._missing:
            raise PlanAgainError(self._missing[stack])
        return saved.read(self.folder, stack)

    def done_with(self, stack: str) -> None:
        """Takes the plan of a stack away that was applied. That it cannot be is told, and changes nothing: it is stale now."""
        try:
            self._store.delete(self._keys[stack])
        except EgressError as error:
            say(f"{stack}: its plan stays in the store: {error}")

"""What a run finds on the manager around its stack, read by GET before the engine is asked: whose is what, what stands twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egress.checks import Report, check_live
from egress.checks.text import as_json
from egress.deadline import Deadline
from egress.domain import EgressError, LabTarget, WorkloadDomain
from egress.domain.state import LocalState
from egress.layout import Places
from egress.policy.owned import default_tags, owned
from egress.policy.planned import KINDS, resource_path
from egress.policy.presence import OURS, Presence
from egress.policy.tree import Json
from egress.toolchain.stack.stacks import Stack, local_state
from egress.toolchain.store.state import State, Tracked

if TYPE_CHECKING:
    from egress.manager import Connections


@dataclass(frozen=True)
class Look:
    """A gateway as its manager gave it: its path and the objects below it. `failed`: why it could not be read, or empty. `silent`: as the
    manager takes connections and answers nothing."""

    gateway: str = ""
    objects: dict[str, Json] | None = None
    failed: str = ""
    silent: bool = False


@dataclass(frozen=True)
class Found:
    """What is around a stack. `there` is None where the manager could not be read; `report` then says nothing. So is it where what was
    read is another process's."""

    there: Presence | None
    report: Report
    failed: str = ""

    @property
    def matters(self) -> bool:
        """Whether somebody has to look: notes do not count, nor what a domain file suppresses with a reason."""
        return bool(self.report.errors or self.report.warnings)

    def without_objects(self) -> Found:
        """What is told of it, and no more: what a process brings of a stack does not grow with the gateway, nor with the fleet."""
        return replace(self, there=None)

    def as_data(self) -> dict[str, Any]:
        """For programs. `not_seen`: why the manager could not be read, None if it could."""
        return {"findings": as_json(self.report)["findings"], "not_seen": self.failed or None}


def look(domain: WorkloadDomain, root: Path, lab: LabTarget | None, deadline: Deadline | None = None) -> Look:
    """Reads a domain's gateway, as a Lookout does that is asked once."""
    with closing(Lookout(root, lab)) as lookout:
        return lookout.look(domain, deadline)


class Lookout:
    """Looks at the gateways of a project's domains, one after the other; each manager is connected to once."""

    def __init__(self, root: Path, lab: LabTarget | None) -> None:
        self._root, self._lab = root, lab
        self._connections: Connections | None = None

    def look(self, domain: WorkloadDomain, deadline: Deadline | None = None) -> Look:
        """Reads a domain's gateway. Only GETs. A manager that cannot be read gives the reason, as a look only ever informs.

        deadline: of everything that the command reads; left out: one of its own."""
        from egress.manager import Connections  # httpx takes its time to load, and not every command looks
        from egress.manager.refusals import SilentError

        deadline = deadline or Deadline()
        self._connections = self._connections or Connections(self._root, self._lab)
        try:
            with self._connections.to(domain, deadline) as manager:
                gateway, objects = manager.below(domain.tier0, bfd_peers=bool(owned(domain).bfd_peers))
                return Look(gateway, objects)
        except SilentError:
            return Look(failed=f"{manager.host} answered nothing within {deadline.seconds:g} s", silent=True)
        except EgressError as error:
            return Look(failed=str(error))

    def ahead(self, domains: Sequence[WorkloadDomain]) -> Ahead:
        """Looks of stacks in turn, of which the first begins."""
        return Ahead(domains, self.look)

    def close(self) -> None:
        """Closes the connections, if there are any, but for one that a look still waits on."""
        if self._connections:
            self._connections.close()


def load() -> None:
    """Loads what a look needs, which otherwise the first one does: before processes are forked each of which would."""
    from egress import manager  # noqa: F401


class Unseeing:
    """In place of looks, for what concerns no manager: it goes on while one hangs."""

    def of_next(self) -> Look:
        """Nothing was looked for, and nothing was seen."""
        return Look()


class Ahead:
    """Looks of stacks in turn, each taken while the stack before it is worked on."""

    def __init__(self, domains: Sequence[WorkloadDomain], look_at: Callable[[WorkloadDomain], Look]) -> None:
        """Begins the first: one at a time, as a manager has a limit of requests."""
        self._rest = list(domains)
        self._look_at = look_at
        self._next = self._begin()

    def of_next(self) -> Look:
        """The look of the next stack; that of the one after it begins."""
        assert self._next is not None, "asked more often than there are stacks"
        found = self._next.result()
        self._next = self._begin()
        return found

    def _begin(self) -> Future[Look] | None:
        if not self._rest:
            return None
        begun: Future[Look] = Future()
        threading.Thread(target=self._take, args=(begun, self._rest.pop(0)), name="look", daemon=True).start()
        return begun

    def _take(self, begun: Future[Look], domain: WorkloadDomain) -> None:
        """Takes a look in a thread that keeps no command from its end, as one of a pool would: Ctrl-C is not to wait for a manager that hangs."""
        try:
            begun.set_result(self._look_at(domain))
        except BaseException as error:
            begun.set_exception(error)


def found(stack: Stack, seen: Look, stacks: Sequence[str], strays: Sequence[str], *, may_be_new: bool) -> Found:
    """What is around a stack whose state this run has read. `stacks`: names that the project's domain files give.

    strays: as of `stray_states`, if they are to be told. may_be_new: a stack that was never applied is nothing to wonder about.
    Errors: EgressError for a manager that answers nothing: the provider knows no end of waiting, and would hold the stack.
    """
    if seen.silent:
        raise EgressError(f"{stack.name}: {seen.failed}, and was asked for nothing else: look at the manager")
    return _found(stack.domain, seen, stack.found, stack.state_place, stacks, strays, may_be_new)


def found_now(stack: Stack, before: Found) -> Found:
    """What is around a stack now, by a new look and a state that is read anew. Errors: EgressError."""
    names = before.there.stacks if before.there else ()
    seen = look(stack.domain, stack.run.root, stack.run.lab)
    return _found(stack.domain, seen, stack.state(), stack.state_place, tuple(names), (), may_be_new=True)


def found_by_file(
    domain: WorkloadDomain, seen: Look, places: Places, stacks: Sequence[str], strays: Sequence[str]
) -> Found:
    """The same without an engine: a local state is read from its file, any other is not looked at. Errors: EgressError."""
    local = places.lab or isinstance(domain.state, LocalState)
    file = places.states / LocalState.file(domain.stack)
    state = local_state(file, domain.stack) if local else None
    return _found(domain, seen, state, str(file), stacks, strays, may_be_new=True)


def _found(
    domain: WorkloadDomain,
    seen: Look,
    state: State | None,
    place: str,
    stacks: Sequence[str],
    strays: Sequence[str],
    may_be_new: bool,
) -> Found:
    if seen.objects is None:
        return Found(None, check_live([]), seen.failed)
    there = Presence(
        domain=domain,
        gateway=seen.gateway,
        objects=seen.objects,
        tracked=None if state is None else frozenset(map(_path, state.managed)),
        state_place=place,
        stacks=frozenset(stacks),
        stray_states=tuple(strays),
        state_of=None if state is None else _state_of(domain, state),
        may_be_new=may_be_new,
    )
    return Found(there, check_live([there]))


def _path(tracked: Tracked) -> str:
    """The object's Policy path. A create whose answer was lost leaves an object in the state that has an id and no path yet."""
    gateway = tracked.attributes.get("gateway_path")
    if tracked.path or tracked.type not in KINDS or not isinstance(gateway, str):
        return tracked.path
    return resource_path(tracked.type, gateway, tracked.attributes)


def stray_states(places: Places, stacks: Sequence[str]) -> tuple[str, ...]:
    """Names of local states that no domain file gives, sorted. An empty file counts: it may have been one."""
    try:
        names = [
            file.name.removesuffix(".tfstate") for file in places.states.iterdir() if file.name.endswith(".tfstate")
        ]
    except OSError:
        return ()
    return tuple(sorted(name for name in names if name not in stacks and not _is_emptied(places, name)))


def _is_emptied(places: Places, name: str) -> bool:
    """Whether a state tracks nothing any more, as after a destroy."""
    try:
        return bool(json.loads((places.states / f"{name}.tfstate").read_bytes())["resources"] == [])
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _state_of(domain: WorkloadDomain, state: State) -> str | None:
    """The other stack that everything in a state belongs to by its tags, None where there is no such one."""
    names = {one.tags.get("stack") for one in state.managed if one.tags.get("managed-by") == OURS}
    (only,) = names if len(names) == 1 else (None,)
    return only if only not in (None, default_tags(domain)["stack"]) else None

"""A renamed domain file: its state moves along, and its objects keep their ids. Nothing is sent to the manager.

    git mv domains/old.yaml domains/new.yaml; egress rename old new

State first, then the file: whatever interrupts it, `egress rename` again goes on from there.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from egress.domain import EgressError, WorkloadDomain
from egress.domain.state import HttpState, LocalState, PgState, S3State
from egress.domain.yaml_tree import parse, plain_of
from egress.layout import STACK_FILE
from egress.policy.owned import owned
from egress.toolchain.running.own_files import JsonObject
from egress.toolchain.running.processes import Ended
from egress.toolchain.running.secrets import masked
from egress.toolchain.stack import state_lock
from egress.toolchain.stack.stacks import Stack, opened

_KEY = "formerly"


def renamed(text: str, shown: str, old: str) -> str:
    """The text of a domain file with `formerly: old`, below its name; comments, layout and line ends stay as they are.

    A file that says `formerly` already keeps it: the objects were made under that name. Errors: DomainFileError for a text that
    is not YAML; EgressError where the place for the key cannot be found safely.
    """
    tree = parse(text.encode(), shown)
    plain = tree.plain()
    if not isinstance(plain, dict) or not isinstance(tree.value, dict) or "name" not in tree.value:
        raise EgressError(f"{shown}: cannot be edited safely, write formerly: {old} by hand, at its top")
    if _KEY in plain:
        return text
    lines = text.splitlines(keepends=True)
    after = tree.value["name"].place.line
    end = "\r\n" if lines[after - 1].endswith("\r\n") else "\n"
    if not lines[after - 1].endswith("\n"):
        lines[after - 1] += end
    lines.insert(after, f"{_KEY}: {old}{end}")
    changed = "".join(lines)
    if plain_of(changed, shown) != {**plain, _KEY: old}:
        raise EgressError(f"{shown}: cannot be edited safely, write formerly: {old} by hand, at its top")
    return changed


def moves(stack: Stack, old: str) -> bool:
    """Whether the state of `old` is to be brought to the renamed stack.

    False where it is there already, or where its place does not depend on the name. Errors: EgressError when the renamed stack
    has a state of its own.
    """
    if _backend_of(stack, old) == stack.config["terraform"]["backend"]:
        return False
    if not stack.found.managed:
        return True
    kept = stack.domain.model_copy(update={"formerly": stack.domain.formerly or old})
    if {one.nsx_id for one in stack.found.managed} - owned(kept).ids:
        raise EgressError(
            f"{stack.name} has a state of its own ({stack.state_place}), with {len(stack.found.managed)} objects: "
            f"{old} cannot become it"
        )
    return False


def move_state(stack: Stack, old: str) -> int:
    """Brings the state of `old` to the renamed stack, and empties the old one; returns how many objects it tracks.

    Errors: EgressError when there is no such state, or the engine fails; the old state is emptied last.
    """
    with _old_stack(stack, old) as before:
        tracked = before.found.managed
        if not tracked:
            raise EgressError(
                f"no state of {old} ({before.state_place}) to move: was it applied under that name, from here?"
            )
        pulled = before.engine("state", "pull", capture=True)
        moved = stack.folder / "moved.tfstate"
        moved.write_text(pulled.out)
        moved.chmod(0o600)
        _succeed(stack, stack.engine("state", "push", *stack.locking(), str(moved), capture=True), "take the state")
        if stack.state().addresses != before.found.addresses:
            raise EgressError(
                f"{stack.name}: the state did not arrive whole in {stack.state_place}, {old} keeps its own"
            )
        addresses = sorted(before.found.addresses)
        _succeed(
            before, before.engine("state", "rm", *before.locking(), *addresses, capture=True), "empty the old state"
        )
        if isinstance(stack.domain.state, LocalState) or stack.run.lab:
            Path(before.state_place).unlink(missing_ok=True)
    return len(tracked)


def _succeed(stack: Stack, done: Ended, what: str) -> None:
    if done.code:
        locked = state_lock.refusal(stack, done.err)
        raise EgressError(
            f"{stack.name}: {locked}"
            if locked
            else f"{stack.name}: the engine did not {what}:\n{masked(done.err.strip())}"
        )


@contextmanager
def _old_stack(stack: Stack, old: str) -> Iterator[Stack]:
    """The stack under its old name: the same configuration, with the state where it was."""
    domain = stack.domain.model_copy(update={"stack": old})
    config = copy.deepcopy(stack.config)
    config["terraform"]["backend"] = _backend_of(stack, old)
    with tempfile.TemporaryDirectory(prefix="egress-") as folder:
        Path(folder, STACK_FILE).write_text(json.dumps(config))
        with opened(stack.run, domain, Path(folder)) as before:
            before.initialise()
            yield before


def _backend_of(stack: Stack, old: str) -> JsonObject:
    """Where the state was under the old name. A place that the file states is the same under every name."""
    return backend_under(stack.config["terraform"]["backend"], stack.domain, old, lab=stack.run.lab is not None)


def backend_under(backend: JsonObject, domain: WorkloadDomain, name: str, *, lab: bool) -> JsonObject:
    """A stack's backend, had the stack another name."""
    ((kind, settings),) = backend.items()
    state = LocalState(backend="local") if lab else domain.state
    match state:
        case LocalState():
            changed = {"path": str(Path(settings["path"]).with_name(state.file(name)))}
        case PgState():
            changed = {"schema_name": state.schema_of(name)}
        case S3State():
            changed = {"key": state.key_of(name)}
        case HttpState():
            changed = {}
    return {kind: {**settings, **changed}}

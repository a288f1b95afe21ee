"""The lock that an engine takes on a stack's state: who holds it, since when, and how it is let go.

What an engine prints as "Lock Info" is about the holder with `s3` and `local` only. With `pg` and `http` it is about the run that was
refused (measured, Terraform 1.11.4); there the store itself is asked.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

from egress.domain import EgressError
from egress.toolchain.running.secrets import masked
from egress.toolchain.stack.stack_lock import is_alive
from egress.toolchain.stack.stacks import Stack
from egress.toolchain.store import http_store, pg_store

REFUSED = "Error acquiring the state lock"
"""How every engine begins, whatever the reason."""
_NOBODY = "terraform_data.egress_looks_at_the_lock"
"""An address that no stack has: to remove it takes the lock and changes nothing."""
_FIELD = re.compile(r"^\W*(ID|Operation|Who|Created):[ \t]+(.*\S)", re.MULTILINE)
_OPERATIONS = {"OperationTypeApply": "apply", "OperationTypePlan": "plan", "OperationTypeRefresh": "refresh"}
_ADVICE = re.compile(r"\W*Terraform acquires a state lock.*|\W*OpenTofu acquires a state lock.*", re.DOTALL)
"""The engines advise -lock=false, which no command of ours takes."""


@dataclass(frozen=True)
class StateLock:
    """A lock that somebody holds. What the store does not say is empty.

    id: of the lock; with `pg` the process of the holder's connection in the database. created: as the store says it.
    """

    id: str = ""
    who: str = ""
    created: str = ""
    operation: str = ""

    def __str__(self) -> str:
        what = _OPERATIONS.get(self.operation, self.operation)
        told = [self.who or "somebody", f"since {self.created}" if self.created else "", what and f"for {what}"]
        return f"{', '.join(part for part in told if part)}{f' (lock {self.id})' if self.id else ''}"

    def as_data(self) -> dict[str, str | None]:
        """For programs; None for what the store does not say."""
        operation = _OPERATIONS.get(self.operation, self.operation)
        return {
            "id": self.id or None,
            "who": self.who or None,
            "since": self.created or None,
            "operation": operation or None,
        }


def holder(stack: Stack) -> StateLock | None:
    """Who holds the lock of a stack's state; None where it is free. Errors: EgressError where that cannot be known.

    To know it the lock is asked for, without waiting, and given back at once: a run that begins in that moment is refused.
    """
    done = stack.engine("state", "rm", "-dry-run", "-no-color", _NOBODY, capture=True)
    words = f"{done.out}\n{done.err}"
    if REFUSED not in words:
        return None
    found = _told(stack, words)
    if found is None:
        raise EgressError(f"{stack.name}: {_not_taken(stack, words)}")
    return found


def refusal(stack: Stack, words: str) -> str:
    """What to tell where an engine was refused the lock: a sentence that names the holder and the way out; empty where it was not."""
    if REFUSED not in words:
        return ""
    found = _told(stack, words)
    if found is None:
        return _not_taken(stack, words)
    return (
        f"its state ({stack.state_place}) is locked by {found}: if that run is alive, wait, or give --lock-timeout 5m; "
        f"if it is dead: egress unlock {stack.name}"
    )


def alive(lock: StateLock) -> bool:
    """Whether the holder is a process of this machine that goes on; False also where that cannot be known."""
    found = re.search(r", \S+@(\S+) process (\d+)$", lock.who)
    return found is not None and found[1] == socket.gethostname() and is_alive(int(found[2]))


def release(stack: Stack, lock: StateLock) -> None:
    """Takes a lock away from its holder. Errors: EgressError when it is another's by now, or cannot be taken away."""
    match stack.backend:
        case "pg":
            pg_store.end_connection(stack.run.environment(stack.domain), lock.id)
        case "http":
            http_store.release(stack.backend_settings, stack.run.environment(stack.domain), lock.id)
        case "local":
            raise EgressError(f"{stack.name}: a lock of a local state ends with its process: end {lock}")
        case _:
            done = stack.engine("force-unlock", "-no-color", "-force", lock.id, capture=True)
            if done.code:
                raise EgressError(f"{stack.name}: the lock was not taken away:\n{(done.err or done.out).strip()}")


def _told(stack: Stack, words: str) -> StateLock | None:
    """Who holds the lock that was refused. None where no lock is held: the store failed, or does not let us."""
    env = stack.run.environment(stack.domain)
    match stack.backend:
        case "pg":
            return _by_database(pg_store.holder(env, stack.name)) if "already locked" in words.lower() else None
        case "http":
            return _by_server(http_store.holder(stack.backend_settings, env)) if "already locked" in words else None
    fields = dict(_FIELD.findall(words))
    if "ID" not in fields:
        return None
    created = fields.get("Created", "").partition(".")[0]
    return StateLock(fields["ID"], fields.get("Who", ""), f"{created} UTC", fields.get("Operation", ""))


def _by_database(found: pg_store.Connection | None) -> StateLock:
    return StateLock() if found is None else StateLock(found.process, found.who, found.since)


def _by_server(found: dict[str, str]) -> StateLock:
    created = found.get("Created", "").partition(".")[0].replace("T", " ")
    return StateLock(
        found.get("ID", ""), found.get("Who", ""), created and f"{created} UTC", found.get("Operation", "")
    )


def _not_taken(stack: Stack, words: str) -> str:
    """The store's own reason, without the engine's advice."""
    reason = masked(_ADVICE.sub("", words).strip())
    return f"the lock of its state ({stack.state_place}) could not be taken, and nobody is said to hold it: egress doctor {stack.name} tries the store\n{reason}"

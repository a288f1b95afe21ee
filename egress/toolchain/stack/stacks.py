"""A stack that is being worked on: its lock is held, its configuration lies in a folder of this run, the engine is at hand."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import portalocker

from egress.domain import EgressError, WorkloadDomain
from egress.layout import LOCK, STACK_FILE
from egress.toolchain.running.own_files import JsonObject, json_object, read_bytes, read_object
from egress.toolchain.running.processes import Ended, run
from egress.toolchain.running.secrets import masked
from egress.toolchain.stack import kept
from egress.toolchain.stack.runs import Run
from egress.toolchain.stack.stack_lock import Held, held
from egress.toolchain.store import pg_store, state
from egress.toolchain.store.state import NO_STATE, State
from egress.toolchain.tools.provider import reattached
from egress.toolchain.tools.provider_lock import damaged_lock, other_hash, unlocked
from egress.writing import write

_STATE_LOST = (
    "take it from its backup where there is one (of a local one the engine may have made one beside it); or egress apply "
    "--import-existing takes the stack's objects back, and sets a local one aside"
)


@contextmanager
def opened(run: Run, domain: WorkloadDomain, synthesised: Path) -> Iterator[Stack]:
    """Works on a stack: holds its lock, and lays its configuration into a folder that goes at the end, plans and all.

    synthesised: the folder that synthesis made for the stack. Errors: EgressError when another run holds the lock.
    """
    runs = run.places.runs
    with held(runs, domain.stack, run.command, run.patience) as (lock, left_by):
        for leftover in runs.glob(f"{domain.stack}@*"):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f"{domain.stack}@", dir=runs) as folder:
            shutil.copytree(synthesised, folder, dirs_exist_ok=True)
            notes = (f"{left_by} ended without an end of its own; nothing of it is left",) if left_by else ()
            yield Stack(run, domain, Path(folder), lock, notes)


@dataclass(frozen=True)
class Stack:
    """One synthesised stack in the folder of a run. `notes`: what a user should know about how it was found."""

    run: Run
    domain: WorkloadDomain
    folder: Path
    lock: Held
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.domain.stack

    @property
    def config_bytes(self) -> bytes:
        """The synthesised Terraform, byte by byte."""
        return read_bytes(self.folder / STACK_FILE, "the configuration", "synthesise again")

    @cached_property
    def config(self) -> JsonObject:
        """The synthesised Terraform. Errors: EgressError where it has no backend or no provider."""
        config = json_object(self.config_bytes, f"{self.name}: the configuration", "main.py makes it")
        if not isinstance(config.get("terraform"), dict) or "backend" not in config["terraform"]:
            raise EgressError(f"{self.name}: the configuration that main.py made states no backend")
        return config

    def engine(
        self,
        *arguments: str,
        capture: bool = False,
        ask: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Ended:
        """Runs the engine in the stack's folder; its words are ours unless `capture`. `ask`: it may read our input. meanwhile: may end it, as of
        `processes.run`."""
        env = self.run.environment(self.domain) | {"TF_DATA_DIR": str(self.data)}
        env.setdefault(pg_store.APPLICATION, pg_store.name(self.run.command, self.name))
        if arguments[0] != "init":  # a provider that runs already is not installed
            env |= reattached(self.run.provider, self.run.lab)
        with self._no_empty_state():
            return run(
                [self.run.engine.command, *arguments],
                cwd=self.folder,
                env=env,
                capture=capture,
                ask=ask,
                keep_open=[self.lock.file],
                started=self.lock.engine,
                meanwhile=meanwhile,
            )

    @contextmanager
    def _no_empty_state(self) -> Iterator[None]:
        """An engine makes the file of a local state to lock it, and takes it away again where it wrote none: unless it was killed, as
        after it was interrupted while its manager hangs. Left there, it would look like a state that was lost."""
        file = self.local_state_file
        before = file is None or os.path.lexists(file)
        try:
            yield
        except (KeyboardInterrupt, EgressError):
            if file is not None and not before and file.is_file() and not file.stat().st_size:
                file.unlink()
            raise

    def locking(self, at_least: int = 0) -> tuple[str, ...]:
        """Options of engine commands that take the state's lock. at_least: seconds to wait for it, whatever the run was told."""
        patience = max(self.run.patience, at_least)
        return (f"-lock-timeout={patience}s",) if patience else ()

    def initialise(self, *, upgrade: bool = False) -> str:
        """`init`, quietly, under the shared lock file. Without `upgrade` a locked provider stays what it is. A sentence where something was
        damaged on the way, and was mended; else empty.

        Errors: EgressError with the engine's words; or when the state was written by the other engine product.
        """
        with self._one_at_a_time(upgrade):
            mended = self._initialise(upgrade)
        self._refuse_other_engine()
        return mended

    @contextmanager
    def _one_at_a_time(self, upgrade: bool) -> Iterator[None]:
        """Where the shared lock file is not there yet or moves, where the engine keeps providers in a cache, which is "not guaranteed to
        be concurrency safe" (Terraform, CLI configuration), and where it makes what all states of a database share, runs wait for one
        another; else a store that hangs keeps nobody."""
        as_ever = self.run.lock_file.is_file() and not upgrade and "TF_PLUGIN_CACHE_DIR" not in os.environ
        if as_ever and self.backend != "pg":
            yield
            return
        with self._in_turn("init.lock"):
            yield

    @contextmanager
    def first_in_turn(self, waits: Callable[[], None]) -> Iterator[None]:
        """Until a state exists in PostgreSQL its first run holds a lock that all states of the database share (pg_store): of stacks that are
        worked on at once one waits for another, where it would be refused. Any other stack goes on at once. waits: is told of a wait."""
        if self.backend == "pg" and not self.found.addresses:
            with self._in_turn("first-run.lock", waits):
                yield
        else:
            yield

    @contextmanager
    def _in_turn(self, name: str, waits: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Waits until no other run of the checkout holds the file of that name."""
        file = os.open(self.run.places.runs / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
            except portalocker.exceptions.AlreadyLocked:
                waits()
                portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
            yield
        finally:
            os.close(file)

    def _initialise(self, upgrade: bool) -> str:
        lock, shared = self.folder / LOCK, self.run.lock_file
        if shared.is_file():
            shutil.copyfile(shared, lock)
        else:
            lock.unlink(missing_ok=True)
        before = self._fingerprint()
        if not upgrade and shared.is_file() and kept.is_as_left(self.data, before):
            return ""
        damaged = kept.clear(self.data, before)
        done = self.engine("init", "-input=false", "-no-color", *(["-upgrade"] if upgrade else []), capture=True)
        if done.code:
            words = masked((done.err or done.out).strip())
            known = self.other_provider(words) or damaged_lock(words, shared.relative_to(self.run.root).as_posix())
            raise EgressError(
                f"{self.name}: {known}" if known else f"{self.name}: init failed:\n{words}{self._unlocked(shared)}"
            )
        shared.parent.mkdir(parents=True, exist_ok=True)
        if not shared.is_file() or shared.read_bytes() != lock.read_bytes():
            write(shared, lock.read_bytes())
        kept.leave(self.data, self._fingerprint())
        place = self.data.relative_to(self.run.root)
        return f"what the engine kept in {place} was not as it left it, and was made anew" if damaged else ""

    def other_provider(self, words: str) -> str:
        """What to tell where an engine refused the provider for its hash; empty where it did not."""
        if not other_hash(words):
            return ""
        lock = self.run.lock_file.relative_to(self.run.root).as_posix()
        return (
            f"the provider {self.run.provider} is not one whose hash {lock} has, and was not run: if another build was meant, egress lock "
            "writes its hashes, and a review sees the difference; if not, somebody changed the mirror, the lock, or the copy below "
            f"{self.data.relative_to(self.run.root)}, which may be removed"
        )

    @property
    def data(self) -> Path:
        """What the engine keeps of the stack from run to run."""
        return self.run.places.data(self.name)

    def _fingerprint(self) -> str:
        """What init depends on: engine, provider, its lock, backend. Same again: nothing to do."""
        terraform = self.config["terraform"]
        lock = self.folder / LOCK
        parts = [
            str(self.run.engine.command),
            self.run.engine.version,
            str(self.run.provider),
            str(self.run.provider.mirror),
            hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "",
        ]
        return json.dumps([*parts, terraform["backend"], terraform.get("required_providers")], sort_keys=True)

    def _unlocked(self, shared: Path) -> str:
        """The way out where the lock holds a provider that its source does not have any more; else nothing."""
        if self.run.provider.mirror is None or not shared.is_file():
            return ""
        found = unlocked(shared.read_text(encoding="utf-8", errors="replace"), self.run.provider.mirror)
        return f"\n{found}: egress plan --upgrade-provider {self.name} moves the lock" if found else ""

    def _refuse_other_engine(self) -> None:
        """A state names its provider with the engine's registry: that is how it remembers which engine wrote it."""
        if os.environ.get("EGRESS_SWITCH_ENGINE") == "1":
            return
        for one in self.found.managed:
            if "vmware/nsxt" in one.provider and self.run.engine.provider_address not in one.provider:
                other = "OpenTofu" if self.run.engine.product == "Terraform" else "Terraform"
                raise EgressError(
                    f"{self.name}: its state was written by {other}, this run has {self.run.engine}: "
                    "use the same engine (TERRAFORM_BINARY_NAME), or set EGRESS_SWITCH_ENGINE=1 to move the state over for good"
                )

    @property
    def backend(self) -> str:
        """The kind of store that the state is in, as the engines call it: local, pg, s3, http."""
        return str(next(iter(self.config["terraform"]["backend"])))

    @property
    def backend_settings(self) -> JsonObject:
        """What the configuration says of that store. No login: that comes from the environment."""
        settings: JsonObject = self.config["terraform"]["backend"][self.backend]
        return settings

    @property
    def state_place(self) -> str:
        """Where the state is, for people."""
        if self.local_state_file is not None:
            return str(self.local_state_file)
        return place_of(self.backend, self.backend_settings)

    @property
    def local_state_file(self) -> Path | None:
        """The file of a local state, whether it is there or not; None where the state is elsewhere."""
        return (self.folder / self.backend_settings["path"]).resolve() if self.backend == "local" else None

    @cached_property
    def found(self) -> State:
        """The state as this run found it. Errors: as of `state`."""
        return self.state()

    def state(self) -> State:
        """The state, read anew. Errors: EgressError for one that is damaged, is empty, or cannot be read."""
        if self.local_state_file is not None:
            found = local_state(self.local_state_file, self.name)
            if found is not None:
                return found
        done = self.engine("state", "pull", capture=True)
        if done.code:
            raise EgressError(f"{self.name}: the state cannot be read:\n{masked(done.err.strip())}")
        if not done.out.strip():
            return NO_STATE
        what = f"{self.name}: the state ({self.state_place})"
        return state.parse(json_object(done.out, what, _STATE_LOST), what, _STATE_LOST)


def place_of(backend: str, settings: JsonObject) -> str:
    """A store in words: its kind, and where in it a state is."""
    where = settings.get("address") or "/".join(
        str(settings[key]) for key in ("bucket", "key", "schema_name") if settings.get(key)
    )
    return f"{backend} {where}".strip()


def local_state(file: Path, stack: str) -> State | None:
    """The state in a file. None where only the engine can read it, as with OpenTofu's state encryption.

    Errors: EgressError for one that is damaged or empty.
    """
    if not os.path.lexists(file):
        return NO_STATE
    data = read_object(file, f"{stack}: the state", _STATE_LOST)
    return None if "encrypted_data" in data else state.parse(data, f"{stack}: the state {str(file)!r}", _STATE_LOST)

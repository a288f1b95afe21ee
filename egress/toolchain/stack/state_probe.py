"""Whether the place of a state can be used: reached, written, read, and whether it locks. The stack's own state is not touched.

What is tried is tried by the engine, which is who will use the place (docs/decisions/0016). With `pg` and `s3` it works in a
workspace of this probe's own, which goes afterwards. `http` has no such thing: its state is read, its lock is taken twice and given
back, and that it can be written is said not to be tried.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError
from egress.escape import line
from egress.toolchain.running.own_files import JsonObject
from egress.toolchain.running.processes import Ended, run
from egress.toolchain.running.secrets import masked
from egress.toolchain.stack.runs import engine_environment
from egress.toolchain.stack.state_lock import REFUSED
from egress.toolchain.store import http_store
from egress.toolchain.tools.engine import Engine

_SECONDS = 60.0
"""How long an engine may take to hold the lock of the probe."""
_LONGEST = 300
"""Characters of an engine's words that are told."""
_HELD, _GO = "held", "go"
_HOLDS = f"touch {_HELD}; while [ ! -e {_GO} ]; do sleep 0.05; done"
_LOOK = ("state", "rm", "-dry-run", "-no-color", "terraform_data.nobody")
_REACH = {
    "pg": "look at PG_CONN_STR: host, database, user, sslmode",
    "s3": "look at bucket, region and endpoint in the domain file, at the AWS_* variables, and at AWS_CA_BUNDLE",
    "http": "look at the address in the domain file, at TF_HTTP_USERNAME and TF_HTTP_PASSWORD, and at SSL_CERT_FILE",
}
_WRITE = {
    "pg": "the role needs CREATE on the database, or a schema of the state's name that it owns, and the sequence global_states_id_seq in public",
    "s3": "the login needs to list, get, put and delete beside the state (env:/egress-probe-*), or its policy allows the state alone; "
    "every write asks for encryption (SSE-S3)",
}
_NO_WRITE = ("permission denied for", "PutObject")
"""In an engine's words where a store was reached and did not let it write: init makes the workspace."""
_LOCK = "without a lock two runs at once lose what one of them did: take a store that locks, or state: {backend: pg}"


@dataclass(frozen=True)
class Tried:
    """One thing that was tried. fix: the remedy, empty where it went well. certain: False where it was not tried."""

    name: str
    found: str
    fix: str = ""
    certain: bool = True


def tried(backend: str, settings: JsonObject, place: str, engine: Engine, base: Path) -> Iterator[Tried]:
    """What is tried of a store, in turn, up to the first that goes wrong. base: what a local state lies below.

    settings: of the backend in the synthesised configuration. place: where the state is, in words.
    """
    if backend == "local":
        yield _local(base)
    elif backend == "http":
        yield from _http(settings, place)
    else:
        yield from _by_engine(backend, settings, place, engine)


def _local(base: Path) -> Tried:
    folder = base
    while not folder.exists():
        folder = folder.parent
    if os.access(folder, os.W_OK):
        return Tried("state", f"a file below {base.name}, for one person on one machine")
    return Tried("state", f"{str(folder)!r} cannot be written", "set its rights right")


def _http(settings: JsonObject, place: str) -> Iterator[Tried]:
    try:
        with http_store.opened(os.environ, settings) as store:
            status = store.read()
            if status not in (200, 204, 404):
                yield Tried("state", f"{place} answers {status}", _REACH["http"])
                return
            yield Tried("state", f"{place} can be read{'' if status == 200 else ', it is empty yet'}")
            yield from _http_lock(store)
    except EgressError as error:
        yield Tried("state", masked(str(error)), _REACH["http"])
        return
    yield Tried("state writes", "not tried: a write would be one of the state itself", certain=False)


def _http_lock(store: http_store.HttpStore) -> Iterator[Tried]:
    mine, theirs = store.take()
    if theirs is not None:
        yield Tried("state lock", f"it locks: {theirs.get('Who') or 'somebody'} holds it now")
        return
    try:
        second, held = store.take()
        if held is None:
            store.give_back(second)
    finally:
        store.give_back(mine)
    if held is None:
        yield Tried("state lock", "it does not lock: it was taken twice at once", _LOCK)
    else:
        yield Tried("state lock", "it locks")


def _by_engine(backend: str, settings: JsonObject, place: str, engine: Engine) -> Iterator[Tried]:
    with tempfile.TemporaryDirectory(prefix="egress-") as name:
        probe = _Probe(engine, Path(name), {backend: settings})
        done = probe.engine("init", "-input=false", "-no-color")
        if done.code:
            gist = _gist(done)
            fix = _WRITE if any(words in gist for words in _NO_WRITE) else _REACH
            yield Tried("state", f"{place} cannot be used: {gist}", fix[backend])
            return
        yield Tried("state", f"{place} can be reached")
        try:
            yield from probe.writes_and_locks(backend)
        finally:
            left = probe.tidied()
        if left:
            yield Tried(
                "state writes", f"the probe's workspace {probe.workspace} could not be removed: {left}", certain=False
            )


class _Probe:
    """An engine in a folder and a workspace of its own."""

    def __init__(self, engine: Engine, folder: Path, backend: JsonObject) -> None:
        self.workspace = f"egress-probe-{secrets.token_hex(4)}"
        self._engine, self._folder = engine, folder
        self._env = {**engine_environment(None, folder), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
        hold = {"provisioner": [{"local-exec": {"command": _HOLDS}}]}
        # from the beginning: init asks for the providers of the state that it finds, and the stack's own names vmware/nsxt
        self._env["TF_WORKSPACE"] = self.workspace
        config = {"terraform": {"backend": backend}, "resource": {"terraform_data": {"probe": hold}}}
        (folder / "main.tf.json").write_text(json.dumps(config))

    def engine(self, *arguments: str) -> Ended:
        return run([self._engine.command, *arguments], cwd=self._folder, env=self._env)

    def writes_and_locks(self, backend: str) -> Iterator[Tried]:
        """Applies a resource that changes nothing but this state, and asks for the lock meanwhile."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            applying = pool.submit(self.engine, "apply", "-auto-approve", "-no-color")
            try:
                held = self._until_held(applying)
                second = self.engine(*_LOOK) if held else None
            finally:
                (self._folder / _GO).touch()
            done = applying.result()
        if done.code or second is None:
            yield Tried("state writes", f"not possible: {_gist(done)}", _WRITE[backend])
            return
        pulled = self.engine("state", "pull")
        if pulled.code or '"terraform_data"' not in pulled.out:
            yield Tried("state writes", f"what was written is not what is read: {_gist(pulled)}", _WRITE[backend])
            return
        yield Tried("state writes", "a state of the probe's own was written, read, and removed")
        if REFUSED in f"{second.out}{second.err}":
            yield Tried("state lock", "it locks")
        else:
            yield Tried("state lock", "it does not lock: a second run took the lock that a first one held", _LOCK)

    def tidied(self) -> str:
        """Removes the workspace; why that was not possible, or nothing."""
        del self._env["TF_WORKSPACE"]
        listed = self.engine("workspace", "list", "-no-color")
        if self.workspace not in listed.out:
            return ""
        done = self.engine("workspace", "delete", "-no-color", "-force", self.workspace)
        return _gist(done) if done.code else ""

    def _until_held(self, applying: Future[Ended]) -> bool:
        deadline = time.monotonic() + _SECONDS
        while not (self._folder / _HELD).exists():
            if applying.done() or time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def _gist(done: Ended, env: Mapping[str, str] = os.environ) -> str:
    """The first words of an engine that failed, on one line, without secrets."""
    words = " ".join(masked(done.err or done.out, env).replace("│", " ").split()).removeprefix("Error: ")
    return line(words if len(words) <= _LONGEST else f"{words[:_LONGEST]}...")

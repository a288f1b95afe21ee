"""The cdktf CLI, 0.21.0: brought from an npm registry once per user, by hash, and never run at installation.

It is needed for plain `cdktf` commands only; `egress` itself does without it. EGRESS_CDKTF_CLI=DIR names a folder whose
`node_modules` holds it already, for sites without an npm registry.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from egress.domain import EgressError
from egress.toolchain.node import find_node
from egress.toolchain.processes import run

VERSION = "0.21.0"
COST = "20 s, 420 MB"
"""What bringing it takes (measured on 2 cores)."""
_NPM_FILES = Path(__file__).with_name("cdktf_npm")
_SCRIPT = Path("node_modules", "cdktf-cli", "bundle", "bin", "cdktf")


def find_cli(env: Mapping[str, str] = os.environ) -> Path | None:
    """The CLI's script, for Node to run; None when it is not there yet. Errors: EgressError for a wrong EGRESS_CDKTF_CLI."""
    script = folder(env) / _SCRIPT
    if script.is_file():
        return script
    if env.get("EGRESS_CDKTF_CLI"):
        raise EgressError(
            f"EGRESS_CDKTF_CLI={env['EGRESS_CDKTF_CLI']}: no {_SCRIPT} in there: npm ci with "
            f"{_NPM_FILES.name}/package-lock.json makes it, or unset the variable"
        )
    return None


def bring_cli(env: Mapping[str, str] = os.environ) -> Path:
    """Installs the CLI where `find_cli` looks, unless it is there; returns its script.

    Every package is checked against the hash in the lock file; no package's own script runs. What is half done is never
    taken for done: the folder gets its name at the end. Errors: EgressError with npm's words.
    """
    target = folder(env)
    found = find_cli(env)
    if found:
        return found
    target.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(target.parent / f"{target.name}.lock"):
        if find_cli(env) is None:
            with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
                made = Path(scratch, "cli")
                _install(made)
                made.rename(target)
    return target / _SCRIPT


def folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where the CLI lies: EGRESS_CDKTF_CLI, else the user's cache, in a folder named after the version and the lock file."""
    chosen = env.get("EGRESS_CDKTF_CLI")
    if chosen:
        return Path(chosen).expanduser().resolve()
    cache = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    lock = hashlib.sha256((_NPM_FILES / "package-lock.json").read_bytes()).hexdigest()
    return cache / "tier0-egress" / f"cdktf-cli-{VERSION}-{lock[:12]}"


def _install(place: Path) -> None:
    place.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_NPM_FILES / name, place / name)
    shutil.copyfile(_NPM_FILES / "npmrc", place / ".npmrc")
    node = find_node()
    done = run([node, _npm(node), "ci", "--ignore-scripts"], cwd=place, env={**os.environ, "NO_UPDATE_NOTIFIER": "1"})
    if done.code:
        raise EgressError(
            f"the cdktf CLI {VERSION} could not be brought from npm; everything but plain cdktf works without it. "
            f"npm config set registry names a mirror, EGRESS_CDKTF_CLI a folder that has it. npm said:\n{done.err.strip()}"
        )


def _npm(node: Path) -> Path:
    """npm's script beside a Node. The wheel's `bin/npm` looks for its modules in the wrong place (22.20.0)."""
    script = node.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not script.is_file():
        raise EgressError(f"no npm beside {str(node)!r}: unset JSII_NODE to use the wheel's Node")
    return script


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Two shells opened at once bring it once. The operating system lets go of the lock of a process that died."""
    import fcntl  # POSIX only, as the shell is; the rest of this file is read on Windows, too

    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

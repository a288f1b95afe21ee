"""The cdktf CLI, 0.21.0, and the cdktn CLI, 0.24.0: brought from an npm registry once per user, by hash, never run at installation.

They are needed for plain `cdktf` and `cdktn` commands only; `egress` itself does without. EGRESS_CDKTF_CLI=DIR (EGRESS_CDKTN_CLI)
names a folder whose `node_modules` holds it already, for sites without an npm registry.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from egress.cdk import CDKTF, CDKTN, Cdk
from egress.domain import EgressError
from egress.node import has_a_place
from egress.toolchain.running.processes import Ended, run
from egress.toolchain.tools.node import find_node


@dataclass(frozen=True)
class Cli:
    """A command line of a CDK. cost: what bringing it takes (measured on 2 cores); script: what Node runs, in its folder."""

    cdk: Cdk
    version: str
    cost: str
    script: Path

    @property
    def name(self) -> str:
        """The command."""
        return self.cdk.name

    @property
    def variable(self) -> str:
        """Names a folder that has it."""
        return f"EGRESS_{self.name.upper()}_CLI"

    @property
    def npm_files(self) -> Path:
        """What npm makes it from, the lock file among it."""
        return Path(__file__).with_name(f"{self.name}_npm")


CDKTF_CLI = Cli(CDKTF, "0.21.0", "20 s, 420 MB", Path("node_modules", "cdktf-cli", "bundle", "bin", "cdktf"))
CDKTN_CLI = Cli(CDKTN, "0.24.0", "20 s, 220 MB", Path("node_modules", "cdktn-cli", "bundle", "bin", "cdktn.js"))
CLIS = (CDKTF_CLI, CDKTN_CLI)


def find_cli(env: Mapping[str, str] = os.environ, cli: Cli = CDKTF_CLI) -> Path | None:
    """The CLI's script, for Node to run; None when it is not there yet. Errors: EgressError for a wrong EGRESS_CDKTF_CLI."""
    script = folder(env, cli) / cli.script
    if script.is_file():
        return script
    if env.get(cli.variable):
        raise EgressError(
            f"{cli.variable}={env[cli.variable]}: no {cli.script} in there: npm ci with "
            f"{cli.npm_files.name}/package-lock.json makes it, or unset the variable"
        )
    return None


def bring_cli(env: Mapping[str, str] = os.environ, cli: Cli = CDKTF_CLI) -> Path:
    """Installs the CLI where `find_cli` looks, unless it is there; returns its script.

    Every package is checked against the hash in the lock file; no package's own script runs. What is half done is never
    taken for done: the folder gets its name at the end. Errors: EgressError with npm's reason, or where it has no place.
    """
    target = folder(env, cli)
    found = find_cli(env, cli)
    if found:
        return found
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EgressError(
            f"the {cli.name} CLI is kept in {str(target.parent)!r}, which cannot be made ({error.strerror}): set XDG_CACHE_HOME "
            f"to a folder that can be written, or {cli.variable} to one that has the CLI"
        ) from None
    with _only_one(target.parent / f"{target.name}.lock"):
        if find_cli(env, cli) is None:
            with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
                made = Path(scratch, "cli")
                _install(made, cli)
                made.rename(target)
    return target / cli.script


def folder(env: Mapping[str, str] = os.environ, cli: Cli = CDKTF_CLI) -> Path:
    """Where the CLI lies: EGRESS_CDKTF_CLI or EGRESS_CDKTN_CLI, else the user's cache, in a folder named after the version and the lock file."""
    chosen = env.get(cli.variable)
    if chosen:
        return Path(chosen).expanduser().resolve()
    cache = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    lock = hashlib.sha256((cli.npm_files / "package-lock.json").read_bytes()).hexdigest()
    return cache / "tier0-egress" / f"{cli.name}-cli-{cli.version}-{lock[:12]}"


def _install(place: Path, cli: Cli) -> None:
    place.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(cli.npm_files / name, place / name)
    shutil.copyfile(cli.npm_files / "npmrc", place / ".npmrc")
    node = find_node()
    env = {**os.environ, "NO_UPDATE_NOTIFIER": "1"}
    if not has_a_place(Path(env.get("npm_config_cache") or "~/.npm")):
        env["npm_config_cache"] = str(
            place / ".npm"
        )  # npm would hang, or advise to change the owner of what is not there
    done = run([node, _npm(node), "ci", "--ignore-scripts", "--json"], cwd=place, env=env)
    if done.code:
        raise EgressError(
            f"the {cli.name} CLI {cli.version} could not be brought from npm ({_reason(done)}): npm config set registry names one that "
            f"answers, {cli.variable} a folder that has it; everything but plain {cli.name} works without it"
        )
    shutil.rmtree(place / ".npm", ignore_errors=True)


def _reason(npm: Ended) -> str:
    """Why npm gave up, in a line."""
    try:
        error = json.loads(npm.out)["error"]
        told = str(error.get("summary") or error["code"])
    except (ValueError, TypeError, KeyError, AttributeError):
        told = npm.err or f"exit code {npm.code}"
    return (told.strip() or f"exit code {npm.code}").splitlines()[0]


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

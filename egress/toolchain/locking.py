"""Writing the provider lock: the hashes of vmware/nsxt for every platform that a project names, from a registry or a mirror.

`init` locks the hash of the one platform that it installed for. A colleague on another one, or a runner, then meets a lock that does
not know its provider. The engine's `providers lock` takes the hashes of all of them; it ignores mirrors unless it is given one.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError
from egress.domain.fields import quoted
from egress.layout import LOCK
from egress.toolchain.running.own_files import JsonObject
from egress.toolchain.running.processes import run
from egress.toolchain.stack.runs import engine_environment
from egress.toolchain.tools.engine import Engine
from egress.toolchain.tools.provider import Provider
from egress.toolchain.tools.provider_lock import locked_version
from egress.writing import write

PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_arm64")
"""Where applies are run and where people sit: runners and bastions of both architectures, and a Mac of today (assumption)."""
_PLATFORM = re.compile(r"[a-z0-9]+_[a-z0-9]+")
_NAMED = "platforms"
"""Beside the locks: one platform a line, where a project names its own."""
_HASH = re.compile(r'"(h1|zh):')
_NOT_THERE = re.compile(r"vmware/nsxt\s+(\S+)\s+is\s+not\s+available\s+for\s+([a-z0-9]+_[a-z0-9]+)")


@dataclass(frozen=True)
class Locked:
    """A lock that was written. hashes: how many there are of each kind, h1 of a provider's files, zh of its archive.

    A mirror in a folder gives h1 only, a registry both (measured, Terraform 1.11.4; "Dependency Lock File" of Terraform)."""

    version: str
    hashes: dict[str, int]
    moved: bool


def platforms(locks: Path, given: Sequence[str]) -> tuple[str, ...]:
    """The platforms of a project: those given, which it names from now on; else those that it names; else the usual.

    Errors: EgressError for what is no platform.
    """
    file = locks / _NAMED
    named = tuple(file.read_text(encoding="utf-8").split()) if file.is_file() else ()
    found = tuple(dict.fromkeys(given or named or PLATFORMS))
    for one in found:
        if not _PLATFORM.fullmatch(one):
            raise EgressError(f"{quoted(one)} is no platform, allowed is one as in linux_amd64")
    if given and found != named:
        locks.mkdir(exist_ok=True)
        write(file, "".join(f"{one}\n" for one in found))
    return found


def lock(engine: Engine, provider: Provider, required: JsonObject, names: Sequence[str], file: Path) -> Locked:
    """Writes a lock with the hashes of all platforms. required: `required_providers` of a synthesised configuration.

    A version that is locked stays locked. Errors: EgressError; the lock is then as it was.
    """
    with tempfile.TemporaryDirectory(prefix="egress-") as name:
        folder = Path(name)
        (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
        if file.is_file():
            shutil.copyfile(file, folder / LOCK)
        options = [f"-platform={one}" for one in names]
        options += [f"-fs-mirror={provider.mirror}"] if provider.mirror else []
        env = engine_environment(provider, folder)
        done = run([engine.command, "providers", "lock", "-no-color", *options], cwd=folder, env=env)
        if done.code:
            raise EgressError(_refusal(provider, done.err.strip()))
        text = (folder / LOCK).read_text(encoding="utf-8")
    _, version = locked_version(text) or ("", "")
    if version.endswith("+lab"):
        raise EgressError("that mirror holds the lab's stand-in, which talks to labs only: it is locked by no project")
    moved = not file.is_file() or file.read_text(encoding="utf-8") != text
    if moved:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, text)
    kinds = _HASH.findall(text)
    return Locked(version, {kind: kinds.count(kind) for kind in ("h1", "zh")}, moved)


def _refusal(provider: Provider, words: str) -> str:
    if lacking := _NOT_THERE.search(words):
        return (
            f"there is no vmware/nsxt {lacking[1]} for {lacking[2]} {provider.origin}: terraform providers mirror -platform={lacking[2]} DIR "
            "(or tofu) adds it where there is a network; or leave it out: egress lock --platform names those that you need"
        )
    if provider.mirror is None:
        return (
            "no provider registry can be reached, and no mirror was given: on a machine with a network, terraform providers mirror DIR "
            f"(or tofu), copy DIR here, egress lock --mirror DIR. The engine said:\n{words}"
        )
    return f"the provider could not be locked {provider.origin}:\n{words}"

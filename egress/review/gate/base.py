"""What the base branch says about the gate: its gate file, its code owners, its domains. Read by git, never from the work tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.delivery.change import pins, whom
from egress.delivery.git.bases import base_folder
from egress.domain import EgressError, WorkloadDomain
from egress.domain.files import FOLDER, look
from egress.domain.fleet import load
from egress.domain.yaml_tree import MAX_BYTES, parse
from egress.review.gate import code_owners, policy
from egress.review.gate.policy import FILE, NO_FILE, PolicyFile
from egress.toolchain.running.processes import run

_FILES = ("100644", "100755")
"""Modes of files in git; a link or a submodule is no file."""


@dataclass(frozen=True)
class Base:
    """The base. `owned_by`: who has to review a change of the gate file there, empty where nobody has to. `stacks`: all that it has;
    `domains`: those of them that were asked for. `moved`: what of provider, locks, pins and managers differs from here, of those that were
    asked for, by stack; the key "" is all of them."""

    name: str
    gate: PolicyFile
    owned_by: tuple[str, ...]
    stacks: tuple[str, ...]
    domains: tuple[WorkloadDomain, ...]
    moved: Mapping[str, str]


def read(
    root: Path,
    here: Sequence[WorkloadDomain],
    name: str,
    env: Mapping[str, str],
    stacks: Collection[str] | None = None,
) -> Base:
    """The base of a git reference. here: domains of the project `root` as it is now. env: tells which forge this is a job of. stacks: whose
    domains are asked for; left out: those of all. Errors: EgressError, DomainFileError."""
    if not name or name.startswith("-"):
        raise EgressError(f"{name!r} is no git reference, allowed is a branch, a tag or a commit")
    commit = _git(root, name, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    prefix = _git(root, name, "rev-parse", "--show-prefix")
    text = _blob(root, name, commit, prefix + FILE, MAX_BYTES)
    gate = NO_FILE if text is None else policy.read(parse(text.encode(), f"{name}:{prefix}{FILE}"))
    with base_folder(root, commit) as folder:
        files = look(folder)[0] if (folder / FOLDER).is_dir() else ()
        domains = load([file for file in files if stacks is None or file.stack in stacks]).domains
        moved = whom.moved(whom.everyone(root, here), whom.everyone(folder, domains))
        if shared := pins.moved(root, folder):
            moved[""] = "; ".join(shared)
    owners = _owners(root, name, commit, prefix + FILE, env)
    return Base(name, gate, owners, tuple(file.stack for file in files), domains, moved)


def _owners(root: Path, name: str, commit: str, path: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """Owners by the forge whose job this is; elsewhere by every forge that would read a file of these, and all of them have to agree."""
    forges = [
        forge for forge, mark in (("github", "GITHUB_ACTIONS"), ("gitlab", "GITLAB_CI")) if env.get(mark) == "true"
    ]
    found = []
    for forge in forges or code_owners.PLACES:
        texts = (_blob(root, name, commit, place, code_owners.LARGEST) for place in code_owners.PLACES[forge])
        text = next((text for text in texts if text is not None), None)
        if text is not None:
            found.append((code_owners.on_github if forge == "github" else code_owners.on_gitlab)(text, path))
    return tuple(dict.fromkeys(owner for owners in found for owner in owners)) if found and all(found) else ()


def _blob(root: Path, name: str, commit: str, path: str, largest: int) -> str | None:
    """A file of a commit, its path seen from the repository's root; None where there is none. Errors: EgressError for something else than
    a file, which would look here as if nothing were demanded, and for one that is too large."""
    entry = _git(root, name, "ls-tree", "-z", "-l", "--full-tree", commit, "--", f":(literal,top){path}").rstrip("\0")
    if not entry:
        return None
    mode, _kind, digest, size = entry.split("\t")[0].split()
    if mode not in _FILES:
        raise EgressError(f"{path} at {name} is a link or a folder, allowed is a file: put the file itself there")
    if int(size) > largest:
        raise EgressError(f"{path} at {name} has {size} bytes, allowed are {largest}")
    return _git(root, name, "cat-file", "blob", digest, strip=False)


def _git(root: Path, name: str, *arguments: str, strip: bool = True) -> str:
    try:
        done = run(["git", *arguments], cwd=root)
    except FileNotFoundError:
        raise EgressError(f"no git on this machine, and the base {name!r} is read by git: install it") from None
    if done.code:
        why = f": {done.err.strip()}" if done.err.strip() else ""
        raise EgressError(
            f"git does not give the base {name!r}{why} (in CI the base must have been fetched: actions/checkout with fetch-depth: 0)"
        )
    return done.out.strip("\n") if strip else done.out

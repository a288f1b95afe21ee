"""Whom a stack's run talks to and as whom: what changed of it, in words, as synthesis does not show all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from egress.domain import WorkloadDomain
from egress.domain.tier0 import Nsx

Whom = tuple[Nsx, bytes | None]
"""The manager of a domain, and what its ca_file holds."""


def everyone(root: Path, domains: Iterable[WorkloadDomain]) -> dict[str, Whom]:
    """The managers of domains of the project in `root`, by stack."""
    return {domain.stack: (domain.nsx, _held(root, domain.nsx)) for domain in domains}


def moved(here: Mapping[str, Whom], there: Mapping[str, Whom]) -> dict[str, str]:
    """What changed from there to here, by stack; stacks of which nothing did are left out."""
    told = {stack: ", ".join(_changes(there[stack], here[stack])) for stack in here if stack in there}
    return {stack: text for stack, text in told.items() if text}


def _changes(before: Whom, after: Whom) -> list[str]:
    (old, old_authority), (new, new_authority) = before, after
    pairs = {
        "host": (old.host, new.host),
        "credentials": (old.credentials, new.credentials),
        "ca_file": (old.ca_file or "the system's authorities", new.ca_file or "the system's authorities"),
    }
    found = [f"{name} {was} -> {now}" for name, (was, now) in pairs.items() if was != now]
    if old.ca_file == new.ca_file and old_authority != new_authority:
        found.append(f"ca_file {new.ca_file} holds something else")
    return found


def _held(root: Path, nsx: Nsx) -> bytes | None:
    if nsx.ca_file is None:
        return None
    try:
        return (root / nsx.ca_file).read_bytes()
    except OSError:
        return None

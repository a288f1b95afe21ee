"""What a checkout remembers of a stack that it applied, so that the stack can still be destroyed when its domain file is gone.

In `.egress/stacks/<stack>.json`: the domain as its files said, merged, and where its state and its manager are. One file, so that a
part of it is never taken for the whole. No secret: neither holds one. A checkout that never applied the stack (a CI runner) takes both from git instead.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from egress.delivery.git.bases import base_folder
from egress.domain import DomainFile, EgressError, WorkloadDomain, load_domains
from egress.domain.fields import quoted
from egress.domain.fleet import load
from egress.domain.problems import DomainFileError
from egress.layout import STACK_FILE, Places
from egress.toolchain.running.own_files import JsonObject, json_object, read_object
from egress.toolchain.stack.stacks import Stack
from egress.toolchain.stack.synthesis import synthesised
from egress.writing import write

_FORMAT = {"format": "egress-remembered", "version": 1}


@dataclass(frozen=True)
class Remembered:
    """A stack without a domain file: the domain as it was, and the configuration that finds its state and its manager."""

    domain: WorkloadDomain
    config: JsonObject

    @contextmanager
    def laid_out(self) -> Iterator[Path]:
        """A folder with the configuration, for a run."""
        with tempfile.TemporaryDirectory(prefix="egress-") as folder:
            Path(folder, STACK_FILE).write_text(json.dumps(self.config))
            yield Path(folder)


def remember(stack: Stack, domain: WorkloadDomain | None = None) -> None:
    """Remembers a stack that was applied. domain: as it is from now on; left out: as the run knows it."""
    _write(stack.run.places, Remembered(domain or stack.domain, _without_resources(stack.config)))


def forget(stack: Stack, name: str | None = None) -> None:
    """Forgets a stack that tracks nothing any more. name: the one that it had; left out: the one that it has."""
    stack.run.places.remembered(name or stack.name).unlink(missing_ok=True)


def remembered(places: Places, stack: str) -> Remembered:
    """A stack that this checkout applied. Errors: EgressError when it did not, or when what it remembers is damaged."""
    document = _read(places, stack)
    way_out = _way_out(stack)
    text, config = document.get("domain"), document.get("config")
    if not isinstance(text, str) or not isinstance(config, dict) or document.get("version") != _FORMAT["version"]:
        raise EgressError(f"what is remembered of {stack} is of another format: {way_out}")
    with tempfile.TemporaryDirectory(prefix="egress-") as scratch:
        file = Path(scratch, "domain.yaml")
        file.write_text(text, encoding="utf-8")
        loaded = load([DomainFile(file, f"what is remembered of {stack}", stack)])
    if loaded.problems:
        raise EgressError(
            f"{DomainFileError(loaded.problems)}\nwhat is remembered of {stack} cannot be used: {way_out}"
        )
    return Remembered(loaded.domains[0], config)


def domain_text(places: Places, stack: str) -> str:
    """The domain that is remembered, as one domain file. Errors: EgressError."""
    remembered(places, stack)
    return str(_read(places, stack)["domain"])


def rewrite(places: Places, stack: str, text: str) -> None:
    """Remembers another text of the domain. Errors: EgressError."""
    write(places.remembered(stack), json.dumps(_read(places, stack) | {"domain": text}, indent=2) + "\n")


def _read(places: Places, stack: str) -> JsonObject:
    file = places.remembered(stack)
    if not file.is_file():
        raise EgressError(
            f"no domain file gives stack {quoted(stack)}, and this checkout did not apply it: {_way_out(stack)}"
        )
    return read_object(file, f"what is remembered of {stack}", _way_out(stack))


def _way_out(stack: str) -> str:
    return f"give --from REF, a git reference at which the domain file of {stack} still was"


def remember_from_git(root: Path, places: Places, stack: str, reference: str) -> Remembered:
    """A stack as its files were at a git reference; remembered from now on. Errors: EgressError."""
    with base_folder(root, reference) as base:
        (found,) = as_at(base, [stack], lab=places.lab)
    _write(places, found)
    return found


def as_at(base: Path, stacks: Sequence[str], *, lab: bool) -> tuple[Remembered, ...]:
    """Stacks as the files of a project at a base have them, sorted. Errors: EgressError, also for one that no file there gives."""
    domains = load_domains(base, stacks)
    with synthesised(base, stacks, lab=lab) as made:
        read = {stack: (made.folders[stack] / STACK_FILE).read_bytes() for stack in stacks}
    configs = {stack: json_object(text, f"{stack}: the configuration at the base", "") for stack, text in read.items()}
    return tuple(Remembered(domain, _without_resources(configs[domain.stack])) for domain in domains)


def as_yaml(domain: WorkloadDomain) -> str:
    """A domain as one domain file; reading it gives the domain again."""
    values = domain.model_dump(mode="json", exclude_unset=True, exclude={"stack"})
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1 << 30)


def _write(places: Places, found: Remembered) -> None:
    file = places.remembered(found.domain.stack)
    file.parent.mkdir(parents=True, exist_ok=True)
    document = _FORMAT | {"stack": found.domain.stack, "domain": as_yaml(found.domain), "config": found.config}
    write(file, json.dumps(document, indent=2) + "\n")


def _without_resources(config: JsonObject) -> JsonObject:
    """What finds state and manager. Without a resource in it, everything in the state is to be destroyed."""
    return {key: config[key] for key in ("terraform", "provider") if key in config}

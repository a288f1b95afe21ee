"""Saved plans: everything that an apply needs, in a folder per stack, and taken from it again without believing it.

A folder holds cdk.tf.json, the provider lock, tfplan, plan.json and plan.txt (the engine's `show`, as data and in words), review.json
(what the plan does to packets) and egress.json, a note with the digests of them all. The note helps to say what is wrong. What a plan is for is read from the plan, by the engine, and held
against the domain file of now.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from egress.delivery.content.plan_content import PlanContent, parse
from egress.delivery.planning.plans import PLAN, Plan, Verb
from egress.domain import EgressError, PlanAgainError, WorkloadDomain
from egress.domain.fields import quoted
from egress.escape import uncoloured
from egress.layout import LOCK, STACK_FILE
from egress.toolchain.running.own_files import JsonObject, read_bytes, read_object
from egress.toolchain.stack.runs import Run
from egress.toolchain.stack.stacks import Stack
from egress.writing import private_folder, write

NOTE = "egress.json"
CONTENT = "plan.json"
WORDS = "plan.txt"
REVIEW = "review.json"
FILES = (STACK_FILE, LOCK, PLAN, CONTENT, WORDS, REVIEW)
_FORMAT = {"format": "egress-plan", "version": 3}
_AGAIN = "plan again"
_CONFIG_IN_PLAN = f"tfconfig/m-/{STACK_FILE}"
"""Where a plan file, a zip, holds the configuration that it was made from (Terraform, internal/plans/planfile; OpenTofu alike)."""
_MAX_CONFIG = 64 * 2**20
"""Bytes of a configuration that is looked into (assumption): a small file may unpack to any size."""


def save(plan: Plan, directory: Path, review: bytes, base: str = "") -> None:
    """Puts a plan with its review into `directory`/<stack>, readable by the owner only: plans hold values.

    base: what a stack without a domain file was taken from, for people. Errors: EgressError.
    """
    stack = plan.stack
    files = {name: read_bytes(stack.folder / name, "the run's file", _AGAIN) for name in (STACK_FILE, LOCK)}
    files[PLAN] = read_bytes(stack.folder / plan.file, "the plan file", _AGAIN)
    files[CONTENT] = json.dumps(plan.content.raw).encode()
    files[WORDS] = uncoloured(plan.words).encode()
    files[REVIEW] = review
    note = _FORMAT | {
        "stack": stack.name,
        "verb": plan.verb.value,
        "base": base or None,
        "domain_sha256": domain_digest(stack.domain),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "target": stack.run.target(stack.domain),
        "run": stack.run.words(stack.domain),
        "engine": _engine(stack.run),
        "provider": str(stack.run.provider),
        "egress": metadata.version("tier0-egress"),
    }
    files[NOTE] = (json.dumps(note, indent=2) + "\n").encode()
    folder = directory / stack.name
    private_folder(folder)
    for name, content in files.items():
        if (folder / name).is_symlink():
            (folder / name).unlink()
        write(folder / name, content, private=True)


def saved_stacks(directory: Path) -> tuple[str, ...]:
    """Names of the stacks whose plans are saved in `directory`. Errors: EgressError when there are none."""
    names = tuple(sorted(note.parent.name for note in directory.glob(f"*/{NOTE}")))
    if not names:
        raise EgressError(f"no saved plan in {str(directory)!r}: egress plan --out {directory} makes them")
    return names


@dataclass(frozen=True)
class Saved:
    """A saved plan as it lies in its folder, complete and undamaged. What it is for is another question."""

    stack: str
    folder: Path
    note: JsonObject
    files: dict[str, bytes]

    @property
    def content(self) -> PlanContent:
        """What the folder says the plan says. Errors: EgressError."""
        return parse(self.files[CONTENT], f"the saved plan {str(self.folder / CONTENT)!r}")


def read(directory: Path, stack: str, folder: Path | None = None) -> Saved:
    """Reads a saved plan. folder: where it lies; left out: `directory`/<stack>.

    Errors: EgressError for one that is incomplete, damaged, edited, of another stack or of another format.
    """
    folder = folder or directory / stack
    note = read_object(folder / NOTE, f"{stack}: the note of the saved plan", _AGAIN)
    if {key: note.get(key) for key in _FORMAT} != _FORMAT or not isinstance(note.get("sha256"), dict):
        raise EgressError(
            f"{stack}: {str(folder / NOTE)!r} is no note of a saved plan of version {_FORMAT['version']}: {_AGAIN}"
        )
    if note.get("stack") != stack:
        raise EgressError(f"{stack}: the plan in {str(folder)!r} is of {quoted(note.get('stack'))}: {_AGAIN}")
    files = {name: read_bytes(folder / name, f"{stack}: of the saved plan", _AGAIN) for name in FILES}
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != note["sha256"].get(name):
            raise EgressError(f"{stack}: {str(folder / name)!r} is not what was saved, its digest differs: {_AGAIN}")
    return Saved(stack, folder, note, files)


def restore(stack: Stack, saved: Saved, verb: Verb = Verb.APPLY) -> Plan:
    """A saved plan, laid into the folder of a run whose configuration was synthesised just now.

    verb: what the run is for: to destroy a stack whose domain file is gone, to apply any other. Errors: PlanAgainError when it was
    made with another engine or provider lock, for another target or verb, from another configuration or domain file; EgressError
    when the plan file says something else than its folder, or does what its verb does not.
    """
    name, note = stack.name, saved.note
    engine = _engine(stack.run)
    if note.get("engine") != engine:
        raise PlanAgainError(
            f"{name}: this plan was made with {quoted(note.get('engine'))}, this run has {engine}: {_AGAIN}"
        )
    if saved.files[LOCK] != read_bytes(stack.folder / LOCK, "the provider lock", _AGAIN):
        raise PlanAgainError(f"{name}: this plan was made under another provider lock than the one of now: {_AGAIN}")
    if note.get("verb") != verb:
        raise PlanAgainError(f"{name}: this plan was made to {quoted(note.get('verb'))}, now it is to {verb}: {_AGAIN}")
    (stack.folder / PLAN).write_bytes(saved.files[PLAN])
    (stack.folder / PLAN).chmod(0o600)
    digest = hashlib.sha256(saved.files[PLAN]).hexdigest()
    found = Plan(stack, verb, PLAN, True, digest, saved=True)
    _refuse_another(stack, saved, found.content)
    refuse_another_verb(name, verb, found.content)
    return Plan(stack, verb, PLAN, found.content.does_something, digest, saved=True)


def _refuse_another(stack: Stack, saved: Saved, content: PlanContent) -> None:
    """What the plan itself says, by the engine, against its folder and against the domain file of now."""
    name = stack.name
    if content.raw != saved.content.raw:
        raise EgressError(f"{name}: {CONTENT} in {str(saved.folder)!r} is not what the plan file says: {_AGAIN}")
    if stack.config_bytes != saved.files[STACK_FILE]:
        raise PlanAgainError(f"{name}: {_what_moved(stack, saved)}: {_AGAIN}")
    if content.host != provider_settings(stack.config).get("host"):
        raise EgressError(
            f"{name}: this plan was made for {content.host or 'a manager that it does not name'}, the target now is "
            f"{stack.run.target(stack.domain)}: {_AGAIN}"
        )
    if _configuration_in(saved.files[PLAN]) not in (None, stack.config_bytes):
        raise EgressError(f"{name}: this plan was made from another configuration than its folder has: {_AGAIN}")
    if saved.note.get("domain_sha256") != domain_digest(stack.domain):
        raise PlanAgainError(f"{name}: its domain file has changed since this plan was made: {_AGAIN}")


def refuse_another_verb(name: str, verb: Verb, content: PlanContent) -> None:
    """A plan to apply takes away what the configuration has not, one to destroy does nothing else than to take away."""
    if verb is Verb.DESTROY:
        other = [one.address for one in content.changes if one.actions not in (("delete",), ("no-op",), ("forget",))]
    else:
        other = [
            one.address for one in content.changes if one.actions == ("delete",) and one.address in content.declared
        ]
    if other:
        raise EgressError(f"{name}: this is no plan to {verb}, look at what it does to {', '.join(other)}: {_AGAIN}")


def _what_moved(stack: Stack, saved: Saved) -> str:
    if provider_settings(stack.config) != provider_settings(json.loads(saved.files[STACK_FILE])):
        return f"this plan was made for another target or with other provider settings than {stack.run.target(stack.domain)}"
    return "this plan was made from another configuration than the domain file gives now"


def provider_settings(config: JsonObject) -> JsonObject:
    """The settings of the provider block in a synthesised configuration."""
    blocks = config.get("provider", {}).get("nsxt") or [{}]
    settings: JsonObject = blocks[0]
    return settings


def domain_digest(domain: WorkloadDomain) -> str:
    """SHA-256 over everything that a domain file says; comments and layout do not count."""
    return hashlib.sha256(f"{domain.stack}\n{domain.model_dump_json()}".encode()).hexdigest()


def _engine(run: Run) -> str:
    return f"{run.engine.product} {run.engine.version}"


def _configuration_in(plan: bytes) -> bytes | None:
    """The configuration inside a plan file; None where it cannot be looked into, as with OpenTofu's plan encryption."""
    try:
        with zipfile.ZipFile(io.BytesIO(plan)) as zipped:
            too_large = zipped.getinfo(_CONFIG_IN_PLAN).file_size > _MAX_CONFIG
            return b"" if too_large else zipped.read(_CONFIG_IN_PLAN)
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError):
        return None

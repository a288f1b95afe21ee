"""What makes one resource type different from another: the table that the life cycle works from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nsx_lab.provider.objects.fields import COMPUTED, Field
from nsx_lab.provider.values import checks
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.values.schema import Trait
from nsx_lab.provider.wire.client import Client
from nsx_lab.provider.wire.model import Struct, policy_object

COMMON_TRAITS: Mapping[str, Trait] = {
    "nsx_id": Trait(replace=True, check=checks.length_between(1, 1024)),
    "display_name": Trait(check=checks.length_between(1, 255)),
    "description": Trait(check=checks.length_between(0, 1024)),
    "gateway_path": Trait(replace=True, check=checks.policy_path),
    "context": Trait(replace=True),
    "context.project_id": Trait(replace=True, check=checks.project),
}


@dataclass(frozen=True)
class Words:
    """The names by which messages call a resource, and two sentences that differ from one to the next."""

    create: str
    update: str
    read: str
    delete: str
    exists: str
    bad_gateway: str = "gateway_path is not valid"
    bad_gateway_first: str = "gateway_path is not valid"

    @classmethod
    def plain(cls, name: str, **different: str) -> Words:
        """One name for all."""
        return cls(name, name, name, name, f"{name} with nsx_id '{{id}}' already exists", **different)


@dataclass(frozen=True)
class Gateway:
    """Which gateways a resource hangs on. `checked`: other than a Tier-0 is refused when it is created or read."""

    tier0_only: bool = False
    checked: bool = False


Leaf = Callable[[Record, str, bool], tuple[str, ...]]
"""Gets record, id and whether it is read; returns the path segments below the gateway."""


@dataclass(frozen=True)
class ResourceKind:
    """The table of one resource type.

    `refuse` is called before every write and raises what the provider refuses by itself; `check_type` earlier, before the
    gateway is looked at. `existing` is the path segments of the existence check, where it differs from `leaf`.
    """

    type_name: str
    words: Words
    model: str
    fields: tuple[Field, ...]
    leaf: Leaf
    importer: Callable[[Record, Client, str], None]
    gateway: Gateway = Gateway()
    traits: Mapping[str, Trait] = field(default_factory=dict)
    sends_id: bool = True
    explains_existence: bool = False
    existing: Callable[[str, str], tuple[str, ...]] | None = None
    refuse: Callable[[Record, Client], None] = lambda record, client: None
    check_type: Callable[[Record], None] = lambda record: None
    settle: Callable[[Record], None] = lambda record: None

    @property
    def all_traits(self) -> Mapping[str, Trait]:
        """Common traits and this resource's own."""
        return {**COMMON_TRAITS, **self.traits}

    @property
    def wire(self) -> Struct:
        """The type of the object as the manager answers it."""
        return policy_object(self.model, {f.key: f.form.wire for f in self.fields})

    def body(self, record: Record, client: Client, identifier: str) -> dict[str, Any]:
        """The whole object for a PATCH."""
        body: dict[str, Any] = {"id": identifier} if self.sends_id else {}
        for f in self.fields:
            value = record.get(f.attribute)
            if client.version_at_least(*f.since) and not (f.omit_empty and value in ("", [])):
                body[f.key] = f.form.write(value)
        return body

    def store(self, record: Record, client: Client, answer: Mapping[str, Any]) -> None:
        """Take an answer of the manager over into the record."""
        for f in (*self.fields, *COMPUTED):
            value = answer[f.key]
            if not client.version_at_least(*f.since) or (value is None and f.keep_missing):
                continue
            record.set(f.attribute, None if value is None else f.form.read(value))

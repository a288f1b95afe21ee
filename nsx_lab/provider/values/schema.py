"""The provider's schema: `nsxt-schema.json` joined with what the file cannot say (defaults, replacement, checks).

A schema file of `terraform providers schema -json` knows names, types and required/optional/computed. Defaults, ForceNew and
validation live in the provider alone, so every object's table brings them as `Trait`s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nsx_lab.provider.values import gojson
from nsx_lab.provider.values.values import UNKNOWN, Value

Check = Callable[[Any, str], list[str]]
"""Gets a known value and its key (`next_hop.0.ip_address`), returns the complaints in the provider's words."""
Kind = Literal["string", "number", "bool"]
ZERO: Mapping[str, Value] = {"string": "", "number": 0, "bool": False}


@dataclass(frozen=True)
class Trait:
    """What the schema file cannot say about one attribute or block."""

    default: Value = None
    replace: bool = False
    check: Check | None = None
    conflicts_with: str | None = None


@dataclass(frozen=True)
class Attribute:
    """One attribute: a primitive, or a list or set of primitives."""

    name: str
    kind: Kind
    container: Literal["list", "set"] | None
    required: bool
    optional: bool
    computed: bool
    sensitive: bool
    trait: Trait

    @property
    def zero(self) -> Value:
        """What the SDK's `Get` returns for a value that is not there."""
        return [] if self.container else ZERO[self.kind]


@dataclass(frozen=True)
class NestedBlock:
    """One block type inside a block."""

    name: str
    nesting: Literal["list", "set"]
    block: Block
    min_items: int
    max_items: int
    trait: Trait


@dataclass(frozen=True)
class Block:
    """Attributes and nested blocks by name."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, NestedBlock] = field(default_factory=dict)

    def null(self) -> dict[str, Value]:
        """Every attribute and block set to null."""
        return dict.fromkeys([*self.attributes, *self.blocks])

    def conform(self, value: Value) -> dict[str, Value]:
        """Shape a value like this block: unknown names dropped, missing ones null, numbers as numbers."""
        raw = value if isinstance(value, dict) else {}
        shaped: dict[str, Value] = {a.name: conform(a, raw.get(a.name)) for a in self.attributes.values()}
        for nested in self.blocks.values():
            inner = raw.get(nested.name)
            shaped[nested.name] = [nested.block.conform(v) for v in inner] if isinstance(inner, list) else inner
        return shaped


def conform(attribute: Attribute, value: Value) -> Value:
    """Numbers arrive as text when they fit neither int64 nor float64 (cty); whole floats become ints."""
    if isinstance(value, list):
        return [_number(v) for v in value] if attribute.kind == "number" else value
    return _number(value) if attribute.kind == "number" else value


def _number(value: Value) -> Value:
    if value is None or value is UNKNOWN or isinstance(value, bool):
        return value
    if isinstance(value, str):
        value = int(value) if gojson.is_integer(value) else float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def build(raw: Mapping[str, Any], traits: Mapping[str, Trait], prefix: str = "") -> Block:
    """Make a block of its JSON form; `traits` are keyed by dotted name (`next_hop.admin_distance`)."""
    attributes = {}
    for name, spec in raw.get("attributes", {}).items():
        container, kind = spec["type"] if isinstance(spec["type"], list) else (None, spec["type"])
        attributes[name] = Attribute(
            name=name,
            kind=kind,
            container=container,
            required=spec.get("required", False),
            optional=spec.get("optional", False),
            computed=spec.get("computed", False),
            sensitive=spec.get("sensitive", False),
            trait=traits.get(prefix + name, Trait()),
        )
    blocks = {}
    for name, spec in raw.get("block_types", {}).items():
        blocks[name] = NestedBlock(
            name=name,
            nesting=spec["nesting_mode"],
            block=build(spec["block"], traits, f"{prefix}{name}."),
            min_items=spec.get("min_items", 0),
            max_items=spec.get("max_items", 0),
            trait=traits.get(prefix + name, Trait()),
        )
    return Block(attributes, blocks)


def load() -> dict[str, Any]:
    """The provider's part of `nsxt-schema.json`: keys provider, resource_schemas, data_source_schemas."""
    text = Path(__file__).parents[1].joinpath("nsxt-schema.json").read_text(encoding="utf-8")
    (provider,) = json.loads(text)["provider_schemas"].values()
    loaded: dict[str, Any] = provider
    return loaded

"""One object while an operation runs: what was planned or stored, and what the operation has set since.

The counterpart of the SDK's ResourceData: `get` never returns null, `set` of null stores the zero value.
"""

from __future__ import annotations

from nsx_lab.provider.values import sets
from nsx_lab.provider.values.plan import filled, normalize_block, with_defaults
from nsx_lab.provider.values.schema import Block
from nsx_lab.provider.values.values import UNKNOWN, Value, known


class Record:
    """Values of one object by attribute name, plus its id ("" means: does not exist)."""

    def __init__(self, block: Block, base: dict[str, Value], identifier: str = "") -> None:
        self._block = block
        self._base = filled(block, known(base))
        self._set: dict[str, Value] = {}
        self.id = identifier

    @classmethod
    def stored(cls, block: Block, prior: dict[str, Value]) -> Record:
        """The record of a read or a delete: the prior state."""
        return cls(block, prior, prior.get("id") or "")

    @classmethod
    def planned(cls, block: Block, prior: dict[str, Value] | None, plan: dict[str, Value]) -> Record:
        """The record of a create or an update: the plan, in which a removed value and an unknown set read as empty."""
        base = dict(plan)
        for name, attribute in block.attributes.items():
            removed = base[name] is None and prior is not None and prior.get(name) is not None
            if removed or (base[name] is UNKNOWN and attribute.container == "set"):
                base[name] = attribute.zero
        return cls(block, base, (prior or {}).get("id") or "")

    @classmethod
    def asked(cls, block: Block, config: dict[str, Value]) -> Record:
        """The record of a data source: its configuration with defaults; an empty string counts as unset."""
        base = {n: None if v == "" else v for n, v in with_defaults(block, known(config)).items()}
        for name, nested in block.blocks.items():
            base[name] = [with_defaults(nested.block, e) for e in base[name] or []] or None
        return cls(block, base)

    def get(self, name: str) -> Value:
        """The current value; zero ("", 0, false, empty list) for null; sets in the SDK's order."""
        value = self._set.get(name, self._base.get(name))
        nested = self._block.blocks.get(name)
        schema = nested or self._block.attributes[name]
        if value is None:
            return [] if nested else self._block.attributes[name].zero
        is_set = (nested.nesting if nested else self._block.attributes[name].container) == "set"
        return sets.listed(schema, value) if is_set else value

    def set(self, name: str, value: Value) -> None:
        """Store a value as read from the manager; None stores the zero value."""
        nested = self._block.blocks.get(name)
        if value is None:
            value = [] if nested else self._block.attributes[name].zero
        self._set[name] = filled(self._block, {name: value})[name] if nested else value

    def values(self) -> dict[str, Value]:
        """All values as they stand."""
        merged = {**self._block.null(), **self._base, **self._set}
        merged["id"] = self.id or None
        return merged

    def state(self, asked: dict[str, Value], applying: bool) -> dict[str, Value] | None:
        """The new state, smoothed against what was asked for; None if the object is gone."""
        return normalize_block(self._block, self.values(), asked, applying) if self.id else None

    def imported(self) -> dict[str, Value]:
        """The state right after an import: blocks are empty, not null."""
        values = self.values()
        return {n: [] if n in self._block.blocks and v is None else v for n, v in values.items()}

    def data(self) -> dict[str, Value]:
        """The state of a data source: all null if it has set no id (that is what the SDK answers)."""
        return self.values() if self.id else self._block.null()

"""Validation of a configuration against schema and traits. Pure; unknown values are passed over, as the SDK does."""

from __future__ import annotations

from dataclasses import dataclass

from nsx_lab.provider.values.plan import Path
from nsx_lab.provider.values.schema import Attribute, Block, NestedBlock
from nsx_lab.provider.values.values import UNKNOWN, Value, wholly_known


@dataclass(frozen=True)
class Complaint:
    """One error about a configuration; `path` leads to the attribute."""

    summary: str
    path: Path
    detail: str = ""


def validate(block: Block, config: dict[str, Value], key: str = "", path: Path = ()) -> list[Complaint]:
    """Everything that is wrong with the values of a configuration, in the order of the names."""
    found: list[Complaint] = []
    for name, attribute in sorted(block.attributes.items()):
        found += _attribute(attribute, config, f"{key}{name}", (*path, name))
    for name, nested in sorted(block.blocks.items()):
        found += _nested(nested, config.get(name), f"{key}{name}", (*path, name))
    return found


def null_elements(block: Block, config: dict[str, Value]) -> list[Complaint]:
    """Nulls inside lists, which the SDK refuses wherever they stand."""
    found = []
    for name, attribute in block.attributes.items():
        values = config.get(name)
        if attribute.container and isinstance(values, list):
            for index, value in enumerate(values):
                if value is None:
                    where: Path = (name, index) if attribute.container == "list" else (name,)
                    detail = "Null values are not allowed for this attribute value."
                    found.append(Complaint("Null value found in list", where, detail))
    return found


def _attribute(attribute: Attribute, config: dict[str, Value], key: str, path: Path) -> list[Complaint]:
    value = config.get(attribute.name)
    if value is None or not wholly_known(value):
        return []
    rival = attribute.trait.conflicts_with
    if rival and config.get(rival) not in (None, UNKNOWN):
        detail = f'"{attribute.name}": conflicts with {rival}'
        return [Complaint("Conflicting configuration arguments", path, detail)]
    if not attribute.container:
        return _primitive(attribute, value, key, path)
    found = []
    for index, element in enumerate(value):
        where = (*path, index) if attribute.container == "list" else path
        found += _primitive(attribute, element, f"{key}.{index}", where)
    return found


def _primitive(attribute: Attribute, value: Value, key: str, path: Path) -> list[Complaint]:
    if value is None:
        return []
    if attribute.kind == "number" and not isinstance(value, int):
        return [Complaint(f"Attribute must be a whole number, got {value}", path)]
    if attribute.trait.check is None:
        return []
    return [Complaint(words, path) for words in attribute.trait.check(value, key)]


def _nested(nested: NestedBlock, value: Value, key: str, path: Path) -> list[Complaint]:
    if not isinstance(value, list) or not wholly_known(value):
        return []
    found = []
    for index, element in enumerate(value):
        inner = validate(nested.block, element, f"{key}.{index}.", (*path, index))
        found += inner if nested.nesting == "list" else [Complaint(c.summary, path, c.detail) for c in inner]
    return found

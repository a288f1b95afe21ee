"""What changes: prior state and proposed configuration to planned state. Pure.

These are the rules of terraform-plugin-sdk v2 (schemaMap.Diff, InstanceDiff.Apply, normalizeNullValues), restated on values
instead of flat maps, with their oddities, because plans show them: an unset string is null in the plan of a new object and
"" once read; a list that leaves the configuration is planned as empty, not null; an element of a set that stays while
another one changes loses what is unset. The answer of a plan is marked as legacy type system, so the engine accepts it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nsx_lab.provider.values import sets
from nsx_lab.provider.values.schema import ZERO, Attribute, Block, NestedBlock
from nsx_lab.provider.values.values import UNKNOWN, Value, wholly_known

Path = tuple[str | int, ...]


@dataclass
class Plan:
    """A planned object and the attributes that force its replacement."""

    values: dict[str, Value]
    replace: list[Path] = field(default_factory=list)


def plan(block: Block, prior: dict[str, Value] | None, proposed: dict[str, Value]) -> Plan:
    """Plan one resource. `prior` is None for a new one; `proposed` is what the engine merged of prior and configuration."""
    old = filled(block, prior) if prior is not None else block.null()
    planned = Plan({})
    for name, attribute in block.attributes.items():
        planned.values[name] = _attribute(planned, attribute, (name,), old[name], proposed[name], prior is None)
    for name, nested in block.blocks.items():
        planned.values[name] = _nested(planned, nested, old[name] or [], proposed[name])
    planned.values["id"] = UNKNOWN if prior is None else prior["id"]
    planned.values = normalize_block(block, planned.values, proposed, applying=False)
    if prior is not None and equivalent(old, planned.values):
        return Plan(prior)
    if prior is None:
        for name, attribute in block.attributes.items():
            if attribute.computed and planned.values[name] is None:
                planned.values[name] = UNKNOWN
    if planned.replace or prior is None:
        planned.replace.append(("id",))
    return planned


def filled(block: Block, values: dict[str, Value]) -> dict[str, Value]:
    """Values as the SDK reads them back: inside nested blocks nothing is null, sets have no twins."""
    out = dict(values)
    for name, nested in block.blocks.items():
        if isinstance(out.get(name), list):
            elements = [_zeroed(nested.block, e) for e in out[name]]
            out[name] = sets.listed(nested, elements) if nested.nesting == "set" else elements
    return out


def _zeroed(block: Block, element: dict[str, Value]) -> dict[str, Value]:
    zeroed = {a.name: a.zero if element.get(a.name) is None else element[a.name] for a in block.attributes.values()}
    for name, nested in block.blocks.items():
        zeroed[name] = [_zeroed(nested.block, e) for e in element.get(name) or []]
    return zeroed


def text(value: Value) -> str:
    """The SDK compares primitives as text, and null is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _attribute(planned: Plan, attribute: Attribute, path: Path, old: Value, new: Value, created: bool) -> Value:
    if attribute.container:
        return _collection(planned, attribute, path, old, new)
    if new is None and attribute.trait.default is not None:
        new = attribute.trait.default
    if new is UNKNOWN:
        return _changed(planned, attribute.trait.replace, path, UNKNOWN)
    compared = ZERO[attribute.kind] if new is None and old is not None else new
    if text(old) == text(compared):
        return UNKNOWN if created and attribute.computed and text(old) == "" else old
    if attribute.computed and text(new) == "":
        return old  # unset or "": the SDK takes both for "keep what was computed"
    return _changed(planned, attribute.trait.replace, path, new)


def _changed(planned: Plan, replace: bool, path: Path, value: Value) -> Value:
    if replace:
        planned.replace.append(path)
    return value


def _collection(planned: Plan, attribute: Attribute, path: Path, old: Value, new: Value) -> Value:
    if not wholly_known(new):  # to the SDK an attribute is known as a whole or not at all
        return _changed(planned, attribute.trait.replace, path, UNKNOWN)
    if new is None and attribute.computed:
        return UNKNOWN if old is None else old
    before, after = old or [], new or []
    if attribute.container == "set":
        before, after = sets.listed(attribute, before), sets.listed(attribute, after)
    if before == after:
        return old
    return _changed(planned, attribute.trait.replace, path, after)


def _nested(planned: Plan, nested: NestedBlock, old: list[Value], new: Value) -> Value:
    path: Path = (nested.name,)
    if new is UNKNOWN:
        return _changed(planned, nested.trait.replace, path, UNKNOWN)
    after = [with_defaults(nested.block, e) for e in new or []]
    if nested.nesting == "set":
        return _nested_set(nested, old, after)
    if new and old == [_zeroed(nested.block, e) for e in after]:
        return old
    if len(old) != len(after) and nested.trait.replace:
        planned.replace.append(path)
        planned.replace += [
            (nested.name, index, name)
            for index in range(len(after), len(old))
            for name, attribute in nested.block.attributes.items()
            if attribute.trait.replace
        ]
    return [_element(planned, nested, i, old[i] if i < len(old) else {}, e) for i, e in enumerate(after)]


def _element(planned: Plan, nested: NestedBlock, index: int, old: dict[str, Value], new: dict[str, Value]) -> Value:
    return {
        name: _attribute(planned, attribute, (nested.name, index, name), old.get(name), new[name], created=False)
        for name, attribute in nested.block.attributes.items()
    }


def _nested_set(nested: NestedBlock, old: list[Value], new: list[Value]) -> list[Value]:
    before, after = sets.keyed(nested, old), sets.keyed(nested, new)
    if list(before) == list(after):
        return old
    return [_member(nested.block, element, stays=key in before) for key, element in after.items()]


def _member(block: Block, element: dict[str, Value], stays: bool) -> dict[str, Value]:
    """An unset field of a new member is planned as "", of one that stays as null (it counts as removed)."""
    return {
        name: ("" if attribute.kind == "string" and not stays else None) if element[name] is None else element[name]
        for name, attribute in block.attributes.items()
    }


def with_defaults(block: Block, element: dict[str, Value]) -> dict[str, Value]:
    """One block of the configuration with the defaults of what it leaves out."""
    return {
        name: block.attributes[name].trait.default if value is None and name in block.attributes else value
        for name, value in element.items()
    }


def equivalent(a: Value, b: Value) -> bool:
    """Equal but for the things the SDK cannot tell apart: null, "", 0, false and empty collections."""
    if a is UNKNOWN or b is UNKNOWN:
        return a is b
    if _blank(a) or _blank(b):
        return _blank(a) and _blank(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equivalent(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equivalent(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def _blank(value: Value) -> bool:
    return value is None or (value is not UNKNOWN and value in ("", 0, False, [], {}))


def normalize_block(block: Block, got: dict[str, Value], asked: dict[str, Value], applying: bool) -> dict[str, Value]:
    """Smooth null against empty where the SDK does: after a plan, a read (`applying=False`) and an apply (`True`)."""
    out = {n: _normalize(a, got[n], asked[n], applying) for n, a in block.attributes.items()}
    for name, nested in block.blocks.items():
        out[name] = _normalize_nested(nested, got[name], asked[name], applying)
    return out


def _normalize(attribute: Attribute, got: Value, asked: Value, applying: bool) -> Value:
    if asked is UNKNOWN:
        return UNKNOWN if got is None and not applying else got
    if attribute.container:
        return _normalize_collection(attribute.container == "set", got, asked, applying)
    return "" if got is None and asked == "" else got


def _normalize_collection(is_set: bool, got: Value, asked: Value, applying: bool) -> Value:
    if applying and ((asked is None and got == []) or (asked == [] and got is None)):
        return asked
    if asked is None or got is UNKNOWN:
        return got
    if is_set:
        return asked if applying else got
    if got is None and (asked == [] or (not applying and all(e is UNKNOWN for e in asked))):
        return asked
    return got


def _normalize_nested(nested: NestedBlock, got: Value, asked: Value, applying: bool) -> Value:
    if asked is UNKNOWN:
        return got
    out = _normalize_collection(nested.nesting == "set", got, asked, applying)
    if nested.nesting == "set" or not isinstance(out, list) or not isinstance(asked, list) or len(out) != len(asked):
        return out
    return [normalize_block(nested.block, o, a, applying) for o, a in zip(out, asked, strict=True)]

"""A domain file edited by a program: values set at their keys, while comments, layout and line ends stay as they are.

The text is cut at the places that the parser gives. What comes out is read again and compared with what was meant; where it differs, or where
the layout leaves no safe place, the edit is refused with what to write by hand, and nothing is lost.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from egress.domain.moved import flow
from egress.domain.problems import EgressError
from egress.domain.yaml_tree import parse, plain_of

__all__ = ["Edit", "edited"]


@dataclass(frozen=True)
class Edit:
    """Sets the value at a path of keys, as in ("egress", "more", "dev"). Mappings on the way that are missing are made; an entry of a list
    is named by its index and must be there. value: text, number, truth, or lists and mappings of them."""

    at: tuple[str | int, ...]
    value: Any


def edited(text: str, shown: str, edits: Sequence[Edit]) -> str:
    """The text with the edits, in their order. `shown`: what the file is called. Errors: DomainFileError for a text that is not a domain
    file's YAML; EgressError where an edit has no safe place, with what to write by hand."""
    for edit in edits:
        meant = _meant(parse(text.encode(), shown).plain(), edit, shown)
        changed = _set(text, edit)
        if changed is None or _lists(plain_of(changed, shown)) != meant:
            raise _by_hand(edit, shown)
        text = changed
    return text


def _by_hand(edit: Edit, shown: str) -> EgressError:
    key = ".".join(map(str, edit.at))
    return EgressError(f"{shown}: cannot be edited safely, write {key}: {flow(edit.value)} by hand")


def _meant(plain: Any, edit: Edit, shown: str) -> Any:
    """What the file shall say after the edit. Errors: EgressError where something else than a mapping or list stands on the way."""
    whole = _lists(copy.deepcopy(plain))
    here = whole
    for part, following in zip(edit.at, (*edit.at[1:], None), strict=True):
        fits = isinstance(here, dict) if isinstance(part, str) else isinstance(here, list) and part < len(here)
        if not fits:
            raise _by_hand(edit, shown)
        if following is None:
            here[part] = _lists(edit.value)
        else:
            if isinstance(here, dict) and here.get(part) is None:
                here[part] = {}
            here = here[part]
    return whole


def _lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, list | tuple) else value


def _set(text: str, edit: Edit) -> str | None:
    """The text with the value at its place; None where there is no safe one."""
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    if root is None:
        return None
    node: yaml.Node = root
    rest: list[str | int] = list(edit.at)
    while rest and (below := _child(node, rest[0])) is not None:
        node = below
        rest.pop(0)
    value = edit.value
    for part in reversed(rest[1:]):
        value = {part: value}
    if not rest:
        return _replace(text, node, value)
    if isinstance(node, yaml.MappingNode):
        return _add(text, node, str(rest[0]), value)
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return _replace(text, node, {str(rest[0]): value})
    return None


def _child(node: yaml.Node, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode) and isinstance(part, str):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    return None


def _replace(text: str, node: yaml.Node, value: Any) -> str | None:
    """A scalar or a flow collection in place of another; an empty one gets a blank before it."""
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    if block or (isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    if start != end:
        return f"{text[:start]}{flow(value)}{text[end:]}"
    if text[start - 1 : start] == "\ufeff" or not text[:start].rstrip(" ").endswith((":", "-")):
        return None
    after = len(text[:start].rstrip(" "))
    return f"{text[:after]} {flow(value)}{text[after:]}"


def _add(text: str, node: yaml.MappingNode, key: str, value: Any) -> str | None:
    if node.flow_style:
        return _add_in_flow(text, node, key, value)
    return _add_in_block(text, node, key, value) if node.value else None


def _add_in_flow(text: str, node: yaml.MappingNode, key: str, value: Any) -> str:
    """After the last entry, or between the braces of an empty mapping."""
    new = flow({key: value})[1:-1]
    if not node.value:
        return f"{text[: node.start_mark.index]}{{{new}}}{text[node.end_mark.index :]}"
    last = node.value[-1][1].end_mark.index
    return f"{text[:last]}, {new}{text[last:]}"


def _add_in_block(text: str, node: yaml.MappingNode, key: str, value: Any) -> str:
    """On lines of its own below the last line that the mapping's last value has; comments after it stay after it."""
    lead = " " * node.value[0][0].start_mark.column
    end = "\r\n" if "\r\n" in text else "\n"
    found = text.find("\n", _end(node))
    after = len(text) if found < 0 else found + 1
    before = text[:after] if text[:after].endswith("\n") else text[:after] + end
    return before + "".join(f"{line}{end}" for line in _block(key, value, lead)) + text[after:]


def _end(node: yaml.Node) -> int:
    """Where the last value within a node ends: the parser lets a block end where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return node.end_mark.index - 1
    index: int = node.end_mark.index
    return index


def _block(key: str, value: Any, lead: str) -> list[str]:
    """Lines for a key: a mapping of mappings in block form, everything else on one line."""
    name = flow({key: 0}).removeprefix("{").rpartition(": ")[0]
    if isinstance(value, Mapping) and any(isinstance(one, Mapping) for one in value.values()):
        below = [line for inner, one in value.items() for line in _block(str(inner), one, f"{lead}  ")]
        return [f"{lead}{name}:", *below]
    return [f"{lead}{name}: {flow(value)}"]

"""A domain file edited by a program: values set at their keys, while comments, layout and line ends stay as they are.

The text is cut at the places that the parser gives (egress/domain/surgery.py). What comes out is read again and compared with what was
meant; where it differs, or where the layout leaves no safe place, the edit is refused with what to write by hand, and nothing is lost.
Why no library does it: docs/decisions/0020.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from egress.domain.moved import flow
from egress.domain.problems import EgressError
from egress.domain.surgery import NoPlaceError, Patch, Put, operated
from egress.domain.tree import join
from egress.domain.yaml_tree import parse, plain_of

__all__ = ["Edit", "edited", "told"]

_MARK = "\ufeff"


@dataclass(frozen=True)
class Edit:
    """Sets the value at a path of keys, as in ("egress", "more", "dev"). Mappings on the way that are missing are made; an entry of a list
    is named by its index and must be there. value: text, number, truth, null, or lists and mappings of them. A null takes away what a
    file gives, or what its defaults give it: a domain file reads it as if the key were not there."""

    at: tuple[str | int, ...]
    value: Any


def edited(text: str, shown: str, edits: Sequence[Edit]) -> str:
    """The text with the edits, in their order. `shown`: what the file is called. Errors: DomainFileError for a text that is not a domain
    file's YAML; EgressError where an edit has no safe place, with what to write by hand."""
    mark = _MARK if text.startswith(_MARK) else ""
    body = text.removeprefix(_MARK)
    whole = _at_once(body, shown, edits)
    if whole is not None:
        return mark + whole
    for edit in edits:  # one of them has no place, and is to be named
        changed = _at_once(body, shown, [edit])
        if changed is None:
            raise _by_hand(edit, shown)
        body = changed
    return mark + body


def told(at: Sequence[str | int]) -> str:
    """A place in a file as people write it: `default_route.next_hops[0].interface`."""
    found = ""
    for part in at:
        found = f"{found}[{part}]" if isinstance(part, int) else join(found, part)
    return found


def _at_once(body: str, shown: str, edits: Sequence[Edit]) -> str | None:
    """The text with all edits, None where they have no safe place together. Errors: as `edited`, for a path that the file does not have."""
    plain = parse(body.encode(), shown).plain()
    if not edits:
        return body
    meant = _lists(copy.deepcopy(plain))
    patch: Patch = {}
    for edit in edits:
        _mean(meant, edit, shown)
        _put(patch, edit)
    for open_up in (True, False):
        try:
            changed = operated(body, patch, open_up=open_up)
        except (NoPlaceError, yaml.YAMLError):
            continue
        if _lists(plain_of(changed, shown)) == meant:
            return changed
    return None


def _by_hand(edit: Edit, shown: str) -> EgressError:
    return EgressError(f"{shown}: cannot be edited safely, write {told(edit.at)}: {flow(edit.value)} by hand")


def _mean(whole: Any, edit: Edit, shown: str) -> None:
    """Puts into the plain value of a file what it shall say after the edit. Errors: EgressError where something else than a mapping or
    list stands on the way."""
    here = whole
    for number, part in enumerate(edit.at):
        fits = isinstance(here, dict) if isinstance(part, str) else isinstance(here, list) and part < len(here)
        if not fits:
            raise _by_hand(edit, shown)
        if number == len(edit.at) - 1:
            here[part] = _lists(edit.value)
        else:
            if isinstance(here, dict) and here.get(part) is None:
                here[part] = {}
            here = here[part]


def _put(patch: Patch, edit: Edit) -> None:
    """Joins an edit with those before it; a later one wins."""
    here = patch
    for number, part in enumerate(edit.at[:-1]):
        below = here.setdefault(part, {})
        if isinstance(below, Put):  # an earlier edit puts a value that this one goes into
            inside = {} if below.value is None else _lists(copy.deepcopy(below.value))
            _mean(inside, Edit(edit.at[number + 1 :], edit.value), "")
            here[part] = Put(inside)
            return
        here = below
    here[edit.at[-1]] = Put(edit.value)


def _lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, list | tuple) else value

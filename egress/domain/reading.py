"""A tree of YAML values to a WorkloadDomain, or to every finding with its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from egress.domain.model import WorkloadDomain
from egress.domain.problems import DomainFileError, Problem
from egress.domain.yaml_tree import Tree, join

_SECRET_KEY = re.compile(r"(?i)(passw(or)?d|secret|token|api_?key|private_?key|credential$|conn_str)")
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@|\bAKIA[0-9A-Z]{16}\b"
)

Location = tuple[str | int, ...]


def read(tree: Tree, stack: str) -> WorkloadDomain:
    """Validates what a file says. `stack` is the name that the file's path gives.

    Errors: DomainFileError with every finding; a secret is refused before anything else looks at the file, and its value
    is not repeated.
    """
    secrets = list(_secrets(tree, ""))
    if secrets:
        raise DomainFileError(secrets)
    plain = tree.plain()
    if not isinstance(plain, dict):
        raise DomainFileError([Problem(tree.place, "", "a domain is a mapping of keys, as in domains/wld01.yaml")])
    if "stack" in plain:
        what = _unknown_key("stack", WorkloadDomain)
        raise DomainFileError([Problem(_place(tree, ("stack",)).place, "stack", what)])
    try:
        return WorkloadDomain.model_validate({**plain, "stack": stack})
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise DomainFileError([problem for detail in details for problem in _problems(detail, tree)]) from None


def _secrets(tree: Tree, key: str) -> Iterator[Problem]:
    fix = "looks like a secret, no secret belongs into a file: give it in the environment and take this one out of use"
    if isinstance(tree.value, dict):
        for name, child in tree.value.items():
            path = join(key, name)
            if _SECRET_KEY.search(name):
                yield Problem(tree.keys[name], path, f"key {fix}")
            else:
                yield from _secrets(child, path)
    elif isinstance(tree.value, tuple):
        for index, child in enumerate(tree.value):
            yield from _secrets(child, f"{key}[{index}]")
    elif isinstance(tree.value, str) and _SECRET_VALUE.search(tree.value):
        yield Problem(tree.place, key, f"value {fix}")


def _problems(detail: ErrorDetails, tree: Tree) -> Iterator[Problem]:
    """One or more findings of one pydantic error, at their places, in words."""
    location: Location = tuple(detail["loc"])
    findings = detail.get("ctx", {}).get("findings") if detail["type"] == "egress" else None
    for at, what in findings or [((), _words(detail))]:
        place = _place(tree, (*location, *at))
        yield Problem(place.place, place.key, what)


class _Spot:
    def __init__(self, tree: Tree) -> None:
        self.tree, self.place, self.key = tree, tree.place, ""


def _place(tree: Tree, location: Location) -> _Spot:
    """Follows a location as far as the file goes; parts that are not in the file (tags of unions) are passed over."""
    spot = _Spot(tree)
    for part in location:
        value = spot.tree.value
        if isinstance(value, dict) and isinstance(part, str):
            if part in value:
                spot.place = spot.tree.keys[part] if isinstance(value[part].value, dict) else value[part].place
                spot.tree = value[part]
                spot.key = join(spot.key, part)
        elif isinstance(value, tuple) and isinstance(part, int) and part < len(value):
            spot.tree = value[part]
            spot.place = spot.tree.place
            spot.key = f"{spot.key}[{part}]"
    return spot


def _words(detail: ErrorDetails) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    location: Location = tuple(detail["loc"])
    name = str(location[-1]) if location else ""
    match kind:
        case "missing":
            return f"key {name!r} is missing{_allowed_for(location)}"
        case "extra_forbidden":
            return _unknown_key(name, _model_at(location[:-1]))
        case "literal_error":
            return f"{value!r} is not allowed here, allowed is {context['expected']}"
        case "union_tag_invalid":
            return f"{context['tag']!r} is not allowed here, allowed is {context['expected_tags']}"
        case "union_tag_not_found":
            return "key 'backend' is missing, allowed is 'local', 'pg', 's3' or 'http'"
        case "string_pattern_mismatch":
            return f"{value!r} is not allowed here, allowed is text that matches {context['pattern']}"
        case "model_type" | "mapping_type" | "dict_type":
            return f"{_short(value)} is not a mapping, write the keys below it, indented"
        case "tuple_type":
            return f"{_short(value)} is not a list, write '- ' before each entry"
        case "too_short":
            return "the list is empty, at least one entry is needed"
    return f"{_short(value)}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unknown_key(name: str, model: type[BaseModel] | None) -> str:
    keys = sorted(key for key in (model.model_fields if model else {}) if key != "stack")
    near = difflib.get_close_matches(name, keys, n=1)
    meant = f", did you mean {near[0]!r}?" if near else ""
    return f"unknown key {name!r}{meant} allowed here: {', '.join(keys)}" if keys else f"unknown key {name!r}"


def _allowed_for(location: Location) -> str:
    model = _model_at(location[:-1])
    if model is None or location[-1] not in model.model_fields:
        return ""
    allowed = {
        "ha_mode": "ACTIVE_ACTIVE or ACTIVE_STANDBY",
        "version": "1",
        "priority": "a number that no other rule of this gateway has",
    }.get(str(location[-1]))
    return f", allowed is {allowed}" if allowed else ""


def _model_at(location: Location) -> type[BaseModel] | None:
    """The model class at a location, found by the annotations; None where it is not one model."""
    model: type[BaseModel] = WorkloadDomain
    found: list[type[BaseModel]] = [WorkloadDomain]
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            found = _models(model.model_fields[part].annotation)
            if not found:
                return None
            model = found[0]
        elif len(found) > 1:
            tagged = [one for one in found if part in _tags(one)]
            model = tagged[0] if tagged else model
    return model


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("backend")
    return get_args(field.annotation) if field else ()

"""A tree of YAML values to a WorkloadDomain, or to every finding with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from egress.domain import secrets
from egress.domain.base import Part
from egress.domain.fields import nearest, quoted
from egress.domain.keys import models_within, tag
from egress.domain.model import WorkloadDomain
from egress.domain.moved import Moved
from egress.domain.problems import DomainFileError, Problem
from egress.domain.tree import Origins, Tree, follow

Location = tuple[str | int, ...]


def check_file(tree: Tree) -> None:
    """What holds for a single file, before it is merged with others: a mapping, without a secret.

    Errors: DomainFileError with every finding; a secret is refused before anything else looks at the file, and its value
    is not repeated.
    """
    if not isinstance(tree.value, dict):
        what = f"a domain is a mapping of keys, as in domains/wld01.yaml, found {kind(tree)}"
        raise DomainFileError([Problem(tree.place, "", what)])
    found = list(secrets.find(tree))
    if found:
        raise DomainFileError(found)


def read(tree: Tree, stack: str) -> WorkloadDomain:
    """Validates a file, or a domain that is merged over its defaults. `stack` is the name that the file's path gives.

    Errors: DomainFileError with every finding.
    """
    check_file(tree)
    return validated(tree, stack)


def validated(tree: Tree, stack: str, *, places: bool = True) -> WorkloadDomain:
    """As `read`, of a tree all of whose files went through `check_file` before. places: the domain is to know where its values stand."""
    plain = tree.plain()
    assert isinstance(plain, dict)
    problems: list[Problem] = []
    if "stack" in plain:
        spot = follow(tree, ("stack",))
        what = "unknown key 'stack', the file's path gives the stack's name: take it out"
        problems.append(Problem(spot.key_place, spot.key, what))
    try:
        domain = WorkloadDomain.model_validate({**plain, "stack": stack})
    except ValidationError as error:
        problems += refused(error, tree)
    if problems:
        raise DomainFileError(problems)
    if places:
        domain._origins = Origins(tree)
    return domain


def refused(error: ValidationError, tree: Tree, root: type[BaseModel] = WorkloadDomain) -> list[Problem]:
    """What pydantic found in a tree, each at its place and in words. root: the model of the whole file."""
    return [problem for detail in error.errors(include_url=False) for problem in _problems(detail, tree, root)]


def kind(tree: Tree) -> str:
    """What a file holds that should be a mapping, in words."""
    if tree.value is None:
        return "an empty file"
    return "a list" if isinstance(tree.value, tuple) else "a single value"


def _problems(detail: ErrorDetails, tree: Tree, root: type[BaseModel]) -> Iterator[Problem]:
    """One or more findings of one pydantic error, at their places, in words."""
    if detail["type"] == "too_short" and detail["input"]:
        return  # pydantic counts the entries that passed; the entries that did not have findings of their own
    location: Location = tuple(detail["loc"])
    findings = detail.get("ctx", {}).get("findings") if detail["type"] == "egress" else None
    if detail["type"] == "missing" and _is_moved(location, tree, root):
        return  # the key that it was is there, and has a finding of its own
    for at, what in findings or [((), _words(detail, tree, root))]:
        spot = follow(tree, (*location, *at))
        yield Problem(spot.key_place if detail["type"] == "extra_forbidden" else spot.place, spot.key, what)


def _moved(location: Location, root: type[BaseModel]) -> Mapping[str, Moved]:
    """The keys that have moved away from the model at a location."""
    model = _model_at(location, root)
    return model.moved if model is not None and issubclass(model, Part) else {}


def _is_moved(location: Location, tree: Tree, root: type[BaseModel]) -> bool:
    """Whether the file gives a missing key under its old name."""
    there = follow(tree, location[:-1]).tree.value
    return isinstance(there, dict) and any(
        name in there and one.to == location[-1] for name, one in _moved(location[:-1], root).items()
    )


def _words(detail: ErrorDetails, tree: Tree, root: type[BaseModel]) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    location: Location = tuple(detail["loc"])
    name = str(location[-1]) if location else ""
    match kind:
        case "missing":
            return f"key {quoted(name)} is missing{_allowed_for(location, root)}"
        case "extra_forbidden":
            moved = _moved(location[:-1], root).get(name)
            if moved:
                return moved.told(name, value, follow(tree, location[:-1]).tree.plain())
            return _unknown_key(name, _model_at(location[:-1], root))
        case "literal_error":
            return f"{quoted(value)} is not allowed here, allowed is {context['expected']}"
        case "union_tag_invalid":
            return f"{quoted(context['tag'])} is not allowed here, allowed is {context['expected_tags']}"
        case "union_tag_not_found":
            return "key 'backend' is missing, allowed is 'local', 'pg', 's3' or 'http'"
        case "string_pattern_mismatch":
            return f"{quoted(value)} is not allowed here, allowed is text that matches {context['pattern']}"
        case "model_type" | "mapping_type" | "dict_type":
            return f"{quoted(value)} is not a mapping, write the keys below it, indented"
        case "tuple_type":
            return f"{quoted(value)} is not a list, write '- ' before each entry"
        case "too_short":
            return "the list is empty, at least one entry is needed"
    return f"{quoted(value)}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _unknown_key(name: str, model: type[BaseModel] | None) -> str:
    keys = sorted(field.alias or key for key, field in (model.model_fields if model else {}).items() if key != "stack")
    near = nearest(name, keys)
    meant = f", did you mean {near!r}?" if near else ","
    return (
        f"unknown key {quoted(name)}{meant} allowed here: {', '.join(keys)}" if keys else f"unknown key {quoted(name)}"
    )


def _allowed_for(location: Location, root: type[BaseModel]) -> str:
    model = _model_at(location[:-1], root)
    if model is None or location[-1] not in model.model_fields:
        return ""
    allowed = {
        "ha_mode": "ACTIVE_ACTIVE or ACTIVE_STANDBY",
        "version": "1",
        "priority": "a number that no other rule of this gateway has",
    }.get(str(location[-1]))
    return f", allowed is {allowed}" if allowed else ""


def _model_at(location: Location, root: type[BaseModel]) -> type[BaseModel] | None:
    """The model class at a location, found by the annotations; None where it is not one model."""
    model = root
    found = [root]
    names = 0  # free names and places in lists that come before the next key
    for part in location:
        if names:
            names -= 1
        elif isinstance(part, str) and part in model.model_fields:
            below = models_within(model.model_fields[part].annotation)
            if not below:
                return None
            found = [one for one, _ in below]
            model, containers = below[0]
            names = sum(container in (tuple, Mapping) for container in containers)
        elif len(found) > 1:
            tagged = [one for one in found if part == tag(one)]
            model = tagged[0] if tagged else model
    return model

"""The keys of a domain file as the model has them: paths, defaults, meanings. Schema and docs/domain-files.md are made from it.

A key's sentence stands at its field, as `Field(description=...)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from egress.domain.model import WorkloadDomain


class Key(NamedTuple):
    """A key of the domain file: its dotted path, `[]` for list entries and `<name>` for free names."""

    path: str
    needed: bool
    default: str
    meaning: str


def keys(model: type[BaseModel] = WorkloadDomain, above: str = "") -> Iterator[Key]:
    """Every key of the format, in the order of the model."""
    for name, field in model.model_fields.items():
        if name == "stack":
            continue
        path = f"{above}.{name}" if above else name
        yield Key(path, field.is_required(), _default(field), meaning(model, name))
        models = models_within(field.annotation)
        for below, within in models:
            suffix = "[]" if tuple in within else ".<name>" if Mapping in within else ""
            yield from keys(below, path + suffix + (f" ({tag(below)})" if len(models) > 1 else ""))


def meaning(model: type[BaseModel], field: str) -> str:
    """The sentence of a field. Errors: KeyError for one without."""
    text = model.model_fields[field].description
    if not text:
        raise KeyError(f"{model.__name__}.{field} has no description")
    return text


def models_within(annotation: Any) -> list[tuple[type[BaseModel], tuple[Any, ...]]]:
    """The model classes that an annotation names, each with the containers that it stands in, the outermost first."""
    return list(_models_in(annotation, ()))


def _models_in(annotation: Any, within: tuple[Any, ...]) -> Iterator[tuple[type[BaseModel], tuple[Any, ...]]]:
    """The model classes, each with the containers that it stands in. A list is a tuple here: YAML's lists are read as such."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, within
    for argument in get_args(annotation):
        yield from _models_in(argument, (*within, get_origin(annotation)))


def list_entries(model: type[BaseModel] = WorkloadDomain) -> frozenset[type[BaseModel]]:
    """The models that stand in lists, and those inside of them. A list replaces the one under it, so they are always whole.

    Errors: TypeError for a model that stands inside and outside of lists: it would have to be whole and partial at once.
    """
    inside: set[type[BaseModel]] = set()
    outside: set[type[BaseModel]] = set()
    _sort(model, False, inside, outside)
    if inside & outside:
        names = sorted(both.__name__ for both in inside & outside)
        raise TypeError(f"{', '.join(names)} inside of a list and outside of one: give each a model of its own")
    return frozenset(inside)


def _sort(model: type[BaseModel], listed: bool, inside: set[type[BaseModel]], outside: set[type[BaseModel]]) -> None:
    (inside if listed else outside).add(model)
    for field in model.model_fields.values():
        for below, within in models_within(field.annotation):
            _sort(below, listed or tuple in within, inside, outside)


def tag(model: type[BaseModel]) -> str:
    """The value of `backend` that tells one of several models from the others; empty where there is none."""
    field = model.model_fields.get("backend")
    return str(get_args(field.annotation)[0]) if field else ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None or value in ("", (), {}):
        return ""
    if isinstance(value, BaseModel):
        return ", ".join(f"{name}: {one}" for name, one in value.model_dump().items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def table() -> str:
    """All keys as a Markdown table."""
    rows = ["| key | needed | default | meaning |", "|---|---|---|---|"]
    rows += [f"| `{key.path}` | {'yes' if key.needed else ''} | {key.default} | {key.meaning} |" for key in keys()]
    return "\n".join(rows) + "\n"

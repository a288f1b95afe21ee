"""An OpenAPI description of what the lab serves, from its own tables: types, routes, schema. For fuzzers and for the curious."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nsx_lab.manager.http import manager_api
from nsx_lab.manager.http.policy import PREFIX
from nsx_lab.manager.nsx import schema
from nsx_lab.manager.nsx.operations import allows
from nsx_lab.manager.store.kinds import KINDS, ROOTS, Kind

Operation = dict[str, Any]

_PARAMETERS = {
    "cursor": {"type": "string"},
    "page_size": {"type": "integer", "minimum": 0, "maximum": 1000},
    "sort_by": {"type": "string"},
    "sort_ascending": {"type": "boolean"},
}
_REFUSALS = {
    400: "refused",
    403: "not let in",
    404: "not there",
    405: "no such method",
    412: "stale revision",
    501: "the lab has it not",
}
_ERROR = {
    "type": "object",
    "required": ["httpStatus", "error_code", "module_name", "error_message"],
    "properties": {
        "httpStatus": {"type": "string"},
        "error_code": {"type": ["integer", "string"]},
        "module_name": {"type": "string"},
        "error_message": {"type": "string"},
        "details": {"type": "string"},
        "error_data": {"type": "object"},
    },
    "additionalProperties": False,
}


def document() -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    paths = {path: methods for kind, path in _places() for path, methods in _of_kind(kind, path).items()}
    paths[f"{PREFIX}/search/query"] = {
        "get": _operation(None, _list_of({"type": "object"}), query={"query": {"type": "string"}, **_PARAMETERS})
    }
    entities = {"intent_path": {"type": "string"}}
    listed = _list_of(_reference("GenericPolicyRealizedResource"))
    paths[f"{PREFIX}/infra/realized-state/realized-entities"] = {"get": _operation(None, listed, query=entities)}
    paths["/api/v1/node/version"] = {"get": _operation(None, _reference("NodeVersion"))}
    for path in manager_api.PATHS:
        answer = {"type": "object"}
        paths[f"{manager_api.PREFIX}/{path}"] = {
            "get": _operation(path, _list_of(answer) if path in manager_api.LISTS else answer)
        }
    definitions = {name: _relocated(body) for name, body in schema.document()["$defs"].items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "NSX Policy API as nsx-lab serves it", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**definitions, "Error": _ERROR},
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
        "security": [{"basic": []}],
    }


def _places() -> Iterator[tuple[Kind, str]]:
    """Every kind with every template of its collection (or of itself, for a singleton)."""
    waiting: list[tuple[tuple[str, ...], str]] = [((name,), path) for name, path in ROOTS.items()]
    while waiting:
        lineage, above = waiting.pop()
        for kind in KINDS:
            if lineage[-1] in kind.parents or "/".join(lineage[-2:]) in kind.parents:
                path = f"{above}/{kind.collection}"
                yield kind, path
                name = f"{{{kind.resource_type[0].lower()}{kind.resource_type[1:]}Id}}"
                waiting.append(((*lineage, kind.resource_type), f"{path}/{name}"))


def _of_kind(kind: Kind, path: str) -> dict[str, dict[str, Operation]]:
    name = f"{{{kind.resource_type[0].lower()}{kind.resource_type[1:]}Id}}"
    one = path if kind.singleton else f"{path}/{name}"
    types = [_reference(variant) for variant in kind.variants or (kind.resource_type,)]
    body = types[0] if len(types) == 1 else {"anyOf": types}
    known: dict[str, dict[str, Operation]] = {}
    if not kind.singleton and allows("GET", PREFIX + _filled(path)):
        known[PREFIX + path] = {"get": _operation(path, _list_of(body), query=_PARAMETERS)}
    operations = {
        "get": _operation(one, body),
        "patch": _operation(one, None, body=body),
        "put": _operation(one, body, body=body),
        "delete": _operation(one, None),
    }
    offered = {method: found for method, found in operations.items() if allows(method.upper(), PREFIX + _filled(one))}
    if offered:
        known[PREFIX + one] = offered
    return known


def _filled(path: str) -> str:
    return "/".join("x" if segment.startswith("{") else segment for segment in path.split("/"))


def _operation(path: str | None, answer: Any, *, body: Any = None, query: dict[str, Any] | None = None) -> Operation:
    names = [segment[1:-1] for segment in (path or "").split("/") if segment.startswith("{")]
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in names
    ]
    asked = [{"name": name, "in": "query", "schema": form} for name, form in (query or {}).items()]
    refusal = {"application/json": {"schema": _reference("Error")}}
    responses: dict[str, Any] = {
        str(code): {"description": text, "content": refusal} for code, text in _REFUSALS.items()
    }
    responses["200"] = {"description": "well"} | (
        {} if answer is None else {"content": {"application/json": {"schema": answer}}}
    )
    operation: Operation = {"parameters": inside + asked, "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(item: Any) -> dict[str, Any]:
    properties = {
        "results": {"type": "array", "items": item},
        "result_count": {"type": "integer"},
        "sort_by": {"type": "string"},
        "sort_ascending": {"type": "boolean"},
        "cursor": {"type": "string"},
    }
    return {
        "type": "object",
        "required": ["results", "result_count"],
        "properties": properties,
        "additionalProperties": False,
    }


def _relocated(value: Any) -> Any:
    """The same schema with its references pointing into `components`."""
    if isinstance(value, dict):
        moved = {key: _relocated(item) for key, item in value.items()}
        if isinstance(value.get("$ref"), str):
            moved["$ref"] = value["$ref"].replace("#/$defs/", "#/components/schemas/")
        return moved
    if isinstance(value, list):
        return [_relocated(item) for item in value]
    return value

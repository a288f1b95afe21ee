"""The JSON Schema of domain files, for editors and other programs. Generated from the model; `egress schema` prints it.

What a schema cannot say is left to the reader and to the checks: host bits of a network, whether text with colons is an IPv6
address, parts of paths, that interface ids differ, and that a name of an interface exists.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from egress.domain.keys import list_entries
from egress.domain.model import WorkloadDomain

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest draft that the YAML language server reads in full."""
_RELATIONS = ("required", "oneOf", "if", "then", "else")
Json = dict[str, Any]


def schema() -> Json:
    """Of a whole domain: a file that stands alone, or one that is merged over its defaults."""
    whole = WorkloadDomain.model_json_schema()
    whole["properties"].pop("stack", None)
    whole["required"] = [key for key in whole["required"] if key != "stack"]
    return _titled(whole, "Workload domain")


def schema_of(model: type[BaseModel], title: str) -> Json:
    """Of a file that another model reads, with the same door: keys are described, a null says that a key is not given."""
    return _titled(model.model_json_schema(), title)


def _titled(whole: Json, title: str) -> Json:
    definitions = {name: _definition(name, body) for name, body in sorted(whole.pop("$defs", {}).items())}
    return {"$schema": DIALECT, **_definition(title, whole), "title": title, "definitions": definitions}


def part_schema() -> Json:
    """Of a part: `_defaults.yaml`, or a file above one. Nothing is required but in the entries of lists."""
    whole, entries = schema(), {model.__name__ for model in list_entries()}
    whole["definitions"] = {
        name: body if name in entries else _relaxed(body) for name, body in whole["definitions"].items()
    }
    return {**_relaxed(whole), "title": "Part of a workload domain"}


def text(value: Json) -> str:
    """A schema as it is committed."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _definition(name: str, body: Json) -> Json:
    """One model, or one enum: draft-07 references, nulls where a key may be left out, the keys' meanings first."""
    body = _draft7(body)
    body.pop("title", None)
    if "properties" not in body:
        return body
    required = body.get("required", [])
    return {**body, "properties": {key: _key(value, key in required) for key, value in body["properties"].items()}}


def _key(value: Json, needed: bool) -> Json:
    """The schema of one key's value, its meaning first."""
    rest = {name: item for name, item in value.items() if name != "description"}
    return {"description": value["description"], **(rest if needed else _nullable(rest))}


def _draft7(value: Any) -> Any:
    """The same schema in draft 7's words; free maps take other names than their pattern allows only to remove them."""
    if isinstance(value, list):
        return [_draft7(item) for item in value]
    if not isinstance(value, dict):
        return value.replace("#/$defs/", "#/definitions/") if isinstance(value, str) else value
    done = {key: _draft7(item) for key, item in value.items() if key != "discriminator"}
    if isinstance(done.get("title"), str) and "properties" not in done:
        del done["title"]
    if "patternProperties" in done:
        done["patternProperties"] = {key: _nullable(item) for key, item in done["patternProperties"].items()}
        done["additionalProperties"] = {"type": "null"}
    return done


def _nullable(value: Json) -> Json:
    """The schema, or null: a null says that the key is not given."""
    if {"type": "null"} in value.get("anyOf", []):
        return value
    default = {"default": value["default"]} if "default" in value else {}
    return {"anyOf": [{key: item for key, item in value.items() if key != "default"}, {"type": "null"}], **default}


def _relaxed(body: Json) -> Json:
    if "properties" not in body:
        return body
    kept = {key: value for key, value in body.items() if key not in _RELATIONS}
    kept["properties"] = {key: _any_of(_nullable_kept(value)) for key, value in body["properties"].items()}
    return kept


def _nullable_kept(value: Json) -> Json:
    described = {"description": value["description"]}
    return {**described, **_nullable({key: item for key, item in value.items() if key != "description"})}


def _any_of(value: Any) -> Any:
    """Without required keys several backends can fit, so exactly one is too much to ask."""
    if isinstance(value, dict):
        return {"anyOf" if key == "oneOf" else key: _any_of(item) for key, item in value.items()}
    return [_any_of(item) for item in value] if isinstance(value, list) else value

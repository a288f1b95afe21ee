"""What the recorder says of cdktf and of the bindings, held against the real ones."""

from __future__ import annotations

import inspect
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import cdktf
import constructs
import pytest

from egress.cdk import chosen
from egress.recorder import elements, kinds, nsxt
from egress.recorder.construct import TAKEN
from egress.recorder.installed import RELEASES

SCHEMA = Path(__file__).parents[2] / "nsx_lab" / "provider" / "nsxt-schema.json"
INHERITED = {"App": "Construct", "TerraformStack": "Construct"}


def members(kind: type) -> set[str]:
    """What JavaScript may ask a program's class for: public names, and those that begin with one underscore."""
    own = {name for base in kind.__mro__ for name in vars(base) if base is not object}
    return {name for name in own if not name.startswith("__")}


@pytest.mark.parametrize("name", TAKEN)
def test_what_programs_could_replace_is_all_that_cdktf_has(name: str) -> None:
    real = constructs.Construct if name == "Construct" else getattr(cdktf, name)
    above = TAKEN[INHERITED[name]] if name in INHERITED else frozenset()
    assert members(real) - above == TAKEN[name]


def test_it_is_the_version_that_is_pinned() -> None:
    cdk = chosen().name
    assert metadata.version(cdk) == RELEASES[cdk].version


def blocks() -> list[type[elements.Block]]:
    return [
        kind
        for found in nsxt.MODULES.values()
        for kind in found
        if isinstance(kind, type) and issubclass(kind, elements.Block)
    ]


def test_the_bindings_were_made_from_the_schema_it_knows() -> None:
    found = inspect.getfile(__import__("cdktf_cdktf_provider_nsxt"))
    assert json.loads(Path(found).with_name("inputs.json").read_text())["schema"] == nsxt.SCHEMA


@pytest.mark.parametrize("kind", blocks())
def test_arguments_are_those_of_the_schema(kind: type[elements.Block]) -> None:
    (provider,) = json.loads(SCHEMA.read_text())["provider_schemas"].values()
    where = "data_source_schemas" if kind.MODE == "data" else "resource_schemas"
    schema = provider[where][kind.TYPE]["block"]
    wanted: dict[Any, Any] = {
        "string": kinds.text,
        "number": kinds.whole,
        "bool": kinds.flag,
        ("list", "string"): kinds.texts,
        ("set", "string"): kinds.texts,
    }
    for name, taken in kind.KINDS.items():
        if name in schema.get("block_types", {}):
            continue
        described = schema["attributes"][name]["type"]
        assert taken is wanted[tuple(described) if isinstance(described, list) else described], name
    required = {name for name, one in schema["attributes"].items() if one.get("required")}
    required |= {name for name, one in schema.get("block_types", {}).items() if one.get("min_items")}
    assert required == kind.REQUIRED

"""The JSON Schema accepts and refuses what the reader does, but for what a schema cannot say."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from egress.domain import DomainFileError
from egress.domain.files import find_files, merged_tree
from egress.domain.keys import keys, list_entries, table
from egress.domain.reading import read
from egress.domain.schema import part_schema, schema, text
from egress.domain.tree import Tree
from egress.domain.yaml_tree import parse

BEYOND_A_SCHEMA = (
    "has host bits set",
    "is not an IPv6",
    "carries a zone",
    "is used twice",
    "no interface",
    "is the default route, which has keys of its own",
    "is of another family than",
    "no Tier-1",
    "every uplink has nat: false",
    "ranges is missing",
    "a path relative to the project folder",
    "looks like a secret",
    "allowed is a prefix of its own",
    "allowed is text that shows",
)
"""docs/domain-files.md lists these under "What the schema cannot say"."""


def _pattern(validator: Any, pattern: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    """Python's `$` also matches before a final line break; the patterns are ECMA-262's, where it does not."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    if isinstance(instance, dict):
        for pattern, below in patterns.items():
            for name, value in instance.items():
                if re.search(pattern.replace("$", r"\Z"), name):
                    yield from validator.descend(value, below, path=name)


def _additional(validator: Any, allowed: Any, instance: Any, whole: Any) -> Iterator[Any]:
    for name, value in instance.items() if isinstance(instance, dict) else ():
        patterns = whole.get("patternProperties", {})
        if name not in whole.get("properties", {}) and not any(
            re.search(pattern.replace("$", r"\Z"), name) for pattern in patterns
        ):
            yield from validator.descend(value, allowed, path=name)


Validator = jsonschema.validators.extend(
    jsonschema.Draft7Validator,
    {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional},
)
WHOLE = Validator(schema())
PART = Validator(part_schema())


def _plain(root: Path, stack: str) -> Any:
    (file,) = [file for file in find_files(root) if file.stack == stack]
    return json.loads(json.dumps(merged_tree(file).plain()))


@pytest.fixture(scope="session")
def wholes(request: pytest.FixtureRequest) -> Any:
    repository = request.config.rootpath
    named = [(repository, "wld01"), (repository, "prod-wld02"), (repository / "examples", "vrf-blue")]
    return [_plain(root, stack) for root, stack in named]


@pytest.mark.parametrize(
    ("name", "generated", "command"),
    [
        ("workload-domain.schema.json", schema, "egress schema"),
        ("workload-domain-part.schema.json", part_schema, "egress schema --part"),
    ],
)
def test_the_committed_schema_is_the_generated_one(repository: Path, name: Any, generated: Any, command: Any) -> None:
    committed = (repository / "egress/domain" / name).read_text()
    assert committed == text(generated()), f"run: {command} > egress/domain/{name}"
    jsonschema.Draft7Validator.check_schema(generated())


@pytest.mark.parametrize("folder", [".", "examples"])
def test_every_shipped_file_names_the_schema_that_accepts_it(repository: Path, folder: str) -> None:
    files = sorted((repository / folder / "domains").rglob("*.yaml"))
    assert files
    for file in files:
        first = file.read_text().splitlines()[0]
        named = (file.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
        Validator(json.loads(named.read_text())).validate(yaml.safe_load(file.read_text()))


def test_every_key_is_documented(repository: Path) -> None:
    page = (repository / "docs/domain-files.md").read_text()
    assert table() in page, "run: egress schema --table, and put its output into docs/domain-files.md"
    assert len({key.path for key in keys()}) == len(list(keys()))


LISTS = sorted({key.path.rpartition("[]")[0] for key in keys() if "[]" in key.path})


@pytest.mark.parametrize("path", LISTS)
def test_an_entry_of_a_list_is_whole_even_in_a_part(path: Any) -> None:
    """A list replaces the one under it, so an empty entry is never completed by another file."""
    part: Any = [{}]
    for name in reversed(path.split(".")):
        part = {name: part}
    assert not PART.is_valid(part)


def test_a_model_inside_and_outside_of_lists_is_noticed() -> None:
    class Inner(BaseModel):
        name: str

    class Outer(BaseModel):
        one: Inner
        many: tuple[Inner, ...] | None

    with pytest.raises(TypeError, match="Inner inside of a list and outside of one"):
        list_entries(Outer)


def _paths(value: Any, above: Any = ()) -> Iterator[Any]:
    yield above
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _paths(child, (*above, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _paths(child, (*above, index))


KEYS = [*sorted({key.path.split(".")[-1].removesuffix("[]") for key in keys()}), "unknown", "a", "A B", "a/b"]
VALUES = st.sampled_from(
    [
        None, True, False, 0, 1, 2, 255, 256, -1, 2147481599, 2147481600, "", "a", "a\n", "a b", "a/b", "A_B", "1", "default",
        "uplinks", "everywhere", "ACTIVE_ACTIVE", "ACTIVE_STANDBY", "BYPASS", "local", "pg", "s3", "http", "10.27.51.1",
        "10.27.51.1/24", "10.27.51.0/24", "10.27.51.0/33", "10.27.51.01", "0.0.0.0/0", "2001:db8::1", "2001:db8::1/64", "::1%eth0",
        ":::", "../a", "/a", "~/a", "certs/ca.pem", "https://state.example.com/a", "http://state.example.com", "4.2.1", "4",
        "nsx.example.com:443", "nsx.example.com:0", "-a", "x" * 64, "x" * 256, "x" * 1025, [], {}, [1], ["edge01-uplink1"], {"a": "b"},
        {"a": None}, {"range": "30.0.0.0/24"}, {"ranges": ["30.0.0.0/24"]}, {"networks": ["10.0.0.0/24"]}, ["10.0.0.0/24"], {"backend": "pg"}, {"backend": "s3", "bucket": "a", "region": "b"},
        {"address": "10.27.51.1"}, [{"address": "10.27.51.1"}], {"source": "30.0.0.7", "translated": "10.27.51.7"},
        {"a": {"source": "30.0.0.7", "translated": "10.27.51.7", "priority": 7}}, {"next_hops": [{"address": "2001:db8::1"}]},
        {"a": {"network": "10.0.0.0/8", "discard": True}}, {"a": {"network": "10.0.0.5", "next_hops": [{"address": "10.27.51.7"}]}}, {"a": {"network": "::/0", "discard": True}},
        {"network": "10.0.0.0/8", "discard": True, "next_hops": []}, "any", {"a": {"destination": "any", "priority": 1}}, {"a": {"networks": ["10.0.0.0/24"], "nat": False}}, {"a": {"egress": "10.0.0.1", "nat": False}},
        {"address": "10.0.0.9", "inside": "domain-c8"}, [{"address": "10.0.0.9", "router": "10.0.0.1", "forwarder": True}], ["10.0.0.9"],
        [{"rule": "a", "reason": "because it is so"}], {"id": "a", "edge": "b", "address": "10.27.51.9/24"},
        [{"address": "10.27.51.4/24"}], [{"address": "10.27.51.4/24", "uplinks": ["edge01-uplink1"]}], [{"address": "10.27.51.1", "shared": True}], [{"id": "a", "edge": "b", "address": "10.27.51.9/24", "nat": False}],
        {"a": {"egress_range": "10.0.0.0/24", "nat": False}}, {"a": {"destination": "10.0.0.0/8", "source": "any", "priority": 1}}, {"source": "any", "destination": "10.0.0.0/8", "translated": "10.27.51.7"},
    ]
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """A domain with one to three changes: a value replaced, a key taken out, a key put in."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted(_paths(value), key=str)))
        at = value
        for part in path[:-1]:
            at = at[part]
        kind = draw(st.sampled_from(["replace", "remove", "add"]))
        target = at[path[-1]] if path else value
        if kind == "add" and isinstance(target, dict):
            target[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(VALUES))
        elif kind == "remove" and path:
            del at[path[-1]]
        elif path:
            at[path[-1]] = copy.deepcopy(draw(VALUES))
    return value


def _findings(tree: Any) -> Any:
    try:
        read(tree, "d")
    except DomainFileError as error:
        return error.problems
    return ()


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_schema_and_reader_agree(data: st.DataObject, wholes: Any, tree_of: Callable[[Any], Tree]) -> None:
    value = data.draw(changed(data.draw(st.sampled_from(wholes))))
    problems = _findings(tree_of(value))
    if not problems:
        WHOLE.validate(value)
    elif not all(any(words in problem.what for words in BEYOND_A_SCHEMA) for problem in problems):
        assert not WHOLE.is_valid(value), f"the schema accepts, the reader refuses: {problems}"


@given(data=st.data())
def test_a_part_of_a_right_domain_is_a_right_part(data: st.DataObject, wholes: Any) -> None:
    value = copy.deepcopy(data.draw(st.sampled_from(wholes)))
    for _ in range(data.draw(st.integers(0, 6))):
        maps = [path for path in _paths(value) if path and not any(isinstance(part, int) for part in path)]
        if not maps:
            break
        path = data.draw(st.sampled_from(sorted(maps, key=str)))
        at = value
        for part in path[:-1]:
            at = at[part]
        if data.draw(st.booleans()):
            del at[path[-1]]
        else:
            at[path[-1]] = None
    PART.validate(value)


def test_a_part_refuses_what_no_domain_accepts() -> None:
    for wrong in (
        {"nsx": {"hosts": "a"}},
        {"egress": {"ranges": ["30.0.0.0/99"]}},
        {"tier0": {"uplinks": [{"id": "a"}]}},
    ):
        assert not PART.is_valid(wrong)


def test_the_schema_is_valid_yaml_for_editors(golden: str) -> None:
    assert WHOLE.is_valid(json.loads(json.dumps(parse(golden.encode(), "d").plain())))

"""Whether a body fits its type: the fast judge and the one that finds the words agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nsx_lab.manager.nsx import schema
from nsx_lab.manager.store.kinds import KINDS

DEFINED = schema.document()["$defs"]
WRITTEN = sorted({name for kind in KINDS for name in (kind.variants or (kind.resource_type,))} & set(DEFINED))
ODD = st.sampled_from([None, True, 0, 1, 1.0, 1.5, -1, 2**40, 1e300, "", "SNAT", "x" * 256, "y" * 1025, [], [None], {}, {"id": 1}])  # fmt: skip


def bodies(described: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that fit, nearly fit, or do not."""
    if "$ref" in described:
        described = DEFINED[described["$ref"].removeprefix("#/$defs/")]
    if depth > 3:
        return ODD
    made: dict[str, Any] = {
        "string": st.sampled_from([*described.get("enum", ["a", "/infra/x"])]),
        "boolean": st.booleans(),
        "integer": st.integers(-1, 300),
        "number": st.floats(-1, 300),
    }
    if described["type"] == "array":
        fitting_ones: st.SearchStrategy[Any] = st.lists(bodies(described["items"], depth + 1), max_size=2)
    elif described["type"] == "object":
        properties = described.get("properties", {})
        fitting_ones = st.lists(st.sampled_from(sorted(properties) or ["x"]), max_size=4, unique=True).flatmap(
            lambda chosen: st.fixed_dictionaries(
                {
                    name: bodies(properties[name], depth + 1) if name in properties else ODD
                    for name in [*described.get("required", ()), *chosen]
                }
            )
        )
    else:
        fitting_ones = made[described["type"]]
    return st.integers(0, 9).flatmap(lambda chance: ODD if chance == 0 else fitting_ones)


@settings(deadline=None)
@given(st.sampled_from(WRITTEN).flatmap(lambda name: st.tuples(st.just(name), bodies(DEFINED[name]))))
def test_a_body_fits_if_jsonschema_says_so(named: tuple[str, Any]) -> None:
    name, body = named
    judge = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": DEFINED})
    assert schema.fits(name, body) == judge.is_valid(body)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_body_with_an_unknown_field_does_not_fit(name: str) -> None:
    assert not schema.fits(name, {"no_such_field": 1})

"""Garbage from a server becomes a sentence, never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nsx_lab.provider import datasources
from nsx_lab.provider.provider import KINDS, Provider
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.wire.client import Client, classify
from nsx_lab.provider.wire.errors import ApiError, ProviderError, explain
from nsx_lab.provider.wire.model import convert
from nsx_lab.provider.wire.transport import Response

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = sorted(
    {f.key for kind in KINDS.values() for f in kind.fields} | {"_revision", "path", "results", "result_count"}
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6)
ERRORS = st.dictionaries(
    st.sampled_from(["error_message", "error_code", "details", "related_errors", "httpStatus"]), JSON, max_size=4
)


class Answering(Client):
    """A client whose manager always says the same."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._version = "4.2.0"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._answer

    def ensure_version(self) -> None:
        return


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@given(answer=OBJECTS | JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_answer_is_stored_or_told(kind: Any, answer: Any) -> None:
    block = Provider().resources[kind.type_name] if kind.type_name not in BLOCKS else BLOCKS[kind.type_name]
    BLOCKS[kind.type_name] = block
    record = Record(block, block.null(), "x")
    try:
        typed = convert(answer, kind.wire)
        if typed is not None:
            kind.store(record, Answering(answer), typed)
            assert record.state(block.null(), applying=False) is not None
    except ProviderError as error:
        assert str(error)  # noqa: PT017 - either outcome is good, this one must have words


BLOCKS: dict[str, Any] = {}


@given(body=ERRORS | JSON, status=st.sampled_from([400, 401, 403, 409, 418, 429, 500, 502, 503, 999]))
@settings(max_examples=300, deadline=None)
def test_any_error_body_is_told(body: Any, status: int) -> None:
    answer = classify(Response(status, {"content-type": ["application/json"]}, json.dumps(body).encode()))
    assert isinstance(answer, ApiError | ProviderError)
    assert str(explain("Failed to do it", answer))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b'"' * 99, b"{" * 2000, b"1" * 5000, b"-"])
def test_bytes_that_are_no_json_are_told(body: bytes) -> None:
    answer = classify(Response(200, {"content-type": ["application/json"]}, body))
    assert not isinstance(answer, dict)


def test_every_reader_is_covered_by_a_table() -> None:
    assert set(datasources.DATA_SOURCES) == set(Provider().data_sources)

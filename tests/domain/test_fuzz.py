"""Any bytes give a domain or a DomainFileError, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from egress.domain import DomainFileError, WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse

SEEDS = [path.read_bytes() for path in sorted((Path(__file__).parents[2] / "domains").rglob("*.yaml"))]
PIECES = st.sampled_from(
    [b"", b"\n", b"\t", b"\r", b"  ", b": ", b"- ", b"{", b"}", b"[", b"]", b"&a ", b"*a", b"!!binary ", b"!x ", b"? ", b"|\n", b">-\n",
     b"'", b'"', b"#", b"---\n", b"...\n", b"%YAML 1.1\n", b"<<: ", b"=", b"null", b"true", b"-0", b"1e9", b"9" * 40, b"\x00", b"\xff",
     b"\xef\xbb\xbf", "\u2028".encode(), "\x85".encode(), "é".encode(), b"\\ud800", b"0.0.0.0/0", b"::/0", b"10.0.0.1/24", b"[" * 50,
     b"/infra/tier-0s/x", b"BYPASS"]
)  # fmt: skip


def outcome(raw: bytes) -> WorkloadDomain | DomainFileError:
    try:
        return read(parse(raw, "d.yaml"), "d")
    except DomainFileError as error:
        found = error
    assert found.problems
    for problem in found.problems:
        assert problem.what.isprintable()
        assert str(problem).isprintable()
        assert len(str(problem)) < 2000
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A shipped domain file with a few cuts, copies and insertions."""
    raw = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 30)))
        raw = raw[:start] + draw(PIECES) + draw(st.sampled_from([b"", raw[start:end], raw[start:end] * 2])) + raw[end:]
    return raw


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(raw=mutated())
def test_a_mutated_domain_file_gives_a_domain_or_findings(raw: bytes) -> None:
    assert isinstance(outcome(raw), WorkloadDomain | DomainFileError)


@settings(max_examples=500, deadline=None)
@given(raw=st.binary(max_size=200))
@example(raw=b"!!set {a, b}")
@example(raw=b"!!float 1")
@example(raw=b"? ? ? a")
@example(raw=b"!<tag:yaml.org,2002:str> a: b")
@example(raw=b"<<: {a: b}")
@example(raw=b"%TAG ! tag:x,2000:\n--- !y\na: b")
@example(raw=b"a: !!int x")
@example(raw=b"!!map [a]")
def test_any_bytes_give_a_domain_or_findings(raw: bytes) -> None:
    assert isinstance(outcome(raw), WorkloadDomain | DomainFileError)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_gives_a_domain_or_findings(text: str) -> None:
    assert isinstance(outcome(text.encode("utf-8", "surrogatepass")), WorkloadDomain | DomainFileError)

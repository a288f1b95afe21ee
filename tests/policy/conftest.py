from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from egress.domain import WorkloadDomain, load_domains
from egress.domain.reading import read
from egress.domain.yaml_tree import parse

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def golden() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["wld01"])[0]


@pytest.fixture
def golden_text() -> str:
    return (REPOSITORY / "domains/wld01.yaml").read_text()


@pytest.fixture
def domain_of(golden_text: str) -> Callable[..., WorkloadDomain]:
    """domain_of("wld09", ("a", "b")): the golden domain as the stack wld09, with texts replaced."""

    def build(stack: str, *changes: tuple[str, str]) -> WorkloadDomain:
        text = golden_text
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return read(parse(text.encode(), f"{stack}.yaml"), stack)

    return build

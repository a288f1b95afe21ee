"""A data plane for the tests: one for each module, given another world by each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nsx_lab.dataplane import Dataplane, Unavailable
from tests.machine import lacks


@pytest.fixture(scope="session")
def real_packets() -> None:
    """Skips, with the reason, where the machine cannot do it; fails there in CI."""
    try:
        with Dataplane({"segments": {}}, {}):
            return
    except Unavailable as error:
        lacks(str(error))


@pytest.fixture(scope="module")
def plane(real_packets: None) -> Iterator[Dataplane]:
    with Dataplane({"segments": {}}, {}) as one:
        yield one

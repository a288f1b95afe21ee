"""Python's garbage collector rests while a lab takes in a seed, and only then."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from nsx_lab import Lab
from nsx_lab.manager.store import collector
from nsx_lab.manager.store.seed import SeedError


@contextmanager
def collections() -> Iterator[list[str]]:
    """Every collection while it lasts."""
    seen: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        seen.append(phase) if phase == "start" else None

    gc.callbacks.append(note)
    try:
        yield seen
    finally:
        gc.callbacks.remove(note)


def of(count: int) -> dict[str, Any]:
    gateways = [
        {"resource_type": "ChildTier0", "Tier0": {"resource_type": "Tier0", "id": f"g{number}"}}
        for number in range(count)
    ]
    return {
        "format": "nsx-lab-seed",
        "version": 1,
        "infra": {"resource_type": "Infra", "children": gateways},
    }


def test_a_large_seed_is_taken_in_without_a_collection_for_each_part_of_it() -> None:
    with collections() as of_a_small_one:
        Lab(of(1)).stop()
    seed = of(1000)
    gc.collect()
    with collections() as of_a_large_one:
        Lab(seed).stop()
    assert len(of_a_large_one) <= len(of_a_small_one) + 20  # those of what was taken in, once the pause is over


def test_the_collector_runs_again_after_a_lab_began_and_after_a_seed_that_is_refused() -> None:
    Lab(of(1)).stop()
    assert gc.isenabled()
    seed = of(1)
    seed["infra"]["children"][0]["Tier0"]["bogus"] = 1
    with pytest.raises(SeedError):
        Lab(seed)
    assert gc.isenabled()


def test_of_pauses_within_one_another_the_outermost_ends_them() -> None:
    with collector.paused():
        with collector.paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_where_a_program_has_no_collector_a_lab_gives_it_none() -> None:
    gc.disable()
    try:
        Lab(of(1)).stop()
        assert not gc.isenabled()
    finally:
        gc.enable()

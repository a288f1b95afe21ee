"""A mapping laid over an earlier one is as a dict that was changed, and a change that is taken back leaves nothing behind."""

from __future__ import annotations

from random import Random

import pytest

from egress.reachability.layered import Layered


@pytest.mark.parametrize("seed", range(20))
def test_it_is_as_a_dict_that_was_changed(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - no secret
    plain = {f"name{number}": number for number in range(chance.choice([0, 5, 200]))}
    layered = Layered(dict(plain))
    for step in range(100):
        gone = [name for name in plain if chance.random() < 2 / len(plain)]
        come = {name: -step for name in plain if chance.random() < 2 / len(plain)} | {f"new{step}": step}
        before, held = layered, dict(plain)
        layered = layered.changed(come, gone)
        plain = {name: value for name, value in plain.items() if name not in gone or name in come} | come
        assert dict(layered) == plain
        assert list(layered) == list(plain)
        assert len(layered) == len(plain)
        asked = {*chance.sample(sorted(held), min(5, len(held))), f"new{step}", "nobody"}
        assert layered.in_order(asked) == [name for name in plain if name in asked]
        assert [layered.get(name) for name in sorted(asked)] == [plain.get(name) for name in sorted(asked)]
        assert dict(before) == held, "what it was made from stays as it was"


def test_what_comes_back_is_no_change_any_more() -> None:
    first = {f"name{number}": object() for number in range(1000)}
    layered = Layered(first)
    for number in range(100):
        name = f"name{number}"
        layered = layered.changed({name: object(), f"beside {name}": object()})
        assert len(layered.layer) == 2
        layered = layered.changed({name: first[name]}, [f"beside {name}"])
        assert (dict(layered), layered.layer) == (first, {})


def test_what_is_derived_of_the_ground_is_derived_once() -> None:
    layered, seen = Layered({"one": 1, "two": 2, "three": 3}), []

    def total(held: object) -> int:
        seen.append(held)
        return len(seen)

    assert [one.of_ground(total) for one in (layered, layered.changed({"one": 4}), layered)] == [1, 1, 1]

"""Whose turn it is among jobs that wait: the first that may begin, and found without a look at all the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.toolchain.running.workers import Job, Waiting, slots

JOBS = st.lists(st.builds(Job, st.just("s"), st.sampled_from("abc"), st.integers(0, 6)), max_size=25)


class Plainly:
    """The same, by a look at every job that waits."""

    def __init__(self, jobs: Sequence[Job], slots: dict[str, int]) -> None:
        self.jobs, self.slots = jobs, slots
        self.waiting, self.working = list(range(len(jobs))), set[int]()

    def next(self) -> int | None:
        busy = [self.jobs[number] for number in self.working]
        chains = {job.chain for job in busy}
        for number in self.waiting:
            job = self.jobs[number]
            if job.chain in chains:
                continue
            if sum(one.manager == job.manager for one in busy) < self.slots[job.manager]:
                self.waiting.remove(number)
                self.working.add(number)
                return number
            chains.add(job.chain)  # the later ones of its chain come after it
        return None


@given(jobs=JOBS, at_once=st.integers(1, 5), data=st.data())
def test_whose_turn_it_is_does_not_depend_on_how_it_is_found(
    jobs: list[Job], at_once: int, data: st.DataObject
) -> None:
    waiting, plainly = Waiting(jobs, slots(jobs, at_once)), Plainly(jobs, slots(jobs, at_once))
    begun = 0
    while True:
        while len(plainly.working) < at_once:
            number = plainly.next()
            assert waiting.next() == number
            if number is None:
                break
            begun += 1
        if not plainly.working:
            break
        for ended in data.draw(st.lists(st.sampled_from(sorted(plainly.working)), min_size=1, unique=True)):
            plainly.working.remove(ended)
            waiting.ended(ended)
    assert begun == len(jobs), "every job has its turn"


def test_nobody_has_a_turn_after_all_were_sent_away() -> None:
    jobs = [Job(f"s{number}", "m", number % 3) for number in range(9)]
    waiting = Waiting(jobs, {"m": 2})
    assert [waiting.next(), waiting.next(), waiting.next()] == [0, 1, None]
    waiting.clear()
    waiting.ended(0)
    waiting.ended(1)
    assert waiting.next() is None


class Looked(list[Job]):
    """Jobs that count how often one of them is looked at."""

    looks = 0

    def __getitem__(self, place: Any) -> Any:
        self.looks += 1
        return super().__getitem__(place)


@pytest.mark.parametrize("managers", [1, 5000])
@pytest.mark.parametrize("chains", [1, 50, 5000])
def test_looks_per_job_do_not_grow_with_the_jobs_that_wait(managers: int, chains: int) -> None:
    jobs = Looked(Job(f"s{number}", str(number % managers), number % chains) for number in range(5000))
    waiting = Waiting(jobs, slots(jobs, 8))
    working: list[int] = []
    for _ in jobs:
        while len(working) < 8 and (number := waiting.next()) is not None:
            working.append(number)
        waiting.ended(working.pop(0))
    assert not working
    assert jobs.looks <= 4 * len(jobs)

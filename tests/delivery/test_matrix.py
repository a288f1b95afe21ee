"""The fan-out of CI systems: sizes, chunks, one Tier-0 in one job."""

from __future__ import annotations

import pytest

from egress.delivery.change.affected import Affected, Change, Why
from egress.delivery.change.matrix import System, entries, value
from egress.domain import EgressError
from egress.policy.identity import GatewayKey, ManagerKey


def change(count: int, *, gateways: int) -> Change:
    stacks = tuple(Affected(f"wld{number:03}", Why.CHANGED) for number in range(count))
    manager = ManagerKey.of("nsx.example.com")
    keys = {one.stack: GatewayKey(manager, f"T0-{n % gateways}") for n, one in enumerate(stacks)}
    return Change(stacks, (), keys, count)


def test_a_stack_is_a_job() -> None:
    assert value(entries(change(1, gateways=1), None, 256), System.GITHUB) == {
        "include": [{"stack": "wld000", "verb": "plan", "tier0": "T0-0"}]
    }


@pytest.mark.parametrize("system", System)
def test_more_jobs_than_the_ci_system_takes_are_refused_and_the_remedy_does(system: System) -> None:
    too_many = change(system.most + 1, gateways=system.most + 1)
    with pytest.raises(EgressError, match=f"give --chunks {system.most}"):
        entries(too_many, None, system.most)
    with pytest.raises(EgressError, match=f"give --chunks {system.most}"):
        entries(too_many, system.most + 1, system.most)
    assert len(entries(too_many, system.most, system.most)) == system.most
    assert len(entries(change(system.most, gateways=1), None, system.most)) == system.most


@pytest.mark.parametrize("count, gateways, chunks", [(1000, 300, 20), (7, 2, 5), (3, 3, 3), (10, 1, 4), (0, 1, 3)])
def test_the_stacks_of_a_tier0_are_in_one_chunk_and_none_is_lost(count: int, gateways: int, chunks: int) -> None:
    whole = change(count, gateways=gateways)
    jobs = entries(whole, chunks, 256)
    assert len(jobs) <= chunks
    assert sorted(name for job in jobs for name in job.stacks) == [one.stack for one in whole.stacks]
    where = [(tier0, job.stacks) for job in jobs for tier0 in job.tier0s]
    assert len({tier0 for tier0, _ in where}) == len(where)


def test_chunks_are_of_one_size() -> None:
    sizes = [len(job.stacks) for job in entries(change(1000, gateways=1000), 20, 256)]
    assert sizes == [50] * 20


def test_a_job_that_destroys_says_so_and_a_removed_stack_of_unknown_tier0_is_not_lost() -> None:
    removed = Change((Affected("a", Why.CHANGED), Affected("b", Why.REMOVED)), (), {}, 1)
    (both,) = entries(removed, 1, 256)
    assert both.values == {"stack": "a b", "verb": "destroy", "tier0": ""}


def test_gitlab_gets_a_child_pipeline() -> None:
    found = value(entries(change(2, gateways=2), None, 200), System.GITLAB)
    assert found["egress"]["parallel"]["matrix"][1] == {"STACK": "wld001", "VERB": "plan", "TIER0": "T0-1"}
    assert found["egress"]["extends"] == ".egress-stack"

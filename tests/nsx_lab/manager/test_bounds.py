"""What a lab keeps does not grow with what was asked of it, only with what is there."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from nsx_lab.manager.http import journal
from nsx_lab.manager.http.auth import Doorkeeper
from nsx_lab.manager.http.journal import Journal
from nsx_lab.manager.http.limits import Limits
from nsx_lab.manager.nsx.manager import Manager
from nsx_lab.manager.nsx.settings import Settings
from nsx_lab.manager.store.clock import Clock
from nsx_lab.manager.store.errors import NsxError

HERE = Manager.__module__.partition(".")[0]


def held(root: object) -> int:
    """How many entries the collections hold that are reached from an object of the lab."""
    seen, waiting, count = set(), [root], 0
    while waiting:
        one = waiting.pop()
        ours = type(one).__module__.partition(".")[0] == HERE
        if id(one) in seen or not (ours or isinstance(one, dict | list | set | tuple)):
            continue
        seen.add(id(one))
        count += len(one) if isinstance(one, dict | list | set) else 0
        waiting += [found for found in gc.get_referents(one) if not isinstance(found, type)]
    return count


def test_what_was_made_and_deleted_leaves_nothing_behind() -> None:
    manager = Manager()
    manager.patch("/infra/tier-0s/a", {"ha_mode": "ACTIVE_STANDBY"}, "admin")
    rule = {"action": "SNAT", "source_network": "30.0.0.5", "translated_network": "10.27.51.145"}

    def make_and_delete(number: int) -> int:
        paths = [
            f"/infra/tier-1s/t{number}",
            f"/infra/segments/s{number}",
            f"/infra/tier-0s/a/nat/USER/nat-rules/r{number}",
        ]
        manager.patch(paths[0], {"tier0_path": "/infra/tier-0s/a"}, "admin")
        subnets = [{"gateway_address": "172.16.1.1/24"}]
        manager.patch(paths[1], {"connectivity_path": paths[0], "subnets": subnets}, "admin")
        manager.patch(paths[1], {"subnets": subnets}, "admin")
        manager.patch(paths[2], {**rule, "scope": [paths[0]]}, "admin")
        for path in reversed(paths):
            manager.delete(path)
        return held(manager)

    first = make_and_delete(0)
    assert [make_and_delete(number) for number in range(1, 20)] == [first] * 19


def test_journal_keeps_as_many_bytes_of_bodies_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT_BYTES", 100)
    kept = Journal()
    for number in range(10):
        kept.open(0.0, "PATCH", f"/{number}", "", {"a": "x"}, size=30)
    assert [entry.seq for entry in kept.since()] == [8, 9, 10]
    assert [entry.seq for entry in kept.since(9)] == [10]
    kept.open(0.0, "PATCH", "/large", "", {"a": "x"}, size=1000)
    assert [entry.seq for entry in kept.since()] == [11], "the latest is kept, however large it is"


def test_journal_keeps_as_many_entries_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT", 3)
    kept = Journal()
    for _ in range(10):
        kept.open(0.0, "GET", "/", "", None)
    assert [entry.seq for entry in kept.since()] == [8, 9, 10]


def test_sessions_that_are_over_are_forgotten_when_somebody_logs_in() -> None:
    now = [0.0]
    door = Doorkeeper(Clock(lambda: now[0]), Settings())
    door.add_user("admin", "secret")
    sizes = []
    for _ in range(20):
        door.log_in("admin", "secret")
        sizes.append(held(door))
        now[0] += 2000.0
    assert sizes[1:] == sizes[:-1]


def test_names_that_clients_give_themselves_do_not_pile_up() -> None:
    now = [0.0]
    limits = Limits(Clock(lambda: now[0]), rate=1, outstanding=1)

    def ask(client: Any) -> int:
        limits.enter(client)
        with pytest.raises(NsxError):
            limits.enter(client)
        limits.leave(client)
        now[0] += 2.0
        return held(limits)

    sizes = [ask(f"client-{number}") for number in range(20)]
    assert max(sizes) == sizes[1]

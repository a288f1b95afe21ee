"""Looks: what is loaded before processes are forked is loaded in none of them, and a manager that answers nothing is left alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from egress.deadline import Deadline
from egress.delivery.planning.looks import Lookout, found, look
from egress.domain import EgressError, LabTarget, load_domains
from egress.policy.seed import seed
from nsx_lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]
LOOKS = """
import sys
from pathlib import Path
from egress.delivery.planning import looks
from egress.domain import LabTarget, load_domains

(domain,) = load_domains(Path(sys.argv[1]), ["wld01"])
if sys.argv[3] == "loaded":
    looks.load()
before = set(sys.modules)
assert looks.look(domain, Path(sys.argv[1]), LabTarget.from_file(Path(sys.argv[2]))).objects
print(sum(name.startswith(("egress", "httpx", "httpcore", "h11")) for name in set(sys.modules) - before))
"""


@pytest.mark.slow
def test_a_look_after_loading_loads_no_client_of_its_own(tmp_path: Path) -> None:
    with Lab(seed=seed(load_domains(REPOSITORY, ["wld01"]))) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        command: list[str | Path] = [sys.executable, "-c", LOOKS, REPOSITORY, tmp_path / "lab.json"]
        counts = [
            int(subprocess.run([*command, when], check=True, capture_output=True, text=True).stdout)
            for when in ("not loaded", "loaded")
        ]
    assert counts[0] > 50, "the test would tell nothing"
    assert counts[1] == 0


def test_of_a_manager_that_takes_connections_and_answers_nothing_no_engine_asks_anything(tmp_path: Path) -> None:
    """The provider sets no end to its waiting: a plan would go on for ever."""
    (domain,) = load_domains(REPOSITORY, ["wld01"])
    with Lab(seed=seed([domain])) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        target = LabTarget.from_file(tmp_path / "lab.json")
        lab.control.fault(path="*", times=0, hang=True)
        seen = look(domain, REPOSITORY, target, Deadline(0.5))
        lab.control.clear_faults()
        assert seen.silent
        stack = cast(Any, SimpleNamespace(name="wld01"))
        with pytest.raises(EgressError) as told:
            found(stack, seen, ["wld01"], (), may_be_new=True)
        sentence = (
            f"wld01: {lab.host} answered nothing within 0.5 s, and was asked for nothing else: look at the manager"
        )
        assert str(told.value) == sentence
        lab.control.fault(path="*/nat/*", times=0, hang=True)
        seen = look(domain, REPOSITORY, target, Deadline(0.5))
        lab.control.clear_faults()
    assert seen.failed
    assert not seen.silent, "it answered something: an engine may fare better"


@pytest.fixture
def connects() -> Iterator[list[int]]:
    """The ports that this process connects to, as they come."""
    ports: list[int] = []
    on = [True]

    def heard(event: str, given: tuple[Any, ...]) -> None:
        if on and event == "socket.connect" and isinstance(given[1], tuple):
            ports.append(given[1][1])

    sys.addaudithook(heard)  # it stays for good, and is deaf after the test
    yield ports
    on.clear()


def test_a_manager_is_connected_to_once_for_the_looks_of_many_stacks(tmp_path: Path, connects: list[int]) -> None:
    (domain,) = load_domains(REPOSITORY, ["wld01"])
    other = domain.model_copy(update={"nsx": domain.nsx.model_copy(update={"host": "nsx-wld09.example.com"})})
    with Lab(seed=seed([domain])) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        target = LabTarget.from_file(tmp_path / "lab.json")
        connects.clear()
        with closing(Lookout(REPOSITORY, target)) as lookout:
            ahead = lookout.ahead([domain, other, domain])  # a lab stands in for both managers
            assert all(ahead.of_next().objects for _ in range(3))
        assert connects == [int(target.host.rpartition(":")[2])]


def test_a_manager_that_answered_before_and_falls_silent_is_told_so_and_met_anew(
    tmp_path: Path, connects: list[int]
) -> None:
    (domain,) = load_domains(REPOSITORY, ["wld01"])
    with Lab(seed=seed([domain])) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        with closing(Lookout(REPOSITORY, LabTarget.from_file(tmp_path / "lab.json"))) as lookout:
            assert lookout.look(domain).objects
            lab.control.fault(path="*", times=0, hang=True)
            assert lookout.look(domain, Deadline(0.5)).silent
            lab.control.clear_faults()
            connects.clear()
            assert lookout.look(domain).objects, "a time that is over for one look is not over for the next"
            assert len(connects) == 1

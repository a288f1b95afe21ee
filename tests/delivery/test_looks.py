"""Looks: what is loaded before processes are forked is loaded in none of them, and a manager that answers nothing is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from egress.deadline import Deadline
from egress.delivery.planning.looks import found, look
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

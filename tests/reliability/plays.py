"""What is done to a site in each scenario. Every play ends with an empty plan, or fails."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nsx_lab import Lab
from tests.e2e.sites import ROUTE, STACK, SUPERVISOR, TKG, interrupt, retries_at_once
from tests.reliability.trial import Running, Trial

URL = f"/policy/api/v1{SUPERVISOR}"
RULES = "*/nat-rules/*"


def overcome(**fault: Any) -> Callable[[Trial], None]:
    """A play: an apply meets a fault and goes well all the same."""

    def play(trial: Trial) -> None:
        trial.site.lab.control.fault(**fault)
        trial.apply()
        assert trial.fired() == fault.get("times", 1)
        trial.plan_is_empty()

    return play


@contextlib.contextmanager
def applying(trial: Trial) -> Iterator[Running]:
    running = trial.begin_apply()
    try:
        yield running
    finally:
        running.stop()


def failover(trial: Trial) -> None:
    control = trial.site.lab.control
    control.fault(method="PATCH", path=URL, hang=True)
    with applying(trial) as apply:
        apply.until(lambda: trial.fired() == 1)
        control.fail_over(3)
        apply.end(0)
    trial.plan_is_empty()


def hang_until_cut(trial: Trial) -> None:
    control = trial.site.lab.control
    control.fault(method="PATCH", path=URL, hang=True)
    with applying(trial) as apply:
        apply.until(lambda: trial.fired() == 1)
        control.clear_faults()
        apply.end(0)
    trial.plan_is_empty()


def hang_until_interrupted(trial: Trial) -> None:
    trial.site.lab.control.fault(method="PATCH", path=URL, hang=True, when="after")
    with applying(trial) as apply:
        apply.until(lambda: trial.fired() == 1)
        interrupt(apply.process)
        apply.hears("Interrupt received")
        apply.until(apply.waits)
        interrupt(apply.process)
        apply.end(130)
    trial.site.lab.control.clear_faults()
    _take_back(trial)


def wrong_ca(trial: Trial) -> None:
    retries_at_once(trial.site.root)
    file = trial.site.root / "ca.pem"
    right = file.read_text()
    with Lab() as other:
        file.write_text(other.ca_pem)
    trial.egress("plan", STACK, code=1, says="certificate")
    assert trial.site.writes() == []
    file.write_text(right)
    trial.happens("nsx.ca_file is given the manager's CA")
    trial.apply()
    trial.plan_is_empty()


def expired_session(trial: Trial) -> None:
    trial.site.lab.control.fault(method="PATCH", path=URL, expire=True)
    trial.apply(code=1)
    assert trial.fired() == 1
    trial.apply()
    trial.plan_is_empty()


def realization_error(trial: Trial) -> None:
    control = trial.site.lab.control
    control.realization(SUPERVISOR, "ERROR", "planted")
    trial.apply(code=1, says="ERROR")
    control.realization(SUPERVISOR, "REALIZED")
    trial.happens("the cause is removed in NSX")
    trial.apply()
    trial.plan_is_empty()


def realization_stuck(trial: Trial) -> None:
    trial.edit("version: 1\n", "version: 1\nrealization: {timeout: 5}\n")
    control = trial.site.lab.control
    control.realization(SUPERVISOR, "hold")
    trial.apply(code=1, says="timeout while waiting")
    control.realization(SUPERVISOR, "REALIZED")
    trial.happens("NSX realizes it at last")
    trial.apply()
    trial.plan_is_empty()


def realization_late(trial: Trial) -> None:
    trial.site.lab.control.realization(RULES, "UNREALIZED", polls=2)
    trial.apply()
    trial.plan_is_empty()


def edited(trial: Trial) -> None:
    trial.apply()
    trial.site.write(SUPERVISOR, translated_network="10.27.51.99")
    trial.happens("somebody edits the rule in NSX Manager")
    trial.egress("drift", STACK, code=2, says="10.27.51.99")
    trial.apply()
    assert trial.site.objects()[SUPERVISOR]["translated_network"] == "10.27.51.145"
    trial.plan_is_empty()


def deleted(trial: Trial) -> None:
    trial.apply()
    trial.site.delete(TKG)
    trial.happens("somebody deletes the rule in NSX Manager")
    trial.egress("drift", STACK, code=2, says="deleted")
    trial.apply()
    trial.plan_is_empty()


def failed_update(trial: Trial) -> None:
    trial.apply()
    trial.site.lab.control.fault(method="PATCH", path=URL, status=400)
    trial.edit("translated: 10.27.51.145", "translated: 10.27.51.150")
    trial.happens("the rule is changed in the domain file")
    trial.apply(code=1, says="400")
    assert trial.site.objects()[SUPERVISOR]["translated_network"] == "10.27.51.145"
    trial.egress("plan", STACK, code=2, says="10.27.51.150")
    trial.apply()
    assert trial.site.objects()[SUPERVISOR]["translated_network"] == "10.27.51.150"
    trial.plan_is_empty()


@contextlib.contextmanager
def own_provider(trial: Trial) -> Iterator[None]:
    """Engines start a provider of their own: the lab's resident one lives on and would send what hangs once more, whenever the manager answers."""
    lab_file = Path(trial.site.env["EGRESS_LAB"])
    trial.site.lab.write_lab_file(lab_file, stand_in=False)
    yield
    trial.site.lab.write_lab_file(lab_file)


def killed_between_creates(trial: Trial) -> None:
    trial.site.lab.control.fault(method="PATCH", path=RULES, times=2, hang=True)
    with own_provider(trial), applying(trial) as apply:
        apply.until(lambda: trial.fired() == 2)
        _kill_engine(apply)
        apply.end(1)
    trial.site.lab.control.clear_faults()
    assert sorted(trial.site.objects()) == [ROUTE]
    trial.apply()
    assert len(_creates(trial, ROUTE)) == 1
    trial.plan_is_empty()


def killed_before_the_answer(trial: Trial) -> None:
    trial.site.lab.control.fault(method="PATCH", path=URL, hang=True, when="after")
    with own_provider(trial), applying(trial) as apply:
        apply.until(lambda: trial.fired() == 1)
        _kill_engine(apply)
        apply.end(1)
    trial.site.lab.control.clear_faults()
    _take_back(trial)


def _take_back(trial: Trial) -> None:
    """The rule is on the manager and not in the state; an engine that was killed before it wrote any leaves an empty file."""
    assert SUPERVISOR in trial.site.objects()
    state = trial.site.root / ".lab" / "state" / f"{STACK}.tfstate"
    if state.is_file() and not state.read_bytes():
        told = trial.site.egress(
            "apply", STACK, "--yes", code=1
        ).stderr  # not a step of the play: it does not always come
        assert "egress apply --import-existing takes the stack's objects back" in told
        state.unlink()
    trial.apply(code=1, says="on the manager")
    trial.apply("--import-existing")
    trial.plan_is_empty()


def _kill_engine(apply: Running) -> None:
    engine = apply.engine()
    os.kill(engine, signal.SIGKILL)
    apply.process.wait(timeout=60)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(engine, signal.SIGKILL)  # the provider, which a real kill -9 leaves waiting for its answer


def _creates(trial: Trial, path: str) -> list[str]:
    return [write for write in trial.site.writes() if write == f"PATCH /policy/api/v1{path}"]


def two_applies(trial: Trial) -> None:
    control = trial.site.lab.control
    control.fault(method="PATCH", path=URL, hang=True)
    with applying(trial) as first:
        first.until(lambda: trial.fired() == 1)
        trial.happens("the second one, while the first one waits for the manager")
        trial.apply(code=1, says="works on wld01: wait until it has ended")
        trial.happens("the first one, when the manager goes on")
        control.clear_faults()
        first.end(0)
    assert len(_creates(trial, ROUTE)) == 1
    trial.plan_is_empty()


def lab_restart(trial: Trial) -> None:
    site, old = trial.site, trial.site.lab
    retries_at_once(site.root)
    old.control.fault(method="PATCH", path=RULES, times=2, hang=True)
    with applying(trial) as apply:
        apply.until(lambda: trial.fired() == 2)
        sent = len(old.control.journal(apply.mark)), len(site.writes(apply.mark))
        old.stop()
        apply.end(1, sent=sent)
    with Lab(data_dir=site.root.parent / "data") as site.lab:
        site.lab.write_lab_file(Path(site.env["EGRESS_LAB"]))
        trial.happens("the lab is started again with its --data-dir")
        assert sorted(site.objects()) == [ROUTE]
        trial.apply()
        assert _creates(trial, ROUTE) == [], "the route of the first half is still there"
        trial.plan_is_empty()

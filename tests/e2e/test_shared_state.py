"""A state that many share, in PostgreSQL, in S3 and behind HTTP: two applies at once from two checkouts, a kill -9 in the middle, a lock
that its holder left, and the way back by exactly the commands that the messages name."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e import postgres, stores
from tests.e2e.sites import ENGINES, IMPATIENT, ROUTE, STACK, SUPERVISOR, Site, engine_of, project
from tests.machine import lacks

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KINDS = ("pg", "s3", "http")


@dataclass
class Shared:
    """A stack whose state is in a store, in two checkouts on one manager. kind: of the store."""

    kind: str
    one: Site
    other: Site

    def unlocked(self) -> bool:
        """Whether nobody holds the lock, as `egress unlock` sees it."""
        found = json.loads(self.one.egress("unlock", STACK, "--json", code=0).stdout)
        return found["lock"] is None


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provider") / "mirror"
    subprocess.run([sys.executable, "-m", "nsx_lab", "mirror", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module", params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[tuple[str, str, dict[str, str]]]:
    """One store after the other: its kind, what stands in the domain file, and the environment that opens it."""
    if request.param == "pg":
        where = postgres.programs()
        if where is None:
            lacks("no PostgreSQL server on this machine: Debian's package is postgresql")
        with postgres.server(where) as database:
            yield "pg", "{backend: pg}", {"PG_CONN_STR": database.url}
    elif request.param == "s3":
        with stores.s3() as running:
            yield (
                "s3",
                f"{{backend: s3, bucket: {stores.BUCKET}, region: here, endpoint: '{running.url}'}}",
                running.env,
            )
    else:
        with stores.http() as (running, _):
            yield "http", http_settings(running), running.env


@pytest.fixture(scope="module")
def shared(
    store: tuple[str, str, dict[str, str]], mirror: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    kind, state, opens = store
    with checkouts(tmp_path_factory.mktemp(kind), mirror, kind, state, opens) as found:
        yield found


@contextlib.contextmanager
def checkouts(folder: Path, mirror: Path, kind: str, state: str, opens: dict[str, str]) -> Iterator[Shared]:
    """Two checkouts of a project on a manager of their own, whose state is where `state` says."""
    root = project(folder / "one")
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        (root / "ca.pem").write_text(lab.ca_pem)
        file = root / "domains" / f"{STACK}.yaml"
        text = file.read_text().replace("host: nsx-wld01.example.com", f"ca_file: ca.pem\n  host: {lab.host}")
        assert "state: {backend: local}" in text
        text = text.replace("default_route:\n", "default_route:\n  protect: false\n")
        file.write_text(text.replace("state: {backend: local}", f"state: {state}"))
        login = {"NSXT_USERNAME": lab.username, "NSXT_PASSWORD": lab.password, "NSX_LAB_PYTHON": sys.executable}
        engine = {"TERRAFORM_BINARY_NAME": str(ENGINES[0].command), "EGRESS_PROVIDER": f"mirror:{mirror}"}
        other = shutil.copytree(root, folder / "other")
        yield Shared(kind, Site(root, lab, engine | login | opens), Site(other, lab, engine | login | opens))


def http_settings(running: stores.Store) -> str:
    return f"{{backend: http, address: '{running.url}/states/{STACK}'}}"


@contextlib.contextmanager
def in_the_middle(site: Site) -> Iterator[subprocess.Popen[str]]:
    """An apply that has written the route and waits until NSX has realized it."""
    site.lab.control.realization(ROUTE, "hold")
    mark = site.lab.control.mark()
    process = site.start("apply", STACK, "--yes")
    try:
        deadline = time.monotonic() + 60
        while not any(ROUTE.rsplit("/", 1)[1] in str(entry["query"]) for entry in site.lab.control.journal(mark)):
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.02)
        yield process
    finally:
        site.lab.control.realization(ROUTE, "REALIZED")
        if process.poll() is None:
            process.communicate(timeout=60)


def until_refused(shelf: stores.Shelf, process: subprocess.Popen[str], times: int) -> None:
    """Waits until a run was refused a lock so often."""
    deadline = time.monotonic() + 60
    while len(shelf.refused) < times:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)


def killed(process: subprocess.Popen[str]) -> None:
    """kill -9 of egress, its engine and the provider at once: the machine that they ran on is gone."""
    groups = [engine_of(process.pid), process.pid]
    for group in groups:
        os.killpg(group, signal.SIGKILL)
    process.communicate(timeout=60)


def advised(words: str) -> list[str]:
    """The egress command that a message names last."""
    return shlex.split(re.findall(r"egress ((?:unlock|apply|plan|destroy) wld01(?: --[a-z-]+)*)", words)[-1])


def test_two_applies_at_once_are_kept_apart_and_none_is_lost(shared: Shared) -> None:
    with in_the_middle(shared.one) as first:
        refused = shared.other.egress("apply", STACK, "--yes", code=1)
        said = " ".join(refused.stderr.split())
        assert f"egress: {STACK}: its state ({shared.kind}" in said
        assert ") is locked by " in said
        assert advised(said) == ["unlock", STACK]
        assert "-lock=false" not in refused.stdout + refused.stderr
        asked = json.loads(shared.other.egress("unlock", STACK, "--json", code=2).stdout)
        assert asked["unlocked"] is False
        assert asked["lock"]["since"].endswith(" UTC")
        assert f"@{socket.gethostname()}" in asked["lock"]["who"]
        if shared.kind == "pg":  # there the holder says which process it is
            alive = shared.other.egress("unlock", STACK, "--yes", code=1)
            assert f"process {first.pid} is alive: wait until it has ended, or end it" in alive.stderr
        waiting = shared.other.start("apply", STACK, "--yes", "--lock-timeout", "60s")
        shared.one.lab.control.realization(ROUTE, "REALIZED")
        ended = [(process.communicate(timeout=60)[0], process.returncode) for process in (first, waiting)]
        for words, code in ended:  # both have ended, whatever is found: a second try starts from nothing
            assert code == 0, words
    assert "No changes." in words, "the second one planned on what the first one had made"
    assert len(shared.one.objects()) == 3


def test_the_plan_after_an_apply_waits_for_the_run_that_waited_for_the_apply(tmp_path: Path, mirror: Path) -> None:
    with (
        stores.http() as (running, shelf),
        checkouts(tmp_path, mirror, "http", http_settings(running), running.env) as shared,
    ):
        shelf.waits = {"ID": "7", "Who": "alice@bastion", "Operation": "OperationTypePlan"}
        process = shared.one.start("apply", STACK, "--yes")
        until_refused(shelf, process, 1)
        shelf.locks.clear()
        words, _ = process.communicate(timeout=60)
        assert process.returncode == 0, words
        assert "planned again, nothing is left to do" in words


@contextlib.contextmanager
def failed_and_overtaken(
    folder: Path, mirror: Path, patience: int
) -> Iterator[tuple[Shared, stores.Shelf, subprocess.Popen[str]]]:
    """An apply that failed at a rule, and whose lock went to a run that had waited for it. patience: seconds that it waits for that one."""
    with (
        stores.http() as (running, shelf),
        checkouts(folder, mirror, "http", http_settings(running), running.env) as shared,
    ):
        shelf.waits = {"ID": "7", "Who": "alice@bastion", "Operation": "OperationTypePlan"}
        shared.one.lab.control.fault(method="PATCH", path=f"*{SUPERVISOR}", status=400)
        impatient = f"from egress.delivery.outcome import aftermath; aftermath._PATIENCE = {patience}"
        program = [sys.executable, "-c", f"{impatient}; from egress.cli import main; main()"]
        process = shared.one.start_as(program, "apply", STACK, "--yes")
        try:
            yield shared, shelf, process
        finally:
            shelf.locks.clear()
            process.communicate(timeout=60)


def test_a_failed_apply_waits_for_the_run_that_has_the_lock_now_and_then_knows_what_it_did(
    tmp_path: Path, mirror: Path
) -> None:
    with failed_and_overtaken(tmp_path, mirror, patience=60) as (shared, shelf, process):
        until_refused(shelf, process, 2)
        shelf.locks.clear()
        words, _ = process.communicate(timeout=60)
        assert process.returncode == 1, words
        assert "its state is locked by alice@bastion, for plan (lock 7): up to 60 s are waited for that run" in words
        assert "the apply failed, 2 of 3 done" in words
        assert advised(words) == ["apply", STACK]
        shared.one.egress(*advised(words), "--yes", code=0)


def test_a_failed_apply_never_leads_to_the_lock_of_a_run_that_is_alive(tmp_path: Path, mirror: Path) -> None:
    with failed_and_overtaken(tmp_path, mirror, patience=1) as (shared, shelf, process):
        words, _ = process.communicate(timeout=60)
        assert process.returncode == 1, words
        said = "is locked by alice@bastion, for plan (lock 7): if that run is alive, wait until it has ended; if it is dead: egress unlock wld01"
        assert said in words
        assert "  not known: default route: new, next hop 10.27.51.1" in words
        assert advised(words) == ["apply", STACK], "which refuses while that run is alive, and takes nothing away"
        shared.one.egress(*advised(words), "--yes", code=1)
        assert [lock["Who"] for lock in shelf.locks.values()] == ["alice@bastion"]
        shared.one.egress("unlock", STACK, "--yes", code=0)
        shared.one.egress(*advised(words), "--yes", code=0)


def test_the_lock_of_a_plan_that_was_given_up_as_its_manager_fell_silent_is_let_go_as_it_says(
    tmp_path: Path, mirror: Path
) -> None:
    with (
        stores.http() as (running, shelf),
        checkouts(tmp_path, mirror, "http", http_settings(running), running.env) as shared,
    ):
        control = shared.one.lab.control
        control.fault(method="POST", path="/api/session/create", times=0, hang=True)
        process = shared.one.start_as([sys.executable, "-c", IMPATIENT], "plan", STACK)
        deadline = time.monotonic() + 60
        while not any(entry["fault"] for entry in control.journal()):
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.02)
        control.fault(path="*", times=0, hang=True)
        words, _ = process.communicate(timeout=60)
        control.clear_faults()
        assert process.returncode == 1, words
        assert re.search(r"look at the manager; if \S+ had to be killed, its lock on the state is left: egress", words)
        assert [lock["Operation"] for lock in shelf.locks.values()] == ["OperationTypePlan"]
        shared.one.egress(*advised(words), "--yes", code=0)
        shared.one.egress("plan", STACK, code=2)


def test_after_a_kill_in_the_middle_the_messages_lead_to_an_empty_plan(shared: Shared) -> None:
    site = shared.one
    site.egress("destroy", STACK, "--yes", code=0)
    with in_the_middle(site) as apply:
        killed(apply)
    assert ROUTE in site.objects(), "it was written, and the state does not know"
    if shared.kind == "pg":
        assert shared.unlocked(), "PostgreSQL lets the lock of a connection go that has ended"
    else:
        refused = shared.other.egress("apply", STACK, "--yes", code=1)
        assert f"is locked by {getpass.getuser()}@{socket.gethostname()}, since " in refused.stderr
        done = shared.other.egress(*advised(refused.stderr), "--yes", code=0)
        assert (
            "unlocked. What that run did last may not be in the state: egress plan wld01 shows what is left"
            in done.stderr
        )
    planned = shared.other.egress("plan", STACK, code=2)
    shared.other.egress(*advised(planned.stderr), "--yes", code=0)
    assert "No changes." in shared.other.egress("plan", STACK, code=0).stdout
    assert len(site.objects()) == 3
    assert "No changes." in site.egress("plan", STACK, code=0).stdout, "the killed checkout goes on as well"


def kept(site: Site) -> tuple[str, int] | None:
    """Lineage and serial of the state, None where there is none yet."""
    pulled = site.egress("engine", STACK, "--", "state", "pull", code=0).stdout
    state = json.loads(pulled) if pulled.strip() else None
    return state and (state["lineage"], state["serial"])


def test_the_doctor_tries_the_store_and_leaves_nothing(shared: Shared) -> None:
    before = kept(shared.one)
    parts = {one["name"]: one for one in json.loads(shared.one.egress("doctor", STACK, "--json", code=0).stdout)}
    assert parts[f"{STACK}: state"]["health"] == "fine"
    assert parts[f"{STACK}: state lock"]["found"] == "it locks"
    writes = parts[f"{STACK}: state writes"]
    if shared.kind == "http":
        assert (writes["health"], writes["found"].split(":")[0]) == ("note", "not tried")
    else:
        assert writes["found"] == "a state of the probe's own was written, read, and removed"
    assert kept(shared.one) == before
    assert shared.unlocked()

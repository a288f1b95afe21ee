"""The stand-in does what vmware/nsxt 3.11.1 was recorded to do, on every engine that is here."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nsx_lab.provider.provider import Provider
from tests.nsx_lab.provider import engines
from tests.nsx_lab.provider.engines import Engine
from tests.nsx_lab.provider.fast_clock import FastClock
from tests.nsx_lab.provider.playback import (
    RecordedManager,
    changes,
    configured,
    different,
    different_headers,
    different_requests,
    masked,
    recorded_requests,
    seen_requests,
    values,
)
from tests.nsx_lab.provider.residence import resident, variables

RECORDINGS = Path(__file__).parents[2] / "recordings"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
CORE = {
    "01-create",
    "02-second-plan",
    "03-change-translated",
    "04-drift",
    "05-deleted-behind",
    "07-destroy",
    "09-already-exists",
}
SETUP = "01-create"
ORDINARY = {  # of each kind one: played to a stand-in that the engine starts by itself, and that waits by the wall
    "06-import",
    "06f-import-cli",
    "08a-ds-exact",
    "10-nat-patch-400",
    "11b-503-five-get",
    "13b-reset-after",
    "14e-unknown-state-word",
    "15-bfd",
    "18d-client-cert",
    "18h-bad-password",
    "21-validation",
    "25h-redirect",
}
WAITS = {  # seconds, in the first apply: the delay, then the plugin SDK's pauses, the last one cut short by the timeout
    "14a-unrealized-then-ok": [1, 1, 2, 4],
    "14b-error": [1],
    "14c-never": [1, 1, 2, 4, 2],
    "14d-empty-then-ok": [1, 1, 2, 4],
    "14g-realized-404": [1],
    "26-never-40s": [1, 1, 2, 4, 8, 10, 10, 4],
}
CRASHES_FIRST = {"29a-min-eq-max-delay"}  # the real provider crashes, and how far it gets before varies
HOST_DOWN = "18l-host-down"


def _cases() -> list[Any]:
    """The core on every engine, all others on the first engine there is; by the resident stand-in but for ORDINARY and the first of
    the core on each engine."""
    marks = [pytest.mark.e2e, pytest.mark.slow]
    core = [
        pytest.param(engine, name, id=f"{name}-{engine}", marks=pytest.mark.e2e)
        for engine in engines.NAMES
        for name in sorted(CORE)
    ]
    return core + [pytest.param("first", name, id=name, marks=marks) for name in NAMES if name not in CORE]


@pytest.fixture(scope="session")
def found() -> dict[str, str | None]:
    return {name: engines.find(name) for name in engines.NAMES}


@pytest.fixture
def manager(lab_context: ssl.SSLContext) -> Iterator[RecordedManager]:
    server = RecordedManager(lab_context)
    yield server
    server.end()


@pytest.fixture
def engine(request: pytest.FixtureRequest, found: dict[str, str | None], tmp_path: Path, mirror_folder: Path) -> Engine:
    name = request.param
    path = next((p for p in found.values() if p), None) if name == "first" else found[name]
    if path is None:
        pytest.skip(f"no engine {name!r} here")
    return Engine(path, tmp_path, mirror_folder)


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


@pytest.fixture
def stand_in(clock: FastClock, clean_environment: None) -> Iterator[dict[str, str]]:
    """A resident stand-in that waits by the fast clock; how an engine finds it."""
    with resident(lambda: Provider(clock)) as path:
        yield variables(path, os.getpid())


def _recording(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def _starts_with_objects(recording: dict[str, Any]) -> bool:
    """Whether the first command reads objects that are in the state already."""
    first = next(step for step in recording["steps"] if "command" in step)
    if "import {" in recording["config"]["first"] or first["command"].startswith("terraform import"):
        return False
    return any(
        r.get("method") in ("GET", "DELETE") and re.search("/(static-routes|nat-rules)/", r.get("path", ""))
        for r in first["requests"]
    )


@pytest.mark.parametrize("engine, name", _cases(), indirect=["engine"])
def test_the_stand_in_acts_as_the_real_provider_was_recorded(
    engine: Engine,
    name: str,
    manager: RecordedManager,
    pki: Path,
    tmp_path: Path,
    stand_in: dict[str, str],
    clock: FastClock,
) -> None:
    recording = _recording(name)
    folder = tmp_path / "stack"
    folder.mkdir()
    port = _closed_port() if name == HOST_DOWN else manager.port

    def write(text: str) -> None:
        (folder / "main.tf").write_text(configured(text, port, pki), encoding="utf-8")

    write(recording["config"]["first"])
    initialised = engine.run(folder, "init", "-no-color", "-input=false")
    assert initialised.returncode == 0, initialised.stderr
    if name not in ORDINARY | {SETUP}:
        engine.resident = stand_in
    if _starts_with_objects(recording):
        setup = _recording(SETUP)
        write(setup["config"]["first"])
        manager.play([r for step in setup["steps"] for r in step["requests"]])
        made = engine.run(folder, "apply", "-no-color", "-input=false", "-auto-approve")
        assert made.returncode == 0, made.stdout + made.stderr
        write(recording["config"]["first"])
    found: list[str] = []
    for step in recording["steps"]:
        if "command" in step:
            if step.get("plan") in recording["config"]:
                write(recording["config"][step["plan"]])
            manager.play(step["requests"])
            clock.waits.clear()
            found += [f"{step['command']}: {text}" for text in _step(engine, folder, step, recording, manager)]
            if name in WAITS and step["command"] == "terraform apply tfplan" and clock.waits != WAITS[name]:
                found.append(f"{step['command']}: waited for {clock.waits} s, the SDK's rhythm is {WAITS[name]}")
    shutil.rmtree(folder)
    assert not found, "\n".join(found)


def _engines_own(engine: Engine, arguments: list[str], code: int) -> bool:
    """The recordings are Terraform's. OpenTofu ends a refresh-only plan that found no drift with 0, Terraform with 2."""
    return Path(engine.path).name == "tofu" and "-refresh-only" in arguments and code == 0


def _step(
    engine: Engine, folder: Path, step: dict[str, Any], recording: dict[str, Any], manager: RecordedManager
) -> list[str]:
    """Run one command and compare everything that it did."""
    command, *arguments = step["command"].partition(" #")[0].split()[1:]
    interactive = [] if command == "validate" else ["-input=false"]
    done = engine.run(folder, command, "-no-color", *interactive, *arguments)
    said = done.stdout + done.stderr
    seen = list(manager.script.seen)
    out = []
    if done.returncode != step["exit"] and not _engines_own(engine, arguments, done.returncode):
        out.append(f"exit {done.returncode}, recorded {step['exit']}: {said[-600:]}")
    if recording["scenario"] not in CRASHES_FIRST:
        sent = recorded_requests(step["requests"]), seen_requests(seen)
        out += different_requests(*sent, by_the_wall=not engine.resident)
    out += different_headers(step["requests"], seen)
    out += _said(step, said)
    plan = recording["plans"].get(step.get("plan"))
    if plan and (folder / "tfplan").exists():
        shown = json.loads(engine.run(folder, "show", "-json", "tfplan").stdout)
        for kind in ("resource_changes", "resource_drift"):
            out += different(f"plan {kind}", changes(plan, kind), changes(shown, kind))
    state = recording["states"].get(step.get("state"))
    if state is not None:
        shown = json.loads(engine.run(folder, "show", "-json").stdout)
        resources = shown.get("values", {}).get("root_module", {}).get("resources", [])
        out += different("state", values(state), values(resources))
    return out


def _said(step: dict[str, Any], said: str) -> list[str]:
    """Summary line and the first lines of errors. Line breaks are the engine's."""
    flat = " ".join(masked(said).split())
    wanted = [step["said"]] if step.get("said") else []
    wanted += step.get("words", [])
    return [f"not said: {text}\n{said[-800:]}" for text in wanted if _flat(text) not in flat]


def _flat(text: str) -> str:
    text = re.sub(r"read tcp .*", "", masked(text))
    return " ".join(text.split())


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_recording_is_played() -> None:
    assert set(NAMES) >= ORDINARY
    assert len(ORDINARY) >= 10
    assert len(NAMES) == 88
    assert set(NAMES) >= CORE

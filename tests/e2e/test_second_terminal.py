"""Two people, or one with two terminals, in one checkout: what was shown is what is applied, whatever the other one does."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.sites import EGRESS, ROUTE, STACK, SUPERVISOR, TKG, Site, Terminal, engine_of, project

pytestmark = pytest.mark.e2e

SECONDS = (
    ("plan", STACK),
    ("apply", STACK, "--yes"),
    ("destroy", STACK, "--yes"),
    ("apply", "--saved", "plans", "--yes"),
    ("drift", STACK),
    ("engine", STACK, "--", "state", "list"),
)
"""What is done in the second terminal while the first one holds the stack."""


def translate(site: Site, address: str) -> None:
    """Edits the Supervisor's translated address in the domain file."""
    file = site.root / "domains" / f"{STACK}.yaml"
    lines = file.read_text().splitlines()
    (at,) = [index for index, line in enumerate(lines) if line.strip().startswith("supervisor:")]
    lines[at] = f"{lines[at].split('translated:')[0]}translated: {address}}}"
    file.write_text("\n".join(lines) + "\n")


def translated(site: Site) -> str:
    return str(site.objects()[SUPERVISOR]["translated_network"])


@contextmanager
def asked(site: Site, *command: str) -> Iterator[Terminal]:
    """A command that waits at its question."""
    terminal = site.at_a_terminal(*command)
    try:
        terminal.until("[y/N]")
        yield terminal
    finally:
        terminal.process.kill()


@contextmanager
def hanging(site: Site, *command: str) -> Iterator[Terminal]:
    """A command that only reads, in the middle of its work: the manager does not answer yet."""
    site.lab.control.fault(method="GET", path=f"*{TKG}", hang=True)
    terminal = site.at_a_terminal(*command)
    try:
        held = next(iter((site.root / ".lab").rglob(f"{STACK}.held.json")), None)
        while held is None:
            assert terminal.process.poll() is None, terminal.printed
            held = next(iter((site.root / ".lab").rglob(f"{STACK}.held.json")), None)
        yield terminal
    finally:
        site.lab.control.clear_faults()
        terminal.process.kill()


FIRSTS: dict[str, tuple[Callable[..., object], tuple[str, ...]]] = {
    "apply": (asked, ("apply", STACK)),
    "destroy": (asked, ("destroy", STACK)),
    "apply --saved": (asked, ("apply", "--saved", "plans")),
    "plan": (hanging, ("plan", STACK)),
    "drift": (hanging, ("drift", STACK)),
}


@pytest.mark.parametrize("first", FIRSTS)
def test_while_one_command_holds_the_stack_every_other_is_refused_by_name(site: Site, first: str) -> None:
    hold, command = FIRSTS[first]
    site.egress("apply", STACK, "--yes", code=0)
    translate(site, "10.27.51.150")
    site.egress("plan", STACK, "--out", "plans", code=2)
    before = site.objects()
    with hold(site, *command) as terminal:  # type: ignore[attr-defined]
        translate(site, "10.27.51.170")
        mark = site.lab.control.mark()
        for second in SECONDS:
            refused = site.egress(*second, code=1)
            assert f"egress {command[0]} (process {terminal.process.pid}, since " in refused.stderr, second
            assert "works on wld01: wait until it has ended" in refused.stderr
        assert site.writes(mark) == []
        assert site.objects() == before
        if hold is asked:
            terminal.types("y\n")
            terminal.ends(0)
            assert (site.objects() == {}) if first == "destroy" else (translated(site) == "10.27.51.150")
        else:
            site.lab.control.clear_faults()
            terminal.ends(2 if first == "plan" else 0)


def test_a_shell_holds_nothing_and_is_not_held(site: Site) -> None:
    shell = site.at_a_terminal("shell", "--", "sh", "-c", "echo opened; read line")
    shell.until("opened", 180)
    site.egress("apply", STACK, "--yes", code=0)
    with asked(site, "destroy", STACK) as terminal:
        assert "opened" in site.egress("shell", "--", "echo", "opened", code=0).stdout
        terminal.types("n\n")
        terminal.ends(1)
    shell.types("\n")
    shell.ends(0)


def test_the_question_names_stack_counts_and_target(site: Site) -> None:
    with asked(site, "apply", STACK) as terminal:
        assert (
            f"apply {STACK}: 3 to add, 0 to change, 0 to destroy, on the lab {site.lab.host}? [y/N]" in terminal.printed
        )
        terminal.types("n\n")
        terminal.ends(1)


@pytest.mark.parametrize("ending", ["declined", "failed", "applied"])
def test_no_run_leaves_a_plan_behind(site: Site, ending: str) -> None:
    if ending == "declined":
        with asked(site, "apply", STACK) as terminal:
            terminal.types("n\n")
            assert "declined, nothing was changed" in terminal.ends(1)
    elif ending == "failed":
        site.lab.control.realization(SUPERVISOR, "ERROR", "planted")
        site.egress("apply", STACK, "--yes", code=1)
    else:
        site.egress("apply", STACK, "--yes", code=0)
    assert [path for path in site.root.rglob("*") if "tfplan" in path.name or "@" in path.name] == []


def test_a_plan_file_that_is_not_the_one_shown_is_not_applied(site: Site) -> None:
    with asked(site, "apply", STACK) as terminal:
        (plan,) = (site.root / ".lab").rglob("tfplan")
        plan.write_bytes(plan.read_bytes() + b"\0")
        terminal.types("y\n")
        assert "is not the one that was shown, nothing was changed" in terminal.ends(1)
    assert site.objects() == {}


def test_a_command_may_wait_for_the_other(site: Site) -> None:
    with asked(site, "apply", STACK) as terminal:
        waiting = site.at_a_terminal("plan", STACK, "--lock-timeout", "60s")
        waiting.until("synthesising")
        terminal.types("y\n")
        terminal.ends(0)
    assert "No changes." in waiting.until("No changes.")
    waiting.ends(0)


def test_a_lock_left_by_a_killed_command_is_free_and_its_leftovers_go(site: Site) -> None:
    with asked(site, "apply", STACK) as terminal:
        terminal.process.kill()
        terminal.process.wait()
    assert list((site.root / ".lab").rglob("tfplan")), "a killed command cannot tidy up"
    found = site.egress("plan", STACK, code=2)
    assert f"egress apply (process {terminal.process.pid}, since " in found.stderr
    assert "ended without an end of its own" in found.stderr
    assert list((site.root / ".lab").rglob("tfplan")) == []


def test_an_engine_that_goes_on_after_its_egress_was_killed_keeps_the_lock(site: Site) -> None:
    site.lab.control.realization(ROUTE, "hold")
    process = site.start("apply", STACK, "--yes")
    name = ROUTE.rsplit("/", 1)[1]
    while not any(name in str(entry["query"]) for entry in site.lab.control.journal()):
        assert process.poll() is None, process.communicate()[0]
    engine = engine_of(process.pid)
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    refused = site.egress("plan", STACK, code=1)
    assert f"was killed while its engine worked on {STACK}, and the engine (process {engine}) goes on" in refused.stderr
    site.lab.control.realization(ROUTE, "REALIZED")
    site.egress("plan", STACK, "--lock-timeout", "60s", code=0)
    assert len(site.objects()) == 3, "the engine finished what it was told to do"


def test_a_polite_kill_takes_the_engine_along(site: Site) -> None:
    site.lab.control.realization(ROUTE, "hold")
    process = subprocess.Popen(
        [EGRESS, "apply", STACK, "--yes"], cwd=site.root, env=os.environ | site.env, start_new_session=True
    )
    name = ROUTE.rsplit("/", 1)[1]
    while not any(name in str(entry["query"]) for entry in site.lab.control.journal()):
        assert process.poll() is None
    engine = engine_of(process.pid)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 130
    assert not Path(f"/proc/{engine}").exists()


def test_a_project_folder_has_one_lab_at_a_time(tmp_path: Path) -> None:
    root = project(tmp_path)
    first = Terminal([EGRESS, "lab", STACK], root, dict(os.environ))
    try:
        first.until("lab ready")
        file = (root / ".lab" / "lab.json").read_bytes()
        second = subprocess.run(
            [EGRESS, "lab", STACK], cwd=root, text=True, capture_output=True, timeout=60, check=False
        )
        assert second.returncode == 1
        assert f"egress lab (process {first.process.pid}, since " in second.stderr
        assert "each project folder has one lab" in second.stderr
        assert (root / ".lab" / "lab.json").read_bytes() == file
    finally:
        first.process.send_signal(signal.SIGINT)
        first.ends(130)

"""Several stacks at once: nothing mixes, a manager that hangs keeps nobody, Ctrl-C leaves nothing, limits are kept over all."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from egress.toolchain.running.cores import cores
from nsx_lab import Lab
from tests.e2e import console
from tests.e2e.fleets import domain, fleet, lab_of, left_of_runs, running_in
from tests.e2e.sites import EGRESS, IMPATIENT, REPOSITORY, Site, interrupt, lab_site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

NAMES = tuple(f"f{n}" for n in range(1, 7))


@pytest.fixture
def site(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    """Six stacks, each on a Tier-0 of its own, on one lab."""
    texts = {name: domain(number, name) for number, name in enumerate(NAMES, 1)}
    with lab_of(fleet(tmp_path / "seed", texts)) as lab:
        site = lab_site(tmp_path / "project", lab, any_engine)
        fleet(site.root, texts)
        yield site


def until(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 200
    while not what():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def made(lab: Lab, name: str) -> int:
    """How many routes and rules of a stack are on the manager."""
    found = lab.control.objects(f"/infra/tier-0s/T0-{name}").values()
    return sum(one["resource_type"] in ("StaticRoutes", "PolicyNatRule") for one in found)


def test_several_at_once_print_what_one_after_the_other_do(site: Site) -> None:
    for command in (["plan", "--full"], ["drift"], ["verify", "--json"]):
        one, many = (site.egress(*command, "--parallel", number, code=2) for number in ("1", "4"))
        assert re.sub(r"after \d+s", "", many.stdout) == re.sub(r"after \d+s", "", one.stdout), (
            "but for the engine's clock"
        )
        assert many.stderr == one.stderr
        if "--json" in command:
            assert [one["stack"] for one in json.loads(many.stdout)] == list(NAMES)
        else:
            rows = [line.split()[0] for line in many.stderr.splitlines()[-len(NAMES) :]]
            assert rows == list(NAMES), "a table at the end"


def test_apply_of_all_tells_each_stack_in_one_piece_and_leaves_nothing_to_do(site: Site) -> None:
    done = site.egress("apply", "--yes", "--parallel", "4", "--record", "record.json", code=0)
    sections = re.split(r"^== (\S+)$", done.stdout, flags=re.MULTILINE)[1:]
    assert tuple(sections[::2]) == NAMES
    for name, words in zip(sections[::2], sections[1::2], strict=True):
        assert "Apply complete! Resources: " in words
        assert set(re.findall(r"\bT0-(\w+)", words)) == {name}
        assert set(re.findall(r"\b(f\d)-\w", words)) == {name}
    assert [made(site.lab, name) for name in NAMES] == [3] * 6
    record = json.loads((site.root / "record.json").read_text())
    assert [(one["stack"], one["outcome"], one["plan_after"]["empty"]) for one in record["stacks"]] == [
        (name, "applied", True) for name in NAMES
    ]
    assert all(one["flows"] for one in record["stacks"])
    assert record["not_reached"] == []
    site.egress("plan", code=0)
    assert left_of_runs(site.root / ".lab" / ".egress") == []


def test_an_apply_is_one_json_value_however_many_stacks_and_however_it_ends(site: Site) -> None:
    for words, others in ((("f1",), 0), (("--parallel", "4"), 5)):
        done = site.egress("apply", *words, "--yes", "--json", code=0)
        value = json.loads(done.stdout)
        assert value["format"] == "egress-apply"
        assert [one["outcome"] for one in value["stacks"]].count("applied") == (others or 1)
        assert done.stderr.count("Apply complete! Resources: ") == (others or 1), "words go elsewhere, the engine's too"
    site.lab.control.fault(method="PATCH", path="*T0-f1/*", times=0, status=400)
    site.egress("destroy", "f1", "--yes", code=0)
    failed = site.egress("apply", "--yes", "--json", "--parallel", "1", code=1)
    value = json.loads(failed.stdout)
    assert "f1: the apply failed" in value["error"]
    assert value["not_reached"] == list(NAMES[1:])


def test_plans_that_several_processes_saved_are_applied_as_they_are(site: Site) -> None:
    site.egress("plan", "--out", "plans", "--summary", "summary.md", "--parallel", "3", code=2)
    summary = (site.root / "summary.md").read_text()
    assert [name for name in NAMES if f"### {name}: " in summary] == list(NAMES)
    assert sorted(folder.name for folder in (site.root / "plans").iterdir()) == list(NAMES)
    site.egress("apply", "--saved", "plans", "--yes", "--parallel", "3", code=0)
    assert site.egress("apply", "--saved", "plans", "--yes", "--parallel", "3", code=3).stderr.count("plan again") >= 1
    assert [made(site.lab, name) for name in NAMES] == [3] * 6


def test_requests_in_flight_to_one_manager_are_limited_over_all_stacks(site: Site) -> None:
    """Four stacks at a time, two requests each: where each had four, as one stack has, sixteen would come together."""
    control = site.lab.control
    control.limits(outstanding=8)
    control.fault(path="*", times=0, delay=0.1)
    mark = control.mark()
    site.egress("plan", "--out", "plans", "--parallel", "4", code=2)
    site.egress("apply", "--saved", "plans", "--yes", "--parallel", "4", code=0)
    site.egress("verify", "--parallel", "4", code=0)
    journal = control.journal(mark)
    assert len(journal) > 100
    assert [entry for entry in journal if entry["status"] in (429, 503)] == []


def test_engines_beside_one_another_have_a_share_of_the_cores_and_one_alone_has_all(site: Site) -> None:
    engine, seen = site.root / "engine.sh", site.root / "seen"
    real = site.env["TERRAFORM_BINARY_NAME"]
    engine.write_text(f'#!/bin/sh\n[ "$1" = plan ] && echo "$GOMAXPROCS" >> {seen}\nexec {real} "$@"\n')
    engine.chmod(0o755)
    site.env["TERRAFORM_BINARY_NAME"] = str(engine)
    site.egress("plan", "--parallel", "3", code=2)
    assert seen.read_text().split() == [str(max(1, cores() // 3))] * len(NAMES)
    seen.unlink()
    site.egress("plan", NAMES[0], code=2)
    assert seen.read_text() == "\n"


def test_a_stack_that_fails_hides_no_other_and_stands_in_the_table(site: Site) -> None:
    state = site.root / ".lab" / "state" / "f2.tfstate"
    state.parent.mkdir(parents=True)
    state.write_text("no state")
    planned = site.egress("plan", "--parallel", "4", code=1)
    assert planned.stdout.count("Plan: 3 to add") == 5
    (row,) = [line for line in planned.stderr.splitlines() if line.startswith("f2 ")]
    assert row.split()[1] == "failed"


def test_why_an_engine_failed_stands_in_the_table_too(site: Site) -> None:
    site.egress("apply", "f2", "--yes", code=0)
    site.lab.control.fault(method="GET", path="*T0-f2/static-routes/*", times=0, status=400)
    planned = site.egress("plan", "--parallel", "4", code=1)
    (row,) = [line for line in planned.stderr.splitlines() if line.startswith("f2 ")]
    assert re.search(r"failed +f2: the plan failed: \w", row), row


def test_an_apply_that_fails_lets_none_begin_and_those_in_work_end(site: Site) -> None:
    site.lab.control.fault(method="PATCH", path="*T0-f1/*", times=0, status=400)
    done = site.egress("apply", "--yes", "--parallel", "2", "--record", "record.json", code=1)
    record = json.loads((site.root / "record.json").read_text())
    outcomes = {one["stack"]: one["outcome"] for one in record["stacks"]}
    assert outcomes.pop("f1") == "failed"
    assert set(outcomes.values()) <= {"applied"}
    assert "f6" in record["not_reached"]
    assert sorted([*outcomes, "f1", *record["not_reached"]]) == list(NAMES)
    for name in NAMES:
        assert made(site.lab, name) == (3 if name in outcomes else 0)
    assert "f1: the apply failed" in done.stderr
    assert "f6 " in done.stderr


def test_ctrl_c_during_an_apply_of_several_loses_nothing(site: Site) -> None:
    control = site.lab.control
    held = [f"/infra/tier-0s/T0-{name}/static-routes/{name}-default-route" for name in ("f2", "f3")]
    for route in held:
        control.realization(route, "hold")
    process = site.start("apply", "--yes", "--parallel", "3", "--record", "record.json")
    until(
        lambda: all(any(route.rsplit("/", 1)[1] in str(e["query"]) for e in control.journal()) for route in held),
        process,
    )
    interrupt(process)
    words, _ = process.communicate(timeout=120)
    assert process.returncode == 130, words
    assert "Traceback" not in words
    assert running_in(site.root) == []
    assert left_of_runs(site.root / ".lab" / ".egress") == []
    record = json.loads((site.root / "record.json").read_text())
    outcomes = {one["stack"]: one["outcome"] for one in record["stacks"]}
    assert {"f2", "f3"} <= {name for name, outcome in outcomes.items() if outcome == "interrupted"}
    assert re.search(r"^interrupted: .*f2.*f3", words, re.MULTILINE)
    assert set(outcomes) | set(record["not_reached"]) == set(NAMES)

    for route in held:
        control.realization(route, "REALIZED")
    site.egress("apply", "--yes", "--parallel", "3", code=0)
    site.egress("plan", code=0)
    assert [made(site.lab, name) for name in NAMES] == [3] * 6


def test_a_worker_that_is_killed_is_a_sentence_and_the_others_go_on(site: Site) -> None:
    site.egress("apply", "--yes", code=0)
    site.lab.control.fault(path="*/nat-rules/f2-*", times=0, hang=True)  # only the engine asks for a rule by its id
    process = site.start("plan", "--parallel", "2")
    note = site.root / ".lab" / ".egress" / "runs" / "f2.held.json"
    until(note.is_file, process)
    os.kill(json.loads(note.read_text())["pid"], signal.SIGKILL)
    words, _ = process.communicate(timeout=120)
    site.lab.control.clear_faults()
    assert process.returncode == 1, words
    assert "f2: the process that worked on it was killed by signal 9" in words
    assert words.count("No changes") + words.count("no changes") >= 5
    assert "Traceback" not in words


def test_the_page_does_what_it_says(tmp_path: Path, any_engine: dict[str, str]) -> None:
    texts = {f"wld0{number}": domain(number, f"wld0{number}") for number in (1, 2, 3)}
    with lab_of(fleet(tmp_path / "seed", texts)) as lab:
        site = lab_site(tmp_path / "project", lab, any_engine)
        fleet(site.root, texts)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_"))} | site.env
        path = f"{EGRESS.parent}{os.pathsep}{env['PATH']}"
        page = (REPOSITORY / "docs" / "fleets.md").read_text()
        console.run(console.commands(page), site.root, env | {"PATH": path, "COLUMNS": "160"}, {})


def test_stacks_of_one_tier0_are_applied_in_order(tmp_path: Path, any_engine: dict[str, str]) -> None:
    shared = REPOSITORY / "examples" / "domains" / "shared"
    root = fleet(tmp_path / "seed", {"zz": domain(1, "zz")})
    shutil.copytree(shared, root / "domains" / "shared")
    with lab_of(root) as lab:
        site = lab_site(tmp_path / "project", lab, any_engine)
        shutil.rmtree(site.root / "domains")
        shutil.copytree(root / "domains", site.root / "domains")
        lab.control.fault(method="PATCH", path="*shared-platform*", times=0, delay=0.3)
        mark = lab.control.mark()
        site.egress("apply", "--yes", "--parallel", "4", code=0)
        writes = [write for write in site.writes(mark) if "shared-" in write]
        owners = [re.findall(r"shared-(platform|tenant)", write)[-1] for write in writes]
        assert set(owners) == {"platform", "tenant"}
        assert owners == sorted(owners), "the second begins when the first has ended"


def test_asking_goes_from_stack_to_stack(site: Site) -> None:
    refused = site.egress("apply", "--parallel", "2", code=1)
    assert "--parallel applies without asking: it goes with --yes" in refused.stderr
    terminal = site.at_a_terminal("apply", "f1", "f2")
    terminal.until("apply f1: 3 to add")
    assert "== f2" not in terminal.printed
    terminal.types("n\n")
    terminal.ends(1)


def test_at_a_terminal_every_stack_in_work_has_a_line(site: Site) -> None:
    printed = site.at_a_terminal("plan", "--parallel", "2").ends(2)
    assert "6 of 6 stacks have ended" in printed or "5 of 6 stacks have ended" in printed
    assert "planning f1" in printed
    assert printed.count("Plan: 3 to add") == 6


@contextlib.contextmanager
def two_managers(tmp_path: Path, engine: dict[str, str], *names: str) -> Iterator[tuple[Site, Lab]]:
    """Stacks on two managers, by the first letter of their names, a or b; the second of the two. They are no labs to egress."""
    texts = {name: domain(number, name) for number, name in enumerate(names, 1)}
    root = fleet(tmp_path / "project", texts)
    mirror = tmp_path / "mirror"
    subprocess.run([sys.executable, "-m", "nsx_lab", "mirror", mirror], check=True, capture_output=True)
    of = {letter: [name for name in names if name.startswith(letter)] for letter in "ab"}
    with lab_of(root, of["a"]) as first, lab_of(root, of["b"]) as second:
        env = engine | {"EGRESS_PROVIDER": f"mirror:{mirror}", "NSX_LAB_PYTHON": sys.executable}
        for lab, letter in ((first, "a"), (second, "b")):
            (root / f"{letter}.pem").write_text(lab.ca_pem)
            prefix = f"NSX_{letter.upper()}"
            env |= {f"{prefix}_USERNAME": lab.username, f"{prefix}_PASSWORD": lab.password}
            for name in of[letter]:
                text = texts[name].replace(
                    f"host: nsx-{name}.example.com",
                    f"ca_file: {letter}.pem\n  credentials: {prefix}\n  host: {lab.host}",
                )
                assert prefix in text
                (root / "domains" / f"{name}.yaml").write_text(text)
        yield Site(root, first, env), second


def test_a_manager_that_hangs_keeps_nobody_and_ctrl_c_leaves_nothing(
    tmp_path: Path, any_engine: dict[str, str]
) -> None:
    """Two managers, three stacks each; one of them answers what is around a stack, and then the engine's login never."""
    names = ("a1", "a2", "a3", "b1", "b2", "b3")
    with two_managers(tmp_path, any_engine, *names) as (site, second):
        site.egress("plan", "a1", code=2)
        second.control.fault(method="POST", path="/api/session/create", times=0, hang=True)
        process = site.start("plan", "--parallel", "4")
        runs, hung = site.root / ".egress" / "runs", {f"{name}.held.json" for name in names[3:]}
        until(lambda: {note.name for note in runs.glob("*.held.json")} == hung, process)
        time.sleep(1)  # the last of the others has given its lock back, and ends in a moment
        interrupt(process)
        words, _ = process.communicate(timeout=120)
        second.control.clear_faults()
        assert process.returncode == 130, words
        assert "Traceback" not in words
        assert words.count("Plan: 3 to add") == 3
        assert re.search(r"^interrupted: b1, b2, b3$", words, re.MULTILINE), words
        assert running_in(site.root) == []
        assert left_of_runs(site.root / ".egress") == []
        again = site.egress("plan", "--parallel", "4", code=2)
        assert again.stdout.count("Plan: 3 to add") == 6


@pytest.mark.parametrize("parallel", ["1", "3"])
def test_a_manager_that_falls_silent_while_the_engine_plans_is_a_sentence_and_the_others_go_on(
    tmp_path: Path, any_engine: dict[str, str], parallel: str
) -> None:
    """It answers what is around a stack; then the engine logs in, and from there on nobody gets an answer."""
    with two_managers(tmp_path, any_engine, "a1", "a2", "b1") as (site, second):
        site.egress("plan", "a1", code=2)
        second.control.fault(id="login", method="POST", path="/api/session/create", times=0, hang=True)
        program = [sys.executable, "-c", IMPATIENT]
        process = site.start_as(program, "plan", "b1", "a1", "a2", "--parallel", parallel)
        until(lambda: any(entry["fault"] for entry in second.control.journal()), process)
        second.control.fault(path="*", times=0, hang=True)
        words, _ = process.communicate(timeout=120)
        second.control.clear_faults()
        assert process.returncode == 1, words
        said = rf"b1: {second.host} answered nothing within 2 s, and \S+ waits for it without end: the plan, which changes nothing, was given up after \d+ s: look at the manager"
        assert re.search(said, words), words
        assert "Traceback" not in words
        assert words.count("Plan: 3 to add") == 2
        assert running_in(site.root) == []
        assert left_of_runs(site.root / ".egress") == []
        assert "Plan: 3 to add" in site.egress("plan", "b1", code=2).stdout

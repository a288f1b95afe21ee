"""Several jobs at once in other processes: nothing is mixed, nothing is left, and who dies takes nobody along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from ast import literal_eval
from pathlib import Path

import pytest

from egress import limits
from egress.limits import Share
from egress.toolchain.running.workers import Job, slots

pytestmark = pytest.mark.slow

HEAD = """
import os, signal, sys, time
from pathlib import Path
from egress import limits
from egress.domain import EgressError, PlanAgainError
from egress.toolchain.running.processes import run
from egress.toolchain.running.worker import Work
from egress.toolchain.running.workers import Job, work_on

class Told:
    came = []
    at = []
    def begun(self, name): print("begun", name, flush=True)
    def said(self, name, text): self.at.append((name, text))
    def ended(self, came): self.came.append(came)
    def tick(self): pass

def jobs(count, manager="m", chain=None):
    return [Job(f"s{n}", manager, chain or n) for n in range(count)]

told = Told()
"""


def program(folder: Path, body: str) -> Path:
    """A program that has no other threads: it can be forked."""
    file = folder / "program.py"
    file.write_text(HEAD + textwrap.dedent(body))
    return file


def output(folder: Path, body: str) -> str:
    done = subprocess.run(
        [sys.executable, program(folder, body)], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_words_of_a_job_are_kept_together_with_those_of_its_programs(tmp_path: Path) -> None:
    words = output(
        tmp_path,
        """
        def act(number, tell):
            for _ in range(20):
                print(f"out {number}")
                print(f"err {number}", file=sys.stderr)
                run([sys.executable, "-c", f"print('program {number}')"], capture=False)
            tell("half way")
            return number

        work_on(jobs(4), Work(act), 4, told, go_on=True)
        for one in sorted(told.came, key=lambda one: one.name):
            out, err = dict(one.words)[1], dict(one.words)[2]
            print(one.name, one.value, sorted(set(out.split("\\n"))), sorted(set(err.split("\\n"))), len(out.split()), told.at)
        """,
    )
    lines = [line for line in words.splitlines() if not line.startswith("begun")]
    for number, line in enumerate(lines):
        assert line.startswith(f"s{number} {number} ['', 'out {number}', 'program {number}'] ['', 'err {number}'] 80 ")
        assert f"('s{number}', 'half way')" in line


def test_a_process_takes_one_job_after_the_other_and_mixes_nothing(tmp_path: Path) -> None:
    words = output(
        tmp_path,
        """
        collected = []

        def act(number, tell):
            print(f"out {number}" * (7 - number))
            print(f"err {number}", file=sys.stderr)
            run([sys.executable, "-c", f"print('program {number}')"], capture=False)
            tell(f"at {number}")
            collected.append(number)
            return os.getpid()

        def along():
            taken = collected.copy()
            collected.clear()
            return taken

        work_on(jobs(7), Work(act, along), 2, told, go_on=True)
        assert len({one.value for one in told.came}) == 2, "as many processes as jobs at once"
        assert os.getpid() not in {one.value for one in told.came}
        for one in sorted(told.came, key=lambda one: one.name):
            out, err = dict(one.words)[1], dict(one.words)[2]
            print(one.name, one.along, out.split("\\n"), err.split("\\n"), (one.name, f"at {one.name[1]}") in told.at)
        """,
    )
    lines = [line for line in words.splitlines() if not line.startswith("begun")]
    assert lines == [f"s{n} [{n}] ['{f'out {n}' * (7 - n)}', 'program {n}', ''] ['err {n}', ''] True" for n in range(7)]


def test_a_process_whose_job_did_not_end_well_takes_no_other(tmp_path: Path) -> None:
    words = output(
        tmp_path,
        """
        def act(number, tell):
            Path(f"{number}").write_text(str(os.getpid()))
            if number % 2: raise ValueError("oh")

        work_on(jobs(4), Work(act), 1, told, go_on=True)
        print([Path(f"{number}").read_text() for number in range(4)])
        """,
    )
    first, second, third, fourth = literal_eval(words.splitlines()[-1])
    assert first == second != third == fourth


def test_the_share_of_a_manager_is_that_of_the_job(tmp_path: Path) -> None:
    words = output(
        tmp_path,
        """
        mixed = [Job(f"s{n}", "one" if n < 3 else "two", n) for n in range(4)]
        work_on(mixed, Work(lambda number, tell: limits.mine().at_once), 3, told, go_on=True)
        print([one.value for one in sorted(told.came, key=lambda one: one.name)], limits.mine().at_once)
        """,
    )
    assert words.splitlines()[-1] == "[2, 2, 2, 4] 4"


def test_a_process_that_is_killed_while_it_waits_for_a_job_takes_none_along(tmp_path: Path) -> None:
    """The second job of the chain waits for the first, which kills the process that has no job meanwhile."""
    words = output(
        tmp_path,
        """
        def act(number, tell):
            if number == 0:
                while not Path("ended").exists():
                    time.sleep(0.01)
                os.kill(int(Path("pid").read_text()), signal.SIGKILL)
            if number == 2:
                Path("pid").write_text(str(os.getpid()))
            return number

        class Ended(Told):
            def ended(self, came):
                super().ended(came)
                Path("ended").touch()

        told = Ended()
        chained = [Job("s0", "m", "a"), Job("s1", "m", "a"), Job("s2", "m", "b")]
        work_on(chained, Work(act), 2, told, go_on=True)
        print(sorted((one.name, one.value, one.failed) for one in told.came))
        """,
    )
    assert words.splitlines()[-1] == "[('s0', 0, ''), ('s1', 1, ''), ('s2', 2, '')]"


def test_jobs_of_one_chain_run_one_after_the_other_and_others_beside_them(tmp_path: Path) -> None:
    """Each of two chains waits for the other's first job: neither could go on without the other beside it."""
    words = output(
        tmp_path,
        """
        def act(number, tell):
            chain, place = divmod(number, 2)
            Path(f"{chain}-{place}").touch()
            if place == 0:
                while not Path(f"{1 - chain}-0").exists():
                    time.sleep(0.01)
                return Path(f"{chain}-1").exists()

        chained = [Job(f"s{n}", "m", n // 2) for n in range(4)]
        work_on(chained, Work(act), 4, told, go_on=True)
        print([one.value for one in sorted(told.came, key=lambda one: one.name)])
        """,
    )
    assert "[False, None, False, None]" in words


def test_one_that_dies_or_fails_is_a_sentence_and_the_others_go_on(tmp_path: Path) -> None:
    words = output(
        tmp_path,
        """
        def act(number, tell):
            if number == 0: os.kill(os.getpid(), signal.SIGKILL)
            if number == 1: raise EgressError("s1: no")
            if number == 2: raise PlanAgainError("s2: stale")
            if number == 3: raise ValueError("oh")
            if number == 4: return lambda: None
            if number == 5: os._exit(7)
            return "well"

        work_on(jobs(7), Work(act), 2, told, go_on=True)
        for one in sorted(told.came, key=lambda one: one.name):
            print(one.name, one.value, one.again, one.failed)
        """,
    )
    told = [line for line in words.splitlines() if not line.startswith("begun")]
    assert told[0].startswith("s0 None False s0: the process that worked on it was killed by signal 9 and said nothing")
    assert told[1:4] == [
        "s1 None False s1: no",
        "s2 None True s2: stale",
        "s3 None False this is a defect: ValueError: oh",
    ]
    assert told[4].startswith("s4 None False this is a defect: what was found cannot be brought back")
    assert told[5].startswith("s5 None False s5: the process that worked on it ended with 7")
    assert told[6] == "s6 well False "


def test_after_one_that_failed_none_is_begun_unless_it_is_to_go_on(tmp_path: Path) -> None:
    words = output(
        tmp_path,
        """
        def act(number, tell):
            raise EgressError("no")

        work_on(jobs(5), Work(act), 1, told, go_on=False)
        print(len(told.came))
        """,
    )
    assert words == "begun s0\n1\n"


def test_work_comes_to_its_end_where_nobody_listens_any_more(tmp_path: Path) -> None:
    """As with `egress apply --yes | head -1`: what is in work is not cut off, and no more is begun."""
    words = output(
        tmp_path,
        """
        def act(number, tell):
            while number and not Path("told").exists():
                time.sleep(0.01)
            run([sys.executable, "-c", "import time; time.sleep(0.2)"])
            Path(f"well-{number}").touch()

        class Gone(Told):
            def begun(self, name): pass
            def ended(self, came):
                self.came.append(came)
                Path("told").touch()
                raise BrokenPipeError

        told = Gone()
        try:
            work_on(jobs(5), Work(act), 2, told, go_on=True)
        except BrokenPipeError:
            print(sorted(path.name for path in Path().glob("well-*")), [one.well for one in told.came])
        """,
    )
    assert words == "['well-0', 'well-1'] [True, True]\n"


LONG = """
def act(number, tell):
    Path(f"pid-{number}").write_text(str(os.getpid()))
    try:
        run([sys.executable, "-c", "import os, time; open(f'engine-%d' % os.getpid(), 'w'); time.sleep(60)"])
    finally:
        Path(f"cleaned-{number}").touch()

try:
    work_on(jobs(5), Work(act), 3, told, go_on=True)
except KeyboardInterrupt:
    print("interrupted", sorted((one.name, one.interrupted) for one in told.came))
"""


def started(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, program(folder, LONG)], cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    while len(list(folder.glob("engine-*"))) < 3:
        assert process.poll() is None
        time.sleep(0.05)
    return process


def gone(folder: Path) -> bool:
    """Whether every program of the jobs has ended; one that nobody waited for is a zombie."""
    for file in (*folder.glob("pid-*"), *folder.glob("engine-*")):
        number = file.name.partition("-")[2] if file.name.startswith("engine") else file.read_text()
        stat = Path(f"/proc/{number}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
            return False
    return True


def test_ctrl_c_ends_every_job_as_it_ends_one(tmp_path: Path) -> None:
    process = started(tmp_path)
    os.killpg(process.pid, signal.SIGINT)
    words, _ = process.communicate(timeout=60)
    assert words.endswith("interrupted [('s0', True), ('s1', True), ('s2', True)]\n")
    assert sorted(file.name for file in tmp_path.glob("cleaned-*")) == ["cleaned-0", "cleaned-1", "cleaned-2"]
    assert gone(tmp_path)


def test_jobs_end_when_the_process_that_began_them_is_killed(tmp_path: Path) -> None:
    process = started(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    while len(list(tmp_path.glob("cleaned-*"))) < 3 or not gone(tmp_path):
        time.sleep(0.05)


def test_a_manager_is_shared_out_and_never_asked_more_than_it_takes_of_one_run() -> None:
    for many in range(1, 30):
        jobs = [Job(f"s{n}", f"m{n % 3}", n) for n in range(many)]
        for at_once in range(1, 12):
            for number in slots(jobs, at_once).values():
                share = Share.of(number)
                assert share.at_once >= 1
                assert number * share.at_once <= limits.ALTOGETHER
                assert number * share.per_second <= limits.PER_SECOND
    assert Share.of(1) == Share() == limits.mine()


def test_a_manager_with_one_chain_gives_everything_to_it() -> None:
    assert slots([Job("a", "one", 1), Job("b", "one", 1), Job("c", "two", 2), Job("d", "two", 3)], 8) == {
        "one": 1,
        "two": 2,
    }

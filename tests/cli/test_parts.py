"""Very many domains are explained by several processes: what they say is what one says, and none is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.bench.fleet import write_shared, write_varied

pytestmark = pytest.mark.slow

TOPOLOGIES = Path(__file__).parents[1] / "topologies"

EGRESS = """
import sys
from egress.cli import _parts, check, run
from egress.toolchain.running import cores

check._LOOKED_AT = 3
beside = _parts._beside
_parts._WORTH = int(sys.argv[1])
_parts._beside = lambda parts, *asked: open("parts", "w").write(str(len(parts))) and beside(parts, *asked)
cores.cores = lambda: 3
sys.exit(run(sys.argv[2:]))
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A project of domains of many kinds, some of which do not work."""
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    for file in TOPOLOGIES.glob("*.yaml"):
        if file.name != "expected.yaml":
            shutil.copy(file, tmp_path / "domains")
    (tmp_path / "egress.py").write_text(EGRESS)
    return tmp_path


def told(fleet: Path, worth: int, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors."""
    env = {name: value for name, value in os.environ.items() if name != "EGRESS_LAB"}
    done = subprocess.run(
        [sys.executable, "-P", fleet / "egress.py", str(worth), *arguments],
        cwd=fleet,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, ()),
        (2, ("--hops",)),
        (2, ("--json",)),
        (2, ("--to", "8.8.8.8")),
        (1, ("--from", "tkg")),
        (1, ("--from", "nobody")),
    ],
)
def test_several_processes_say_what_one_says(fleet: Path, code: int, arguments: tuple[str, ...]) -> None:
    alone = told(fleet, 10_000, "explain", *arguments)
    assert not (fleet / "parts").exists()
    assert told(fleet, 10, "explain", *arguments) == alone
    assert (fleet / "parts").read_text() == "3"
    assert alone[0] == code, alone[2]


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--from", "nobody")])
def test_what_is_wrong_in_files_of_any_part_is_told_at_once_and_nothing_is_answered(
    fleet: Path, arguments: tuple[str, ...]
) -> None:
    files = sorted((fleet / "domains").iterdir())
    for file in (files[1], files[-1], files[-2]):
        file.write_text(file.read_text() + "no_such_key: 1\n")
    alone = told(fleet, 10_000, "explain", *arguments)
    assert told(fleet, 10, "explain", *arguments) == alone
    assert alone[:2] == (1, "")
    assert alone[2].count("unknown key 'no_such_key'") == 3


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--without", "edge02")])
def test_a_tier0_that_domains_of_several_parts_share_is_one(fleet: Path, arguments: tuple[str, ...]) -> None:
    """Whoever comes last has its way out in the first file, and knows it."""
    (fleet / "shared").mkdir()
    write_shared(fleet / "shared", 4)
    for number, name in enumerate(("a-first", "m-middle", "z-last", "z-very-last")):
        shutil.copy(fleet / f"shared/domains/w{number}.yaml", fleet / f"domains/{name}.yaml")
    alone = told(fleet, 10_000, "explain", *arguments)
    assert told(fleet, 10, "explain", *arguments) == alone
    if not arguments:
        of_the_last = alone[1].split("z-last (")[1].split("z-very-last (")[0]
        assert "outside -> ingress" in of_the_last
        assert "default route" not in of_the_last


@pytest.fixture
def varied_fleet(fleet: Path) -> Path:
    """A project of domains on a Tier-0 each, but for two, and of two files with findings of their own."""
    shutil.rmtree(fleet / "domains")
    write_varied(fleet, 60)
    domains = fleet / "domains"
    for number, name in ((7, "w7-again"), (30, "a-30-again")):
        shutil.copy(domains / f"w{number}.yaml", domains / f"{name}.yaml")
    (domains / "wrong.yaml").write_text((domains / "w8.yaml").read_text() + "no_such_key: 1\n")
    (domains / "no-yaml.yaml").write_text("a: [\n")
    return fleet


@pytest.mark.parametrize("arguments", [(), ("--strict", "--undecided"), ("--json",), ("--sarif",)])
def test_several_processes_judge_as_one_does(varied_fleet: Path, arguments: tuple[str, ...]) -> None:
    """Those that meet another are in different parts."""
    alone = told(varied_fleet, 10_000, "check", *arguments)
    assert not (varied_fleet / "parts").exists()
    assert told(varied_fleet, 20, "check", *arguments) == alone
    assert (varied_fleet / "parts").read_text() == "3"
    assert alone[0] == 2, alone[2]
    assert "default-route-has-two-owners" in alone[1]
    assert "unknown key 'no_such_key'" in alone[1]


def test_a_fleet_on_one_tier0_is_judged_by_one_process(fleet: Path) -> None:
    shutil.rmtree(fleet / "domains")
    write_shared(fleet, 60)
    assert told(fleet, 20, "check") == told(fleet, 10_000, "check")
    assert not (fleet / "parts").exists()


@pytest.mark.parametrize("arguments", [("--what-if",), ("--live", "--timeout", "1s")])
def test_what_is_more_than_rules_is_asked_of_one_process(varied_fleet: Path, arguments: tuple[str, ...]) -> None:
    for file in list((varied_fleet / "domains").iterdir())[12:]:
        file.unlink()
    told(varied_fleet, 2, "check", *arguments)
    assert not (varied_fleet / "parts").exists()


def program(folder: Path, answer: str, read: str = "return ()") -> subprocess.Popen[str]:
    """A program that works on twenty stacks in two parts; what it reads and answers has a number, 0 or 1, of its part."""
    body = f"""
import os, signal, sys, time
from pathlib import Path
from egress.cli import _parts
from egress.toolchain.running import cores

_parts._WORTH = 10
cores.cores = lambda: 2
STACKS = [f"wld{{number:02}}" for number in range(20)]

def read(stacks):
    number = STACKS.index(stacks[0]) // 10
{textwrap.indent(textwrap.dedent(read), "    ")}

def answer(stacks):
    number = STACKS.index(stacks[0]) // 10
    Path(f"pid-{{number}}").write_text(str(os.getpid()))
    print("first words of", number, flush=True)
{textwrap.indent(textwrap.dedent(answer), "    ")}

try:
    print("found", _parts.in_parts(STACKS, answer, read))
except KeyboardInterrupt:
    print("interrupted")
except Exception as error:
    print(f"{{type(error).__name__}}: {{error}}")
"""
    (folder / "program.py").write_text(body)
    return subprocess.Popen(
        [sys.executable, folder / "program.py"], cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def running(folder: Path) -> list[str]:
    """The processes of parts that are there; one that nobody waited for is a zombie."""
    stats = [Path(f"/proc/{file.read_text()}/stat") for file in folder.glob("pid-*")]
    return [
        stat.read_text() for stat in stats if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    ]


def test_ctrl_c_ends_every_process(tmp_path: Path) -> None:
    process = program(tmp_path, "time.sleep(60)")
    while len([file for file in tmp_path.glob("pid-*") if file.read_text()]) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    words, _ = process.communicate(timeout=60)
    assert words.endswith("interrupted\n")
    assert running(tmp_path) == []


def test_a_process_that_dies_is_a_sentence_after_what_came_before_it(tmp_path: Path) -> None:
    process = program(tmp_path, "if number: os.kill(os.getpid(), signal.SIGKILL)")
    words, _ = process.communicate(timeout=60)
    assert words.splitlines() == [
        "first words of 0",
        "first words of 1",
        "EgressError: wld10 to wld19: the process that worked on it was killed by signal 9 and said nothing: look at this machine, and ask again",
    ]


def test_what_comes_after_a_part_that_failed_is_not_told(tmp_path: Path) -> None:
    body = """
    if not number:
        from egress.domain import EgressError
        raise EgressError("wld00 is wrong")
    """
    words, _ = program(tmp_path, body).communicate(timeout=60)
    assert words.splitlines() == ["first words of 0", "EgressError: wld00 is wrong"]


def test_no_part_answers_before_every_part_has_read(tmp_path: Path) -> None:
    read = """
    if not number:
        while not Path("other").exists():
            time.sleep(0.01)
        Path("read").write_text("")
    Path("other").write_text("")
    return ()
    """
    words, _ = program(tmp_path, "return Path('read').exists()", read).communicate(timeout=60)
    assert words.splitlines() == ["first words of 0", "first words of 1", "found [True, True]"]


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (
            """
            from egress.domain import Place, Problem
            return [Problem(Place("b.yaml", 1, 1), "", "is wrong"), Problem(Place("all.yaml", 2, 1), "", "too")] if number else ()
            """,
            ["DomainFileError: all.yaml:2:1: too", "b.yaml:1:1: is wrong"],
        ),
        (
            "return () if number else os.kill(os.getpid(), signal.SIGKILL)",
            [
                "EgressError: wld00 to wld09: the process that worked on it was killed by signal 9 and said nothing: look at this machine, and ask again"
            ],
        ),
        (
            "time.sleep(0.2 * number)\nreturn 1 / number",
            ["EgressError: this is a defect: ZeroDivisionError: division by zero"],
        ),
    ],
)
def test_where_a_part_cannot_read_none_answers(tmp_path: Path, read: str, told: list[str]) -> None:
    words, _ = program(tmp_path, "return 'an answer'", read).communicate(timeout=60)
    assert words.splitlines() == told
    assert running(tmp_path) == []


def test_ctrl_c_ends_a_part_that_waits_for_another(tmp_path: Path) -> None:
    read = "Path(f'pid-{number}').write_text(str(os.getpid()))\nif number: time.sleep(60)\nreturn ()"
    process = program(tmp_path, "return 1", read)
    while len([file for file in tmp_path.glob("pid-*") if file.read_text()]) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    words, _ = process.communicate(timeout=60)
    assert words == "interrupted\n"
    assert running(tmp_path) == []

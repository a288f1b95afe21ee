"""What the process that worked on a stack brings back is about that stack: it does not grow with the fleet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.fleets import domain, fleet, lab_of
from tests.e2e.sites import REPOSITORY, lab_site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COMMANDS = (["plan", "--json"], ["apply", "--yes", "--record", "record.json"], ["drift"], ["verify"], ["plan"])
COUNTED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from egress.toolchain.running import workers

unpickled = workers.pickle.loads
def counted(raw):
    message = unpickled(raw)
    if isinstance(message, workers.Came):
        with Path(sys.argv[1]).open("a") as sizes:
            sizes.write(f"{len(raw)}\\n")
    return message
workers.pickle.loads = counted
from egress.cli import run
sys.exit(run(sys.argv[3:]))
"""


@pytest.mark.parametrize("command", COMMANDS, ids=["plan --json", "apply", "drift", "verify", "plan"])
def test_what_a_process_brings_does_not_grow_with_the_fleet(
    command: list[str], tmp_path: Path, any_engine: dict[str, str]
) -> None:
    largest = [_largest(tmp_path / str(number), number, command, any_engine) for number in (2, 9)]
    assert largest[1] < largest[0] + 200, "a domain alone is more than 1,000 bytes"


def _largest(folder: Path, stacks: int, command: list[str], engine: dict[str, str]) -> int:
    """Bytes of the largest message of a command over so many stacks."""
    texts = {f"f{number}": domain(number, f"f{number}") for number in range(1, stacks + 1)}
    with lab_of(fleet(folder / "seed", texts)) as lab:
        site = lab_site(folder / "project", lab, engine)
        fleet(site.root, texts)
        program: list[str | Path] = [
            sys.executable,
            "-c",
            COUNTED,
            folder / "sizes",
            REPOSITORY,
            *command,
            "--parallel",
            "2",
        ]
        done = subprocess.run(program, cwd=site.root, env=site.env, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 2), done.stderr
    sizes = [int(size) for size in (folder / "sizes").read_text().split()]
    assert len(sizes) == stacks
    return max(sizes)

"""docs/architecture.md is held by make lint: planted offences in a copy are refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.house_rules import Room, rooms

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the lints look at, in a folder of its own."""
    root = tmp_path_factory.mktemp("copy")
    ignore = shutil.ignore_patterns("__pycache__", "*.json")
    for folder in ("egress", "nsx_lab", "constructs_lib", "stacks", "tier0_egress"):
        shutil.copytree(REPOSITORY / folder, root / folder, symlinks=True, ignore=ignore)
    (root / "docs").mkdir()
    for file in ("main.py", "pyproject.toml", "docs/architecture.md"):
        shutil.copyfile(REPOSITORY / file, root / file)
    return root


@pytest.fixture
def plant(copy: Path) -> Iterator[object]:
    """Adds text to a file of the copy, which is taken away again."""
    planted: list[tuple[Path, str | None]] = []

    def add(name: str, text: str) -> None:
        file = copy / name
        before = file.read_text() if file.exists() else None
        planted.append((file, before))
        file.write_text((before or "") + text)

    yield add
    for file, before in reversed(planted):
        if before is None:
            file.unlink()
        else:
            file.write_text(before)


def house_rules(root: Path) -> tuple[int, str]:
    command = [sys.executable, str(REPOSITORY / "tools/house_rules.py"), str(root)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def lint_imports(root: Path) -> tuple[int, str]:
    command = [str(LINT_IMPORTS), "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_an_unchanged_copy_keeps_the_rules(copy: Path) -> None:
    assert house_rules(copy) == (0, "every module keeps the house rules\n")
    code, said = lint_imports(copy)
    assert code == 0, said


def test_a_circle_through_the_template_is_refused_by_both(copy: Path, plant: Callable[[str, str], None]) -> None:
    plant("egress/domain/tree.py", "\nfrom egress.template import write as _write\n")
    code, said = lint_imports(copy)
    assert code == 1
    assert "no circle anywhere BROKEN" in said
    assert "floors of egress BROKEN" in said
    code, said = house_rules(copy)
    assert code == 1
    assert "imports egress.template" in said
    assert "lets egress.domain import: egress.vocabulary" in said


OFFENCES = (
    (
        "egress/checks/look.py",
        "from egress.toolchain.running import processes",
        "egress.checks.look: imports egress.toolchain.running.processes",
    ),
    (
        "egress/checks/look.py",
        "def f():\n    from egress.manager import Manager",
        "egress.checks.look: imports egress.manager",
    ),
    (
        "egress/reachability/walk.py",
        "import egress.checks.report",
        "egress.reachability.walk: imports egress.checks.report",
    ),
    (
        "constructs_lib/values.py",
        "from egress.policy import owned",
        "tier0_egress.constructs.values: imports egress.policy.owned",
    ),
    (
        "nsx_lab/provider/provider.py",
        "import nsx_lab.dataplane",
        "nsx_lab.provider.provider: imports nsx_lab.dataplane",
    ),
    ("main.py", "from egress.delivery.planning import plans", "main.py: imports egress.delivery.planning"),
    (
        "egress/cli/seed.py",
        "from egress.cli.lab import command as other",
        "egress.cli.seed: a command file imports the command lab",
    ),
    ("egress/stray.py", "import egress.domain", "egress.stray is in no room of docs/architecture.md"),
    (
        "egress/checks/look.py",
        'PATH = lambda id_: f"/infra/tier-0s/{id_}"',
        "egress/checks/look.py: '/infra/tier-0s/{}' spells a Policy path",
    ),
    (
        "egress/cli/seed.py",
        'PARENT = f"{PARENT}/static-routes"',
        "egress/cli/seed.py: '{}/static-routes' spells a Policy path",
    ),
    (
        "egress/delivery/planning/plans.py",
        'KIND = "nat-rules"',
        "egress/delivery/planning/plans.py: 'nat-rules' spells a Policy path",
    ),
    (
        "stacks/backend.py",
        'PATH = "/infra/tier-1s/" + name',
        "stacks/backend.py: '/infra/tier-1s/' spells a Policy path",
    ),
    (
        "egress/scan/lines.py",
        'print("/infra/segments/")',
        "egress/scan/lines.py: '/infra/segments/' spells a Policy path",
    ),
)
"""A file, what is planted in it, and how it is refused: without the line's number, and what is allowed instead."""


def test_what_is_against_the_table_is_refused_with_its_place(copy: Path, plant: Callable[[str, str], None]) -> None:
    for file, text, _ in OFFENCES:
        plant(file, f"\n{text}\n")
    code, told = house_rules(copy)
    assert code == 1
    refusals = (re.sub(r":\d+: ", ": ", line) for line in told.splitlines())
    assert sorted(re.split(r", docs/|: (?:what two|add|ask) ", one)[0] for one in refusals) == sorted(
        said for *_, said in OFFENCES
    )


def test_a_sentence_that_mentions_a_path_and_a_docstring_are_no_offence(
    copy: Path, plant: Callable[[str, str], None]
) -> None:
    plant(
        "egress/checks/look.py",
        '\n\ndef f(x):\n    """/infra/tier-0s/x"""\n    return f"such as /infra/tier-0s/{x} here"\n',
    )
    assert house_rules(copy)[0] == 0


def test_a_module_on_no_floor_is_refused(copy: Path, plant: Callable[[str, str], None]) -> None:
    plant("egress/stray.py", "")
    code, said = lint_imports(copy)
    assert code == 1
    assert "egress.stray" in said


def table() -> tuple[Room, ...]:
    return rooms((REPOSITORY / "docs/architecture.md").read_text())


def test_every_import_that_the_table_allows_goes_down_the_floors() -> None:
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors: dict[str, int] = {}
    for contract in contracts:
        for container in contract.get("containers", ()):
            assert contract["exhaustive"], f"{contract['name']} leaves modules out"
            for number, layer in enumerate(contract["layers"]):
                floors |= {f"{container}.{name.strip()}": number for name in layer.split("|")}
    for room in table():
        for name in room.may:
            if room.name in floors and name in floors and room.name.split(".")[0] == name.split(".")[0]:
                assert floors[room.name] < floors[name], f"{room.name} may import {name}, which is not below it"
    assert {"egress.policy", "egress.template", "nsx_lab.mark"} <= set(floors)


def test_every_floor_has_a_row_in_the_table() -> None:
    named = {room.name for room in table()}
    assert {"egress.policy", "egress.cli", "egress.__main__", "tier0_egress.constructs", "main"} <= named
    packages = {f"egress.{file.parent.name}" for file in (REPOSITORY / "egress").glob("*/__init__.py")}
    assert packages <= named

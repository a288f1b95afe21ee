"""What an installation takes: the extra of the lab is what the lab imports, and the lock file holds everything by hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from nsx_lab.extra import MODULES

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
DISTRIBUTION = {"grpc": "grpcio"}
"""Of modules that are not named as their distribution is."""


def names(requirements: list[str]) -> set[str]:
    return {Requirement(text).name.lower().replace("_", "-") for text in requirements}


def test_the_extra_of_the_lab_is_what_the_lab_imports() -> None:
    assert names(PROJECT["optional-dependencies"]["lab"]) == {
        DISTRIBUTION.get(name, name.replace("_", "-")) for name in MODULES
    }
    imported: set[str] = set()
    for file in (ROOT / "nsx_lab").rglob("*.py"):
        imported |= set(re.findall(r"^\s*(?:import|from) ([a-z0-9_]+)", file.read_text(), re.MULTILINE))
    assert set(MODULES) <= imported
    base = {"click", "httpx", "yaml", "pytest"}
    assert imported & {"rich", "pydantic", "google", "trio", "cffi"} == set()
    assert base <= imported


def test_a_runner_gets_no_lab() -> None:
    assert names(PROJECT["dependencies"]).isdisjoint(names(PROJECT["optional-dependencies"]["lab"]))


def test_the_lock_file_holds_what_project_lab_and_tools_require() -> None:
    locked = set(
        re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", (ROOT / "requirements" / "lock.txt").read_text(), re.MULTILINE)
    )
    tools = [line for line in (ROOT / "requirements" / "dev.in").read_text().splitlines() if line and line[0] != "#"]
    wanted = names(PROJECT["dependencies"]) | names(tools)
    wanted |= names(PROJECT["optional-dependencies"]["lab"]) | names(PROJECT["optional-dependencies"]["forge"])
    assert wanted - locked == set(), "make lock"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_hashes_and_no_address_is_named(lock: Path) -> None:
    text = lock.read_text()
    packages = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert [package.split()[0] for package in packages if "==" in package and "--hash=sha256:" not in package] == []
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)

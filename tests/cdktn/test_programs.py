"""Programs on cdktn: every one that somebody may copy from here writes what it writes on cdktf, and ends as it does there.

An app of our stacks runs on the recorder, too, and writes the bytes that it writes on cdktn.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egress.layout import STACK_FILE
from egress.toolchain.tools.node import find_node
from tests.cdktn.second import (
    BESIDE,
    ON_CDKTN,
    REPOSITORY,
    SYNTHESISED,
    environment,
    needed,
    on_cdktf,
    on_cdktn,
    project,
    python,
)
from tests.docs.programs import Program, programs
from tests.e2e import console
from tests.recorder import varied

pytestmark = [pytest.mark.slow, needed]

Json = dict[str, Any]
VERSIONS = {"cdktf": {"0.21.0"}, "cdktn": {"0.24.0"}}
CDKTN_FIRST = "import tier0_egress\n\n# isort: split\nimport cdktn\n\n# isort: split\n"
"""In front of a program: jsii's Node is that which pip brought, and the constructs run on what is imported."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its exit code, what it said, the files it wrote, its stacks, and the versions of the CDK that they name."""

    code: int
    said: str
    files: dict[str, bytes]
    stacks: dict[str, Json]
    versions: set[str]


def outcome(folder: Path, text: str, env: Mapping[str, str], *runner: str) -> Outcome:
    """Runs a program as main.py of a folder, by Python alone or by another program in between."""
    (folder / "main.py").write_text(text)
    done = python(*runner, "main.py", "why", cwd=folder, env=environment({"JSII_NODE": str(find_node()), **env}))
    out = folder / "cdktf.out"
    files = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    shutil.rmtree(out, ignore_errors=True)
    stacks = {Path(name).parent.name: json.loads(text) for name, text in files.items() if name.endswith(STACK_FILE)}
    versions = {stack["//"]["metadata"].pop("version") for stack in stacks.values()}
    return Outcome(done.returncode, done.stderr, files, stacks, versions)


def same_on_both(folder: Path, text: str) -> Outcome:
    """How a program ends on cdktf, after it ended in the same way on cdktn: chosen by the variable, and, where it imports a CDK, by that."""
    one = outcome(folder, on_cdktf(text), {})
    ways: list[tuple[str, Mapping[str, str]]] = [(on_cdktn(text), ON_CDKTN)]
    if re.search(r"\b(import cdkt[fn]$|from cdkt[fn] import)", text, re.MULTILINE):
        ways.append((CDKTN_FIRST + on_cdktn(text), {}))
    for words, env in ways:
        other = outcome(folder, words, env)
        assert (other.code, other.stacks) == (one.code, one.stacks), other.said
        assert last_line(other.said) == on_cdktn(last_line(one.said))
        assert other.versions == (VERSIONS["cdktn"] if one.stacks else set())
        if "tier0_egress.stacks" in text:
            assert outcome(folder, words, env, "-m", "egress.recorder").files == other.files
    assert one.versions == (VERSIONS["cdktf"] if one.stacks else set())
    return one


def last_line(said: str) -> str:
    return said.splitlines()[-1] if said else ""


def distinct() -> list[Program]:
    """Programs for a CDK, each once, with the name of either: those of pages, and apps with the domains beside them."""
    found: dict[tuple[str, Path | None], Program] = {}
    for one in programs():
        if one.of_a_cdk and not made_by_get(one):
            found.setdefault((on_cdktf(one.text), domains_of(one)), one)
    return list(found.values())


def made_by_get(program: Program) -> bool:
    """Whether it needs bindings that `cdktf get` makes: tests/bindings/test_build.py makes them, and runs it on both."""
    return "from imports." in program.text


def domains_of(program: Program) -> Path | None:
    """The domain files of an app of stacks."""
    return (REPOSITORY / program.where).parent / "domains" if "tier0_egress.stacks" in program.text else None


def test_every_program_is_found() -> None:
    assert [one.where for one in distinct()] == [
        "main.py",
        "egress/template/files/main.py.txt",
        "examples/constructs_alone.py",
        "examples/main.py",
        "bindings/cdktf/README.md",
        "docs/bindings.md",
        "docs/cdktf.md",
    ]
    page = (REPOSITORY / "docs" / "bindings.md").read_text()
    assert [one.text for one in programs() if made_by_get(one)] == [console.files(page)["main.py"]]


@pytest.mark.parametrize("program", distinct(), ids=lambda one: one.where)
def test_every_program_ends_the_same_on_both(tmp_path: Path, program: Program) -> None:
    domains = domains_of(program)
    root = project(tmp_path, domains) if domains else tmp_path
    ended = same_on_both(root, program.text)
    told = re.search(r"^# (\w+Error: .*?)(?: \.\.\.)?$", program.text, re.MULTILINE)
    if told:
        assert ended.code == 1
        assert last_line(ended.said).startswith(told[1])
        return
    assert (ended.code, ended.said) == (0, "")
    wanted = len(list(domains.rglob("[!_]*.yaml"))) if domains else program.text.count("app.synth()")
    assert len(ended.stacks) == wanted


def test_fifty_domains_with_every_backend_are_the_same_from_both(tmp_path: Path) -> None:
    varied.write(tmp_path, 50, seed=20261127)
    (tmp_path / "cdktf.json").write_text("{}")
    stacks = same_on_both(tmp_path, (REPOSITORY / "main.py").read_text()).stacks
    assert len(stacks) == 50
    assert {next(iter(stack["terraform"]["backend"])) for stack in stacks.values()} == {"local", "pg", "s3", "http"}


def test_the_tests_of_constructs_and_stacks_hold_on_cdktn() -> None:
    env = environment(ON_CDKTN)
    done = python(
        *("-m", "pytest", "-q", "-p", "tests.cdktn.in_place", "-p", "no:cacheprovider", "-m", "not slow"),
        *("tests/constructs_lib", "tests/stacks", "tests/recorder/test_names.py"),
        cwd=REPOSITORY,
        env=env | {"PYTHONPATH": f"{env['PYTHONPATH']}:{REPOSITORY}"},
    )
    assert done.returncode == 0, done.stdout[-5000:]
    (count,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(count) > 250


def test_cdktn_alone_will_do(tmp_path: Path) -> None:
    """Where somebody has taken cdktf away: nothing has to be set."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (own,) = Path(sys.prefix).glob("lib/python*/site-packages")
    for found in (*BESIDE.iterdir(), *own.iterdir()):
        if found.suffix != ".pth" and found.name not in ("cdktf", "cdktf-0.21.0.dist-info"):
            link = packages / found.name
            if not link.exists() and not (found.parent == own and found.name.startswith("constructs-")):
                link.symlink_to(found)
    root = project(tmp_path / "project")
    env = environment({"PYTHONPATH": f"{packages}:{REPOSITORY}"})
    bare = Path(sys.executable).resolve()  # not the one of .venv, which would find cdktf
    done = python("-c", SYNTHESISED, cwd=root, env=env, interpreter=bare)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == ["0.24.0", ""]
    doctor = " ".join(python("-m", "egress", "doctor", cwd=root, env=env, interpreter=bare).stdout.split())
    assert "fine cdktn 0.24.0 fine constructs 10.7" in doctor
    assert "fine CDK cdktn (the only one that is installed)" in doctor
    assert "cdktf" not in doctor.replace(str(root), "")

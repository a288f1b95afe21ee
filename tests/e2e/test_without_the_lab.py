"""The wheel without its extra `lab`: everything of egress works, no web server comes along, and a lab says what it lacks."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from egress.template.repository import write
from nsx_lab import Lab
from nsx_lab.extra import MODULES
from tests.e2e.installed import Installed

pytestmark = pytest.mark.e2e
ADVICE = "pip install 'tier0-egress[lab]'"
COMMANDS = ["check", "explain", "routes", "topology", "report", "doctor", "schema", "show", "seed", "plan", "apply"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What egress init writes."""
    write(tmp_path / "network")
    return tmp_path / "network"


def test_nothing_of_a_lab_is_installed(bare: Installed, tmp_path: Path) -> None:
    only = sorted({*MODULES, "google"} - {"h11"})  # h11 comes with the web client
    code = f"from importlib.util import find_spec; print([n for n in {only} if find_spec(n)])"
    assert bare.run("python", "-c", code, cwd=tmp_path).stdout == "[]\n"


CLIENTS = {"github": "forge", "gitlab": "forge", "boto3": "s3", "botocore": "s3", "cryptography": "s3", "requests": "forge", "urllib3": "forge"}  # fmt: skip
"""What only other extras bring. The modules that speak by them are imported by who asks for them, and by nobody else."""


def test_every_module_can_be_imported_but_those_of_other_extras(bare: Installed, tmp_path: Path) -> None:
    code = """
import importlib, pkgutil
count, lacking = 0, set()
for name in ("egress", "tier0_egress"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
                count += 1
            except ModuleNotFoundError as error:
                lacking.add(f"{module.name} {error.name.partition('.')[0]}")
print(count, *sorted(lacking), sep=chr(10))
"""
    count, *lacking = bare.run("python", "-c", code, cwd=tmp_path).stdout.splitlines()
    assert int(count) > 100
    assert {line.split()[1] for line in lacking} <= set(CLIENTS)
    assert {line.split()[0] for line in lacking} == {"egress.forge.github", "egress.forge.gitlab"}


def test_every_command_has_help(bare: Installed, tmp_path: Path) -> None:
    words = bare.run("egress", "--help", cwd=tmp_path).stdout.partition("Commands:")[2]
    commands = [line.split()[0] for line in words.splitlines() if line.startswith("  ") and line[2] != " "]
    assert {"lab", "init", "shell", *COMMANDS} <= set(commands)
    for command in commands:
        assert "Usage: egress" in bare.run("egress", command, "--help", cwd=tmp_path).stdout


def test_files_are_checked_explained_and_drawn(bare: Installed, repository: Path) -> None:
    for command, code in (("check", 0), ("show", 0), ("explain", 0), ("routes", 0), ("topology", 0), ("seed", 0)):
        bare.run("egress", command, "wld01", cwd=repository, code=code)
    said = bare.run("egress", "doctor", "wld01", cwd=repository, code=1).stdout
    assert "lab" in said
    assert ADVICE in said


def test_a_domain_is_planned_and_applied_on_a_manager(
    bare: Installed, repository: Path, any_engine: dict[str, str], tmp_path: Path
) -> None:
    with Lab(seed=json.loads(json.dumps(seed(load_domains(repository))))) as manager:
        (repository / "ca.pem").write_text(manager.ca_pem)
        file = repository / "domains" / "wld01.yaml"
        host = f"ca_file: ca.pem\n  host: {manager.host}"
        file.write_text(file.read_text().replace("host: nsx-wld01.example.com", host))
        credentials = {"NSXT_USERNAME": manager.username, "NSXT_PASSWORD": manager.password}
        env = any_engine | credentials | {"EGRESS_PROVIDER": f"mirror:{provider(tmp_path / 'mirror')}"}
        assert "Plan: 2 to add" in bare.run("egress", "plan", "wld01", cwd=repository, code=2, env=env).stdout
        assert "2 added" in bare.run("egress", "apply", "wld01", "--yes", cwd=repository, env=env).stdout
        bare.run("egress", "drift", "wld01", cwd=repository, env=env)
        bare.run("egress", "explain", "wld01", "--live", cwd=repository, env=env)


def provider(mirror: Path) -> Path:
    """A provider in a mirror that runs by itself, as the real one does: on the Python of these tests, whoever starts it."""
    subprocess.run([sys.executable, "-m", "nsx_lab", "mirror", mirror], check=True, capture_output=True)
    launchers = [file for file in mirror.rglob("terraform-provider-nsxt_*") if file.is_file()]
    assert launchers
    for launcher in launchers:
        launcher.chmod(stat.S_IRWXU)
        launcher.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m nsx_lab.provider\n")
    return mirror


@pytest.mark.parametrize(
    "command", [["egress", "lab", "wld01"], ["nsx-lab"], ["nsx-lab", "serve"], ["nsx-lab", "--help"]]
)
def test_a_lab_says_in_a_sentence_what_it_lacks(bare: Installed, repository: Path, command: list[str]) -> None:
    kept = repository / ".lab" / "state" / "wld01.tfstate"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    done = bare.run(*command, cwd=repository, code=1)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.endswith(f": {ADVICE}")
    assert "starlette" in line
    assert kept.read_text() == "{}", "the state of an earlier lab is not removed for nothing"


def test_a_lab_as_target_says_what_the_stand_in_lacks(
    bare: Installed, repository: Path, any_engine: dict[str, str]
) -> None:
    with Lab(seed=json.loads(json.dumps(seed(load_domains(repository))))) as lab:
        lab.write_lab_file(repository / "lab.json")
        env = any_engine | {"EGRESS_LAB": str(repository / "lab.json")}
        assert ADVICE in bare.run("egress", "plan", "wld01", cwd=repository, code=1, env=env).stderr


def test_the_python_face_of_the_lab_says_so_too(bare: Installed, tmp_path: Path) -> None:
    code = "try:\n    from nsx_lab import Lab\nexcept ImportError as error:\n    print(error)"
    assert ADVICE in bare.run("python", "-c", code, cwd=tmp_path).stdout

"""`egress init`: from an empty folder to an applied domain in three commands, with nothing but the installed wheel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import pytest

from egress.domain import HaMode, load_domains
from egress.template.repository import Ci, contents, write
from egress.toolchain.stack.synthesis import synthesised
from tests.e2e.installed import Installed
from tests.e2e.sites import EGRESS, REPOSITORY

pytestmark = pytest.mark.e2e
FILES = {
    "main.py",
    "cdktf.json",
    "requirements.txt",
    "requirements-lab.txt",
    "domains/wld01.yaml",
    "schemas/workload-domain.schema.json",
    "schemas/workload-domain-part.schema.json",
    ".gitignore",
    "README.md",
    ".github/actions/egress/action.yml",
    ".github/workflows/egress.yml",
    ".github/workflows/egress-comment.yml",
    ".github/workflows/egress-apply.yml",
    ".github/workflows/egress-nightly.yml",
    ".github/actionlint.yaml",
    ".github/zizmor.yml",
    ".egress-template.json",
}


@contextmanager
def running_lab(installed: Installed, root: Path) -> Iterator[dict[str, str]]:
    """`egress lab` as a process, until it is not needed any more; yields the variable that makes it the target."""
    file = root / ".lab" / "lab.json"
    command: list[str | Path] = [installed.bin / "egress", "lab"]
    process = subprocess.Popen(command, cwd=root, env=installed.environment(), start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not file.is_file():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield {"EGRESS_LAB": str(file)}
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def own_packages(root: Path) -> None:
    """What many CDKTF projects have beside main.py."""
    for name in ("stacks", "constructs_lib", "tests", "imports"):
        (root / name).mkdir()
        (root / name / "__init__.py").write_text("raise RuntimeError('not asked for')\n")


@pytest.mark.slow
def test_three_commands_from_an_empty_folder_to_an_applied_domain(installed: Installed, tmp_path: Path) -> None:
    where = "import egress, nsx_lab; print(egress.__file__, nsx_lab.__file__)"
    assert str(REPOSITORY / "egress") not in installed.run("python", "-c", where, cwd=tmp_path).stdout

    said = installed.run("egress", "init", "network", cwd=tmp_path)
    assert set(said.stdout.split()) == FILES
    root = tmp_path / "network"
    own_packages(root)
    installed.run("egress", "check", cwd=root)
    with running_lab(installed, root) as target:
        done = installed.run("egress", "apply", "wld01", "--yes", cwd=root, env=target)
        assert "2 added, 0 changed, 0 destroyed" in done.stdout
        assert "No changes." in installed.run("egress", "plan", cwd=root, env=target).stdout
        assert (
            "Terraform" in installed.run("egress", "shell", "--", "terraform", "version", cwd=root, env=target).stdout
        )
    assert not (root / "state").exists()


def test_what_it_writes_is_this_repositorys_own(tmp_path: Path) -> None:
    write(tmp_path)
    assert (tmp_path / "main.py").read_text() == (REPOSITORY / "main.py").read_text(), (
        "copy it to egress/template/files"
    )
    config = json.loads((tmp_path / "cdktf.json").read_text())
    ours = json.loads((REPOSITORY / "cdktf.json").read_text())
    assert config["projectId"] != ours["projectId"], "every project has its own"
    assert config | {"projectId": ""} == ours | {"projectId": ""}


def test_the_example_is_what_is_recommended_for_static_routing(tmp_path: Path) -> None:
    write(tmp_path)
    (domain,) = load_domains(tmp_path)
    assert (domain.tier0.ha_mode, len(domain.tier0.ha_vips)) == (HaMode.ACTIVE_STANDBY, 1)
    assert [mapping.source for mapping in domain.egress.mappings.values()] == list(domain.egress.ranges)
    assert domain.suppress == ()


def test_the_version_is_pinned_and_the_schema_is_where_the_domain_says(tmp_path: Path) -> None:
    write(tmp_path)
    text = (tmp_path / "requirements.txt").read_text()
    pins = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert pins[0] == f"tier0-egress=={metadata.version('tier0-egress')}"
    assert pins[1].startswith(f"tier0-egress[engine]=={metadata.version('tier0-egress')} ;")
    lab = [line for line in (tmp_path / "requirements-lab.txt").read_text().splitlines() if not line.startswith("#")]
    assert lab == ["-r requirements.txt", f"tier0-egress[lab]=={metadata.version('tier0-egress')}"]
    first = (tmp_path / "domains" / "wld01.yaml").read_text().splitlines()[0]
    schema = tmp_path / "domains" / first.removeprefix("# yaml-language-server: $schema=")
    assert json.loads(schema.read_text())["title"] == "Workload domain"
    for file, option in ((schema, []), (schema.with_name("workload-domain-part.schema.json"), ["--part"])):
        printed = subprocess.run([EGRESS, "schema", *option], capture_output=True, text=True, check=True)
        assert file.read_text() == printed.stdout, "the upgrade that requirements.txt describes writes the same"


def test_packages_of_the_users_own_are_left_alone_in_a_checkout_too(tmp_path: Path) -> None:
    write(tmp_path)
    own_packages(tmp_path)
    with synthesised(tmp_path, ["wld01"], lab=False) as made:
        assert list(made.folders) == ["wld01"]


@pytest.mark.parametrize("name", ["README.md", "domains/wld01.yaml", ".github/workflows/egress.yml"])
def test_a_file_that_is_there_is_left_and_told_and_the_others_are_written(tmp_path: Path, name: str) -> None:
    mine = tmp_path / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine")
    done = subprocess.run([EGRESS, "init", "."], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == FILES - {name}
    assert f"there already and left as they are: {name}\n" in done.stderr
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == FILES
    assert mine.read_text() == "mine"
    again = subprocess.run([EGRESS, "init", "."], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert again.stdout == ""
    assert mine.read_text() == "mine"


def test_lines_that_a_gitignore_lacks_are_named(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(".venv/\nstate/\n")
    done = subprocess.run([EGRESS, "init", "."], cwd=tmp_path, capture_output=True, text=True, check=True)
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("add to .gitignore: ")]
    assert ".lab/" in told
    assert " state/" not in told


def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "main.py").symlink_to(tmp_path.parent / "elsewhere.py")
    done = subprocess.run([EGRESS, "init", tmp_path], capture_output=True, text=True, check=True)
    assert "left as they are: main.py" in done.stderr
    assert not (tmp_path.parent / "elsewhere.py").exists()


def test_what_cannot_be_written_as_a_whole_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("a file where a folder is to be")
    done = subprocess.run([EGRESS, "init", tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("egress: ")
    assert "cannot be written" in done.stderr
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["schemas"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = subprocess.run([EGRESS, "init", tmp_path / "new"], capture_output=True, text=True, check=False)
    tmp_path.chmod(0o700)
    assert done.returncode == 1
    assert "cannot be written: Permission denied" in done.stderr


@pytest.mark.parametrize("ci", list(Ci))
def test_every_mark_is_filled_in_and_no_machine_is_named(ci: Ci) -> None:
    for name, content in contents(ci).items():
        assert "@install@" not in content, name
        assert "@lab@" not in content, name
        assert "@version@" not in content, name
        assert "@project_id@" not in content, name
        assert str(REPOSITORY) not in content, name

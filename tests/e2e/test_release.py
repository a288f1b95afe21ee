"""What a release hands out: the same bytes wherever it is built, a page that an index can show, a workflow that linters accept."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from email.parser import Parser
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import readme_renderer.markdown
import yaml

from tests.e2e.workflow import BASH

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
TEXT = WORKFLOW.read_text()
PAGE = (ROOT / "docs" / "package.md").read_text()


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make dist` fills; the tool itself fails when its two builds differ."""
    folder = tmp_path_factory.mktemp("dist")
    done = dist("--out", str(folder), SOURCE_DATE_EPOCH="1700000000")
    assert done.returncode == 0, done.stderr
    return folder


def dist(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, ROOT / "tools" / "dist.py", *arguments]
    return subprocess.run(command, env=os.environ | env, text=True, capture_output=True, check=False)


def test_wheel_and_sdist_have_their_hashes_beside_them(released: Path) -> None:
    lines = (released / "SHA256SUMS").read_text().splitlines()
    named = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {file.name: file for file in released.iterdir() if file.name != "SHA256SUMS"}
    assert {Path(name).suffix for name in files} == {".whl", ".gz"}
    assert named == {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def test_a_build_from_another_folder_at_another_time_gives_the_same_bytes(released: Path, tmp_path: Path) -> None:
    """The date that is set is all that counts; this is a copy of the checkout with other times."""
    tracked = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if tracked.returncode:
        pytest.skip("no git repository here")
    for name in filter(None, tracked.stdout.decode().split("\0")):
        if (ROOT / name).exists():
            (tmp_path / "a longer way" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / "a longer way" / name, follow_symlinks=False)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--sdist",
        "--no-isolation",
        "--outdir",
        tmp_path,
        tmp_path / "a longer way",
    ]
    subprocess.run(command, env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}, check=True, capture_output=True)
    for file in [*released.glob("*.whl"), *released.glob("*.tar.gz")]:
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


@pytest.mark.parametrize(
    "tag, words", [("v9.9.9", "allowed is v"), ("0.1.0", "allowed is v"), ("v0.1", "allowed is v")]
)
def test_a_tag_of_another_version_is_refused(tag: str, words: str, tmp_path: Path) -> None:
    done = dist("--tag", tag, "--out", str(tmp_path))
    assert done.returncode == 1
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_page_of_the_index_renders_and_leads_nowhere(released: Path) -> None:
    (wheel,) = released.glob("*.whl")
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata.get_payload() == PAGE
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_all("Project-URL") is None, "there is no public address yet, and a made-up one is no use"
    assert metadata["Home-page"] is None
    shown = readme_renderer.markdown.render(PAGE)
    assert shown is not None
    assert ">tier0-egress<" in shown
    assert re.findall(r'<img|href="(?!#)[^"]*"', shown) == [], "a link of the repository would lead nowhere there"
    assert "nobody owns it there" in PAGE


def test_the_page_shows_the_example_that_other_tests_run() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert program == (ROOT / "examples" / "constructs_alone.py").read_text()


@pytest.mark.parametrize("linter", [["actionlint"], ["zizmor", "--offline", "--no-progress", "."]])
def test_linters_find_nothing_in_the_workflow(linter: list[str], tmp_path: Path) -> None:
    place = tmp_path / ".github" / "workflows"
    place.mkdir(parents=True)
    shutil.copy(WORKFLOW, place)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    done = subprocess.run([BIN / linter[0], *linter[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_pinned_by_commit_and_rights_are_given_by_job() -> None:
    uses = re.findall(r"uses: (.*)", TEXT)
    assert len(uses) == 4
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in uses)
    loaded: dict[str, Any] = yaml.safe_load(TEXT)
    assert loaded["permissions"] == {}
    assert loaded["jobs"]["build"]["permissions"] == {"contents": "read", "id-token": "write", "attestations": "write"}
    assert loaded["jobs"]["draft"]["permissions"] == {"contents": "write"}
    assert not any("uses" in step for step in loaded["jobs"]["draft"]["steps"]), "nobody else's code gets to write"
    assert "secrets." not in TEXT
    assert "Not yet run" in TEXT


def test_the_workflow_builds_with_what_is_here_and_checks_the_hashes(released: Path, tmp_path: Path) -> None:
    jobs = yaml.safe_load(TEXT)["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert 'make dist TAG="$TAG"' in commands
    dry = subprocess.run(["make", "-n", "dist", "TAG=v1"], cwd=ROOT, text=True, capture_output=True, check=True)
    assert 'tools/dist.py --tag "v1"' in dry.stdout
    (check,) = [command for command in commands if "sha256sum" in command]
    shutil.copytree(released, tmp_path / "dist")
    assert subprocess.run([*BASH, "-c", check], cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    wheel.write_bytes(b"something else")
    assert subprocess.run([*BASH, "-c", check], cwd=tmp_path, capture_output=True, check=False).returncode == 1

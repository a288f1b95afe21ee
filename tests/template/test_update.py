"""`egress init --update`: what somebody changed stays, what the template changed comes, and where both did git's marks say so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.template import Ci, memory, repository, update, write
from egress.template.memory import Memory
from tests.e2e.sites import EGRESS
from tests.repositories import git

pytestmark = pytest.mark.slow
PINS = "requirements.txt"
ACTION = ".github/actions/egress/action.yml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of an older version: one line of the action, the version in the pins and a file were otherwise then."""
    write(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    as_it_was = memory.read(tmp_path)
    files = dict(as_it_was.files)
    files[PINS] = files[PINS].replace("==", "==0.0.9+")
    files[ACTION] = files[ACTION].replace('python-version: "3.12"', 'python-version: "3.11"')
    files["main.py"] = f"{files['main.py']}\n# an older end\n"
    del files[".github/zizmor.yml"]
    files["old.txt"] = "the template had it once\n"
    (tmp_path / ".github/zizmor.yml").unlink()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    older = Memory(as_it_was.ci, "0.0.9", as_it_was.project_id, files)
    (tmp_path / memory.FILE).write_text(older.text())
    commit(tmp_path)
    return tmp_path


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")


def test_what_nobody_changed_is_as_this_version_writes_it(root: Path) -> None:
    done = update(root)
    assert set(done.files) == {PINS, ACTION, "main.py", ".github/zizmor.yml"}
    assert (done.conflicts, done.left, done.dropped) == ((), (), ("old.txt",))
    fresh = repository.contents(Ci.GITHUB, memory.read(root).project_id)
    assert {name: (root / name).read_text() for name in fresh} == fresh, "with the project's own id"
    commit(root)
    assert update(root).files == ()


def test_what_somebody_changed_stays_beside_what_the_template_changed(root: Path) -> None:
    pins = (
        (root / PINS)
        .read_text()
        .replace("#--index-url https://packages.example.com", "--index-url https://our.example.com")
    )
    (root / PINS).write_text(pins)
    (root / "domains" / "wld01.yaml").unlink()
    commit(root)
    done = update(root)
    assert "--index-url https://our.example.com/simple\n" in (root / PINS).read_text()
    assert "0.0.9" not in (root / PINS).read_text()
    assert done.conflicts == ()
    assert done.left == ("domains/wld01.yaml",)
    assert not (root / "domains" / "wld01.yaml").exists()


def test_lines_that_both_changed_are_marked_and_the_command_says_so(root: Path) -> None:
    text = (root / ACTION).read_text()
    (root / ACTION).write_text(text.replace('python-version: "3.11"', 'python-version: "3.13"'))
    commit(root)
    done = subprocess.run([EGRESS, "init", "--update", root], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert f"look for <<<<<<<: {ACTION}" in done.stderr
    merged = (root / ACTION).read_text()
    assert "<<<<<<< yours" in merged
    assert "||||||| as egress 0.0.9 wrote it" in merged


def test_what_could_not_be_taken_back_is_not_updated(root: Path) -> None:
    (root / PINS).write_text("mine\n")
    with pytest.raises(EgressError, match=r"not committed: requirements.txt: commit it first"):
        update(root)
    assert (root / PINS).read_text() == "mine\n"


def test_a_file_that_was_somebodys_own_at_the_beginning_is_no_business_of_ours(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine\n")
    write(tmp_path)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    assert "README.md" not in memory.read(tmp_path).files
    assert update(tmp_path).files == ()
    assert (tmp_path / "README.md").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "what egress init wrote there is not known"),
        ("{", "cannot be read"),
        (json.dumps({"format": "egress-template", "version": 2}), r"cannot be read \(.*\): take it from git again"),
    ],
)
def test_a_memory_that_is_not_there_or_damaged_is_a_sentence(tmp_path: Path, text: str | None, sentence: str) -> None:
    if text is not None:
        (tmp_path / memory.FILE).write_text(text)
    with pytest.raises(EgressError, match=sentence):
        update(tmp_path)


def test_a_folder_without_git_is_not_updated(tmp_path: Path) -> None:
    write(tmp_path, Ci.NONE)
    with pytest.raises(EgressError, match="git does not know"):
        update(tmp_path)

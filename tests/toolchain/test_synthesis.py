"""What main.py is told: the stacks to make, however many."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from egress.toolchain.stack.synthesis import synthesised

pytestmark = pytest.mark.slow

ECHO = """
import json
from pathlib import Path
from tier0_egress.stacks import Settings

settings = Settings.from_environment(Path(__file__).parent)
(settings.outdir / "manifest.json").write_text(json.dumps({"stacks": dict.fromkeys(settings.stacks)}))
"""


@pytest.mark.parametrize("many", [1, 3, 15_000])
def test_any_number_of_stacks_can_be_named(tmp_path: Path, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """15,000 such names are 180 KiB; Linux takes no variable of 128."""
    monkeypatch.setenv("EGRESS_STACKS", "left-from-a-shell")
    monkeypatch.setenv("EGRESS_STACKS_FILE", "left-from-a-shell")
    (tmp_path / "main.py").write_text(ECHO)
    names = [f"prod-wld{n:05}" for n in range(many)]
    with synthesised(tmp_path, names, lab=False) as made:
        assert list(made.folders) == names


TELLS = """
import json, os, sys
from pathlib import Path
import colorsys  # which nothing of egress loads
import beside
told = {
    "forked": "egress.toolchain.stack.synthesis" in sys.modules,
    "cwd": os.getcwd(), "argv": sys.argv, "name": __name__, "path": sys.path, "stdin": sys.stdin.read(), "beside": beside.WORD,
    "click": getattr(__import__("click"), "WORD", "the library"), "stacks": os.environ["EGRESS_STACKS"],
    "constructs": __import__("constructs").Construct.__module__,
}
Path("told.json").write_text(json.dumps(told))
print("on standard error", file=sys.stderr)
(Path(os.environ["CDKTF_OUTDIR"]) / "manifest.json").write_text(json.dumps({"stacks": {"wld01": None}}))
"""
ALONE = """
import sys, pathlib
import click
from egress.toolchain.stack.synthesis import synthesised
{before}
with synthesised(pathlib.Path(sys.argv[1]), ["wld01"], lab=False) as made:
    print(made.notes)
"""


def told(root: Path, before: str) -> dict[str, object]:
    """What main.py finds, asked by a process of which `before` is done first."""
    (root / "main.py").write_text(TELLS)
    (root / "beside.py").write_text("WORD = 'of the project'\n")
    script = root.parent / "alone.py"
    script.write_text(ALONE.format(before=before))
    done = subprocess.run(
        [sys.executable, script, root],
        cwd=root.parent,
        check=True,
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout == "on standard error\n"
    return dict(json.loads((root / "told.json").read_text()))


NEW_PROCESS = {
    "a module beside main.py that hides one of ours": ("", "click.py"),
    "a folder beside main.py that hides one of ours": ("", "click/__init__.py"),
    "a thread": ("import threading, time\nthreading.Thread(target=time.sleep, args=(5,), daemon=True).start()", ""),
    "a CDK that is loaded": ("import constructs", ""),
    "a path that depends on where one stands": ("sys.path.append('')", ""),
}


@pytest.mark.parametrize("case", NEW_PROCESS)
def test_where_a_fork_would_find_something_else_main_py_runs_in_a_new_process(tmp_path: Path, case: str) -> None:
    before, file = NEW_PROCESS[case]
    root = tmp_path / "project"
    root.mkdir()
    if file:
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text("WORD = 'the one beside it'\n")
    found = told(root, before)
    assert found["forked"] is False
    assert found["click"] == ("the one beside it" if file else "the library")


def test_main_py_finds_in_a_fork_what_it_finds_in_a_new_process(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    fork = told(root, "")
    new = told(root, "sys.path.append('')")
    assert (fork.pop("forked"), new.pop("forked")) == (True, False)
    assert fork == new
    assert (fork["argv"], fork["cwd"], fork["beside"]) == (["main.py"], str(root), "of the project")

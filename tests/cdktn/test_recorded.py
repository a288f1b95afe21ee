"""The recorder writes what cdktn writes, byte by byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cdktn.second import ON_CDKTN, REPOSITORY, environment, needed, project, python
from tests.recorder import varied

pytestmark = [pytest.mark.slow, needed]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def same_from_both(root: Path) -> dict[str, bytes]:
    """What main.py of a project writes on the recorder, after it wrote the same on cdktn."""
    out, env = root / "cdktf.out", environment(ON_CDKTN)
    done = python("main.py", cwd=root, env=env)
    assert done.returncode == 0, done.stderr
    by_cdktn = files(out)
    shutil.rmtree(out)
    done = python("-m", "egress.recorder", "main.py", "why", cwd=root, env=env)
    assert done.returncode == 0, (root / "why").read_text()
    assert files(out) == by_cdktn
    return by_cdktn


@pytest.mark.parametrize("domains", ["domains", "examples/domains", "egress/template/files/domains"])
def test_every_example_is_the_same_from_both(tmp_path: Path, domains: str) -> None:
    assert b'"version": "0.24.0"' in same_from_both(project(tmp_path, REPOSITORY / domains))["manifest.json"]


def test_fifty_domains_with_every_backend_are_the_same_from_both(tmp_path: Path) -> None:
    varied.write(tmp_path, 50, seed=20261127)
    shutil.copy(REPOSITORY / "main.py", tmp_path)
    (tmp_path / "cdktf.json").write_text("{}")
    assert len(same_from_both(tmp_path)) == 51

"""The recorder writes what cdktf writes, byte by byte: for every example, every backend and five hundred domains that differ."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from egress.layout import LAB_FOLDER
from egress.recorder import HANDED_OVER
from tests.recorder import varied

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
LAB = {"format": "nsx-lab", "version": 1, "host": "127.0.0.1:40443", "username": "admin", "password": "lab-password"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB1e289+/abc\n-----END CERTIFICATE-----\n"


def synthesise(root: Path, out: Path, *, recorder: bool, **env: str) -> dict[str, bytes]:
    """Runs main.py of a project; the files it made, by path."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("EGRESS_", "NSXT_", "CDKTF_"))}
    out.mkdir(parents=True)
    program = ["-m", "egress.recorder", "main.py", str(out.with_name("why"))] if recorder else ["main.py"]
    done = subprocess.run(
        [sys.executable, *program],
        cwd=root,
        env=kept | env | {"CDKTF_OUTDIR": str(out)},
        capture_output=True,
        text=True,
        check=False,
    )
    why = out.with_name("why").read_text() if done.returncode == HANDED_OVER else ""
    assert done.returncode == 0, why or done.stderr
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def both(root: Path, scratch: Path, **env: str) -> dict[str, bytes]:
    """The files of a project, the same from both. `scratch`: a folder below which both write."""
    recorded = synthesise(root, scratch / "recorded" / "out", recorder=True, **env)
    by_cdktf = synthesise(root, scratch / "cdktf" / "out", recorder=False, **env)
    assert recorded == by_cdktf
    return recorded


def project(folder: Path, domains: Path) -> Path:
    folder.mkdir()
    shutil.copy(REPOSITORY / "main.py", folder)
    (folder / "cdktf.json").write_text("{}")
    shutil.copytree(domains, folder / "domains")
    return folder


@pytest.mark.parametrize("domains", ["domains", "examples/domains", "egress/template/files/domains"])
def test_every_example_is_the_same_from_both(tmp_path: Path, domains: str) -> None:
    made = both(project(tmp_path / "project", REPOSITORY / domains), tmp_path)
    assert len(made) == 1 + len(list((tmp_path / "project" / "domains").rglob("[!_]*.yaml")))


def test_a_lab_is_the_same_from_both(tmp_path: Path) -> None:
    root = project(tmp_path / "project", REPOSITORY / "domains")
    (root / "lab.json").write_text(json.dumps(LAB | {"ca": PEM, "control_token": "lab-token", "pid": 1}))
    made = both(root, root / LAB_FOLDER, EGRESS_LAB=str(root / "lab.json"))
    assert b"127.0.0.1:40443" in made["stacks/wld01/cdk.tf.json"]


def test_five_hundred_domains_are_the_same_from_both(tmp_path: Path) -> None:
    root = tmp_path / "project"
    varied.write(root, 500, seed=20261126)
    shutil.copy(REPOSITORY / "main.py", root)
    (root / "cdktf.json").write_text("{}")
    made = both(root, tmp_path)
    assert len(made) == 501
    together = b"".join(made.values())
    for word in (
        b'"pg"',
        b'"s3"',
        b'"http"',
        b'"local"',
        b"prevent_destroy",
        b"_bfd_peer",
        b"REFLEXIVE",
        b"SNAT",
        b"display_name",
    ):
        assert word in together, "the generated domains leave something out"

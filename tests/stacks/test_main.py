"""main.py as it is run: a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

Checkout = Callable[[str], Path]
LAB = {"format": "nsx-lab", "version": 1, "host": "127.0.0.1:40443", "username": "admin", "password": "lab-password"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def main(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "CDKTF_", "JSII_"))}
    command = [sys.executable, "main.py"]
    return subprocess.run(command, cwd=folder, env=clean | env, capture_output=True, text=True, check=False)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def lab_file(folder: Path) -> str:
    file = folder / "lab.json"
    file.write_text(json.dumps(LAB | {"ca": PEM, "control_token": "lab-token", "pid": 1}))
    return str(file)


def test_two_checkouts_give_equal_bytes_quietly(project: Checkout) -> None:
    one, two = project("one"), project("a/longer way/to two")
    for folder in (one, two):
        done = main(folder)
        assert (done.returncode, done.stdout) == (0, "")
        assert all(": warning: " in line or line.startswith("    fix: ") for line in done.stderr.splitlines())
    assert hashes(one / "cdktf.out") == hashes(two / "cdktf.out")
    assert {"manifest.json", "stacks/wld01/cdk.tf.json"} <= hashes(one / "cdktf.out").keys()


def test_no_stack_holds_a_secret_or_a_path_of_this_machine(project: Checkout) -> None:
    folder = project("checkout")
    done = main(folder, NSXT_USERNAME="somebody", NSXT_PASSWORD="hunter2", PG_CONN_STR="postgres://u:hunter2@h/d")
    assert done.returncode == 0
    texts = [path.read_text() for path in (folder / "cdktf.out").rglob("*") if path.is_file()]
    assert len(texts) >= 3
    for text in texts:
        for word in ("hunter2", "somebody", str(folder), str(Path.home()), sys.prefix):
            assert word not in text


def test_one_stack_may_be_asked_for(project: Checkout) -> None:
    folder = project("checkout")
    assert main(folder, EGRESS_STACKS="wld01").returncode == 0
    assert list(json.loads((folder / "cdktf.out" / "manifest.json").read_text())["stacks"]) == ["wld01"]


def test_stacks_may_be_named_in_a_file(project: Checkout) -> None:
    folder = project("checkout")
    (folder / "names").write_text("wld01\n")
    assert main(folder, EGRESS_STACKS_FILE="names").returncode == 0
    assert list(json.loads((folder / "cdktf.out" / "manifest.json").read_text())["stacks"]) == ["wld01"]


@pytest.mark.parametrize(
    "content, words", [(b"\n \n", "names no stack"), (b"\xff", "it is no text"), (None, "No such file")]
)
def test_a_file_that_names_no_stack_is_not_taken_for_all(project: Checkout, content: bytes | None, words: str) -> None:
    folder = project("checkout")
    if content is not None:
        (folder / "names").write_bytes(content)
    done = main(folder, EGRESS_STACKS_FILE="names")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_stack_that_no_file_gives_is_told_in_a_sentence(project: Checkout) -> None:
    done = main(project("checkout"), EGRESS_STACKS="wld99")
    assert done.returncode == 1
    assert "wld99" in done.stderr
    assert "wld01" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "old, new, word",
    [
        ("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE", "domains/wld01.yaml:9:12: tier0.ha_mode: "),
        ("translated: 10.27.51.147", "translated: 10.27.51.145", "translated 10.27.51.145 is used already"),
    ],
)
def test_wrong_file_is_told_without_a_traceback(project: Checkout, old: str, new: str, word: str) -> None:
    folder = project("checkout")
    file = folder / "domains" / "wld01.yaml"
    file.write_text(file.read_text().replace(old, new))
    done = main(folder)
    assert done.returncode == 1
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "cdktf.out" / "manifest.json").exists()


def test_cdktf_may_choose_the_output_folder(project: Checkout, tmp_path: Path) -> None:
    assert main(project("checkout"), CDKTF_OUTDIR=str(tmp_path / "out")).returncode == 0
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_lab_has_an_output_folder_of_its_own(project: Checkout, tmp_path: Path) -> None:
    folder = project("checkout")
    assert main(folder, EGRESS_LAB=lab_file(tmp_path)).returncode == 0
    made = json.loads((folder / ".lab" / "cdktf.out" / "stacks" / "prod-wld02" / "cdk.tf.json").read_text())
    assert made["provider"]["nsxt"][0]["host"] == "127.0.0.1:40443"
    assert list(made["terraform"]["backend"]) == ["local"]
    assert not (folder / "cdktf.out").exists()


def test_lab_never_writes_outside_of_its_folder(project: Checkout, tmp_path: Path) -> None:
    folder = project("checkout")
    done = main(folder, EGRESS_LAB=lab_file(tmp_path), CDKTF_OUTDIR="cdktf.out")
    assert done.returncode == 1
    assert "say .lab/cdktf.out" in done.stderr
    assert not (folder / "cdktf.out").exists()


def test_real_stacks_never_go_into_the_labs_folder(project: Checkout) -> None:
    done = main(project("checkout"), CDKTF_OUTDIR=".lab/cdktf.out")
    assert done.returncode == 1
    assert "is for labs only" in done.stderr


def test_lab_that_is_gone_is_told_in_a_sentence(project: Checkout) -> None:
    done = main(project("checkout"), EGRESS_LAB="gone.json")
    assert done.returncode == 1
    assert "'gone.json'" in done.stderr
    assert "Traceback" not in done.stderr

"""The command line as a user meets it: a process, its exit code, and what it says where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EGRESS = Path(sys.executable).with_name("egress")
REPOSITORY = Path(__file__).resolve().parents[2]


def egress(*arguments: str, cwd: Path = REPOSITORY, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("EGRESS_", "NSXT_"))}
    return subprocess.run([EGRESS, *arguments], cwd=cwd, env=clean | env, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("arguments", [[], ["nope"], ["seed", "--nope"], ["--root", "/nowhere/at/all", "seed"]])
def test_bad_usage_is_exit_1_with_a_hint(arguments: list[str]) -> None:
    done = egress(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Usage: egress" in done.stderr


def test_help_names_the_exit_codes_and_every_command_says_what_it_does() -> None:
    done = egress("--help")
    assert done.returncode == 0
    assert "130 after Ctrl-C" in done.stdout
    for command in ("plan", "apply", "destroy", "drift", "seed", "lab"):
        assert f"\n  {command} " in done.stdout
        assert len(egress(command, "--help").stdout) > 200, f"egress {command} --help is worth reading"


def test_outside_a_project_it_says_what_to_do(tmp_path: Path) -> None:
    done = egress("seed", cwd=tmp_path)
    assert done.returncode == 1
    assert "no cdktf.json" in done.stderr
    assert "--root" in done.stderr


def test_an_unknown_stack_is_answered_with_the_known_ones() -> None:
    done = egress("seed", "wld99")
    assert done.returncode == 1
    assert "no stack 'wld99', there are: " in done.stderr


def test_a_lab_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    done = egress("plan", "wld01", EGRESS_LAB=str(tmp_path / "gone.json"))
    assert done.returncode == 1
    assert "does not exist: is the lab still running?" in done.stderr


@pytest.mark.parametrize("text", ["", "{}", '{"format": "nsx-lab", "version": 2}', "not json"])
def test_a_lab_file_of_another_format_is_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "lab.json"
    file.write_text(text)
    done = egress("plan", "wld01", EGRESS_LAB=str(file))
    assert done.returncode == 1
    assert "is not a lab file of version 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_real_manager_without_a_real_provider_is_refused_with_the_way_to_a_mirror(tmp_path: Path) -> None:
    done = egress("--root", str(project(tmp_path)), "plan", "wld01", NSXT_USERNAME="u", NSXT_PASSWORD="p")
    assert done.returncode == 1
    assert "there is no real provider" in done.stderr
    assert "EGRESS_PROVIDER=mirror:DIR" in done.stderr


def test_a_wrong_domain_file_is_told_by_line_and_column(tmp_path: Path) -> None:
    root = project(tmp_path)
    file = root / "domains" / "wld01.yaml"
    file.write_text(file.read_text().replace("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE"))
    done = egress("--root", str(root), "seed")
    assert done.returncode == 1
    assert (
        "domains/wld01.yaml:9:12: tier0.ha_mode: 'ACTIVE' is not allowed here, allowed is ACTIVE_ACTIVE or ACTIVE_STANDBY"
        in done.stderr.splitlines()
    )


def test_nothing_is_coloured_when_piped() -> None:
    assert "\x1b[" not in egress("--help").stdout + egress("seed").stdout


def project(folder: Path) -> Path:
    """A project with the golden domain, and no memory of a registry."""
    (folder / "domains").mkdir()
    for name in ("cdktf.json", "main.py", "domains/wld01.yaml"):
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    return folder


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["schema"], ["check"], ["show", "wld01", "--json"], ["explain", "wld01"]])
def test_a_full_disk_behind_standard_output_is_a_sentence(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([EGRESS, *arguments], cwd=REPOSITORY, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "egress: cannot go on: No space left on device"


def test_what_a_user_types_is_shown_and_not_obeyed() -> None:
    for arguments in (
        ["\x1b]0;title\x07"],
        ["check", "\x9b31m\u202e"],
        ["seed", "--\x1b[31m"],
        ["check", "[/foo].yaml"],
    ):
        done = egress(*arguments)
        assert done.returncode == 1
        assert not set(done.stdout + done.stderr) & set("\x1b\x07\x9b\u202e")
        assert "\\x1b" in done.stderr or "\\x9b31m\\u202e" in done.stderr or "[/foo].yaml" in done.stderr


def test_unprotect_keeps_line_ends_and_the_mode_of_the_file(tmp_path: Path) -> None:
    root = project(tmp_path)
    file = root / "domains" / "wld01.yaml"
    before = file.read_bytes().replace(b"\n", b"\r\n")
    file.write_bytes(before)
    file.chmod(0o640)
    done = egress("--root", str(root), "unprotect", "wld01", "--yes")
    assert done.returncode == 0, done.stderr
    assert file.read_bytes().replace(b"  protect: false\r\n", b"") == before
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["wld01.yaml"]


def test_unprotect_of_a_file_that_is_no_text_is_a_sentence(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "domains" / "wld01.yaml").write_bytes(b"\xff\xfe")
    done = egress("--root", str(root), "unprotect", "wld01", "--yes")
    assert (done.returncode, done.stderr) == (1, "domains/wld01.yaml:1:1: not UTF-8 text (byte 0), save it as UTF-8\n")


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "there is no such file in the project folder"), ("no PEM", "it holds no certificate in PEM form")],
)
def test_a_ca_file_that_cannot_be_used_is_told_by_check_and_doctor(
    tmp_path: Path, content: str | None, why: str
) -> None:
    root = project(tmp_path)
    file = root / "domains" / "wld01.yaml"
    file.write_text(file.read_text().replace("  host: nsx", "  ca_file: certs/ca.pem\n  host: nsx"))
    (root / "certs").mkdir()
    if content:
        (root / "certs" / "ca.pem").write_text(content)
    told = f"'certs/ca.pem' cannot be used: {why}"
    for where, cwd in (([], root), (["domains/wld01.yaml"], root), (["wld01.yaml"], root / "domains")):
        done = egress("check", *where, cwd=cwd)
        assert done.returncode == 2
        assert f"wld01.yaml:6:12: error: nsx.ca_file: {told}" in done.stdout
    doctor = egress("doctor", cwd=root)
    assert doctor.returncode == 1
    assert f"nsx.ca_file {told}" in doctor.stdout
    assert egress("explain", "wld01", cwd=root).returncode == 2, "what asks nobody needs no authority"


@pytest.mark.parametrize(
    ("arguments", "env", "told"),
    [
        (["affected", "--base", ""], {}, "'' is no git reference"),
        (
            ["affected", "--base", "."],
            {"EGRESS_SYNTH": "cdktf", "JSII_NODE": "/nowhere"},
            "JSII_NODE=/nowhere is no program: unset it",
        ),
        (
            ["affected", "--base", "."],
            {"EGRESS_SYNTH": "cdktf", "JSII_NODE": "/tmp"},
            "JSII_NODE=/tmp is no program: unset it",
        ),
        (["lab", "wld01"], {}, "egress: cannot go on: "),
    ],
)
def test_what_a_user_can_break_around_a_project_is_a_sentence(
    tmp_path: Path, arguments: list[str], env: dict[str, str], told: str
) -> None:
    root = project(tmp_path)
    (root / ".lab").write_text("a file where a folder is to be")
    done = egress(*arguments, cwd=root, **env)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr

"""egress diagnose as a user meets it: what it reads, what it refuses, what it prints. The texts themselves: tests/diagnosis/texts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import pytest

from tests.cli.conftest import Run

REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT = (
    'Failed to pull image "k8s.gcr.io/busybox": rpc error: code = Unknown desc = Error response from daemon: Get '
    "https://k8s.gcr.io/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while "
    "awaiting headers)"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the golden domain."""
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    shutil.copy(REPOSITORY / "domains/wld01.yaml", tmp_path / "domains")
    return tmp_path


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (b"x" * ((16 << 20) + 1), "more than 16 MiB"),
        (b"\n" * 300_001 + b"x", "more than 300,000 lines"),
        (b'{"apiVersion": "v1", "items": [', "this begins as kubectl's JSON and is none"),
        (b"Readiness probe failed: x", 'are about other things: "Readiness probe failed: x"'),
    ],
)
def test_what_is_not_read_is_refused_in_a_sentence(run: Run, stdin: bytes, said: str) -> None:
    code, text = run("diagnose", "wld01", stdin=stdin)
    assert code == 1
    assert said in text


def test_one_standard_input_is_not_two_things(run: Run) -> None:
    with pytest.raises(click.UsageError, match="cannot both come from standard input"):
        run("diagnose", "wld01", "--plan", "-", stdin=TIMEOUT)


def test_diagnose_says_in_json_what_was_pulled_later(run: Run) -> None:
    text = f'  Warning  Failed  3m  kubelet  {TIMEOUT}\n  Normal  Pulled  1m  kubelet  Successfully pulled image "k8s.gcr.io/busybox"'
    code, said = run("diagnose", "wld01", "--json", stdin=text)
    value = json.loads(said)
    assert (code, value["failures"]) == (0, [])
    assert [one["cause"] for one in value["over"]] == ["connection timed out"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_diagnose_reads_what_powershell_wrote(run: Run, encoding: str) -> None:
    code, text = run("diagnose", "wld01", stdin=TIMEOUT.encode(encoding))
    assert (code, text.splitlines()[0]) == (2, "connection timed out: k8s.gcr.io")


def test_diagnose_tells_no_more_failures_than_a_person_reads(run: Run) -> None:
    many = "\n".join(
        f'Failed to pull image "harbor.example.com/a": dial tcp 203.0.113.{number}:443: i/o timeout'
        for number in range(1, 31)
    )
    code, text = run("diagnose", "wld01", stdin=many)
    assert code == 2
    assert text.count("connection timed out: ") == 20
    assert "10 more failures are not told" in text


def test_diagnose_reads_kubectls_json_and_names_the_pod(run: Run) -> None:
    event = {
        "kind": "Event",
        "involvedObject": {"kind": "Pod", "name": "web-1"},
        "reason": "Failed",
        "message": f"{TIMEOUT} \x1b[31m",
    }
    code, text = run("diagnose", "wld01", "--json", stdin=json.dumps({"kind": "List", "items": [event]}))
    (failure,) = json.loads(text)["failures"]
    assert (code, failure["object"], failure["stage"], failure["cause"]) == (
        2,
        "pod/web-1",
        None,
        "connection timed out",
    )
    code, text = run("diagnose", "wld01", stdin=json.dumps({"kind": "List", "items": [event]}))
    assert "of pod/web-1" in text
    assert "\x1b" not in text

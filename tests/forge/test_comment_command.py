"""`egress comment`: what is posted, what is refused, and that no token and no markup of strangers gets through."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import egress.cli as cli
from egress.review.planned_run import FailedPlan
from tests.forge.conftest import JOB
from tests.forge.github import Forge, error
from tests.review.gate_plans import REPOSITORY
from tests.review.test_gate_command import LOSES_A_RULE, save

MARK = "<!-- tier0-egress: pull-request -->"


@pytest.fixture
def env(job: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is the job."""
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    for name in ("GITHUB_EVENT_PATH", "EGRESS_FORGE_LOGIN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "comment.md"
    file.write_text("### wld01: **1 to DESTROY**\n")
    return file


def run(*words: str | Path) -> int:
    return cli.run(["comment", *map(str, words)])


def of_a_fork(tmp_path: Path) -> Path:
    head = {"full_name": "mallory/egress", "owner": {"login": "mallory"}}
    event = {
        "workflow_run": {"head_repository": head, "head_branch": "change", "head_sha": "c" * 40, "pull_requests": []}
    }
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    return file


@pytest.mark.usefixtures("env")
def test_a_file_is_posted_and_a_second_push_updates_it(
    forge: Forge, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(text, "--to", "github") == 0
    assert forge.comments[0]["body"] == f"{MARK}\n### wld01: **1 to DESTROY**"
    text.write_text("nothing changes\n")
    assert run(text, "--to", "github") == 0
    assert [one["body"] for one in forge.comments] == [f"{MARK}\nnothing changes"]
    said = capsys.readouterr()
    page = forge.comments[0]["html_url"]
    assert said.err.splitlines() == [f"the comment: made ({page})", f"the comment: updated ({page})"]
    assert said.out == ""


@pytest.mark.usefixtures("env")
def test_a_folder_of_plans_is_told_in_our_own_words(forge: Forge, tmp_path: Path) -> None:
    FailedPlan("wld01", "no route to @ops ![x](http://evil)").write(tmp_path / "plans")
    assert run(tmp_path / "plans", "--to", "github") == 0
    body = forge.comments[0]["body"]
    assert body.startswith(MARK)
    assert "wld01" in body
    assert "![x](" not in body.partition("```")[0]


@pytest.mark.usefixtures("env")
def test_the_gates_findings_stand_in_the_comment_where_they_are_asked_for(
    forge: Forge, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(REPOSITORY)
    plans = save(tmp_path / "plans", *LOSES_A_RULE)
    assert run(plans, "--to", "github") == 0
    assert "nat-rule-lost" not in forge.comments[0]["body"]
    assert run(plans, "--to", "github", "--gate") == 0
    assert "nat-rule-lost" in forge.comments[0]["body"]
    assert run(text, "--to", "github", "--gate") == 1
    monkeypatch.setenv("CI", "true")
    before = forge.comments[0]["body"]
    assert run(plans, "--to", "github", "--gate") == 1
    err = capsys.readouterr().err
    assert "is a file, and the gate judges plans" in err
    assert "the gate needs --base REF" in err
    assert forge.comments[0]["body"] == before


@pytest.mark.usefixtures("env")
def test_of_a_fork_markdown_is_refused_and_plans_and_text_are_told_as_a_strangers(
    forge: Forge, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.pull_requests = {13: ("mallory:change", "c" * 40)}
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(of_a_fork(tmp_path)))
    assert run(text, "--to", "github") == 1
    assert (
        "Markdown of strangers is not posted as it is: give the folder of its plans, or --body"
        in capsys.readouterr().err
    )
    assert forge.comments == []
    hostile = f"```\n</details>{MARK}\n@team ![x](http://evil) #1\n````\n/close\n::error::x"
    text.write_text(hostile)
    assert run("--body", text, "--to", "github") == 0
    (comment,) = forge.comments
    first, second, *rest = comment["body"].split("\n")
    assert (first, second) == (
        MARK,
        "Made by a run of a fork's own code, which may claim anything: nobody has looked into it.",
    )
    assert rest[1] == "`````text"
    assert [number for number, line in enumerate(rest) if line.startswith("`````")] == [1, len(rest) - 1]
    FailedPlan("wld01", "no route").write(tmp_path / "plans")
    assert run(tmp_path / "plans", "--to", "github") == 0
    assert len(forge.comments) == 1
    assert "Made by a run of a fork" in forge.comments[0]["body"]


@pytest.mark.usefixtures("env")
@pytest.mark.parametrize("raw, why", [
    (b"x" * 60_001, "is longer than 60,000 bytes"),
    (b"\xff\xfe", "is no text in UTF-8"),
    (b" \n", "is empty"),
])  # fmt: skip
def test_a_text_that_cannot_be_a_comment_is_refused(
    forge: Forge, text: Path, raw: bytes, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text.write_bytes(raw)
    for words in ([text], ["--body", text]):
        assert run(*words, "--to", "github") == 1
        assert why in capsys.readouterr().err
    assert forge.asked == []


@pytest.mark.usefixtures("env")
def test_a_refusal_of_the_forge_is_one_line_without_the_token(
    forge: Forge, text: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for said in (error(401, "Bad credentials"), error(403, f"no {JOB}")):
        forge.plan("GET .*", said)
        assert run(text, "--to", "github") == 1
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == 2
    assert "Traceback" not in err
    assert JOB not in out + err
    assert forge.comments == []


def test_a_file_stands_in_for_a_forge(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out" / "posted.md"
    assert run(text, "--to", f"file:{target}") == 1
    assert "there is no folder" in capsys.readouterr().err
    target.parent.mkdir()
    for done in ("made", "unchanged"):
        assert run(text, "--to", f"file:{target}") == 0
        assert capsys.readouterr().err == f"the comment: {done} ({target})\n"
    assert target.read_text() == f"{MARK}\n### wld01: **1 to DESTROY**\n"


WRONG = [
    ({}, "GITHUB_REPOSITORY is not set"),
    ({"GITHUB_REPOSITORY": "../x"}, "is no repository, allowed is owner/name"),
    ({"GITHUB_REPOSITORY": "a/b"}, "GITHUB_TOKEN is not set"),
    ({"GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "a\nb"}, "GITHUB_TOKEN is no token"),
    ({"GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "t"}, "this job runs for no pull request"),
    ({"GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "t", "GITHUB_API_URL": "http://forge.example"}, "would send the token in the clear"),
    ({"GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "t", "GITHUB_API_URL": "ftp://x"}, "is no address of an API"),
    ({"GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "t", "GITHUB_EVENT_PATH": "/nowhere"}, "cannot be read"),
    ({"GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "t", "REQUESTS_CA_BUNDLE": "/nowhere"}, "names no file with certificates"),
]  # fmt: skip


@pytest.mark.parametrize("given, why", WRONG)
def test_a_wrong_environment_is_told_before_anything_is_sent(
    given: dict[str, str], why: str, text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_API_URL", "GITHUB_EVENT_PATH", "GITHUB_REF"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert run(text, "--to", "github") == 1
    err = capsys.readouterr().err
    assert why in err
    assert "Traceback" not in err


def test_without_the_clients_it_is_a_sentence(
    text: Path, env: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "egress.forge.github", raising=False)
    monkeypatch.setitem(sys.modules, "github", None)
    assert run(text, "--to", "github") == 1
    assert "not installed (github is missing): pip install 'tier0-egress[forge]'" in capsys.readouterr().err


def test_what_to_post_is_one_thing(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--to", f"file:{tmp_path / 'x'}") == 1
    assert run(text, "--body", text, "--to", f"file:{tmp_path / 'x'}") == 1
    assert run(text, "--to", "bitbucket") == 1
    err = capsys.readouterr().err
    assert err.count("one of DIR, FILE and --body FILE is needed") == 2
    assert "'bitbucket' is no forge, allowed is github, gitlab, file or file:PATH" in err


@pytest.mark.slow
def test_the_clients_are_loaded_only_where_one_is_used(text: Path, tmp_path: Path) -> None:
    code = f"import sys, egress.cli as cli; cli.run(['comment', {str(text)!r}, '--to', 'file:{tmp_path}/x']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert "'egress.forge'" in done.stdout
    for client in ("github", "gitlab", "requests"):
        assert f"'{client}'" not in done.stdout


@pytest.mark.slow
def test_the_local_forge_runs_in_a_process_of_its_own(tmp_path: Path, text: Path) -> None:
    """As whole workflows use it: the address in a file, a journal of every request."""
    port, journal = tmp_path / "port", tmp_path / "journal"
    command = [sys.executable, "-m", "tests.forge.github", "--port-file", str(port), "--journal", str(journal)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [*command, "--pull-request", "7", "--token", "t"], cwd=root, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == port.read_text()
            env = {"GITHUB_API_URL": port.read_text(), "GITHUB_REPOSITORY": "acme/egress", "GITHUB_TOKEN": "t"}
            env |= {"GITHUB_REF": "refs/pull/7/merge", "NO_PROXY": "*"}
            egress = Path(sys.executable).with_name("egress")
            done = subprocess.run(
                [egress, "comment", text, "--to", "github"], env=env, text=True, capture_output=True, check=False
            )
            assert done.returncode == 0, done.stderr
        finally:
            process.terminate()
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [one["method"] for one in lines if one["method"] != "GET"] == ["POST"]
    assert {one["problem"] for one in lines} == {""}

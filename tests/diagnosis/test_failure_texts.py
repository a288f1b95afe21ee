"""The texts of tests/diagnosis/texts: each with the stage that it names, the target, the verdict, what is walked, and the exit code."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress.diagnosis.diagnosis import diagnoses
from egress.diagnosis.failure import Cause, Failure, Stage
from egress.diagnosis.failure_texts import read
from egress.diagnosis.suspicion import wishes
from egress.domain import WorkloadDomain
from egress.reachability.view import view as view_of
from tests.cli.conftest import Run, run

__all__ = ["run"]

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "texts"
TEXTS: dict[str, list[dict[str, Any]]] = {
    file.stem: yaml.safe_load(file.read_text()) for file in sorted(FOLDER.glob("*.yaml"))
}
FAILED = [case for kind, cases in TEXTS.items() if kind != "none" for case in cases]
NONE = TEXTS["none"]


def test_a_text_is_shown_as_the_message_that_it_is() -> None:
    (case,) = [case for case in FAILED if case["name"].startswith("two lines of a log")]
    assert [failure.text.count("time=") for failure in read(case["text"]).failures] == [1, 1]


def named(failure: Failure) -> dict[str, Any]:
    """Whom a failure was about, as far as the text tells it."""
    told = {
        "host": failure.host,
        "address": failure.address,
        "port": failure.port,
        "server": failure.server,
        "proxy": failure.proxy,
    }
    return {key: value if isinstance(value, int) else str(value) for key, value in told.items() if value is not None}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("case", FAILED, ids=lambda case: case["name"])
def test_a_text_tells_its_stage_its_target_and_its_cause(case: dict[str, Any]) -> None:
    failures = read(case["text"]).failures
    verdicts = listed(case["verdict"])
    assert [failure.cause.value for failure in failures] == (
        verdicts * len(failures) if len(verdicts) == 1 else verdicts
    )
    assert {failure.stage.value if failure.stage else None for failure in failures} == {case["stage"]}
    assert [named(failure) for failure in failures] == listed(case["target"])


@pytest.mark.parametrize("case", FAILED, ids=lambda case: case["name"])
def test_what_the_text_names_is_walked_to_and_nothing_else(case: dict[str, Any], golden: WorkloadDomain) -> None:
    failures = read(case["text"]).failures
    found = diagnoses(view_of(golden, wishes=wishes(failures, golden)), failures)
    if len(found) == 1:
        assert [question.title for question, _ in found[0].walked] == case.get("walks", [])
        assert case.get("says", "") in "\n".join(found[0].sentences())


@pytest.mark.parametrize("case", NONE, ids=lambda case: case["name"])
def test_what_is_no_failed_pull_is_not_taken_for_one(case: dict[str, Any]) -> None:
    assert read(case["text"]).failures == ()


PULLS = [
    case["text"].strip()
    for case in FAILED
    if re.match(r"[Ff]ailed to (?:pull|get) image", case["text"]) and "\n" not in case["text"].strip()
]


def as_described(text: str) -> str:
    return f"Events:\n  Type  Reason  Age  From  Message\n  Warning  Failed  3s (x2 over 9s)  kubelet, node-1  {text}\n"


def as_listed(text: str) -> str:
    return f"LAST SEEN   TYPE      REASON   OBJECT      MESSAGE\n12s         Warning   Failed   pod/web-1   {text}\n"


def as_json(text: str) -> str:
    event = {"kind": "Event", "involvedObject": {"kind": "Pod", "name": "w"}, "reason": "Failed", "message": text}
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [event]})


def as_yaml(text: str) -> str:
    return str(yaml.safe_dump(json.loads(as_json(text)), width=80))


def as_a_pod(text: str) -> str:
    state = {"waiting": {"reason": "ErrImagePull", "message": text}}
    named = re.search(r'image "([^"]+)"', text)
    status = {"containerStatuses": [{"image": named[1] if named else "unnamed", "state": state}]}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "status": status})


def as_a_log(text: str) -> str:
    quoted = text.replace('"', '\\"')
    return f'I1126 10:00:00 kubelet.go:1] "started"\nE1126 10:00:01 kubelet.go:2] "Error syncing pod" err="{quoted}" pod="default/web-1"\n'


@pytest.mark.parametrize("form", [as_described, as_listed, as_json, as_yaml, as_a_pod, as_a_log])
@pytest.mark.parametrize("text", PULLS, ids=lambda text: text[-60:])
def test_a_failure_is_the_same_in_every_form_that_it_comes_in(text: str, form: Callable[[str], str]) -> None:
    plain, formed = read(text).failures, read(form(text)).failures
    assert [one.told_by for one in formed] == [one.told_by for one in plain]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The golden domain as it is: everything is there but the return route on the DNS server."""
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    shutil.copy(REPOSITORY / "domains/wld01.yaml", tmp_path / "domains")
    return tmp_path


@pytest.mark.parametrize("case", [*FAILED, *NONE], ids=lambda case: case["name"])
def test_the_command_says_it_and_exits_so(case: dict[str, Any], run: Run) -> None:
    code, said = run("diagnose", "wld01", stdin=case["text"])
    assert code == (case.get("exit", 1) if case in NONE else 2), said
    assert case.get("says", "") in said
    for verdict in listed(case.get("verdict", [])):
        assert f"{verdict}" in said


def test_there_are_enough_texts_and_a_third_of_them_negative() -> None:
    assert len(FAILED) + len(NONE) >= 60
    assert len(NONE) * 2 >= len(FAILED)
    names = [case["name"] for case in [*FAILED, *NONE]]
    assert len(set(names)) == len(names)


def test_every_cause_and_every_stage_has_a_text() -> None:
    assert {verdict for case in FAILED for verdict in listed(case["verdict"])} == {cause.value for cause in Cause}
    assert {case["stage"] for case in FAILED} == {None, *(stage.value for stage in Stage)}

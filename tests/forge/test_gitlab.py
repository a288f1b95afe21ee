"""The note and the issue on GitLab: the same promises as on GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from egress.domain import EgressError
from egress.forge import Done, Kind, Mark, close_issue, comments, issues, upsert_comment, upsert_issue
from egress.forge.gitlab import LABEL, GitLabComments, GitLabIssues
from tests.forge.gitlab import GitLab, serving

Env = dict[str, str]
BOT, PERSON = 7, 8
MARK = Mark("pull-request")
DRIFT = Mark("drift wld01")


@pytest.fixture
def forge() -> Iterator[GitLab]:
    with serving(GitLab({"token-of-the-project": BOT, "token-of-a-person": PERSON})) as made:
        yield made


@pytest.fixture
def job(forge: GitLab) -> Env:
    return {
        "CI_API_V4_URL": f"{forge.url}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "12",
        "CI_JOB_TOKEN": "token-of-the-job",
        "GITLAB_TOKEN": "token-of-the-project",
    }


def post(env: Env, text: str) -> Done:
    return upsert_comment(comments("gitlab", env), MARK, text).done


def texts(forge: GitLab) -> list[str]:
    return [one["body"] for one in forge.notes]


def test_one_note_is_made_then_updated_in_place_then_left_alone(forge: GitLab, job: Env) -> None:
    assert isinstance(comments("gitlab", job), GitLabComments)
    assert [post(job, text) for text in ("a", "b", "b")] == [Done.MADE, Done.UPDATED, Done.UNCHANGED]
    assert texts(forge) == [f"{MARK}\nb"]
    assert [line.split()[0] for line in forge.asked if not line.startswith("GET")] == ["POST", "PUT"]


def test_a_note_of_somebody_else_or_of_gitlab_itself_is_not_ours(forge: GitLab, job: Env) -> None:
    forge.put_note(f"{MARK}\nmerge it", PERSON)
    forge.put_note(f"{MARK}\nmentioned", BOT, system=True)
    assert post(job, "a") is Done.MADE
    assert len(forge.notes) == 3


def test_it_is_found_behind_hundreds_and_the_token_goes_to_no_other_host(forge: GitLab, job: Env) -> None:
    for number in range(250):
        forge.put_note(f"talk {number}", PERSON)
    assert [post(job, text) for text in ("a", "b")] == [Done.MADE, Done.UPDATED]
    assert len(forge.notes) == 251


def test_of_several_of_ours_the_oldest_stays(forge: GitLab, job: Env) -> None:
    for text in ("a", "b", "c"):
        forge.put_note(f"{MARK}\n{text}", BOT)
    assert post(job, "c") is Done.UPDATED
    assert [(one["id"], one["body"]) for one in forge.notes] == [(301, f"{MARK}\nc")]


def test_deleted_while_it_is_updated_a_new_one_is_made(forge: GitLab, job: Env) -> None:
    note = forge.put_note(f"{MARK}\na", BOT)
    forge.planned.append(("PUT", 404, {"message": "404 Not found"}, {}))
    forge.notes.remove(note)
    post(job, "b")
    assert texts(forge) == [f"{MARK}\nb"]


@pytest.mark.parametrize("status, headers", [(429, {"Retry-After": "1"}), (503, {}), (502, {})])
def test_what_passes_is_tried_again(forge: GitLab, job: Env, status: int, headers: dict[str, str]) -> None:
    forge.planned.append(("POST", status, {"message": "later"}, headers))
    assert post(job, "a") is Done.MADE
    assert len(forge.notes) == 1


REFUSALS = [
    (401, {"message": "401 Unauthorized"}, {}, "GITLAB_TOKEN is no valid token there"),
    (403, {"message": "403 Forbidden"}, {}, "needs the scope api .*CI_JOB_TOKEN can neither write notes nor issues"),
    (403, {"error": "insufficient_scope"}, {}, "insufficient_scope"),
    (404, {"message": "404 Not found"}, {}, "no such repository or pull request"),
    (413, b"", {}, "the text is too long"),
    (400, {"message": {"note": ["is too long (maximum is 1000000 characters)"]}}, {}, "the text is too long"),
    (429, {"message": "Too many"}, {"Retry-After": "0"}, "too many requests"),
    (500, b"<html>", {"Content-Type": "text/html"}, "out of order"),
    (200, b"<html>sign in</html>", {"Content-Type": "text/html"}, "no answer of this API"),
    (302, b"", {"Location": "https://elsewhere.example/sign_in"}, "elsewhere, where the token shall not go"),
]  # fmt: skip


@pytest.mark.parametrize("status, value, headers, why", REFUSALS)
def test_a_refusal_is_a_sentence_with_the_remedy(
    forge: GitLab, job: Env, monkeypatch: pytest.MonkeyPatch, status: int, value: Any, headers: dict[str, str], why: str
) -> None:
    monkeypatch.setattr("egress.forge.gitlab.patience", lambda: {"total": 0, "raise_on_status": False})
    for line in ("GET .*notes", "POST"):
        forge.planned[:] = [(line, status, value, headers)] * 9
        with pytest.raises(EgressError, match=why) as caught:
            post(job, "a")
        assert job["GITLAB_TOKEN"] not in str(caught.value)
    assert forge.notes == []


WRONG = [
    (
        {"GITLAB_TOKEN": ""},
        "GITLAB_TOKEN is not set: a project access token with the scope api.*CI_JOB_TOKEN cannot write notes",
    ),
    ({"GITLAB_TOKEN": "token-of-the-job"}, "GITLAB_TOKEN is the job's own token"),
    ({"CI_PROJECT_ID": ""}, "CI_PROJECT_ID is not set"),
    ({"CI_PROJECT_ID": "../1"}, "is no project"),
    ({"CI_MERGE_REQUEST_IID": ""}, "merge request pipelines only"),
    ({"CI_MERGE_REQUEST_IID": "x"}, "is no number of a merge request"),
    ({"CI_API_V4_URL": "https://gitlab.example"}, "it ends in /api/v4"),
    ({"CI_API_V4_URL": "http://gitlab.example/api/v4"}, "in the clear"),
]


@pytest.mark.parametrize("given, why", WRONG)
def test_a_wrong_environment_is_told_before_anything_is_sent(forge: GitLab, job: Env, given: Env, why: str) -> None:
    with pytest.raises(EgressError, match=why):
        post(job | given, "a")
    assert forge.asked == []


def test_an_issue_is_opened_updated_closed_with_a_word_and_opened_again(forge: GitLab, job: Env) -> None:
    made = issues(Kind.GITLAB, job)
    assert isinstance(made, GitLabIssues)
    forge.put_issue("theirs", f"{DRIFT}\na", PERSON, [LABEL])
    forge.put_issue("without", f"{DRIFT}\na", BOT, [])
    theirs = json.dumps(forge.issues)
    done = [upsert_issue(issues(Kind.GITLAB, job), DRIFT, "drift", text).done for text in ("a", "a", "b")]
    assert done == [Done.MADE, Done.UNCHANGED, Done.UPDATED]
    *others, issue = forge.issues
    assert issue["labels"] == [LABEL]
    assert close_issue(issues(Kind.GITLAB, job), DRIFT, "well").done is Done.CLOSED
    assert (issue["state"], [one["body"] for one in forge.words]) == ("closed", ["well"])
    assert upsert_issue(issues(Kind.GITLAB, job), DRIFT, "drift", "b").done is Done.REOPENED
    assert (issue["state"], issue["description"]) == ("opened", f"{DRIFT}\nb")
    assert json.dumps(others) == theirs


def test_an_issue_whose_label_was_dropped_is_told(forge: GitLab, job: Env) -> None:
    forge.labels_are_dropped = True
    with pytest.raises(EgressError, match="left out its label egress-drift"):
        upsert_issue(issues(Kind.GITLAB, job), DRIFT, "drift", "a")

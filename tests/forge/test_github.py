"""The comment and the issue on GitHub: kept to one, ours alone, and every request as GitHub's own description has it."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.forge import Comments, Done, Kind, Mark, close_issue, comments, issues, place, upsert_comment, upsert_issue
from egress.forge.github import LABEL, GitHubComments, GitHubIssues
from tests.forge.conftest import APP, PERSON, READER
from tests.forge.github import ACTIONS, Answer, Asked, Forge, Token, error, serving
from tests.manager.servers import Authority, Script, answering, silent
from tests.manager.servers import serving as listening

Env = dict[str, str]
MARK = Mark("pull-request")
DRIFT = Mark("drift wld01")


def thread(env: Env) -> GitHubComments:
    found = place.github_pull_request(env)
    return GitHubComments(place.github(env), found, between_writes=0)


def repository(env: Env) -> GitHubIssues:
    return GitHubIssues(place.github(env), between_writes=0)


def texts(forge: Forge) -> list[str]:
    return [one["body"] for one in forge.comments]


def wrote(forge: Forge) -> list[str]:
    return [one.line for one in forge.asked if one.method != "GET"]


def test_the_first_run_makes_a_comment_and_the_second_updates_it_in_place(forge: Forge, job: Env) -> None:
    made = upsert_comment(thread(job), MARK, "one domain changes")
    assert (made.done, made.page) == (Done.MADE, forge.comments[0]["html_url"])
    assert upsert_comment(thread(job), MARK, "two domains change").done is Done.UPDATED
    assert texts(forge) == ["<!-- tier0-egress: pull-request -->\ntwo domains change"]


def test_the_same_words_are_not_written_again(forge: Forge, job: Env) -> None:
    upsert_comment(thread(job), MARK, "words\n")
    forge.comments[0]["body"] = forge.comments[0]["body"].replace("\n", "\r\n")
    before = len(wrote(forge))
    assert upsert_comment(thread(job), MARK, "words").done is Done.UNCHANGED
    assert wrote(forge)[before:] == []


def test_a_comment_of_somebody_else_with_our_mark_is_not_ours(forge: Forge, job: Env) -> None:
    theirs = f"{MARK}\nall is well, merge it"
    for login in ("mallory", None, "github-actions", "our-app[bot]"):
        forge.put_comment(theirs, login)
    forge.put_comment(f"> {MARK}\nquoted", ACTIONS)
    forge.put_comment("", ACTIONS)
    assert upsert_comment(thread(job), MARK, "ours").done is Done.MADE
    assert texts(forge) == [theirs] * 4 + [f"> {MARK}\nquoted", "", f"{MARK}\nours"]


def test_it_is_found_behind_hundreds_of_others(forge: Forge, job: Env) -> None:
    for number in range(250):
        forge.put_comment(f"talk {number}", "mona")
    upsert_comment(thread(job), MARK, "a")
    assert upsert_comment(thread(job), MARK, "b").done is Done.UPDATED
    assert len(forge.comments) == 251
    assert {one.query.get("per_page") for one in forge.asked if one.method == "GET" and "comments" in one.path} == {
        "100"
    }


def test_a_token_of_a_person_asks_who_it_is_and_finds_its_own(forge: Forge, job: Env) -> None:
    forge.put_comment(f"{MARK}\nof the job", ACTIONS)
    env = job | {"GITHUB_TOKEN": PERSON}
    upsert_comment(thread(env), MARK, "a")
    assert upsert_comment(thread(env), MARK, "b").done is Done.UPDATED
    assert [one["user"]["login"] for one in forge.comments] == [ACTIONS, "mona"]


def test_a_token_of_another_app_keeps_to_one_comment_without_being_told_its_name(forge: Forge, job: Env) -> None:
    env = job | {"GITHUB_TOKEN": APP}
    upsert_comment(thread(env), MARK, "a")
    first = forge.comments[0]["id"]
    upsert_comment(thread(env), MARK, "b")
    assert [(one["id"], one["body"]) for one in forge.comments] == [(first, f"{MARK}\nb")]
    before = len(wrote(forge))
    upsert_comment(thread(env | {"EGRESS_FORGE_LOGIN": "our-app[bot]"}), MARK, "c")
    assert [line.split()[0] for line in wrote(forge)[before:]] == ["PATCH"]


def test_deleted_while_it_is_updated_a_new_one_is_made(forge: Forge, job: Env) -> None:
    upsert_comment(thread(job), MARK, "a")
    forge.plan("PATCH .*", lambda _: forge.comments.clear())
    assert upsert_comment(thread(job), MARK, "b").done is Done.MADE
    assert texts(forge) == [f"{MARK}\nb"]


def test_deleted_again_and_again_ends_in_a_sentence(forge: Forge, job: Env) -> None:
    forge.put_comment(f"{MARK}\na")
    forge.plan("PATCH .*", error(404, "Not Found"), times=9)
    with pytest.raises(EgressError, match="deleted 3 times while it was written"):
        upsert_comment(thread(job), MARK, "b")


def test_of_two_runs_at_once_one_comment_stays_and_it_is_the_oldest(forge: Forge, job: Env) -> None:
    """Both find none, both make one; then each looks again."""
    both = threading.Barrier(2, timeout=60)

    def wait_for_each_other(_: Asked) -> None:
        both.wait()

    forge.plan("POST .*comments", wait_for_each_other, times=2)
    outcomes = []
    runs = [
        threading.Thread(target=lambda text=text: outcomes.append(upsert_comment(thread(job), MARK, text)))
        for text in ("a", "b")
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(outcomes) == 2
    assert sum(line.startswith("POST") for line in wrote(forge)) == 2
    (left,) = forge.comments
    assert left["id"] == 1001
    assert left["body"] in (f"{MARK}\na", f"{MARK}\nb")


def test_leftovers_of_runs_that_died_are_removed(forge: Forge, job: Env) -> None:
    oldest = forge.put_comment(f"{MARK}\na")
    for _ in range(3):
        forge.put_comment(f"{MARK}\nb")
    upsert_comment(thread(job), MARK, "b")
    assert forge.comments == [oldest]
    assert texts(forge) == [f"{MARK}\nb"]


def test_an_enterprise_server_has_its_api_below_a_path(job: Env) -> None:
    made = Forge({job["GITHUB_TOKEN"]: Token()})
    made.prefix = "/api/v3"
    with serving(made) as url:
        for number in range(150):
            made.put_comment(f"talk {number}", "mona")
        env = job | {"GITHUB_API_URL": url}
        assert [upsert_comment(thread(env), MARK, text).done for text in ("a", "b")] == [Done.MADE, Done.UPDATED]
        assert {one.line.split("/")[1] for one in made.asked} == {"repos", "user"}
    assert made.problems == []


def test_a_post_whose_answer_got_lost_is_not_made_twice(forge: Forge, job: Env) -> None:
    def done_and_lost(asked: Asked) -> Answer:
        forge.put_comment(asked.sent["body"])
        return Answer(502, b"<html>bad gateway</html>")

    forge.plan("POST .*comments", done_and_lost)
    upsert_comment(thread(job), MARK, "a")
    assert texts(forge) == [f"{MARK}\na"]


@pytest.mark.parametrize("line", ["GET .*comments", "POST .*comments"])
def test_what_passes_is_tried_again(forge: Forge, job: Env, line: str) -> None:
    forge.plan(line, error(503, "Service unavailable"))
    forge.plan(line, error(403, "You have exceeded a secondary rate limit.", Retry_After="1"))
    assert upsert_comment(thread(job), MARK, "a").done is Done.MADE
    assert len(forge.comments) == 1


REFUSALS = [
    (error(401, "Bad credentials"), "GITHUB_TOKEN is no valid token there", "status 401"),
    (error(403, "Resource not accessible by integration"), "permissions: {pull-requests: write}", "for a fork"),
    (error(403, "API rate limit exceeded for installation.", X_RateLimit_Reset="99999999999"), "too many requests", "no missing permission"),
    (error(404, "Not Found"), "no such repository or pull request", "permissions: {pull-requests: write}"),
    (Answer(422, {"message": "Validation Failed", "errors": [{"message": "Body is too long", "code": "unprocessable"}], "documentation_url": "d"}), "the text is too long", "422"),
    (error(500, "Server Error"), "out of order, run it again later", "status 500"),
    (Answer(200, b"<html>sign in</html>", {"Content-Type": "text/html"}), "no answer of this API", "sign-in page"),
    (Answer(301, {"message": "Moved Permanently"}, {"Location": "https://elsewhere.example/x"}), "no answer of this API", "proxy"),
]  # fmt: skip


@pytest.mark.parametrize("said, why, more", REFUSALS, ids=lambda one: str(getattr(one, "status", "")))
def test_a_refusal_is_a_sentence_with_the_remedy(
    forge: Forge, job: Env, monkeypatch: pytest.MonkeyPatch, said: Answer, why: str, more: str
) -> None:
    monkeypatch.setattr("egress.forge.github.patience", lambda: {"total": 1, "raise_on_status": False})
    forge.plan("POST .*comments", said, times=9)
    with pytest.raises(EgressError) as caught:
        upsert_comment(thread(job), MARK, "a")
    assert why in str(caught.value)
    assert more in str(caught.value)
    assert job["GITHUB_TOKEN"] not in str(caught.value)
    assert forge.comments == []
    if said.status in (200, 301):
        forge.problems.clear()  # that page is no answer of GitHub's, which is the point


def test_a_token_that_only_reads_is_told_which_permission_it_lacks(forge: Forge, job: Env) -> None:
    env = job | {"GITHUB_TOKEN": READER}
    with pytest.raises(EgressError, match="pull-requests: write"):
        upsert_comment(thread(env), MARK, "a")
    with pytest.raises(EgressError, match="issues: write"):
        upsert_issue(repository(env), DRIFT, "title", "a")


def test_too_long_a_text_is_refused_before_anything_is_asked(forge: Forge, job: Env) -> None:
    with pytest.raises(EgressError, match="this forge takes 65,536: nothing was posted"):
        upsert_comment(thread(job), MARK, "x" * 65_536)
    assert forge.asked == []
    upsert_comment(thread(job), MARK, "x" * (65_536 - len(f"{MARK}\n")))


def test_nobody_there_is_a_sentence(forge: Forge, job: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egress.forge.github.patience", lambda: {"total": 0})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(EgressError, match=r"it cannot be reached: .*refused"):
        upsert_comment(thread(job | {"GITHUB_API_URL": f"http://127.0.0.1:{port}"}), MARK, "a")


@pytest.mark.parametrize("script, why", [
    (silent, "it gave no answer in time, run it again later"),
    (lambda connection: connection.recv(65536), "it cannot be reached"),
    (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n\xff{["), "no answer of this API"),
    (answering(b"SSH-2.0-OpenSSH_9\r\n\r\n"), "it cannot be reached"),
])  # fmt: skip
def test_what_is_no_forge_is_a_sentence(script: Script, why: str, job: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egress.forge.github.patience", lambda: {"total": 0})
    monkeypatch.setattr("egress.forge.github.TIMEOUT", 1)
    with listening(script, None) as host, pytest.raises(EgressError, match=why):
        upsert_comment(thread(job | {"GITHUB_API_URL": f"http://{host}"}), MARK, "a")


def test_a_certificate_is_verified_and_a_private_authority_is_named_by_a_variable(tmp_path: Path) -> None:
    authority = Authority()
    made = Forge({"t": Token()})
    with serving(made, authority.issued()) as url:
        env = {
            "GITHUB_API_URL": url,
            "GITHUB_REPOSITORY": "acme/egress",
            "GITHUB_REF": "refs/pull/12/merge",
            "GITHUB_TOKEN": "t",
        }
        with pytest.raises(EgressError, match="certificate is not trusted .* set REQUESTS_CA_BUNDLE"):
            upsert_comment(thread(env), MARK, "a")
        assert made.asked == []
        bundle = tmp_path / "ca.pem"
        bundle.write_text(authority.pem)
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            assert upsert_comment(thread(env | {name: str(bundle)}), MARK, name)
    assert made.problems == []


def test_the_run_of_a_fork_finds_its_pull_request_by_branch_and_commit(forge: Forge, job: Env, tmp_path: Path) -> None:
    forge.pull_requests = {12: ("acme:change", "c" * 40), 13: ("mallory:change", "d" * 40)}
    run = {
        "head_branch": "change",
        "head_sha": "d" * 40,
        "head_repository": {"full_name": "mallory/egress", "owner": {"login": "mallory"}},
        "pull_requests": [],
    }
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"action": "completed", "workflow_run": run}))
    env = job | {"GITHUB_EVENT_PATH": str(event), "GITHUB_REF": "refs/heads/main"}
    upsert_comment(thread(env), MARK, "a")
    assert forge.comments[0]["issue_url"].endswith("/issues/13")
    assert place.is_of_a_fork(env)
    forge.pull_requests[13] = ("mallory:change", "e" * 40)
    with pytest.raises(
        EgressError, match=r"no open pull request of 'mallory:change' at dddddddddddd: it was closed or has moved on"
    ):
        upsert_comment(thread(env), MARK, "b")


def test_an_issue_is_opened_updated_closed_with_a_word_and_opened_again(forge: Forge, job: Env) -> None:
    made = upsert_issue(repository(job), DRIFT, "drift: wld01", "the rule moved")
    assert (made.done, made.page) == (Done.MADE, forge.issues[0]["html_url"])
    assert [one["name"] for one in forge.issues[0]["labels"]] == [LABEL]
    assert upsert_issue(repository(job), DRIFT, "drift: wld01", "the rule moved").done is Done.UNCHANGED
    assert upsert_issue(repository(job), DRIFT, "drift: wld01", "two rules moved").done is Done.UPDATED
    assert close_issue(repository(job), DRIFT, "no drift any more").done is Done.CLOSED
    assert (forge.issues[0]["state"], texts(forge)) == ("closed", ["no drift any more"])
    assert close_issue(repository(job), DRIFT, "no drift any more").done is Done.NOTHING
    assert upsert_issue(repository(job), DRIFT, "drift: wld01", "two rules moved").done is Done.REOPENED
    assert [(one["state"], one["body"]) for one in forge.issues] == [("open", f"{DRIFT}\ntwo rules moved")]


def test_an_issue_of_another_stack_author_or_without_the_label_is_not_touched(forge: Forge, job: Env) -> None:
    others = [
        forge.put_issue("other", f"{Mark('drift wld010')}\na", labels=(LABEL,)),
        forge.put_issue("theirs", f"{DRIFT}\na", login="mallory", labels=(LABEL,)),
        forge.put_issue("without", f"{DRIFT}\na"),
    ]
    before = json.dumps(others)
    assert upsert_issue(repository(job), DRIFT, "drift", "b").done is Done.MADE
    assert close_issue(repository(job), DRIFT, "well").done is Done.CLOSED
    assert json.dumps(others) == before


def test_of_two_issues_of_a_stack_the_oldest_stays_open(forge: Forge, job: Env) -> None:
    for text in ("a", "b"):
        forge.put_issue("drift", f"{DRIFT}\n{text}", labels=(LABEL,))
    upsert_issue(repository(job), DRIFT, "drift", "b")
    assert [one["state"] for one in forge.issues] == ["open", "closed"]


def test_an_issue_whose_label_was_dropped_is_told(forge: Forge, job: Env) -> None:
    forge.labels_are_dropped = True
    with pytest.raises(EgressError, match="left out its label egress-drift"):
        upsert_issue(repository(job), DRIFT, "drift", "a")


def test_switched_off_issues_are_told(forge: Forge, job: Env) -> None:
    forge.plan("POST .*issues", error(410, "Issues are disabled for this repo"))
    with pytest.raises(EgressError, match="issues are switched off in this repository"):
        upsert_issue(repository(job), DRIFT, "drift", "a")


def test_a_request_that_the_description_does_not_know_is_a_problem(forge: Forge) -> None:
    said = forge.answer(Asked("GET", "/repos/acme/egress/gists", {}, {}, b""))
    assert said.status == 501
    assert "PathNotFound" in forge.problems.pop()
    forge.answer(Asked("POST", "/repos/acme/egress/issues/12/comments", {}, {}, b'{"text": 1}'))
    assert "'body' is a required property" in forge.problems.pop()
    forge.plan("GET .*", Answer(200, [{"id": 1}]))
    forge.answer(Asked("GET", "/repos/acme/egress/issues/12/comments", {}, {}, b""))
    assert "'html_url' is a required property" in forge.problems.pop()


def test_the_kinds_are_made_from_a_jobs_environment(job: Env) -> None:
    made: Comments = comments("github", job)
    assert isinstance(made, GitHubComments)
    assert isinstance(issues(Kind.GITHUB, job), GitHubIssues)
    assert job["GITHUB_TOKEN"] not in repr(place.github(job))


def test_the_issues_of_many_stacks_are_read_once(forge: Forge, job: Env) -> None:
    for number in range(150):
        forge.put_issue("drift", f"{Mark(f'drift s{number}')}\na", labels=(LABEL,))
    found = repository(job)
    for number in range(150):
        assert upsert_issue(found, Mark(f"drift s{number}"), "drift", "a").done is Done.UNCHANGED
    assert len(forge.asked) == 3  # two pages, and who we are

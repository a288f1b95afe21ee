"""The pull request that is kept for a branch: found again by mark and author, updated in place, closed with a word; on both forges."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from egress.domain import EgressError
from egress.forge import Done, Kind, Mark, close_request, place, push_settings, requests, upsert_request
from egress.forge.github import GitHubRequests
from egress.forge.gitlab import GitLabRequests
from tests.forge.conftest import PERSON, READER
from tests.forge.github import Forge
from tests.forge.gitlab import GitLab, serving

Env = dict[str, str]
MARK = Mark("proposal")
BRANCH = "egress/proposed"


@pytest.fixture
def night(job: Env) -> Env:
    """A job that runs for main."""
    return job | {"GITHUB_REF": "refs/heads/main"}


def pulls(env: Env) -> GitHubRequests:
    return GitHubRequests(place.github(env), BRANCH, place.github_branch(env), between_writes=0)


def test_the_first_night_opens_one_the_next_updates_it_and_the_last_closes_it(forge: Forge, night: Env) -> None:
    made = upsert_request(pulls(night), MARK, "title", "one mapping")
    (request,) = forge.requests
    assert (made.done, made.page) == (Done.MADE, request["html_url"])
    (sent,) = [one.sent for one in forge.asked if one.method == "POST"]
    assert sent == {"base": "main", "head": BRANCH, "title": "title", "body": f"{MARK}\none mapping"}
    assert upsert_request(pulls(night), MARK, "title", "one mapping").done is Done.UNCHANGED
    request["title"] = "as somebody named it"
    assert upsert_request(pulls(night), MARK, "title", "two mappings").done is Done.UPDATED
    assert (request["body"], request["title"]) == (f"{MARK}\ntwo mappings", "as somebody named it")
    assert close_request(pulls(night), MARK, "covered").done is Done.CLOSED
    assert (request["state"], [one["body"] for one in forge.comments]) == ("closed", ["covered"])
    assert close_request(pulls(night), MARK, "covered").done is Done.NOTHING
    assert upsert_request(pulls(night), MARK, "title", "another").done is Done.MADE, "what was closed stays closed"


def test_one_of_somebody_else_with_our_mark_is_not_ours_and_is_told(forge: Forge, night: Env) -> None:
    theirs = forge.put_request(BRANCH, "title", f"{MARK}\nmerge it", "mallory")
    with pytest.raises(
        EgressError, match=r"did not take the pull request: .*A pull request already exists for acme:egress/proposed"
    ):
        upsert_request(pulls(night), MARK, "title", "ours")
    assert theirs["body"] == f"{MARK}\nmerge it"
    assert close_request(pulls(night), MARK, "covered").done is Done.NOTHING
    forge.put_request("another", "title", f"{MARK}\nof another branch")
    assert close_request(pulls(night), MARK, "covered").done is Done.NOTHING


def test_a_token_that_may_not_is_told_what_it_takes(forge: Forge, night: Env) -> None:
    with pytest.raises(
        EgressError, match=r"contents: write, pull-requests: write.*let GitHub Actions create pull requests"
    ):
        upsert_request(pulls(night | {"GITHUB_TOKEN": READER}), MARK, "title", "ours")
    assert upsert_request(pulls(night | {"GITHUB_TOKEN": PERSON}), MARK, "title", "ours").done is Done.MADE


def test_a_job_of_no_branch_opens_none(job: Env) -> None:
    with pytest.raises(EgressError, match="'refs/pull/12/merge' is no branch, allowed is refs/heads/NAME"):
        requests(Kind.GITHUB, job, BRANCH)


@pytest.fixture
def lab() -> Iterator[GitLab]:
    with serving(GitLab({"token-of-the-project": 7})) as made:
        yield made


def test_gitlab_keeps_one_merge_request_the_same_way(lab: GitLab) -> None:
    env = {"CI_API_V4_URL": f"{lab.url}/api/v4", "CI_PROJECT_ID": "42", "CI_DEFAULT_BRANCH": "main"}
    env |= {"GITLAB_TOKEN": "token-of-the-project", "CI_JOB_TOKEN": "other"}
    assert isinstance(requests(Kind.GITLAB, env, BRANCH), GitLabRequests)

    def post(text: str) -> Done:
        return upsert_request(requests(Kind.GITLAB, env, BRANCH), MARK, "title", text).done

    assert [post(text) for text in ("a", "b", "b")] == [Done.MADE, Done.UPDATED, Done.UNCHANGED]
    (request,) = lab.requests
    assert (request["description"], request["target_branch"]) == (f"{MARK}\nb", "main")
    assert close_request(requests(Kind.GITLAB, env, BRANCH), MARK, "covered").done is Done.CLOSED
    assert ([one["body"] for one in lab.words], request["state"]) == (["covered"], "closed")
    lab.put_request(BRANCH, "title", f"{MARK}\nmerge it", 8)
    with pytest.raises(EgressError, match="Another open merge request already exists"):
        post("c")


def test_git_sends_the_token_to_the_forge_alone(night: Env) -> None:
    settings = push_settings(Kind.GITHUB, night | {"GITHUB_SERVER_URL": "https://github.example.com"})
    ((key, value),) = settings.items()
    assert key == "http.https://github.example.com/.extraheader"
    assert (
        base64.b64decode(value.removeprefix("Authorization: Basic ")).decode()
        == f"x-access-token:{night['GITHUB_TOKEN']}"
    )
    with pytest.raises(
        EgressError, match="GITHUB_SERVER_URL='http://github.example.com' would send the token in the clear"
    ):
        push_settings(Kind.GITHUB, night | {"GITHUB_SERVER_URL": "http://github.example.com"})
    gitlab = {"CI_API_V4_URL": "https://git.example.com/api/v4", "CI_PROJECT_ID": "42", "GITLAB_TOKEN": "t"}
    assert set(push_settings(Kind.GITLAB, gitlab)) == {"http.https://git.example.com/.extraheader"}

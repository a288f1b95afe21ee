"""Where a forge is, what of it is meant, and the token: from the environment that its CI gives. Parsed once, here.

GitHub Actions: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH, GITHUB_REF, and GITHUB_TOKEN from the workflow.
GitLab CI: CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, and GITLAB_TOKEN from a variable of the project.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from egress.domain import EgressError
from egress.escape import line

_NAME = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_.-]+"
_REPOSITORY = re.compile(rf"{_NAME}/{_NAME}")
_REF = re.compile(r"refs/pull/([1-9][0-9]{0,9})/(?:merge|head)")
_PROJECT = re.compile(rf"{_NAME}(?:/{_NAME})*")
_TOKEN = re.compile(r"[\x21-\x7e]+")
TOKENS = ("GITHUB_TOKEN", "GITLAB_TOKEN")
"""The variables that hold them."""
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name a private authority: those of the HTTP library, and OpenSSL's own."""
_LARGEST_EVENT = 16 * 1024 * 1024
"""Bytes of an event file that are read; GitHub's own payloads end at 25 MB, those of pull requests far below."""


@dataclass(frozen=True)
class Server:
    """A forge's API. url: without a slash at its end. trust: a file with the authorities to trust, True for the usual ones."""

    url: str
    token: str = field(repr=False)
    trust: str | bool = True


@dataclass(frozen=True)
class Head:
    """A branch of a repository, fork or not, at a commit: by it the pull request of a `workflow_run` is found."""

    owner: str
    branch: str
    commit: str


@dataclass(frozen=True)
class GitHubPlace:
    """A repository on GitHub or a GitHub Enterprise Server. login: as whom the token posts, where it was told."""

    server: Server
    repository: str
    login: str = ""


@dataclass(frozen=True)
class GitLabPlace:
    """A project on a GitLab, by number or path."""

    server: Server
    project: str


def github(env: Mapping[str, str]) -> GitHubPlace:
    """The repository that the job is of. Errors: EgressError."""
    repository = _needed(env, "GITHUB_REPOSITORY", "owner/name of the repository, which GitHub Actions sets")
    if not _REPOSITORY.fullmatch(repository):
        raise EgressError(f"GITHUB_REPOSITORY={_shown(repository)} is no repository, allowed is owner/name")
    url = _url(env.get("GITHUB_API_URL") or "https://api.github.com", "GITHUB_API_URL")
    hint = "in a workflow: env: {GITHUB_TOKEN: ${{ github.token }}}"
    return GitHubPlace(
        Server(url, _token(env, "GITHUB_TOKEN", hint), _trust(env)), repository, env.get("EGRESS_FORGE_LOGIN", "")
    )


def gitlab(env: Mapping[str, str]) -> GitLabPlace:
    """The project that the job is of. Errors: EgressError."""
    project = _needed(env, "CI_PROJECT_ID", "number of the project, which GitLab CI sets")
    if not _PROJECT.fullmatch(project):
        raise EgressError(f"CI_PROJECT_ID={_shown(project)} is no project, allowed is its number or its path")
    url = _url(env.get("CI_API_V4_URL") or "https://gitlab.com/api/v4", "CI_API_V4_URL")
    if not url.endswith("/api/v4"):
        raise EgressError(f"CI_API_V4_URL={_shown(url)} is no version 4 of GitLab's API, it ends in /api/v4")
    hint = "a project access token with the scope api, as a masked variable of the project; the job's own CI_JOB_TOKEN cannot write notes"
    token = _token(env, "GITLAB_TOKEN", hint)
    if env.get("CI_JOB_TOKEN") == token:
        raise EgressError(f"GITLAB_TOKEN is the job's own token: give {hint}")
    return GitLabPlace(Server(url, token, _trust(env, "CI_SERVER_TLS_CA_FILE")), project)


def github_pull_request(env: Mapping[str, str]) -> int | Head:
    """The number of the pull request that the job runs for, or the branch by which it is found. Errors: EgressError.

    In a `workflow_run` for a fork the event names no pull request (its list is empty), and an artifact of that run may name any:
    the branch and the commit of the run are GitHub's own words.
    """
    event = _event(env.get("GITHUB_EVENT_PATH", ""))
    for one in (event.get("pull_request"), event.get("issue"), event):
        number = one.get("number") if isinstance(one, dict) else None
        if _is_number(number):
            return int(str(number))
    run = event.get("workflow_run")
    if isinstance(run, dict):
        return _of_run(run)
    ref = _REF.fullmatch(env.get("GITHUB_REF", ""))
    if ref:
        return int(ref[1])
    raise EgressError(
        f"this job runs for no pull request: the event ({_shown(env.get('GITHUB_EVENT_NAME', ''))}) names none, and "
        f"GITHUB_REF={_shown(env.get('GITHUB_REF', ''))} is not refs/pull/NUMBER/merge"
    )


def gitlab_merge_request(env: Mapping[str, str]) -> int:
    """The number of the merge request that the pipeline runs for. Errors: EgressError."""
    number = _needed(env, "CI_MERGE_REQUEST_IID", "number of the merge request, set in merge request pipelines only")
    if not re.fullmatch(r"[1-9][0-9]{0,9}", number):
        raise EgressError(f"CI_MERGE_REQUEST_IID={_shown(number)} is no number of a merge request")
    return int(number)


def github_branch(env: Mapping[str, str]) -> str:
    """The branch that the job runs for, into which a pull request of its own goes. Errors: EgressError."""
    ref = _needed(
        env, "GITHUB_REF", "the branch that the job runs for, as in refs/heads/main, which GitHub Actions sets"
    )
    if not ref.startswith("refs/heads/"):
        raise EgressError(
            f"GITHUB_REF={_shown(ref)} is no branch, allowed is refs/heads/NAME: run it on the default branch"
        )
    return ref.removeprefix("refs/heads/")


def gitlab_branch(env: Mapping[str, str]) -> str:
    """The same for GitLab: the branch of the pipeline, else the default one. Errors: EgressError."""
    return env.get("CI_COMMIT_BRANCH") or _needed(env, "CI_DEFAULT_BRANCH", "the default branch, which GitLab CI sets")


def pages(env: Mapping[str, str], name: str, otherwise: str) -> str:
    """Where people see the forge, and git pushes to: scheme and host. `name`: the variable of its CI. Errors: EgressError."""
    parts = urlsplit(_url(env.get(name) or otherwise, name))
    return f"{parts.scheme}://{parts.netloc}"


def is_of_a_fork(env: Mapping[str, str]) -> bool:
    """Whether the job was started by the end of a run for another repository's branch (GitHub's `workflow_run`). Errors: EgressError."""
    run = _event(env.get("GITHUB_EVENT_PATH", "")).get("workflow_run")
    if not isinstance(run, dict):
        return False
    head = run.get("head_repository")
    ours = env.get("GITHUB_REPOSITORY", "")
    return not isinstance(head, dict) or str(head.get("full_name", "")).casefold() != ours.casefold()


def _of_run(run: dict[str, Any]) -> int | Head:
    listed = run.get("pull_requests")
    if (
        isinstance(listed, list)
        and len(listed) == 1
        and isinstance(listed[0], dict)
        and _is_number(listed[0].get("number"))
    ):
        return int(listed[0]["number"])
    repository, branch, commit = run.get("head_repository"), run.get("head_branch"), run.get("head_sha")
    owner = repository.get("owner") if isinstance(repository, dict) else None
    login = owner.get("login") if isinstance(owner, dict) else None
    if not (
        isinstance(login, str) and isinstance(branch, str) and isinstance(commit, str) and login and branch and commit
    ):
        raise EgressError("the event's workflow_run names neither a pull request nor the branch that it ran for")
    return Head(login, branch, commit)


def _event(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            raw = file.read(_LARGEST_EVENT + 1)
        if len(raw) > _LARGEST_EVENT:
            raise EgressError(f"GITHUB_EVENT_PATH={_shown(path)} is no event: it is larger than {_LARGEST_EVENT} bytes")
        event = json.loads(raw)
    except OSError as error:
        raise EgressError(f"GITHUB_EVENT_PATH={_shown(path)} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise EgressError(f"GITHUB_EVENT_PATH={_shown(path)} is no event: it is not JSON") from None
    if not isinstance(event, dict):
        raise EgressError(f"GITHUB_EVENT_PATH={_shown(path)} is no event: it is no JSON object")
    return event


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _needed(env: Mapping[str, str], name: str, what: str) -> str:
    if not env.get(name):
        raise EgressError(f"{name} is not set: {what}; elsewhere set it yourself")
    return env[name]


def _token(env: Mapping[str, str], name: str, hint: str) -> str:
    token = env.get(name, "").strip()
    if not token:
        raise EgressError(f"{name} is not set: {hint}")
    if not _TOKEN.fullmatch(token):
        raise EgressError(f"{name} is no token: it holds blanks or other characters that no token has")
    return token


def _url(text: str, name: str) -> str:
    """The address of an API: https, or http to this machine itself."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("https", "http") or parts.username or parts.password or parts.query:
        raise EgressError(f"{name}={_shown(text)} is no address of an API, allowed is https://HOST/PATH")
    if parts.scheme == "http" and not _is_loopback(host):
        raise EgressError(f"{name}={_shown(text)} would send the token in the clear: https is needed")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _trust(env: Mapping[str, str], *more: str) -> str | bool:
    for name in (*_BUNDLES, *more):
        if env.get(name):
            if not Path(env[name]).exists():
                raise EgressError(f"{name}={_shown(env[name])} names no file with certificates: there is nothing there")
            return env[name]
    return True


def _shown(value: str) -> str:
    return line(repr(value[:200]))

"""Which forge is meant. The two libraries are imported here, when one is used."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from egress.domain import EgressError
from egress.forge import place
from egress.forge.file import FileComments
from egress.forge.posting import Comments, Issues
from egress.forge.requests import Requests

FILE = "egress-comment.md"
"""Where `--to file` writes, in the folder that it is run in."""


class Kind(StrEnum):
    """What speaks to people for us."""

    GITHUB = "github"
    GITLAB = "gitlab"
    FILE = "file"


def comments(to: str, env: Mapping[str, str]) -> Comments:
    """The comments of the pull request that this job runs for, or one file.

    to: `github`, `gitlab`, `file` or `file:PATH`. Nothing is sent yet. Errors: EgressError.
    """
    kind, _, path = to.partition(":")
    if kind == Kind.FILE:
        return FileComments(Path(path or FILE))
    if to == Kind.GITHUB:
        where, number = place.github(env), place.github_pull_request(env)
        try:
            from egress.forge.github import GitHubComments
        except ImportError as error:
            raise _absent(error) from None
        return GitHubComments(where, number)
    if to == Kind.GITLAB:
        project, request = place.gitlab(env), place.gitlab_merge_request(env)
        try:
            from egress.forge.gitlab import GitLabComments
        except ImportError as error:
            raise _absent(error) from None
        return GitLabComments(project, request)
    raise EgressError(f"--to {to!r} is no forge, allowed is github, gitlab, file or file:PATH")


def issues(to: Kind, env: Mapping[str, str]) -> Issues:
    """The issues of the repository that this job is of. Nothing is sent yet. Errors: EgressError."""
    if to is Kind.FILE:
        raise EgressError("a file holds no issues, allowed is github or gitlab")
    try:
        if to is Kind.GITHUB:
            where = place.github(env)
            from egress.forge.github import GitHubIssues

            return GitHubIssues(where)
        project = place.gitlab(env)
        from egress.forge.gitlab import GitLabIssues

        return GitLabIssues(project)
    except ImportError as error:
        raise _absent(error) from None


def requests(to: Kind, env: Mapping[str, str], branch: str) -> Requests:
    """The pull requests of a branch into the one that this job is of. Nothing is sent yet. Errors: EgressError."""
    try:
        if to is Kind.GITHUB:
            where, into = place.github(env), place.github_branch(env)
            from egress.forge.github import GitHubRequests

            return GitHubRequests(where, branch, into)
        project, into = place.gitlab(env), place.gitlab_branch(env)
        from egress.forge.gitlab import GitLabRequests

        return GitLabRequests(project, branch, into)
    except ImportError as error:
        raise _absent(error) from None


def _absent(error: ImportError) -> EgressError:
    return EgressError(
        f"the clients of the forges are not installed ({error.name} is missing): pip install 'tier0-egress[forge]', with hashes from where "
        "the project installs egress itself"
    )

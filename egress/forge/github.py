"""GitHub, and GitHub Enterprise Server, by PyGithub. Only what speaks to one imports this: PyGithub is of the extra [forge].

Calls as GitHub's own OpenAPI description has them; tests/forge holds every one to it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from github import Auth, BadAttributeException, Github, GithubException, GithubRetry, RateLimitExceededException

from egress.domain import EgressError
from egress.escape import line
from egress.forge.mark import Mark
from egress.forge.place import GitHubPlace, Head
from egress.forge.posting import GoneError, Posted
from egress.forge.troubles import Act, Answer, Speech, refused, unreachable, unreadable, without_label
from egress.forge.wire import LONGEST_WAIT, TIMEOUT, patience

if TYPE_CHECKING:
    from github.Issue import Issue
    from github.IssueComment import IssueComment
    from github.PullRequest import PullRequest

LONGEST = 65_536
"""Characters of a comment or an issue; one more is status 422, "Body is too long"."""
LABEL = "egress-drift"
ACTIONS = "github-actions[bot]"
"""As whom the token of a job posts. Nobody can take a name with brackets."""
_NAMES = {
    Act.COMMENT: "a workflow needs permissions: {pull-requests: write}; in a run for a fork it cannot have it, post from a workflow_run",
    Act.ISSUE: "a workflow needs permissions: {issues: write}",
    Act.REQUEST: "a workflow needs permissions: {contents: write, pull-requests: write}, and the repository's settings must let GitHub "
    "Actions create pull requests",
    Act.WHO: "give a token of this repository",
}
_NO_ANSWER_OF_GITHUB = (
    BadAttributeException,
    AttributeError,
    TypeError,
    ValueError,
    KeyError,
    AssertionError,
    RuntimeError,
)
"""What PyGithub 2.10 raises where an answer has not the shape of GitHub's, or leads to another host."""


logging.getLogger("github").setLevel(
    logging.ERROR
)  # it tells refusals on standard error by itself; here they are sentences


class _GitHub:
    """A repository, and who posts there."""

    longest = LONGEST

    def __init__(self, place: GitHubPlace, *, between_writes: float = 1.0) -> None:
        """between_writes: seconds, as GitHub asks for them."""
        server = place.server
        self._github = Github(
            auth=Auth.Token(server.token),
            base_url=server.url,
            timeout=TIMEOUT,
            per_page=100,
            verify=server.trust,
            retry=GithubRetry(secondary_rate_wait=LONGEST_WAIT, max_rate_limit_wait=LONGEST_WAIT, **patience()),
            seconds_between_requests=None,
            seconds_between_writes=between_writes,
            lazy=True,
        )
        self._repository = self._github.get_repo(place.repository)
        self._speech = Speech(urlsplit(server.url).netloc, "GITHUB_TOKEN", _NAMES, server.token)
        self._login = place.login

    @property
    def login(self) -> str:
        """As whom this token posts. The token of a job may not ask; it is GitHub Actions' then, until a post says otherwise."""
        if not self._login:
            try:
                with self._asking(Act.WHO):
                    self._login = self._github.get_user().login
            except _DeniedError:
                self._login = ACTIONS
        return self._login

    def _is_mine(self, author: str) -> bool:
        return author.casefold() == self.login.casefold()

    def _learn(self, author: str) -> None:
        """Who posts is what the forge wrote down as the author."""
        self._login = author or self._login

    @contextmanager
    def _asking(self, act: Act) -> Iterator[None]:
        """Turns whatever goes wrong into a sentence. Errors: EgressError, GoneError for 404 and 410 of what was there."""
        try:
            yield
        except GithubException as error:
            raise _told(self._speech, act, error) from None
        except OSError as error:  # errors of the HTTP library are of this kind, too
            raise unreachable(self._speech, act, error) from None
        except _NO_ANSWER_OF_GITHUB:
            raise unreadable(self._speech, act) from None

    @contextmanager
    def _changing(self, act: Act) -> Iterator[None]:
        """As `_asking`, of something that was there a moment ago. Errors: GoneError, EgressError."""
        with self._asking(act):
            try:
                yield
            except GithubException as error:
                if error.status in (404, 410):
                    raise GoneError from None
                raise


class _DeniedError(EgressError):
    """The token may not ask. For this room."""


def _told(speech: Speech, act: Act, error: GithubException) -> EgressError:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    limited = isinstance(error, RateLimitExceededException) or (
        error.status == 403
        and ("retry-after" in headers or not error.data)  # PyGithub's retries have read the words of a rate limit
    )
    answer = Answer(error.status, _said(error), limited, headers.get("retry-after", ""))
    if act is Act.WHO and error.status == 403 and not limited:
        return _DeniedError(str(refused(speech, act, answer)))
    return refused(speech, act, answer)


def _said(error: GithubException) -> str:
    data = error.data
    if not isinstance(data, dict):
        return ""
    parts = [data.get("message")]
    details = data.get("errors")
    parts += [one.get("message") for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    return ": ".join(part for part in parts if isinstance(part, str))


class GitHubComments(_GitHub):
    """The comments of one pull request."""

    def __init__(self, place: GitHubPlace, pull_request: int | Head, *, between_writes: float = 1.0) -> None:
        super().__init__(place, between_writes=between_writes)
        self._wanted = pull_request
        self._found: Issue | None = None

    def ours(self) -> list[Posted]:
        """Every comment of the pull request is read, 100 a request."""
        with self._asking(Act.COMMENT):
            every = list(self._thread.get_comments())
            return [_posted(one) for one in every if Mark.of(one.body or "") and self._is_mine(_author(one))]

    def create(self, text: str) -> Posted:
        """POST /repos/{owner}/{repo}/issues/{issue_number}/comments."""
        with self._asking(Act.COMMENT):
            made = self._thread.create_comment(text)
            self._learn(_author(made))
            return _posted(made)

    def edit(self, one: Posted, text: str) -> Posted:
        """PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}."""
        with self._changing(Act.COMMENT):
            comment = self._comment(one)
            comment.edit(text)
            return _posted(comment)

    def delete(self, one: Posted) -> None:
        """DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}."""
        with self._changing(Act.COMMENT):
            self._comment(one).delete()

    @property
    def _thread(self) -> Issue:
        """A pull request is an issue to GitHub's comments."""
        if self._found is None:
            wanted = self._wanted
            self._found = self._repository.get_issue(wanted if isinstance(wanted, int) else self._number(wanted))
        return self._found

    def _comment(self, one: Posted) -> IssueComment:
        return self._thread.get_comment(one.number)

    def _number(self, head: Head) -> int:
        pulls = self._repository.get_pulls(state="open", head=f"{head.owner}:{head.branch}")
        found = [pull.number for pull in pulls if pull.head.sha == head.commit]
        if len(found) != 1:
            raise EgressError(
                f"{len(found) or 'no'} open pull request{'s' if len(found) > 1 else ''} of {line(repr(f'{head.owner}:{head.branch}'))} at "
                f"{line(head.commit[:12])}: it was closed or has moved on since the run, nothing was posted"
            )
        return found[0]


class GitHubIssues(_GitHub):
    """The issues of a repository that bear our label."""

    def __init__(self, place: GitHubPlace, *, between_writes: float = 1.0) -> None:
        super().__init__(place, between_writes=between_writes)
        self._read: list[Posted] | None = None

    def ours(self) -> list[Posted]:
        """Every issue with the label is read, open or closed; pull requests, which are issues to GitHub, are none."""
        if self._read is None:
            with self._asking(Act.ISSUE):
                every = [
                    one for one in self._repository.get_issues(state="all", labels=[LABEL]) if Mark.of(one.body or "")
                ]
                ours = [one for one in every if self._is_mine(_author(one)) and "/issues/" in one.html_url]
                self._read = [_posted_issue(one) for one in ours]
        return self._read

    def create(self, title: str, text: str) -> Posted:
        """POST /repos/{owner}/{repo}/issues. GitHub drops a label silently where the token may not set one: such an issue would
        never be found again."""
        self._read = None
        with self._asking(Act.ISSUE):
            made = self._repository.create_issue(title, text, labels=[LABEL])
            self._learn(_author(made))
            labelled, posted = LABEL in [one.name for one in made.labels], _posted_issue(made)
        if not labelled:
            raise without_label(self._speech, Act.ISSUE, posted.page, LABEL)
        return posted

    def edit(self, one: Posted, text: str) -> Posted:
        """PATCH /repos/{owner}/{repo}/issues/{issue_number}."""
        self._read = None
        with self._changing(Act.ISSUE):
            issue = self._repository.get_issue(one.number)
            issue.edit(body=text, state="open")
            return _posted_issue(issue)

    def close(self, one: Posted, words: str) -> None:
        """The word first: where closing fails, the next run says it again rather than never."""
        self._read = None
        with self._changing(Act.ISSUE):
            issue = self._repository.get_issue(one.number)
            issue.create_comment(words)
            issue.edit(state="closed")


class GitHubRequests(_GitHub):
    """The pull requests of a branch of the repository itself, into another."""

    def __init__(self, place: GitHubPlace, branch: str, into: str, *, between_writes: float = 1.0) -> None:
        super().__init__(place, between_writes=between_writes)
        self._owner = place.repository.partition("/")[0]
        self._branch = branch
        self._into = into

    def ours(self) -> list[Posted]:
        """Every open one of the branch is read."""
        with self._asking(Act.REQUEST):
            every = list(self._repository.get_pulls(state="open", head=f"{self._owner}:{self._branch}"))
            return [_posted_request(one) for one in every if Mark.of(one.body or "") and self._is_mine(_author(one))]

    def create(self, title: str, text: str) -> Posted:
        """POST /repos/{owner}/{repo}/pulls."""
        with self._asking(Act.REQUEST):
            made = self._repository.create_pull(base=self._into, head=self._branch, title=title, body=text)
            self._learn(_author(made))
            return _posted_request(made)

    def edit(self, one: Posted, text: str) -> Posted:
        """PATCH /repos/{owner}/{repo}/pulls/{pull_number}."""
        with self._changing(Act.REQUEST):
            pull = self._repository.get_pull(one.number)
            pull.edit(body=text)
            return _posted_request(pull)

    def close(self, one: Posted, words: str) -> None:
        """The word first: where closing fails, the next run says it again rather than never."""
        with self._changing(Act.REQUEST):
            self._repository.get_issue(one.number).create_comment(
                words
            )  # a pull request is an issue to GitHub's comments
            self._repository.get_pull(one.number).edit(state="closed")


def _author(one: IssueComment | Issue | PullRequest) -> str:
    """Empty where the account was deleted."""
    return one.user.login if one.user else ""


def _posted(comment: IssueComment) -> Posted:
    return Posted(comment.id, comment.body or "", comment.html_url)


def _posted_issue(issue: Issue) -> Posted:
    return Posted(issue.number, issue.body or "", issue.html_url, issue.state == "open")


def _posted_request(pull: PullRequest) -> Posted:
    return Posted(pull.number, pull.body or "", pull.html_url, pull.state == "open")

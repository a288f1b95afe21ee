"""GitLab by python-gitlab. Only what speaks to one imports this: python-gitlab is of the extra [forge].

Calls as GitLab's documentation of its notes and issues API has them (docs.gitlab.com/api/notes, /api/issues).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import gitlab
from gitlab.exceptions import GitlabError
from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from egress.forge.mark import Mark
from egress.forge.place import GitLabPlace
from egress.forge.posting import GoneError, Posted
from egress.forge.troubles import Act, Answer, Speech, refused, unreachable, unreadable, without_label
from egress.forge.wire import TIMEOUT, patience

LONGEST = 1_000_000
"""Characters of a note, GitLab's own limit; an issue's description takes 1,048,576."""
LABEL = "egress-drift"
_TRANSIENT = (429, 500, 502, 503, 504)
_SCOPE = "a project access token needs the scope api and at least the role Reporter; CI_JOB_TOKEN can neither write notes nor issues"
_NAMES = dict.fromkeys(Act, _SCOPE) | {
    Act.REQUEST: "a project access token needs the scopes api and write_repository and the role Developer; CI_JOB_TOKEN can do neither"
}
_NO_ANSWER_OF_GITLAB = (AttributeError, TypeError, ValueError, KeyError, AssertionError)


class _GitLab:
    """A project, and who posts there."""

    longest = LONGEST

    def __init__(self, place: GitLabPlace) -> None:
        server = place.server
        self._gitlab = _Client(
            server.url.removesuffix("/api/v4"),
            private_token=server.token,
            ssl_verify=server.trust,
            timeout=TIMEOUT,
            per_page=100,
            keep_base_url=True,  # the next page is asked where the token belongs, whatever an answer says
            session=_session(),
        )
        self._project = self._gitlab.projects.get(place.project, lazy=True)
        self._speech = Speech(urlsplit(server.url).netloc, "GITLAB_TOKEN", _NAMES, server.token)
        self._me: int | None = None

    def _is_mine(self, author: Any) -> bool:
        if self._me is None:
            with self._asking(Act.WHO):
                me = self._gitlab.http_get("/user")
                if not isinstance(me, dict):
                    raise TypeError
                self._me = int(me["id"])
        return isinstance(author, dict) and author.get("id") == self._me

    @contextmanager
    def _asking(self, act: Act) -> Iterator[None]:
        """Turns whatever goes wrong into a sentence. Errors: EgressError."""
        try:
            yield
        except GitlabError as error:
            if error.response_code is None:
                raise unreadable(self._speech, act) from None
            raise refused(self._speech, act, Answer(error.response_code, _said(error))) from None
        except OSError as error:  # errors of the HTTP library are of this kind, too
            raise unreachable(self._speech, act, error) from None
        except _NO_ANSWER_OF_GITLAB:
            raise unreadable(self._speech, act) from None

    @contextmanager
    def _changing(self, act: Act) -> Iterator[None]:
        """As `_asking`, of something that was there a moment ago. Errors: GoneError, EgressError."""
        with self._asking(act):
            try:
                yield
            except GitlabError as error:
                if error.response_code == 404:
                    raise GoneError from None
                raise


class _Client(gitlab.Gitlab):
    """What is tried again is in the session, once for both forges: the library's own patience has no end to its waits (8.6)."""

    def http_request(self, *args: Any, **kwargs: Any) -> Any:
        return super().http_request(*args, **{"max_retries": 0, "obey_rate_limit": False, **kwargs})


def _session() -> Session:
    """No redirects: requests would take the header PRIVATE-TOKEN along to another host."""
    session = Session()
    session.max_redirects = 0
    adapter = HTTPAdapter(max_retries=Retry(**patience(), status_forcelist=_TRANSIENT))
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


def _said(error: GitlabError) -> str:
    said = error.error_message
    return said if isinstance(said, str) else str(said) if isinstance(said, dict | list) else ""


class GitLabComments(_GitLab):
    """The notes of one merge request."""

    def __init__(self, place: GitLabPlace, merge_request: int) -> None:
        super().__init__(place)
        self._request = self._project.mergerequests.get(merge_request, lazy=True)

    def ours(self) -> list[Posted]:
        """Every note of the merge request is read, 100 a request; what GitLab itself noted is none."""
        with self._asking(Act.COMMENT):
            every = self._request.notes.list(iterator=True, order_by="created_at", sort="asc")
            found = [one for one in every if not one.system and Mark.of(one.body)]
            return [_posted(one) for one in found if self._is_mine(one.author)]

    def create(self, text: str) -> Posted:
        """POST /projects/:id/merge_requests/:iid/notes."""
        with self._asking(Act.COMMENT):
            return _posted(self._request.notes.create({"body": text}))

    def edit(self, one: Posted, text: str) -> Posted:
        """PUT /projects/:id/merge_requests/:iid/notes/:note."""
        with self._changing(Act.COMMENT):
            self._request.notes.update(one.number, {"body": text})
            return one

    def delete(self, one: Posted) -> None:
        """DELETE /projects/:id/merge_requests/:iid/notes/:note."""
        with self._changing(Act.COMMENT):
            self._request.notes.delete(one.number)


class GitLabIssues(_GitLab):
    """The issues of a project that bear our label."""

    def __init__(self, place: GitLabPlace) -> None:
        super().__init__(place)
        self._read: list[Posted] | None = None

    def ours(self) -> list[Posted]:
        """Every issue with the label is read, open or closed."""
        if self._read is None:
            with self._asking(Act.ISSUE):
                every = self._project.issues.list(iterator=True, labels=[LABEL], state="all", scope="all")
                found = [one for one in every if Mark.of(one.description or "")]
                self._read = [_posted_issue(one) for one in found if self._is_mine(one.author)]
        return self._read

    def create(self, title: str, text: str) -> Posted:
        """POST /projects/:id/issues; a label that is not there is made. Without the role for it GitLab leaves it out: such an issue
        would never be found again."""
        self._read = None
        with self._asking(Act.ISSUE):
            made = self._project.issues.create({"title": title, "description": text, "labels": LABEL})
            labelled, posted = LABEL in made.labels, _posted_issue(made)
        if not labelled:
            raise without_label(self._speech, Act.ISSUE, posted.page, LABEL)
        return posted

    def edit(self, one: Posted, text: str) -> Posted:
        """PUT /projects/:id/issues/:iid."""
        self._read = None
        with self._changing(Act.ISSUE):
            event = {} if one.is_open else {"state_event": "reopen"}
            self._project.issues.update(one.number, {"description": text} | event)
            return one

    def close(self, one: Posted, words: str) -> None:
        """The word first: where closing fails, the next run says it again rather than never."""
        self._read = None
        with self._changing(Act.ISSUE):
            self._project.issues.get(one.number, lazy=True).notes.create({"body": words})
            self._project.issues.update(one.number, {"state_event": "close"})


class GitLabRequests(_GitLab):
    """The merge requests of a branch of the project itself, into another."""

    def __init__(self, place: GitLabPlace, branch: str, into: str) -> None:
        super().__init__(place)
        self._branch = branch
        self._into = into

    def ours(self) -> list[Posted]:
        """Every open one of the branch is read."""
        with self._asking(Act.REQUEST):
            every = self._project.mergerequests.list(iterator=True, state="opened", source_branch=self._branch)
            found = [one for one in every if Mark.of(one.description or "")]
            return [_posted_issue(one) for one in found if self._is_mine(one.author)]

    def create(self, title: str, text: str) -> Posted:
        """POST /projects/:id/merge_requests."""
        sent = {"source_branch": self._branch, "target_branch": self._into, "title": title, "description": text}
        with self._asking(Act.REQUEST):
            return _posted_issue(self._project.mergerequests.create(sent))

    def edit(self, one: Posted, text: str) -> Posted:
        """PUT /projects/:id/merge_requests/:iid."""
        with self._changing(Act.REQUEST):
            self._project.mergerequests.update(one.number, {"description": text})
            return one

    def close(self, one: Posted, words: str) -> None:
        """The word first: where closing fails, the next run says it again rather than never."""
        with self._changing(Act.REQUEST):
            self._project.mergerequests.get(one.number, lazy=True).notes.create({"body": words})
            self._project.mergerequests.update(one.number, {"state_event": "close"})


def _posted(note: Any) -> Posted:
    return Posted(int(note.id), str(note.body))


def _posted_issue(issue: Any) -> Posted:
    return Posted(int(issue.iid), issue.description or "", str(issue.web_url), issue.state == "opened")

"""A GitHub on loopback: one repository with its pull requests, comments and issues. Every request and every answer is held to
GitHub's own OpenAPI description (tests/forge/description.py); what it does not know is answered 501 and told as a problem.

In a process of its own, for whole workflows:

    python -m tests.forge.github --port-file PORT --journal JOURNAL [--token T --author LOGIN] [--pull-request N]

PORT gets the address of the API (http://127.0.0.1:40123) as soon as it listens, then it is a line on standard output, too; JOURNAL a line of JSON for each request, with
`problem` where the description has something against it. What is there now is read at `/_forge/state`. Ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.forge.description import description

Json = dict[str, Any]
REPOSITORY = "acme/egress"
ACTIONS = "github-actions[bot]"
LONGEST = 65_536
ALL = frozenset({"pull-requests", "issues", "contents"})
_PATH = "/repos/acme/egress"


@dataclass(frozen=True)
class Token:
    """As whom a token posts, and what it may write. installation: of a job or an App, which may not ask who it is."""

    login: str = ACTIONS
    may: frozenset[str] = ALL
    installation: bool = True


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def sent(self) -> Json:
        value: Json = json.loads(self.body or b"{}")
        return value


@dataclass(frozen=True)
class Answer:
    """What is said: a status, a value (bytes are sent as they are, None is nothing), headers."""

    status: int = 200
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        if self.value is None:
            return b""
        return self.value if isinstance(self.value, bytes) else json.dumps(self.value).encode()


def error(status: int, message: str, **headers: str) -> Answer:
    """A refusal as GitHub words it."""
    value = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return Answer(status, value, {name.replace("_", "-"): text for name, text in headers.items()})


def too_long(resource: str) -> Answer:
    detail = {
        "resource": resource,
        "code": "unprocessable",
        "field": "data",
        "message": f"Body is too long (maximum is {LONGEST} characters)",
    }
    return Answer(
        422, {"message": "Validation Failed", "errors": [detail], "documentation_url": "https://docs.github.com/rest"}
    )


@dataclass
class _Planned:
    line: re.Pattern[str]
    act: Callable[[Asked], Answer | None]
    times: int


class Forge:
    """What is there, and what was asked. pull_requests: number -> (owner:branch, commit). prefix: of every path, as /api/v3 on a GitHub
    Enterprise Server."""

    def __init__(self, tokens: dict[str, Token], pull_requests: dict[int, tuple[str, str]] | None = None) -> None:
        self.tokens = tokens
        self.pull_requests = pull_requests or {12: ("acme:change", "c" * 40)}
        self.comments: list[Json] = []
        self.issues: list[Json] = []
        self.requests: list[Json] = []
        self.url = ""
        self.asked: list[Asked] = []
        self.problems: list[str] = []
        self.journal: Path | None = None
        self.labels_are_dropped = False
        self.prefix = ""
        self._planned: list[_Planned] = []
        self._ids = iter(range(1001, 10**9))
        self._lock = threading.RLock()

    def plan(self, line: str, act: Answer | Callable[[Asked], Answer | None], times: int = 1) -> None:
        """The next `times` requests whose `METHOD /path` matches are met by `act`: an answer, or a function that may give none
        and only does something first."""
        self._planned.append(_Planned(re.compile(line), (lambda _: act) if isinstance(act, Answer) else act, times))

    def put_comment(self, text: str | None, login: str | None = ACTIONS, number: int = 12) -> Json:
        """A comment of somebody; login None: their account was deleted."""
        comment: Json = description().example("issue-comment") | self._common("comment", next(self._ids), login)
        comment["body"] = text
        comment["url"] = f"{self.url}{_PATH}/issues/comments/{comment['id']}"
        comment["issue_url"] = f"{self.url}{_PATH}/issues/{number}"
        comment["html_url"] = f"https://github.example/{REPOSITORY}/pull/{number}#issuecomment-{comment['id']}"
        self.comments.append(comment)
        return comment

    def put_issue(self, title: str, text: str, login: str = ACTIONS, labels: tuple[str, ...] = ()) -> Json:
        """An issue of somebody."""
        number = 100 + len(self.issues)
        issue: Json = description().example("issue") | self._common("issue", next(self._ids), login)
        issue |= {"number": number, "title": title, "body": text, "state": "open", "closed_at": None, "comments": 0}
        issue["url"] = f"{self.url}{_PATH}/issues/{number}"
        issue["html_url"] = f"https://github.example/{REPOSITORY}/issues/{number}"
        named = issue["labels"][0]
        issue["labels"] = [named | {"name": name} for name in labels]
        issue.pop("pull_request", None)
        issue.pop("closed_by", None)
        self.issues.append(issue)
        return issue

    def put_request(self, head: str, title: str, text: str, login: str = ACTIONS) -> Json:
        """A pull request of somebody for a branch of this repository, into main."""
        number = 500 + len(self.requests)
        request: Json = description().example("pull-request") | self._common("pull", next(self._ids), login)
        request |= {"number": number, "title": title, "body": text, "state": "open", "closed_at": None}
        request["head"] = request["head"] | {"label": f"acme:{head}", "ref": head}
        request["html_url"] = f"https://github.example/{REPOSITORY}/pull/{number}"
        request["url"] = f"{self.url}{_PATH}/pulls/{number}"
        request["issue_url"] = f"{self.url}{_PATH}/issues/{number}"
        request["requested_teams"] = []  # the team of GitHub's example lacks a type, which their schema requires
        self.requests.append(request)
        return request

    def _common(self, kind: str, number: int, login: str | None) -> Json:
        user = description().example("issue-comment")["user"]
        made = {"login": login, "type": "Bot" if login and login.endswith("[bot]") else "User"}
        return {"id": number, "node_id": f"{kind}-{number}", "user": user | made if login else None}

    def answer(self, asked: Asked) -> Answer:
        """Answers, and holds request and answer to the description."""
        for planned in self._planned:
            if planned.times and planned.line.search(asked.line):
                planned.times -= 1
                said = planned.act(asked)
                if said is not None:
                    return self._noted(asked, said)
                break
        with self._lock:
            return self._noted(asked, self._answer(asked))

    def _noted(self, asked: Asked, said: Answer) -> Answer:
        problem = description().judge(
            asked.method.lower(), asked.path, asked.query, asked.headers, asked.body, (said.status, said.raw)
        )
        with self._lock:
            self.asked.append(asked)
            if problem:
                self.problems.append(f"{asked.line}: {problem}")
            if self.journal:
                noted = {"method": asked.method, "path": asked.path, "query": asked.query, "status": said.status}
                noted |= {"body": asked.body.decode(errors="replace"), "problem": problem}
                with self.journal.open("a") as file:
                    file.write(json.dumps(noted) + "\n")
        return Answer(501, {"message": problem}) if problem.startswith("the request: PathNotFound") else said

    def _answer(self, asked: Asked) -> Answer:
        kind, _, secret = asked.headers.get("authorization", "").partition(" ")
        token = self.tokens.get(secret) if kind.lower() in ("bearer", "token") else None
        if token is None:
            return error(401, "Bad credentials")
        for line, act in self._table.items():
            found = re.fullmatch(line, asked.line)
            if found:
                return act(self, asked, token, *found.groups())
        return error(404, "Not Found")

    def _user(self, asked: Asked, token: Token) -> Answer:
        if token.installation:
            return error(403, "Resource not accessible by integration")
        user = description().example("private-user-response-with-public-and-private-profile-information")
        return Answer(200, user | {"login": token.login, "user_view_type": "private"})

    def _list_comments(self, asked: Asked, token: Token, number: str) -> Answer:
        if not self._is_there(number):
            return error(404, "Not Found")
        return self._page(asked, [one for one in self.comments if one["issue_url"].endswith(f"/issues/{number}")])

    def _create_comment(self, asked: Asked, token: Token, number: str) -> Answer:
        if not self._is_there(number):
            return error(404, "Not Found")
        if ("pull-requests" if int(number) in self.pull_requests else "issues") not in token.may:
            return error(403, "Resource not accessible by integration")
        if len(asked.sent["body"]) > LONGEST:
            return too_long("IssueComment")
        return Answer(201, self.put_comment(asked.sent["body"], token.login, int(number)))

    def _edit_comment(self, asked: Asked, token: Token, number: str) -> Answer:
        found = [one for one in self.comments if one["id"] == int(number)]
        if not found:
            return error(404, "Not Found")
        if not token.may:
            return error(403, "Resource not accessible by integration")
        if len(asked.sent["body"]) > LONGEST:
            return too_long("IssueComment")
        found[0]["body"] = asked.sent["body"]
        return Answer(200, found[0])

    def _delete_comment(self, asked: Asked, token: Token, number: str) -> Answer:
        found = [one for one in self.comments if one["id"] == int(number)]
        if not found:
            return error(404, "Not Found")
        self.comments.remove(found[0])
        return Answer(204)

    def _list_issues(self, asked: Asked, token: Token) -> Answer:
        wanted = set(filter(None, asked.query.get("labels", "").split(",")))
        state = asked.query.get("state", "open")
        found = [
            one
            for one in reversed(self.issues)
            if state in ("all", one["state"]) and wanted <= {label["name"] for label in one["labels"]}
        ]
        return self._page(asked, found)

    def _create_issue(self, asked: Asked, token: Token) -> Answer:
        if "issues" not in token.may:
            return error(403, "Resource not accessible by integration")
        if len(asked.sent["body"]) > LONGEST:
            return too_long("Issue")
        labels = () if self.labels_are_dropped else tuple(asked.sent.get("labels", ()))
        return Answer(201, self.put_issue(asked.sent["title"], asked.sent["body"], token.login, labels))

    def _edit_issue(self, asked: Asked, token: Token, number: str) -> Answer:
        found = [one for one in self.issues if one["number"] == int(number)]
        if not found:
            return error(404, "Not Found")
        if "issues" not in token.may:
            return error(403, "Resource not accessible by integration")
        found[0] |= {key: value for key, value in asked.sent.items() if key in ("body", "state", "title")}
        found[0]["closed_at"] = None if found[0]["state"] == "open" else "2026-01-01T00:00:00Z"
        return Answer(200, found[0])

    def _list_pulls(self, asked: Asked, token: Token) -> Answer:
        example: Json = description().example("pull-request-simple-items")[0]
        example |= {"requested_teams": []}  # the team of GitHub's example lacks a type, which their schema requires
        found = []
        for number, (head, commit) in self.pull_requests.items():
            if head == asked.query.get("head", head):
                found.append(example | {"number": number, "head": example["head"] | {"label": head, "sha": commit}})
        for one in self.requests:
            if one["head"]["label"] == asked.query.get("head", one["head"]["label"]) and one["state"] == "open":
                simple = {key: value for key, value in one.items() if key in example}
                found.append(example | simple)
        return self._page(asked, found)

    def _create_pull(self, asked: Asked, token: Token) -> Answer:
        if not {"pull-requests", "contents"} <= token.may:
            return error(403, "Resource not accessible by integration")
        head = asked.sent["head"]
        if any(one["head"]["ref"] == head and one["state"] == "open" for one in self.requests):
            said = {
                "message": f"A pull request already exists for acme:{head}.",
                "resource": "PullRequest",
                "code": "custom",
            }
            return Answer(
                422,
                {"message": "Validation Failed", "errors": [said], "documentation_url": "https://docs.github.com/rest"},
            )
        return Answer(201, self.put_request(head, asked.sent["title"], asked.sent["body"], token.login))

    def _edit_pull(self, asked: Asked, token: Token, number: str) -> Answer:
        found = [one for one in self.requests if one["number"] == int(number)]
        if not found:
            return error(404, "Not Found")
        if "pull-requests" not in token.may:
            return error(403, "Resource not accessible by integration")
        found[0] |= {key: value for key, value in asked.sent.items() if key in ("body", "state", "title")}
        return Answer(200, found[0])

    def _is_there(self, number: str) -> bool:
        there = (*self.issues, *self.requests)
        return int(number) in self.pull_requests or any(one["number"] == int(number) for one in there)

    def _page(self, asked: Asked, every: list[Json]) -> Answer:
        size, page = min(int(asked.query.get("per_page", 30)), 100), int(asked.query.get("page", 1))
        headers = {}
        if len(every) > size * page:
            following = urlencode(asked.query | {"page": str(page + 1)})
            headers["Link"] = f'<{self.url}{asked.path}?{following}>; rel="next"'
        return Answer(200, every[size * (page - 1) : size * page], headers)

    _table: dict[str, Callable[..., Answer]] = {  # noqa: RUF012 - a table of methods
        "GET /user": _user,
        f"GET {_PATH}/issues/([0-9]+)/comments": _list_comments,
        f"POST {_PATH}/issues/([0-9]+)/comments": _create_comment,
        f"PATCH {_PATH}/issues/comments/([0-9]+)": _edit_comment,
        f"DELETE {_PATH}/issues/comments/([0-9]+)": _delete_comment,
        f"GET {_PATH}/issues": _list_issues,
        f"POST {_PATH}/issues": _create_issue,
        f"PATCH {_PATH}/issues/([0-9]+)": _edit_issue,
        f"GET {_PATH}/pulls": _list_pulls,
        f"POST {_PATH}/pulls": _create_pull,
        f"PATCH {_PATH}/pulls/([0-9]+)": _edit_pull,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    forge: Forge

    def _do(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if parts.path == "/_forge/state":
            said = Answer(
                200,
                {
                    "comments": self.forge.comments,
                    "issues": self.forge.issues,
                    "requests": self.forge.requests,
                    "problems": self.forge.problems,
                },
            )
        elif not parts.path.startswith(f"{self.forge.prefix}/"):
            said = error(404, "Not Found")
        else:
            said = self.forge.answer(
                Asked(
                    self.command,
                    parts.path.removeprefix(self.forge.prefix),
                    dict(parse_qsl(parts.query)),
                    headers,
                    body,
                )
            )
        self.send_response(said.status)
        for name, value in ({"Content-Type": "application/json; charset=utf-8"} | said.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said.raw)))
        self.end_headers()
        self.wfile.write(said.raw)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _do  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def serving(forge: Forge, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The forge on a free port of this machine; yields the address of its API. tls: localhost with this context."""

    class Handler(_Handler):
        pass

    Handler.forge = forge
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    forge.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{server.server_port}{forge.prefix}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield forge.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--token", default="token-of-the-job")
    parser.add_argument("--author", default=ACTIONS)
    parser.add_argument("--pull-request", type=int, default=12)
    parser.add_argument("--head", default="acme:change", help="OWNER:BRANCH of the pull request")
    parser.add_argument("--commit", default="c" * 40)
    given = parser.parse_args(arguments)
    forge = Forge(
        {given.token: Token(given.author, installation=given.author.endswith("[bot]"))},
        {given.pull_request: (given.head, given.commit)},
    )
    forge.journal = given.journal
    description()  # what it takes is taken before anybody waits for an answer
    ended = threading.Event()
    for polite in (signal.SIGTERM, signal.SIGINT):
        signal.signal(polite, lambda *_: ended.set())
    with serving(forge) as url:
        beside = given.port_file.with_name(f".{given.port_file.name}.new")
        beside.write_text(url)
        beside.rename(given.port_file)
        print(url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main(sys.argv[1:])

"""A GitLab on loopback: one project's merge request notes and issues, in the shapes of GitLab's documentation of its REST API
(docs.gitlab.com: api/notes, api/issues, api/users, api/rest: pagination, status codes). No description of GitLab's is there to
hold it to: what it is not documented to do, it answers 404."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Json = dict[str, Any]
PROJECT = 42
REQUEST = 12
_API = f"/api/v4/projects/{PROJECT}"


class GitLab:
    """What is there, and what was asked. tokens: token -> number of its user."""

    def __init__(self, tokens: dict[str, int]) -> None:
        self.tokens = tokens
        self.notes: list[Json] = []
        self.issues: list[Json] = []
        self.requests: list[Json] = []
        self.words: list[Json] = []
        self.asked: list[str] = []
        self.planned: list[tuple[str, int, Any, dict[str, str]]] = []
        self.labels_are_dropped = False
        self.url = ""
        self._ids = iter(range(301, 10**9))
        self.lock = threading.RLock()

    def put_note(self, body: str, user: int, *, system: bool = False) -> Json:
        note = {
            "id": next(self._ids),
            "type": None,
            "body": body,
            "author": _user(user),
            "created_at": "2026-01-01T12:00:00.000Z",
            "updated_at": "2026-01-01T12:00:00.000Z",
            "system": system,
            "noteable_id": 98,
            "noteable_type": "MergeRequest",
            "project_id": PROJECT,
            "noteable_iid": REQUEST,
            "resolvable": False,
            "confidential": False,
            "internal": False,
        }
        self.notes.append(note)
        return note

    def put_issue(self, title: str, description: str, user: int, labels: list[str]) -> Json:
        number = len(self.issues) + 1
        issue = {
            "id": next(self._ids),
            "iid": number,
            "project_id": PROJECT,
            "title": title,
            "description": description,
            "state": "opened",
            "created_at": "2026-01-01T12:00:00.000Z",
            "updated_at": "2026-01-01T12:00:00.000Z",
            "closed_at": None,
            "labels": labels,
            "author": _user(user),
            "type": "ISSUE",
            "user_notes_count": 0,
            "web_url": f"{self.url}/acme/egress/-/issues/{number}",
        }
        self.issues.append(issue)
        return issue

    def put_request(self, branch: str, title: str, description: str, user: int) -> Json:
        number = len(self.requests) + 31
        request = {
            "id": next(self._ids),
            "iid": number,
            "project_id": PROJECT,
            "title": title,
            "description": description,
            "state": "opened",
            "source_branch": branch,
            "target_branch": "main",
            "author": _user(user),
            "web_url": f"{self.url}/acme/egress/-/merge_requests/{number}",
        }
        self.requests.append(request)
        return request

    def answer(
        self, method: str, path: str, query: dict[str, str], token: str, sent: Json
    ) -> tuple[int, Any, dict[str, str]]:
        self.asked.append(f"{method} {path}")
        for at, (line, status, value, headers) in enumerate(self.planned):
            if re.search(line, self.asked[-1]):
                del self.planned[at]
                return status, value, headers
        user = self.tokens.get(token)
        if user is None:
            return 401, {"message": "401 Unauthorized"}, {}
        for line, act in self._table.items():
            found = re.fullmatch(line, self.asked[-1])
            if found:
                return act(self, user, query, sent, *found.groups())
        return 404, {"error": "404 Not Found"}, {}

    def _me(self, user: int, query: dict[str, str], sent: Json) -> tuple[int, Any, dict[str, str]]:
        return 200, _user(user), {}

    def _list_notes(self, user: int, query: dict[str, str], sent: Json) -> tuple[int, Any, dict[str, str]]:
        return self._page(self.notes, query, f"{_API}/merge_requests/{REQUEST}/notes")

    def _create_note(self, user: int, query: dict[str, str], sent: Json) -> tuple[int, Any, dict[str, str]]:
        return 201, self.put_note(sent["body"], user), {}

    def _edit_note(self, user: int, query: dict[str, str], sent: Json, number: str) -> tuple[int, Any, dict[str, str]]:
        found = [one for one in self.notes if one["id"] == int(number)]
        if not found:
            return 404, {"message": "404 Not found"}, {}
        found[0]["body"] = sent["body"]
        return 200, found[0], {}

    def _delete_note(
        self, user: int, query: dict[str, str], sent: Json, number: str
    ) -> tuple[int, Any, dict[str, str]]:
        found = [one for one in self.notes if one["id"] == int(number)]
        if not found:
            return 404, {"message": "404 Not found"}, {}
        self.notes.remove(found[0])
        return 204, None, {}

    def _list_issues(self, user: int, query: dict[str, str], sent: Json) -> tuple[int, Any, dict[str, str]]:
        wanted = set(filter(None, query.get("labels", "").split(",")))
        return self._page(
            [one for one in reversed(self.issues) if wanted <= set(one["labels"])], query, f"{_API}/issues"
        )

    def _create_issue(self, user: int, query: dict[str, str], sent: Json) -> tuple[int, Any, dict[str, str]]:
        labels = [] if self.labels_are_dropped else sent.get("labels", "").split(",")
        return 201, self.put_issue(sent["title"], sent["description"], user, labels), {}

    def _edit_issue(self, user: int, query: dict[str, str], sent: Json, number: str) -> tuple[int, Any, dict[str, str]]:
        found = [one for one in self.issues if one["iid"] == int(number)]
        if not found:
            return 404, {"message": "404 Not found"}, {}
        found[0] |= {key: value for key, value in sent.items() if key == "description"}
        found[0]["state"] = {"close": "closed", "reopen": "opened"}.get(sent.get("state_event", ""), found[0]["state"])
        return 200, found[0], {}

    def _say(self, user: int, query: dict[str, str], sent: Json, number: str) -> tuple[int, Any, dict[str, str]]:
        note = self.put_note(sent["body"], user)
        self.notes.remove(note)
        self.words.append(note)
        return 201, note, {}

    def _list_requests(self, user: int, query: dict[str, str], sent: Json) -> tuple[int, Any, dict[str, str]]:
        found = [
            one for one in self.requests if one["state"] == "opened" and one["source_branch"] == query["source_branch"]
        ]
        return self._page(found, query, f"{_API}/merge_requests")

    def _create_request(self, user: int, query: dict[str, str], sent: Json) -> tuple[int, Any, dict[str, str]]:
        if any(one["source_branch"] == sent["source_branch"] and one["state"] == "opened" for one in self.requests):
            return 409, {"message": ["Another open merge request already exists for this source branch: !31"]}, {}
        return 201, self.put_request(sent["source_branch"], sent["title"], sent["description"], user), {}

    def _edit_request(
        self, user: int, query: dict[str, str], sent: Json, number: str
    ) -> tuple[int, Any, dict[str, str]]:
        found = [one for one in self.requests if one["iid"] == int(number)]
        if not found:
            return 404, {"message": "404 Not found"}, {}
        found[0] |= {key: value for key, value in sent.items() if key == "description"}
        found[0]["state"] = {"close": "closed"}.get(sent.get("state_event", ""), found[0]["state"])
        return 200, found[0], {}

    def _page(self, every: list[Json], query: dict[str, str], path: str) -> tuple[int, Any, dict[str, str]]:
        size, page = min(int(query.get("per_page", 20)), 100), int(query.get("page", 1))
        headers = {"X-Page": str(page), "X-Per-Page": str(size), "X-Next-Page": ""}
        if len(every) > size * page:
            headers["X-Next-Page"] = str(page + 1)
            # the address of another host, as behind a proxy that is set up wrongly
            headers["Link"] = (
                f'<https://elsewhere.invalid{path}?{urlencode(query | {"page": str(page + 1)})}>; rel="next"'
            )
        return 200, every[size * (page - 1) : size * page], headers

    _table: dict[str, Callable[..., tuple[int, Any, dict[str, str]]]] = {  # noqa: RUF012 - a table of methods
        "GET /api/v4/user": _me,
        f"GET {_API}/merge_requests/{REQUEST}/notes": _list_notes,
        f"POST {_API}/merge_requests/{REQUEST}/notes": _create_note,
        f"PUT {_API}/merge_requests/{REQUEST}/notes/([0-9]+)": _edit_note,
        f"DELETE {_API}/merge_requests/{REQUEST}/notes/([0-9]+)": _delete_note,
        f"GET {_API}/issues": _list_issues,
        f"POST {_API}/issues": _create_issue,
        f"PUT {_API}/issues/([0-9]+)": _edit_issue,
        f"POST {_API}/issues/([0-9]+)/notes": _say,
        f"GET {_API}/merge_requests": _list_requests,
        f"POST {_API}/merge_requests": _create_request,
        f"PUT {_API}/merge_requests/([0-9]+)": _edit_request,
        f"POST {_API}/merge_requests/(3[0-9])/notes": _say,
    }


def _user(number: int) -> Json:
    name = "project_42_bot" if number == 7 else f"user{number}"
    return {
        "id": number,
        "username": name,
        "name": name,
        "state": "active",
        "web_url": f"https://gitlab.example/{name}",
    }


@contextmanager
def serving(made: GitLab) -> Iterator[GitLab]:
    """It listens on a free port of this machine; `url` is its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name.removesuffix("[]"): values[0] for name, values in parse_qs(parts.query).items()}
            token = self.headers.get("PRIVATE-TOKEN", "")
            with made.lock:
                status, value, headers = made.answer(self.command, parts.path, query, token, json.loads(raw or b"{}"))
            body = b"" if value is None else value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

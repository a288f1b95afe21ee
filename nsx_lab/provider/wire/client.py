"""The manager as the provider sees it: one session, the same headers on every request, retries, answers sorted into errors."""

from __future__ import annotations

import base64
import json
import random
import re
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from nsx_lab.provider.values import gojson
from nsx_lab.provider.wire.clock import WALL, Clock
from nsx_lab.provider.wire.errors import STD, ApiError, ProviderError, explain
from nsx_lab.provider.wire.model import BOOLEAN, STRING, ListOf, Struct, convert, policy_object, type_name
from nsx_lab.provider.wire.settings import Settings
from nsx_lab.provider.wire.tls import context
from nsx_lab.provider.wire.transport import Request, Response, Transport, TransportError
from nsx_lab.provider.wire.versions import RECORDED, Version

USER_AGENT = "vAPI/0.8.0 Go/go1.26.8 (linux; amd64)"  # as recorded of vmware/nsxt 3.11.1
SESSION_USER_AGENT = "terraform-provider-nsxt"
_JSON = "application/json"
_VERSION = Struct("node_version", {"node_version": STRING, "product_version": STRING}, "com.vmware.nsx.model")
_SPANS = Struct("network_span_list_result", {"results": ListOf(policy_object("network_span", {"is_default": BOOLEAN}))})
_SUCCESS = {200, 201, 202, 204, 304}
# the classes of the SDK by status (runtime 0.8.0, lib/rest); all others are internal_server_error
_KINDS = {
    "invalid_request": (400, 405, 406, 411, 412, 413, 414, 415, 417, 422, 424, 426, 431, 505, 510),
    "unauthenticated": (401, 407, 511),
    "unauthorized": (402, 403),
    "not_found": (404, 410),
    "timed_out": (408, 504),
    "concurrent_change": (409, 428),
    "resource_inaccessible": (416,),
    "error": (418, 501),
    "resource_busy": (423,),
    "service_unavailable": (429, 503),
    "unable_to_allocate_resource": (507, 509),
}
KIND = {status: kind for kind, statuses in _KINDS.items() for status in statuses}
_GO_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
_DECLARED = {400, 403, 404, 500, 503}  # an empty body of these counts as no data, of others as an empty object


def path_escape(text: str) -> str:
    """Go's url.PathEscape."""
    return quote(text, safe="$&+:=@")


def query_escape(text: str) -> str:
    """Go's url.QueryEscape with %20 for a blank, as the SDK's runtime 0.8.0 writes queries."""
    return quote(text, safe="")


@dataclass
class Session:
    """What a session create left behind: headers for all later requests."""

    headers: dict[str, str] = field(default_factory=dict)


class Client:
    """Speaks with one manager. Safe to use from several threads."""

    def __init__(self, settings: Settings, clock: Clock = WALL, release: Version = RECORDED) -> None:
        self.settings = settings
        self.clock = clock
        self.release = release
        self._closed = threading.Event()
        self._transport = Transport(context(settings.trust))
        self._session = Session()
        self._version = ""
        self._version_lock = threading.Lock()

    def start(self) -> None:
        """Log in, apply licences, learn the version: what the provider does when it is configured."""
        if self.settings.on_demand:
            if self.release.asks_for_span:  # 3.12 connects here all the same
                self.ensure_version()
        else:
            if self.settings.session_auth:
                self._log_in()
            self._apply_licences()
            self._version = self.read_version()
        if self.release.asks_for_span and self.version_at_least(9, 1, 0) and not self.settings.global_manager:
            self._demand_span()

    def close(self) -> None:
        """Hang up, in the middle of an answer, too. Nothing is sent from then on: not a second try, either."""
        self._closed.set()
        self._transport.close()

    def version_at_least(self, *wanted: int) -> bool:
        """Whether the manager's version, as far as known, is this one or later."""
        if not wanted:
            return True
        match = re.match(r"v?(\d+(?:\.\d+)*)", self._version)
        return match is not None and tuple(int(part) for part in match[1].split(".")) >= wanted

    def ensure_version(self) -> None:
        """Learn the version on demand; a failure is passed over, and tried again by the next operation."""
        with self._version_lock:
            if self._version:
                return
            try:
                self._version = self.read_version()
                self._apply_licences()
            except ProviderError:
                return

    def read_version(self) -> str:
        """The manager's version. Raises ProviderError."""
        said = "Failed to retrieve NSX version, please check connectivity and authentication settings of the provider"
        try:
            answer = self.call("GET", "/api/v1/node/version")
        except ApiError as error:
            raise self.explain(said, error) from error
        field_name = self.release.version_field
        version: str | None = convert(answer, _VERSION)[field_name]
        if version is None:
            raise ProviderError(f"{said}: the answer has no {field_name} (the real provider crashes here)")
        return version

    def explain(self, message: str, error: Exception) -> ProviderError:
        """The error of a failed operation, in this version's words: `message` says which one."""
        return explain(message, error, self.release.related_end)

    def _demand_span(self) -> None:
        """The default network span; a user who may not see it does without. Raises ProviderError."""
        try:
            answer = convert(self.call("GET", "/policy/api/v1/infra/network-spans"), _SPANS)
        except ApiError as error:
            if error.kind == "unauthorized":
                return
            raise ProviderError(str(error)) from error
        if not any(span["is_default"] for span in answer["results"] or []):
            raise ProviderError("no default span path found")

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send one operation, with retries. Returns the decoded answer, {} for an empty one. Raises ApiError."""
        opid = str(uuid.uuid4())
        request = Request(method, self.settings.url + path, USER_AGENT, self._headers(opid), _encode(body or {}))
        for attempt in range(self.settings.max_retries + 1):
            status, result = self._attempt(request)
            if status is not None and status not in self.settings.retry_statuses:
                break
            self._pause(last=attempt == self.settings.max_retries)
        if isinstance(result, ApiError | ProviderError):
            raise result
        return result

    def _attempt(self, request: Request) -> tuple[int | None, Any]:
        """Status (None if no answer came) and the answer or its ApiError."""
        try:
            response = self._transport.send(request)
        except TransportError as error:
            told = f'{request.method.title()} "{request.url}": {error}'
            if error.timed_out:
                return None, ApiError("timed_out", (f"Request Timed out: {told}",))
            return None, ApiError("service_unavailable", (f"Error completing client request '{told}'",))
        return response.status, classify(response)

    def _pause(self, last: bool) -> None:
        """Wait a random while before the next attempt; like the provider, also after the last one."""
        low, high = self.settings.retry_min_delay, self.settings.retry_max_delay
        if high <= 0:
            return
        if high == low:
            raise ProviderError(
                f"retry_min_delay and retry_max_delay are both {low}: the real provider crashes here, at its first retry "
                "(rand.Intn of 0); set retry_min_delay below retry_max_delay"
            )
        self._wait(random.randrange(low, high) / 1000)  # noqa: S311 - spreads retries, guards nothing

    def _wait(self, seconds: float) -> None:
        if self.clock.wait(seconds, self._closed):
            raise ProviderError("the engine has gone: nothing more is sent")

    def _headers(self, opid: str) -> list[tuple[str, str]]:
        """In the order of their names, as Go writes them."""
        headers = {"Content-Type": _JSON, "Vapi-Ctx-Opid": opid, **self._session.headers}
        if self.settings.sends_credentials:
            scheme = "Remote" if self.settings.remote_auth else "Basic"
            headers["Authorization"] = f"{scheme} {_basic(self.settings.username, self.settings.password)}"
        return sorted(headers.items())

    def _log_in(self) -> None:
        """Create a session. Failures are passed over: the provider goes on with its other credentials."""
        if "/" in self.settings.url.removeprefix("https://"):
            return  # the old SDK makes no URL of such a host
        user, password = quote_plus(self.settings.username), quote_plus(self.settings.password)
        headers = [("Accept", _JSON)]
        if self.settings.remote_auth:
            headers += [("Authorization", f"Remote {_basic(user, password)}")] * 2  # the old SDK adds it twice
        elif not self.settings.trust.certificate:
            headers.append(("Authorization", f"Basic {_basic(user, password)}"))
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        body = f"j_username={user}&j_password={password}".encode()
        request = Request("POST", f"{self.settings.url}/api/session/create", SESSION_USER_AGENT, headers, body)
        response = self._login_attempts(request)
        if response is not None and response.status == 200:
            self._session = _session(response)

    def _login_attempts(self, request: Request) -> Response | None:
        """The old SDK's own loop: at least two attempts, and max_retries of them in all."""
        response: Response | None = None
        attempts = max(2, self.settings.max_retries)
        for attempt in range(1, attempts + 1):
            try:
                response = self._transport.send(request)
            except TransportError:
                response = None
            if response is not None and response.status not in self.settings.retry_statuses:
                return response
            if attempt < attempts:
                delay = random.randrange(max(1, self.settings.retry_min_delay) * attempt)  # noqa: S311
                self._wait(min(self.settings.retry_max_delay, delay) / 1000)
        return response

    def _apply_licences(self) -> None:
        if not self.settings.licence_keys:
            return
        try:
            listed = self.call("GET", "/api/v1/licenses").get("results") or []
            present = {
                item.get("license_key") for item in listed if item.get("description") != "NSX for vShield Endpoint"
            }
            for key in self.settings.licence_keys:
                if key not in present:
                    self.call("POST", "/api/v1/licenses", {"license_key": key})
        except ApiError as error:
            raise ProviderError(f"Error during license create: {error}") from error
        except AttributeError as error:
            raise ProviderError("Error during license create: the answer is not a list of licences") from error


def _encode(body: dict[str, Any]) -> bytes:
    """Compact, keys sorted, with the escapes of Go's json.Marshal."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_GO_ESCAPES).encode()


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _session(response: Response) -> Session:
    """Only the first Set-Cookie header is looked at, and its semicolon is part of the cookie."""
    cookie = re.search(r"JSESSIONID=.*?;", response.header("set-cookie") or "")
    if cookie is None:
        return Session()
    return Session({"Cookie": cookie[0], "X-Xsrf-Token": response.header("x-xsrf-token") or ""})


def classify(response: Response) -> Any:
    """The decoded answer, or the ApiError (rarely another ProviderError) that it stands for."""
    if response.body_error:
        return ApiError("internal_server_error", (f"Error handling server response: {response.body_error}",))
    body = response.body.decode("utf-8", errors="replace")
    content_type = ",".join(response.headers.get("content-type", [_JSON]))
    if _JSON not in content_type:
        data = {"response_type": "INVALID_JSON", "status": response.status, "response_body": body}
        said = f"content type is not application/json it is {content_type} instead"
        return ApiError("internal_server_error", (said,), data)
    try:
        data = gojson.loads(body) if body else {}
    except ValueError as error:
        return ApiError("internal_server_error", (f"Error handling server response: {error}",))
    if response.status in _SUCCESS:
        return data
    kind = KIND.get(response.status, "internal_server_error")
    if data is not None and not isinstance(data, dict):
        return _not_an_object(response.status, kind, data)
    empty = data == {} and response.status in _DECLARED
    return ApiError(kind, (), None if empty else data)


def _not_an_object(status: int, kind: str, data: Any) -> ProviderError:
    """A body that is JSON but no object: the SDK refuses it, or crashes where the operation declares the status."""
    if status in _DECLARED:
        return ProviderError(
            f"the manager answered {status} with a body that is no object (the real provider crashes here)"
        )
    return ProviderError(
        f" Expected a value of type 'DYNAMIC_STRUCTURE', but received a value of type '{type_name(data)}' "
        f"Invalid field 'data' in structure '{STD}{kind}'"
    )

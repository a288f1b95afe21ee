"""Who may come in: users with roles, basic and session authentication with XSRF token, client certificates."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from nsx_lab.manager.nsx.settings import Settings
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.clock import Clock
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled

READ_ONLY = "auditor"
ROLES = ("enterprise_admin", "network_engineer", READ_ONLY)

claim(
    "POST /api/session/create with j_username and j_password answers Set-Cookie JSESSIONID and X-XSRF-TOKEN; later requests carry both",
    Evidence.DOC,
    "NSX API guide, session authentication; what clients need of it: terraform-provider-nsxt 3.11.1, vmware-nsxlib 19.4.3",
    "test_auth.py::test_session_with_its_token_opens_the_api",
)
claim(
    "a session cookie wins over the Authorization header beside it: an expired session is 403 although the password is right",
    Evidence.ISSUE,
    "terraform-provider-nsxt #754, #761, PR #846",
    "test_auth.py::test_expired_session_answers_403_beside_good_basic",
)
claim(
    "a session lasts 30 minutes after its last use",
    Evidence.ASSUMPTION,
    "a default that is often told and was verified nowhere",
    "test_auth.py::test_expired_session_answers_403_beside_good_basic",
)
claim(
    "a session cookie without or with a wrong X-XSRF-TOKEN: 403, code 98",
    Evidence.DOC,
    "vmware-nsxlib 19.4.3, v3/client.py maps 403/98 to BadXSRFToken",
    "test_auth.py::test_session_without_its_token_is_refused",
)
claim(
    "POST /api/session/destroy wants what every request wants: a session with its token, or credentials; 403 otherwise",
    Evidence.ASSUMPTION,
    "no source says that it is open to everybody; NSX's guide shows it with cookie and token",
    "test_auth.py::test_session_is_ended_by_its_owner_only",
)
claim(
    "a read-only user (role auditor) gets 403 for every write; the code 289 is a guess",
    Evidence.DOC,
    "NSX admin guide, role-based access control",
    "test_auth.py::test_auditor_reads_and_does_not_write",
)
not_modelled(
    "roles other than enterprise_admin, network_engineer and auditor; projects; vIDM and LDAP",
    "Remote authentication is taken like Basic",
)


@dataclass(frozen=True, slots=True)
class User:
    """A user who may come in by password, or by a client certificate whose common name is `name`."""

    name: str
    role: str = ROLES[0]

    @property
    def may_write(self) -> bool:
        return self.role != READ_ONLY


@dataclass(slots=True)
class Session:
    user: User
    xsrf: str
    used: float


class Doorkeeper:
    """Users, sessions and what a request has to show. Holds passwords as digests, compares in constant time."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._users: dict[str, tuple[User, bytes]] = {}
        self._sessions: dict[str, Session] = {}

    def add_user(self, name: str, password: str, role: str = ROLES[0]) -> None:
        """Adds a user, or gives a known one another password and role."""
        if role not in ROLES:
            raise ValueError(f"unknown role {role!r}: allowed are {', '.join(ROLES)}")
        if not name or ":" in name:
            raise ValueError(f"{name!r} is no user name: it must not be empty nor contain ':'")
        self._users[name] = (User(name, role), _digest(password))

    def names(self) -> list[str]:
        return list(self._users)

    def user(self, name: str) -> User | None:
        found = self._users.get(name)
        return found[0] if found else None

    def log_in(self, name: str, password: str) -> tuple[str, str]:
        """A new session for these credentials: cookie value and XSRF token."""
        user = self._check(name, password)
        for old in [old for old, session in self._sessions.items() if self._is_over(session)]:
            del self._sessions[old]
        cookie, xsrf = secrets.token_hex(16).upper(), secrets.token_hex(16)
        self._sessions[cookie] = Session(user, xsrf, self._clock.now())
        return cookie, xsrf

    def log_out(self, cookie: str) -> None:
        self._sessions.pop(cookie, None)

    def expire_sessions(self) -> int:
        """Ends every session; returns how many there were."""
        count = len(self._sessions)
        self._sessions.clear()
        return count

    def admit(self, headers: Mapping[str, str], certificate_name: str = "") -> User:
        """The user a request comes from; raises 403. `headers` have lower-case names."""
        cookie = session_cookie(headers.get("cookie", ""))
        if cookie:
            return self._session(cookie, headers.get("x-xsrf-token", ""))
        authorization = headers.get("authorization", "")
        if authorization:
            return self._check(*_credentials(authorization))
        user = self.user(certificate_name) if certificate_name else None
        if user is None:
            raise errors.bad_credentials()
        return user

    def _session(self, cookie: str, xsrf: str) -> User:
        session = self._sessions.get(cookie)
        if session is None or self._is_over(session):
            self._sessions.pop(cookie, None)
            raise errors.bad_credentials()
        if not hmac.compare_digest(session.xsrf.encode(), xsrf.encode()):
            raise errors.bad_xsrf()
        session.used = self._clock.now()
        return session.user

    def _is_over(self, session: Session) -> bool:
        return self._clock.now() - session.used > self._settings.session_seconds

    def _check(self, name: str, password: str) -> User:
        user, digest = self._users.get(name, (None, _digest("")))
        right = hmac.compare_digest(digest, _digest(password))
        if user is None or not right:
            raise errors.bad_credentials()
        return user


def _digest(password: str) -> bytes:
    """Enough to compare in constant time: these passwords open a lab on loopback."""
    return hashlib.sha256(password.encode()).digest()


def _credentials(authorization: str) -> tuple[str, str]:
    """Name and password of `Basic ...` and of `Remote ...` (vIDM users, terraform-provider-nsxt remote_auth)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() not in ("basic", "remote"):
        raise errors.bad_credentials()
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError as error:  # no base64 (not even ASCII, perhaps), or no UTF-8 inside it
        raise errors.bad_credentials() from error
    return name, password


def session_cookie(header: str) -> str:
    """The value of JSESSIONID in a Cookie header; "" without one."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "JSESSIONID":
            return value
    return ""


def form(body: str) -> tuple[str, str]:
    """User and password of a session form. Values are form-encoded: a `+` is a blank."""
    fields = dict(part.partition("=")[::2] for part in body.split("&"))
    name, password = fields.get("j_username", ""), fields.get("j_password", "")
    return unquote(name.replace("+", " ")), unquote(password.replace("+", " "))

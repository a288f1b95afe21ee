"""A state store that is reached over HTTP, asked about its lock as Terraform's `http` backend asks.

Protocol (Terraform, `http` backend; OpenTofu alike): the lock's address is sent the lock as JSON; 200 takes it, 423 or 409 says
that somebody has it, with that lock as JSON in the body.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from egress.domain import EgressError

if TYPE_CHECKING:
    import httpx

Lock = dict[str, str]
_HELD = (409, 423)
_SECONDS = 15.0


@dataclass(frozen=True)
class HttpStore:
    """An open connection to a store."""

    client: httpx.Client
    settings: Mapping[str, Any]

    def read(self) -> int:
        """The status of the state's address: 200, or 404 or 204 where there is none yet."""
        return self._send("GET", self.settings["address"]).status_code

    def take(self) -> tuple[Lock, Lock | None]:
        """Asks for the lock: our own, and that of the holder where it is refused. Errors: EgressError for any other answer."""
        mine = {
            "ID": str(uuid.uuid4()),
            "Operation": "egress",
            "Info": "a look at the lock, which is given back at once",
            "Who": f"{getpass.getuser()}@{socket.gethostname()}",
            "Version": "",
            "Created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "Path": "",
        }
        answer = self._send(self.settings.get("lock_method", "LOCK"), self.settings["lock_address"], mine)
        if answer.status_code in _HELD:
            return mine, _lock(answer.content)
        if not answer.is_success:
            raise EgressError(f"{self.settings['lock_address']} answers {answer.status_code} to a lock")
        return mine, None

    def give_back(self, lock: Lock) -> None:
        """Lets a lock go. Errors: EgressError for a store that does not."""
        answer = self._send(self.settings.get("unlock_method", "UNLOCK"), self.settings["unlock_address"], lock)
        if not answer.is_success:
            raise EgressError(
                f"{self.settings['unlock_address']} answers {answer.status_code}: the lock was not let go, somebody else may hold it by now"
            )

    def _send(self, method: str, address: str, lock: Lock | None = None) -> httpx.Response:
        from egress.lean_httpx import httpx

        content = None if lock is None else json.dumps(lock)
        try:
            return self.client.request(method, address, content=content, headers={"Content-Type": "application/json"})
        except httpx.HTTPError as error:
            raise EgressError(f"{address} cannot be reached: {error or type(error).__name__}") from None


@contextmanager
def opened(env: Mapping[str, str], settings: Mapping[str, Any]) -> Iterator[HttpStore]:
    """A store, with the login and the authorities that the engine takes from the environment. Errors: EgressError."""
    import ssl  # both take their time to load, and most states are elsewhere

    from egress.lean_httpx import httpx

    context = ssl.create_default_context()
    try:
        if authority := env.get("TF_HTTP_CLIENT_CA_CERTIFICATE_PEM"):
            context.load_verify_locations(cadata=authority)
    except ssl.SSLError:
        raise EgressError("TF_HTTP_CLIENT_CA_CERTIFICATE_PEM holds no certificate") from None
    user = env.get("TF_HTTP_USERNAME", "")
    auth = (user, env.get("TF_HTTP_PASSWORD", "")) if user else None
    with httpx.Client(auth=auth, verify=context, timeout=_SECONDS) as client:
        yield HttpStore(client, settings)


def holder(settings: Mapping[str, Any], env: Mapping[str, str]) -> Lock:
    """The lock that somebody holds, as far as the store says. Errors: EgressError where the store cannot be asked."""
    with opened(env, settings) as store:
        mine, theirs = store.take()
        if theirs is None:  # it was let go meanwhile
            store.give_back(mine)
        return theirs or {}


def release(settings: Mapping[str, Any], env: Mapping[str, str], lock_id: str) -> None:
    """Takes away the lock of this id, and no other. Errors: EgressError."""
    with opened(env, settings) as store:
        mine, theirs = store.take()
        if theirs is None:
            store.give_back(mine)
            return
        if theirs.get("ID", "") != lock_id:
            raise EgressError(
                f"somebody else holds the lock by now ({theirs.get('Who') or 'who is not said'}): nothing was changed"
            )
        store.give_back(theirs)


def _lock(body: bytes) -> Lock:
    with contextlib.suppress(ValueError):
        found = json.loads(body)
        if isinstance(found, dict):
            return {str(key): str(value) for key, value in found.items()}
    return {}

"""A small client of a lab's control plane, for tests and for the command line."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from nsx_lab.manager.http.labfile import LabFile


class ControlError(RuntimeError):
    """The control plane refused; the message is its own."""


class Control:
    """Speaks to `https://<host>/_lab/...`. Every method is one request."""

    def __init__(self, host: str, ca_pem: str, token: str) -> None:
        self.host, self.ca_pem = host, ca_pem
        self._http = httpx.Client(
            base_url=f"https://{host}/_lab",
            verify=ssl.create_default_context(cadata=ca_pem),
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )

    @classmethod
    def of(cls, lab: LabFile) -> Control:
        return cls(lab.host, lab.ca, lab.control_token)

    def close(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> dict[str, Any]:
        """One request to the control plane; ControlError when it refuses or does not answer."""
        try:
            answer = self._http.request(
                method, path, json=body, params={key: value for key, value in query.items() if value is not None}
            )
        except httpx.HTTPError as error:
            raise ControlError(
                f"no answer from {self._http.base_url.host}:{self._http.base_url.port}: {error}"
            ) from error
        try:
            content = answer.json()
        except ValueError as error:
            raise ControlError(
                f"{self._http.base_url.host}:{self._http.base_url.port} is no lab: {answer.status_code} {answer.text[:60]!r}"
            ) from error
        if answer.status_code != 200:
            raise ControlError(str(content.get("error", content)))
        assert isinstance(content, dict)
        return content

    def health(self) -> dict[str, Any]:
        """Profile, number of objects, number of the last journal entry."""
        return self.ask("GET", "/health")

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """Journal entries with a number above `since`: seq, t, method, path, query, body, status, who, fault, error_code."""
        entries: list[dict[str, Any]] = self.ask("GET", "/journal", since=since)["entries"]
        return entries

    def mark(self) -> int:
        """Number of the last journal entry: what to give to `journal` later."""
        return int(self.health()["journal"])

    def reset(self) -> None:
        """Back to the seed; empties the journal."""
        self.ask("POST", "/reset")

    def seed(self, document: Mapping[str, Any]) -> None:
        """Adds a seed document to what is there."""
        self.ask("POST", "/seed", document)

    def objects(self, below: str = "", type: str = "") -> dict[str, dict[str, Any]]:
        """Stored objects by path."""
        found: dict[str, dict[str, Any]] = self.ask("GET", "/objects", below=below, type=type)["objects"]
        return found

    def realized(self) -> dict[str, dict[str, Any]]:
        """Realized objects by path."""
        found: dict[str, dict[str, Any]] = self.ask("GET", "/realized")["objects"]
        return found

    def realization(
        self,
        path: str = "*",
        state: str | None = None,
        message: str = "",
        *,
        when: str = "now",
        polls: int = 0,
        delay: float | None = None,
        stale: float | None = None,
    ) -> list[str]:
        """What becomes of `path` (a shell pattern): REALIZED, UNREALIZED (or "hold"), ERROR with a message, EMPTY, or any other word.

        `when="now"` changes what is there and every later write, until another call for the same path; `when="next"` only the next
        write. With `polls` the state turns REALIZED after so many looks. `delay` and `stale` are seconds of the lab's clock and count
        for all paths. Returns the paths changed now.
        """
        body: dict[str, Any] = {"path": path, "message": message, "when": when, "polls": polls}
        optional = {"state": state, "delay": delay, "stale": stale}
        body.update({key: value for key, value in optional.items() if value is not None})
        paths: list[str] = self.ask("POST", "/realization", body)["paths"]
        return paths

    def runtime(self, path: str, state: str) -> list[str]:
        """Takes an edge node or a BFD peer (its policy path) "DOWN", or "UP" again. Returns the paths of all that is down."""
        down: list[str] = self.ask("POST", "/runtime", {"path": path, "state": state})["down"]
        return down

    def fault(self, **fault: Any) -> list[dict[str, Any]]:
        """Adds one fault; the keys are those of nsx_lab.manager.http.faults.Fault. Returns all faults, with how often each fired."""
        faults: list[dict[str, Any]] = self.ask("POST", "/faults", fault)["faults"]
        return faults

    def faults(self) -> list[dict[str, Any]]:
        """All faults, with how often each matched and fired."""
        faults: list[dict[str, Any]] = self.ask("GET", "/faults")["faults"]
        return faults

    def set_faults(self, faults: list[dict[str, Any]], seed: int = 0) -> None:
        """Replaces all faults; `seed` makes probabilities repeatable."""
        self.ask("POST", "/faults", {"faults": faults, "seed": seed})

    def clear_faults(self) -> None:
        """Takes all faults away, and cuts the connections of requests that hang."""
        self.ask("DELETE", "/faults")

    def limits(self, rate: int = 0, outstanding: int = 0) -> None:
        """Requests per second and outstanding requests, per client; 0 is no limit."""
        self.ask("POST", "/limits", {"rate": rate, "outstanding": outstanding})

    def clock(self, *, hold: bool | None = None, advance: float = 0.0) -> float:
        """Holds the lab's clock or lets it run, and moves it on. Returns its time in seconds."""
        body = {"advance": advance} | ({} if hold is None else {"hold": hold})
        return float(self.ask("POST", "/clock", body)["now"])

    def expire_sessions(self) -> int:
        """Ends every session of the Policy API."""
        return int(self.ask("DELETE", "/sessions")["ended"])

    def settings(self, **values: Any) -> dict[str, Any]:
        """Changes settings (nsx_lab.manager.nsx.settings.Settings; profile by name) and returns all."""
        return self.ask("POST", "/settings", values)

    def add_user(self, name: str, password: str, role: str = "enterprise_admin") -> None:
        """Another user of the Policy API; role enterprise_admin, network_engineer or auditor (read-only)."""
        self.ask("POST", "/users", {"name": name, "password": password, "role": role})

    def client_certificate(self, user: str) -> tuple[str, str]:
        """Certificate and key, PEM, by which a known user may come in."""
        made = self.ask("POST", "/certificates", {"user": user})
        return made["certificate"], made["key"]

    def fail_over(self, seconds: float) -> None:
        """Cuts every connection and refuses new ones for a while, as when the cluster's virtual address moves."""
        self.ask("POST", "/failover", {"seconds": seconds})

    def page(self) -> str:
        """The address that opens the lab's page in a browser, once."""
        return f"https://{self.host}{self.ask('POST', '/page')['path']}"

    def snapshot(self) -> dict[str, Any]:
        """Everything, as a document for `restore`."""
        return self.ask("GET", "/snapshot")

    def restore(self, document: Mapping[str, Any]) -> None:
        """Replaces everything by a snapshot."""
        self.ask("POST", "/restore", document)

"""What the Policy API promises, asked of a lab or, with NSX_LAB_TARGET=https://host, of a real manager.

For a real one: NSXT_USERNAME, NSXT_PASSWORD, and NSXT_CA_FILE if its certificate is not signed by an authority that the system trusts.
Everything happens on a Tier-0 without edges that the tests create and remove; the client refuses to write anything else.
"""

from __future__ import annotations

import os
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from nsx_lab import Lab

PATIENCE = 120.0
"""Seconds for what a real manager does behind its answer: its search index, the removal of what is marked for deletion."""


@dataclass(frozen=True)
class Target:
    """Whom to ask: address, user and password, whom to trust."""

    url: str
    login: tuple[str, str]
    tls: ssl.SSLContext


def target_of(env: Mapping[str, str]) -> Target:
    """The manager that the environment names. Fails the test, with the reason, when something is missing."""
    url = env["NSX_LAB_TARGET"].rstrip("/")
    if not url.startswith("https://"):
        pytest.fail(f"NSX_LAB_TARGET is {url!r}: https://host is expected")
    missing = [name for name in ("NSXT_USERNAME", "NSXT_PASSWORD") if not env.get(name)]
    if missing:
        pytest.fail(f"NSX_LAB_TARGET is set, {missing[0]} is not")
    tls = ssl.create_default_context(cafile=env.get("NSXT_CA_FILE") or None)
    return Target(url, (env["NSXT_USERNAME"], env["NSXT_PASSWORD"]), tls)


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    if os.environ.get("NSX_LAB_TARGET"):
        yield target_of(os.environ)
        return
    with Lab() as lab:
        tls = ssl.create_default_context(cadata=lab.ca_pem)
        yield Target(lab.url, (lab.username, lab.password), tls)


class Manager:
    """A client that writes nothing but the Tier-0 `tier0` and what is below it."""

    def __init__(self, target: Target, tier0: str) -> None:
        self.tier0 = tier0
        self._own = f"/policy/api/v1{tier0}"
        self.http = httpx.Client(
            base_url=f"{target.url}/policy/api/v1",
            auth=target.login,
            verify=target.tls,
            trust_env=False,
            timeout=60,
            event_hooks={"request": [self.guard]},
        )

    def guard(self, request: httpx.Request) -> None:
        """Runs before a request leaves; AssertionError when it is a write outside of the Tier-0."""
        path = request.url.path
        own = path == self._own or path.startswith(f"{self._own}/")
        if request.method != "GET" and (not own or ".." in path):
            raise AssertionError(f"{request.method} {path} is not ours to write")

    def search(self, query: str) -> list[dict[str, Any]]:
        answer = self.http.get(f"/search/query?query={quote(query)}").raise_for_status().json()
        results: list[dict[str, Any]] = answer["results"]
        return results

    def remove(self, path: str) -> None:
        """Deletes it if it is there, as soon as the manager has removed what was below it."""
        deadline = time.monotonic() + PATIENCE
        while self.http.get(path).status_code != 404:
            answer = self.http.delete(path)
            if answer.status_code == 200:
                return
            assert time.monotonic() < deadline, answer.text
            time.sleep(1)


@pytest.fixture(scope="module")
def manager(target: Target) -> Iterator[Manager]:
    """A client, and a Tier-0 of its own."""
    manager = Manager(target, f"/infra/tier-0s/contract-{secrets.token_hex(6)}")
    assert manager.http.get(manager.tier0).status_code == 404
    body = {"display_name": "made by a test, may be deleted", "ha_mode": "ACTIVE_STANDBY"}
    try:
        manager.http.patch(manager.tier0, json=body).raise_for_status()
        yield manager
    finally:
        for below in ("nat/USER/nat-rules", "static-routes"):
            answer = manager.http.get(f"{manager.tier0}/{below}")
            for left in answer.json().get("results", []) if answer.status_code == 200 else []:
                manager.remove(left["path"])
        manager.remove(manager.tier0)
        manager.http.close()


ROUTE = {"network": "192.0.2.0/25", "next_hops": [{"ip_address": "198.51.100.1", "admin_distance": 1}]}
RULE = {
    "action": "SNAT",
    "source_network": "192.0.2.0/25",
    "translated_network": "198.51.100.9",
    "sequence_number": 100,
}


@pytest.fixture(params=["route", "rule"])
def thing(request: pytest.FixtureRequest, manager: Manager) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and body of a static route or a NAT rule that is not there yet."""
    name = f"c-{secrets.token_hex(4)}"
    body: dict[str, Any]
    if request.param == "route":
        path, body = f"{manager.tier0}/static-routes/{name}", ROUTE
    else:
        path, body = f"{manager.tier0}/nat/USER/nat-rules/{name}", RULE
    yield path, {**body, "display_name": name}
    manager.remove(path)


def test_life_of_an_object(manager: Manager, thing: tuple[str, dict[str, Any]]) -> None:
    path, body = thing
    api = manager.http
    assert api.get(path).status_code == 404
    assert api.patch(path, json=body).status_code == 200
    got = api.get(path).json()
    assert body.items() <= {**got, **({"next_hops": _hops(got)} if "next_hops" in got else {})}.items()
    assert (got["path"], got["relative_path"]) == (path, path.rpartition("/")[2])
    assert got["marked_for_delete"] is False

    put = api.put(path, json=got | {"description": "changed"})
    assert put.status_code == 200
    assert put.json()["_revision"] > got["_revision"]
    assert api.get(path).json()["description"] == "changed"

    assert api.delete(path).status_code == 200
    assert api.get(path).status_code == 404


def _hops(route: dict[str, Any]) -> list[dict[str, Any]]:
    """Next hops by what was asked for; a manager may add to them."""
    return [{key: hop[key] for key in ("ip_address", "admin_distance")} for hop in route["next_hops"]]


def test_put_with_a_stale_revision_is_refused(manager: Manager, thing: tuple[str, dict[str, Any]]) -> None:
    path, body = thing
    manager.http.patch(path, json=body).raise_for_status()
    old = manager.http.get(path).json()
    manager.http.put(path, json=old | {"description": "first"}).raise_for_status()
    stale = manager.http.put(path, json=old | {"description": "second"})
    assert stale.status_code == 412
    _is_an_error(stale, "PRECONDITION_FAILED")
    assert manager.http.get(path).json()["description"] == "first"


def test_what_is_not_there_is_a_404_that_says_so(manager: Manager, thing: tuple[str, dict[str, Any]]) -> None:
    missing = manager.http.get(thing[0])
    assert missing.status_code == 404
    _is_an_error(missing, "NOT_FOUND")
    assert thing[0].rpartition("/")[2] in missing.json()["error_message"]


def _is_an_error(answer: httpx.Response, word: str) -> None:
    """The form of an error; its code only as far as being a number."""
    body = answer.json()
    assert body["httpStatus"] == word
    assert isinstance(body["error_code"], int)
    assert body["module_name"]
    assert body["error_message"]


def test_search_finds_it_and_forgets_it(manager: Manager, thing: tuple[str, dict[str, Any]]) -> None:
    path, body = thing
    kind = "StaticRoutes" if "network" in body else "PolicyNatRule"
    query = f"resource_type:{kind} AND display_name:{body['display_name'].replace('-', chr(92) + '-')}"
    manager.http.patch(path, json=body).raise_for_status()
    assert _searched(manager, query, there=True) == [path]
    manager.http.delete(path).raise_for_status()
    assert _searched(manager, f"{query} AND marked_for_delete:false", there=False) == []


def _searched(manager: Manager, query: str, *, there: bool) -> list[str]:
    """Paths found, once there are some (or none): the index of a real manager comes after the write."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = [hit["path"] for hit in manager.search(query)]
        if bool(found) is there or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


@pytest.mark.parametrize(
    "below, body", [("static-routes", ROUTE), ("nat/USER/nat-rules", RULE)], ids=["routes", "rules"]
)
def test_pages_of_a_list_hold_each_object_once(manager: Manager, below: str, body: dict[str, Any]) -> None:
    names = [f"page-{number}" for number in range(5)]
    for name in names:
        manager.http.patch(f"{manager.tier0}/{below}/{name}", json={**body, "display_name": name}).raise_for_status()
    try:
        seen: list[str] = []
        query: dict[str, Any] = {"page_size": 2}
        for _ in range(3):
            page = manager.http.get(f"{manager.tier0}/{below}", params=query).raise_for_status().json()
            assert len(page["results"]) <= 2
            seen += [found["id"] for found in page["results"]]
            query["cursor"] = page.get("cursor", "")
        assert sorted(seen) == names
        assert page["result_count"] == 5
    finally:
        for name in names:
            manager.remove(f"{manager.tier0}/{below}/{name}")


@pytest.mark.parametrize(
    "path", ["/infra/tier-0s/other", "/infra", "/infra/tier-0s/contract-0/static-routes/x", "/infra/tier-0s"]
)
def test_a_write_elsewhere_never_leaves(manager: Manager, path: str) -> None:
    request = manager.http.build_request("PATCH", path, json={})
    with pytest.raises(AssertionError, match="not ours to write"):
        manager.guard(request)  # not sent: on a real manager nothing may hang on this very test

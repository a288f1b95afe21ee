"""Connections that never come to an end, and what is left of connections when a lab ends."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http import protocol, server

pytestmark = pytest.mark.slow

PUT = b"PATCH /policy/api/v1/infra/tier-0s/x HTTP/1.1\r\nHost: lab\r\n"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for room, name in ((protocol, "HEAD_SECONDS"), (protocol, "BODY_SECONDS"), (server, "HANDSHAKE_SECONDS")):
        monkeypatch.setattr(room, name, 0.3)


@pytest.fixture
def lab(_soon: None) -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@contextmanager
def connected(lab: Lab, *, tls: bool = True) -> Iterator[socket.socket]:
    host, _, port = lab.host.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as raw:
        if not tls:
            yield raw
            return
        with ssl.create_default_context(cadata=lab.ca_pem).wrap_socket(raw, server_hostname=host) as wrapped:
            yield wrapped


def until_it_ends(connection: socket.socket) -> bytes:
    """What the lab says until it hangs up."""
    said = b""
    while chunk := connection.recv(65536):
        said += chunk
    return said


@pytest.mark.parametrize(
    "said, part",
    [
        (b"", "head"),
        (b"PATCH", "head"),
        (PUT, "head"),
        (PUT + b"Content-Length: 10\r\n\r\n", "body"),
        (PUT + b'Content-Length: 10\r\n\r\n{"a"', "body"),
        (PUT + b"Transfer-Encoding: chunked\r\n\r\n", "body"),
        (PUT + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "body"),
        (
            b"POST /_lab/seed HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 10\r\n\r\n{",
            "body",
        ),
    ],
)
def test_request_that_never_comes_to_its_end_is_answered_408(lab: Lab, said: bytes, part: str) -> None:
    with connected(lab) as connection:
        connection.sendall(said.replace(b"TOKEN", lab.control_token.encode()))
        head, _, body = until_it_ends(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in head.lower()
    assert json.loads(body)["error_message"] == f"The {part} of the request was not complete after 0.3 s."
    assert lab.control.objects(type="Tier0") == {}


def test_body_that_drips_is_cut_off_all_the_same(lab: Lab) -> None:
    """The limit is for all of the body: a byte now and then does not begin it anew."""
    with connected(lab) as connection:
        connection.sendall(PUT + b"Transfer-Encoding: chunked\r\n\r\n")
        connection.settimeout(0.05)
        assert drip(connection, b"1\r\nx\r\n") < 100


def drip(connection: socket.socket, drop: bytes) -> int:
    """Sends a drop now and then, until the lab hangs up; returns how many went out."""
    for count in range(10_000):
        try:
            connection.sendall(drop)
            if connection.recv(65536) == b"":
                return count
        except TimeoutError:
            continue
        except OSError:
            return count
    return 10_000


def test_second_request_on_a_connection_has_a_time_of_its_own(lab: Lab) -> None:
    whole = b"GET /policy/api/v1/infra HTTP/1.1\r\nHost: lab\r\n\r\n"
    with connected(lab) as connection:
        connection.sendall(whole)
        assert status(connection) == 403
        connection.sendall(whole + whole[:20])  # complete, and behind it a part of the next
        said = until_it_ends(connection)
    assert said.startswith(b"HTTP/1.1 403")
    assert b"HTTP/1.1 408" in said


def status(connection: socket.socket) -> int:
    """The status of the next answer, which is read to its end."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def test_body_that_nobody_waits_for_is_not_waited_for_either(lab: Lab) -> None:
    """Refused before it is complete, as there is no token: the answer does not make the connection free."""
    with connected(lab) as connection:
        connection.sendall(b"POST /_lab/seed HTTP/1.1\r\nHost: lab\r\nContent-Length: 10\r\n\r\n{")
        assert until_it_ends(connection).startswith(b"HTTP/1.1 401")


def test_handshake_that_never_comes_to_its_end_is_cut_off(lab: Lab) -> None:
    with connected(lab, tls=False) as connection:
        assert until_it_ends(connection) == b""


def test_connection_that_rests_between_requests_is_kept(lab: Lab) -> None:
    whole = b"GET /policy/api/v1/infra HTTP/1.1\r\nHost: lab\r\n\r\n"
    with connected(lab) as resting:
        resting.sendall(whole)
        assert status(resting) == 403
        with connected(lab) as silent:  # that this one is cut off shows that the time is over for the other one too
            assert until_it_ends(silent).startswith(b"HTTP/1.1 408")
        resting.sendall(whole)
        assert status(resting) == 403


def test_hanging_request_is_not_taken_for_an_unfinished_one(lab: Lab, client_of: Callable[..., httpx.Client]) -> None:
    lab.control.fault(path="*/tier-0s", delay=1)
    assert client_of(lab).get("/infra/tier-0s").status_code == 200


def test_lab_that_ends_leaves_no_transport_open() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with Lab() as lab, connected(lab), connected(lab, tls=False), connected(lab) as asking:
            asking.sendall(PUT + b"Content-Length: 10\r\n\r\n")
            lab.stop()
        del lab
        gc.collect()
    assert [str(one.message) for one in told if issubclass(one.category, ResourceWarning)] == []

"""A manager that is slow, strange, cut off or not to be trusted ends in one sentence with the remedy that fits."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
from pathlib import Path

import pytest

from egress.deadline import Deadline
from egress.domain import EgressError
from egress.manager import Manager, client
from egress.manager.access import Access
from egress.manager.refusals import SilentError
from tests.manager.servers import Authority, Script, answering, dripping, ok, self_signed, serving, silent

pytestmark = pytest.mark.slow

AUTHORITY = Authority()
TRUSTED = ssl.create_default_context(cadata=AUTHORITY.pem)


def refusal(
    script: Script, seconds: float = 20, path: str = "/infra/tier-0s", tls: ssl.SSLContext | None = None
) -> str:
    """What the client says of a server."""
    with serving(script, tls or AUTHORITY.issued()) as host:
        access = Access(host, TRUSTED, ("u", "p"))
        with Manager(access, lambda _: None, Deadline(seconds)) as manager, pytest.raises(EgressError) as told:
            list(manager.all(path))
    sentence = str(told.value)
    assert "\n" not in sentence
    return sentence.replace(host, "HOST")


@pytest.mark.parametrize("script", [silent, dripping], ids=["never answers", "answers a byte at a time"])
def test_a_manager_that_does_not_come_to_an_end_is_left_at_the_deadline(script: Script) -> None:
    sentence = refusal(script, seconds=0.7)
    assert sentence.startswith(
        "HOST did not answer /infra/tier-0s within the 0.7 s that a command may read (0 objects were read)"
    )
    assert "--timeout" in sentence


def test_only_who_was_met_and_said_nothing_is_silent() -> None:
    with serving(silent, AUTHORITY.issued()) as host:
        access = Access(host, TRUSTED, ("u", "p"))
        with Manager(access, lambda _: None, Deadline(0.5)) as manager, pytest.raises(SilentError):
            manager.get("/infra")
    with socket.create_server(("127.0.0.1", 0)) as listener:  # may be a firewall: the provider may know another way
        access = Access(f"localhost:{listener.getsockname()[1]}", TRUSTED, ("u", "p"))
        with Manager(access, lambda _: None, Deadline(0.5)) as manager, pytest.raises(EgressError) as told:
            manager.get("/infra")
    assert not isinstance(told.value, SilentError)


def test_one_request_gets_less_than_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egress.deadline.REQUEST", 0.2)
    asked: list[int] = []

    def script(connection: ssl.SSLSocket) -> None:
        asked.append(1)
        silent(connection)

    assert "did not answer /infra/tier-0s in 4 tries" in refusal(script)
    assert len(asked) == 4


def test_a_handshake_that_does_not_come_to_an_end_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        access = Access(f"localhost:{listener.getsockname()[1]}", TRUSTED, ("u", "p"))
        with (
            Manager(access, lambda _: None, Deadline(0.5)) as manager,
            pytest.raises(EgressError, match=r"within the 0\.5 s"),
        ):
            manager.get("/infra")


def test_a_name_that_is_never_resolved_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.manager.servers import HOLD

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: HOLD.wait(5) or [])
    access = Access("nsx.example.com", TRUSTED, ("u", "p"))
    with (
        Manager(access, lambda _: None, Deadline(0.3)) as manager,
        pytest.raises(EgressError, match=r"within the 0\.3 s"),
    ):
        manager.get("/infra")


def test_a_wait_that_is_longer_than_the_deadline_is_not_begun() -> None:
    busy = b"HTTP/1.1 429 Too Many\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    assert refusal(answering(busy)).startswith("HOST asks to wait 3600 s, and 20 of the 20 s")


def test_each_certificate_that_is_refused_has_a_remedy_of_its_own(tmp_path: Path) -> None:
    script = answering(ok(b"{}"))
    assert "has expired: give the manager a new one, nsx.ca_file does not help" in refusal(
        script, tls=AUTHORITY.issued(days=(-3, -1))
    )
    assert "is not valid yet: compare the clocks" in refusal(script, tls=AUTHORITY.issued(days=(1, 3)))
    assert "is for another name: write the name that it carries into nsx.host" in refusal(
        script, tls=AUTHORITY.issued("other.example.com")
    )
    unknown = refusal(script, tls=Authority().issued())
    assert "is not trusted: name its authority in nsx.ca_file (" in unknown
    context, pem = self_signed(tmp_path)
    assert "is self-signed: compare its fingerprint" in refusal(script, tls=context)
    with (
        serving(script, context) as host,
        Manager(Access(host, ssl.create_default_context(cadata=pem), ("u", "p"))) as manager,
    ):
        assert manager.get("/infra") == {}, "the remedy helps"


def test_a_port_that_speaks_no_tls_is_told() -> None:
    def plain(connection: ssl.SSLSocket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with (
        serving(plain, None) as host,
        Manager(Access(host, TRUSTED, ("u", "p")), lambda _: None) as manager,
        pytest.raises(EgressError, match="something else than TLS answers on this port, check nsx.host"),
    ):
        manager.get("/infra")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\x1b\r\nContent-Length: 0\r\n\r\n", "cannot be reached"),
        (b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n", "sends us on to 'https://evil.example/' (302), which is not followed"),
        (ok(b"<html>"), "is no JSON object: is it an NSX Manager?"),
        (ok(b'{"results": [{"id": "a"'), "is no JSON object"),
        (ok(b"[" * 100_000), "is no JSON object"),
        (ok(b"\xff\xfe"), "is no JSON object"),
        (ok(b'{"n": ' + b"9" * 5000 + b"}"), "is no JSON object"),
        (ok(b'{"results": {"id": "a"}}'), "is no list of objects with ids"),
        (ok(b'{"results": ["a"]}'), "is no list of objects with ids"),
        (ok(b'{"results": [{"id": 5}]}'), "is no list of objects with ids"),
        (ok(b'{"results": [{"id": "a"}], "cursor": "again"}'), "the page after 'again' is that page again"),
        (ok(b"not gzip", b"Content-Encoding: gzip"), "cannot be unpacked"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{", "cannot be reached: peer closed connection"),
        (b"SSH-2.0-OpenSSH_9.6\r\nConnection: close\r\n\r\n", "cannot be reached"),
        (ok(b'{"error_message": "\\u001b]0;x\\u0007\\u202ebad"}').replace(b"200 OK", b"500 Oops"), r"with 500: \x1b]0;x\x07\u202ebad"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_used_is_a_sentence(answer: bytes, expected: str) -> None:
    assert expected in refusal(answering(answer))


def test_an_answer_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 1 << 20)
    bomb = gzip.compress(b" " * (64 << 20))
    assert "answered /infra/tier-0s with more than 1 MiB: stopped there" in refusal(
        answering(ok(bomb, b"Content-Encoding: gzip"))
    )


def test_what_was_read_is_told_on_the_way() -> None:
    page = json.dumps({"results": [{"id": str(number)} for number in range(7)]}).encode()
    told: list[int] = []
    with (
        serving(answering(ok(page)), AUTHORITY.issued()) as host,
        Manager(Access(host, TRUSTED, ("u", "p")), tell=told.append) as manager,
    ):
        list(manager.all("/infra/tier-0s"))
        list(manager.all("/infra/tier-1s"))
    assert told == [7, 14]

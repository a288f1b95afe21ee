"""What this machine gets an answer from: real sockets on loopback, a TLS hello and one DNS query."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest

from egress.cli._probing import Kind, Target, ask
from nsx_lab import Lab

HERE = ip_address("127.0.0.1")


@pytest.fixture
def udp() -> Iterator[Callable[[Callable[[bytes], bytes | None]], int]]:
    """udp(answer): a server on loopback that answers each datagram so; its port."""
    held: list[socket.socket] = []

    def serve(answer: Callable[[bytes], bytes | None]) -> int:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        held.append(server)

        def run() -> None:
            while True:
                try:
                    question, sender = server.recvfrom(512)
                except OSError:
                    return
                if not question:
                    return
                if (said := answer(question)) is not None:
                    server.sendto(said, sender)

        threading.Thread(target=run, daemon=True).start()
        return int(server.getsockname()[1])

    yield serve
    for one in held:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", one.getsockname())
        one.close()


@pytest.fixture
def closed() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_an_endpoint_with_a_certificate_of_its_own_answers() -> None:
    with Lab() as lab:
        port = int(lab.host.rpartition(":")[2])
        reply = ask(Target(Kind.TLS, HERE, port))
    assert reply.answered
    assert "certificate that this machine does not trust" in reply.words


def test_an_endpoint_that_speaks_no_tls_or_does_not_listen_does_not(closed: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        threading.Thread(target=greet, daemon=True).start()
        reply = ask(Target(Kind.TLS, HERE, server.getsockname()[1]))
    assert not reply.answered
    assert reply.words == "takes the connection and does not speak TLS"
    refused = ask(Target(Kind.TLS, HERE, closed))
    assert not refused.answered
    assert "does not answer (Connection refused)" in refused.words


Answer = Callable[[bytes], bytes | None]
ANSWERS: dict[str, tuple[Answer, bool, str]] = {
    "an answer": (lambda asked: asked[:2] + b"\x81\x80" + asked[4:], True, "answers a DNS query"),
    "a refusal": (lambda asked: asked[:2] + b"\x81\x05" + asked[4:], True, "answers a DNS query"),
    "another's answer": (lambda _: b"\0" * 12, False, "no DNS answer"),
    "a cut one": (lambda asked: asked[:3], False, "no DNS answer"),
    "silence": (lambda _: None, False, "does not answer a DNS query"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_dns_server_is_asked_once_and_any_answer_is_one(name: str, udp: Callable[[Answer], int]) -> None:
    answer, expected, words = ANSWERS[name]
    reply = ask(Target(Kind.DNS, HERE, udp(answer)), patience=0.2)
    assert reply.answered is expected
    assert words in reply.words


def test_a_dns_server_that_is_not_there_does_not_answer(closed: int) -> None:
    assert not ask(Target(Kind.DNS, HERE, closed), patience=0.2).answered


def test_a_lost_datagram_is_asked_again(udp: Callable[[Answer], int]) -> None:
    questions: list[bytes] = []

    def second(asked: bytes) -> bytes | None:
        questions.append(asked)
        return asked[:2] + b"\x81\x80" + asked[4:] if len(questions) > 1 else None

    assert ask(Target(Kind.DNS, HERE, udp(second)), patience=0.2).answered

"""HTTP as clients of NSX speak it."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from typing import Any

import httpx

from nsx_lab import Lab
from nsx_lab.manager.http.wire import Request
from nsx_lab.mark import MARK


def connection(lab: Lab) -> http.client.HTTPSConnection:
    host, _, port = lab.host.partition(":")
    return http.client.HTTPSConnection(
        host, int(port), context=ssl.create_default_context(cadata=lab.ca_pem), timeout=20
    )


def basic(lab: Lab) -> dict[str, str]:
    encoded = base64.b64encode(f"{lab.username}:{lab.password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}", "Content-Type": "application/json"}


def test_get_with_a_body_keeps_the_connection_in_step(lab: Lab) -> None:
    client = connection(lab)
    path = "/policy/api/v1/infra/tier-0s/T0-wld01/static-routes/x"
    for method, status in (("GET", 404), ("DELETE", 404), ("GET", 404)):
        client.request(method, path, body="{}", headers=basic(lab))
        answer = client.getresponse()
        assert (answer.status, json.loads(answer.read())["error_code"]) == (status, 600)
    client.request("GET", "/api/v1/node/version", body="{}", headers=basic(lab))
    assert json.loads(client.getresponse().read())["node_version"].startswith("4.2.")
    client.close()


def test_http_1_1_is_chosen_and_the_mark_is_in_the_certificate(lab: Lab) -> None:
    context = ssl.create_default_context(cadata=lab.ca_pem)
    context.set_alpn_protocols(["h2", "http/1.1"])
    host, _, port = lab.host.partition(":")
    with (
        socket.create_connection((host, int(port)), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=host) as tls,
    ):
        assert tls.selected_alpn_protocol() == "http/1.1"
        assert tls.version() == "TLSv1.3"
        certificate: dict[str, Any] = dict(tls.getpeercert() or {})
        assert ("DNS", MARK) in certificate["subjectAltName"]


def test_every_answer_is_json(api: httpx.Client, rule: dict[str, Any]) -> None:
    answers = [
        api.get("/infra/tier-0s"),
        api.get("/infra/tier-0s/none"),
        api.get("/nothing/here"),
        api.patch("/infra/tier-0s/T0-wld01/nat/USER/nat-rules/a", json={**rule, "id": "a"}),
        api.post("/infra/tier-0s", json={}),
    ]
    for answer in answers:
        assert answer.headers["content-type"].startswith("application/json")
        assert not answer.content or isinstance(answer.json(), dict)


def test_search_query_ends_at_the_next_known_name_only() -> None:
    request = Request("GET", "/x", "query=display_name:R%5C&D=1%5C+2%20AND%20x:y&cursor=5&page_size=2", {}, b"")
    assert request.search_parameters() == {"query": "display_name:R\\&D=1\\+2 AND x:y", "cursor": "5", "page_size": "2"}


def test_connection_serves_many_requests(lab: Lab) -> None:
    client = connection(lab)
    client.connect()
    before = client.sock.getsockname()
    for _ in range(20):
        client.request("GET", "/api/v1/node/version", headers=basic(lab))
        client.getresponse().read()
    assert client.sock.getsockname() == before
    client.close()


def test_answer_comes_in_one_piece(lab: Lab) -> None:
    client = connection(lab)
    client.connect()
    head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": lab.host, **basic(lab)}.items())
    for more, last in (("", False), ("Connection: close\r\n", True)):
        client.sock.sendall(f"GET /api/v1/node/version HTTP/1.1\r\n{head}{more}\r\n".encode())
        answer = client.sock.recv(65536)  # what one TLS record holds
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["node_version"].startswith("4.2.")
        assert (b"connection: close" in answer.lower()) is last
    assert client.sock.recv(65536) == b""
    client.close()


def test_health_of_the_reverse_proxy(lab: Lab) -> None:
    client = connection(lab)
    client.request("GET", "/api/v1/reverse-proxy/node/health", headers=basic(lab))
    assert json.loads(client.getresponse().read()) == {"healthy": True}
    client.close()

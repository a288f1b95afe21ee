"""A fresh lab for each test, and clients that speak HTTP over its TLS."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.nsx import schema

SEED = Path(__file__).parent.parent / "wld01-seed.json"


@pytest.fixture
def seed_document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SEED.read_text())
    return document


@pytest.fixture
def lab(seed_document: dict[str, Any]) -> Iterator[Lab]:
    with Lab(seed=seed_document) as running:
        yield running


def fits_its_type(answer: httpx.Response) -> None:
    """Every object that a lab answers in these tests is held against the SDK's types; a bug of the lab fails the test."""
    answer.read()
    assert answer.status_code != 500 or "bug in the lab" not in answer.text, answer.text
    if (
        answer.status_code != 200
        or not answer.content
        or not answer.headers["content-type"].startswith("application/json")
    ):
        return
    body = answer.json()
    for obj in body.get("results", [body]):
        if obj.get("resource_type") in schema.types() and "children" not in obj:
            assert schema.problems(obj["resource_type"], obj) == []


@pytest.fixture
def client_of() -> Iterator[Callable[..., httpx.Client]]:
    """Makes a client of a lab: `client_of(lab)`, or with other credentials `client_of(lab, auth=("auditor", "..."))`."""
    made: list[httpx.Client] = []

    def make(lab: Lab, **options: Any) -> httpx.Client:
        options.setdefault("auth", (lab.username, lab.password))
        options.setdefault("timeout", 20)
        base = options.pop("base", "/policy/api/v1")
        context = ssl.create_default_context(cadata=lab.ca_pem)
        options.setdefault("event_hooks", {"response": [fits_its_type]})
        made.append(httpx.Client(base_url=lab.url + base, verify=context, trust_env=False, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def api(lab: Lab, client_of: Callable[..., httpx.Client]) -> httpx.Client:
    """The Policy API as admin."""
    return client_of(lab)


@pytest.fixture
def rule() -> dict[str, Any]:
    """A NAT rule of the golden domain as the provider sends it."""
    return {
        "action": "REFLEXIVE",
        "description": "",
        "display_name": "nat-vm-a",
        "enabled": True,
        "firewall_match": "BYPASS",
        "id": "nat-vm-a",
        "logging": False,
        "scope": [],
        "sequence_number": 110,
        "service": "",
        "source_network": "30.0.0.5",
        "tags": [{"scope": "managed-by", "tag": "terraform"}],
        "translated_network": "10.27.51.145",
    }


@pytest.fixture
def route() -> dict[str, Any]:
    """The default route as the provider sends it."""
    return {
        "description": "",
        "display_name": "default-route",
        "id": "default-route",
        "network": "0.0.0.0/0",
        "next_hops": [{"admin_distance": 1, "ip_address": "10.27.51.1"}],
        "tags": [],
    }

"""Hostile texts of a megabyte: reading is linear in the length, so each takes moments; one that is not would not come back in time."""

from __future__ import annotations

import json

import pytest

from egress.diagnosis.failure_texts import read
from egress.diagnosis.messages import LONGEST, messages

pytestmark = pytest.mark.slow

MEGABYTE = 1 << 20
PULL = 'Failed to pull image "harbor.example.com/a:1": Get "https://harbor.example.com/v2/": dial tcp 198.51.100.10:443: i/o timeout'
SHAPES = {
    "one letter": "a",
    "empty lines": "\n",
    "blanks": " ",
    "lookups": "lookup ",
    "lookups of a server": "lookup a on b",
    "dials": "dial tcp ",
    "a dial without an end": "dial tcp " + "a" * 5000,
    "requests": "Get https://",
    "requests with long names": f"Get https://{'a' * 250} ",
    "quotes": '\\"',
    "times": "1s 2m ",
    "types": "Normal Abc ",
    "statuses": f"status from GET request to {'x' * 400}",
    "proxies": f"https://{'x' * 1900}: Z",
    "log of CoreDNS": "a.b A: read udp 1.1.1.1:1->1.1.1.1:53: ",
    "pulls in one line": f"{PULL} ",
    "pulls": f"{PULL}\n",
    "events": f"  Warning  Failed  3s  kubelet  {PULL}\n",
    "an event that goes on": "  Warning  Failed  3s  kubelet  x\n" + "y\n" * 1000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_long_text_is_read(shape: str) -> None:
    read((shape * (MEGABYTE // len(shape) + 1))[:MEGABYTE])


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shape", ["pulls", "events", "log of CoreDNS"])
def test_as_much_as_the_command_takes_is_read(shape: str) -> None:
    length = 16 * MEGABYTE
    read((SHAPES[shape] * (length // len(SHAPES[shape]) + 1))[:length])


@pytest.mark.timeout(60)
def test_many_events_are_read() -> None:
    event = {"kind": "Event", "involvedObject": {"kind": "Pod"}, "reason": "Failed", "message": PULL}
    (failure,) = read(json.dumps({"kind": "List", "items": [event] * (MEGABYTE // 200)})).failures
    assert str(failure.address) == "198.51.100.10"


def test_of_a_long_message_beginning_and_end_are_kept() -> None:
    (message,) = messages(f"{PULL} {'x' * 100_000} {PULL}")
    assert len(message.text) < LONGEST + 10
    assert message.text.startswith(PULL)
    assert message.text.endswith(PULL)

"""Projects of domains that differ in everything a stack is made from: modes, hops, BFD, IPv6, tags, names, mappings, states."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

TEXTS = (
    "plain",
    "Zürich – Süd",
    "with ${expression} and %{directive}",
    "a}b{c",
    'quotes " and \\ backslash',
    "1e5 and -3.2e+11",
    "emoji \U0001f600 and \u00a0",
    "",
)
"""Texts as people write them, and some that Terraform, JSON or cdktf's tokens might take for something else."""

STATES: tuple[dict[str, Any], ...] = (
    {"backend": "local"},
    {"backend": "pg"},
    {"backend": "pg", "schema_name": "network_{n}"},
    {"backend": "s3", "bucket": "states", "region": "eu-central-1"},
    {"backend": "s3", "bucket": "states", "region": "garage", "endpoint": "https://s3.example.com"},
    {"backend": "http", "address": "https://state.example.com/{n}?env=a"},
    {
        "backend": "http",
        "address": "https://state.example.com/{n}",
        "lock_address": "https://state.example.com/l/{n}",
        "unlock_address": "https://state.example.com/u/{n}",
    },
)


def write(folder: Path, count: int, seed: int) -> None:
    """Writes `count` domain files (at most 4,000) below `folder`/domains; those of a seed are always the same."""
    random = Random(seed)  # noqa: S311 - no secret
    (folder / "domains").mkdir(parents=True)
    for number in range(count):
        file = folder / "domains" / f"w{number}.yaml"
        file.write_text(json.dumps(domain(random, number), ensure_ascii=False), encoding="utf-8")


def domain(random: Random, number: int) -> dict[str, Any]:
    """One domain; JSON is YAML."""
    active = random.random() < 0.6
    stateful = active and random.random() < 0.3
    block, low = divmod(number, 250)
    net = f"10.{block + 70}.{low}"
    uplinks = [_uplink(random, net, index) for index in range(random.choice((2, 2, 2, 4) if active else (2,)))]
    external = random.random() < 0.1
    tier0: dict[str, Any] = {"ha_mode": "ACTIVE_ACTIVE" if active else "ACTIVE_STANDBY", "uplinks": uplinks}
    tier0 |= {"display_name": random.choice(TEXTS[:4])} if random.random() < 0.2 else {"id": f"T0-{number}"}
    tier0 |= {"stateful_active_active": True} if stateful else {}
    found: dict[str, Any] = {
        "version": 1,
        "name": f"w{number}",
        "description": random.choice(TEXTS[:5]) or None,
        "nsx": {"host": f"nsx-{number}.example.com"}
        | ({"ca_file": "certs/${x}.pem"} if random.random() < 0.2 else {})
        | ({"credentials": f"W{number}"} if random.random() < 0.2 else {}),
        "tier0": tier0,
        "default_route": {"external": True} if external else _route(random, net, uplinks, number),
        "egress": _egress(random, net, number, reflexive=active and not stateful),
        "ingress": {"range": f"100.{block + 70}.{low}.128/25"},
        "state": json.loads(json.dumps(random.choice(STATES)).replace("{n}", str(number))),
    }
    return {key: value for key, value in found.items() if value is not None}


def _uplink(random: Random, net: str, index: int) -> dict[str, Any]:
    found = {"id": f"up{index}", "edge": f"edge{index % 4}", "address": f"{net}.{index + 2}/24"}
    return found | ({"ipv6": f"2001:db8:{net.split('.')[2]}::{index + 2}/64"} if random.random() < 0.9 else {})


def _route(random: Random, net: str, uplinks: list[dict[str, Any]], number: int) -> dict[str, Any]:
    hops: list[dict[str, Any]] = [{"address": f"{net}.{250 + index}"} for index in range(random.choice((1, 1, 2, 3)))]
    for hop in hops:
        hop |= {"admin_distance": random.randint(1, 255)} if random.random() < 0.3 else {}
        hop |= {"interface": random.choice(uplinks)["id"]} if random.random() < 0.3 else {}
    found: dict[str, Any] = {"next_hops": hops}
    found |= (
        {"tags": {random.choice(TEXTS[:3]): random.choice(TEXTS[:7]), "stack": "x"}} if random.random() < 0.4 else {}
    )
    found |= {"protect": False} if random.random() < 0.3 else {}
    found |= {"nsx_id": f"own-{number}"} if random.random() < 0.2 else {}
    found |= {"bfd": random.choice(({}, {"sources": [uplinks[0]["id"]]}))} if random.random() < 0.3 else {}
    if all("ipv6" in uplink for uplink in uplinks) and random.random() < 0.4:
        found["ipv6"] = {"next_hops": [{"address": f"2001:db8:{net.split('.')[2]}::fe"}]}
    return found


def _egress(random: Random, net: str, number: int, *, reflexive: bool) -> dict[str, Any]:
    source = f"100.{number // 250 + 70}.{number % 250}"
    keys = ["supervisor", "tkg"] if random.random() < 0.8 else random.choice((["supervisor"], ["tkg"], []))
    found: dict[str, Any] = {"range": f"{source}.0/25"}
    for index, key in enumerate(keys):
        found[key] = {"source": f"{source}.{index + 5}", "translated": f"{net}.{index + 100}"}
    more = {
        f"m{index}": {"source": f"{source}.{index + 20}", "translated": f"{net}.{index + 110}", "priority": 200 + index}
        for index in range(random.choice((0, 0, 1, 4)))
    }
    if not reflexive:
        for mapping in more.values():
            mapping["translated"] = f"{net}.100"
    return found | ({"more": more} if more else {}) | ({"applied_to": "everywhere"} if random.random() < 0.1 else {})

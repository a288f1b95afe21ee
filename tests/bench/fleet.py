"""Projects with many domains, for benchmarks: one that differ in everything, on a Tier-0 each, and one on a single Tier-0."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.recorder import varied

MOST = 10_000
"""Domains that a fleet may have: each has addresses of its own."""
Json = dict[str, Any]


def write_varied(folder: Path, count: int) -> None:
    """A project with `count` domains as `tests/recorder` makes them, local states, with Tier-1s below them and a DNS server beside."""
    random = Random(1)  # noqa: S311 - no secret
    _write(folder, ((f"w{number}", _inhabited(random, number)) for number in range(count)))


def _inhabited(random: Random, number: int) -> Json:
    found = varied.domain(random, number)
    block, low = divmod(number, 250)
    tier1s = {
        f"ns-{index}": {"networks": [f"10.{block + 150}.{low}.{16 * index}/28"], "egress": mapping["source"]}
        for index, mapping in enumerate(_mappings(found["egress"]))
        if "/" not in mapping["source"] and mapping["source"] != "any"
    }
    dns = {"dns_servers": [f"172.29.{low}.53"]} if number % 3 else {}
    found["nsx"].pop("ca_file", None)
    if "display_name" in found["tier0"]:  # one lab may hold them all
        found["tier0"]["display_name"] += f" {number}"
    return found | ({"tier1s": tier1s} if tier1s else {}) | dns | {"state": {"backend": "local"}}


def _mappings(egress: Json) -> list[Json]:
    return [egress[key] for key in ("supervisor", "tkg") if key in egress] + list(egress.get("more", {}).values())


def write_shared(folder: Path, count: int) -> None:
    """A project with `count` domains on one Tier-0: the first has its default route, each has two mappings and two Tier-1s."""
    _write(folder, ((f"w{number}", _sharing(number)) for number in range(count)))


def _sharing(number: int) -> Json:
    block, low = divmod(number, 250)
    egress = f"100.{64 + block}.{low}"
    translated = [f"10.0.{(512 + 2 * number + one) // 256}.{(512 + 2 * number + one) % 256}" for one in (0, 1)]
    hops = {"next_hops": [{"address": "10.0.0.1"}]}
    return {
        "version": 1,
        "name": f"w{number}",
        "nsx": {"host": "nsx.example.com"},
        "tier0": {
            "id": "T0",
            "ha_mode": "ACTIVE_STANDBY",
            "uplinks": [
                {"id": f"uplink{edge}", "edge": f"edge{edge}", "address": f"10.0.0.{edge}/16"} for edge in (2, 3)
            ],
        },
        "default_route": {"external": True} if number else hops,
        "egress": {
            "ranges": [f"{egress}.0/25"],
            "supervisor": {"source": f"{egress}.5", "translated": translated[0]},
            "tkg": {"source": f"{egress}.16", "translated": translated[1]},
        },
        "ingress": {"range": f"{egress}.128/25"},
        "tier1s": {
            f"ns-{number}-{one}": {
                "networks": [f"10.{64 + block}.{low}.{64 * one}/28"],
                "egress": f"{egress}.{16 if one else 5}",
            }
            for one in (0, 1)
        },
        "state": {"backend": "local"},
    }


def _write(folder: Path, domains: Iterator[tuple[str, Json]]) -> None:
    (folder / "cdktf.json").write_text("{}")
    (folder / "domains").mkdir()
    for name, domain in domains:
        text = yaml.safe_dump(domain, sort_keys=False, allow_unicode=True)
        (folder / "domains" / f"{name}.yaml").write_text(text, encoding="utf-8")

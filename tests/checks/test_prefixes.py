"""Networks by prefix against looking at each of them; and every rule's work grows with a file, not with its square."""

from __future__ import annotations

import copy
import cProfile
import json
import pstats
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from egress.checks import check
from egress.checks.prefixes import Overlap, Prefixes
from egress.domain.reading import read
from egress.domain.yaml_tree import parse

pytestmark = pytest.mark.slow

NETWORKS = st.builds(
    lambda bits, length: IPv4Network((bits, length), strict=False), st.integers(0, 2**32 - 1), st.integers(0, 32)
) | st.builds(
    lambda bits, length: IPv4Network((bits << 24, length), strict=False), st.integers(0, 3), st.integers(0, 9)
)


@given(added=st.lists(NETWORKS, max_size=20), asked=NETWORKS, before=st.integers(0, 20))
def test_an_index_says_what_a_look_at_every_network_says(
    added: list[IPv4Network], asked: IPv4Network, before: int
) -> None:
    """`before`: so many are added when it is asked for the first time."""
    index: Prefixes[int] = Prefixes()
    for number, network in enumerate(added):
        if number == before:
            index.overlapping(asked)
        index.add(network, number)

    def expected(holds: Callable[[IPv4Network], bool]) -> Overlap[int] | None:
        found = [number for number, network in enumerate(added) if holds(network)]
        return Overlap(found[0], len(found)) if found else None

    assert index.overlapping(asked) == expected(asked.overlaps)
    assert index.holding(asked) == expected(asked.subnet_of)
    assert index.within(asked) == expected(asked.supernet_of)
    assert index.equal(asked) == expected(lambda one: one == asked)
    assert index.nested(asked) == expected(lambda one: one != asked and one.overlaps(asked))
    assert index.inside(asked) == expected(lambda one: one != asked and one.subnet_of(asked))


@given(added=st.lists(NETWORKS, max_size=20), asked=st.builds(IPv4Address, st.integers(0, 2**32 - 1)))
def test_an_address_is_asked_for_as_the_network_that_holds_only_it(
    added: list[IPv4Network], asked: IPv4Address
) -> None:
    index: Prefixes[int] = Prefixes()
    for number, network in enumerate(added):
        index.add(network, number)
    assert index.overlapping(asked) == index.overlapping(IPv4Network(asked))
    assert index.holding(asked) == index.holding(IPv4Network(asked))


def ip(first: int, number: int) -> str:
    return f"{first}.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


GROWN: dict[str, Callable[[dict[str, Any], int, Callable[[int], int]], None]] = {
    "tier1s": lambda d, n, k: d["tier1s"].update(
        {f"p{i}": {"networks": [f"{ip(100, k(i))}/32"], "egress": ip(30, k(i)), "egress_range": f"{ip(107, k(i))}/32"} for i in range(n)}
    ),
    "routed tier1s": lambda d, n, k: d["tier1s"].update({f"r{i}": {"networks": [f"{ip(108, k(i))}/32"], "nat": False} for i in range(n)}),
    "ranges": lambda d, n, k: d["egress"].update(ranges=[f"{ip(30, k(i))}/32" for i in range(n)]),
    "vips": lambda d, n, k: d["tier0"].update(ha_vips=[{"address": f"{ip(101, k(i) * 4 + 2)}/30"} for i in range(n)]),
    "mappings": lambda d, n, k: d["egress"].setdefault("more", {}).update(
        {f"m{i}": {"source": ip(30, 20 + k(i) % 200), "translated": ip(12, k(i)), "priority": 1000 + i} for i in range(n)}
    ),
    "limited": lambda d, n, k: d["egress"].setdefault("more", {}).update(
        {f"l{i}": {"source": "any", "destination": f"{ip(109, k(i))}/32", "translated": ip(12, k(i)), "priority": 9000 + i} for i in range(n)}
    ),
    "exceptions": lambda d, n, k: d["egress"].update(
        exceptions={f"e{i}": {"source": ip(30, k(i)), "destination": f"{ip(110, k(i))}/32", "priority": 20000 + i} for i in range(n)}
    ),
    "uplinks": lambda d, n, k: d["tier0"]["uplinks"].extend({"id": f"u{i}", "edge": f"e{i}", "address": f"{ip(101, k(i) * 4 + 1)}/30"} for i in range(n)),
    "services": lambda d, n, k: d["tier0"].setdefault("service_interfaces", []).extend({"id": f"s{i}", "address": f"{ip(102, k(i) * 4 + 1)}/30"} for i in range(n)),
    "dns": lambda d, n, k: d.update(dns_servers=[ip(103, i + 1) for i in range(n)]),
    "routed": lambda d, n, k: d["egress"].update(routed=[f"{ip(104, k(i))}/32" for i in range(n)]),
    "hops": lambda d, n, k: d["default_route"].update(next_hops=[{"address": ip(101, i * 4 + 2)} for i in range(n)]),
    "routes": lambda d, n, k: d.update(routes={f"r{i}": {"network": f"{ip(111, k(i))}/32", "next_hops": [{"address": ip(101, i * 4 + 2)}]} for i in range(n)}),
    "returns": lambda d, n, k: d.update(return_routes=[{"host": "upstream", "to": f"{ip(105, k(i))}/32", "via": [ip(106, i)]} for i in range(n)]),
    "suppress": lambda d, n, k: d.update(suppress=[{"rule": f"rule-{i}", "reason": "because it is so"} for i in range(n)]),
}  # fmt: skip
PAIRS = [(one, other) for one in GROWN for other in GROWN if one <= other]


def work(golden: dict[str, Any], kinds: tuple[str, ...], size: int, alike: bool) -> int:
    """Calls of functions that the rules take over a domain with `size` of each kind; the same number on every machine."""
    data = copy.deepcopy(golden)
    for kind in dict.fromkeys(kinds):
        GROWN[kind](data, size, (lambda _: 1) if alike else (lambda number: number))
    domain = read(parse(json.dumps(data).encode(), "d.yaml"), "d")
    profile = cProfile.Profile()
    profile.runcall(check, [domain])
    return pstats.Stats(profile).total_calls  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("alike", [False, True], ids=["all differ", "all alike"])
@pytest.mark.parametrize("kinds", PAIRS, ids="-".join)
def test_the_work_of_the_rules_grows_with_the_file(repository: Path, kinds: tuple[str, ...], alike: bool) -> None:
    golden = yaml.safe_load((repository / "domains" / "wld01.yaml").read_text())
    small, large = (work(golden, kinds, size, alike) for size in (60, 240))
    assert large < 5.5 * small, f"{small} calls for 60 of each, {large} for 240"

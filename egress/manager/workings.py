"""What a manager counts and reports around a domain's Tier-0: NAT statistics, open alarms, IP blocks and pools. Nothing here ends a command:
what cannot be read is remembered as not seen, and no verdict rests on it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from egress.domain import WorkloadDomain
from egress.inventory.blocks import usages
from egress.inventory.workings import Alarm, Hits, Workings
from egress.manager.by_type import STORES, read_by_type
from egress.manager.client import MANAGER_API, Manager
from egress.manager.parts import AT_ONCE, Found
from egress.manager.refusals import or_why
from egress.manager.survey import block_usage
from egress.policy import paths
from egress.policy.owned import owned
from egress.policy.paths import is_nat_rule, last
from egress.policy.sighting import Doubt, Sighting, Unseen
from egress.policy.tree import Json

_ALARMS = f"{MANAGER_API}alarms"
"""Alarms of the manager API (vcf-nsx 9.1.1.0, GET /api/v1/alarms)."""


def workings(manager: Manager, domain: WorkloadDomain, seen: Sighting) -> Workings:
    """Reads them. Errors: EgressError where the manager is not there any more."""
    rules = [path for path in owned(domain).objects(seen.gateway) if is_nat_rule(path) and path in seen.objects]
    found = Found({path: body for path, body in seen.objects.items() if path.startswith(f"{paths.ORG}/")})
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="workings") as pool:
        try:
            asked = pool.submit(or_why, lambda: list(_alarms(manager)))
            counted = list(pool.map(lambda path: or_why(lambda: _hits(manager, path)), rules))
            read_by_type(manager, found, pool, STORES)
            told = block_usage(manager, found)
            alarms = asked.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    if isinstance(alarms, str):
        found.miss(Unseen("open alarms of the manager", "", doubt=Doubt.NONE), alarms)
    refused = [(path, one) for path, one in zip(rules, counted, strict=True) if isinstance(one, str)]
    if refused:
        what = "NAT statistics" if len(refused) > 1 else f"NAT statistics of {last(refused[0][0])}"
        found.miss(Unseen(what, "", doubt=Doubt.NONE), refused[0][1])
    unseen = tuple(found.unseen.values())
    return Workings(
        hits={path: one for path, one in zip(rules, counted, strict=True) if isinstance(one, Hits)},
        alarms=None if isinstance(alarms, str) else tuple(alarms),
        objects=found.objects,
        usage=usages(found.objects, unseen, told),
        unseen=unseen,
    )


def _hits(manager: Manager, rule: str) -> Hits:
    """The counters of a rule, of all enforcement points and edges together (vcf-nsx, PolicyNatRuleStatistics)."""
    counts = [one for page in manager.all(f"{rule}/statistics", named=False) for one in _dicts(page, "rule_statistics")]
    warnings = [str(one["warning_message"]) for one in counts if one.get("warning_message")]
    packets, octets, sessions = (
        sum(_number(one.get(name)) for one in counts) for name in ("total_packets", "total_bytes", "active_sessions")
    )
    return Hits(packets, octets, sessions, next(iter(warnings), ""))


def _alarms(manager: Manager) -> Iterator[Alarm]:
    for body in manager.all(_ALARMS, named=False, status="OPEN"):
        about = [body.get(name) for name in ("entity_id", "node_id", "node_resource_id")]
        sources = body.get("alarm_source")
        about += sources if isinstance(sources, list) else []
        yield Alarm(
            f"{body.get('feature_name')}/{body.get('event_type')}",
            str(body.get("severity") or "of no severity"),
            str(body.get("summary") or body.get("description") or "no words"),
            frozenset(str(one) for one in about if one),
        )


def _dicts(body: Json, key: str) -> list[Json]:
    given = body.get(key)
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 40 else 0

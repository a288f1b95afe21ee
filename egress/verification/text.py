"""A verification in lines, as data, and what changed from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from egress.escape import line
from egress.inventory.senders import EgressAddress, short
from egress.policy.paths import last
from egress.verification.finding import Finding
from egress.verification.verify import Verification

Json = dict[str, Any]
_GAPS = 12
"""Parts that a manager did not show, as many as are told."""


def told(one: Finding, stack: str) -> str:
    """A finding: a line that editors can jump to, then the fix, and what drift says otherwise."""
    lines = [f"{one.place or stack}: {one.severity}: {one.what} [{one.id}]", f"    fix: {one.fix}"]
    return "\n".join(map(line, [*lines, f"    {one.drift}"] if one.drift else lines))


def gaps(done: Verification) -> Iterator[str]:
    """What could not be seen, and what cannot be judged for it."""
    for one in done.unseen[:_GAPS]:
        yield line(f"{done.stack}: not seen: {one}")
    if len(done.unseen) > _GAPS:
        yield f"{done.stack}: not seen: {len(done.unseen) - _GAPS} more parts"
    if done.unknown:
        yield line(f"{done.stack}: cannot be judged for it: {', '.join(done.unknown)}")


def shown(done: Verification) -> Iterator[str]:
    """What is there and is nobody's fault: hits of the rules, and what is left."""
    yield from map(line, _shown(done))


def _shown(done: Verification) -> Iterator[str]:
    for path, hits in done.workings.hits.items():
        warning = f"; the manager says: {hits.warning}" if hits.warning else ""
        yield f"{last(path)}: {hits.packets} packets, {hits.octets} bytes, {hits.sessions} sessions open{warning}"
    if done.room.left is not None:
        yield f"{done.room.left} of {done.room.total} addresses are left for translations, as far as files and manager know"
    for name, total, left in done.room.blocks:
        yield f"{name}: {'?' if left is None else left} of {'?' if total is None else total} addresses are left"
    yield from done.asked


def summary(done: Verification) -> str:
    """What was looked at, in a line: `wld01: well: 3 objects, 2 edges, 2 egress addresses, 5 flows, 4 single failures`."""
    counts = [
        _count(done.own, "object"),
        f"{_count(done.tables, 'forwarding table')}",
        _count(len(done.addresses), "egress address", "egress addresses"),
        _count(len(done.answers), "flow"),
        _count(len(done.losses), "single failure"),
    ]
    return f"{done.stack} ({done.where}): {verdict(done)}: looked at {', '.join(counts)}"


def verdict(done: Verification) -> str:
    """In a few words."""
    bad = sum(one.matters for one in done.findings)
    if bad:
        return _count(bad, "finding") + ("" if done.saw_enough else ", and not everything was seen")
    return "well" if done.saw_enough else "not everything was seen"


def _count(number: int, noun: str, many: str = "") -> str:
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def as_json(done: Verification) -> Json:
    """The whole of it as data."""
    return {
        "stack": done.stack,
        "manager": done.where,
        "well": done.well,
        "findings": [finding_json(one) for one in done.findings],
        "suppressed": [{"id": one.rule.id, "what": one.what, "reason": one.reason} for one in done.report.suppressed],
        "not_seen": [{"what": one.what, "why": one.why, "matters": one in done.blind} for one in done.unseen],
        "cannot_know": list(done.unknown),
        "looked_at": {
            "objects": done.own,
            "forwarding_tables": done.tables,
            "egress_addresses": [_address_json(done, one) for one in done.addresses],
            "alarms": done.workings.alarms is not None,
        },
        "nat_hits": {
            last(path): {
                "packets": hits.packets,
                "bytes": hits.octets,
                "sessions": hits.sessions,
                "warning": hits.warning,
            }
            for path, hits in done.workings.hits.items()
        },
        "addresses_left": {"total": done.room.total, "left": done.room.left},
        "blocks": [{"name": name, "total": total, "left": left} for name, total, left in done.room.blocks],
        "flows": {
            one.question.title: one.finding.verdict.result.value if one.known else "unknown" for one in done.answers
        },
        "what_if": [loss.as_json() for loss in done.losses],
        "asked_from_here": list(done.asked),
    }


def _address_json(done: Verification, address: EgressAddress) -> Json:
    way = next((one for one in done.cover.covered if one.address == address), None)
    return {
        "address": short(address.network),
        "of": f"{address.holder} {address.name}",
        "owner": str(address.owner) or None,
        "covered_by": f"{way.way} {way.by}" if way else None,
        "stack": way.stack if way else None,
    }


def finding_json(one: Finding) -> Json:
    """A finding as data."""
    place = one.place
    return {
        "id": one.id,
        "severity": one.severity.value,
        "object": one.about,
        "attribute": one.attribute or None,
        "seen": one.seen,
        "file_says": one.said or None,
        "fix": one.fix,
        "drift": one.drift or None,
        "file": place.file if place else None,
        "line": place.line if place else None,
    }

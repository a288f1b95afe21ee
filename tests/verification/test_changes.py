"""What --watch tells: what came and went, once, and when a manager could not be read and can be again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from egress.domain import WorkloadDomain
from egress.policy.sighting import Doubt, Unseen
from egress.verification.changes import Change, Event, Known, failed, looked
from tests.verification.conftest import T0, applied, changed, held

RULE = f"{T0}/nat/USER/nat-rules/wld07-egress-supervisor"


def events(changes: tuple[Change, ...]) -> list[Event]:
    return [one.event for one in changes]


def test_what_does_not_change_is_not_told_again(domain_of: Callable[..., WorkloadDomain]) -> None:
    domain = domain_of()
    now = held(domain, applied(domain))
    known, first = looked(Known(), now)
    assert events(first) == [Event.VERDICT]
    assert looked(known, now)[1] == ()


def test_findings_come_and_go(domain_of: Callable[..., WorkloadDomain]) -> None:
    domain = domain_of()
    well, bad = held(domain, applied(domain)), held(domain, changed(applied(domain), RULE, logging=True))
    known, _ = looked(Known(), well)
    known, came = looked(known, bad)
    assert events(came) == [Event.FOUND, Event.VERDICT]
    assert "logging is yes" in came[0].text
    other = held(domain, changed(applied(domain), RULE, firewall_match="BYPASS"))
    known, instead = looked(known, other)
    assert events(instead) == [Event.FOUND, Event.GONE]
    assert events(looked(known, well)[1]) == [Event.GONE, Event.VERDICT]


def test_a_manager_that_is_away_is_told_once_and_what_was_known_stays(domain_of: Callable[..., WorkloadDomain]) -> None:
    domain = domain_of()
    known, _ = looked(Known(), held(domain, applied(domain)))
    known, gone = failed("wld07", known, "connection refused")
    assert [one.text for one in gone] == ["wld07: cannot read: connection refused"]
    known, still = failed("wld07", known, "timed out")
    assert still == ()
    assert events(looked(known, held(domain, applied(domain)))[1]) == [Event.CAN_READ_AGAIN]


def test_a_manager_that_is_away_from_the_start_is_told_too(domain_of: Callable[..., WorkloadDomain]) -> None:
    domain = domain_of()
    known, gone = failed("wld07", Known(), "connection refused")
    assert events(gone) == [Event.CANNOT_READ]
    assert events(looked(known, held(domain, applied(domain)))[1]) == [Event.CAN_READ_AGAIN, Event.VERDICT]


def test_what_cannot_be_seen_any_more_is_told_and_when_it_can(domain_of: Callable[..., WorkloadDomain]) -> None:
    domain = domain_of()
    seen = applied(domain)
    known, _ = looked(Known(), held(domain, seen))
    hidden = Unseen("alarms of realization", "403", doubt=Doubt.ANY)
    known, lost = looked(known, held(domain, replace(seen, unseen=(hidden,))))
    assert events(lost) == [Event.NOT_SEEN, Event.VERDICT]
    assert events(looked(known, held(domain, seen))[1]) == [Event.SEEN_AGAIN, Event.VERDICT]


def test_each_change_is_one_json_value(domain_of: Callable[..., WorkloadDomain]) -> None:
    domain = domain_of()
    bad = held(domain, changed(applied(domain), RULE, logging=True))
    for one in (*looked(Known(), bad)[1], *failed("wld07", Known(), "no")[1]):
        told = json.loads(json.dumps(one.as_json("2026-11-27T01:02:03+01:00")))
        assert (told["time"], told["stack"]) == ("2026-11-27T01:02:03+01:00", "wld07")

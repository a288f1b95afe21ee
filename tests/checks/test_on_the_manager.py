"""Every rule over a manager has a case that breaks it and one beside it that it holds for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from egress.checks import RULES, check, check_live
from egress.domain import WorkloadDomain
from egress.policy import paths
from egress.policy.owned import owned
from egress.policy.presence import Presence
from egress.policy.seed import seeded

LIVE = [rule.id for rule in RULES if rule.live]


@dataclass
class World:
    """A manager on which the domain is applied, and what a case changes of it."""

    objects: dict[str, dict[str, Any]]
    tracked: set[str]
    extra: dict[str, Any] = field(default_factory=dict)

    def rule(self, name: str, section: str = "USER", **body: Any) -> None:
        """Somebody else's NAT rule."""
        usual = {"action": "REFLEXIVE", "enabled": True, "sequence_number": 1, "translated_network": "10.1.1.1"}
        self.objects[paths.nat_rule(self.gateway, name, section)] = usual | body

    def route(self, name: str, network: str, **body: Any) -> None:
        """Somebody else's static route."""
        self.objects[paths.static_route(self.gateway, name)] = {"network": network, "next_hops": []} | body

    def peer(self, name: str, address: str) -> None:
        """Somebody else's BFD peer."""
        self.objects[paths.bfd_peer(self.gateway, name)] = {"peer_address": address}

    @property
    def gateway(self) -> str:
        return next(path for path in self.objects if path.count("/") == 3)

    def own(self, part: str) -> str:
        """The path of one of our own objects."""
        return next(path for path in self.tracked if part in path)


def tags(stack: str) -> list[dict[str, str]]:
    return [{"scope": "managed-by", "tag": "tier0-egress"}, {"scope": "stack", "tag": stack}]


def nothing(world: World) -> None:
    """As it was applied."""


Act = Callable[[World], object]
CASES: dict[str, tuple[Act, str, Act]] = {
    "nothing-tracked": (
        lambda w: w.tracked.clear(),
        "tracks nothing, and 5 of its 5 objects are on the manager",
        lambda w: w.tracked.remove(w.own("tkg")),
    ),
    "own-object-untracked": (
        lambda w: w.tracked.remove(w.own("tkg")),
        "on the manager and not in the state (here): one-egress-tkg",
        lambda w: w.objects.pop(w.own("tkg")),
    ),
    "object-left-over": (
        lambda w: w.rule("one-egress-gone", source_network="30.7.0.1", tags=tags("one")),
        "on the manager with the tags of one, and neither in its file nor in its state (here): one-egress-gone",
        lambda w: w.rule("one-egress-gone", source_network="30.7.0.1", tags=[]),
    ),
    "state-of-another-stack": (
        lambda w: w.extra.update(state_of="other"),
        "tracks the objects of other, and none of this stack",
        nothing,
    ),
    "second-default-route": (
        lambda w: w.route("foreign", "0.0.0.0/0"),
        "another 0.0.0.0/0 on T0-one: foreign, which no stack of this tool made",
        lambda w: w.route("foreign", "10.0.0.0/8"),
    ),
    "second-route-for-a-network": (
        lambda w: w.route("foreign", "10.50.0.0/16"),
        "another 10.50.0.0/16 on T0-one: foreign, which no stack of this tool made",
        lambda w: w.route("foreign", "10.50.0.0/24"),
    ),
    "second-rule-for-a-source": (
        lambda w: w.rule("foreign", source_network="10.2.0.16/32", sequence_number=900),
        "another rule for 10.2.0.16: foreign, which no stack of this tool made, priority 900",
        lambda w: w.rule("foreign", source_network="10.2.0.16", enabled=False),
    ),
    "second-bfd-peer": (
        lambda w: w.peer("foreign", "10.1.0.254"),
        "another BFD peer for 10.1.0.254: foreign, which no stack of this tool made",
        lambda w: w.peer("foreign", "10.1.0.9"),
    ),
    "foreign-rule-first": (
        lambda w: w.rule("foreign", source_network="10.2.0.0/27", action="NO_SNAT", sequence_number=100),
        "NO_SNAT foreign, which no stack of this tool made (section USER, priority 100) matches 10.2.0.0/27 before",
        lambda w: w.rule("foreign", source_network="10.2.0.0/27", action="NO_SNAT", sequence_number=111),
    ),
    "objects-of-no-stack": (
        lambda w: w.rule("lost-egress", source_network="30.7.0.1", tags=tags("lost")),
        "holds 1 object of stack lost, which no domain file here gives: lost-egress",
        lambda w: w.rule("two-egress", source_network="30.7.0.1", tags=tags("two")),
    ),
    "state-of-no-stack": (
        lambda w: w.extra.update(stray_states=("lost",)),
        "the project keeps a state of lost, and no domain file gives that stack",
        nothing,
    ),
    "ha-mode-differs": (
        lambda w: w.objects[w.gateway].update(ha_mode="ACTIVE_ACTIVE"),
        "the file says ACTIVE_STANDBY, T0-one is ACTIVE_ACTIVE",
        lambda w: w.objects[w.gateway].pop("ha_mode"),
    ),
    "uplink-differs": (
        lambda w: w.objects[next(p for p in w.objects if "/interfaces/" in p)].update(subnets=[]),
        "has no address",
        nothing,
    ),
    "interfaces-not-shown": (
        lambda w: [w.objects.pop(path) for path in [p for p in w.objects if "/interfaces/" in p]],
        "the manager shows no interface of T0-one",
        nothing,
    ),
}

WITH: dict[str, dict[str, Any]] = {"second-bfd-peer": {"default_route": {"bfd": {"sources": ["up1"]}}}}
"""What a rule's cases have besides the usual domain."""


def findings(domain: WorkloadDomain, act: Act) -> dict[str, str]:
    """What the rules say of a manager on which the domain is applied, after `act`."""
    gateway = paths.tier0(str(domain.tier0.id))
    own = owned(domain).objects(gateway)
    tracked = {path for path in own if path != paths.nat_section(gateway)}
    world = World({path: dict(body) for path, body in {**seeded([domain], gateway), **own}.items()}, tracked)
    act(world)
    there = Presence(
        domain, gateway, world.objects, frozenset(world.tracked), "here", frozenset({"one", "two"}), **world.extra
    )
    return {finding.rule.id: finding.what for finding in check_live([there]).findings}


def test_every_rule_over_a_manager_has_both_cases() -> None:
    assert sorted(CASES) == sorted(LIVE)


@pytest.mark.parametrize("rule", LIVE)
def test_the_broken_case_is_found_and_told(domain: Callable[..., WorkloadDomain], rule: str) -> None:
    broken, says, _ = CASES[rule]
    assert says in findings(domain("one", WITH.get(rule, {})), broken)[rule]


@pytest.mark.parametrize("rule", LIVE)
def test_the_rule_holds_for_the_case_beside_it(domain: Callable[..., WorkloadDomain], rule: str) -> None:
    assert rule not in findings(domain("one", WITH.get(rule, {})), CASES[rule][2])


def test_an_applied_domain_breaks_no_rule(domain: Callable[..., WorkloadDomain]) -> None:
    assert findings(domain("one"), nothing) == {}


@pytest.mark.parametrize(
    "odd, told",
    [
        ({"source_network": "10.2.0.16,10.2.0.17"}, True),
        ({"source_network": "10.2.0.16/8"}, True),
        ({"source_network": None}, True),
        ({"source_network": "ANY"}, True),
        ({"source_network": "10.2.0.10-10.2.0.20"}, True),
        ({"source_network": "10.2.0.20-10.2.0.10"}, False),
        ({"source_network": "10.2.0.16/28", "scope": 3, "tags": "x"}, True),
        ({"sequence_number": "many", "source_network": "10.0.0.0/8"}, True),
        ({"source_network": "nonsense"}, False),
        ({"source_network": None, "action": "DNAT"}, False),
        ({"source_network": "2001:db8::/64"}, False),
        (
            {"source_network": "10.2.0.16", "scope": ["/infra/tier-0s/T0-one/locale-services/default/interfaces/x"]},
            False,
        ),
    ],
)
def test_an_odd_rule_of_a_stranger_stops_nothing(
    domain: Callable[..., WorkloadDomain], odd: dict[str, Any], told: bool
) -> None:
    found = findings(domain("one"), lambda w: w.rule("odd", **odd))
    assert set(found) == ({"foreign-rule-first"} if told else set())


def test_a_finding_can_be_suppressed_with_a_reason_and_is_then_no_unused_suppression(
    domain: Callable[..., WorkloadDomain],
) -> None:
    changes = {
        "tier0": {"id": "T0-one"},
        "suppress": [{"rule": "second-default-route", "reason": "until the move is done"}],
    }
    assert findings(domain("one", changes), lambda w: w.route("foreign", "0.0.0.0/0")) == {}
    assert "suppression-unused" not in {one.rule.id for one in check([domain("one", changes)]).findings}


ANY = {"egress": {"more": {"all": {"source": "any", "translated": "10.1.0.12", "priority": 900}}}}


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ({"sequence_number": 950}, {"second-rule-for-a-source"}),
        ({"source_network": "10.9.0.0/16", "sequence_number": 950}, set()),
        ({"source_network": "10.9.0.0/16", "sequence_number": 1}, set()),
        ({"destination_network": "10.9.0.0/16", "sequence_number": 1}, {"foreign-rule-first"}),
    ],
)  # fmt: skip
def test_a_mapping_of_any_source_meets_rules_for_any_source_alone(
    domain: Callable[..., WorkloadDomain], body: dict[str, Any], rules: set[str]
) -> None:
    found = findings(domain("one", ANY), lambda world: world.rule("foreign", action="SNAT", **body))
    assert set(found) & {"second-rule-for-a-source", "foreign-rule-first"} == rules


def test_exceptions_and_further_routes_are_owned_like_everything_else(domain: Callable[..., WorkloadDomain]) -> None:
    more = {
        "egress": {"exceptions": {"core": {"destination": "10.9.0.0/16", "priority": 50}}},
        "routes": {"none": {"network": "10.9.0.0/16", "discard": True}},
    }
    found = findings(domain("one", more), lambda world: world.tracked.clear())
    assert "tracks nothing, and 7 of its 7 objects are on the manager" in found["nothing-tracked"]
    lost = findings(domain("one", more), lambda world: world.tracked.remove(world.own("no-snat-core")))
    assert "one-no-snat-core" in lost["own-object-untracked"]


def test_a_mapping_towards_a_destination_is_no_second_rule_for_its_source(
    domain: Callable[..., WorkloadDomain],
) -> None:
    towards = {"egress": {"tkg": {"destination": "10.9.0.0/16"}}}
    found = findings(
        domain("one", towards),
        lambda world: world.rule("foreign", source_network="10.2.0.16", action="SNAT", sequence_number=950),
    )
    assert "second-rule-for-a-source" not in found

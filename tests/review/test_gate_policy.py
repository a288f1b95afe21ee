"""gate.yaml: read whole or refused with file, line and column; what holds of a branch's and its base's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft7Validator

from egress.domain import DomainFileError
from egress.domain.schema import schema_of
from egress.domain.yaml_tree import parse
from egress.review.finding import Demand
from egress.review.gate import policy
from egress.review.gate.base import Base
from egress.review.gate.binding import Binding, bind, refuse_unknown
from egress.review.gate.judge import judge
from egress.review.gate.page import EXAMPLE
from egress.review.gate.policy import NO_FILE, PolicyFile
from egress.review.planned_run import PlannedRun
from tests.review.gate_plans import DELETE, NOTHING, UPDATE, golden, plan, route, rule

NOW = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
OVERRIDE = """overrides:
  - {rule: nat-rule-lost, stack: wld01, who: Nora, why: the namespace is gone, until: 2026-12-31, ticket: CHG1}
"""


def read(text: str) -> PolicyFile:
    return policy.read(parse(("version: 1\n" + text).encode(), "gate.yaml"))


def refused(text: str) -> str:
    with pytest.raises(DomainFileError) as error:
        policy.read(parse(text.encode(), "gate.yaml"))
    return str(error.value)


def on_base(text: str = "", *owners: str) -> Base:
    return Base("main", read(text) if text else NO_FILE, owners, (), (golden(),), {})


@pytest.mark.parametrize(
    ("text", "said"),
    {
        "nothing": ("", "gate.yaml:1:1: a gate file is a mapping of keys, version: 1 among them, found an empty file"),
        "a list": ("- 1\n", "gate.yaml:1:1: a gate file is a mapping"),
        "no version": ("rules: {}\n", "key 'version' is missing"),
        "another version": ("version: 2\n", "gate.yaml:1:10: version: 2 is not allowed here, allowed is 1"),
        "truth as version": ("version: true\n", "true is not a number"),
        "unknown key": ("version: 1\noverides: []\n", "gate.yaml:2:1: overides: unknown key 'overides', did you mean 'overrides'?"),
        "unknown demand": ("version: 1\nrules: {nat-rule-lost: maybe}\n", "gate.yaml:2:24: rules.nat-rule-lost: 'maybe' is not allowed here, allowed is deny, override, warn, off"),
        "off without a reason": ("version: 1\nrules: {nat-rule-lost: off}\n", "not switched off without a reason, write {demand: off, why: ...}"),
        "too short a reason": ("version: 1\nrules: {nat-rule-lost: {demand: off, why: no}}\n", "'no' is not allowed here"),
        "truth as a limit": ("version: 1\nlimits: {deletions: true}\n", "gate.yaml:2:21: limits.deletions: true is not a number"),
        "negative limit": ("version: 1\nlimits: {deletions: -1}\n", "-1: input should be greater than or equal to 0"),
        "override of everything": ("version: 1\noverrides: [{rule: nat-rule-lost, stack: '*', who: N, why: because of it, until: 2026-12-31, ticket: C}]\n", "overrides[0].stack: '*' is not allowed here, allowed is a stack name"),
        "override without a ticket": ("version: 1\noverrides: [{rule: nat-rule-lost, stack: wld01, who: N, why: because of it, until: 2026-12-31}]\n", "key 'ticket' is missing"),
        "no such day": ("version: 1\noverrides: [{rule: r, stack: wld01, who: N, why: because of it, until: 2026-02-30, ticket: C}]\n", "'2026-02-30' is not a day, allowed is one such as 2026-12-31"),
        "frozen without a zone": ("version: 1\nfrozen: [{managers: [a.example], from: '2026-12-01T18:00', until: 2026-12-02T00:00:00Z, why: x}]\n", "frozen[0].from: '2026-12-01T18:00' names no zone"),
        "frozen by a day": ("version: 1\nfrozen: [{managers: [a.example], from: 2026-12-01, until: 2026-12-02, why: x}]\n", "names no zone, allowed is a time with its zone such as 2026-12-01T18:00:00+01:00"),
        "frozen backwards": ("version: 1\nfrozen: [{managers: [a.example], from: 2026-12-02T00:00:00Z, until: 2026-12-01T00:00:00Z, why: x}]\n", "from lies before until"),
        "frozen by a pattern": ("version: 1\nfrozen: [{managers: ['*.example'], from: 2026-12-01T00:00:00Z, until: 2026-12-02T00:00:00Z, why: x}]\n", "'*.example' is not allowed here"),
        "nobody frozen": ("version: 1\nfrozen: [{managers: [], from: 2026-12-01T00:00:00Z, until: 2026-12-02T00:00:00Z, why: x}]\n", "the list is empty"),
        "from misspelt": ("version: 1\nfrozen: [{managers: [a.example], form: 2026-12-01T00:00:00Z, until: 2026-12-02T00:00:00Z, why: x}]\n", "unknown key 'form', did you mean 'from'?"),
        "a bomb": ("version: 1\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases are not allowed"),
        "a tag": ("version: !!python/object:os.system 1\n", "tag"),
        "a secret": ("version: 1\npassword: hunter2hunter2\n", "password"),
        "a hidden character": ("version: 1\nx: 'a\u202eb'\n", "RIGHT-TO-LEFT OVERRIDE"),
    }.values(),
)  # fmt: skip
def test_a_wrong_file_is_refused_where_it_is_wrong(text: str, said: str) -> None:
    assert said in refused(text)
    assert "hunter2" not in refused(text)


def test_the_example_of_the_page_says_what_it_says() -> None:
    found = read(EXAMPLE.replace("version: 1\n", "")).policy
    assert found.rules["default-route-lost"].demand.demand is Demand.DENY
    assert found.rules["flow-stays-broken"].demand.demand is None
    assert found.limits.deletions == 1
    assert found.frozen[0].holds("NSX-WLD01.example.com")
    assert not found.frozen[0].holds("wld01.example.com")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (EXAMPLE, True),
        ("version: 1\n", True),
        ("version: 1\nrules: {nat-rule-lost: {demand: warn}}\n", True),
        ("version: 1\nrules: {nat-rule-lost: off}\n", False),
        ("version: 1\nrules: {nat-rule-lost: maybe}\n", False),
        ("version: 1\noverides: []\n", False),
        ("version: 1\nlimits: {deletions: -1}\n", False),
        ("rules: {}\n", False),
    ],
)
def test_the_schema_takes_what_the_reader_takes(text: str, fits: bool) -> None:
    schema = schema_of(policy.GatePolicy, "The gate's file")
    Draft7Validator.check_schema(schema)
    assert Draft7Validator(schema).is_valid(_lists(parse(text.encode(), "gate.yaml").plain())) is fits


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: {flow-brakes: warn}\n", "gate.yaml:2:9: rules.flow-brakes: no rule of the gate is 'flow-brakes', did you mean flow-breaks?"),
        ("rules: {stack-failed: warn}\n", "stack-failed always denies, it cannot be set: take it out"),
        (OVERRIDE.replace("nat-rule-lost", "nat-rules-lost"), "no rule of the gate is 'nat-rules-lost', did you mean nat-rule-lost?"),
        (OVERRIDE.replace("wld01", "wld10"), "overrides[0].stack: no stack is 'wld10', did you mean wld01?"),
        ("frozen: [{managers: [nsx-wld1.example.com], from: 2026-12-01T00:00:00Z, until: 2026-12-02T00:00:00Z, why: x}]\n", "did you mean nsx-wld01.example.com?"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_refused_with_what_may_have_been_meant(text: str, said: str) -> None:
    with pytest.raises(DomainFileError) as error:
        refuse_unknown(read(text), {"wld01"}, [golden()])
    assert said in str(error.value)


def test_what_is_on_the_base_may_speak_of_a_stack_that_is_gone() -> None:
    gone = OVERRIDE.replace("wld01", "wld77")
    refuse_unknown(read(gone), {"wld01"}, [golden()], read(gone))
    with pytest.raises(DomainFileError):
        refuse_unknown(read(gone), {"wld01"}, [golden()], NO_FILE)


def verdict(holds: Binding, now: datetime = NOW) -> Any:
    """Of a plan that loses a NAT rule."""
    run = PlannedRun((plan(rule(*DELETE), rule(*NOTHING, key="tkg")),))
    return judge(run, {"wld01": golden()}, holds, {}, now)


def test_an_override_on_the_base_counts_and_names_who_answers() -> None:
    found = verdict(bind(read(OVERRIDE), on_base(OVERRIDE)))
    assert found.passes
    assert found.findings[0].overridden.who == "Nora"
    assert verdict(bind(NO_FILE, on_base(OVERRIDE))).passes, "a branch that is behind its base"


def test_an_override_of_the_branch_alone_does_not_count() -> None:
    found = verdict(bind(read(OVERRIDE), on_base()))
    assert not found.passes
    assert found.findings[0].note == (
        "the override by Nora does not count: it is not on main, and no code owner there has to review the gate file"
    )


def test_an_override_that_differs_from_the_bases_in_one_word_is_another() -> None:
    longer = OVERRIDE.replace("2026-12-31", "2027-12-31")
    assert not verdict(bind(read(longer), on_base(OVERRIDE)), datetime(2027, 6, 1, tzinfo=UTC)).passes


def test_an_override_of_the_branch_counts_where_code_owners_have_to_review_it() -> None:
    found = verdict(bind(read(OVERRIDE), on_base("", "@net/leads")))
    assert found.passes
    (note,) = found.notes
    assert "@net/leads own the gate file" in note
    assert note.endswith("only if the protection of the branch demands their review")


def test_on_a_desk_every_override_counts_and_the_verdict_says_that_nobody_checked() -> None:
    found = verdict(bind(read(OVERRIDE), None))
    assert found.passes
    assert found.notes == ("without --base nobody checked where the overrides come from: each of them counts",)


@pytest.mark.parametrize(
    ("now", "counts"),
    [("2026-12-31T23:59:59+00:00", True), ("2027-01-01T00:00:00+00:00", False), ("2027-01-01T00:59:00+01:00", True)],
)
def test_an_override_counts_to_the_end_of_its_last_day_in_utc(now: str, counts: bool) -> None:
    found = verdict(bind(read(OVERRIDE), on_base(OVERRIDE)), datetime.fromisoformat(now))
    assert found.passes is counts
    assert counts or found.findings[0].note == (
        "the override by Nora has expired: it counted until the end of 2026-12-31 in UTC"
    )


def test_an_override_is_for_one_rule_and_one_stack() -> None:
    for other in (OVERRIDE.replace("wld01", "wld02"), OVERRIDE.replace("nat-rule-lost", "default-route-lost")):
        found = verdict(bind(read(other), on_base(other)))
        assert not found.passes
        assert any("finds nothing to override" in note for note in found.notes)


def test_what_is_denied_nobody_can_answer_for() -> None:
    denied = "rules: {nat-rule-lost: deny}\n" + OVERRIDE
    found = verdict(bind(read(denied), on_base(denied)))
    assert not found.passes
    assert found.findings[0].note == "an override does not count for what is denied"


def test_an_override_that_expired_and_finds_nothing_is_told() -> None:
    run = PlannedRun((plan(rule(*NOTHING)),))
    found = judge(run, {}, bind(read(OVERRIDE), on_base(OVERRIDE)), {}, datetime(2027, 2, 1, tzinfo=UTC))
    assert found.notes == ("the override of nat-rule-lost for wld01 has expired at the end of 2026-12-31: take it out",)


@pytest.mark.parametrize(
    ("here", "there", "holds"),
    [
        ("warn", "deny", Demand.DENY),
        ("deny", "warn", Demand.DENY),
        ("{demand: off, why: nobody needs it}", "warn", Demand.WARN),
        ("warn", "{demand: off, why: nobody needs it}", Demand.WARN),
        ("warn", None, Demand.OVERRIDE),
        (None, "warn", Demand.OVERRIDE),
        ("{demand: off, why: nobody needs it}", "{demand: off, why: nobody needs it}", None),
    ],
)
def test_of_two_words_about_a_rule_the_stricter_holds(
    here: str | None, there: str | None, holds: Demand | None
) -> None:
    one, other = (read(f"rules: {{nat-rule-lost: {word}}}\n") if word else NO_FILE for word in (here, there))
    found = bind(one, Base("main", other, (), (), (), {}))
    assert found.demands["nat-rule-lost"] is holds


def test_a_branch_that_is_looser_than_its_base_is_told_so() -> None:
    (note,) = bind(read("rules: {nat-rule-lost: warn}\n"), on_base()).notes
    assert note == "here looser than on main, where the stricter word holds: nat-rule-lost"
    assert bind(NO_FILE, on_base("rules: {nat-rule-lost: warn}\n")).notes == ()


def test_limits_and_frozen_managers_of_the_base_hold() -> None:
    frozen = "frozen: [{managers: [nsx-wld01.example.com], from: 2026-12-01T00:00:00Z, until: 2027-02-02T00:00:00Z, why: restore}]\n"
    found = bind(read("limits: {deletions: 9}\n"), on_base("limits: {deletions: 0}\n" + frozen))
    assert (found.deletions, len(found.frozen)) == (0, 1)
    assert len(found.notes) == 2
    run = PlannedRun((plan(route(*UPDATE, display_name="x")),))
    assert [one.rule for one in judge(run, {"wld01": golden()}, found, {}, NOW).findings] == ["manager-frozen"]
    assert len(bind(read(frozen), on_base()).frozen) == 1, "a branch may be stricter"

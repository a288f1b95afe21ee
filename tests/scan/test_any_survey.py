"""Whatever a manager answers: the text is YAML, it loads or a question says why not, and nothing of it is lost without a word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from egress.domain import DomainFileError, Problem
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.escape import hidden
from egress.scan import Draft, Top, draft
from egress.scan.found import MARK
from tests.scan.surveys import ROUTES, RULES, SERVICES, T0, by_hand, survey

Json = dict[str, Any]
NASTY = st.sampled_from(
    ["", "two\nlines", "# comment", ": x", "- y", "{", "}", "[", "&a", "*a", "!!binary", "|", ">", "'", '"', "\\", "%", "@", "`", "null", "~",
     "true", "no", "0x10", "1:20", "2026-01-01", "<<", "=", "\x1b[31m", "\x00", "\u202e", "\u2028", "\x85", "\ufeff", "\ud800", "ä", "🚀", "<b>",
     "${x}", "password=hunter2", "x" * 5000, "a/b", "a&b", " lead", "QUESTION: x", "10.9.0.1", "30.0.9.0/24", "0.0.0.0/0", "1.2.3.4,5.6.7.8"]
)  # fmt: skip
TEXTS = st.one_of(NASTY, st.text(max_size=12))
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(-5, 300), st.booleans(), st.none(), st.floats()),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(TEXTS, below, max_size=3)),
    max_leaves=6,
)
NAMES = ["display_name", "description", "tags", "action", "source_network", "translated_network", "destination_network", "scope", "enabled",
         "sequence_number", "firewall_match", "network", "next_hops", "subnets", "type", "edge_path", "ha_mode", "ha_vip_configs",
         "stateful_services", "vrf_config", "tier0_path", "edge_cluster_path", "route_advertisement_types", "cidr", "cidrs", "ranges",
         "connectivity_path", "ip_address", "ports", "peer_address", "bfd_profile_path", "source_addresses"]  # fmt: skip
TAGS = st.lists(st.fixed_dictionaries({"scope": TEXTS, "tag": TEXTS}), max_size=3)
CHANGES = st.one_of(
    st.tuples(st.just("tags"), TAGS),
    st.tuples(st.sampled_from(["display_name", "description"]), TEXTS),
    st.tuples(st.sampled_from(NAMES), VALUES),
)
IDS = st.one_of(TEXTS.filter(lambda text: text and "/" not in text), st.just("odd"))


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Json]:
    """The Tier-0 made by hand, with values of its objects changed, objects renamed, and strange ones added."""
    found = by_hand()
    for path in draw(st.lists(st.sampled_from(sorted(found)), max_size=6)):
        name, value = draw(CHANGES)
        found[path] = {**found[path], name: value}
    for path in draw(st.lists(st.sampled_from(sorted(found)), max_size=2)):
        found[f"{path.rpartition('/')[0]}/{draw(IDS)}"] = dict(found[path])
    for path in draw(st.lists(st.sampled_from(sorted(found)), max_size=1)):
        found.pop(path, None)
    places = [RULES, ROUTES, f"{SERVICES}/interfaces", "/infra/tier-1s", "/infra/ip-blocks", f"{ROUTES}/bfd-peers"]
    for place in draw(st.lists(st.sampled_from(places), max_size=2)):
        found[f"{place}/{draw(IDS)}"] = draw(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
    return found


def loads_or_asks(made: Draft) -> None:
    """The text is YAML; what the reader refuses in it is a question, in so many words or by its key."""
    assert hidden(made.text, lines=True) is None
    tree = parse(made.text.encode(), "d.yaml")
    problems: tuple[Problem, ...] = ()
    try:
        domain = read(tree, "d")
        assert made.domain == domain
    except DomainFileError as error:
        problems = error.problems
        assert made.domain is None
    asked = {one.key for one in made.questions}
    assert all(MARK in one.what or one.key in asked for one in problems), problems


def nothing_is_lost(made: Draft, found: dict[str, Json]) -> None:
    """Each rule, route and BFD peer of the gateway is in the file, or foreign with a reason."""
    wanted = {path for path in found if path.startswith((f"{T0}/nat/", f"{ROUTES}/")) and path.count("/") in (5, 6, 7)}
    wanted = {path for path in wanted if "/nat-rules/" in path or "/nat/" not in path}
    told = {one.path for one in made.foreign if one.why}
    held = {path for path in wanted if f"# {path} " in made.text}
    assert wanted <= told | held, wanted - told - held


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(found=objects())
def test_any_survey_gives_a_file_that_loads_or_asks(found: dict[str, Json]) -> None:
    made = draft(survey(found), T0, Top("d", "nsx.example.com"))
    loads_or_asks(made)
    nothing_is_lost(made, found)


@settings(max_examples=60, deadline=None)
@given(name=TEXTS, tag=TEXTS, scope=TEXTS)
@example(name="x\n- {evil: true}", tag="'", scope=": ")
@example(name="\x1b]8;;http://x\x07", tag="\ud800", scope="${x}")
def test_names_and_tags_of_any_kind_break_nothing(name: str, tag: str, scope: str) -> None:
    found = by_hand()
    for path in (T0, f"{RULES}/hand-1", f"{ROUTES}/way-out", "/infra/tier-1s/t1-dev"):
        found[path] = {
            **found[path],
            "display_name": name,
            "tags": [{"scope": scope, "tag": tag}, {"scope": "ncp/project", "tag": name}],
        }
    made = draft(survey(found), T0, Top("d", "nsx.example.com"))
    loads_or_asks(made)
    nothing_is_lost(made, found)

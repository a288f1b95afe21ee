"""A survey sees everything around the Tier-0s that are asked for, says what it did not see, and sends GETs only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from egress.deadline import Deadline
from egress.domain import EgressError
from egress.inventory.senders import of_tier1s
from egress.inventory.survey import Usage
from egress.manager import Manager, by_type, survey
from egress.manager.access import Access, of_host
from egress.manager.refusals import LoginError
from nsx_lab import Lab
from tests.manager.hand_made import BY_HAND, DEV, RULES, T0, T9, Json, gaps, hand_made, look, way


@pytest.fixture(params=[1, by_type.FEW], ids=["searched", "where it stands"], autouse=True)
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds for a manager that is so large that it is searched, and for one that is read where it stands."""
    monkeypatch.setattr(by_type, "FEW", request.param)


@pytest.fixture(scope="module")
def by_hand() -> Iterator[Lab]:
    """A lab with two Tier-0s, the second made by hand. Tests change nothing in it."""
    with hand_made() as lab:
        yield lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """The same, for tests with faults."""
    with hand_made() as lab:
        yield lab


def test_everything_around_every_tier0_is_seen(by_hand: Lab) -> None:
    seen = look(by_hand)
    assert (seen.gateways, seen.version, seen.unseen) == ((T0, T9), "4.2.0", ())
    assert set(BY_HAND) <= set(seen.objects)
    assert {f"{T0}/locale-services/default/interfaces/edge01-uplink1", "/infra/tier-1s/domain-c8"} <= set(seen.objects)
    assert (
        "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges/edge-nodes/edge01" in seen.objects
    )
    assert [str(one) for one in of_tier1s(seen.objects, T9)] == [
        "30.0.9.1 of Tier-1 t1-dev (namespace dev of cluster c1)"
    ]


def test_a_survey_sends_gets_only_and_asks_each_path_once(by_hand: Lab) -> None:
    mark = by_hand.control.mark()
    look(by_hand)
    asked = by_hand.control.journal(mark)
    assert {one["method"] for one in asked} == {"GET"}
    assert len({(one["path"], one["query"]) for one in asked}) == len(asked)


def test_an_auditor_sees_the_same(by_hand: Lab) -> None:
    by_hand.add_user("reader", "only-reads", "auditor")
    with Manager(way(by_hand, "reader", "only-reads")) as manager:
        assert survey(manager) == look(by_hand)


def test_only_the_tier0s_that_are_named_are_read_and_one_that_is_not_there_is_refused(by_hand: Lab) -> None:
    mark = by_hand.control.mark()
    assert look(by_hand, "T9").gateways == (T9,)
    assert not [one for one in by_hand.control.journal(mark) if f"{T0}/" in one["path"]]
    with pytest.raises(EgressError, match="has no Tier-0 with the id 'T8': there are T0-wld01, T9$"):
        look(by_hand, "T8")
    with pytest.raises(EgressError, match="'the second', which is the display name of T9: give the id"):
        look(by_hand, "the second")


def test_the_sighting_of_one_tier0_has_nothing_of_the_other(by_hand: Lab) -> None:
    seen = look(by_hand)
    first, second = seen.sighting(T0).objects, seen.sighting(T9).objects
    assert {T0, "/infra/tier-1s/domain-c8"} <= set(first)
    assert not {T9, DEV, "/infra/segments/s1", "/infra/lb-services/lb", "/infra/lb-virtual-servers/api"} & set(first)
    assert {T9, DEV, f"{DEV}/{RULES}/out", "/infra/lb-virtual-servers/api"} <= set(second)
    assert not [path for path in second if path.startswith((T0, "/infra/tier-1s/domain-c8"))]


def test_blocks_and_pools_tell_how_full_they_are(by_hand: Lab) -> None:
    usage = look(by_hand).usage
    assert usage == {"/infra/ip-blocks/snat": Usage(256, 32), "/infra/ip-pools/snat": Usage(32, 1)}


@pytest.mark.parametrize(
    "fault", [{"status": 403}, {"status": 404}, {"status": 501}, {"status": 200, "body": '{"results": [{"id": "cu'}]
)
def test_without_a_search_the_collections_tell_the_same(lab: Lab, fault: Json) -> None:
    whole = look(lab)
    lab.control.fault(method="GET", path="*/search/query", times=0, **fault)
    assert look(lab) == whole


@pytest.mark.parametrize("part", ["nat/USER/nat-rules", "locale-services"])
def test_what_a_user_has_no_right_to_is_not_taken_from_the_search(lab: Lab, part: str) -> None:
    lab.control.fault(method="GET", path=f"*/tier-1s/*/{part}", times=0, status=403)
    seen = look(lab)
    told = "NAT rules of Tier-1" if part.startswith("nat") else "edge cluster of Tier-1"
    assert {one.about for one in seen.unseen if one.what.startswith(told)} == {"domain-c8", "vnet-domain-c8", "t1-dev"}
    assert not [path for path in seen.objects if path.startswith("/infra/tier-1s/") and f"/{part}/" in path]


PARTS = {
    "NAT rules of Tier-1s": ("*/tier-1s/*/nat/*", "NAT rules of Tier-1 t1-dev: "),
    "Tier-1s": ("*/infra/tier-1s", "Tier-1s below the Tier-0s: "),
    "edge clusters": ("*/edge-clusters", "edge clusters: "),
    "pools": ("*/ip-pools/snat/ip-subnets", "subnets of IP pool snat: "),
    "interfaces": (f"*{T9}/locale-services/*/interfaces", "interfaces of T9: "),
    "NAT rules of a Tier-0": (f"*{T9}/nat/DEFAULT/nat-rules", "NAT rules of T9: "),
    "neighbours": ("*/neighbors", "BGP neighbours of T9: "),
    "version": ("/api/v1/node/version", "version of NSX: "),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 200, "body": '{"results": [{"id": "cu'}])
def test_a_part_that_is_not_shown_is_told_and_ends_nothing(lab: Lab, part: str, fault: Json) -> None:
    path, told = PARTS[part]
    lab.control.fault(method="GET", path="*/search/query", times=0, status=403)
    lab.control.fault(method="GET", path=path, times=0, **fault)
    seen = look(lab)
    assert told in gaps(seen)
    assert {T0, T9, f"{T9}/static-routes/way-out"} <= set(seen.objects)
    hidden_tier0 = [str(one) for one in seen.sighting(T0).unseen]
    assert "of T9" not in " ".join(hidden_tier0)


def test_tier0s_that_are_not_listed_are_read_by_their_names(lab: Lab) -> None:
    whole = look(lab, "T9")
    lab.control.fault(method="GET", path="*/infra/tier-0s", times=0, status=403)
    assert look(lab, "T9") == whole
    with pytest.raises(EgressError, match="does not let this user read /infra/tier-0s"):
        look(lab)


def test_a_manager_without_a_tier0_is_told() -> None:
    with Lab() as empty, pytest.raises(EgressError, match="has no Tier-0: there is nothing to read around one"):
        look(empty)


def test_a_wrong_password_ends_the_survey_at_once(by_hand: Lab) -> None:
    with Manager(way(by_hand, "admin", "wrong")) as manager, pytest.raises(LoginError):
        survey(manager)


def test_a_manager_that_is_too_slow_ends_in_a_sentence(lab: Lab) -> None:
    lab.control.fault(method="GET", path="*/search/query", times=0, delay=5)
    with (
        Manager(way(lab), deadline=Deadline(1.0)) as manager,
        pytest.raises(EgressError, match="give more time with --timeout"),
    ):
        survey(manager)


ENVIRONMENT = {"NSXT_USERNAME": "u", "NSXT_PASSWORD": "p"}


def test_access_to_a_host_keeps_the_guards_of_a_domain_file(tmp_path: Path) -> None:
    assert of_host("nsx.example.com", ENVIRONMENT).login == ("u", "p")
    assert of_host("NSX.example.com:443", {**ENVIRONMENT, "NSXT_HOST": "nsx.example.com"}).login
    prod = {"NSXT_PROD_USERNAME": "v", "NSXT_PROD_PASSWORD": "p"}
    assert of_host("nsx.example.com", prod, prefix="NSXT_PROD").login == ("v", "p")
    elsewhere = {**ENVIRONMENT, "NSXT_HOST": "nsx.example.com"}
    refused: list[tuple[Callable[[], Access], str]] = [
        (lambda: of_host("evil.example.com", elsewhere), "the host is 'evil.example.com', the credentials NSXT_\\* are for 'nsx.example.com' only .*nothing was sent"),
        (lambda: of_host("https://nsx.example.com", ENVIRONMENT), "a host name or address"),
        (lambda: of_host("nsx.example.com", ENVIRONMENT, prefix="AWS"), "belongs to a cloud"),
        (lambda: of_host("nsx.example.com", {}), "no credentials: set NSXT_USERNAME and NSXT_PASSWORD"),
        (lambda: of_host("nsx.example.com", ENVIRONMENT, tmp_path / "none.pem"), "--ca-file .* cannot be used: there is no such file$"),
    ]  # fmt: skip
    for given, said in refused:
        with pytest.raises(EgressError, match=said):
            given()


def test_a_remedy_names_the_options_where_no_domain_file_was_read(by_hand: Lab) -> None:
    access = of_host(by_hand.host, ENVIRONMENT)
    with Manager(access, lambda _: None) as manager, pytest.raises(EgressError) as told:
        survey(manager)
    assert "is not trusted: name its authority in --ca-file" in str(told.value)
    in_file = Access(access.host, access.tls, access.login)
    with Manager(in_file, lambda _: None) as manager, pytest.raises(EgressError, match=r"in nsx\.ca_file"):
        survey(manager)

"""A first file from an edge-cluster specification: what it says is there, what it does not is asked, what was not understood is listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import egress.cli as cli
from egress.domain import DomainFileError, EgressError
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.scan.edge_cluster import Filled, filled

Json = dict[str, Any]


def node(number: int, *uplinks: Json, **more: Any) -> Json:
    return {
        "edgeNodeName": f"en0{number}.example.com",
        "managementIP": f"172.16.11.7{number}/24",
        "managementGateway": "172.16.11.1",
        "edgeTepVlan": 2713,
        "clusterId": "af48",
        "interRackCluster": False,
        "uplinkNetwork": list(uplinks),
        **more,
    }


def spec(**changes: Any) -> Json:
    """As VCF 5.2 and 9 take it, with static routing."""
    nodes = [
        node(1, {"uplinkVlan": 2711, "uplinkInterfaceIP": "10.27.11.2/24"}, edgeTepIpAddressPool={"name": "tep"}, vmManagementPortgroupName="mgmt", vmManagementPortgroupVlan=1611),
        node(2, {"uplinkVlan": 2711, "uplinkInterfaceIP": "10.27.11.3/24"}),
    ]  # fmt: skip
    return {
        "edgeClusterName": "Sfo-W01-EC01",
        "edgeClusterType": "NSX-T",
        "edgeRootPassword": "Not-For-Files1!",
        "edgeAdminPassword": "Not-For-Files1!",
        "edgeAuditPassword": "Not-For-Files1!",
        "edgeFormFactor": "LARGE",
        "tier0ServicesHighAvailability": "ACTIVE_STANDBY",
        "tier0RoutingType": "STATIC",
        "tier0Name": "sfo-w01-t0",
        "tier1Name": "sfo-w01-t1",
        "mtu": 9000,
        "newIpAddressPoolSpecs": [],
        "edgeNodeSpecs": nodes,
        **changes,
    }


def old_spec() -> Json:
    """As VCF 4.5 takes it, for BGP."""
    first = {
        "uplinkVlan": 5,
        "uplinkInterfaceIP": "10.5.0.2/24",
        "peerIP": "10.5.0.1/24",
        "asnPeer": 65001,
        "bgpPeerPassword": "Secret1!",
    }
    second = {
        "uplinkVlan": 6,
        "uplinkInterfaceIP": "10.6.0.2/24",
        "bgpPeers": [{"ip": "10.6.0.1/24", "asn": 65001, "password": "Secret1!"}],
    }
    nodes = [node(1, first, second, managementVlanId=9, vmManagementNetworkName="vm", edgeTep1IP="10.8.0.2/24")]
    return spec(
        tier0RoutingType="EBGP",
        tier0ServicesHighAvailability="ACTIVE_ACTIVE",
        asn=65003,
        edgeClusterProfileType="DEFAULT",
        edgeNodeSpecs=nodes,
    )


def answered(made: Filled) -> str:
    """The text as a person answers it."""
    text = made.text.replace("'QUESTION: which NSX Manager is it on?'", "nsx.example.com")
    text = text.replace("'QUESTION: which router is the way out?'", "[{address: 10.27.11.1}]")
    text = text.replace("'QUESTION: which are the egress ranges?'", "[30.0.0.0/24]")
    for number in range(1, 9):
        text = text.replace("['QUESTION: which id has it?']", f"uplink-{number}", 1)
    return text


def test_what_the_specification_says_is_in_the_file_and_the_rest_is_asked() -> None:
    made = filled(spec(), "ec.json")
    assert made.ignored == ()
    assert [one.key for one in made.questions] == [
        "nsx.host",
        "tier0.uplinks[].id",
        "default_route.next_hops",
        "egress.ranges",
    ]
    domain = read(parse(answered(made).encode(), "d.yaml"), "d")
    assert (domain.name, domain.tier0.display_name, domain.tier0.ha_mode) == (
        "sfo-w01-ec01",
        "sfo-w01-t0",
        "ACTIVE_STANDBY",
    )
    assert [(one.edge, str(one.address)) for one in domain.tier0.uplinks] == [
        ("en01.example.com", "10.27.11.2/24"),
        ("en02.example.com", "10.27.11.3/24"),
    ]
    assert "# edgeNodeSpecs[0].uplinkNetwork[0].uplinkInterfaceIP, VLAN 2711" in made.text
    assert "Not-For-Files" not in made.text


def test_the_reader_refuses_the_file_by_the_names_of_the_questions() -> None:
    with pytest.raises(DomainFileError) as caught:
        read(parse(filled(spec(), "ec.json").text.encode(), "d.yaml"), "d")
    for question in (
        "which NSX Manager is it on?",
        "which id has it?",
        "which router is the way out?",
        "which are the egress ranges?",
    ):
        assert f"QUESTION: {question}" in str(caught.value)


def test_a_specification_of_an_older_version_for_bgp_is_read_and_its_peers_are_named() -> None:
    made = filled(old_spec(), "ec.json")
    assert made.ignored == ()
    (question,) = [one for one in made.questions if one.key == "default_route.next_hops"]
    assert (
        "made for BGP (tier0RoutingType EBGP), not for static routes; it names the BGP peers 10.5.0.1, 10.6.0.1"
        in question.what
    )
    assert "Secret1!" not in made.text + str(made)


def test_what_was_not_understood_is_listed_without_its_value() -> None:
    nodes = [node(1, {"uplinkInterfaceIP": "10.27.11.2", "uplinkVlan": 3, "pin": "4711"}, uplinkNetworks=["x"]), "node"]
    made = filled(spec(edgeNodeSpecs=nodes, somethingNew="hunter2", tier0Name="two\nlines"), "ec.json")
    assert set(made.ignored) == {
        "'somethingNew'",
        "edgeNodeSpecs[0]: 'uplinkNetworks'",
        "edgeNodeSpecs[0].uplinkNetwork[0]: 'pin'",
        "edgeNodeSpecs[0].uplinkNetwork[0]: uplinkInterfaceIP '10.27.11.2' on the node 'en01.example.com' is none that could be read",
        "edgeNodeSpecs[1]: 'node' is no object",
        "tier0Name: no domain file may say this: display_name: character 4 is control character U+000A, allowed is text that shows: take it out",
    }
    assert "hunter2" not in made.text
    assert {"tier0.id", "tier0.uplinks"} <= {one.key for one in made.questions}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "it is no JSON object"),
        ({"elements": []}, "edgeClusterName is not in it"),
        ({"edgeClusterName": "x"}, "it has no edgeNodeSpecs, a list with the edge nodes"),
        ({"edgeClusterName": "x", "edgeNodeSpecs": []}, "it has no edgeNodeSpecs"),
        (spec(edgeClusterType="NSX-V"), "is of an edge cluster of the type 'NSX-V', allowed is 'NSX-T'"),
    ],
)
def test_a_file_of_another_kind_is_a_sentence(given: Any, said: str) -> None:
    with pytest.raises(EgressError, match="^the file"):
        filled(given, "the file")
    with pytest.raises(EgressError) as caught:
        filled(given, "the file")
    assert said in str(caught.value)


ANY = st.recursive(
    st.one_of(st.text(max_size=8), st.integers(), st.none(), st.booleans()),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.text(max_size=8), below, max_size=3)),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from([*spec(), "new"]), value=ANY, field=st.sampled_from([*node(1), "new"]), held=ANY)
def test_any_specification_gives_yaml_or_a_sentence(name: str, value: Any, field: str, held: Any) -> None:
    given_ = spec(**{name: value})
    if (
        isinstance(given_["edgeNodeSpecs"], list)
        and given_["edgeNodeSpecs"]
        and isinstance(given_["edgeNodeSpecs"][0], dict)
    ):
        given_["edgeNodeSpecs"] = [{**given_["edgeNodeSpecs"][0], field: held}]
    told = ""
    try:
        text = filled(given_, "the file").text
        assert parse(text.encode(), "d.yaml").plain()
    except EgressError as error:
        told = str(error)
    assert told == "" or told.startswith("the file")


def init(folder: Path, file: Path) -> tuple[int, str]:
    done = CliRunner().invoke(cli.group, ["init", str(folder), "--from-edge-cluster", str(file)], standalone_mode=False)
    if isinstance(done.exception, EgressError):
        return 1, str(done.exception)
    if done.exception:
        raise done.exception
    return int(done.return_value or 0), done.output


def test_init_writes_the_file_beside_the_example(tmp_path: Path) -> None:
    file = tmp_path / "ec.json"
    file.write_text(json.dumps(spec(unheard=1)))
    code, told = init(tmp_path / "net", file)
    assert code == 2
    assert "question        nsx.host: which NSX Manager is it on?" in told
    assert "not understood  'unheard'" in told
    text = (tmp_path / "net/domains/sfo-w01-ec01.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../schemas/workload-domain.schema.json\n")
    assert (tmp_path / "net/domains/wld01.yaml").is_file()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b'{"edgeClusterName": ', "is cut off"),
        (b"edgeClusterName: x", "is no JSON"),
        (b"[1]", "holds no JSON object"),
        (b'{"elements": []}', "is not the JSON specification of an edge cluster"),
        (b"\xff\xfe", "is no text"),
        (None, "is not there"),
    ],
)
def test_init_refuses_another_file_and_writes_nothing(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "ec.json"
    if content is not None:
        file.write_bytes(content)
    code, told = init(tmp_path / "net", file)
    assert code == 1
    assert said in told
    assert "EdgeClusterCreationSpec" in told
    assert not (tmp_path / "net").exists()


def test_init_leaves_a_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "ec.json"
    file.write_text(json.dumps(spec()))
    (tmp_path / "net/domains").mkdir(parents=True)
    (tmp_path / "net/domains/sfo-w01-ec01.yaml").write_text("mine")
    assert init(tmp_path / "net", file)[0] == 1
    assert [one.name for one in (tmp_path / "net").rglob("*") if one.is_file()] == ["sfo-w01-ec01.yaml"]

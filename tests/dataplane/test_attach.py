"""A lab with real packets: what is accepted and realized there is what packets meet, and other programs can ask."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.dataplane import Flow, Unavailable, WorldError, attach
from nsx_lab.dataplane.attach import Attachment, packets, read_world_file
from nsx_lab.dataplane.channel import Remote
from tests.dataplane.worlds import (
    EDGE_CLUSTER,
    INGRESS,
    LOOKUP,
    PULL,
    SUPERVISOR,
    TIER0,
    infra,
    seed_for_a_manager,
    tier1_rule,
    with_tier1_rules,
    world,
)

EGRESS_RULE = {"action": "SNAT", "source_network": "10.244.0.96/28", "sequence_number": 10}
ROUTE = {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.1", "admin_distance": 1}]}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(seed=seed_for_a_manager(infra([]))) as one:
        yield one


@pytest.fixture
def attachment(real_packets: None, lab: Lab) -> Iterator[Attachment]:
    with Attachment(lab, world(return_route=False)) as one:
        yield one


def patch(lab: Lab, path: str, body: dict[str, Any]) -> None:
    context = httpx.create_ssl_context()
    context.load_verify_locations(cadata=lab.ca_pem)
    answer = httpx.patch(f"{lab.url}/policy/api/v1{path}", json=body, verify=context, auth=(lab.username, lab.password))
    assert answer.status_code == 200, answer.text


def make_route(lab: Lab) -> None:
    patch(lab, f"{TIER0}/static-routes/default", ROUTE)


def make_rule(lab: Lab) -> None:
    patch(
        lab, f"{TIER0}/nat/USER/nat-rules/supervisor", {key: value for key, value in SUPERVISOR.items() if key != "id"}
    )


def command(lab_file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "nsx_lab", *words]
    return subprocess.run(
        line, capture_output=True, text=True, env={"EGRESS_LAB": str(lab_file)}, timeout=60, check=False
    )


@pytest.mark.slow
def test_every_accepted_change_reaches_the_packets(lab: Lab, attachment: Attachment) -> None:
    assert not attachment.probe(PULL).delivered
    make_rule(lab)
    assert not attachment.probe(PULL).delivered
    make_route(lab)
    outcome = attachment.probe(PULL)
    assert (outcome.returned, outcome.source_seen) == (True, "10.27.51.145")
    assert attachment.problem == ""


@pytest.mark.slow
def test_rules_of_a_tier1_reach_the_packets(real_packets: None) -> None:
    """The egress address moves, its rule on the Tier-0 does not: what users meet when a namespace is made anew."""
    egress = tier1_rule("egress", "SNAT", source_network="10.244.0.96/28", translated_network="30.0.0.5")
    before = with_tier1_rules(infra([]), "domain-c8", [egress], edge_cluster_path=EDGE_CLUSTER)
    tier1_rules = "/infra/tier-1s/domain-c8/nat/USER/nat-rules"
    with Lab(seed=seed_for_a_manager(before)) as lab, Attachment(lab, world(return_route=True)) as attachment:
        make_route(lab)
        make_rule(lab)
        pulled = attachment.probe(PULL)
        assert (pulled.returned, pulled.source_seen) == (True, "10.27.51.145")
        assert attachment.probe(LOOKUP).source_seen == "30.0.0.5"
        patch(lab, f"{tier1_rules}/egress", {**EGRESS_RULE, "translated_network": "30.0.0.17"})
        assert not attachment.probe(PULL).returned
        assert attachment.probe(LOOKUP).source_seen == "30.0.0.17"
        patch(lab, f"{tier1_rules}/egress", {**EGRESS_RULE, "translated_network": "30.0.0.5"})
        patch(lab, f"{tier1_rules}/none", {"action": "NO_SNAT", "destination_network": "172.20.0.0/24"})
        assert attachment.probe(PULL).returned
        assert attachment.probe(LOOKUP).source_seen == "10.244.0.98"
        assert attachment.problem == ""


@pytest.mark.slow
def test_tier1_without_an_edge_cluster_translates_nothing(real_packets: None) -> None:
    """Its rule is accepted and realized as ERROR, so that it does not act."""
    egress = tier1_rule("egress", "SNAT", source_network="10.244.0.96/28", translated_network="30.0.0.5")
    seed = seed_for_a_manager(with_tier1_rules(infra([]), "domain-c8", [egress]))
    with Lab(seed=seed) as lab, Attachment(lab, world(return_route=True)) as attachment:
        make_route(lab)
        assert attachment.probe(PULL).source_seen == "10.244.0.98"


@pytest.mark.slow
def test_what_is_accepted_and_not_yet_realized_does_not_reach_them(lab: Lab, attachment: Attachment) -> None:
    make_rule(lab)
    lab.control.realization(path="*default*", state="ERROR", message="no capacity", when="next")
    make_route(lab)
    assert not attachment.probe(PULL).delivered


@pytest.mark.slow
def test_the_story_of_the_demo_by_commands(lab: Lab, attachment: Attachment, tmp_path: Path) -> None:
    lab_file = tmp_path / "lab.json"
    lab.write_lab_file(lab_file)
    pull = ("probe", "pod-c8", "198.51.100.10", "--port", "5000")
    lookup = ("probe", "pod-c8", "172.20.0.53", "--protocol", "udp", "--port", "53")
    before = command(lab_file, *pull)
    assert (before.returncode, "timed out, never arrived" in before.stdout) == (2, True)
    make_route(lab)
    make_rule(lab)
    after = command(lab_file, *pull)
    assert (after.returncode, "registry saw 10.27.51.145" in after.stdout) == (0, True), after
    silent = command(lab_file, *lookup)
    assert (silent.returncode, "the answer is lost: dns saw 30.0.0.5; gw has no route for it" in silent.stdout) == (
        2,
        True,
    )
    assert (
        command(lab_file, "exec", "dns", "--", "ip", "route", "add", "30.0.0.0/24", "via", "172.20.0.1").returncode == 0
    )
    assert command(lab_file, *lookup).returncode == 0
    assert attachment.probe(INGRESS).returned
    make_rule(lab)
    assert attachment.probe(LOOKUP).returned, "a route that a person added is still there after a change"


@pytest.mark.slow
def test_commands_say_what_they_cannot_do(lab: Lab, attachment: Attachment, tmp_path: Path) -> None:
    lab_file = tmp_path / "lab.json"
    lab.write_lab_file(lab_file)
    unknown = command(lab_file, "probe", "nobody", "198.51.100.10")
    assert (unknown.returncode, "'nobody' is no host or pod" in unknown.stderr) == (1, True)
    nowhere = command(lab_file, "exec", "nowhere", "--", "true")
    assert (nowhere.returncode, "'nowhere' is no node" in nowhere.stderr) == (1, True)
    assert command(lab_file, "exec", "dns", "--", "sh", "-c", "exit 7").returncode == 7
    told = json.loads(command(lab_file, "probe", "pod-c8", "198.51.100.10", "--json").stdout)
    assert told["lost"]["reason"] == "no route"


def test_a_lab_without_packets_says_how_to_get_them(lab: Lab) -> None:
    with pytest.raises(Unavailable, match="start it with: nsx-lab serve --packets"):
        Remote(lab.control_token).probe(PULL)


@pytest.mark.slow
def test_other_labs_are_not_reached(lab: Lab, attachment: Attachment) -> None:
    assert Remote(lab.control_token).nodes()["problem"] == ""
    with pytest.raises(Unavailable):
        Remote("another token").nodes()


def test_serving_goes_on_without_packets_where_there_are_none(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> Attachment:
        raise Unavailable("ip not found", "apt-get install iproute2")

    file = tmp_path / "world.json"
    file.write_text(json.dumps({"format": "egress-world", "version": 1, "infra": infra([]), "world": world()}))
    monkeypatch.setattr(attach, "Attachment", refuse)
    monkeypatch.delenv("CI", raising=False)
    told: list[str] = []
    with packets(lab, file, told.append) as none:
        assert none is None
    assert told == ["no real packets here: ip not found; apt-get install iproute2; the lab goes on without"]
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Unavailable), packets(lab, file, told.append):
        pass


def test_a_file_that_is_no_world_is_named(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    for text in ("", "[]", "{}"):
        file.write_text(text)
        with pytest.raises(WorldError, match="world.json: not a world file"):
            read_world_file(file)
    with pytest.raises(WorldError, match=r"missing.json: No such file"):
        read_world_file(tmp_path / "missing.json")


def test_a_flow_travels_as_in_a_world_file() -> None:
    assert Flow.from_json(PULL.as_json()) == PULL

"""What the manager says to NAT rules that cannot work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from nsx_lab import Lab

T0 = "/infra/tier-0s/T0-wld01"
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1"
Write = Callable[..., httpx.Response]


@pytest.fixture
def standby(api: httpx.Client) -> str:
    """An ACTIVE_STANDBY gateway with an edge cluster."""
    api.patch("/infra/tier-0s/sb", json={"ha_mode": "ACTIVE_STANDBY"})
    api.patch("/infra/tier-0s/sb/locale-services/default", json={"edge_cluster_path": CLUSTER})
    return "/infra/tier-0s/sb"


@pytest.fixture
def write(api: httpx.Client) -> Write:
    """Writes a rule: `write(action, source, translated, gateway=..., section=..., **fields)`."""

    def patch(
        action: str, source: str = "", translated: str = "", *, gateway: str = T0, section: str = "USER", **fields: Any
    ) -> httpx.Response:
        body = {"action": action, "source_network": source, "translated_network": translated, **fields}
        return api.patch(
            f"{gateway}/nat/{section}/nat-rules/x", json={key: value for key, value in body.items() if value != ""}
        )

    return patch


def code(answer: httpx.Response) -> int:
    return 0 if answer.status_code == 200 else int(answer.json()["error_code"])


def test_snat_on_active_active_is_refused(api: httpx.Client, write: Write, standby: str) -> None:
    refused = write("SNAT", "30.0.0.5", "10.27.51.145")
    assert (refused.status_code, code(refused)) == (400, 990001)
    assert "ACTIVE_ACTIVE" in refused.json()["error_message"]
    assert code(write("DNAT", translated="30.0.0.5", destination_network="10.27.51.200")) == 990001
    assert code(write("SNAT", "30.0.0.5", "10.27.51.145", gateway=standby)) == 0


def test_snat_on_stateful_active_active_is_taken(api: httpx.Client, write: Write) -> None:
    api.patch(T0, json={"ha_mode": "ACTIVE_ACTIVE", "stateful_services": {"enabled": True}})
    assert code(write("SNAT", "30.0.0.5", "10.27.51.145")) == 0


def test_vrf_gateway_has_the_mode_of_its_parent(api: httpx.Client, write: Write, standby: str) -> None:
    api.patch("/infra/tier-0s/vrf", json={"vrf_config": {"tier0_path": T0}})
    assert code(write("SNAT", "30.0.0.5", "10.27.51.145", gateway="/infra/tier-0s/vrf")) == 990001


def test_mode_of_a_gateway_cannot_leave_its_rules_behind(api: httpx.Client, write: Write, standby: str) -> None:
    write("SNAT", "30.0.0.5", "10.27.51.145", gateway=standby)
    refused = api.patch(standby, json={"ha_mode": "ACTIVE_ACTIVE"})
    assert code(refused) == 990001
    assert api.get(standby).json()["ha_mode"] == "ACTIVE_STANDBY"


@pytest.mark.parametrize(
    "source, translated, expected",
    [
        ("30.0.0.5", "10.27.51.145", 0),
        ("30.0.0.0/29", "10.27.52.0/29", 0),
        ("30.0.0.0/29", "10.27.51.145", 990002),
        ("30.0.0.5,30.0.0.6", "10.27.52.0/31", 0),
        ("30.0.0.5,30.0.0.6", "10.27.51.145", 990002),
    ],
)
def test_reflexive_needs_equal_sizes(write: Write, source: str, translated: str, expected: int) -> None:
    assert code(write("REFLEXIVE", source, translated)) == expected


def test_reflexive_has_no_destination(write: Write) -> None:
    refused = write("REFLEXIVE", "30.0.0.5", "10.27.51.145", destination_network="8.8.8.8")
    assert code(refused) == 990003
    assert "not applicable" in refused.json()["error_message"]


@pytest.mark.parametrize(
    "action, fields, expected",
    [
        ("REFLEXIVE", {"translated_network": "10.27.51.145"}, 990003),
        ("REFLEXIVE", {"source_network": "30.0.0.5"}, 990003),
        ("SNAT", {"source_network": "30.0.0.5"}, 990003),
        ("DNAT", {"translated_network": "30.0.0.5"}, 990003),
        ("SNAT", {"translated_network": "10.27.51.145"}, 0),
        ("NO_SNAT", {"destination_network": "8.8.8.8"}, 0),
        ("NO_SNAT", {"source_network": "30.0.0.5"}, 0),
        ("NO_SNAT", {"source_network": "30.0.0.5", "translated_network": "10.27.51.145"}, 990003),
        ("NO_DNAT", {"destination_network": "8.8.8.8"}, 0),
        ("SNAT", {"source_network": "30.0.0.5-30.0.0.9", "translated_network": "10.27.51.145"}, 990003),
        ("SNAT", {"source_network": "30.0.0.300", "translated_network": "10.27.51.145"}, 990003),
        ("SNAT", {"source_network": "30.0.0.5", "translated_network": "10.27.51.145,10.27.51.146"}, 0),
        ("DNAT", {"destination_network": "10.27.51.145", "translated_network": "30.0.0.5,30.0.0.6"}, 990003),
    ],
)
def test_networks_by_action(write: Write, standby: str, action: str, fields: dict[str, Any], expected: int) -> None:
    assert code(write(action, gateway=standby, **fields)) == expected


@pytest.mark.parametrize(
    "section, number, expected",
    [
        ("USER", 0, 0),
        ("USER", 2147481599, 0),
        ("USER", 2147481600, 990004),
        ("USER", -1, 990004),
        ("DEFAULT", 1023, 0),
        ("INTERNAL", 1024, 990004),
    ],
)
def test_sequence_ranges(write: Write, section: str, number: int, expected: int) -> None:
    assert code(write("REFLEXIVE", "30.0.0.5", "10.27.51.145", section=section, sequence_number=number)) == expected


def test_scope_belongs_to_the_gateway(api: httpx.Client, write: Write, standby: str) -> None:
    subnets = [{"ip_addresses": ["10.9.9.1"], "prefix_len": 24}]
    foreign, loop = f"{standby}/locale-services/default/interfaces/up", f"{T0}/locale-services/default/interfaces/loop"
    api.patch(foreign, json={"type": "EXTERNAL", "subnets": subnets})
    api.patch(loop, json={"type": "LOOPBACK", "subnets": subnets})
    own = f"{T0}/locale-services/default/interfaces/edge01-uplink1"
    codes = [code(write("REFLEXIVE", "30.0.0.5", "10.27.51.145", scope=[path])) for path in (own, foreign, loop)]
    assert codes == [0, 990005, 990005]


def test_overlap_with_a_segment_answers_500105(api: httpx.Client, write: Write, standby: str) -> None:
    for name, owner in (("direct", T0), ("below", "/infra/tier-1s/domain-c8"), ("foreign", standby)):
        third = {"direct": 1, "below": 2, "foreign": 3}[name]
        body = {"connectivity_path": owner, "subnets": [{"gateway_address": f"172.30.{third}.1/24"}]}
        assert api.patch(f"/infra/segments/{name}", json=body).status_code == 200
    refused = write("REFLEXIVE", "30.0.0.5", "172.30.1.9")
    assert (refused.status_code, code(refused)) == (400, 500105)
    expected = (
        "Address 172.30.1.9/32 overlaps with Segment path=[/infra/segments/direct] that has subnet 172.30.1.0/24."
    )
    assert refused.json()["error_message"] == expected
    assert code(write("REFLEXIVE", "30.0.0.5", "172.30.2.9")) == 500105
    assert code(write("REFLEXIVE", "30.0.0.5", "172.30.3.9")) == 0


def test_nat64_has_a_section_of_its_own(write: Write, standby: str) -> None:
    fields: dict[str, Any] = {"source": "2001:db8::/96", "translated": "10.27.51.145", "gateway": standby}
    assert code(write("NAT64", section="USER", **fields)) == 500130
    assert code(write("NAT64", section="NAT64", **fields)) == 0
    assert code(write("SNAT", "30.0.0.5", "10.27.51.145", gateway=standby, section="NAT64")) == 500130


def test_address_families(write: Write) -> None:
    assert code(write("REFLEXIVE", "2001:db8::5", "2001:db8::6")) == 990006
    assert code(write("REFLEXIVE", "30.0.0.5", "2001:db8::6")) == 990006


def test_rule_without_edge_cluster_is_not_realized(api: httpx.Client, write: Write) -> None:
    api.patch("/infra/tier-0s/bare", json={})
    assert code(write("REFLEXIVE", "30.0.0.5", "10.27.51.145", gateway="/infra/tier-0s/bare")) == 0
    path = "/infra/tier-0s/bare/nat/USER/nat-rules/x"
    entity = api.get("/infra/realized-state/realized-entities", params={"intent_path": path}).json()["results"][0]
    assert (entity["state"], "no edge cluster" in entity["alarms"][0]["message"]) == ("ERROR", True)


def test_broken_rule_may_be_realized_as_error(lab: Lab, api: httpx.Client, write: Write) -> None:
    lab.world.manager.settings.semantics = "realize"
    assert code(write("SNAT", "30.0.0.5", "10.27.51.145")) == 0
    path = f"{T0}/nat/USER/nat-rules/x"
    entity = api.get("/infra/realized-state/realized-entities", params={"intent_path": path}).json()["results"][0]
    assert entity["state"] == "ERROR"
    assert entity["alarms"][0]["error_details"]["error_code"] == 990001
    assert path not in lab.realized()
    assert code(write("REFLEXIVE", "30.0.0.5", "10.27.51.145")) == 0
    assert path in lab.realized()


def test_several_rules_may_have_one_priority(api: httpx.Client, rule: dict[str, Any]) -> None:
    for name in ("a", "b"):
        assert api.patch(f"{T0}/nat/USER/nat-rules/{name}", json={**rule, "id": name}).status_code == 200

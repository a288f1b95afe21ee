"""Create, read, update, delete and import against a few policy objects."""

from __future__ import annotations

from typing import Any

import pytest

from nsx_lab.provider.provider import PartlyDoneError, Provider
from nsx_lab.provider.values.plan import plan
from nsx_lab.provider.wire.errors import ProviderError
from tests.nsx_lab.provider.policy import PolicyServer, error, provider_config

ROUTE = "nsxt_policy_static_route"
RULE = "nsxt_policy_nat_rule"
PEER = "nsxt_policy_static_route_bfd_peer"
PREFIXES = "nsxt_policy_gateway_prefix_list"
ROUTE_PATH = "/infra/tier-0s/T0/static-routes/r1"
RULE_PATH = "/infra/tier-0s/T0/nat/USER/nat-rules/n1"


def config(provider: Provider, kind: str, **given: Any) -> dict[str, Any]:
    block = provider.resources[kind]
    own: dict[str, dict[str, Any]] = {
        ROUTE: {"nsx_id": "r1", "network": "0.0.0.0/0", "next_hop": [hop("10.0.0.1")]},
        RULE: {"nsx_id": "n1", "action": "SNAT", "source_networks": ["10.1.1.1"], "translated_networks": ["10.2.2.2"]},
        PEER: {"nsx_id": "b1", "bfd_profile_path": "/infra/bfd-profiles/p", "peer_address": "10.0.0.1"},
        PREFIXES: {"nsx_id": "p1", "prefix": [{"action": None, "ge": None, "le": None, "network": None}]},
    }
    empty: dict[str, list[Any]] = {name: [] for name in block.blocks}
    return {**block.null(), **empty, "display_name": "x", "gateway_path": "/infra/tier-0s/T0", **own[kind], **given}


def hop(address: str | None, interface: str | None = None) -> dict[str, Any]:
    return {"admin_distance": None, "ip_address": address, "interface": interface}


def create(provider: Provider, kind: str, **given: Any) -> dict[str, Any]:
    planned = plan(provider.resources[kind], None, config(provider, kind, **given)).values
    state = provider.apply(kind, None, planned)
    assert state is not None
    return state


def body_of(server: PolicyServer) -> Any:
    return [s.body for s in server.seen if s.key[0] == "PATCH"][-1]


def test_a_new_route_is_looked_for_written_and_read(provider: Provider, policy_server: PolicyServer) -> None:
    state = create(provider, ROUTE)
    url = f"/policy/api/v1{ROUTE_PATH}"
    assert policy_server.sent() == [("GET", url), ("PATCH", url), ("GET", url)]
    assert (state["id"], state["path"], state["revision"]) == ("r1", ROUTE_PATH, 0)
    assert body_of(policy_server) == {
        "description": "",
        "display_name": "x",
        "id": "r1",
        "network": "0.0.0.0/0",
        "next_hops": [{"admin_distance": 1, "ip_address": "10.0.0.1"}],
        "tags": [],
    }


def test_without_an_id_one_is_made_and_nothing_looked_for(provider: Provider, policy_server: PolicyServer) -> None:
    state = create(provider, RULE, nsx_id=None)
    assert [method for method, _ in policy_server.sent()] == ["PATCH", "GET"]
    assert state["id"] == state["nsx_id"]
    assert len(state["id"]) == 36


@pytest.mark.parametrize(
    "kind, path, said",
    [
        (ROUTE, ROUTE_PATH, "Static Route with nsx_id 'r1' already exists"),
        (RULE, RULE_PATH, "NAT Rule with nsx_id 'n1' already exists"),
        (PREFIXES, "/infra/tier-0s/T0/prefix-lists/p1", "Gateway Prefix List with nsx_id 'p1' already exists"),
    ],
)
def test_an_object_that_exists_is_not_overwritten(
    provider: Provider, policy_server: PolicyServer, kind: str, path: str, said: str
) -> None:
    policy_server.policy.put(path, {})
    with pytest.raises(PartlyDoneError, match=said) as caught:
        create(provider, kind)
    assert caught.value.state is None
    assert "PATCH" not in [method for method, _ in policy_server.sent()]


def test_an_existing_bfd_peer_is_overwritten_as_by_the_real_provider(
    provider: Provider, policy_server: PolicyServer
) -> None:
    policy_server.policy.put("/infra/tier-0s/T0/static-routes/bfd-peers/b1", {})
    create(provider, PEER)
    assert policy_server.sent()[0] == ("GET", "/policy/api/v1/infra/tier-0s/b1/static-routes/bfd-peers/T0")
    assert "id" not in body_of(policy_server)


def test_an_object_that_is_gone_has_no_state(provider: Provider, policy_server: PolicyServer) -> None:
    state = create(provider, ROUTE)
    del policy_server.policy.objects[ROUTE_PATH]
    assert provider.read(ROUTE, state) is None


def test_an_object_that_is_gone_counts_as_deleted(provider: Provider, policy_server: PolicyServer) -> None:
    state = create(provider, ROUTE)
    del policy_server.policy.objects[ROUTE_PATH]
    assert provider.apply(ROUTE, state, None) is None


def test_a_failed_create_leaves_nothing(provider: Provider, policy_server: PolicyServer) -> None:
    policy_server.block("PATCH", "static-routes", error(403, "may not", error_code=7))
    with pytest.raises(PartlyDoneError, match="^ Failed to create Static Route r1: may not \\(code 7\\)$") as caught:
        create(provider, ROUTE)
    assert caught.value.state is None


def test_a_create_that_cannot_be_read_back_leaves_the_object(provider: Provider, policy_server: PolicyServer) -> None:
    policy_server.block("GET", "static-routes", error(404))
    policy_server.block("GET", "static-routes", error(403))
    with pytest.raises(PartlyDoneError, match="Failed to read Static Route r1: no") as caught:
        create(provider, ROUTE)
    assert caught.value.state is not None
    assert caught.value.state["id"] == "r1"


def test_a_failed_update_leaves_the_new_values_in_state(provider: Provider, policy_server: PolicyServer) -> None:
    state = create(provider, ROUTE)
    wanted = plan(provider.resources[ROUTE], state, {**state, "network": "10.0.0.0/8"}).values
    policy_server.block("PATCH", "static-routes", error(403))
    with pytest.raises(PartlyDoneError, match="Failed to update Static Route r1") as caught:
        provider.apply(ROUTE, state, wanted)
    assert caught.value.state is not None
    assert caught.value.state["network"] == "10.0.0.0/8"


def test_an_update_sends_the_whole_object_and_no_revision(provider: Provider, policy_server: PolicyServer) -> None:
    state = create(provider, RULE)
    wanted = plan(provider.resources[RULE], state, {**state, "logging": True}).values
    after = provider.apply(RULE, state, wanted)
    assert after is not None
    assert (after["logging"], after["revision"]) == (True, 1)
    assert body_of(policy_server) == {
        "action": "SNAT",
        "description": "",
        "display_name": "x",
        "enabled": True,
        "firewall_match": "BYPASS",
        "id": "n1",
        "logging": True,
        "scope": [],
        "sequence_number": 100,
        "service": "",
        "source_network": "10.1.1.1",
        "tags": [],
        "translated_network": "10.2.2.2",
    }


@pytest.mark.parametrize(
    "given, said",
    [
        ({"translated_networks": None}, "Translated Network must be specified for action type: SNAT"),
        ({"policy_based_vpn_mode": "MATCH"}, "Invalid NAT rule action SNAT for policy based vpn mode MATCH"),
        ({"action": "NAT64", "type": "USER"}, "Rules with NAT64 action must have NAT64 nat type"),
        ({"type": "NAT64"}, "Rules with type NAT64 action must have NAT64 action"),
        ({"context": [{"project_id": "p"}]}, "context use not supported with Tier0 gateways"),
        ({"gateway_path": "/infra/"}, "gateway_path is not valid"),
    ],
)
def test_what_the_provider_refuses_by_itself_is_not_written(
    provider: Provider, policy_server: PolicyServer, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(PartlyDoneError, match=said):
        create(provider, RULE, **given)
    assert "PATCH" not in [method for method, _ in policy_server.sent()]


def test_below_version_4_there_is_no_vpn_mode(policy_server: PolicyServer, clean_environment: None) -> None:
    policy_server.policy.version = "3.2.4"
    provider = Provider()
    provider.configure(provider_config(provider, policy_server.port))
    state = create(provider, RULE, action="DNAT", policy_based_vpn_mode="MATCH")
    assert "policy_based_vpn_mode" not in body_of(policy_server)
    assert state["policy_based_vpn_mode"] == "MATCH"


def test_of_a_version_that_is_none_only_the_vpn_mode_is_missing(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    policy_server.policy.version = "abc"
    provider = Provider()
    provider.configure(provider_config(provider, policy_server.port))
    state = create(provider, RULE, policy_based_vpn_mode="MATCH", action="DNAT")
    assert state["path"] == RULE_PATH
    assert set(body_of(policy_server)) >= {"action", "source_network", "translated_network", "tags"}
    assert "policy_based_vpn_mode" not in body_of(policy_server)


@pytest.mark.parametrize(
    "gateway, context, url",
    [
        ("/infra/tier-1s/T1", [], "/policy/api/v1/infra/tier-1s/T1/nat/USER/nat-rules/n1"),
        (
            "/orgs/default/projects/p/infra/tier-1s/T1",
            [{"project_id": "p 1"}],
            "/policy/api/v1/orgs/default/projects/p%201/infra/tier-1s/T1/nat/USER/nat-rules/n1",
        ),
    ],
)
def test_a_rule_lives_where_its_gateway_and_project_are(
    provider: Provider, policy_server: PolicyServer, gateway: str, context: list[Any], url: str
) -> None:
    create(provider, RULE, gateway_path=gateway, context=context)
    assert {path for _, path in policy_server.sent()} == {url}


def test_a_nat64_rule_goes_to_its_own_section(provider: Provider, policy_server: PolicyServer) -> None:
    state = create(provider, RULE, action="NAT64")
    assert state["type"] == "NAT64"
    assert policy_server.sent()[1] == ("PATCH", "/policy/api/v1/infra/tier-0s/T0/nat/NAT64/nat-rules/n1")


def test_a_global_manager_has_its_own_root(policy_server: PolicyServer, clean_environment: None) -> None:
    provider = Provider()
    provider.configure(provider_config(provider, policy_server.port, global_manager=True))
    create(provider, PREFIXES)
    url = "/global-manager/api/v1/global-infra/tier-0s/T0/prefix-lists/p1"
    assert policy_server.sent("/global-manager") == [("GET", url), ("PATCH", url), ("GET", url)]
    assert body_of(policy_server)["prefixes"] == [{"action": "PERMIT", "network": "ANY"}]


@pytest.mark.parametrize("kind, path", [(ROUTE, ROUTE_PATH), (RULE, RULE_PATH)])
@pytest.mark.parametrize("short", [True, False])
def test_an_import_takes_a_path_or_a_short_id(
    provider: Provider, policy_server: PolicyServer, kind: str, path: str, short: bool
) -> None:
    create(provider, kind)
    identifier = f"T0/{path.rpartition('/')[2]}" if short else path
    bare = provider.take(kind, identifier)
    assert bare["gateway_path"] == "/infra/tier-0s/T0"
    assert bare["tag"] == []
    state = provider.read(kind, bare)
    assert state is not None
    assert state["path"] == path


@pytest.mark.parametrize(
    "kind, identifier, said",
    [
        (ROUTE, "T0", "Please provide <gateway-id>/<static-route-id> as an input"),
        (RULE, "a/b/c/d", "Please provide <gateway-id>/<nat-rule-id>/\\[nat-type\\] as an input"),
        (PEER, "/infra/tier-0s/T0/static-routes/bfd-peers/b", "Please provide <gateway-id>/<id> as an input"),
        (ROUTE, " ", "import identifier cannot be empty"),
        (ROUTE, "T0/", "resource missing an identifier"),
        (ROUTE, "T9/r1", "com.vmware.vapi.std.errors.not_found"),
        (RULE, "/infra/tier-0s/T0/nat-rules/n1", "failed to parse policy path"),
    ],
)
def test_a_wrong_import_id_is_refused(provider: Provider, kind: str, identifier: str, said: str) -> None:
    with pytest.raises(ProviderError, match=said):
        provider.take(kind, identifier)


def test_a_missing_network_list_leaves_the_stored_one(provider: Provider, policy_server: PolicyServer) -> None:
    state = create(provider, RULE)
    del policy_server.policy.objects[RULE_PATH]["source_network"]
    del policy_server.policy.objects[RULE_PATH]["enabled"]
    after = provider.read(RULE, state)
    assert after is not None
    assert (after["source_networks"], after["enabled"]) == (["10.1.1.1"], False)


@pytest.mark.parametrize(
    "answer, said", [(None, "received a value of type 'OPTIONAL'"), ([1], "received a value of type 'LIST'")]
)
def test_an_answer_that_is_no_object_is_told(
    provider: Provider, policy_server: PolicyServer, answer: Any, said: str
) -> None:
    state = create(provider, ROUTE)
    text = "null" if answer is None else answer
    policy_server.block("GET", "static-routes", {"status": 200, "response": text})
    with pytest.raises(ProviderError, match=f"Expected a value of type 'STRUCTURE', but {said}"):
        provider.read(ROUTE, state)

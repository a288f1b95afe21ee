"""The official SDK (PyPI vcf-nsx) against a lab: CRUD, stale revisions, pages, search, VPCs. Run by tools/foreign_clients.py: `with_sdk.py LAB_FILE CA_FILE`."""

import json
import sys
from pathlib import Path
from typing import Any

import requests
from vcf.nsx import model_client
from vcf.nsx.model_client import ApiError
from vcf.nsx.policy.api.v1 import infra_client, orgs_client, search_client
from vcf.nsx.policy.api.v1.infra import realized_state_client
from vcf.nsx.policy.api.v1.infra.tier_0s import nat_client
from vcf.nsx.policy.api.v1.orgs import projects_client
from vcf.nsx.policy.api.v1.orgs.projects import transit_gateways_client, vpcs_client
from vcf.nsx.policy.api.v1.orgs.projects.vpcs import nat_client as vpc_nat_client
from vmware.vapi.lib.connect import get_requests_connector
from vmware.vapi.security.user_password import create_user_password_security_context
from vmware.vapi.stdlib.client.factories import StubConfigurationFactory

T0, SECTION = "T0-wld01", "USER"


def connect(lab: dict[str, Any], ca_file: str) -> Any:
    session = requests.Session()
    session.verify, session.trust_env = ca_file, False
    connector = get_requests_connector(session=session, msg_protocol="rest", url=f"https://{lab['host']}")
    connector.set_security_context(create_user_password_security_context(lab["username"], lab["password"]))
    return StubConfigurationFactory.new_std_configuration(connector)


def refused(action: Any) -> ApiError:
    try:
        action()
    except ApiError as error:
        return error
    raise AssertionError("the manager should have refused")


def main() -> None:
    stub = connect(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2])
    gateways, rules, search = infra_client.Tier0s(stub), nat_client.NatRules(stub), search_client.Query(stub)

    assert [gateway.id for gateway in gateways.policy_lm_list_tier0s().results] == [T0]
    assert gateways.policy_lm_read_tier0(T0).ha_mode == "ACTIVE_ACTIVE"
    refused(lambda: gateways.policy_lm_read_tier0("none"))

    rule = model_client.PolicyNatRule(
        action="REFLEXIVE",
        source_network="30.0.0.5",
        translated_network="10.27.51.145",
        display_name="from the SDK",
        sequence_number=5,
    )
    rules.policy_lm_patch_policy_nat_rule_on_tier0(T0, SECTION, "sdk", rule)
    got = rules.policy_lm_get_policy_nat_rule_from_tier0(T0, SECTION, "sdk")
    assert (got.source_network, got.revision, got.resource_type) == ("30.0.0.5", 0, "PolicyNatRule")
    got.logging = True
    put = rules.policy_lm_create_or_replace_policy_nat_rule_on_tier0(T0, SECTION, "sdk", got)
    assert (put.logging, put.revision) == (True, 1)
    refused(lambda: rules.policy_lm_create_or_replace_policy_nat_rule_on_tier0(T0, SECTION, "sdk", got))

    for number in range(5):
        rules.policy_lm_patch_policy_nat_rule_on_tier0(T0, SECTION, f"page-{number}", rule)
    first = rules.policy_lm_list_policy_nat_rules_from_tier0(T0, SECTION, page_size=4)
    second = rules.policy_lm_list_policy_nat_rules_from_tier0(T0, SECTION, page_size=4, cursor=first.cursor)
    assert (first.result_count, len(first.results), len(second.results), second.cursor) == (6, 4, 2, None)

    for query, count in (
        ("resource_type:PolicyNatRule", 6),
        ('resource_type:PolicyNatRule AND display_name:"from the SDK"', 6),
        ("resource_type:PolicyNatRule AND id:page*", 5),
        ("resource_type:Tier0 AND id:T0\\-wld01", 1),
        ("resource_type:StaticRoutes", 0),
    ):
        assert search.lm_policy_query_search(query=query).result_count == count, query
    page = search.lm_policy_query_search(query="resource_type:PolicyNatRule", page_size=4)
    rest = search.lm_policy_query_search(query="resource_type:PolicyNatRule", page_size=4, cursor=page.cursor)
    assert (len(page.results), len(rest.results)) == (4, 2)

    entities = realized_state_client.RealizedEntities(stub)
    operation = next(name for name in dir(entities) if name.startswith("policy") and "list" in name)
    found = getattr(entities, operation)(intent_path=f"/infra/tier-0s/{T0}/nat/{SECTION}/nat-rules/sdk")
    assert [entity.state for entity in found.results] == ["REALIZED"]

    for name in ("sdk", *(f"page-{number}" for number in range(5))):
        rules.policy_lm_delete_policy_nat_rule_from_tier0(T0, SECTION, name)
    assert search.lm_policy_query_search(query="resource_type:PolicyNatRule").result_count == 0
    vpcs(stub)
    print("vcf-nsx: all well")


def vpcs(stub: Any) -> None:
    """A VPC with everything between it and the Tier-0, written and read with NSX 9's own types."""
    org, project = "default", "sdk"
    above = f"/orgs/{org}/projects/{project}"
    infra_client.GatewayConnections(stub).policy_lm_patch_gateway_connection(
        "sdk", model_client.GatewayConnection(tier0_path=f"/infra/tier-0s/{T0}")
    )
    infra_client.IpBlocks(stub).policy_lm_create_or_patch_ip_address_block(
        "sdk", model_client.IpAddressBlock(cidrs=["30.2.0.0/24"], visibility="EXTERNAL")
    )
    orgs_client.Projects(stub).policy_lm_patch_project(org, project, model_client.Project())
    projects_client.TransitGateways(stub).policy_lm_patch_transit_gateway(
        org, project, "tgw", model_client.TransitGateway()
    )
    transit_gateways_client.Attachments(stub).policy_lm_patch_transit_gateway_attachment(
        org,
        project,
        "tgw",
        "t0",
        model_client.TransitGatewayAttachment(connection_path="/infra/gateway-connections/sdk"),
    )
    service = model_client.VpcServiceGatewayConfig(nat_config=model_client.VpcNatConfig(enable_default_snat=True))
    profile = model_client.VpcConnectivityProfile(
        transit_gateway_path=f"{above}/transit-gateways/tgw",
        external_ip_blocks=["/infra/ip-blocks/sdk"],
        service_gateway=service,
    )
    projects_client.VpcConnectivityProfiles(stub).policy_lm_patch_vpc_connectivity_profile(org, project, "out", profile)
    projects_client.Vpcs(stub).policy_lm_patch_vpc(
        org, project, "shop", model_client.Vpc(private_ips=["172.16.0.0/20"])
    )
    attachment = model_client.VpcAttachment(vpc_connectivity_profile=f"{above}/vpc-connectivity-profiles/out")
    vpcs_client.Attachments(stub).policy_lm_patch_vpc_attachment(org, project, "shop", "default", attachment)

    listed = projects_client.Vpcs(stub).policy_lm_list_vpc(org, project).results
    assert [(vpc.id, vpc.private_ips) for vpc in listed] == [("shop", ["172.16.0.0/20"])]
    rules = (
        vpc_nat_client.NatRules(stub).policy_lm_list_policy_nat_rules_on_vpc(org, project, "shop", "DEFAULT").results
    )
    assert [(rule.action, rule.source_network, rule.translated_network) for rule in rules] == [
        ("SNAT", "172.16.0.0/20", "30.2.0.1")
    ]
    found = search_client.Query(stub).lm_policy_query_search(query="resource_type:Vpc AND marked_for_delete:false")
    assert found.result_count == 1


if __name__ == "__main__":
    main()

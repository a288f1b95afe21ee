"""What realization looks like over the wire: realized entities, status, alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nsx_lab.manager.nsx.realization import EMPTY, ERROR, REALIZED, Realization, Record
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.kinds import locate
from nsx_lab.manager.store.ledger import Evidence, claim

claim(
    "realized-entities answers one entity per intent path; a gateway's is RealizedLogicalRouter, an interface's RealizedLogicalRouterPort",
    Evidence.ACCEPTANCE,
    "TestAccDataSourceNsxtPolicyRealizationInfo_tier1DataSourceEntity; of interfaces: vmware-nsxlib 19.4.3",
    "test_realization.py::test_entity_types",
)
claim(
    "entity types of NAT rules, static routes and BFD peers (RealizedLogicalRouterNatRule, RealizedStaticRoute, ...) are made up",
    Evidence.ASSUMPTION,
    "no source gives these names: leave entity_type empty in nsxt_policy_realization_info",
    "test_realization.py::test_entity_types",
)
claim(
    "realized-entities of a path that is gone: 404 once the object has left the data plane, its entity until then",
    Evidence.ACCEPTANCE,
    "TestAccResourceNsxtPolicyIPPoolBlockSubnet_minimal waits with a deletion until this request answers 404. Code and text of the 404 are assumptions",
    "test_realization.py::test_entities_of_a_path_that_is_gone_answer_404",
)
claim(
    "realized-entities of a path that never was: 404, as of one that is gone",
    Evidence.ASSUMPTION,
    "a manager keeps nothing of what is gone, so the two look alike; no capture",
    "test_realization.py::test_entities_of_a_path_that_is_gone_answer_404",
)
claim(
    "between intent and realization there is one entity, UNREALIZED; an empty list only by a fate that says EMPTY",
    Evidence.ASSUMPTION,
    "nsxt_policy_realization_info keeps polling on an empty list (terraform-provider-nsxt), so NSX must answer one at some time",
    "test_realization.py::test_words_and_gaps_a_client_must_digest",
)
claim(
    "the entity of an IP allocation has the address in extended_attributes, key allocation_ip",
    Evidence.ACCEPTANCE,
    "TestAccResourceNsxtPolicyIPAddressAllocation_anyIPBasic takes the address from there and fails without",
    "test_allocation.py::test_entity_of_an_allocation_has_its_address",
)
claim(
    "an entity that is realized as ERROR has no realization_specific_identifier",
    Evidence.ACCEPTANCE,
    "TestAccDataSourceNsxtPolicyRealizationInfo_errorState expects an empty realized_id",
    "test_allocation.py::test_address_outside_of_the_ranges_is_realized_as_error",
)


def entity(realization: Realization, record: Record) -> dict[str, Any]:
    """A GenericPolicyRealizedResource (vcf-nsx model_client.py) for the record."""
    intent = record.intent or record.realized or {}
    place = locate(record.path)
    entity_type = place.kind.entity_type if place is not None else ""
    state = realization.shown(record)
    name = str(intent.get("id", ""))
    body: dict[str, Any] = {
        "resource_type": "GenericPolicyRealizedResource",
        "id": f"{name}-{entity_type}",
        "display_name": str(intent.get("display_name", name)),
        "path": f"/infra/realized-state/enforcement-points/default{record.path.removeprefix('/infra')}",
        "relative_path": name,
        "parent_path": "/infra/realized-state/enforcement-points/default",
        "entity_type": entity_type,
        "state": state,
        "alarms": alarms(record) if state == ERROR else [],
        **({} if state == ERROR else {"realization_specific_identifier": str(intent.get("realization_id", ""))}),
        **_attributes(intent),
        "intent_paths": [record.path],
        "intent_reference": [record.path],
        "runtime_status": "SUCCESS" if state == REALIZED else "UNKNOWN",
        "publish_status": state if state in (REALIZED, ERROR) else "UNREALIZED",
        "_create_user": "system",
        "_last_modified_user": "system",
        "_system_owned": False,
        "_protection": "NOT_PROTECTED",
        "_create_time": intent.get("_create_time", 0),
        "_last_modified_time": intent.get("_last_modified_time", 0),
        "_revision": 0,
    }
    if state == ERROR and record.alarms:
        body["publish_status_error"] = record.alarms[0][0]
    return body


def _attributes(intent: Mapping[str, Any]) -> dict[str, Any]:
    """`extended_attributes` of an entity, where its type has any."""
    if intent.get("resource_type") != "IpAddressAllocation" or not intent.get("allocation_ip"):
        return {}
    address = {"key": "allocation_ip", "values": [intent["allocation_ip"]], "data_type": "STRING", "multivalue": False}
    return {"extended_attributes": [address]}


def alarms(record: Record) -> list[dict[str, Any]]:
    """PolicyAlarmResource objects of a record."""
    return [
        {
            "resource_type": "PolicyAlarmResource",
            "id": f"{(record.intent or {}).get('id', '')}-alarm-{index}",
            "message": message,
            "severity": "ERROR",
            "source_reference": record.path,
            "intent_paths": [record.path],
            "error_details": {"error_code": code, "error_message": message, "module_name": "Policy"},
        }
        for index, (message, code) in enumerate(record.alarms)
    ]


def entities(realization: Realization, path: str) -> list[dict[str, Any]]:
    """Entities of one intent path; counts as one look. Types that NSX realizes nowhere (a BFD profile) have none.

    Errors: NsxError (404) for a path of which nothing is there, nor left in the data plane.
    """
    record = realization.look(path)
    if record is None:
        raise errors.not_found(path)
    if realization.shown(record) == EMPTY:
        return []
    place = locate(path)
    if place is None or not place.kind.entity_type:
        return []
    return [entity(realization, record)]


def status(realization: Realization, path: str, version: int) -> dict[str, Any]:
    """A ConsolidatedRealizedStatus of one intent path."""
    record = realization.look(path)
    state = UNAVAILABLE if record is None else realization.shown(record)
    return {
        "intent_path": path,
        "intent_version": str(version),
        "publish_status": state,
        "consolidated_status": {"consolidated_status": _CONSOLIDATED.get(state, "UNKNOWN")},
        "consolidated_status_per_enforcement_point": [
            {
                "resource_type": "ConsolidatedStatusPerEnforcementPoint",
                "enforcement_point_id": "default",
                "site_path": "/infra/sites/default",
                "consolidated_status": {"consolidated_status": _CONSOLIDATED.get(state, "UNKNOWN")},
            }
        ],
    }


UNAVAILABLE = "UNAVAILABLE"
_CONSOLIDATED = {REALIZED: "SUCCESS", ERROR: "ERROR", "UNREALIZED": "IN_PROGRESS"}

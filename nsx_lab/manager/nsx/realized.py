"""What realization looks like over the wire: realized entities, status, alarms."""

from __future__ import annotations

from typing import Any

from nsx_lab.manager.nsx.realization import EMPTY, ERROR, REALIZED, Realization, Record
from nsx_lab.manager.store.kinds import locate
from nsx_lab.manager.store.ledger import Evidence, claim

claim(
    "realized-entities answers one entity per intent path; a gateway's is RealizedLogicalRouter, an interface's RealizedLogicalRouterPort",
    Evidence.ACCEPTANCE,
    "terraform-provider-nsxt: TestAccDataSourceNsxtPolicyRealizationInfo_tier1DataSourceEntity; vmware-nsxlib 19.4.3",
    "test_realization.py::test_entity_types",
)
claim(
    "entity types of NAT rules, static routes and BFD peers (RealizedLogicalRouterNatRule, RealizedStaticRoute, ...) are made up",
    Evidence.ASSUMPTION,
    "no source gives these names: leave entity_type empty in nsxt_policy_realization_info",
    "test_realization.py::test_entity_types",
)
claim(
    "realized-entities of a path that does not exist is an empty list",
    Evidence.ASSUMPTION,
    "nsxt_policy_realization_info keeps polling on an empty list (terraform-provider-nsxt), so it must occur",
    "test_realization.py::test_unknown_path_has_no_entities",
)


def entity(realization: Realization, record: Record) -> dict[str, Any]:
    """A GenericPolicyRealizedResource (vcf-nsx model_client.py) for the record."""
    intent = record.intent or {}
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
        "realization_specific_identifier": str(intent.get("realization_id", "")),
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
    """Entities of one intent path; counts as one look. Types that NSX realizes nowhere (a BFD profile) have none."""
    record = realization.look(path)
    if record is None or realization.shown(record) == EMPTY:
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

"""NAT statistics. The counters are zero unless a data plane tells what it saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nsx_lab.manager.nsx.defaults import ENFORCEMENT_POINT
from nsx_lab.manager.store.ledger import Evidence, claim

claim(
    "statistics of a NAT rule: zero, or what a data plane reported; a gateway with its firewall off gets a warning, for it drops NAT",
    Evidence.DOC,
    "form: vcf-nsx PolicyNatRuleStatistics; firewall: NSX 3.2 admin guide. The warning's text is the lab's",
    "test_routing.py::test_statistics_of_a_rule",
)
FIREWALL_OFF = "the gateway firewall is disabled: NAT rules drop traffic"


@dataclass(slots=True)
class Count:
    packets: int = 0
    bytes: int = 0
    sessions: int = 0


@dataclass(slots=True)
class Counters:
    """Counts by path of the rule. Lost with the process, as in the product they are with the edge."""

    _counts: dict[str, Count] = field(default_factory=dict)

    def report(self, rule_path: str, packets: int, octets: int, sessions: int = 0) -> None:
        """Sets the counts of a rule."""
        self._counts[rule_path] = Count(packets, octets, sessions)

    def of_rule(self, rule_path: str, *, firewall_off: bool, now: int) -> dict[str, Any]:
        """PolicyNatRuleStatisticsPerEnforcementPoint."""
        count = self._counts.get(rule_path, Count())
        statistics: dict[str, Any] = {**_numbers([count]), "last_update_timestamp": now}
        if firewall_off:
            statistics["warning_message"] = FIREWALL_OFF
        return {"enforcement_point_path": ENFORCEMENT_POINT, "rule_path": rule_path, "rule_statistics": [statistics]}

    def of_gateway(self, gateway: str, *, now: int) -> dict[str, Any]:
        """PolicyNatRuleStatisticsPerLogicalRouter."""
        counts = [count for path, count in self._counts.items() if path.startswith(f"{gateway}/nat/")]
        return {
            "enforcement_point_path": ENFORCEMENT_POINT,
            "router_path": gateway,
            "last_update_timestamp": now,
            "statistics": _numbers(counts),
            "per_node_statistics": [],
        }

    def clear(self) -> None:
        self._counts.clear()


def _numbers(counts: list[Count]) -> dict[str, int]:
    return {
        "total_packets": sum(count.packets for count in counts),
        "total_bytes": sum(count.bytes for count in counts),
        "active_sessions": sum(count.sessions for count in counts),
    }

"""Rules for NAT rules. Each check yields what is wrong; none of them writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nsx_lab.manager.nsx.rules.addresses import Network, networks, size
from nsx_lab.manager.nsx.rules.finding import Finding, When
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object

FIELDS = ("source_network", "destination_network", "translated_network")
NEEDED = {
    "SNAT": ("translated_network",),
    "DNAT": ("destination_network", "translated_network"),
    "REFLEXIVE": ("source_network", "translated_network"),
    "NAT64": ("source_network", "translated_network"),
    "NO_SNAT": (),
    "NO_DNAT": ("destination_network",),
}
SEQUENCE_LIMIT = {"INTERNAL": 1023, "USER": 2147481599, "DEFAULT": 1023}

_DOC = "PolicyNatRule, NSX API reference 4.1.0/4.2/9.1.0, and vcf-nsx model_client.py"
claim(
    "SNAT and DNAT on an ACTIVE_ACTIVE gateway without stateful services: refused",
    Evidence.DOC,
    f"{_DOC}: 'only supported when the logical router is running in active-standby mode'; Tier0StatefulServicesConfig. The code is the lab's",
    "test_nat_rules.py::test_snat_on_active_active_is_refused",
)
claim(
    "REFLEXIVE with different numbers of original and translated addresses: refused",
    Evidence.DOC,
    f"{_DOC}. The code is the lab's",
    "test_nat_rules.py::test_reflexive_needs_equal_sizes",
)
claim(
    "a destination on REFLEXIVE: refused; an empty text is stored",
    Evidence.ISSUE,
    "terraform-provider-nsxt #758: 'not applicable in case of REFLEXIVE'. That NSX refuses it, and the code, are assumptions",
    "test_nat_rules.py::test_reflexive_has_no_destination",
)
claim(
    "networks an action needs and those it must not have; ranges and lists where they are not taken",
    Evidence.DOC,
    f"{_DOC}; prose of the NSX 9.1 specification. The codes are the lab's",
    "test_nat_rules.py::test_networks_by_action",
)
claim(
    "SNAT and NO_SNAT without source_network: accepted, any source",
    Evidence.DOC,
    "PolicyNatRule: 'NULL value for this field represents ANY network', though the same text calls it mandatory for these actions; VMware's own "
    "example makes such an SNAT rule on a Tier-0 (vmware-nsx/dcinabox_terraform, dcinabox.tf). Of NO_SNAT no example was found",
    "test_nat_rules.py::test_networks_by_action",
)
claim(
    "sequence_number: USER 0..2147481599, INTERNAL and DEFAULT 0..1023",
    Evidence.SPEC,
    "vcf-nsx model_client.py, PolicyNatRule.sequence_number. The code is the lab's",
    "test_nat_rules.py::test_sequence_ranges",
)
claim(
    "a scope is an interface of the same gateway and not a loopback; labels and IPSec sessions are taken unseen",
    Evidence.DOC,
    f"{_DOC}. The code is the lab's",
    "test_nat_rules.py::test_scope_belongs_to_the_gateway",
)
claim(
    "translated or destination network inside a segment of the gateway: 400, code 500105, naming the segment",
    Evidence.ISSUE,
    "terraform-provider-nsxt #823, #1152; vmware-nsxlib 19.4.3 NsxOverlapAddresses. Which segments count is an assumption",
    "test_nat_rules.py::test_overlap_with_a_segment_answers_500105",
)
claim(
    "action NAT64 outside of section NAT64, and any other action in it: 400, code 500130",
    Evidence.ISSUE,
    "terraform-provider-nsxt #717",
    "test_nat_rules.py::test_nat64_has_a_section_of_its_own",
)
claim(
    "IPv6 in anything but NAT64, and two families in one rule: refused",
    Evidence.ASSUMPTION,
    "NSX offers no NAT66; how it refuses is not known",
    "test_nat_rules.py::test_address_families",
)
claim(
    "a NAT rule on a gateway without an edge cluster is accepted and realized as ERROR",
    Evidence.ASSUMPTION,
    "inferred: every NAT test of terraform-provider-nsxt attaches an edge cluster",
    "test_nat_rules.py::test_rule_without_edge_cluster_is_not_realized",
)
not_modelled(
    "NAT: stateless and stateful rules mixed on one gateway", "accepted (only the old MP API's text forbids it)"
)
not_modelled("NAT: policy_based_vpn_mode on actions other than DNAT and NO_DNAT", "stored and shown as written")
not_modelled(
    "NAT: firewall_match of NO_SNAT and NO_DNAT",
    "any value is taken (a provider test passes with one that the text forbids)",
)


def check(rule: Object, gateway: Gateway) -> Iterator[Finding]:
    """Everything wrong with a rule of this gateway."""
    parsed, found = _parse(rule)
    yield from found
    for rule_of in CHECKS:
        yield from rule_of(rule, gateway, parsed)


Parsed = dict[str, tuple[Network, ...]]
Check = Callable[[Object, Gateway, Parsed], Iterator[Finding]]


def _parse(rule: Object) -> tuple[Parsed, list[Finding]]:
    parsed: Parsed = {}
    found = []
    for name in FIELDS:
        text = rule.get(name)
        if not text:
            continue
        try:
            parsed[name] = networks(text)
        except ValueError as error:
            found.append(Finding(errors.CODE_NAT_FIELDS, f"{name}: {error}", When.REFUSE))
    return parsed, found


def _router_mode(rule: Object, gateway: Gateway, parsed: Parsed) -> Iterator[Finding]:
    if (
        rule["action"] in ("SNAT", "DNAT")
        and gateway.is_tier0
        and gateway.ha_mode == "ACTIVE_ACTIVE"
        and not gateway.stateful
    ):
        yield Finding(
            errors.CODE_ROUTER_MODE,
            f"NAT rule with action {rule['action']} is only supported on a gateway in active-standby mode; {gateway.path} is ACTIVE_ACTIVE.",
        )


def _sizes(rule: Object, gateway: Gateway, parsed: Parsed) -> Iterator[Finding]:
    source, translated = parsed.get("source_network"), parsed.get("translated_network")
    if rule["action"] == "REFLEXIVE" and source and translated and size(source) != size(translated):
        yield Finding(
            errors.CODE_NAT_SIZES,
            f"REFLEXIVE needs as many translated as original addresses: {rule['source_network']} has {size(source)}, "
            f"{rule['translated_network']} has {size(translated)}.",
        )


def _fields(rule: Object, gateway: Gateway, parsed: Parsed) -> Iterator[Finding]:
    action = rule["action"]
    for name in NEEDED[action]:
        if not rule.get(name):
            yield Finding(errors.CODE_NAT_FIELDS, f"{name} is required for action {action}.", When.REFUSE)
    if action.startswith("NO_") and rule.get("translated_network"):
        yield Finding(errors.CODE_NAT_FIELDS, f"translated_network must be empty for action {action}.", When.REFUSE)
    if action == "REFLEXIVE" and rule.get("destination_network"):
        yield Finding(errors.CODE_NAT_FIELDS, "destination_network is not applicable for action REFLEXIVE.")
    if action in ("DNAT", "REFLEXIVE") and len(parsed.get("translated_network", ())) > 1:
        yield Finding(
            errors.CODE_NAT_FIELDS,
            f"translated_network of action {action} is one address or block, not a list.",
            When.REFUSE,
        )


def _families(rule: Object, gateway: Gateway, parsed: Parsed) -> Iterator[Finding]:
    versions = {name: {network.version for network in found} for name, found in parsed.items()}
    if rule["action"] == "NAT64":
        wanted = {"source_network": {6}, "destination_network": {6}, "translated_network": {4}}
        wrong = [name for name, found in versions.items() if found != wanted[name]]
    else:
        wrong = [name for name, found in versions.items() if found != {4}]
    for name in wrong:
        yield Finding(
            errors.CODE_FAMILY, f"{name} {rule[name]} is of the wrong address family for action {rule['action']}."
        )


def _section(rule: Object, gateway: Gateway, parsed: Parsed) -> Iterator[Finding]:
    section = rule["parent_path"].rpartition("/")[2]
    if (rule["action"] == "NAT64") != (section == "NAT64"):
        yield Finding(500130, "Some error has occurred.", When.REFUSE)
    limit, number = SEQUENCE_LIMIT.get(section, SEQUENCE_LIMIT["USER"]), rule["sequence_number"]
    if not 0 <= number <= limit:
        yield Finding(
            errors.CODE_SEQUENCE,
            f"sequence_number {number} is not within 0..{limit} of section {section}.",
            When.REFUSE,
        )


def _scope(rule: Object, gateway: Gateway, parsed: Parsed) -> Iterator[Finding]:
    for path in rule.get("scope") or []:
        if "/interfaces/" not in path:
            continue
        interface = gateway.interface(path)
        if interface is None:
            yield Finding(errors.CODE_SCOPE, f"scope {path} is not an interface of {gateway.path}.")
        elif interface.get("type") == "LOOPBACK":
            yield Finding(errors.CODE_SCOPE, f"scope {path} is a loopback interface.")


def _segments(rule: Object, gateway: Gateway, parsed: Parsed) -> Iterator[Finding]:
    for name in ("translated_network", "destination_network"):
        for network in parsed.get(name, ()):
            for taken, segment in gateway.overlapping(network):
                text = f"Address {network} overlaps with Segment path=[{segment['path']}] that has subnet {taken}."
                yield Finding(500105, text)


def _edge_cluster(rule: Object, gateway: Gateway, parsed: Parsed) -> Iterator[Finding]:
    if not gateway.has_edge_cluster:
        yield Finding(
            errors.CODE_ROUTER_MODE, f"{gateway.path} has no edge cluster: NAT cannot be realized.", When.REALIZE
        )


CHECKS: tuple[Check, ...] = (_fields, _router_mode, _sizes, _families, _section, _scope, _segments, _edge_cluster)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from egress.domain import LabTarget, WorkloadDomain
from egress.domain.model import once
from tier0_egress.constructs import RefusedValueError
from tier0_egress.stacks.provider import Retries

Json = dict[str, Any]
Synth = Callable[..., Json]
Read = Callable[[str], WorkloadDomain]
HTTP = "https://state.example.com/wld01"
LOCAL = "state: {backend: local}"


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_provider_is_patient_and_holds_no_credentials(golden: str, domain: Read, synth: Synth) -> None:
    assert synth(domain(golden))["provider"]["nsxt"] == [
        {
            "host": "nsx-wld01.example.com",
            "max_retries": 10,
            "retry_min_delay": 500,
            "retry_max_delay": 5000,
            "retry_on_status_codes": [409, 429, 500, 503, 504],
        }
    ]


@pytest.mark.parametrize("low, high", [(500, 500), (0, 0), (600, 500), (-1, 500)])
def test_retry_delays_that_crash_the_provider_are_refused(low: int, high: int) -> None:
    with pytest.raises(RefusedValueError, match="the provider crashes at the first retry when they are equal"):
        Retries(min_delay=low, max_delay=high)


def test_own_certificate_authority_is_found_from_the_stacks_folder(golden: str, domain: Read, synth: Synth) -> None:
    text = changed(golden, ("  host: nsx", "  ca_file: certs/ca.pem\n  host: nsx"))
    (provider,) = synth(domain(text))["provider"]["nsxt"]
    assert provider["ca_file"] == "../../../certs/ca.pem"


def test_versions_of_provider_and_engine_are_ranges(golden: str, domain: Read, synth: Synth) -> None:
    terraform = synth(domain(golden))["terraform"]
    assert terraform["required_version"] == ">= 1.6"
    assert terraform["required_providers"] == {"nsxt": {"source": "vmware/nsxt", "version": ">= 3.11, < 4.0"}}


@pytest.mark.parametrize(
    "state, backend",
    [
        ("{backend: local}", {"local": {"path": "../../../state/wld01.tfstate"}}),
        ("{backend: pg}", {"pg": {"schema_name": "wld01"}}),
        ("{backend: pg, schema_name: other}", {"pg": {"schema_name": "other"}}),
        (
            "{backend: s3, bucket: states, region: eu-west-1}",
            {
                "s3": {
                    "bucket": "states",
                    "key": "wld01.tfstate",
                    "region": "eu-west-1",
                    "encrypt": True,
                    "use_lockfile": True,
                }
            },
        ),
        (
            "{backend: s3, bucket: states, region: x, key: a/b, endpoint: 'https://s3.example.com'}",
            {
                "s3": {
                    "bucket": "states",
                    "key": "a/b",
                    "region": "x",
                    "encrypt": True,
                    "use_lockfile": True,
                    "endpoints": {"s3": "https://s3.example.com"},
                    "use_path_style": True,
                    "skip_credentials_validation": True,
                    "skip_metadata_api_check": True,
                    "skip_region_validation": True,
                    "skip_requesting_account_id": True,
                    "skip_s3_checksum": True,
                }
            },
        ),
        (
            f"{{backend: http, address: '{HTTP}'}}",
            {
                "http": {
                    "address": HTTP,
                    "lock_address": f"{HTTP}/lock",
                    "lock_method": "POST",
                    "unlock_address": f"{HTTP}/lock",
                    "unlock_method": "DELETE",
                    "retry_wait_min": 5,
                }
            },
        ),
    ],
)
def test_state_is_kept_where_the_file_says(state: str, backend: Json, golden: str, domain: Read, synth: Synth) -> None:
    assert synth(domain(changed(golden, (LOCAL, f"state: {state}"))))["terraform"]["backend"] == backend


@pytest.mark.parametrize(
    ("address", "lock"),
    [
        (f"{HTTP}/", f"{HTTP}/lock"),
        (f"{HTTP}//", f"{HTTP}/lock"),
        (f"{HTTP}?ref=main", f"{HTTP}/lock?ref=main"),
    ],
)
def test_the_lock_lies_one_step_below_the_state(
    address: str, lock: str, golden: str, domain: Read, synth: Synth
) -> None:
    text = changed(golden, (LOCAL, f"state: {{backend: http, address: '{address}'}}"))
    backend = synth(domain(text))["terraform"]["backend"]["http"]
    assert (backend["address"], backend["lock_address"], backend["unlock_address"]) == (address, lock, lock)


def test_no_text_of_a_file_becomes_an_expression(golden: str, domain: Read, synth: Synth) -> None:
    """`${file("/proc/self/environ")}` in a ca_file would end in the engine's error message, credentials and all."""
    hostile = "${file(1)}%{if true}"
    text = changed(
        golden,
        (LOCAL, f"state: {{backend: s3, bucket: '{hostile}', region: '{hostile}', key: '{hostile}', endpoint: 'https://{hostile.replace(' ', '')}'}}"),
        ("  host: nsx", f"  ca_file: '{hostile}'\n  host: nsx"),
        ("  supervisor: {", f"  supervisor: {{description: '{hostile}', display_name: '{hostile}', tags: {{'{hostile}': '{hostile}'}}, "),
    )  # fmt: skip
    made = str(synth(domain(text)))
    assert "$${file(1)}%%{if" in made
    assert "${file" not in made.replace("$${file", "")
    assert "%{if" not in made.replace("%%{if", "")


def test_lock_files_on_s3_need_a_newer_engine(golden: str, domain: Read, synth: Synth) -> None:
    text = changed(golden, (LOCAL, "state: {backend: s3, bucket: b, region: r}"))
    assert synth(domain(text))["terraform"]["required_version"] == ">= 1.10"


def test_lab_takes_the_place_of_manager_state_and_protection(
    golden: str, domain: Read, synth: Synth, lab: LabTarget
) -> None:
    text = changed(golden, (LOCAL, "state: {backend: pg}"), ("  host: nsx", "  ca_file: certs/ca.pem\n  host: nsx"))
    made = synth(domain(text), lab=lab)
    (provider,) = made["provider"]["nsxt"]
    assert (provider["host"], provider["ca"]) == (lab.host, lab.ca)
    assert "ca_file" not in provider
    assert made["terraform"]["backend"] == {"local": {"path": "../../../state/wld01.tfstate"}}
    assert "lifecycle" not in made["resource"]["nsxt_policy_static_route"]["DefaultRoute"]
    assert "lab-password" not in str(made)
    assert "lab-token" not in str(made)
    assert "nsx-wld01.example.com" not in str(made)


def test_protection_can_be_taken_away_in_the_file(golden: str, domain: Read, synth: Synth) -> None:
    text = changed(golden, ("default_route:\n", "default_route:\n  protect: false\n"))
    assert "lifecycle" not in synth(domain(text))["resource"]["nsxt_policy_static_route"]["DefaultRoute"]


def test_gateway_may_be_named_instead(golden: str, domain: Read, synth: Synth) -> None:
    text = changed(golden, ("  id: T0-wld01", "  display_name: Tier-0 of wld01"))
    gateway = synth(domain(text))["data"]["nsxt_policy_tier0_gateway"]["Tier0"]
    assert gateway["display_name"] == "Tier-0 of wld01"
    assert "id" not in gateway


def test_locale_service_is_part_of_interface_paths(golden: str, domain: Read, synth: Synth) -> None:
    text = changed(golden, ("  id: T0-wld01", "  id: T0-wld01\n  locale_service: ls-a"))
    (rule, _) = synth(domain(text))["resource"]["nsxt_policy_nat_rule"].values()
    assert all("/locale-services/ls-a/interfaces/" in path for path in rule["scope"])


def test_route_of_somebody_else_is_left_alone(golden: str, domain: Read, synth: Synth) -> None:
    made = synth(domain(changed(golden, ("  next_hops: [{address: 10.27.51.1}]", "  external: true"))))
    assert list(made["resource"]) == ["nsxt_policy_nat_rule"]
    assert all("depends_on" not in rule for rule in made["resource"]["nsxt_policy_nat_rule"].values())


def test_bfd_watches_every_next_hop_from_every_uplink(golden: str, domain: Read, synth: Synth) -> None:
    text = changed(golden, ("[{address: 10.27.51.1}]", "[{address: 10.27.51.1}, {address: 10.27.51.2}]\n  bfd: {}"))
    peers = synth(domain(text))["resource"]["nsxt_policy_static_route_bfd_peer"]
    assert {name: peer["peer_address"] for name, peer in peers.items()} == {
        "DefaultRoute_wld01-bfd-10-27-51-1": "10.27.51.1",
        "DefaultRoute_wld01-bfd-10-27-51-2": "10.27.51.2",
    }
    for peer in peers.values():
        assert peer["source_addresses"] == ["10.27.51.145", "10.27.51.147"]
        assert peer["bfd_profile_path"] == "/infra/bfd-profiles/default"


def test_next_hop_may_leave_by_one_uplink(golden: str, domain: Read, synth: Synth) -> None:
    hop = "{address: 10.27.51.1, admin_distance: 5, interface: edge01-uplink1}"
    text = changed(golden, ("{address: 10.27.51.1}", hop))
    (made,) = synth(domain(text))["resource"]["nsxt_policy_static_route"]["DefaultRoute"]["next_hop"]
    assert made["admin_distance"] == 5
    assert made["interface"].endswith("/locale-services/default/interfaces/edge01-uplink1")


def test_realization_is_waited_for_as_the_file_says(golden: str, domain: Read, synth: Synth) -> None:
    made = synth(domain(golden + "realization: {delay: 2, timeout: 30}\n"))
    for check in made["data"]["nsxt_policy_realization_info"].values():
        assert (check["delay"], check["timeout"]) == (2, 30)


def test_further_mapping_and_everything_it_may_say(golden: str, domain: Read, synth: Synth) -> None:
    mapping = (
        "{source: 30.0.0.20, translated: 10.27.51.150, priority: 7, nsx_id: old, display_name: Old,"
        " description: adopted, tags: {}, firewall_match: BYPASS}"
    )
    rules = synth(domain(changed(golden, ("  more: {}", f"  more: {{backup: {mapping}}}"))))["resource"]
    rule = rules["nsxt_policy_nat_rule"]["Egress_backup"]
    said = {key: rule[key] for key in ("nsx_id", "display_name", "description", "rule_priority", "firewall_match")}
    assert said == {
        "nsx_id": "old",
        "display_name": "Old",
        "description": "adopted",
        "rule_priority": 7,
        "firewall_match": "BYPASS",
    }
    assert "tag" not in rule


def test_text_of_a_file_is_never_read_as_an_expression(golden: str, domain: Read, synth: Synth) -> None:
    said = "default_route:\n  description: 'costs ${path.module} %{if true}'\n  tags: {a: '${b}'}\n"
    made = synth(domain(changed(golden, ("default_route:\n", said))))
    route = made["resource"]["nsxt_policy_static_route"]["DefaultRoute"]
    assert route["description"] == "costs $${path.module} %%{if true}"
    assert route["tag"] == [{"scope": "a", "tag": "$${b}"}]


def test_what_a_construct_refuses_names_the_stack(golden: str, domain: Read, synth: Synth) -> None:
    text = changed(golden, ("translated: 10.27.51.147", "translated: 10.27.51.145"))
    with pytest.raises(RefusedValueError, match=r"^wld01: translated: '10\.27\.51\.145' is used twice"):
        synth(domain(text))


FURTHER = """\
routes:
  corporate: {network: 10.0.0.0/8, next_hops: [{address: 10.27.51.7, interface: edge01-uplink1}], description: offices}
  none: {network: 10.9.0.5, discard: true}
"""


def test_further_routes_have_addresses_of_their_own_and_are_not_protected(
    golden: str, domain: Read, synth: Synth
) -> None:
    made = synth(domain(golden + FURTHER))
    routes = made["resource"]["nsxt_policy_static_route"]
    assert list(routes) == ["DefaultRoute", "Route_corporate", "Route_none"]
    assert [routes[name].get("lifecycle") for name in ("Route_corporate", "Route_none")] == [None, None]
    assert [routes[name]["network"] for name in ("Route_corporate", "Route_none")] == ["10.0.0.0/8", "10.9.0.5/32"]
    assert routes["Route_none"]["next_hop"] == [{"admin_distance": 1}]
    assert routes["Route_corporate"]["nsx_id"] == "wld01-route-corporate"
    assert {"route_corporate_path", "route_corporate_id", "route_none_path", "route_none_id"} <= set(made["output"])
    assert "route_none_realized" in made["data"]["nsxt_policy_realization_info"]


def test_exceptions_have_addresses_of_their_own(golden: str, domain: Read, synth: Synth) -> None:
    exceptions = "exceptions: {tkg: {destination: 10.0.0.0/8, priority: 50}}"
    made = synth(domain(changed(golden, ("more: {}", exceptions), ("ACTIVE_ACTIVE", "ACTIVE_STANDBY"))))
    rules = made["resource"]["nsxt_policy_nat_rule"]
    assert set(rules) == {"Egress_supervisor", "Egress_tkg", "Egress_NoSnat_tkg"}
    assert (rules["Egress_NoSnat_tkg"]["nsx_id"], rules["Egress_NoSnat_tkg"]["action"]) == (
        "wld01-no-snat-tkg",
        "NO_SNAT",
    )
    assert rules["Egress_NoSnat_tkg"]["depends_on"] == ["nsxt_policy_static_route.DefaultRoute"]
    assert {"no_snat_tkg_path", "no_snat_tkg_id"} <= set(made["output"])


def test_exceptions_without_mappings_are_made_too(golden: str, domain: Read, synth: Synth) -> None:
    lines = [line for line in golden.splitlines() if not line.startswith(("  supervisor:", "  tkg:"))]
    text = changed(
        "\n".join(lines),
        ("more: {}", "exceptions: {a: {destination: 10.0.0.0/8, priority: 50}}"),
        ("ACTIVE_ACTIVE", "ACTIVE_STANDBY"),
    )
    assert list(synth(domain(text))["resource"]["nsxt_policy_nat_rule"]) == ["Egress_NoSnat_a"]


def test_a_stack_that_is_made_keeps_nothing_that_was_derived_from_its_domain(
    golden: str, domain: Read, synth: Synth
) -> None:
    """A fleet of a thousand would hold it until the last stack is made."""
    read, made = domain(golden), []

    @once
    def derived(one: WorkloadDomain) -> str:
        made.append(one.stack)
        return one.stack

    assert (derived(read), derived(read), made) == ("wld01", "wld01", ["wld01"])
    synth(read)
    assert (derived(read), made) == ("wld01", ["wld01", "wld01"])

"""Version profiles: which NSX the lab says it is, and the few differences that have a source."""

from __future__ import annotations

from dataclasses import dataclass

from nsx_lab.manager.store.kinds import WITH_VPCS, Place
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled

claim(
    "profile 3.2: no policy_based_vpn_mode on NAT rules",
    Evidence.PROVIDER,
    "terraform-provider-nsxt sends and reads the field from version 4.0.0 on; NSX's own first version with it is not known",
    "test_profiles.py::test_vpn_mode_is_unknown_to_3_2",
)
claim(
    "profile 9.1: GET /infra/network-spans answers a default span",
    Evidence.PROVIDER,
    "terraform-provider-nsxt 3.12 asks for it from 9.1.0 on and fails without a default span",
    "test_profiles.py::test_network_spans_exist_on_9_1_only",
)
claim(
    "profile 9.1: projects, VPCs, their connectivity profiles and transit gateways below /orgs, gateway connections below /infra; 404 in every other profile",
    Evidence.SPEC,
    "types, collections and URL templates of PyPI vcf-nsx 9.1.1.0; that older versions have some of it (projects since 4.1) is left out",
    "test_vpcs.py::test_older_profiles_have_no_projects",
)
claim(
    "option echo_any: a SNAT rule written without a destination reads back destination_network 0.0.0.0/0",
    Evidence.ISSUE,
    "terraform-provider-nsxt #1152 (seen on a project's Tier-1; whether a Tier-0 does it is not known, so it is off in every profile)",
    "test_profiles.py::test_echo_of_an_unset_destination",
)
not_modelled("differences between NSX versions other than those above", "unknown; every profile behaves the same")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a version changes."""

    name: str
    node_version: str
    product_version: str
    vpn_mode: bool = True
    network_spans: bool = False
    vpcs: bool = False

    def has(self, place: Place) -> bool:
        """Whether this version knows what stands there."""
        if place.kind.resource_type in WITH_VPCS or place.path.startswith("/orgs"):
            return self.vpcs
        return place.kind.resource_type != "NetworkSpan" or self.network_spans


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("3.2", "3.2.4.0.0.23653566", "3.2.4.0.0.23653568", vpn_mode=False),
        Profile("4.2", "4.2.0.0.0.24105817", "4.2.0.0.0.24105821"),
        Profile("9.1", "9.1.0.0.0.24900001", "9.1.0.0.0.24900003", network_spans=True, vpcs=True),
    )
}
"""By name. The last parts of the numbers carry no meaning (any numbers are taken by clients)."""


def profile(name: str) -> Profile:
    """The profile of that name; ValueError names the others."""
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}: allowed are {', '.join(PROFILES)}")
    return PROFILES[name]

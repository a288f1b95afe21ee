"""CDKTF constructs for the egress of a VCF workload domain: each usable alone, in anybody's CDKTF program."""

from constructs_lib.egress_mapping import EgressMapping
from constructs_lib.egress_snat_pair import EgressSnatPair
from constructs_lib.realization_check import RealizationCheck
from constructs_lib.tier0_default_route import BfdPeer, NextHop, Tier0DefaultRoute
from constructs_lib.tier0_gateway import Tier0Gateway
from constructs_lib.values import RefusedValueError
from egress.vocabulary import FirewallMatch, HaMode, NatAction

__all__ = [
    "BfdPeer",
    "EgressMapping",
    "EgressSnatPair",
    "FirewallMatch",
    "HaMode",
    "NatAction",
    "NextHop",
    "RealizationCheck",
    "RefusedValueError",
    "Tier0DefaultRoute",
    "Tier0Gateway",
]

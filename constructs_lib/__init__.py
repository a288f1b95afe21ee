"""CDKTF constructs for the egress of a VCF workload domain: each usable alone, in anybody's CDKTF program."""

if __name__ == "constructs_lib":
    from tier0_egress._checkout import same_modules

    same_modules(__name__, "tier0_egress.constructs")

from egress.vocabulary import FirewallMatch, HaMode, NatAction

from .bfd_peer import BfdPeer
from .egress_exception import EgressException
from .egress_mapping import EgressMapping
from .egress_snat_pair import EgressSnatPair
from .next_hop import NextHop
from .realization_check import RealizationCheck
from .tier0_default_route import Tier0DefaultRoute
from .tier0_gateway import Tier0Gateway
from .tier0_static_route import Tier0StaticRoute
from .values import RefusedValueError

__all__ = [
    "BfdPeer",
    "EgressException",
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
    "Tier0StaticRoute",
]

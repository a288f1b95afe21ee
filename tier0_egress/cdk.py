"""The CDK that this program runs on, and all that is taken from it and its bindings: nothing else here imports cdktf or cdktn.

Both say the same under the same names, so a type checker looks at cdktf's and is right about both. What programs hand in is
typed by what it must have (`Provider`, `Resource`), as it may be of either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from egress.cdk import BOTH, VARIABLE, CdkError, chosen, told_alone

try:
    CDK = chosen()
    """Chosen once: objects of the two do not go together."""
except CdkError:
    told_alone()
    raise

if TYPE_CHECKING or CDK.name == "cdktf":
    from cdktf import (
        App,
        HttpBackend,
        IResolvable,
        ITerraformDependable,
        LocalBackend,
        Op,
        PgBackend,
        Postcondition,
        S3Backend,
        S3BackendEndpointConfig,
        TerraformElement,
        TerraformOutput,
        TerraformProvider,
        TerraformResource,
        TerraformResourceLifecycle,
        TerraformSelf,
        TerraformStack,
    )
    from cdktf_cdktf_provider_nsxt.data_nsxt_policy_realization_info import DataNsxtPolicyRealizationInfo
    from cdktf_cdktf_provider_nsxt.data_nsxt_policy_tier0_gateway import DataNsxtPolicyTier0Gateway
    from cdktf_cdktf_provider_nsxt.policy_nat_rule import PolicyNatRule, PolicyNatRuleTag
    from cdktf_cdktf_provider_nsxt.policy_static_route import (
        PolicyStaticRoute,
        PolicyStaticRouteNextHop,
        PolicyStaticRouteTag,
    )
    from cdktf_cdktf_provider_nsxt.policy_static_route_bfd_peer import (
        PolicyStaticRouteBfdPeer,
        PolicyStaticRouteBfdPeerTag,
    )
    from cdktf_cdktf_provider_nsxt.provider import NsxtProvider
else:
    from cdktn import (
        App,
        HttpBackend,
        IResolvable,
        ITerraformDependable,
        LocalBackend,
        Op,
        PgBackend,
        Postcondition,
        S3Backend,
        S3BackendEndpointConfig,
        TerraformElement,
        TerraformOutput,
        TerraformProvider,
        TerraformResource,
        TerraformResourceLifecycle,
        TerraformSelf,
        TerraformStack,
    )
    from cdktn_provider_nsxt.data_nsxt_policy_realization_info import DataNsxtPolicyRealizationInfo
    from cdktn_provider_nsxt.data_nsxt_policy_tier0_gateway import DataNsxtPolicyTier0Gateway
    from cdktn_provider_nsxt.policy_nat_rule import PolicyNatRule, PolicyNatRuleTag
    from cdktn_provider_nsxt.policy_static_route import (
        PolicyStaticRoute,
        PolicyStaticRouteNextHop,
        PolicyStaticRouteTag,
    )
    from cdktn_provider_nsxt.policy_static_route_bfd_peer import (
        PolicyStaticRouteBfdPeer,
        PolicyStaticRouteBfdPeerTag,
    )
    from cdktn_provider_nsxt.provider import NsxtProvider

__all__ = [
    "CDK",
    "App",
    "DataNsxtPolicyRealizationInfo",
    "DataNsxtPolicyTier0Gateway",
    "HttpBackend",
    "IResolvable",
    "ITerraformDependable",
    "LocalBackend",
    "NsxtProvider",
    "Op",
    "PgBackend",
    "PolicyNatRule",
    "PolicyNatRuleTag",
    "PolicyStaticRoute",
    "PolicyStaticRouteBfdPeer",
    "PolicyStaticRouteBfdPeerTag",
    "PolicyStaticRouteNextHop",
    "PolicyStaticRouteTag",
    "Postcondition",
    "Provider",
    "Resource",
    "S3Backend",
    "S3BackendEndpointConfig",
    "TerraformElement",
    "TerraformOutput",
    "TerraformProvider",
    "TerraformResource",
    "TerraformResourceLifecycle",
    "TerraformSelf",
    "TerraformStack",
    "of_the_other",
]


class Provider(Protocol):
    """A provider block, as either CDK has it: an NsxtProvider, of whatever bindings."""

    @property
    def alias(self) -> str | None: ...

    @property
    def terraform_provider_source(self) -> str | None: ...


class Resource(Protocol):
    """A resource with a policy path, as either CDK has it."""

    @property
    def path(self) -> str: ...

    @property
    def terraform_resource_type(self) -> str: ...


def of_the_other(value: object) -> str:
    """For an object that the other CDK made: whose it is and what to do, as the end of a sentence. Empty for all else."""
    made_by = {kind.__module__.partition(".")[0] for kind in type(value).__mro__}
    for other in BOTH:
        if other != CDK and other.name in made_by:
            return (
                f"is made by {other.name}, and the constructs run on {CDK.name} here: import {other.name} before them, "
                f"or set {VARIABLE}={other.name}"
            )
    return ""

"""Whether NSX has realized what was applied."""

from __future__ import annotations

from typing import TypeAlias

from cdktf import Postcondition, TerraformProvider, TerraformResourceLifecycle
from cdktf_cdktf_provider_nsxt.data_nsxt_policy_realization_info import DataNsxtPolicyRealizationInfo
from cdktf_cdktf_provider_nsxt.policy_nat_rule import PolicyNatRule
from cdktf_cdktf_provider_nsxt.policy_static_route import PolicyStaticRoute
from constructs import Construct

from .values import whole_number

Realizable: TypeAlias = PolicyStaticRoute | PolicyNatRule
"""Resources that NSX realizes on the gateway."""

_NOT_REALIZED = (
    "NSX says ${self.state}, not REALIZED, for ${self.path}: "
    "look at its alarms in NSX, correct the object and apply again"
)


class RealizationCheck(Construct):
    """Makes an apply fail unless NSX has realized a resource.

    The data source waits, but counts ERROR as a success (vmware/nsxt, data_source_nsxt_policy_realization_info.go), hence
    the postcondition. After an error a plan without a change fails too; a plan that changes the resource and a destroy
    still work (measured with 3.11.1).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        resource: Realizable,
        delay: int = 0,
        timeout: int = 120,
        provider: TerraformProvider | None = None,
    ) -> None:
        """Checks `resource`.

        delay: seconds before the first look; default 0, as the provider's own default of 1 costs every plan a second.
        timeout: seconds until the check gives up on UNREALIZED; default 120 (the provider's own is 1200). The provider
            looks again after 1, 1, 2, 4, 8, then every 10 seconds.
        provider: default is the stack's only NSX provider.
        """
        super().__init__(scope, id_)
        self._info = DataNsxtPolicyRealizationInfo(
            self,
            "Default",
            path=resource.path,
            delay=whole_number(delay, "delay", 0, 86400),
            timeout=whole_number(timeout, "timeout", 1, 86400),
            # The path is known when a resource is updated in place. Terraform 1.11.4 reads a data source that has a
            # postcondition after the change all the same (measured); said here, it does not hang on that.
            depends_on=[resource],
            lifecycle=TerraformResourceLifecycle(
                postcondition=[Postcondition(condition='${self.state == "REALIZED"}', error_message=_NOT_REALIZED)]
            ),
            provider=provider,
        )

    @property
    def state(self) -> str:
        """REALIZED, or the apply has failed; a token."""
        return str(self._info.state)

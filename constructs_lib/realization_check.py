"""Whether NSX has realized what was applied."""

from __future__ import annotations

from typing import TypeAlias

from constructs import Construct

from tier0_egress.cdk import (
    DataNsxtPolicyRealizationInfo,
    PolicyNatRule,
    PolicyStaticRoute,
    Postcondition,
    Provider,
    Resource,
    TerraformResource,
    TerraformResourceLifecycle,
    of_the_other,
)

from .static_route import MadeRoute
from .tree import nsx_provider, standing
from .values import RefusedValueError, shown, whole_number

Realizable: TypeAlias = Resource | MadeRoute
"""A resource with a policy path, of these bindings or of others; or a construct that makes one."""

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
        provider: Provider | None = None,
    ) -> None:
        """Checks `resource`.

        resource: a resource of the provider vmware/nsxt that has a path, such as a NAT rule; or a Tier0DefaultRoute or Tier0StaticRoute.
        delay: seconds before the first look. Default: 0, as the provider's own default of 1 costs every plan a second.
        timeout: seconds until the check gives up on UNREALIZED; the provider looks again after 1, 1, 2, 4, 8, then every 10
            seconds. Default: 120 (the provider's own is 1200).
        provider: an NsxtProvider. Default: the stack's only one.

        Raises RefusedValueError for what cannot be checked.
        """
        checked = _resource(resource)
        seconds = whole_number(delay, "delay", 0, 86400), whole_number(timeout, "timeout", 1, 86400)
        chosen = nsx_provider(provider)
        with standing(scope, id_):
            super().__init__(scope, id_)
        self.path = str(getattr(checked, "path"))  # noqa: B009 - not every resource has one, this one does
        """Policy path of the resource; a token."""
        self._info = DataNsxtPolicyRealizationInfo(
            self,
            "Default",
            path=self.path,
            delay=seconds[0],
            timeout=seconds[1],
            # The path is known when a resource is updated in place. Terraform 1.11.4 reads a data source that has a
            # postcondition after the change all the same (measured); said here, it does not hang on that.
            depends_on=[checked],
            lifecycle=TerraformResourceLifecycle(
                postcondition=[Postcondition(condition='${self.state == "REALIZED"}', error_message=_NOT_REALIZED)]
            ),
            provider=chosen,
        )

    @property
    def state(self) -> str:
        """REALIZED, or the apply has failed; a token."""
        return str(self._info.state)


def _resource(value: object) -> TerraformResource:
    made = value.resource if isinstance(value, MadeRoute) else value
    if isinstance(made, PolicyStaticRoute | PolicyNatRule):
        return made
    others = made if isinstance(made, TerraformResource) and hasattr(type(made), "path") else None
    if others is not None and others.terraform_resource_type.startswith("nsxt_"):
        return others
    if other := of_the_other(made):
        raise RefusedValueError(f"resource: {shown(made)} {other}")
    raise RefusedValueError(
        f"resource: {shown(value)} is not allowed, allowed is a resource with a policy path, such as a NAT rule: the path alone "
        "would not make Terraform wait for it"
    )

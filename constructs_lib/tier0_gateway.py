"""The Tier-0 gateway, which is looked up and never managed."""

from __future__ import annotations

import json
from typing import Self

from cdktf import IResolvable, Op, Postcondition, TerraformProvider, TerraformResourceLifecycle, TerraformSelf
from cdktf_cdktf_provider_nsxt.data_nsxt_policy_tier0_gateway import DataNsxtPolicyTier0Gateway
from constructs import Construct

from egress.policy import paths

from .values import RefusedValueError, object_id, unresolved


class Tier0Gateway(Construct):
    """An existing Tier-0 gateway. Make one with `from_id` or `from_display_name`.

    The plan fails if there is no such gateway. Its HA mode cannot be read with this provider (vmware/nsxt issue 1936).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        gateway_id: str | None = None,
        display_name: str | None = None,
        provider: TerraformProvider | None = None,
    ) -> None:
        super().__init__(scope, id_)
        if (gateway_id is None) == (display_name is None):
            raise RefusedValueError("a Tier-0 is looked up by exactly one of gateway_id and display_name")
        if gateway_id is not None:
            object_id(gateway_id, "gateway_id")
        self._lookup = DataNsxtPolicyTier0Gateway(
            self,
            "Default",
            id=gateway_id,
            display_name=display_name,
            lifecycle=None if display_name is None else _exactly_named(display_name),
            provider=provider,
        )

    @classmethod
    def from_id(cls, scope: Construct, id_: str, *, gateway_id: str, provider: TerraformProvider | None = None) -> Self:
        """The gateway with this NSX id. `provider`: default is the stack's only NSX provider."""
        return cls(scope, id_, gateway_id=gateway_id, provider=provider)

    @classmethod
    def from_display_name(
        cls, scope: Construct, id_: str, *, display_name: str, provider: TerraformProvider | None = None
    ) -> Self:
        """The gateway with exactly this display name.

        The provider searches by prefix and takes a single hit for the answer (measured with 3.11.1), so the plan fails
        here if the name found is a longer one. `provider`: default is the stack's only NSX provider.
        """
        return cls(scope, id_, display_name=display_name, provider=provider)

    @property
    def path(self) -> str:
        """Policy path, /infra/tier-0s/<id>; a token."""
        return str(self._lookup.path)

    def interface_path(self, interface_id: str, locale_service: str = "default") -> str:
        """Policy path of one of the gateway's interfaces. `locale_service`: id of its locale service."""
        object_id(interface_id, "interface_id")
        object_id(locale_service, "locale_service")
        return paths.interface(self.path, locale_service, interface_id)


def _exactly_named(display_name: str) -> TerraformResourceLifecycle:
    condition: str | IResolvable = f"${{self.display_name == {json.dumps(display_name, ensure_ascii=False)}}}"
    if unresolved(display_name):
        condition = Op.eq(TerraformSelf.get_string("display_name"), display_name)
    message = "the Tier-0 found is named ${self.display_name}, which only begins with the name asked for"
    # The struct classes, not dicts: a nested dict is refused with "Missing required properties".
    return TerraformResourceLifecycle(postcondition=[Postcondition(condition=condition, error_message=message)])

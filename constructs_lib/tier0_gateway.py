"""The Tier-0 gateway, which is looked up and never managed."""

from __future__ import annotations

import json
from functools import cached_property
from typing import NamedTuple, Self

from constructs import Construct

from egress.policy import paths
from tier0_egress.cdk import (
    DataNsxtPolicyTier0Gateway,
    IResolvable,
    Op,
    Postcondition,
    Provider,
    TerraformResourceLifecycle,
    TerraformSelf,
)

from .ids import object_id
from .tree import nsx_provider, standing
from .values import RefusedValueError, name_text, unresolved


class _LookUp(NamedTuple):
    """What the factories ask for: one of the two."""

    gateway_id: str | None = None
    display_name: str | None = None


class Tier0Gateway(Construct):
    """An existing Tier-0 gateway. `from_id` and `from_display_name` make one.

    The plan fails if there is no such gateway. Its HA mode cannot be read with this provider (vmware/nsxt issue 1936).
    """

    def __init__(
        self, scope: Construct, id_: str, look_up: _LookUp | None = None, provider: Provider | None = None
    ) -> None:
        """For the factories only. Raises RefusedValueError when it is called by anybody else."""
        if not isinstance(look_up, _LookUp):
            raise RefusedValueError("a Tier-0 is looked up with Tier0Gateway.from_id or Tier0Gateway.from_display_name")
        chosen = nsx_provider(provider)
        with standing(scope, id_):
            super().__init__(scope, id_)
        self._lookup = DataNsxtPolicyTier0Gateway(
            self,
            "Default",
            id=look_up.gateway_id,
            display_name=look_up.display_name,
            lifecycle=None if look_up.display_name is None else _exactly_named(look_up.display_name),
            provider=chosen,
        )

    @classmethod
    def from_id(cls, scope: Construct, id_: str, *, gateway_id: str, provider: Provider | None = None) -> Self:
        """The gateway with this id in NSX.

        gateway_id: 1 to 1,024 characters, the last part of its path.
        provider: an NsxtProvider. Default: the stack's only one.
        """
        return cls(scope, id_, _LookUp(gateway_id=object_id(gateway_id, "gateway_id")), provider)

    @classmethod
    def from_display_name(
        cls, scope: Construct, id_: str, *, display_name: str, provider: Provider | None = None
    ) -> Self:
        """The gateway with exactly this display name.

        The provider searches by prefix and takes a single hit for the answer (measured with 3.11.1), so the plan fails
        here if the name found is a longer one.

        display_name: 1 to 255 characters.
        provider: an NsxtProvider. Default: the stack's only one.
        """
        return cls(scope, id_, _LookUp(display_name=name_text(display_name)), provider)

    @cached_property
    def path(self) -> str:
        """Policy path, /infra/tier-0s/<id>; a token."""
        return str(self._lookup.path)

    def interface_path(self, interface_id: str, locale_service: str = "default") -> str:
        """Policy path of one of the gateway's interfaces.

        interface_id: its id in NSX.
        locale_service: id of the locale service that holds it. Default: "default".
        """
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

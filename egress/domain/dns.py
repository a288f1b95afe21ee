"""The typed model of a DNS server that pods and nodes ask: its address, and where it stands."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from egress.domain.base import Part
from egress.domain.fields import ANY_ADDRESS_PATTERN, AnyAddress, PolicyId, wrong

_PLACES = ("inside", "router", "forwarder")
_ABSENT: dict[str, Any] = {name: {"enum": [None, False]} for name in _PLACES}
_RELATIONS: dict[str, Any] = {
    "anyOf": [{"properties": {name: _ABSENT[name] for name in _PLACES if name != place}} for place in _PLACES]
}
"""At most one place, for the JSON Schema."""


class DnsServer(Part):
    """A DNS server. Where no place is given its address says it: in the network of an uplink or service interface it stands there,
    anywhere else behind the upstream router."""

    model_config = ConfigDict(json_schema_extra=_RELATIONS)

    address: AnyAddress = Field(description="its address; an entry may also be the address alone")
    inside: PolicyId | None = Field(None, description="id of the Tier-1 of tier1s on whose NSX segment it stands")
    router: AnyAddress | None = Field(
        None,
        description="address of the router of its own network, which lies beside an interface of the gateway, or upstream",
    )
    forwarder: bool = Field(False, description="true: it is the DNS forwarder of the gateway itself")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [name for name in _PLACES if getattr(self, name)]
        if len(given) > 1:
            raise wrong(f"a DNS server stands in one place, give one of {' and '.join(given)}")
        return self

    def __str__(self) -> str:
        return str(self.address)


class _OrAddress:
    """In the JSON Schema: the model, or an address alone."""

    @staticmethod
    def __get_pydantic_json_schema__(core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "pattern": ANY_ADDRESS_PATTERN}, handler(core)]}


def _placed(value: Any) -> Any:
    return value if isinstance(value, dict | list | tuple | DnsServer) else {"address": value}


Dns = Annotated[DnsServer, BeforeValidator(_placed), _OrAddress]

"""A stack's Terraform state as values: what is tracked, under which ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from egress.domain import EgressError
from egress.toolchain.running.own_files import JsonObject

_VERSION = 4
"""Of the state format. Terraform since 0.12 and every OpenTofu write it (states v4, both products' sources)."""


@dataclass(frozen=True)
class Tracked:
    """A resource that the state tracks. `provider`: its address, which names the engine product's registry."""

    type: str
    name: str
    provider: str
    attributes: JsonObject

    @property
    def address(self) -> str:
        """The address in Terraform's words."""
        return f"{self.type}.{self.name}"

    @property
    def nsx_id(self) -> str:
        """The object's id in NSX; empty where the state does not say."""
        return str(self.attributes.get("nsx_id") or self.attributes.get("id") or "")

    @property
    def tags(self) -> dict[str, str]:
        """The object's tags as scope -> tag."""
        given = self.attributes.get("tag")
        tags = given if isinstance(given, list) else []
        return {str(one.get("scope")): str(one.get("tag")) for one in tags if isinstance(one, dict)}

    @property
    def path(self) -> str:
        """The object's Policy path; empty where the state does not say."""
        return str(self.attributes.get("path") or "")


@dataclass(frozen=True)
class State:
    """A state. `exists` is False where there is none at all: never applied, lost, or looked for in the wrong place."""

    exists: bool = False
    lineage: str = ""
    serial: int = 0
    managed: tuple[Tracked, ...] = ()

    @property
    def addresses(self) -> frozenset[str]:
        """Addresses of everything that is tracked."""
        return frozenset(one.address for one in self.managed)


NO_STATE = State()


def parse(data: JsonObject, what: str, way_out: str) -> State:
    """The state in the engine's JSON. Errors: EgressError for another format, with what it is and the way out."""
    try:
        if data["version"] != _VERSION:
            raise EgressError(f"{what} has format version {data['version']!r}, allowed is {_VERSION}: {way_out}")
        managed = [_tracked(one, instance) for one in data["resources"] or () for instance in _instances(one)]
        return State(True, str(data["lineage"]), int(data["serial"]), tuple(managed))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise EgressError(f"{what} is no Terraform state: {way_out}") from None


def _instances(resource: Any) -> list[Any]:
    return list(resource["instances"]) if resource["mode"] == "managed" else []


def _tracked(resource: Any, instance: Any) -> Tracked:
    attributes = instance.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise TypeError
    prefix = f"{resource['module']}." if resource.get("module") else ""
    return Tracked(prefix + str(resource["type"]), str(resource["name"]), str(resource["provider"]), attributes)

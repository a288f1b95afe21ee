"""A Survey: everything that was read of a manager around several Tier-0s. Values only; `egress.manager` makes them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from egress.policy.paths import Collection
from egress.policy.sighting import Sighting, Unseen
from egress.policy.tree import PolicyObjects
from egress.vocabulary import INFRA


@dataclass(frozen=True)
class Usage:
    """How full an IP block or pool is: addresses in all, and those that are taken. None: the manager did not say."""

    total: int | None
    taken: int | None

    @property
    def left(self) -> int | None:
        """Addresses that are still free."""
        return None if self.total is None or self.taken is None else max(0, self.total - self.taken)


@dataclass(frozen=True)
class Survey:
    """What was read of a manager.

    host: as it was asked. version: of NSX, as in 4.2.1, None where it was not told. gateways: paths of the Tier-0s that were asked for, in
    the order of their ids. objects: by Policy path, of every kind that was read, below /orgs too. usage: of IP blocks and pools, by path.
    unseen: what could not be read, and why. looked_for_vpcs: false where the manager has no projects or nobody may look there.
    """

    host: str
    version: str | None
    gateways: tuple[str, ...]
    objects: PolicyObjects
    usage: Mapping[str, Usage] = field(default_factory=dict)
    unseen: tuple[Unseen, ...] = ()
    looked_for_vpcs: bool = True

    def sighting(self, gateway: str) -> Sighting:
        """What was seen around one of the Tier-0s, as the walk takes it: nothing of another one. Realized states were not asked."""
        others = tuple(f"{one}/" for one in self.gateways if one != gateway)
        elsewhere = {
            path
            for path, body in self.objects.items()
            if path.startswith(_TIER1S) and path.count("/") == 3 and body.get("tier0_path") != gateway
        }
        services = {path for path, body in self.objects.items() if _text(body.get("connectivity_path")) in elsewhere}
        objects = {
            path: body
            for path, body in self.objects.items()
            if path not in self.gateways or path == gateway
            if not path.startswith(others)
            if "/".join(path.split("/")[:4]) not in elsewhere
            if path not in services and _text(body.get("lb_service_path")) not in services
        }
        unseen = tuple(one for one in self.unseen if not one.path.startswith(others))
        return Sighting(gateway, objects, unseen=tuple(one for one in unseen if not _of_any(one, elsewhere)))


def _text(value: object) -> str:
    """A value where a text should stand; it may be anything."""
    return value if isinstance(value, str) else ""


_TIER1S = f"{INFRA}/{Collection.TIER1S}/"


def _of_any(part: Unseen, tier1s: Container[str]) -> bool:
    """Whether a part that was not seen stands below one of these Tier-1s."""
    return "/".join(part.path.split("/")[:4]) in tier1s

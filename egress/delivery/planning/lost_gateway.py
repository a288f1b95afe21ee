"""A Tier-0 that is gone: what its stack's state still tracks below it, and how the state lets go of that.

A look-up below a gateway that does not exist is refused (400, code 500012: captured on NSX 9) where one of an object that is gone would be
answered 404, so that no plan comes to its end: the provider drops from a state what is answered 404 and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from egress.domain import EgressError
from egress.policy.paths import last, tier0_above
from egress.toolchain.running.secrets import masked
from egress.toolchain.stack import state_lock
from egress.toolchain.stack.stacks import Stack
from egress.toolchain.store.state import Tracked

if TYPE_CHECKING:
    from egress.manager import Manager

_PARENT_GONE = re.compile(r"The path=\[([^\]]+)\] is invalid")
_NOT_FOUND = re.compile(r"Tier0 with (ID|name) '([^']*)' was not found")
"""What provider 3.11.1 says of its data source (measured)."""


@dataclass(frozen=True)
class Lost:
    """What a state tracks below Tier-0s that are gone. `gateways`: their paths."""

    gateways: tuple[str, ...]
    objects: tuple[Tracked, ...]

    def __str__(self) -> str:
        count = f"{len(self.objects)} object{'' if len(self.objects) == 1 else 's'}"
        return (
            f"{count} below {' and '.join(map(last, self.gateways))}: {', '.join(one.nsx_id for one in self.objects)}"
        )


def told(stack: Stack, words: str) -> str:
    """What to tell where an engine's plan ended at a Tier-0 that is gone; empty where it did not."""
    missing = _NOT_FOUND.search(words)
    if missing:
        key = {"ID": "id", "name": "display_name"}[missing[1]]
        return (
            f"the manager has no Tier-0 with the {key.replace('_', ' ')} {missing[2]!r}: was it replaced or renamed? write its id of now into "
            f"tier0.id; if plans fail then, too: egress forget {stack.name}"
        )
    gone = _PARENT_GONE.search(words)
    if gone and gone[1] in gateways_of(stack.found.managed):
        return (
            f"its state ({stack.state_place}) tracks objects below {last(gone[1])}, which the manager does not have any more, and no plan "
            f"gets past them: egress forget {stack.name} lets go of them, then egress apply {stack.name}"
        )
    return ""


def gateways_of(tracked: Iterable[Tracked]) -> tuple[str, ...]:
    """Paths of the Tier-0s that tracked objects stand below, in their order."""
    return tuple(dict.fromkeys(found for one in tracked if (found := _gateway(one))))


def lost(stack: Stack, manager: Manager) -> Lost:
    """What a stack's state tracks below Tier-0s that its manager does not have. Only GETs.

    Errors: EgressError where the manager cannot be read, and where it does not have the domain's own Tier-0 either: it may be the wrong one.
    """
    from egress.manager.refusals import MissingError  # httpx takes its time to load, and few plans end here

    gone = tuple(path for path in gateways_of(stack.found.managed) if _is_gone(manager, path))
    if gone:
        try:
            manager.gateway(stack.domain.tier0)
        except MissingError as error:
            raise EgressError(
                f"{stack.name}: {manager.host} has neither {' nor '.join(map(last, gone))} nor the Tier-0 that the file names: is nsx.host the "
                f"right manager? if it is, write the id of the Tier-0 that is there into tier0.id ({error.what})"
            ) from None
    return Lost(gone, tuple(one for one in stack.found.managed if _gateway(one) in gone))


def forget(stack: Stack, found: Lost) -> None:
    """Takes what is lost out of the state. Errors: EgressError."""
    addresses = [one.address for one in found.objects]
    done = stack.engine("state", "rm", "-no-color", *stack.locking(), *addresses, capture=True)
    if done.code:
        words = (done.err or done.out).strip()
        raise EgressError(
            f"{stack.name}: {state_lock.refusal(stack, words) or 'the engine did not let go of them:' + chr(10) + masked(words)}"
        )


def _is_gone(manager: Manager, path: str) -> bool:
    from egress.manager.refusals import MissingError

    try:
        manager.get(path)
    except MissingError:
        return True
    return False


def _gateway(tracked: Tracked) -> str:
    return tier0_above(str(tracked.path or tracked.attributes.get("gateway_path") or ""))

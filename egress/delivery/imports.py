"""Taking a stack's own objects back into a state that was lost, or that an apply which ended half-way left without some of them.

The ids are known in advance (`nsx_id` is always set), so import blocks can be written from the synthesised JSON and a look at the
manager. Terraform refuses to import what is not there, so only what is there is asked for.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from egress.domain import EgressError
from egress.domain.model import WorkloadDomain
from egress.escape import terraform
from egress.policy import paths
from egress.policy.planned import import_id, resource_path
from egress.policy.presence import Presence
from egress.toolchain.stacks import Stack

FILE = "egress-imports.tf.json"


@contextlib.contextmanager
def import_blocks(stack: Stack, there: Presence | None) -> Iterator[None]:
    """While this lasts, plans of `stack` import every resource that its state does not have and its manager has.

    there: what is on the manager; None where it could not be read: then all are asked for, and the engine says which is not there.
    Errors: EgressError.
    """
    file = stack.folder / FILE
    blocks = _blocks(stack, there)
    if blocks:
        file.write_text(json.dumps({"import": blocks}, indent=2) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _blocks(stack: Stack, there: Presence | None) -> list[dict[str, str]]:
    known = stack.state().addresses
    gateway = terraform(there.gateway if there else _gateway_path(stack.domain))  # the rest was written for Terraform
    missing = {
        f"{kind}.{name}": (kind, resource_path(kind, gateway, body))
        for kind, resources in stack.config.get("resource", {}).items()
        for name, body in resources.items()
        if f"{kind}.{name}" not in known
    }
    on_manager = {terraform(path) for path in there.objects} if there else {path for _, path in missing.values()}
    return [
        {"to": address, "id": import_id(kind, path)} for address, (kind, path) in missing.items() if path in on_manager
    ]


def _gateway_path(domain: WorkloadDomain) -> str:
    if domain.tier0.id is None:
        raise EgressError(
            f"{domain.stack}: import needs the Tier-0's id, the file has its display name only: write tier0.id instead"
        )
    return paths.tier0(domain.tier0.id)

"""Taking a stack's own objects back into an empty state, after the state was lost.

The ids are known in advance (`nsx_id` is always set), so import blocks can be written from the synthesised JSON alone. An
import id is the object's Policy path.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from egress.domain import EgressError
from egress.domain.model import WorkloadDomain
from egress.escape import terraform
from egress.policy import paths
from egress.policy.planned import resource_path
from egress.toolchain.stacks import Stack

FILE = "egress-imports.tf.json"


@contextlib.contextmanager
def import_blocks(stack: Stack) -> Iterator[None]:
    """While this lasts, plans of `stack` import every resource that its state does not have. Errors: EgressError."""
    file = stack.folder / FILE
    blocks = _blocks(stack)
    if blocks:
        file.write_text(json.dumps({"import": blocks}, indent=2) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _blocks(stack: Stack) -> list[dict[str, str]]:
    known = stack.state().addresses
    gateway = terraform(_gateway_path(stack.domain))  # the rest was written for Terraform by the synthesis
    return [
        {"to": f"{kind}.{name}", "id": resource_path(kind, gateway, body)}
        for kind, resources in stack.config.get("resource", {}).items()
        for name, body in resources.items()
        if f"{kind}.{name}" not in known
    ]


def _gateway_path(domain: WorkloadDomain) -> str:
    if domain.tier0.id is None:
        raise EgressError(
            f"{domain.stack}: import needs the Tier-0's id, the file has its display name only: write tier0.id instead"
        )
    return paths.tier0(domain.tier0.id)

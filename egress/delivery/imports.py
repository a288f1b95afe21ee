"""Taking a stack's own objects back into an empty state, after the state was lost.

The ids are known in advance (`nsx_id` is always set), so import blocks can be written from the synthesised JSON alone. The
path form of the id is used: the short form `<gateway>/<id>` always reads NAT rules from section USER (provider 3.12.0).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from egress.domain import EgressError
from egress.domain.model import WorkloadDomain
from egress.layout import STACK_FILE
from egress.toolchain.runs import Stack

FILE = "egress-imports.tf.json"
_COLLECTION = {
    "nsxt_policy_static_route": "static-routes",
    "nsxt_policy_static_route_bfd_peer": "static-routes/bfd-peers",
}


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
    config = json.loads(_text(stack.folder / STACK_FILE))
    known = {f"{resource['type']}.{resource['name']}" for resource in stack.state().get("resources", [])}
    gateway = _gateway_path(stack.domain)
    return [
        {"to": f"{kind}.{name}", "id": f"{gateway}/{_collection(kind, body)}/{body['nsx_id']}"}
        for kind, resources in config.get("resource", {}).items()
        for name, body in resources.items()
        if f"{kind}.{name}" not in known
    ]


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError as error:
        raise EgressError(f"{file} cannot be read: {error.strerror}") from None


def _collection(kind: str, body: dict[str, Any]) -> str:
    if kind == "nsxt_policy_nat_rule":
        return f"nat/{body['type']}/nat-rules"
    return _COLLECTION[kind]


def _gateway_path(domain: WorkloadDomain) -> str:
    if domain.tier0.id is None:
        raise EgressError(
            f"{domain.stack}: import needs the Tier-0's id, the file has its display name only: write tier0.id instead"
        )
    return f"/infra/tier-0s/{domain.tier0.id}"

"""Taking a stack's own objects back into a state that was lost, or that an apply which ended half-way left without some of them; and what is
left over of the stack, so that a plan takes it away.

The ids are known in advance (`nsx_id` is always set), so import blocks can be written from the synthesised JSON and a look at the
manager. Terraform refuses to import what is not there, so only what is there is asked for.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator

from egress.domain import EgressError
from egress.domain.model import WorkloadDomain
from egress.escape import terraform
from egress.layout import STACK_FILE
from egress.policy import paths
from egress.policy.planned import BFD_PEER, ROUTE, RULE, import_id, resource_path
from egress.policy.presence import Presence
from egress.toolchain.running.own_files import JsonObject, json_object
from egress.toolchain.running.secrets import masked
from egress.toolchain.stack import state_lock
from egress.toolchain.stack.stacks import Stack

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


@contextlib.contextmanager
def left_over_tracked(stack: Stack, there: Presence | None) -> Iterator[tuple[str, ...]]:
    """While this lasts, the state tracks what is left over of the stack, so that its plans take it away; yields the addresses. What was not taken
    away by then the state forgets again: whoever declines finds it as it was.

    An engine takes an object in only at an address that its configuration has: one is there for that long. Errors: EgressError.
    """
    tracked: list[str] = []
    taken = {one.name for one in stack.found.managed}  # a run that was killed may have left some
    names = (name for number in itertools.count() if (name := f"left_over_{number}") not in taken)
    try:
        for path in there.left_over if there else ():
            kind, body = _stub(path)
            name = next(names)
            _take_in(stack, kind, name, body, path)
            tracked.append(f"{kind}.{name}")
        yield tuple(tracked)
    finally:
        still = sorted(stack.state().addresses & {*tracked})
        if still:
            stack.engine("state", "rm", "-no-color", *stack.locking(), *still, capture=True)


def _take_in(stack: Stack, kind: str, name: str, body: JsonObject, path: str) -> None:
    """`import` of one object. It reads whatever the configuration looks up, so that for its length the configuration has this one thing."""
    file, whole = stack.folder / STACK_FILE, stack.config_bytes
    found = {key: stack.config[key] for key in ("terraform", "provider") if key in stack.config}
    file.write_text(json.dumps(found | {"resource": {kind: {name: body}}, "output": _outputs(stack)}))
    try:
        address = f"{kind}.{name}"
        done = stack.engine(
            "import", "-no-color", "-input=false", *stack.locking(), address, import_id(kind, path), capture=True
        )
    finally:
        file.write_bytes(whole)
    if done.code:
        words = (done.err or done.out).strip()
        known = state_lock.refusal(stack, words)
        raise EgressError(
            f"{stack.name}: {known}" if known else f"{stack.name}: {path} was not taken in:\n{masked(words)}"
        )


def _outputs(stack: Stack) -> JsonObject:
    """The outputs as the state has them, as a configuration says them: without them the state would lose them."""
    done = stack.engine("output", "-json", "-no-color", capture=True)
    if done.code:
        raise EgressError(f"{stack.name}: the outputs in the state cannot be read:\n{masked(done.err.strip())}")
    outputs = json_object(done.out, f"{stack.name}: the outputs in the state", "read the state with egress engine")
    return {
        name: {"value": terraform(value) if isinstance(value := one["value"], str) else value}
        for name, one in outputs.items()
    }


def _stub(path: str) -> tuple[str, JsonObject]:
    """Resource type of an object that stands at a path below a gateway, and what a configuration has to say of one; no value of it is used."""
    gateway = terraform(paths.tier0_above(path))
    common = {"display_name": "left over", "gateway_path": gateway}
    if paths.is_nat_rule(path):
        return RULE, common | {"action": "NO_SNAT"}
    if path.split("/")[-2] == paths.Collection.BFD_PEERS:
        return BFD_PEER, common | {"peer_address": "192.0.2.1", "bfd_profile_path": paths.bfd_profile("default")}
    return ROUTE, common | {"network": "192.0.2.0/24", "next_hop": [{"ip_address": "192.0.2.1"}]}


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

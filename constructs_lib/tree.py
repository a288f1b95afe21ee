"""Where a construct stands in a program: its scope and id, the provider it is given, and names of its resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from constructs import Construct

from tier0_egress.cdk import App, TerraformElement, TerraformProvider, TerraformStack, of_the_other

from .values import RefusedValueError, shown, unresolved

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STACK = "allowed is a TerraformStack, or a construct in one"


@contextmanager
def standing(scope: object, id_: object) -> Iterator[None]:
    """Refuses a scope and an id that nothing can be made with; to be put around `super().__init__(scope, id_)`.

    What cdktf itself refuses then, as an id that is taken, is told in its words: only it knows the tree.
    """
    if other := of_the_other(scope):
        raise RefusedValueError(f"scope: {shown(scope)} {other}")
    if not isinstance(scope, Construct) or isinstance(scope, App):
        raise RefusedValueError(f"scope: {shown(scope)} is not allowed, {_STACK}")
    if not isinstance(id_, str) or not id_.strip() or unresolved(id_):
        raise RefusedValueError(f"id_: {shown(id_)} is not allowed, allowed is text that names it in its scope")
    if not isinstance(scope, TerraformStack):
        _refuse_outside_of_a_stack(scope)
    try:
        yield
    except RuntimeError as error:
        reason = str(error).splitlines()[0][:200]
        raise RefusedValueError(f"id_: {shown(id_)} is not allowed: {reason}") from None


def _refuse_outside_of_a_stack(scope: Construct) -> None:
    try:
        stack = TerraformStack.of(scope)
    except RuntimeError:
        raise RefusedValueError(f"scope: {shown(scope)} is in no stack, {_STACK}") from None
    if other := of_the_other(stack):
        raise RefusedValueError(f"scope: {shown(stack)} {other}")


def nsx_provider(value: object) -> TerraformProvider | None:
    """A provider vmware/nsxt, of whatever bindings; None: the stack's only one."""
    if value is None:
        return None
    if other := of_the_other(value):
        raise RefusedValueError(f"provider: {shown(value)} {other}")
    if not isinstance(value, TerraformProvider) or value.terraform_resource_type != "nsxt":
        raise RefusedValueError(f"provider: {shown(value)} is not allowed, allowed is an NsxtProvider")
    return value


def node_id(id_: str) -> str:
    """What an id becomes in the tree (constructs 10, measured: slashes and line ends, and no other character)."""
    return re.sub(r"[/\n]", "--", id_)


def name_after_parent(resource: TerraformElement, scope: Construct, parent: str, own: str) -> None:
    """Names a resource `<parent>_<own>`, without the hash that CDKTF adds, where that is clear: its parent is a child of a stack.

    CDKTF names a resource after its construct path plus a hash, unless the path has one part (`Default` does not count). The
    addresses are public: `tests/stacks` pins those of the golden domain. An id with characters that Terraform does not allow
    in names keeps the hash, as two of them may look alike without it.

    scope, parent: what the parent was made with. own: the resource's id in it. The ids are in hand, so nothing is asked of
    JavaScript. To be called before anything refers to the resource (cdktf refuses it afterwards).
    """
    name = f"{node_id(parent)}_{node_id(own)}"
    if isinstance(scope, TerraformStack) and _NAME.fullmatch(name):
        resource.override_logical_id(name)

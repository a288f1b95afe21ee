"""Terraform addresses that a person can read in a plan.

CDKTF names a resource after its construct path plus a hash, unless the path has one part (`Default` does not count). The
addresses are public: `tests/stacks` pins those of the golden domain.
"""

from __future__ import annotations

import re

from cdktf import TerraformElement

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def name_after_parent(resource: TerraformElement) -> None:
    """Names a resource `<parent>_<own id>`, without the hash, where that is clear: its parent is a child of the stack.

    An id with characters that Terraform does not allow in names keeps the hash, as two of them may look alike without it.
    To be called before anything refers to the resource (cdktf refuses it afterwards).
    """
    _, *below_stack = resource.node.path.split("/")
    name = "_".join(below_stack)
    if len(below_stack) == 2 and _NAME.fullmatch(name):
        resource.override_logical_id(name)

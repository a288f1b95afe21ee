"""A stack: what stands in it, and what is put over its configuration at the end."""

from __future__ import annotations

import re
from typing import Self

from egress.recorder.construct import Construct
from egress.recorder.handover import hand_over
from egress.recorder.records import Contents
from egress.recorder.texts import resolved

_ID = re.compile(r"[^\s*?\[\]{}!/]+")


class TerraformStack(Construct):
    """A stack of an app."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        if self.node.scope_ is None or self.node.scope_.node.scope_ is not None or not _ID.fullmatch(id_):
            hand_over(f"the stack {id_!r} where it stands")
        self.node.contents = Contents()

    @classmethod
    def of(cls, construct: Construct) -> Self:
        """The stack that a construct stands in."""
        found = stack_of(construct)
        if found is None:
            hand_over("a construct outside of a stack")
        return found  # type: ignore[return-value]  # as cdktf: whatever stack it is

    def add_override(self, path: str, value: object) -> None:
        """Puts a value over the configuration, at a path with dots between; None takes away what is there."""
        if not isinstance(path, str) or not (value is None or isinstance(value, str | bool | int)):
            hand_over("an override of another kind")
        assert self.node.contents is not None
        at = self.node.contents.overrides
        *above, last = path.split(".")
        for part in above:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                hand_over("an override below another one")
        at[last] = resolved(value) if isinstance(value, str) else value


def stack_of(construct: Construct) -> TerraformStack | None:
    """The stack that a construct stands in, or is."""
    at: Construct | None = construct
    while at is not None and not isinstance(at, TerraformStack):
        at = at.node.scope_
    return at

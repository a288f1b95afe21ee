"""What was put into a stack: plain values, in the order they came."""

from __future__ import annotations

import re
from typing import Any, Protocol

from egress.recorder.handover import hand_over

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
"""Names that cdktf leaves as they are."""
_HIDDEN = "Default"


class Standing(Protocol):
    """A place in the tree. Its path is not kept: a thousand stacks have forty thousand of them."""

    id: str

    @property
    def path(self) -> str:
        """The ids that lead there."""


class Element:
    """A block or an output. `at`: where it stands in the tree. `kind`: its type, as `nsxt_policy_nat_rule`, `local` or `nsxt`."""

    __slots__ = ("at", "given_name", "kind", "mode", "settled_name", "values")

    def __init__(self, at: Standing) -> None:
        self.at = at
        self.mode = ""
        self.kind = ""
        self.values: dict[str, Any] = {}
        self.given_name = ""
        self.settled_name = ""

    @property
    def id(self) -> str:
        """The last part of its path."""
        return self.at.id

    @property
    def path(self) -> str:
        """Its construct path."""
        return self.at.path

    @property
    def name(self) -> str:
        """Its name in the configuration, settled once somebody asks: the one it was given, or its path if that has one part."""
        if not self.settled_name:
            parts = [part for part in self.path.split("/")[1:] if part != _HIDDEN]
            self.settled_name = self.given_name or (parts[0] if len(parts) == 1 else "")
            if not NAME.fullmatch(self.settled_name):
                hand_over("a name with a hash, which cdktf makes of a path")
        return self.settled_name

    @property
    def address(self) -> str:
        """Its address in the configuration."""
        return f"{'data.' if self.mode == 'data' else ''}{self.kind}.{self.name}"


class Contents:
    """What a stack holds, and what is put over its configuration at the end."""

    __slots__ = ("backends", "blocks", "outputs", "overrides", "providers")

    def __init__(self) -> None:
        self.backends: list[Element] = []
        self.providers: list[Element] = []
        self.blocks: list[Element] = []
        self.outputs: list[Element] = []
        self.overrides: dict[str, Any] = {}

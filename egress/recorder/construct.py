"""The construct tree: ids and paths, and classes whose unknown attributes are cdktf's business."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from egress.recorder.handover import hand_over
from egress.recorder.records import Contents, Element

TAKEN: dict[str, frozenset[str]] = {
    "Construct": frozenset({"is_construct", "node", "to_string", "with_"}),
    "App": frozenset(
        {
            "cross_stack_reference",
            "hcl_output",
            "is_app",
            "manifest",
            "of",
            "outdir",
            "skip_backend_validation",
            "skip_validation",
            "synth",
            "target_stack_id",
        }
    ),
    "TerraformStack": frozenset(
        {
            "add_dependency",
            "add_override",
            "all_providers",
            "_allocate_logical_id",
            "dependencies",
            "depends_on",
            "ensure_backend_exists",
            "get_logical_id",
            "has_resource_move",
            "is_stack",
            "move_targets",
            "of",
            "prepare_stack",
            "register_incoming_cross_stack_reference",
            "register_outgoing_cross_stack_reference",
            "run_all_validations",
            "synthesizer",
            "to_hcl_terraform",
            "to_terraform",
        }
    ),
}
"""What programs can override or set on cdktf's classes (cdktf 0.21, constructs 10): a program that does so means cdktf."""


_APART = re.compile(r"[/\n]")
_NO_CHILDREN: Mapping[str, Any] = MappingProxyType({})


@functools.cache
def _taken_of(kind: type) -> frozenset[str]:
    """What programs can set on objects of a class."""
    return frozenset().union(*(TAKEN.get(base.__name__, ()) for base in kind.__mro__))


class Strict(type):
    """A class whose attributes are all there are: another one is asked of cdktf itself."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        hand_over(f"{cls.__name__}.{name}")


class Named(metaclass=Strict):
    """Something of cdktf that is known by its name alone, as annotations use it."""

    def __init__(self, *_: object, **__: object) -> None:
        hand_over(type(self).__name__)


class Node:
    """Where a construct stands."""

    __slots__ = ("children_", "contents", "element", "id", "outdir", "scope_")

    def __init__(self, scope: Construct | None, id_: str) -> None:
        self.scope_ = scope
        self.children_: Mapping[str, Construct] = _NO_CHILDREN
        self.contents: Contents | None = None  # of a stack; here, where no name of a program's own class can meet it
        self.element: Element | None = None
        self.outdir: Path | None = None  # of an app
        self.id = sys.intern(str(_APART.sub("--", id_)))  # the stacks of a fleet have the same ones
        """The last part of the path (constructs 10, measured: slashes and line ends become two dashes, nothing else changes)."""

    @property
    def path(self) -> str:
        """The ids that lead here, with slashes between; empty for the app."""
        above = self.scope_.node.path if self.scope_ is not None else ""
        return f"{above}/{self.id}" if above else self.id

    def add_(self, child: Construct) -> None:
        """Puts a construct below this one. Most have none below."""
        if not isinstance(self.children_, dict):
            self.children_ = {}
        self.children_[child.node.id] = child

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        hand_over(f"Node.{name}")


class Construct(metaclass=Strict):
    """A place in the tree."""

    node: Node

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if cls.__module__.startswith(f"{__package__}."):
            return
        for base in cls.__mro__[1:]:
            ours = TAKEN.get(base.__name__, frozenset()) & vars(cls).keys()
            if ours:
                hand_over(f"{cls.__name__}.{min(ours)} in place of cdktf's own")

    def __init__(self, scope: Construct | None, id_: str) -> None:
        if scope is not None and not isinstance(scope, Construct):
            hand_over(f"a scope of class {type(scope).__name__}")
        if not isinstance(id_, str) or "TfToken[" in id_ or (scope is not None and not id_):
            hand_over("an id that is no plain text")
        object.__setattr__(self, "node", Node(scope, id_))
        if scope is not None:
            if self.node.id in scope.node.children_:
                hand_over(f"the id {self.node.id!r}, which is taken in its scope")
            scope.node.add_(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        hand_over(f"{type(self).__name__}.{name}")

    def __setattr__(self, name: str, value: object) -> None:
        if name in _taken_of(type(self)):
            hand_over(f"{type(self).__name__}.{name} set from outside")
        object.__setattr__(self, name, value)

"""The names under which a program finds all this: the modules that it would import from cdktf, constructs, jsii and the bindings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from egress.cdk import BOTH, CDKTF
from egress.recorder import elements
from egress.recorder.app import App
from egress.recorder.construct import Construct, Named
from egress.recorder.handover import hand_over
from egress.recorder.nsxt import MODULES
from egress.recorder.stack import TerraformStack

BINDINGS = CDKTF.bindings
ROOTS = frozenset({"constructs", "jsii", *(cdk.name for cdk in BOTH), *(cdk.bindings for cdk in BOTH)})

_CDKTF = (
    App,
    TerraformStack,
    elements.HttpBackend,
    elements.IResolvable,
    elements.ITerraformDependable,
    elements.LocalBackend,
    elements.Op,
    elements.PgBackend,
    elements.Postcondition,
    elements.S3Backend,
    elements.S3BackendEndpointConfig,
    elements.TerraformDataSource,
    elements.TerraformElement,
    elements.TerraformOutput,
    elements.TerraformProvider,
    elements.TerraformResource,
    elements.TerraformResourceLifecycle,
    elements.TerraformSelf,
    elements.Token,
)


class InterfaceDynamicProxy(Named):
    """What jsii gives for an object that only JavaScript knows; nothing here is one."""


class _Module(ModuleType):
    """A module that has these names; another one is asked of the real module."""

    def __init__(self, name: str, *names: type) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        for one in names:
            setattr(self, one.__name__, one)

    def __getattr__(self, name: str) -> Any:
        if name != "__all__" and name.startswith("__"):
            raise AttributeError(name)
        hand_over(f"{self.__name__}.{name}")


class _Unknown:
    """Finds every module below the roots that is not here: only the real package has it."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.partition(".")[0] in ROOTS:
            hand_over(name)
        return None


def install() -> None:
    """Puts the modules where `import` looks first."""
    modules = [
        _Module("cdktf", *_CDKTF),
        _Module("constructs", Construct),
        _Module("jsii"),
        _Module("jsii._reference_map", InterfaceDynamicProxy),
        _Module(BINDINGS),
        *(_Module(f"{BINDINGS}.{name}", *found) for name, found in MODULES.items()),
    ]
    for module in modules:
        above, _, own = module.__name__.rpartition(".")
        sys.modules[module.__name__] = module
        if above:
            setattr(sys.modules[above], own, module)
    sys.meta_path.insert(0, _Unknown)

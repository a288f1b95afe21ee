"""The names under which a program finds all this: the modules that it would import from its CDK, constructs, jsii and the bindings.

Which CDK it is shows when the program, or `tier0_egress.cdk` for it, imports one: until then neither counts as imported (docs/decisions/0026).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from egress.cdk import BOTH, ROOTS, Cdk
from egress.recorder import elements
from egress.recorder.app import app_of
from egress.recorder.construct import Construct, Named
from egress.recorder.handover import hand_over
from egress.recorder.installed import real, unknown
from egress.recorder.nsxt import MODULES
from egress.recorder.stack import TerraformStack

_CDKS = {root: cdk for cdk in BOTH for root in (cdk.name, cdk.bindings)}
_NAMES = (
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


class _Finder:
    """Finds the modules of the first CDK that is asked for; every other module below the roots only the real package has."""

    def __init__(self) -> None:
        self._cdk: Cdk | None = None
        self._modules: dict[str, ModuleType] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root = name.partition(".")[0]
        if root not in ROOTS or (name in _CDKS and real(name, self) is None):
            return None
        if root not in _CDKS:
            hand_over(name)
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]  # it is a loader by what it does

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module; the first one settles which CDK this is."""
        cdk = _CDKS[spec.name.partition(".")[0]]
        if self._cdk is None:
            reason = unknown(cdk, self)
            if reason:
                hand_over(reason)
            self._cdk, self._modules = cdk, _modules_of(cdk)
        if cdk != self._cdk or spec.name not in self._modules:
            hand_over(spec.name)
        return self._modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Bindings import their CDK."""
        import_module(_CDKS[module.__name__.partition(".")[0]].name)


def _modules_of(cdk: Cdk) -> dict[str, ModuleType]:
    modules = [
        _Module(cdk.name, app_of(cdk), *_NAMES),
        _Module(cdk.bindings),
        *(_Module(f"{cdk.bindings}.{name}", *found) for name, found in MODULES.items()),
    ]
    return {module.__name__: module for module in modules}


def install() -> None:
    """Puts all this where `import` looks first."""
    reference_map = _Module("jsii._reference_map", InterfaceDynamicProxy)
    modules = [_Module("constructs", Construct), _Module("jsii"), reference_map]
    sys.modules.update({module.__name__: module for module in modules})
    vars(sys.modules["jsii"])["_reference_map"] = reference_map
    sys.meta_path.insert(0, _Finder())

"""A pytest plugin: whatever tests import from cdktf and its bindings is cdktn's. For tests of the constructs, on the other CDK.

`pytest -p tests.cdktn.in_place`, with the folder of the second CDK in PYTHONPATH and EGRESS_CDK=cdktn.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

import tier0_egress  # noqa: F401 - before cdktn: it chooses jsii's Node
from egress.cdk import CDKTF, CDKTN

sys.modules[CDKTF.name] = import_module(CDKTN.name)
_bindings = import_module(CDKTN.bindings)
sys.modules[CDKTF.bindings] = _bindings
for _module in iter_modules(_bindings.__path__):
    if not _module.name.startswith("_"):
        sys.modules[f"{CDKTF.bindings}.{_module.name}"] = import_module(f"{CDKTN.bindings}.{_module.name}")

"""Says in a sentence that the CDK of these bindings is not here, or that a program runs on the other one.

The two CDKs do not understand each other's objects. Copied into the package by bindings/build.py, which calls it before the
package imports a CDK itself.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec


def refuse(package: str, cdk: str, other: str, instead: str, install: str) -> None:
    """Raises ImportError unless `package` can be used.

    cdk: what it is made for; `pip install <install>` brings it. other: the other CDK, whose bindings are `instead`.
    """
    if cdk in sys.modules:
        return
    if other in sys.modules:
        raise ImportError(
            f"{package} is made for {cdk}, and this program runs on {other}: import {instead} in its place"
        )
    if find_spec(cdk) is None:
        raise ModuleNotFoundError(f"{package} is made for {cdk}, which is not installed: pip install '{install}'")

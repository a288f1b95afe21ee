"""Which CDK a program runs on: cdktf, or cdktn, its maintained fork (docs/decisions/0026). Imports nothing but the standard library.

The one that the program has imported already; where it has imported neither, the one that EGRESS_CDK names, else cdktf.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from types import TracebackType
from typing import NamedTuple

VARIABLE = "EGRESS_CDK"


class CdkError(ImportError):
    """No CDK that the constructs can run on; a sentence that says why."""


class Cdk(NamedTuple):
    """A CDK: the name of its distribution, its module and its command; the module of its bindings; what else it needs.

    versions: what a distribution must be, from the first version to before the second; the bindings are made for these.
    install: what pip brings it with.
    """

    name: str
    bindings: str
    versions: Mapping[str, tuple[str, str]]
    install: str


CDKTF = Cdk(
    "cdktf", "cdktf_cdktf_provider_nsxt", {"cdktf": ("0.21", "0.22"), "constructs": ("10.4.2", "11")}, "tier0-egress"
)
CDKTN = Cdk(
    "cdktn", "cdktn_provider_nsxt", {"cdktn": ("0.24", "0.25"), "constructs": ("10.6", "10.8")}, "tier0-egress[cdktn]"
)
BOTH = (CDKTF, CDKTN)
"""The default first."""
ROOTS = frozenset({"constructs", "jsii", *(root for cdk in BOTH for root in (cdk.name, cdk.bindings))})
"""The modules that a program imports of a CDK."""


def chosen(env: Mapping[str, str] = os.environ, imported: Collection[str] = sys.modules) -> Cdk:
    """The CDK to run on. `imported`: names of modules that the program has imported.

    Errors: CdkError when it cannot be told which, or when it is not there in a version that fits.
    """
    cdk = _wanted(env, imported)
    reason = misfit(cdk)
    if reason:
        free = cdk.name not in imported and not named(env)
        others = [other.name for other in BOTH if free and other != cdk and not misfit(other)]
        raise CdkError(reason + "".join(f"; or {VARIABLE}={other}, which fits" for other in others))
    return cdk


def named(env: Mapping[str, str] = os.environ) -> Cdk | None:
    """The CDK that EGRESS_CDK names; None where it is not set. Errors: CdkError for another word."""
    word = env.get(VARIABLE, "")
    if word and word not in {cdk.name for cdk in BOTH}:
        raise CdkError(f"{VARIABLE} is {word!r}, allowed are cdktf (the default) and cdktn")
    return next((cdk for cdk in BOTH if cdk.name == word), None)


def _wanted(env: Mapping[str, str], imported: Collection[str]) -> Cdk:
    asked = named(env)
    already = [cdk for cdk in BOTH if cdk.name in imported]
    if len(already) == 1:
        return already[0]
    if len(already) > 1 and not asked:
        raise CdkError(
            f"this program has imported cdktf and cdktn, and the constructs run on one of the two: import one only, or "
            f"name it in {VARIABLE}"
        )
    there = [cdk for cdk in BOTH if installed(cdk)]
    return asked or (there or [CDKTF])[0]


def installed(cdk: Cdk) -> bool:
    """Whether a program could import it."""
    return _there(cdk.name)


def _there(module: str) -> bool:
    return module in sys.modules or find_spec(module) is not None


def misfit(cdk: Cdk) -> str:
    """Why the constructs cannot run on it; empty where they can."""
    fix = f"pip install '{cdk.install}'"
    for name, (first, before) in cdk.versions.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return f"{name} is not installed{'' if name == cdk.name else f', which {cdk.name} needs'}: {fix}"
        if not _between(found, first, before):
            whose = "the bindings here are made for" if name == cdk.name else f"{cdk.name} runs on"
            return f"{name} {found} is installed, {whose} {first} and newer, before {before}: {fix}"
    if not _there(cdk.bindings):
        return f"{cdk.bindings} is not installed, the bindings for programs on {cdk.name}: {fix}"
    return ""


def told_alone() -> None:
    """From here on a program that ends with a CdkError prints the sentence and no traceback: what to mend is in no line of it."""
    usual = sys.excepthook

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if kind is CdkError:
            sys.stderr.write(f"{error}\n")
        else:
            usual(kind, error, trace)

    sys.excepthook = told


def made_by(version: str) -> Cdk | None:
    """The CDK that a version of a manifest or a stack belongs to; None for any other."""
    return next((cdk for cdk in BOTH if _between(version, *cdk.versions[cdk.name])), None)


def _between(version: str, first: str, before: str) -> bool:
    return _numbers(first) <= _numbers(version) < _numbers(before)


def _numbers(version: str) -> tuple[int, ...]:
    """The release part of a version, as far as it is numbers."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()

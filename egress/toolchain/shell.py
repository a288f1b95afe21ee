"""The environment in which plain `cdktf`, the engine, `egress` and `nsx-lab` work: on a lab, with a registry, or with a mirror only.

Settings learned by running cdktf-cli 0.21.0 against the real provider 3.11.1 from a mirror:
`deploy` calls `terraform providers lock`, which asks the registry unless it is given the mirror; any option of the CLI is taken
from CDKTF_<OPTION>, so CDKTF_OUTPUT moves the output folder.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError, LabTarget, WorkloadDomain
from egress.toolchain.engine import Engine, find_engine
from egress.toolchain.node import find_node
from egress.toolchain.provider import Provider, find_provider
from egress.toolchain.runs import SHELL_MARK, check_credentials, engine_environment
from egress.toolchain.synthesis import LAB_FOLDER, output_folder


@dataclass(frozen=True)
class Shell:
    """An environment, what it acts with in one line, and what a user should know about it."""

    environment: dict[str, str]
    words: str
    notes: tuple[str, ...]


def open_shell(
    root: Path, lab: LabTarget | None, domains: Sequence[WorkloadDomain], stacks: Sequence[str], cli: Path
) -> Shell:
    """The environment of a shell for the project `root`.

    stacks: the stacks that cdktf is to see; empty: all. cli: the script of the cdktf CLI. Commands are put into
    `.egress/shell`, or `.lab/shell` for a lab. Errors: EgressError, also when the domains' credentials differ: cdktf knows one set.
    """
    home = root / (LAB_FOLDER if lab else ".egress")
    engine = find_engine()
    notes = []
    prefix = "" if lab else _one_prefix(domains)
    provider = None
    try:
        provider = find_provider(root, lab=lab is not None)
        if lab is None:
            check_credentials(prefix, os.environ)
    except EgressError as error:
        if lab:
            raise
        notes.append(str(error))
    env = engine_environment(provider, home, lab, prefix)
    env |= _cdktf_settings(root, lab, engine, provider)
    env[SHELL_MARK] = f"lab {lab.host}" if lab else prefix
    if stacks:
        env["EGRESS_STACKS"] = ",".join(stacks)
    commands = _write_commands(home / "shell", engine, cli)
    env["PATH"] = os.pathsep.join([str(commands), env.get("PATH", os.defpath)])
    target = f"lab {lab.host}" if lab else ", ".join(sorted({domain.nsx.host for domain in domains}))
    return Shell(env, f"target: {target} | engine: {engine} | provider: {provider or 'none'}", tuple(notes))


def _one_prefix(domains: Sequence[WorkloadDomain]) -> str:
    by_prefix = {domain.nsx.credentials: domain.stack for domain in domains}
    if len(by_prefix) > 1:
        some = ", ".join(f"{stack} from {prefix}_*" for prefix, stack in sorted(by_prefix.items()))
        raise EgressError(
            f"these stacks take their credentials from several places ({some}), and cdktf knows one: "
            "egress shell --stack STACK selects stacks"
        )
    return next(iter(by_prefix), "NSXT")


def _cdktf_settings(root: Path, lab: LabTarget | None, engine: Engine, provider: Provider | None) -> dict[str, str]:
    settings = {
        "TERRAFORM_BINARY_NAME": str(engine.command),
        "JSII_NODE": str(find_node()),
        "DISABLE_VERSION_CHECK": "1",
        "CDKTF_OUTPUT": str(output_folder(root, lab=lab is not None).relative_to(root)),
    }
    if provider is not None and provider.mirror is not None:
        settings["TF_CLI_ARGS_providers_lock"] = shlex.quote(f"-fs-mirror={provider.mirror}")
    return settings


def _write_commands(folder: Path, engine: Engine, cli: Path) -> Path:
    """Writes the shell's commands, each a script that runs the right program, and returns their folder.

    `python` is among them, as cdktf.json says `python main.py`: it is the Python that egress itself runs on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    python = Path(sys.executable)
    node = find_node()
    commands: dict[str, list[str | Path]] = {
        "cdktf": [node, cli],
        "node": [node],
        "tofu" if engine.product == "OpenTofu" else "terraform": [engine.command],
        "python": [python],
        "python3": [python],
        "egress": [python, "-m", "egress"],
        "nsx-lab": [python, "-m", "nsx_lab"],
    }
    for name, command in commands.items():
        text = f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n'
        file = folder / name
        if not file.is_file() or file.read_text() != text:
            file.write_text(text)
            file.chmod(0o755)
    return folder

"""The environment in which plain `cdktf`, the engine, `egress` and `nsx-lab` work: on a lab, with a registry, or with a mirror only.

Settings learned by running cdktf-cli 0.21.0 against the real provider 3.11.1 from a mirror:
`deploy` calls `terraform providers lock`, which asks the registry unless it is given the mirror; any option of the CLI is taken
from CDKTF_<OPTION>, so CDKTF_OUTPUT moves the output folder.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError, LabTarget, WorkloadDomain, credentials
from egress.layout import SHELL_MARK, Places
from egress.node import has_a_place
from egress.toolchain.running.own_files import read_object
from egress.toolchain.shell_commands import write_commands
from egress.toolchain.stack.runs import engine_environment, lab_variables, prefixes
from egress.toolchain.tools.engine import Engine, find_engine
from egress.toolchain.tools.node import find_node
from egress.toolchain.tools.provider import Provider, find_provider, reattached


@dataclass(frozen=True)
class Shell:
    """An environment, what it acts with in one line, and what a user should know about it."""

    environment: dict[str, str]
    words: str
    notes: tuple[str, ...]


def open_shell(root: Path, lab: LabTarget | None, domains: Sequence[WorkloadDomain], clis: Mapping[str, Path]) -> Shell:
    """The environment of a shell in the project `root`.

    domains: those that may be worked with. clis: by command, the script of each CDK's CLI. Commands are put into `.egress/shell`, or
    `.lab/.egress/shell` for a lab. Errors: EgressError when there is no engine, no provider for a lab, or credentials that are
    bound to other managers.
    """
    home = Places(root, lab is not None).own
    engine = find_engine()
    provider, notes = _provider(root, lab, domains)
    env = engine_environment(provider, home)
    others = prefixes(root, domains)
    if lab:
        env = credentials.without(others, env) | lab_variables(lab)
    env |= _settings(root, lab, engine, provider)
    if provider is not None:
        env |= reattached(provider, lab)
    whose = {} if lab else {domain.stack: domain.nsx.credentials for domain in domains}
    folder = write_commands(home / "shell", engine, clis, whose, others)
    env["PATH"] = os.pathsep.join([str(folder), env.get("PATH", os.defpath)])
    target = f"lab {lab.host}" if lab else ", ".join(sorted({domain.nsx.host for domain in domains}))
    return Shell(env, f"target: {target} | engine: {engine} | provider: {provider or 'none'}", notes)


def wrong_app(root: Path) -> str:
    """Why the CLI of neither CDK could run the project's app, as a sentence: cdktf.json names none, or a Python file that is not there. Else empty."""
    file = root / "cdktf.json"
    try:
        settings = read_object(file, "the project's", "egress init writes one")
    except EgressError as error:
        return str(error)
    app = settings.get("app")
    if not isinstance(app, str) or not app.strip():
        return f'{str(file)!r} has no app, the command that cdktf is to run: add "app": "python main.py"'
    if not settings.get("language"):
        return f'{str(file)!r} has no language, which cdktf asks for: add "language": "python"'
    absent = [word for word in _words(app) if word.endswith(".py") and not (root / word).exists()]
    if absent:
        return f"{str(file)!r} has the app {app!r}, and there is no {absent[0]}: correct the app; egress init writes a main.py"
    return ""


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an open quote: a shell that runs it says so
        return []


def _provider(
    root: Path, lab: LabTarget | None, domains: Sequence[WorkloadDomain]
) -> tuple[Provider | None, tuple[str, ...]]:
    """The provider, and what is missing for a real manager: `cdktf synth` works without."""
    if lab:
        return find_provider(root, lab=True), ()
    provider, notes = None, []
    try:
        provider = find_provider(root, lab=False)
    except EgressError as error:
        notes.append(str(error))
    for domain in domains:
        credentials.refuse_other_host(domain.stack, domain.nsx.credentials, domain.nsx.host, os.environ)
    for prefix in sorted({domain.nsx.credentials for domain in domains}):
        credentials.refuse_settings(prefix, os.environ)
        try:
            credentials.refuse_missing(prefix, os.environ)
        except EgressError as error:
            notes.append(str(error))
    return provider, tuple(notes)


def _settings(root: Path, lab: LabTarget | None, engine: Engine, provider: Provider | None) -> dict[str, str]:
    settings = {
        SHELL_MARK: f"lab {lab.host}" if lab else "managers",
        "TERRAFORM_BINARY_NAME": str(engine.command),
        "JSII_NODE": str(find_node()),
        "DISABLE_VERSION_CHECK": "1",
        "CDKTF_OUTPUT": str(Places(root, lab is not None).cdktf_output.relative_to(root)),
    }
    mirrored = provider is not None and provider.mirror is not None
    if mirrored or not has_a_place(Path("~", ".terraform.d", "plugin-cache")):
        # cdktf sets a plugin cache in the user's home, which parallel inits spoil for one another (Terraform documents it as
        # not safe for that), and in which a lab's stand-in has no place. A mirror needs no cache; a home that cannot be
        # written has none.
        settings["CDKTF_DISABLE_PLUGIN_CACHE_ENV"] = "1"
    if provider is not None and provider.mirror is not None:
        settings["TF_CLI_ARGS_providers_lock"] = shlex.quote(f"-fs-mirror={provider.mirror}")
    return settings

"""One run: the target (a manager or a lab), the engine, the provider, and the synthesised stacks, ready for the engine."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress.domain import EgressError, LabTarget, WorkloadDomain
from egress.toolchain.engine import Engine, find_engine
from egress.toolchain.processes import Ended, run
from egress.toolchain.provider import Provider, engine_config, find_provider, reattached
from egress.toolchain.synthesis import LAB_FOLDER, synthesise

LOCK = ".terraform.lock.hcl"
SHELL_MARK = "EGRESS_SHELL"
"""Set by `egress shell`: what it was opened for, `lab HOST` or `managers`."""
_CREDENTIALS = (("USERNAME", "PASSWORD"), ("CLIENT_AUTH_CERT_FILE", "CLIENT_AUTH_KEY_FILE"))


@dataclass(frozen=True)
class Run:
    """What a command that calls the engine works with. `lab` is None when the targets are real managers."""

    root: Path
    lab: LabTarget | None
    engine: Engine
    provider: Provider
    domains: tuple[WorkloadDomain, ...]

    @classmethod
    def prepare(cls, root: Path, lab: LabTarget | None, domains: Sequence[WorkloadDomain]) -> Run:
        """Finds engine and provider. Errors: EgressError, also when credentials for a real manager are missing."""
        engine = find_engine()
        provider = find_provider(root, lab=lab is not None)
        if lab is None:
            for domain in domains:
                check_credentials(domain.nsx.credentials, os.environ)
        return cls(root, lab, engine, provider, tuple(domains))

    def __str__(self) -> str:
        target = f"lab {self.lab.host}" if self.lab else ", ".join(sorted({d.nsx.host for d in self.domains}))
        return f"target: {target} | engine: {self.engine} | provider: {self.provider}"

    @property
    def home(self) -> Path:
        """Folder of what runs leave behind: `.lab` for a lab, `.egress` otherwise."""
        return self.root / (LAB_FOLDER if self.lab else Path(".egress"))

    @property
    def lock_file(self) -> Path:
        """The provider lock that all stacks share, one per engine product; committed by the user, except the lab's."""
        name = f"{self.engine.product.lower()}.lock.hcl"
        return (self.root / LAB_FOLDER / "locks" / name) if self.lab else (self.root / "locks" / name)

    def synthesise(self) -> tuple[dict[str, Stack], str]:
        """Synthesises the run's stacks; returns them by name, and main.py's notes. Errors: EgressError."""
        folders, notes = synthesise(self.root, [d.stack for d in self.domains], lab=self.lab is not None)
        by_name = {domain.stack: domain for domain in self.domains}
        return {name: Stack(self, by_name[name], folder) for name, folder in folders.items()}, notes

    def environment(self, domain: WorkloadDomain) -> dict[str, str]:
        """The engine's environment: no questions, no telemetry, and the credentials of this domain's manager.

        A lab's run sees no NSXT_* variable of the user: real credentials never get near a lab, nor the other way round.
        """
        env = engine_environment(self.provider, self.home)
        env = {key: value for key, value in env.items() if not key.startswith("NSXT_")}
        env |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
        if self.lab:
            return env | lab_variables(self.lab)
        return env | provider_variables(domain.nsx.credentials, os.environ)


def engine_environment(provider: Provider | None, home: Path) -> dict[str, str]:
    """This process's environment, made fit for an engine, credentials apart: no telemetry, and where the provider is.

    provider: None leaves the user's own engine configuration alone. home: a folder for the configuration of a mirror.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TF_VAR_", "TF_CLI_ARGS"))}
    env |= {"CHECKPOINT_DISABLE": "1", "NSX_LAB_PYTHON": sys.executable}
    config = engine_config(provider, home / "engine.tfrc") if provider else None
    if config:
        env["TF_CLI_CONFIG_FILE"] = config
    elif not Path(env.get("TF_CLI_CONFIG_FILE", "")).is_file():
        env.pop("TF_CLI_CONFIG_FILE", None)  # the engines warn on every call about a file that is not there
    return env


def lab_variables(lab: LabTarget) -> dict[str, str]:
    """A lab's throw-away credentials as the NSXT_* variables that the provider reads."""
    return {"NSXT_USERNAME": lab.username, "NSXT_PASSWORD": lab.password.get_secret_value()}


def provider_variables(prefix: str, env: Mapping[str, str]) -> dict[str, str]:
    """`<PREFIX>_*` as the NSXT_* variables that the provider reads."""
    start = f"{prefix}_"
    return {f"NSXT_{key.removeprefix(start)}": value for key, value in env.items() if key.startswith(start)}


def check_credentials(prefix: str, env: Mapping[str, str]) -> None:
    """Errors: EgressError when neither user and password nor a client certificate are in the environment.

    Also when NSXT_* is wanted in an `egress shell` that put a lab's credentials there.
    """
    mark = env.get(SHELL_MARK, "")
    if mark.startswith("lab ") and prefix == "NSXT":
        raise EgressError(f"this shell was opened for the {mark}, whose credentials are in NSXT_*: leave it first")
    if any(all(env.get(f"{prefix}_{name}") for name in pair) for pair in _CREDENTIALS):
        return
    raise EgressError(
        f"no credentials: set {prefix}_USERNAME and {prefix}_PASSWORD "
        f"(or {prefix}_CLIENT_AUTH_CERT_FILE and {prefix}_CLIENT_AUTH_KEY_FILE) in the environment, never in a file"
    )


@dataclass(frozen=True)
class Stack:
    """One synthesised stack in its folder."""

    run: Run
    domain: WorkloadDomain
    folder: Path

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.domain.stack

    def engine(self, *arguments: str, capture: bool = False) -> Ended:
        """Runs the engine in the stack's folder; its words are ours unless `capture`."""
        env = self.run.environment(self.domain)
        if arguments[0] != "init":
            env |= reattached(self.run.provider, self.run.lab)
        return run([self.run.engine.command, *arguments], cwd=self.folder, env=env, capture=capture)

    def initialise(self) -> None:
        """`init`, quietly, under the shared lock file. Never upgrades: a locked provider stays what it is.

        Errors: EgressError with the engine's words; or when the state was written by the other engine product.
        """
        lock, shared = self.folder / LOCK, self.run.lock_file
        if shared.is_file():
            shutil.copyfile(shared, lock)
        else:
            lock.unlink(missing_ok=True)
        if not (self._initialised() and shared.is_file()):
            done = self.engine("init", "-input=false", "-no-color", capture=True)
            if done.code:
                raise EgressError(f"{self.name}: init failed:\n{(done.err or done.out).strip()}")
            shared.parent.mkdir(parents=True, exist_ok=True)
            if not shared.is_file() or shared.read_bytes() != lock.read_bytes():
                shutil.copyfile(lock, shared)
            self._stamp().write_text(self._fingerprint())
        self._refuse_other_engine()

    def _stamp(self) -> Path:
        return self.folder / ".terraform" / "egress-initialised"

    def _fingerprint(self) -> str:
        """What init depends on: engine, provider, backend. Same again: nothing to do."""
        config = json.loads((self.folder / "cdk.tf.json").read_text())["terraform"]
        parts = [
            str(self.run.engine.command),
            self.run.engine.version,
            str(self.run.provider),
            str(self.run.provider.mirror),
        ]
        return json.dumps([*parts, config["backend"], config["required_providers"]], sort_keys=True)

    def _initialised(self) -> bool:
        stamp = self._stamp()
        return stamp.is_file() and stamp.read_text() == self._fingerprint()

    def _refuse_other_engine(self) -> None:
        """A state names its provider with the engine's registry: that is how it remembers which engine wrote it."""
        if os.environ.get("EGRESS_SWITCH_ENGINE") == "1":
            return
        state = self.state()
        for resource in state.get("resources", []):
            if (
                "vmware/nsxt" in resource.get("provider", "")
                and self.run.engine.provider_address not in resource["provider"]
            ):
                other = "OpenTofu" if self.run.engine.product == "Terraform" else "Terraform"
                raise EgressError(
                    f"{self.name}: its state was written by {other}, this run has {self.run.engine}: "
                    "use the same engine (TERRAFORM_BINARY_NAME), or set EGRESS_SWITCH_ENGINE=1 to move the state over for good"
                )

    def state(self) -> dict[str, Any]:
        """The state as the engine stores it; empty when there is none. Errors: EgressError."""
        backend = json.loads((self.folder / "cdk.tf.json").read_text())["terraform"]["backend"]
        if "local" in backend:
            file = self.folder / backend["local"]["path"]
            text = file.read_text() if file.is_file() else ""
        else:
            done = self.engine("state", "pull", capture=True)
            if done.code:
                raise EgressError(f"{self.name}: the state cannot be read:\n{done.err.strip()}")
            text = done.out
        state: dict[str, Any] = json.loads(text) if text.strip() else {}
        return state

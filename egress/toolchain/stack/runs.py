"""One run: the target (a manager or a lab), the engine, the provider. Stacks refer to it, so it holds no domain: of a fleet each would hold all."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError, LabTarget, WorkloadDomain, credentials
from egress.domain.files import FOLDER
from egress.domain.state import LocalState
from egress.layout import LAB_FOLDER, Places
from egress.toolchain.running.cores import cores
from egress.toolchain.tools.engine import QUICK, THREADS, Engine, find_engine
from egress.toolchain.tools.provider import Provider, engine_config, find_provider

_NOT_THE_ENGINES = ("TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR")
"""Variables of the user's own Terraform work that would make ours another: other values, options, state or folder."""

_PREFIX = re.compile(r"""credentials["']?\s*:\s*["']?([A-Z][A-Z0-9_]*)""")


ON_A_LAB = "target: lab "
"""How the words of a run on a lab begin."""


@dataclass(frozen=True)
class Run:
    """What a command that calls the engine works with. `lab` is None when the targets are real managers.

    command: as people see it, for those who meet its locks. patience: seconds to wait for the lock of a stack, here and in
    the engine. prefixes: of the credentials of all domains of the project: an engine sees those of its own manager only. at_once: stacks
    that are worked on beside one another, whose engines share the cores.
    """

    root: Path
    lab: LabTarget | None
    engine: Engine
    provider: Provider
    command: str = "egress"
    patience: int = 0
    prefixes: frozenset[str] = frozenset()
    at_once: int = 1

    @classmethod
    def prepare(
        cls,
        root: Path,
        lab: LabTarget | None,
        domains: Sequence[WorkloadDomain],
        command: str = "egress",
        patience: int = 0,
        at_once: int = 1,
    ) -> Run:
        """Finds engine and provider. Errors: EgressError, also when credentials for a real manager are missing."""
        refuse_unfit(lab, domains)
        engine = find_engine()
        provider = find_provider(root, lab=lab is not None)
        return cls(root, lab, engine, provider, command, patience, prefixes(root, domains), at_once)

    def words(self, *domains: WorkloadDomain) -> str:
        """What domains of the run are worked on with, in one line: target, engine, provider, credentials."""
        target = self.lab.host if self.lab else ", ".join(sorted({d.nsx.host for d in domains}))
        whose = "" if self.lab else f" | credentials: {', '.join(sorted({f'{d.nsx.credentials}_*' for d in domains}))}"
        return (
            f"{ON_A_LAB if self.lab else 'target: '}{target} | engine: {self.engine} | provider: {self.provider}{whose}"
        )

    def target(self, domain: WorkloadDomain) -> str:
        """What is written to for a domain, in words."""
        return f"the lab {self.lab.host}" if self.lab else domain.nsx.host

    @property
    def places(self) -> Places:
        """Where this run's files are."""
        return Places(self.root, self.lab is not None)

    @property
    def lock_file(self) -> Path:
        """The provider lock that all stacks share, one per engine product; committed by the user.

        A lab has one for each provider: it may be driven by the stand-in today and from a mirror tomorrow.
        """
        name = f"{self.engine.product.lower()}.lock.hcl"
        if self.lab:
            return self.root / LAB_FOLDER / "locks" / self.provider.key / name
        return self.root / "locks" / name

    def _quick(self) -> dict[str, str]:
        """What an engine is told where a user does not say it; beside others it has its share of the cores alone, as threads that find none cost it
        time (a tenth of its CPU, Terraform 1.11.4 on two cores)."""
        return QUICK if self.at_once == 1 else QUICK | {THREADS: str(max(1, cores() // self.at_once))}

    def environment(self, domain: WorkloadDomain) -> dict[str, str]:
        """The engine's environment: no questions, no telemetry, and the credentials of this domain's manager.

        A lab's run sees no NSXT_* variable of the user: real credentials never get near a lab, nor the other way round.
        """
        env = self._quick() | credentials.without(self.prefixes, engine_environment(self.provider, self.places.own))
        env |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
        if self.lab:
            return env | lab_variables(self.lab)
        return env | credentials.for_provider(domain.nsx.credentials, os.environ)


def engine_environment(provider: Provider | None, home: Path) -> dict[str, str]:
    """This process's environment, made fit for an engine, credentials apart: no telemetry, and where the provider is.

    provider: None leaves the user's own engine configuration alone. home: a folder for the configuration of a mirror.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_THE_ENGINES)}
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


def refuse_unfit(lab: LabTarget | None, domains: Sequence[WorkloadDomain]) -> None:
    """Errors: EgressError for a domain that is not to be worked on from here, before anything is asked of anybody: credentials that are
    missing or another manager's, a state that would not be kept. A lab has both of its own."""
    for domain in domains if lab is None else ():
        credentials.check(domain.stack, domain.nsx.credentials, domain.nsx.host, os.environ)
        refuse_state_of_a_runner(domain, os.environ)


def in_ci(env: Mapping[str, str]) -> bool:
    """Whether this is a job of a CI system: all of them set CI (GitHub Actions, "Default environment variables"; GitLab, "Predefined variables")."""
    return env.get("CI", "").lower() not in ("", "0", "false")


def refuse_state_of_a_runner(domain: WorkloadDomain, env: Mapping[str, str]) -> None:
    """A runner of a CI system keeps no files: with a local state every plan would show everything as new, and an apply would make
    it a second time. `egress check` stays silent: the file is sound, it is the place that is wrong. Errors: EgressError."""
    if in_ci(env) and isinstance(domain.state, LocalState) and env.get("EGRESS_LOCAL_STATE") != "keep":
        raise EgressError(
            f"{domain.stack}: its state is local, and a CI runner keeps no files (CI={env['CI']}): write state: {{backend: pg}}, s3 "
            "or http; where this folder outlives the run, set EGRESS_LOCAL_STATE=keep"
        )


def prefixes(root: Path, domains: Sequence[WorkloadDomain]) -> frozenset[str]:
    """The prefixes of these domains, and whatever looks like one in any file below `domains`.

    The files are searched as text: a fleet is not to be read for the sake of one stack, and a variable too many that an engine
    does not see does no harm.
    """
    found = {domain.nsx.credentials for domain in domains}
    for file in (root / FOLDER).rglob("*.yaml"):
        with contextlib.suppress(OSError):
            found.update(_PREFIX.findall(file.read_text(encoding="utf-8", errors="replace")))
    return frozenset(found)

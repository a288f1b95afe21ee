"""What the environment tells the CDKTF app. Nothing else in it reads an environment variable."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from egress.domain import EgressError, LabTarget, WorkloadDomain, credentials, load_domains
from egress.escape import terminal
from egress.layout import LAB_FOLDER, OUTPUT, SHELL_MARK, STACKS, STACKS_FILE, Places
from tier0_egress.cdk import App
from tier0_egress.constructs import RefusedValueError

CONTEXT = "CDKTF_CONTEXT_JSON"
"""The cdktf CLI hands the context of cdktf.json over in this variable; without the CLI it is not set."""
STACKS_IN_CONTEXT = "egress:stacks"
_SHELL = "start it in egress shell (make shell in a checkout)"


@dataclass(frozen=True)
class Settings:
    """Project folder, output folder, the stacks asked for (empty: all), and the lab, if the target is one.

    plain_cdktf: the cdktf CLI runs outside `egress shell`, so the engine will take its credentials from NSXT_* and nothing else.
    environment: what binds credentials to managers, where the cdktf CLI runs the app; empty where `egress` does, which looks itself.
    """

    root: Path
    outdir: Path
    stacks: tuple[str, ...]
    lab: LabTarget | None
    plain_cdktf: bool = False
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_environment(cls, root: Path, environment: Mapping[str, str] = os.environ) -> Settings:
        """Reads EGRESS_LAB (file of a running lab), EGRESS_STACKS (names with commas between) or EGRESS_STACKS_FILE (a file with one
        name a line), and CDKTF_OUTDIR.

        Both left out: `egress:stacks` of the CLI's context. CDKTF_OUTDIR left out: `cdktf.out`, or `.lab/cdktf.out`
        for a lab. Errors: EgressError when it would mix the two, as a stack's folder says where its local state is; and when
        the cdktf CLI runs without what it needs.
        """
        lab_file = environment.get("EGRESS_LAB")
        lab = LabTarget.from_file(Path(lab_file)) if lab_file else None
        lab_folder = root / LAB_FOLDER
        outdir = Path(environment.get("CDKTF_OUTDIR") or Places(root, lab is not None).cdktf_output)
        inside = outdir.resolve().is_relative_to(lab_folder.resolve())
        if lab and not inside:
            raise EgressError(
                f"CDKTF_OUTDIR={outdir} lies outside of {LAB_FOLDER}, which is not allowed while EGRESS_LAB is set: "
                f"cdktf: {_SHELL}; otherwise say {LAB_FOLDER / OUTPUT}, or unset EGRESS_LAB"
            )
        if not lab and inside:
            raise EgressError(f"CDKTF_OUTDIR={outdir} lies in {LAB_FOLDER}, which is for labs only: say {OUTPUT}")
        asked = environment if CONTEXT in environment else {}
        return cls(root, outdir, _stacks(environment), lab, _plain_cdktf(environment, lab), asked)

    def domains(self) -> tuple[WorkloadDomain, ...]:
        """The domains of the stacks asked for.

        Errors: DomainFileError; EgressError when plain cdktf would send a domain's manager the credentials of another.
        """
        domains = load_domains(self.root, self.stacks)
        for domain in domains:
            if self.plain_cdktf and domain.nsx.credentials != "NSXT":
                raise EgressError(
                    f"{domain.stack} takes its credentials from {domain.nsx.credentials}_*, which plain cdktf does not know: {_SHELL}"
                )
            if self.lab is None:
                credentials.refuse_other_host(domain.stack, domain.nsx.credentials, domain.nsx.host, self.environment)
                credentials.refuse_settings(domain.nsx.credentials, self.environment)
        return domains

    def app(self) -> App:
        """An app that writes to the output folder, which is made if it is not there: cdktf makes no parents."""
        self.outdir.mkdir(parents=True, exist_ok=True)
        return App(outdir=str(self.outdir))


def _stacks(environment: Mapping[str, str]) -> tuple[str, ...]:
    asked: object = environment.get(STACKS) or _in_a_file(environment.get(STACKS_FILE))
    asked = asked or _context(environment).get(STACKS_IN_CONTEXT) or ""
    names = asked.split(",") if isinstance(asked, str) else asked
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise EgressError(f"{STACKS_IN_CONTEXT} in cdktf.json is {asked!r}, allowed is a list of stack names")
    return tuple(name.strip() for name in names if name.strip())


def _in_a_file(name: str | None) -> list[str]:
    """Stack names, one a line. Errors: EgressError for a file that cannot be read, or names none: that would be taken for all."""
    if not name:
        return []
    try:
        names = Path(name).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise EgressError(f"{STACKS_FILE}={name} cannot be read: {why}") from None
    if not any(one.strip() for one in names):
        raise EgressError(f"{STACKS_FILE}={name} names no stack: write one name a line, or unset it for all stacks")
    return names


def _context(environment: Mapping[str, str]) -> dict[str, object]:
    try:
        context = json.loads(environment.get(CONTEXT) or "{}")
    except ValueError:
        raise EgressError(f"{CONTEXT} is no JSON: the cdktf CLI sets it, unset it elsewhere") from None
    return context if isinstance(context, dict) else {}


def _plain_cdktf(environment: Mapping[str, str], lab: LabTarget | None) -> bool:
    """Whether the cdktf CLI runs this app outside of `egress shell`.

    Errors: EgressError when it then lacks what it needs, or runs in a shell that was opened for another target.
    """
    if CONTEXT not in environment:
        return False
    mark = environment.get(SHELL_MARK, "")
    if lab:
        if mark != f"lab {lab.host}":
            raise EgressError(f"cdktf has no credentials and no provider for the lab {lab.host}: {_SHELL}")
        return False
    if mark.startswith("lab "):
        raise EgressError(f"this shell was opened for the {mark}, and EGRESS_LAB is not set any more: open another")
    if not mark and not credentials.given(credentials.DEFAULT, environment):
        raise EgressError(f"cdktf finds no credentials in NSXT_*: {_SHELL}, or {credentials.ask(credentials.DEFAULT)}")
    return not mark


def or_one_sentence(main: Callable[[], None]) -> None:
    """Runs `main`; what it refuses is told in a sentence on standard error, with exit code 1, and without a traceback."""
    try:
        main()
    except (EgressError, RefusedValueError) as error:
        sys.exit(terminal(str(error)))

"""What the environment tells the CDKTF app. Nothing else in it reads an environment variable."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cdktf import App

from constructs_lib import RefusedValueError
from egress.domain import EgressError, LabTarget

LAB_FOLDER = ".lab"


@dataclass(frozen=True)
class Settings:
    """Project folder, output folder, the stacks asked for (empty: all), and the lab, if the target is one."""

    root: Path
    outdir: Path
    stacks: tuple[str, ...]
    lab: LabTarget | None

    @classmethod
    def from_environment(cls, root: Path, environment: Mapping[str, str] = os.environ) -> Settings:
        """Reads EGRESS_LAB (file of a running lab), EGRESS_STACKS (names with commas between) and CDKTF_OUTDIR.

        CDKTF_OUTDIR left out: `cdktf.out`, or `.lab/cdktf.out` for a lab. Errors: EgressError when it would mix the two, as
        a stack's folder says where its local state is.
        """
        lab_file = environment.get("EGRESS_LAB")
        lab = LabTarget.from_file(Path(lab_file)) if lab_file else None
        lab_folder = root / LAB_FOLDER
        default = lab_folder / "cdktf.out" if lab else root / "cdktf.out"
        outdir = Path(environment.get("CDKTF_OUTDIR") or default)
        inside = outdir.resolve().is_relative_to(lab_folder.resolve())
        if lab and not inside:
            raise EgressError(
                f"CDKTF_OUTDIR={outdir} lies outside of {LAB_FOLDER}, which is not allowed while EGRESS_LAB is set: "
                f"say {LAB_FOLDER}/cdktf.out (cdktf: --output {LAB_FOLDER}/cdktf.out), or unset EGRESS_LAB"
            )
        if not lab and inside:
            raise EgressError(f"CDKTF_OUTDIR={outdir} lies in {LAB_FOLDER}, which is for labs only: say cdktf.out")
        names = [name.strip() for name in environment.get("EGRESS_STACKS", "").split(",")]
        return cls(root, outdir, tuple(name for name in names if name), lab)

    def app(self) -> App:
        """An app that writes to the output folder, which is made if it is not there: cdktf makes no parents."""
        self.outdir.mkdir(parents=True, exist_ok=True)
        return App(outdir=str(self.outdir))


def or_one_sentence(main: Callable[[], None]) -> None:
    """Runs `main`; what it refuses is told in a sentence on standard error, with exit code 1, and without a traceback."""
    try:
        main()
    except (EgressError, RefusedValueError) as error:
        sys.exit(str(error))

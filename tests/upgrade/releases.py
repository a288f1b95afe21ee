"""What each released version wrote: projects as their users have them, the Terraform of each stack, and its state.

    tests/upgrade/<version>/<project>/main.py, cdktf.json, domains/      what a user has in git
    tests/upgrade/<version>/<project>/terraform/<stack>.tf.json          what the version made of it
    tests/upgrade/<version>/<project>/states/<stack>.json                what the engine remembers after an apply

`python -m tests.upgrade.releases` records the version that is checked out; a version that is there already stays as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from egress.domain import load_domains
from egress.layout import STACK_FILE
from egress.policy.seed import seed
from egress.toolchain.stack.synthesis import synthesised
from nsx_lab import Lab

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
EGRESS = Path(sys.executable).with_name("egress")
PROJECTS = {"repository": REPOSITORY, "examples": REPOSITORY / "examples"}
IN_GIT = ("main.py", "cdktf.json", "domains")


@dataclass(frozen=True)
class Release:
    """A stack of a project as a released version left it."""

    version: str
    project: str
    stack: str

    def __str__(self) -> str:
        return f"{self.version}-{self.stack}"

    @property
    def folder(self) -> Path:
        """The project."""
        return HERE / self.version / self.project

    @property
    def terraform(self) -> Path:
        """The Terraform that the version made of the stack."""
        return self.folder / "terraform" / f"{self.stack}.tf.json"

    @property
    def state(self) -> Path:
        """The stack's state after an apply."""
        return self.folder / "states" / f"{self.stack}.json"


def releases() -> list[Release]:
    """Everything that was recorded."""
    states = sorted(HERE.glob("*/*/states/*.json"))
    return [Release(state.parts[-4], state.parts[-3], state.stem) for state in states]


def copy_project(source: Path, target: Path) -> Path:
    """What a user has in git, copied to a folder that is made."""
    target.mkdir(parents=True)
    for name in IN_GIT:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy
        copy(source / name, target / name)
    return target


def main() -> None:
    """Records this version."""
    version = metadata.version("tier0-egress")
    if (HERE / version).exists():
        sys.exit(f"{version} is recorded: what users have never changes. before its release: remove the folder first")
    for name, source in PROJECTS.items():
        kept = copy_project(source, HERE / version / name)
        with tempfile.TemporaryDirectory() as scratch:
            work = copy_project(source, Path(scratch, name))
            domains = load_domains(work)
            with synthesised(work, [domain.stack for domain in domains], lab=False) as made:
                for domain in domains:
                    _keep(made.folders[domain.stack] / STACK_FILE, Release(version, name, domain.stack).terraform)
            for domain in domains:
                release = Release(version, name, domain.stack)
                with Lab(seed=seed([domain])) as lab:
                    lab.write_lab_file(work / "lab.json")
                    env = os.environ | {"EGRESS_LAB": str(work / "lab.json")}
                    subprocess.run([EGRESS, "apply", domain.stack, "--yes"], cwd=work, env=env, check=True)
                _keep(work / ".lab" / "state" / f"{domain.stack}.tfstate", release.state)
        print(f"{kept}: {', '.join(domain.stack for domain in domains)}")


def _keep(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    main()

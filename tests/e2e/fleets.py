"""Fleets for tests: the golden domain several times, each on a Tier-0 of its own, on one lab or on two managers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import REPOSITORY, STACK, project

GOLDEN = (REPOSITORY / "domains" / f"{STACK}.yaml").read_text()


def domain(number: int, name: str, **replaced: str) -> str:
    """The text of the golden domain with other names and other addresses. replaced: further texts, by what they replace."""
    text = GOLDEN
    for old, new in {
        STACK: name,
        "10.27.51.": f"10.{100 + number}.51.",
        "30.0.0.": f"30.{100 + number}.0.",
        "30.0.1.": f"30.{100 + number}.1.",
        "172.20.0.": f"172.{16 + number}.9.",
        "10.244.0.": f"10.244.{number}.",
        "192.168.128.": f"192.168.{number}.",
        "domain-c8": f"domain-c{100 + number}",
        "edge0": f"edge{number}",
        **replaced,
    }.items():
        assert old in text
        text = text.replace(old, new)
    return text


def fleet(root: Path, texts: Mapping[str, str]) -> Path:
    """A project folder with these domains, and no other."""
    project(root)
    (root / "domains" / f"{STACK}.yaml").unlink()
    for name, text in texts.items():
        (root / "domains" / f"{name}.yaml").write_text(text)
    return root


def lab_of(root: Path, stacks: Iterable[str] = ()) -> Lab:
    """A lab that holds the Tier-0s of a project's stacks, of all when none is named."""
    return Lab(seed=json.loads(json.dumps(seed(load_domains(root, tuple(stacks))))))


def running_in(folder: Path) -> list[str]:
    """Command lines of processes whose working directory is below `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.joinpath("cwd").readlink().is_relative_to(folder):
                found.append(process.joinpath("cmdline").read_bytes().decode(errors="replace"))
    return found


def left_of_runs(own: Path) -> list[str]:
    """What runs left in a project's own folder besides the files of their locks, which stay."""
    return sorted(file.name for file in (own / "runs").iterdir() if file.suffix != ".lock") + sorted(
        file.name for file in own.glob("synth-*")
    )

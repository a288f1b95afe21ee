"""A project folder, a lab, and the `egress` command as a process: what a user has, for every engine on this machine."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from egress.toolchain.tools.engine import engines
from nsx_lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]
EGRESS = Path(sys.executable).with_name("egress")
ENGINES = engines()
STACK = "wld01"
TIER0 = "/infra/tier-0s/T0-wld01"
ROUTE = f"{TIER0}/static-routes/{STACK}-default-route"
SUPERVISOR = f"{TIER0}/nat/USER/nat-rules/{STACK}-egress-supervisor"
TKG = f"{TIER0}/nat/USER/nat-rules/{STACK}-egress-tkg"

IMPATIENT = """\
from egress.delivery.planning import silence
from egress.toolchain.running import processes
silence._PATIENCE, processes.GRACE = 2.0, 1.0
from egress.cli import main
main()
"""
"""egress that waits hardly at all for a manager that has fallen silent."""


@dataclass
class Site:
    """A project folder and the lab that it works on. `env` goes to every command."""

    root: Path
    lab: Lab
    env: dict[str, str] = field(default_factory=dict)

    def egress(self, *arguments: str, code: int) -> subprocess.CompletedProcess[str]:
        """Runs egress and asserts its exit code; no answer ever holds a traceback."""
        done = subprocess.run(
            [EGRESS, *arguments], cwd=self.root, env=self._env(), text=True, capture_output=True, check=False
        )
        assert done.returncode == code, f"egress {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts egress in a process group of its own."""
        return self.start_as([EGRESS], *arguments)

    def start_as(self, program: Sequence[str | Path], *arguments: str) -> subprocess.Popen[str]:
        """The same of another way to start it."""
        return subprocess.Popen(
            [*program, *arguments],
            cwd=self.root,
            env=self._env(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def at_a_terminal(self, *arguments: str) -> Terminal:
        """Starts egress with a terminal of its own, as somebody would who answers questions."""
        return Terminal([EGRESS, *arguments], self.root, self._env())

    def _env(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_"))}
        return clean | self.env

    def write(self, path: str, **changes: Any) -> None:
        """Edits an object through the Policy API, as somebody in NSX Manager would."""
        with self._api() as api:
            body = api.get(f"/policy/api/v1{path}").raise_for_status().json()
            api.patch(f"/policy/api/v1{path}", json=body | changes).raise_for_status()

    def put(self, path: str, **body: Any) -> None:
        """Makes an object through the Policy API."""
        with self._api() as api:
            api.patch(f"/policy/api/v1{path}", json=body).raise_for_status()

    def delete(self, path: str) -> None:
        """Deletes an object through the Policy API."""
        with self._api() as api:
            api.delete(f"/policy/api/v1{path}").raise_for_status()

    def _api(self) -> httpx.Client:
        import ssl

        context = ssl.create_default_context(cadata=self.lab.ca_pem)
        return httpx.Client(base_url=self.lab.url, auth=(self.lab.username, self.lab.password), verify=context)

    def writes(self, since: int = 0) -> list[str]:
        """What changed the manager since a mark: method and path, in order."""
        entries = self.lab.control.journal(since)
        return [
            f"{e['method']} {e['path']}"
            for e in entries
            if e["method"] not in ("GET",) and "/api/session/" not in e["path"]
        ]

    def objects(self) -> dict[str, dict[str, Any]]:
        """Routes and rules on the manager, by path."""
        return {
            path: o
            for path, o in self.lab.control.objects(TIER0).items()
            if o["resource_type"] in ("StaticRoutes", "PolicyNatRule")
        }


def project(folder: Path, *files: str) -> Path:
    """A copy of this repository's app in `folder`, with the golden domain and the files named besides."""
    for name in ("main.py", "cdktf.json", f"domains/{STACK}.yaml", *files):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((REPOSITORY / name).read_bytes())
    return folder


def lab_site(folder: Path, lab: Lab, env: dict[str, str], *, stand_in: bool = True) -> Site:
    """A project whose target is the lab by EGRESS_LAB. `stand_in` False: engines start the stand-in by themselves."""
    root = project(folder)
    file = folder / "lab-file.json"
    lab.write_lab_file(file, stand_in=stand_in)
    return Site(root, lab, env | {"EGRESS_LAB": str(file)})


def retries_at_once(root: Path) -> None:
    """A project whose provider tries as often as ever, and hardly waits in between: where no try can go well, half a minute less.

    How long it waits is held by tests/stacks.
    """
    program = root / "main.py"
    text, made = program.read_text(), "WorkloadDomainStack(app, domain, lab=settings.lab)"
    assert made in text
    provider = f'{made}.node.find_child("nsxt")'
    hardly = f"provider = {provider}\n        provider.retry_min_delay, provider.retry_max_delay = 1, 2"
    program.write_text(text.replace(made, hardly))


def engine_of(egress: int) -> int:
    """The process of the engine that an `egress` process runs: its only child."""
    (engine,) = Path(f"/proc/{egress}/task/{egress}/children").read_text().split()
    return int(engine)


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C: SIGINT to the whole process group, as a terminal sends it."""
    os.killpg(process.pid, signal.SIGINT)


class Terminal:
    """A program at a terminal: what it printed so far, and a keyboard."""

    def __init__(self, command: list[str | Path], cwd: Path, env: dict[str, str]) -> None:
        self._keyboard, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env | {"NO_COLOR": "1"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.printed = ""

    def until(self, words: str, seconds: float = 60) -> str:
        """Reads until the program has printed `words`; returns everything it printed."""
        deadline = time.monotonic() + seconds
        while words not in self.printed:
            assert time.monotonic() < deadline, f"{words!r} never came:\n{self.printed}"
            assert self._read(0.2) or self.process.poll() is None, f"it ended without {words!r}:\n{self.printed}"
        return self.printed

    def types(self, keys: str) -> None:
        """Types on the keyboard."""
        os.write(self._keyboard, keys.encode())

    def ends(self, code: int, seconds: float = 60) -> str:
        """Waits for the end, asserts the exit code, returns everything that was printed."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end:\n{self.printed}"
            self._read(0.2)
        while self._read(0):
            pass
        os.close(self._keyboard)
        assert self.process.returncode == code, self.printed
        return self.printed

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._keyboard], [], [], seconds)
        if not ready:
            return False
        try:
            read = os.read(self._keyboard, 65536)
        except OSError:  # the other side is closed
            return False
        self.printed += read.decode(errors="replace").replace("\r\n", "\n")
        return bool(read)

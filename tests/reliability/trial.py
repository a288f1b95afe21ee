"""One scenario on its way: the commands that were given, how each ended, and how much the manager was asked meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.e2e.sites import STACK, Site, engine_of

FORMAT = {"format": "egress-reliability", "version": 1}
PATIENCE = 120.0
"""Seconds that an event may take before the test fails."""


@dataclass(frozen=True)
class Step:
    """A command with its exit code and the requests (and, of these, writes) that it sent; or what somebody did, without them."""

    text: str
    code: int | None = None
    requests: int | None = None
    writes: int | None = None


@dataclass
class Trial:
    """A site, and the steps taken there so far."""

    site: Site
    steps: list[Step] = field(default_factory=list)

    def egress(self, *arguments: str, code: int, says: str = "") -> str:
        """Runs `egress`, asserts exit code and words, and notes it. Returns what it said."""
        mark = self.site.lab.control.mark()
        done = self.site.egress(*arguments, code=code)
        said = _plain(done.stdout + done.stderr)
        assert says in said, said
        self.note(arguments, code, self.sent(mark))
        return said

    def apply(self, *options: str, code: int = 0, says: str = "") -> str:
        return self.egress("apply", STACK, *options, "--yes", code=code, says=says)

    def plan_is_empty(self) -> None:
        self.egress("plan", STACK, code=0, says="No changes.")
        assert len(self.site.objects()) == 3

    def happens(self, text: str) -> None:
        """Notes what somebody does besides commands."""
        self.steps.append(Step(text))

    def begin_apply(self) -> Running:
        """Starts an apply that `Running.end` waits for."""
        mark = self.site.lab.control.mark()
        return Running(self, self.site.start("apply", STACK, "--yes"), mark)

    def note(self, arguments: tuple[str, ...], code: int, sent: tuple[int, int]) -> None:
        self.steps.append(Step(f"egress {' '.join(arguments)}", code, *sent))

    def sent(self, mark: int) -> tuple[int, int]:
        """Requests since a mark, and how many of them were writes."""
        return len(self.site.lab.control.journal(mark)), len(self.site.writes(mark))

    def fired(self) -> int:
        """How often the faults that were set have fired."""
        return sum(fault["fired"] for fault in self.site.lab.control.faults())

    def edit(self, old: str, new: str) -> None:
        """Changes the domain file."""
        file = self.site.root / "domains" / f"{STACK}.yaml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))


@dataclass
class Running:
    """An apply in the background."""

    trial: Trial
    process: subprocess.Popen[str]
    mark: int

    def until(self, event: Callable[[], bool]) -> None:
        """Waits for something that the lab shows while the apply runs."""
        deadline = time.monotonic() + PATIENCE
        while not event():
            assert time.monotonic() < deadline, "it never happened"
            assert self.process.poll() is None, self.process.communicate()[0]
            time.sleep(0.05)

    def engine(self) -> int:
        """Process id of the engine that egress runs. It leads a process group of its own, in which the provider is."""
        return engine_of(self.process.pid)

    def hears(self, words: str) -> None:
        """Waits until the engine says so."""
        assert self.process.stdout is not None
        assert any(words in line for line in self.process.stdout), "it ended without a word of that"

    def waits(self) -> bool:
        """Whether egress sleeps, so that what comes next meets it waiting for the engine."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"

    def end(self, code: int, sent: tuple[int, int] | None = None) -> None:
        """Waits for its end, asserts the exit code, and notes it. `sent`: requests and writes, if the lab is no more there to tell."""
        words, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == code, words
        assert "Traceback" not in words
        self.trial.note(("apply", STACK, "--yes"), code, sent or self.trial.sent(self.mark))

    def stop(self) -> None:
        """Nothing of it runs on, whatever became of the test."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()


def _plain(words: str) -> str:
    """The engine's words without its frames and line breaks."""
    return " ".join(words.replace("│", " ").split())


def write_record(folder: Path, order: int, name: str, happens: str, recovered: str, steps: list[Step]) -> None:
    """Leaves what was measured in `folder`, for tools/reliability.py."""
    record = FORMAT | {"order": order, "name": name, "happens": happens, "recovered": recovered}
    record |= {"steps": [asdict(step) for step in steps]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{order:02}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")

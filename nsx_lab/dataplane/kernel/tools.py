"""`ip` and `nft`: found, run side by side, and their complaints read. Effects."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from nsx_lab.dataplane.errors import ApplyError, Unavailable
from nsx_lab.dataplane.kernel import namespaces

_PLACES = os.pathsep.join(("/usr/sbin", "/sbin", "/usr/bin", "/bin"))
_PACKAGES = {"ip": "iproute2", "nft": "nftables"}


@dataclass(frozen=True)
class Job:
    """A command in a namespace, with what it reads. `place`: for the message when it fails."""

    place: str
    namespace: int
    command: tuple[str, ...]
    text: str


class Tools:
    """Errors: Unavailable when a tool is missing."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (os.environ.get("PATH", ""), _PLACES)))
        found = {name: shutil.which(name, path=path) for name in _PACKAGES}
        missing = [name for name, place in found.items() if place is None]
        if missing:
            packages = " ".join(_PACKAGES[name] for name in missing)
            raise Unavailable(f"{' and '.join(missing)} not found", f"Debian, Ubuntu: apt-get install {packages}")
        self.ip, self.nft = str(found["ip"]), str(found["nft"])

    def batch(self, place: str, namespace: int, lines: Iterable[str], family: int | None = None) -> Job:
        """Lines for one `ip -batch`. It stops at the first line that fails."""
        option = (f"-{family}",) if family else ()
        return Job(place, namespace, (self.ip, *option, "-batch", "-"), "\n".join(lines) + "\n")

    def rules(self, place: str, namespace: int, text: str) -> Job:
        """Changes to a nftables ruleset: all of them or nothing, in one step."""
        return Job(place, namespace, (self.nft, "-f", "-"), text)


def run(jobs: Iterable[Job], home: int, keep: Iterable[int] = ()) -> list[str]:
    """Runs the jobs side by side, and gives what they print. `keep`: descriptors they may use. Errors: ApplyError, with the first complaint."""
    started: list[tuple[Job, subprocess.Popen[str]]] = []
    for job in jobs:
        with namespaces.inside(job.namespace, home):
            pipe = subprocess.PIPE
            process = subprocess.Popen(
                job.command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, pass_fds=tuple(keep)
            )
        started.append((job, process))
    printed, complaints = [], []
    for job, process in started:
        output, error = process.communicate(job.text)
        printed.append(output)
        if process.returncode != 0:
            complaints.append(f"{job.place}: {' '.join(job.command)}: {error.strip()}\n{job.text}")
    if complaints:
        raise ApplyError(complaints[0])
    return printed

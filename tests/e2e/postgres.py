"""A PostgreSQL server of one test, from Debian's package postgresql, on a Unix socket and behind a password."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER = "egress"


@dataclass(frozen=True)
class Postgres:
    """A running server: the folder of its programs, that of its socket, and its user's password."""

    programs: Path
    folder: Path
    password: str

    @property
    def url(self) -> str:
        """What a user puts into PG_CONN_STR."""
        return f"postgres://{USER}:{self.password}@/postgres?host={self.folder}&sslmode=disable"

    def ask(self, question: str) -> str:
        """The answer to a query, bare."""
        command: list[str | Path] = [
            self.programs / "psql",
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            self.url,
            "-c",
            question,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()


def programs() -> Path | None:
    """The newest server on this machine, as the folder of its programs. Debian keeps it off PATH."""
    on_path = shutil.which("initdb")
    versions = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), *([Path(on_path)] if on_path else [])]
    return max(versions, key=_major).parent if versions else None


def _major(initdb: Path) -> int:
    said = subprocess.run([initdb, "--version"], check=True, capture_output=True, text=True).stdout
    return int(said.split()[2].split(".")[0])


@contextmanager
def server(where: Path) -> Iterator[Postgres]:
    """A server made for the caller, and ended after it. where: what `programs` found."""
    # Not in tmp_path: that is the caller's alone, the server runs as another user, and a socket's path is 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        running = Postgres(where, folder, secrets.token_urlsafe(12))
        (folder / "password").write_text(running.password)
        user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root; the package makes this user
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, user, user)

        def run(program: str, *arguments: str | Path) -> None:
            command = [where / program, "--pgdata", folder / "data", *arguments]
            log = (folder / "log").open("a")
            with log:
                kwargs: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
                subprocess.run(command, cwd=folder, check=True, stdout=log, stderr=log, **kwargs)

        run("initdb", "--username", USER, "--pwfile", folder / "password", "--auth", "scram-sha-256", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "start", "--wait", "--options", options)
        try:
            yield running
        finally:
            run("pg_ctl", "stop", "--wait", "--mode", "fast")

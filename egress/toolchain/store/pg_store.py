"""A state in PostgreSQL: which connection holds its lock.

The engine's lock is an advisory lock of its connection: PostgreSQL lets it go when the connection ends, also after a kill -9, and an
engine's `force-unlock` says that it succeeded and does nothing (measured, Terraform 1.11.4). Until a state exists
its first run holds the lock -1, which all states of the database share. egress lets every engine's connection tell who it is of;
`psql` asks, where there is one on PATH: no driver comes along for a question that is asked twice a year.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from egress.domain import EgressError
from egress.toolchain.running.processes import run
from egress.toolchain.running.secrets import masked

APPLICATION = "PGAPPNAME"
"""Variable by which a connection gets its name in pg_stat_activity (libpq; the engines' driver reads it, measured)."""
_LONGEST = 63
"""Characters of such a name (PostgreSQL, NAMEDATALEN)."""
_SECONDS = 5.0
"""How long a connection may take to end."""
_IN_URL = re.compile(r"[a-z]+://[^:/@\s]*:([^@\s]*)@")
_IN_SETTINGS = re.compile(r"\bpassword\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")
_OURS = re.compile(r"egress \w+ (?P<stack>\S+), ")
"""The start of a name that `name` made."""
WHO = (
    "SELECT a.pid, a.application_name, to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since, "
    "coalesce(host(a.client_addr), '') AS address, bool_or(l.classid = 4294967295 AND l.objid = 4294967295) AS shared "
    "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() AND a.pid <> pg_backend_pid() "
    "GROUP BY 1, 2, 3, 4, a.backend_start ORDER BY a.backend_start"
)
"""Every connection that holds an advisory lock in this database; shared: the lock -1 among them (a bigint is kept as two halves)."""


@dataclass(frozen=True)
class Connection:
    """A connection that holds a lock. process: of the database. since: when it began, in UTC."""

    process: str
    who: str
    since: str


def name(command: str, stack: str) -> str:
    """What the connection of an engine that this process runs is called in the database."""
    return f"{command} {stack}, {getpass.getuser()}@{socket.gethostname()} process {os.getpid()}"[:_LONGEST]


def holder(env: Mapping[str, str], stack: str) -> Connection | None:
    """The connection that holds the lock of a stack. None where that cannot be told: no psql, or several that could be it.

    A connection of another stack's run could be it only while it holds the lock that all states share.
    """
    if shutil.which("psql", path=env.get("PATH")) is None:
        return None
    rows = [line.split("|") for line in _ask(env, WHO).splitlines() if line.count("|") == 4]
    whose = [(_OURS.match(row[1]), row) for row in rows]
    named = [row for ours, row in whose if ours and ours["stack"] == stack]
    others = [row for ours, row in whose if not ours or row[4] == "t"]
    if len(named or others) != 1:
        return None
    ((process, application, since, address, _),) = named or others
    return Connection(process, application or f"a connection from {address or 'this machine'}", f"{since} UTC")


def end_connection(env: Mapping[str, str], process: str) -> None:
    """Ends the connection that holds a lock, if it still does; returns when it has ended. Errors: EgressError."""
    if not process.isdecimal():
        raise EgressError(
            "PostgreSQL lets the lock go when the connection that holds it ends. Which one that is: "
            f'psql "$PG_CONN_STR" -c "{WHO}"; to end it: psql "$PG_CONN_STR" -c "SELECT pg_terminate_backend(PID)"'
        )
    deadline = time.monotonic() + _SECONDS
    if _holds(env, process):
        _ask(env, f"SELECT pg_terminate_backend({process})")
    while _holds(env, process):
        if time.monotonic() > deadline:
            raise EgressError(f"PostgreSQL did not end the connection of its process {process}")
        time.sleep(0.1)


def _holds(env: Mapping[str, str], process: str) -> bool:
    return any(line.startswith(f"{process}|") for line in _ask(env, WHO).splitlines())


def _ask(env: Mapping[str, str], question: str) -> str:
    """The answer of the database, bare. The password goes by the environment: a command line is seen by other users."""
    connection, password = _apart(env.get("PG_CONN_STR", ""))
    settings = {**env, APPLICATION: "egress asks who holds a lock", "PGCONNECT_TIMEOUT": "10"}
    settings |= {"PGPASSWORD": password} if password else {}
    command = ["psql", "--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
    done = run([*command, *(["-d", connection] if connection else []), "-c", question], env=settings)
    if done.code:
        raise EgressError(f"the database cannot be asked: {masked(done.err.strip(), env)}")
    return done.out.strip()


def _apart(connection: str) -> tuple[str, str]:
    """A connection string without its password, and the password."""
    if url := _IN_URL.match(connection):
        return connection[: url.start(1) - 1] + connection[url.end(1) :], unquote(url[1])
    if setting := _IN_SETTINGS.search(connection):
        return _IN_SETTINGS.sub("", connection), setting[1].strip("'")
    return connection, ""

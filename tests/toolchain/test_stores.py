"""Stores of a state: no secret of theirs is said, and a connection that holds a lock in PostgreSQL is found and ended."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack

import pytest

from egress.toolchain.running.secrets import masked
from egress.toolchain.store import pg_store
from tests.e2e import postgres
from tests.machine import lacks


@pytest.mark.parametrize(
    "env",
    [
        {"PG_CONN_STR": "postgres://egress:hunter2/x@db.example.com:port/states"},
        {"PG_CONN_STR": "host=db user=egress password='hunter2/x' dbname=states"},
        {"PGPASSWORD": "hunter2/x"},
        {"AWS_SECRET_ACCESS_KEY": "hunter2/x"},
        {"TF_HTTP_PASSWORD": "hunter2/x"},
    ],
    ids=str,
)
def test_an_engines_words_do_not_hold_the_secret_of_a_store(env: dict[str, str]) -> None:
    words = f"Error: parse {next(iter(env.values()))!r}: invalid port"
    assert "hunter2" not in masked(words, env)
    assert "invalid port" in masked(words, env)


@pytest.mark.slow
def test_the_connection_that_holds_a_lock_is_found_by_its_stack_and_ended() -> None:
    where = postgres.programs()
    if where is None:
        lacks("no PostgreSQL server on this machine: Debian's package is postgresql")
    with postgres.server(where) as database, ExitStack() as sessions:
        env = {"PATH": f"{where}:{os.environ['PATH']}", "PG_CONN_STR": database.url}

        def hold(stack: str, key: int) -> subprocess.Popen[bytes]:
            """A session that holds an advisory lock as the run of a stack, once it is seen to."""
            psql = [
                str(where / "psql"),
                "--no-psqlrc",
                database.url,
                "-c",
                f"SELECT pg_advisory_lock({key}), pg_sleep(60)",
            ]
            named = env | {"PGAPPNAME": f"egress apply {stack}, alice@bastion process 7"}
            session = sessions.enter_context(
                subprocess.Popen(psql, env=named, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
            sessions.callback(session.kill)
            deadline = time.monotonic() + 60
            while pg_store.holder(env, stack) is None:
                assert time.monotonic() < deadline
            return session

        second = hold("wld02", 2)
        assert pg_store.holder(env, "wld01") is None, "the lock of another stack is not this one's"
        first = hold("wld01", 1)
        found = pg_store.holder(env, "wld01")
        assert found is not None
        assert found.who == "egress apply wld01, alice@bastion process 7"
        assert found.since.endswith(" UTC")
        pg_store.end_connection(env, found.process)
        assert first.wait(60) != 0
        left = pg_store.holder(env, "wld02")
        assert left is not None
        assert left.who.startswith("egress apply wld02")
        pg_store.end_connection(env, left.process)
        assert second.wait(60) != 0
        third = hold("wld03", -1)
        shared = pg_store.holder(env, "wld01")
        assert shared is not None, "before a state exists its first run holds a lock that all states share"
        pg_store.end_connection(env, shared.process)
        assert third.wait(60) != 0

"""Stores of a state: no secret of theirs is said, and a connection that holds a lock in PostgreSQL is found and ended."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from egress.toolchain import pg_store
from egress.toolchain.secrets import masked
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
    with postgres.server(where) as database:
        env = {"PATH": f"{where}:{os.environ['PATH']}", "PG_CONN_STR": database.url}
        assert pg_store.holder(env, "wld01") is None
        held = [
            subprocess.Popen(
                [where / "psql", "--no-psqlrc", database.url, "-c", f"SELECT pg_advisory_lock({key}), pg_sleep(60)"],
                env=env | {"PGAPPNAME": f"egress apply {stack}, alice@bastion process 7"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for key, stack in ((1, "wld01"), (2, "wld02"))
        ]
        deadline = time.monotonic() + 60
        while (found := pg_store.holder(env, "wld01")) is None or pg_store.holder(env, "wld02") is None:
            assert time.monotonic() < deadline
        assert found.who == "egress apply wld01, alice@bastion process 7"
        assert found.since.endswith(" UTC")
        pg_store.end_connection(env, found.process)
        assert held[0].wait(60) != 0
        left = pg_store.holder(env, "wld02")
        assert left is not None
        assert left.who.startswith("egress apply wld02")
        pg_store.end_connection(env, left.process)
        assert held[1].wait(60) != 0

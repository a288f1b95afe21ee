"""Secrets of state stores, which come from the environment: they are not to stand in what an engine says of a failure."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import unquote

_NAMES = ("PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "TF_HTTP_PASSWORD")
_PASSWORD = re.compile(r"password\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")
_LEAST = 4
"""Characters of a secret that is looked for: a shorter one is found in any text."""


def masked(words: str, env: Mapping[str, str] = os.environ) -> str:
    """Words with `***` in place of the secrets of the state stores in an environment."""
    for secret in sorted(_secrets(env), key=len, reverse=True):
        words = words.replace(secret, "***")
    return words


def _secrets(env: Mapping[str, str]) -> set[str]:
    found = {env.get(name, "") for name in _NAMES}
    connection = env.get("PG_CONN_STR", "")
    found.update(one.strip("'") for one in _PASSWORD.findall(connection))
    # a connection string that cannot be read is what an engine prints whole
    password = re.search(r"://[^:/@\s]*:([^@\s]*)@", connection)
    if password:
        found |= {password[1], unquote(password[1])}
    return {one for one in found if len(one) >= _LEAST}

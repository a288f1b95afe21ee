"""GitHub's own OpenAPI description, as far as the local forge answers: brought from npm by hash, once per user, and cut down.

The package is 385 MB unpacked; one file of its archive is read, and of that the operations below with all that they refer to.
"""

from __future__ import annotations

import base64
import fcntl
import functools
import hashlib
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

import tests.machine
from egress.toolchain.tools.node import find_node

Json = dict[str, Any]
VERSION = "23.0.2"
INTEGRITY = "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
"""SHA-512 of the package, as npm writes it."""
FILE = "package/generated/api.github.com.json"
OPERATIONS = (
    "/user",
    "/repos/{owner}/{repo}/issues",
    "/repos/{owner}/{repo}/issues/{issue_number}",
    "/repos/{owner}/{repo}/issues/{issue_number}/comments",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
    "/repos/{owner}/{repo}/pulls",
    "/repos/{owner}/{repo}/pulls/{pull_number}",
)
_ROOM = hashlib.sha256(f"{INTEGRITY}{OPERATIONS}2".encode()).hexdigest()[:12]
HOST = "https://api.github.com"


class Description:
    """What GitHub says of itself."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._api = OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))

    def example(self, name: str) -> Any:
        """A copy of an example of the description."""
        return json.loads(json.dumps(self._document["components"]["examples"][name]["value"]))

    def judge(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        headers: dict[str, str],
        body: bytes,
        answer: tuple[int, bytes],
    ) -> str:
        """What the description has against a request and its answer; nothing where it has nothing.

        A status that it does not list for the operation, as 401 and 5xx mostly, is judged by its schema of an error.
        """
        request = MockRequest(HOST, method, path, args=query, headers=headers, data=body)
        status, raw = answer
        try:
            self._api.validate_request(request)
        except Exception as error:
            return "" if status in (400, 422) else f"the request: {_words(error)}"
        shape = self._api.validate_response
        try:
            shape(request, MockResponse(raw, status))
        except Exception as error:
            if status >= 400 and type(error).__name__ == "ResponseNotFound":
                return _no_error(raw) if raw else ""
            return f"the answer {status}: {_words(error)}"
        return ""


def _no_error(raw: bytes) -> str:
    try:
        error = json.loads(raw)
    except ValueError:
        return ""  # a page of a proxy between, which GitHub's description is not about
    return "" if isinstance(error.get("message"), str) else "the error has no message"


def _words(error: BaseException) -> str:
    parts = [f"{type(error).__name__}: {error}"]
    parts += [str(one) for one in getattr(error.__cause__, "schema_errors", ())]
    return "; ".join(part.splitlines()[0] for part in parts)[:2000]


@functools.cache
def description() -> Description:
    """The description, brought if it is not there. In CI a test that cannot have it fails."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tier0-egress"
    file = cache / f"github-openapi-{VERSION}-{_ROOM}.json"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.is_file():
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                whole = _brought(Path(scratch))
                made = Path(scratch, "cut.json")
                made.write_text(json.dumps(cut(whole)))
                made.rename(file)
    return Description(json.loads(file.read_text()))


def _brought(place: Path) -> Json:
    node = find_node()
    npm = node.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node), str(npm), "pack", f"@octokit/openapi@{VERSION}", "--ignore-scripts"]
    env = os.environ | {"NO_UPDATE_NOTIFIER": "1", "npm_config_update_notifier": "false"}
    done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        tests.machine.lacks(f"GitHub's description cannot be had from npm: {done.stderr.strip()[-300:]}")
    (archive,) = place.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert found == INTEGRITY, f"@octokit/openapi {VERSION} is not the package that is expected: sha512-{found}"
    with tarfile.open(archive) as opened:
        member = opened.extractfile(FILE)
        assert member is not None
        whole: Json = json.load(member)
    return whole


def cut(whole: Json) -> Json:
    """The operations that the forge answers, and all that they refer to."""
    paths = {path: whole["paths"][path] for path in OPERATIONS}
    part: Json = {key: whole[key] for key in ("openapi", "info", "servers")} | {"paths": paths, "components": {}}
    waiting = list(_references(paths))
    while waiting:
        reference = waiting.pop()
        _, _, kind, name = reference.split("/")
        kept = part["components"].setdefault(kind, {})
        if name not in kept:
            kept[name] = whole["components"][kind][name]
            waiting += _references(kept[name])
    return part


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)

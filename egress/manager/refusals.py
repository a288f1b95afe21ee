"""What a manager's answer is when it is none: the errors of the client, and the sentence for each status."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from egress.domain import EgressError
from egress.domain.fields import quoted
from egress.escape import line

T = TypeVar("T")


class LoginError(EgressError):
    """The manager is there and does not let this user in."""


class SilentError(EgressError):
    """The manager takes connections and has answered nothing at all until the time for reading was over."""


class PartError(EgressError):
    """The manager is there and answers, and this answer is of no use: what else is asked of it may well be.

    `what`: the sentence without `fix`, which is for the one object that a command cannot do without.
    """

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(f"{what}: {fix}" if fix else what)
        self.what = what


class ObjectError(PartError):
    """The manager lets this user in, and has no such object or does not let the user read it."""


class MissingError(ObjectError):
    """The manager has no such object, or knows no such path."""


def refusal(
    host: str, path: str, status: int, location: str, body: bytes, advised: Callable[[str], str] = str
) -> EgressError:
    """Why an answer is none, in a sentence. location: where a redirect leads. advised: says a remedy as it fits the command."""
    said = _said(body)
    if status == 401 or (status == 403 and "credentials" in said):
        return LoginError(
            f"{host} does not let this user in ({status}{said}): check user and password in the environment"
        )
    if status == 403:
        return ObjectError(f"{host} does not let this user read {path} ({status}{said})", "the role Auditor is enough")
    if status == 404:
        return MissingError(f"{host} has no {path} ({status}{said})", "check the ids in the domain file")
    if 300 <= status < 400:
        remedy = advised("write the manager's own name into nsx.host")
        return EgressError(f"{host} sends us on to {quoted(location)} ({status}), which is not followed: {remedy}")
    return PartError(f"{host} answered {path} with {status}{said}")


def or_why(read: Callable[[], T]) -> T | str:
    """What was read, or the sentence that says why a part could not be."""
    try:
        return read()
    except PartError as error:
        return error.what


def parsed(body: bytes) -> Any:
    """The JSON in a body. Errors: ValueError."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _said(body: bytes) -> str:
    """The error message in an answer, cut to a line; empty where there is none."""
    try:
        answer = parsed(body)
    except ValueError:
        return ""
    message = answer.get("error_message") if isinstance(answer, dict) else None
    return f": {line(str(message).splitlines()[0][:200])}" if message else ""

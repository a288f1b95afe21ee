"""Failures of an operation, and the words in which the provider tells them.

`ProviderError` carries exactly what the engine prints. `ApiError` is an answer of the manager (or its absence) sorted into a
class as the vSphere Automation SDK for Go sorts it; the class decides what counts as "not found" and which words come out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from nsx_lab.provider.values import gojson

STD = "com.vmware.vapi.std.errors."


class ProviderError(Exception):
    """What went wrong, in the words that the engine prints after `Error: `."""


class NotALabError(ProviderError):
    """The peer of a TLS connection is not a lab. Nothing was sent to it."""


@dataclass
class ApiError(Exception):
    """A failed request.

    `kind` is the SDK's class of error (`not_found`, `invalid_request`, ...); `messages` are the SDK's own words; `data` is
    the body of the answer, None if it had none.
    """

    kind: str
    messages: tuple[str, ...] = ()
    data: Any = None

    def __str__(self) -> str:
        return STD + self.kind

    @property
    def not_found(self) -> bool:
        """Whether the manager said that the object does not exist (404 and 410, with a JSON body or none)."""
        return self.kind == "not_found"


# the classes for which the provider prints the body (policy_errors.go, logAPIError); of others it prints the name
_EXPLAINED = {
    "invalid_request",
    "not_found",
    "unauthorized",
    "unauthenticated",
    "internal_server_error",
    "service_unavailable",
    "concurrent_change",
}


def explain(message: str, error: Exception, related_end: str = " ") -> ProviderError:
    """The error of a failed operation: `message` says which one, `related_end` stands behind each related error."""
    if not isinstance(error, ApiError) or error.kind not in _EXPLAINED:
        return ProviderError(str(error))
    if error.data is None:
        return ProviderError(f"{message} ({error.messages[0] if error.messages else error.kind.upper()})")
    if not _is_api_error(error.data):
        return ProviderError(f"{message}: {json.dumps(error.data, separators=(',', ':'), ensure_ascii=False)}")
    related = error.data.get("related_errors") or []
    told = f" {message}: {_told(error.data)}"  # the blank in front is the provider's
    if related:
        told += "\nRelated errors:\n" + "".join(_told_related(r) + related_end for r in related)
    return ProviderError(told)


def _told(body: dict[str, Any]) -> str:
    told = _text(body.get("error_message"))
    if body.get("details") is not None:
        told += f": {body['details']}"
    if body.get("error_code") is not None:
        told += f" (code {int(body['error_code'])})"
    return told


def _told_related(body: dict[str, Any]) -> str:
    code = body.get("error_code")
    parts = [_text(body.get("error_message")), "" if code is None else f"(code {int(code)})"]
    return " ".join(part for part in parts if part)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _is_api_error(body: Any) -> bool:
    """Whether the body converts to the SDK's ApiError: any object whose known fields have the right types."""
    if not isinstance(body, dict):
        return False
    related = body.get("related_errors")
    if related is not None and not (isinstance(related, list) and all(_is_api_error(r) for r in related)):
        return False
    texts = (body.get(k) for k in ("error_message", "details", "module_name"))
    return all(t is None or isinstance(t, str) for t in texts) and _is_integer(body.get("error_code"))


def _is_integer(value: Any) -> bool:
    """Integers, and text that is one: the SDK converts it (NSX sends "102" with a 429)."""
    if isinstance(value, str):
        return gojson.is_integer(value)
    return value is None or (isinstance(value, int) and not isinstance(value, bool))

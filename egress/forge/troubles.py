"""What can go wrong between here and a forge, as sentences with the remedy that fits."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from egress.domain import EgressError
from egress.escape import line

_MOST_WORDS = 300
"""Characters of what a forge says that are shown."""


class Act(StrEnum):
    """What was being done when it went wrong."""

    COMMENT = "the comment"
    ISSUE = "the issue"
    REQUEST = "the pull request"
    WHO = "the question who posts"


@dataclass(frozen=True)
class Speech:
    """How a forge's permissions are called. denied: what to do where one is missing, by act. token: the variable.

    secret: its value, so that a forge which repeats it does not get it shown.
    """

    host: str
    token: str
    denied: Mapping[Act, str]
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """A forge's refusal. said: its own words, never believed. limited: it is a rate limit. wait: seconds until it ends, if it said so."""

    status: int
    said: str = ""
    limited: bool = False
    wait: str = ""


def refused(speech: Speech, act: Act, answer: Answer) -> EgressError:
    """A refusal as one sentence."""
    words = line(answer.said.replace(speech.secret, "***")[:_MOST_WORDS])
    said = f" ({words})" if words else ""
    return EgressError(f"{speech.host} did not take {act}: {_why(speech, act, answer)}; status {answer.status}{said}")


def _why(speech: Speech, act: Act, answer: Answer) -> str:
    if answer.limited or answer.status == 429:
        again = f" in {answer.wait} s" if answer.wait.isdigit() else " later"
        return f"too many requests were sent with this token, run it again{again}; it is no missing permission"
    match answer.status:
        case 401:
            return f"{speech.token} is no valid token there: it has expired, was revoked, or is another forge's"
        case 403:
            return f"the token may not do it: {speech.denied[act]}"
        case 404:
            return f"there is no such repository or pull request, or the token may not see it: {speech.denied[act]}"
        case 410:
            return "issues are switched off in this repository: switch them on in its settings"
        case 413:
            return "the text is too long"
        case 422 | 400:
            return "the text is too long" if "too long" in answer.said.lower() else "it finds the request wrong"
        case status if 300 <= status < 400:
            return "it sends us elsewhere, where the token shall not go: give the address that it moved to"
        case status if status >= 500:
            return "it is out of order, run it again later; nothing has to be cleaned up before"
    return "it refuses"


def without_label(speech: Speech, act: Act, page: str, label: str) -> EgressError:
    """An issue that was opened without its label, as the token may set none."""
    return EgressError(
        f"the issue was opened ({line(page)}) and {speech.host} left out its label {label}, so the next run would not find it: give it the "
        f"label; {speech.denied[act]}"
    )


def unreachable(speech: Speech, act: Act, error: BaseException) -> EgressError:
    """No answer at all."""
    return EgressError(f"{speech.host} did not take {act}: {_no_answer(error)}")


def unreadable(speech: Speech, act: Act) -> EgressError:
    """An answer that is none of a forge's."""
    return EgressError(
        f"{speech.host} did not take {act}: it answers something that is no answer of this API: is there a proxy or a sign-in page "
        "between, or is it another kind of forge?"
    )


def _no_answer(error: BaseException) -> str:
    chain = list(_causes(error))
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted ({line(one.verify_message)}): for a private authority set REQUESTS_CA_BUNDLE to a file with "
                "its certificate; nothing was sent"
            )
    if any("timed out" in str(one).lower() or "timeout" in type(one).__name__.lower() for one in chain):
        return "it gave no answer in time, run it again later"
    if any(isinstance(one, ssl.SSLError) for one in chain):
        return "it does not speak TLS as it should: check the address"
    if any(type(one).__name__ == "TooManyRedirects" for one in chain):
        return "it sends us elsewhere, where the token shall not go: give the address that it moved to"
    if any("name resolution" in str(one).lower() or type(one).__name__ == "NameResolutionError" for one in chain):
        return "its name is not known here: check the address, and DNS of this runner"
    reason = next((one.strerror for one in chain if isinstance(one, OSError) and one.strerror), "no connection")
    return f"it cannot be reached: {line(str(reason))}"


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and all(one is not other for other in found):
            found.append(one)
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found

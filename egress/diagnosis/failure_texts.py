"""Reads why image pulls failed: in `kubectl describe pod`, in events however kubectl prints them, in the log of a runtime or of CoreDNS.

Pure, and linear in the text's length. Only what is about a pull is one (concern.py), and a pull that succeeded later has not failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from egress.diagnosis.attempts import failures_in
from egress.diagnosis.concern import Concern, concern
from egress.diagnosis.documents import documents
from egress.diagnosis.failure import Failure
from egress.diagnosis.messages import Message, messages
from egress.diagnosis.wordings import IMAGE

_BACKED_OFF = re.compile(r"Back-off pulling image|ImagePullBackOff|ErrImagePull")
_FAILED_PULL = re.compile(r"[Ff]ailed to pull image|failed to get images|[Pp]ulling image failed")
_PICKED = 3
"""Lines: so few were picked out by somebody, and are about what he asks."""
_NAMED = 3
"""Objects that are named of those that failed in the same way."""
_WRAPPED = 40
"""Messages that are also read as one, where none of them says anything: a text that was broken into lines."""


@dataclass(frozen=True)
class Reading:
    """What a text says. `failures`: pulls that failed, each once, in their order. `over`: those whose image was pulled later. `pulled`: an image was
    pulled. `backed_off`: it says that a pull is being waited with. `unknown`: failed pulls in words that are not known here.
    `others`: what it says of other things. `count`: events or lines in it."""

    failures: tuple[Failure, ...]
    over: tuple[Failure, ...] = ()
    pulled: bool = False
    backed_off: bool = False
    unknown: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    count: int = 0


def read(text: str) -> Reading:
    """The reading of a text. Errors: EgressError where it begins as kubectl's JSON or YAML and is neither."""
    said = documents(text)
    said = messages(text) if said is None else said
    picked = sum(1 for line in text.splitlines() if line.strip()) <= _PICKED
    kinds = {
        (one.text, one.reason): concern(one, picked) for one in {(one.text, one.reason): one for one in said}.values()
    }
    about = [(one, kinds[one.text, one.reason]) for one in said]
    done = [one for one, what in about if what is Concern.DONE]
    pulls = [(one, what) for one, what in about if what in (Concern.NETWORK, Concern.IMAGE)]
    found = list(_found(pulls))
    if not found and 1 < len(pulls) <= _WRAPPED:
        found = _read_as_one([one for one, _ in pulls], sure=any(what is Concern.IMAGE for _, what in pulls))
    over = _pulled_later((one for one, _ in pulls), done)
    settled = over | {one.order for one, _ in found}
    return Reading(
        failures=_once(failure for one, failure in found if one.order not in over),
        over=_once(failure for one, failure in found if one.order in over),
        pulled=bool(done),
        backed_off=any(_BACKED_OFF.search(one.text) for one, _ in pulls),
        unknown=tuple(one.text for one, _ in pulls if one.order not in settled and _FAILED_PULL.search(one.text)),
        others=tuple(one.text for one, what in about if what is Concern.OTHER),
        count=len(said),
    )


def _found(pulls: Iterable[tuple[Message, Concern]]) -> Iterator[tuple[Message, Failure]]:
    """The failures that messages tell of. The same words say the same, so they are read once."""
    known: dict[object, tuple[Failure, ...]] = {}
    for one, what in pulls:
        key = (one.text, one.of, what)
        if key not in known:
            known[key] = tuple(failures_in(one, what is Concern.IMAGE))
        yield from ((one, failure) for failure in known[key])


def _read_as_one(broken: Sequence[Message], sure: bool) -> list[tuple[Message, Failure]]:
    """A text that was broken into lines, read as one message."""
    whole = replace(broken[-1], text=" ".join(one.text for one in broken))
    return [(whole, failure) for failure in failures_in(whole, sure)]


def _pulled_later(pulls: Iterable[Message], done: Iterable[Message]) -> set[int]:
    """Places of the messages whose image was pulled later, for the same object where both name one."""
    last: dict[tuple[str | None, str], Message] = {}
    for one in done:
        key = (one.of, _image(one))
        if key not in last or one.later_than(last[key]):
            last[key] = one
    named = ((one, _image(one)) for one in pulls) if last else ()
    found = ((one, last.get((one.of, image))) for one, image in named if image)
    return {one.order for one, success in found if success and success.later_than(one)}


def _image(message: Message) -> str:
    """The image that a message names, else nothing."""
    named = IMAGE.search(message.text)
    return next((name for name in named.groups() if name), "") if named else ""


def _once(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """Each failure once, with the objects that it was told of."""
    unique: dict[object, list[Failure]] = {}
    for failure in failures:
        unique.setdefault(failure.told_by, []).append(failure)
    return tuple(replace(same[0], of=_objects(one.of for one in same)) for same in unique.values())


def _objects(names: Iterable[str | None]) -> str | None:
    """The objects in words, the first few by name."""
    different = list(dict.fromkeys(name for name in names if name))
    if not different:
        return None
    more = len(different) - _NAMED
    return ", ".join(different[:_NAMED]) + (f" and {more} more" if more > 0 else "")

"""Reads why image pulls failed: in `kubectl describe pod`, in events however kubectl prints them, in the log of a runtime or of CoreDNS.

Pure, and linear in the text's length. Only what is about a pull is a pull: probes, mounts, containers that do not start, the scheduler and
the Kubernetes API fail in the same words. A pull that succeeded later has not failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from egress.answers.attempts import failures_in
from egress.answers.documents import documents
from egress.answers.failure import Failure
from egress.answers.messages import Message, messages
from egress.answers.wordings import IMAGE

_PULL = re.compile(
    r"(?:pull|resolv|fetch|unpack)\w* (?:and unpack )?(?:image|reference)|PullImage|ErrImage|ImagePull|InvalidImageName|image name|"
    r"failed to get (?:images|sandbox image)|Failed to resolve on node|imgpkg",
    re.IGNORECASE,
)
"""What only the pull of an image says."""
_IMAGE = re.compile(
    r"//[^/\s\"]{1,255}/v[12]/|\b(?:pull\w*|images?|registry|manifests?|repository|blobs?|buildpacks?)\b|\b(?:response from daemon)\b",
    re.IGNORECASE,
)
"""What is said of images and registries, and hardly of anything else."""
_OTHER_PORTS = "22|25|389|636|2049|2379|2380|3306|5432|6379|6443|9092|10250|27017"
"""Ports of other services, among them the Kubernetes API's and kubelet's."""
_OTHER = re.compile(
    r"(?:[Ll]iveness|[Rr]eadiness|[Ss]tartup) probe|[Pp]robe (?:failed|errored)|[Ll]ifecycle ?[Hh]ook|PostStartHook|PreStopHook|"
    r"\bexec: |OCI runtime|failed to (?:start|create) (?:containerd )?(?:container|task|shim)|[Bb]ack-off (?:\w+ )?restarting|"
    r"MountVolume|AttachVolume|\b[Vv]olumes?\b|\bmount\.\w+: |nodes are available|"
    r"https?://[^/\s\"]{1,255}/(?:apis?|healthz|livez|readyz|metrics|openapi)\b|calling webhook|Unable to connect to the server|"
    r"connection to the server \S{1,255} was refused|Error from server|error dialing backend|executing command in container|"
    r"resource lock|leader ?election|[Ff]ailed to (?:list|watch) \*|etcd|network for sandbox|network plugin|\bCNI\b|"
    r"dial unix|docker\.sock|container runtime is down|garbage collection|ListImages|ImageStatus|ImageFsInfo|"
    rf"(?:dial|read|write) tcp \S{{1,120}}:(?:{_OTHER_PORTS}): ",
)
"""What kubelet, scheduler, kubectl and controllers say of other things, in words that a failed pull can have, too."""
_PULL_REASONS = ("Failed", "BackOff", "InspectFailed", "ErrImageNeverPull", "Pulled", "Pulling")
"""Reasons of the events of a pull (kubelet, events); Failed is that of others as well."""
_OTHER_REASONS = (
    "Unhealthy",
    "ProbeWarning",
    "FailedMount",
    "FailedAttachVolume",
    "FailedScheduling",
    "FailedPostStartHook",
    "FailedPreStopHook",
)
_BACKED_OFF = re.compile(r"Back-off pulling image|ImagePullBackOff|ErrImagePull")
_PULLED = re.compile(
    r"[Ss]uccessfully pulled image|[Ii]mage \"[^\"]{1,512}\" already present on machine|[Pp]ulled image \""
)
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


class Concern(Enum):
    """What a message is about: another thing, the network in general, an image, one that was pulled."""

    OTHER = "other"
    NETWORK = "network"
    IMAGE = "image"
    DONE = "done"


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
    told = {one.order for one, _ in found}
    over = _over(found, done)
    return Reading(
        failures=_once(failure for one, failure in found if one.order not in over),
        over=_once(failure for one, failure in found if one.order in over),
        pulled=bool(done),
        backed_off=any(_BACKED_OFF.search(one.text) for one, _ in pulls),
        unknown=tuple(one.text for one, _ in pulls if one.order not in told and _FAILED_PULL.search(one.text)),
        others=tuple(one.text for one, what in about if what is Concern.OTHER),
        count=len(said),
    )


def concern(message: Message, picked: bool = False) -> Concern:
    """What a message is about. picked: it is one of a few, which somebody picked out: then it is what he asks about."""
    other, pull = _OTHER.search(message.text), _PULL.search(message.text)
    if message.reason in _OTHER_REASONS or (other and not (pull and pull.start() < other.start())):
        return Concern.OTHER
    if message.reason is not None and not pull and message.reason not in _PULL_REASONS:
        return Concern.OTHER
    if _PULLED.search(message.text):
        return Concern.DONE
    about_images = pull or _IMAGE.search(message.text) or (picked and message.reason is None)
    return Concern.IMAGE if about_images else Concern.NETWORK


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


def _over(found: Iterable[tuple[Message, Failure]], done: Iterable[Message]) -> set[int]:
    """Places of the messages whose image was pulled later, for the same object where both name one."""
    pulled: dict[tuple[str | None, str | None], Message] = {}
    for one in done:
        named = IMAGE.search(one.text)
        key = (one.of, named["quoted"] if named else None)
        if key not in pulled or one.later_than(pulled[key]):
            pulled[key] = one
    over = set()
    for one, failure in found:
        after = pulled.get((one.of, failure.image)) if failure.image else None
        if after and after.later_than(one):
            over.add(one.order)
    return over


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

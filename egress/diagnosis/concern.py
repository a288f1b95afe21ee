"""A Concern: what a message is about. Probes, mounts, containers that do not start, the scheduler and the Kubernetes API fail in the words of
failed pulls, and are none."""

from __future__ import annotations

import re
from enum import Enum

from egress.diagnosis.messages import Message

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
    r"\bPut \"?https?://|https?://[^/\s\"]{1,255}\.svc(?:\.cluster\.local)?(?::\d{1,5})?/(?!v2/)|"
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
_PULLED = re.compile(
    r"[Ss]uccessfully pulled image|[Ii]mage \"[^\"]{1,512}\" already present on machine|[Pp]ulled image \"|PullImage \"[^\"]{1,512}\" returns image reference|"
    r"Image is up to date for |Downloaded newer image for "
)


class Concern(Enum):
    """What a message is about: another thing, the network in general, an image, one that was pulled."""

    OTHER = "other"
    NETWORK = "network"
    IMAGE = "image"
    DONE = "done"


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

"""The realized configuration as real packets: network namespaces, veth, nftables. Needs Linux, `ip` and `nft`; no root.

with Dataplane(world, lab.realized()) as plane:
    plane.probe(Flow("pod-c8", "198.51.100.10", "tcp", 5000)).source_seen
"""

from __future__ import annotations

from nsx_lab.dataplane.dataplane import Dataplane, Flow, Outcome
from nsx_lab.dataplane.errors import ApplyError, DataplaneError, Unavailable, WorldError
from nsx_lab.dataplane.planning.objects import flatten
from nsx_lab.dataplane.planning.plan import Choice

__all__ = [
    "ApplyError",
    "Choice",
    "Dataplane",
    "DataplaneError",
    "Flow",
    "Outcome",
    "Unavailable",
    "WorldError",
    "flatten",
]

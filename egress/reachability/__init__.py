"""Will the packet get there, and back? A packet walk over a Topology, and what follows from it.

Start with `view(domain)` of egress.reachability.view, or `assemble(objects, world)` for a Topology, and `Walker(topology).walk(flow)` for a Verdict.
How it thinks: docs/reachability.md; the exact rules of the walk: docs/world.md.
"""

from egress.policy.tree import PolicyObjects, flatten
from egress.reachability.assemble import assemble
from egress.reachability.flow import DropReason, Flow, Hop, Path, Protocol, Result, Verdict
from egress.reachability.topology import Topology
from egress.reachability.walk import Outcome, Walker
from egress.reachability.world import World, WorldFile, read_world

__all__ = [
    "DropReason",
    "Flow",
    "Hop",
    "Outcome",
    "Path",
    "PolicyObjects",
    "Protocol",
    "Result",
    "Topology",
    "Verdict",
    "Walker",
    "World",
    "WorldFile",
    "assemble",
    "flatten",
    "read_world",
]

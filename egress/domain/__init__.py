"""The typed model of a workload domain, and its YAML files.

Imports neither cdktf nor jsii. Start with `load_domains(root)`.
"""

from egress.domain.files import DomainFile, find_files, find_root
from egress.domain.fleet import Loaded, load_domains
from egress.domain.lab import LabTarget
from egress.domain.model import FirewallMatch, HaMode, NatAction, NextHop, NextHopV6, WorkloadDomain
from egress.domain.problems import DomainFileError, EgressError, Place, PlanAgainError, Problem

__all__ = [
    "DomainFile",
    "DomainFileError",
    "EgressError",
    "FirewallMatch",
    "HaMode",
    "LabTarget",
    "Loaded",
    "NatAction",
    "NextHop",
    "NextHopV6",
    "Place",
    "PlanAgainError",
    "Problem",
    "WorkloadDomain",
    "find_files",
    "find_root",
    "load_domains",
]

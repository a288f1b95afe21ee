"""One Terraform stack for each workload domain."""

if __name__ == "stacks":
    from tier0_egress._checkout import same_modules

    same_modules(__name__, "tier0_egress.stacks")

from .settings import Settings, or_one_sentence
from .workload_domain_stack import WorkloadDomainStack

__all__ = ["Settings", "WorkloadDomainStack", "or_one_sentence"]

"""One Terraform stack for each workload domain."""

if __name__ == "stacks":
    from tier0_egress._checkout import same_modules

    same_modules(__name__, "tier0_egress.stacks")

import sys

from egress.cdk import CdkError

try:
    from .settings import Settings, or_one_sentence
    from .workload_domain_stack import WorkloadDomainStack
except CdkError as error:  # main.py cannot say it: it has what would say it from here
    sys.exit(str(error))

__all__ = ["Settings", "WorkloadDomainStack", "or_one_sentence"]

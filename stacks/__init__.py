"""One Terraform stack for each workload domain."""

from stacks.node import use_bundled_node

use_bundled_node()  # jsii starts Node as soon as cdktf is imported, which the modules below do

from stacks.settings import Settings, or_one_sentence  # noqa: E402
from stacks.workload_domain_stack import WorkloadDomainStack  # noqa: E402

__all__ = ["Settings", "WorkloadDomainStack", "or_one_sentence"]

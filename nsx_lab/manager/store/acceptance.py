"""Acceptance tests of terraform-provider-nsxt that were run against the lab: its makers run them against NSX.

They are run by hand, since they take the provider's own source, its Go toolchain and an hour; the ledger's evidence "acceptance test" stands for
those that passed, and a test holds the claims to this list.
"""

from __future__ import annotations

PASSED = "passed"

HOW = "terraform-provider-nsxt 3.11.1 built from source, Terraform 1.11.4, profile 4.2, 2026-11-26"

RUNS: dict[str, str] = {
    "TestAccDataSourceNsxtPolicyRealizationInfo_errorState": PASSED,
    "TestAccDataSourceNsxtPolicyRealizationInfo_tier1DataSourceEntity": PASSED,
    "TestAccResourceNsxtPolicyBgpNeighbor_minimalistic": PASSED,
    "TestAccResourceNsxtPolicyFixedSegment_basicUpdate": PASSED,
    "TestAccResourceNsxtPolicyTier0Gateway_basic": PASSED,
    "TestAccResourceNsxtPolicyTier0Gateway_withEdgeCluster": PASSED,
}
"""Result by name: `PASSED`, or why it does not."""

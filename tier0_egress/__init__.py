"""Tier-0 egress for CDKTF programs: `tier0_egress.constructs` and `tier0_egress.stacks`.

In a checkout the two are the folders constructs_lib/ and stacks/, which links in this folder lead to; in the wheel they lie here
(docs/decisions/0007).

Import one of them before `cdktf`: that starts Node at once, and from here on it is the one that pip brought.
"""

from egress.node import use_bundled_node, use_no_cache_without_a_place

use_bundled_node()
use_no_cache_without_a_place()

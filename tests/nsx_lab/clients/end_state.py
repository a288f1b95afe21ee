"""The official SDK (PyPI vcf-nsx) reads what is on a Tier-0, and prints it as JSON: `end_state.py LAB_FILE CA_FILE TIER0`.

Run by tests/e2e/test_brownfield.py, with an interpreter of its own.
"""

import json
import sys
from pathlib import Path

from vcf.nsx.policy.api.v1 import infra_client
from vcf.nsx.policy.api.v1.infra.tier_0s import nat_client
from with_sdk import connect  # type: ignore[import-not-found]  # beside this file, for the interpreter that runs it


def main() -> None:
    stub, tier0 = connect(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]), sys.argv[3]
    gateway = infra_client.Tier0s(stub).policy_lm_read_tier0(tier0)
    rules = nat_client.NatRules(stub).policy_lm_list_policy_nat_rules_from_tier0(tier0, "USER").results
    told = {
        "ha_mode": gateway.ha_mode,
        "rules": [[rule.action, rule.source_network, rule.translated_network, rule.id] for rule in rules],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

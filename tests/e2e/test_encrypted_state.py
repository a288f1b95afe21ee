"""A state that OpenTofu encrypts before it leaves the machine: no command of ours reads the file behind the engine's back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nsx_lab import Lab
from tests.e2e.sites import ENGINES, STACK, lab_site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ENCRYPTION = """
key_provider "pbkdf2" "passphrase" { passphrase = "a passphrase of the test, long enough" }
method "aes_gcm" "it" { keys = key_provider.pbkdf2.passphrase }
state {
  method   = method.aes_gcm.it
  enforced = true
}
"""


def test_an_encrypted_state_is_applied_planned_and_lost_to_nobody(tmp_path: Path, lab: Lab) -> None:
    tofu = next((engine for engine in ENGINES if engine.product == "OpenTofu"), None)
    if tofu is None:
        pytest.skip(
            "no tofu on PATH: Terraform has no state encryption, and no package index that this project uses has OpenTofu"
        )
    site = lab_site(
        tmp_path / "project", lab, {"TERRAFORM_BINARY_NAME": str(tofu.command), "TF_ENCRYPTION": ENCRYPTION}
    )
    site.egress("apply", STACK, "--yes", code=0)
    state = json.loads((site.root / ".lab" / "state" / f"{STACK}.tfstate").read_text())
    assert "encrypted_data" in state
    assert "resources" not in state
    assert "No changes." in site.egress("plan", STACK, code=0).stdout
    site.egress("drift", STACK, code=0)

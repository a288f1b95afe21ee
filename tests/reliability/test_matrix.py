"""Every scenario of the matrix, with the real command, engine and stand-in provider: it ends in an empty plan."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import Site, lab_site, project
from tests.reliability.scenarios import SCENARIOS, Scenario
from tests.reliability.trial import Trial, write_record
from tools.reliability import PAGE, step_row

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def durable_site(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    """A site whose lab keeps what it has in a folder `data` beside the project."""
    document = json.loads(json.dumps(seed(load_domains(project(tmp_path / "seed")))))
    lab = Lab(document, data_dir=tmp_path / "data").start()
    made = lab_site(tmp_path / "project", lab, any_engine)
    yield made
    if made.lab is lab:
        lab.stop()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_ends_in_an_empty_plan(scenario: Scenario, request: pytest.FixtureRequest) -> None:
    site: Site = request.getfixturevalue(scenario.where)
    trial = Trial(site)
    scenario.play(trial)
    assert trial.steps[-1].text.startswith("egress plan ")
    assert trial.steps[-1].code == 0
    if record := os.environ.get("RELIABILITY_RECORD"):  # tools/reliability.py writes the page anew
        order = SCENARIOS.index(scenario)
        write_record(Path(record), order, scenario.name, scenario.happens, scenario.recovered, trial.steps)
    else:
        assert _told(scenario.name) == [step_row(step.text, step.code) for step in trial.steps], (
            "run python tools/reliability.py"
        )


def _told(name: str) -> list[str]:
    """The steps of a scenario as docs/reliability.md tells them, without what may differ from run to run."""
    section = PAGE.read_text().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return ["|".join(row.split("|")[:3]) + "|" for row in rows]

"""The fidelity ledger: complete, true, and printed."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def fidelity() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fidelity_tool", ROOT / "tools" / "fidelity.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_page_says_what_the_code_says(fidelity: ModuleType) -> None:
    assert (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8") == fidelity.page()


def test_every_behaviour_has_a_test_that_exists(fidelity: ModuleType) -> None:
    missing = []
    for claim in fidelity.load():
        file, _, name = claim.test.partition("::")
        path = next(Path(__file__).parent.rglob(file), None)
        if path is None or not re.search(rf"^def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            missing.append(f"{claim.room}: {claim.behaviour}: {claim.test or 'none'}")
    assert missing == []


def test_recordings_of_clients_are_never_the_strongest_word_for_an_answer(fidelity: ModuleType) -> None:
    for claim in fidelity.load():
        assert claim.reference, claim.behaviour
        if claim.evidence is fidelity.Evidence.CAPTURED:
            assert "provider-side" not in claim.reference


def test_evidence_by_acceptance_test_is_a_test_that_was_run_and_passed(fidelity: ModuleType) -> None:
    for claim in fidelity.load():
        if claim.evidence is fidelity.Evidence.ACCEPTANCE:
            named = re.findall(r"TestAcc\w+", claim.reference)
            assert named, claim.behaviour
            assert [name for name in named if fidelity.RUNS.get(name) != "passed"] == [], claim.behaviour


def test_given_value_by_acceptance_test_names_one_that_passed(fidelity: ModuleType) -> None:
    for lines in fidelity.GIVEN.values():
        for line in lines:
            if line.evidence is fidelity.Evidence.ACCEPTANCE:
                assert fidelity.RUNS.get(line.reference) == "passed", line.name


def test_citation_names_what_is_cited(fidelity: ModuleType) -> None:
    for claim in fidelity.load():
        if claim.evidence is fidelity.Evidence.CITATION:
            assert re.search(r"terraform-provider-nsxt|TestAcc|vmware-nsxlib", claim.reference), claim.behaviour

"""Renames are told by what NSX has: one Tier-0, the same ids, or objects that are alike; what could be two is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.delivery.change.renames import renames
from egress.domain import WorkloadDomain, load_domains

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def golden() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["wld01"])[0]


def called(domain: WorkloadDomain, stack: str, **update: object) -> WorkloadDomain:
    return domain.model_copy(update={"stack": stack, "name": stack, **update})


def told(*found: WorkloadDomain, gone: WorkloadDomain) -> list[tuple[str, str, bool, int]]:
    return [(one.old, one.new, one.declared, one.changed) for one in renames([gone], found)]


def test_the_same_objects_under_other_ids_are_a_rename(golden: WorkloadDomain) -> None:
    assert told(called(golden, "berlin"), gone=golden) == [("wld01", "berlin", False, 0)]


def test_what_a_file_declares_is_a_rename_on_another_tier0_too(golden: WorkloadDomain) -> None:
    tier0 = golden.tier0.model_copy(update={"id": "T0-other"})
    assert told(called(golden, "berlin", tier0=tier0), gone=golden) == []
    declared = called(golden, "berlin", tier0=tier0, formerly="wld01")
    assert [one[:3] for one in told(declared, gone=golden)] == [("wld01", "berlin", True)]


def test_a_stack_that_was_renamed_before_is_found_by_the_name_its_objects_have(golden: WorkloadDomain) -> None:
    before = called(golden, "berlin", formerly="wld01")
    assert told(called(golden, "munich", formerly="wld01"), gone=before) == [("berlin", "munich", True, 0)]


def test_what_could_be_two_renames_is_none(golden: WorkloadDomain) -> None:
    assert told(called(golden, "berlin"), called(golden, "munich"), gone=golden) == []


def test_the_one_that_says_so_wins_over_one_that_is_alike(golden: WorkloadDomain) -> None:
    found = told(called(golden, "berlin"), called(golden, "munich", formerly="wld01"), gone=golden)
    assert found == [("wld01", "munich", True, 0)]


def test_less_than_half_of_the_objects_is_no_rename(golden: WorkloadDomain) -> None:
    tkg = golden.egress.tkg
    assert tkg is not None
    only_tkg = golden.egress.model_copy(update={"supervisor": None})
    external = golden.default_route.model_copy(update={"external": True})
    less = called(golden, "berlin", egress=only_tkg, default_route=external)
    assert told(less, gone=golden) == []
    assert told(called(golden, "berlin", egress=only_tkg), gone=golden) == [("wld01", "berlin", False, 1)]


def test_on_another_manager_it_is_another_stack(golden: WorkloadDomain) -> None:
    nsx = golden.nsx.model_copy(update={"host": "nsx-other.example.com"})
    assert told(called(golden, "berlin", nsx=nsx), gone=golden) == []

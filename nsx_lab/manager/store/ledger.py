"""The fidelity ledger: which behaviour rests on which evidence.

A module of the lab states next to its code, with `claim`, what it does and how that is known. `docs/fidelity.md` is generated from these
claims (`tools/fidelity.py`), and a test keeps the two equal. One mechanism, no second list.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum


class Evidence(Enum):
    """How a behaviour is known, strongest first."""

    CAPTURED = "captured NSX"
    ACCEPTANCE = "acceptance test"
    """An acceptance test of terraform-provider-nsxt, which its makers run against NSX, was run against the lab and passed: `acceptance.RUNS`
    has it with version and date. The claim's reference is its name."""
    SPEC = "spec"
    CITATION = "citation"
    """What an acceptance test or the code of a client expects of NSX, read and not run."""
    ISSUE = "issue"
    DOC = "doc"
    PROVIDER = "provider-side recording"
    """Shows what a client sends and what it can digest. Never evidence for what an NSX answers."""
    ASSUMPTION = "assumption"


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the ledger. `test` is `<file somewhere below tests/nsx_lab/manager>::<test name>`, or "" while nothing proves it."""

    room: str
    behaviour: str
    evidence: Evidence
    reference: str
    test: str


LEDGER: list[Claim] = []
NOT_MODELLED: list[tuple[str, str]] = []


def claim(behaviour: str, evidence: Evidence, reference: str, test: str = "") -> None:
    """Adds a line to the ledger, for the module that calls."""
    LEDGER.append(Claim(_caller(), behaviour, evidence, reference, test))


def not_modelled(subject: str, what_happens: str) -> None:
    """Adds a line to the list of what the lab does not do."""
    NOT_MODELLED.append((subject, what_happens))


def _caller() -> str:
    return str(sys._getframe(2).f_globals["__name__"]).removeprefix("nsx_lab.")

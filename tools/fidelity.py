"""Writes docs/fidelity.md from the claims in the lab's code (nsx_lab/manager/store/ledger.py) and the stand-in's differences.

python tools/fidelity.py            writes it
python tools/fidelity.py --check    exit 1 if what is committed differs
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nsx_lab.manager
from nsx_lab.manager.store.acceptance import HOW, RUNS
from nsx_lab.manager.store.given import GIVEN
from nsx_lab.manager.store.ledger import LEDGER, NOT_MODELLED, Claim, Evidence

PAGE = Path(__file__).parent.parent / "docs" / "fidelity.md"
DIFFERENCES = Path(nsx_lab.manager.__file__).parents[1] / "provider" / "DIFFERENCES.md"
TESTS = "tests/nsx_lab/manager"


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print(f"{PAGE.name} is {'as the code says' if same else 'stale: run python tools/fidelity.py'}")
        return 0 if same else 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.name}: {len(LEDGER)} behaviours")
    return 0


def load() -> list[Claim]:
    """All claims: every room of the lab is imported."""
    for module in pkgutil.walk_packages(nsx_lab.manager.__path__, "nsx_lab.manager."):
        importlib.import_module(module.name)
    return sorted(LEDGER, key=lambda claim: (claim.room, list(Evidence).index(claim.evidence), claim.behaviour))


def page() -> str:
    return "\n".join(_lines(load())) + "\n"


def _lines(claims: list[Claim]) -> Iterator[str]:
    yield "# How true the lab is"
    yield ""
    yield "Generated from the code by `python tools/fidelity.py`; a test keeps it equal. Nothing here has been compared with a live NSX."
    yield ""
    yield "Each behaviour of the simulated NSX Manager, with the strongest evidence there is for it. *Provider-side recording* shows what a client sends and"
    yield "what it can digest; it is no evidence of what an NSX answers. *Assumption* means that nobody here knows: do not rest a decision on it."
    yield ""
    yield from _counts(claims)
    room = ""
    for claim in claims:
        if claim.room != room:
            room = claim.room
            yield from ("", f"## {room}", "", "| behaviour | evidence | reference | test |", "|---|---|---|---|")
        yield f"| {_cell(claim.behaviour)} | {claim.evidence.value} | {_cell(claim.reference)} | {_test(claim)} |"
    yield from _given()
    yield from _acceptance()
    yield from ("", "## Not modelled", "", "| what | what happens instead |", "|---|---|")
    for subject, happens in sorted(NOT_MODELLED):
        yield f"| {_cell(subject)} | {_cell(happens)} |"
    yield "| every operation of NSX that the lab does not have | 501 that names it, and a journal entry |"
    title, _, body = DIFFERENCES.read_text(encoding="utf-8").strip().partition("\n")
    yield from ("", f"#{title}", body)


def _counts(claims: list[Claim]) -> Iterator[str]:
    counted = Counter(claim.evidence for claim in claims)
    yield "| evidence | behaviours |"
    yield "|---|---|"
    for evidence in Evidence:
        yield f"| {evidence.value} | {counted[evidence]} |"


def _given() -> Iterator[str]:
    yield from ("", "## Values that the manager gives", "")
    yield "What an object holds in a field that nobody wrote; a field without a line here is absent until it is written (`test_given.py`)."
    yield from ("", "| type | field | value | evidence | reference |", "|---|---|---|---|---|")
    for resource_type, lines in sorted(GIVEN.items()):
        for line in lines:
            value = line.computed or f"`{json.dumps(line.value)}`"
            when = "".join(f", if {name} is {wanted}" for name, wanted in line.when.items())
            yield f"| {resource_type} | {line.name} | {value}{when} | {line.evidence.value} | {_cell(line.reference)} |"


def _acceptance() -> Iterator[str]:
    yield from ("", "## Acceptance tests that were run", "")
    yield f"Of {HOW}: run by hand, against the lab alone. A behaviour has the evidence *acceptance test* only where its test is here and passed;"
    yield "what a test or a client's code expects, read and not run, is a *citation*."
    yield from ("", "| test | result |", "|---|---|")
    for name, result in sorted(RUNS.items()):
        yield f"| `{name}` | {_cell(result)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def _test(claim: Claim) -> str:
    return f"`{claim.test}`" if claim.test else "none"


if __name__ == "__main__":
    sys.exit(main())

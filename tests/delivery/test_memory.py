"""What is remembered of a domain is the domain."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.delivery.planning.memory import as_yaml
from egress.domain import DomainFile, WorkloadDomain, load_domains
from egress.domain.fleet import load

REPOSITORY = Path(__file__).resolve().parents[2]
DOMAINS = [*load_domains(REPOSITORY), *load_domains(REPOSITORY / "examples")]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.stack)
def test_a_domain_written_down_and_read_again_is_the_same(tmp_path: Path, domain: WorkloadDomain) -> None:
    file = tmp_path / "domain.yaml"
    file.write_text(as_yaml(domain), encoding="utf-8")
    read = load([DomainFile(file, "domain.yaml", domain.stack)])
    assert read.problems == ()
    assert read.domains == (domain,)

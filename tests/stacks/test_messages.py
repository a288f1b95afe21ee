"""How much a synthesis asks of JavaScript: each message to jsii's kernel costs 0.3 to 1 ms, and a fleet has 1,000 domains."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsii._kernel.providers.process import _NodeProcess

from egress.domain import WorkloadDomain, load_domains
from tier0_egress.stacks import WorkloadDomainStack
from tier0_egress.stacks.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
Sent = Counter[str]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Counts what is sent to jsii's kernel from here on, by the kind of message."""
    counted: Sent = Counter()
    send = _NodeProcess.send

    def count(process: Any, request: Any, *rest: Any) -> Any:
        counted[type(request).__name__] += 1
        return send(process, request, *rest)

    monkeypatch.setattr(_NodeProcess, "send", count)
    return counted


@pytest.fixture
def golden_domain() -> WorkloadDomain:
    (domain,) = load_domains(REPOSITORY, ["wld01"])
    return domain


def test_the_golden_domain_takes_thirty_messages(golden_domain: WorkloadDomain, tmp_path: Path, sent: Sent) -> None:
    app = Settings(tmp_path, tmp_path / "out", (), None).app()
    sent.clear()
    WorkloadDomainStack(app, golden_domain)
    assert sent.total() == 30, dict(sent)


def test_nothing_is_asked_that_python_knows(golden_domain: WorkloadDomain, tmp_path: Path, sent: Sent) -> None:
    """The four things that are read: the paths of the gateway, the route and the two rules, each once."""
    app = Settings(tmp_path, tmp_path / "out", (), None).app()
    sent.clear()
    WorkloadDomainStack(app, golden_domain)
    assert sent["GetRequest"] == 4, dict(sent)
    assert sent["StaticInvokeRequest"] == 0, dict(sent)

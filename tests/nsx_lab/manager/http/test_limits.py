"""The product's limits, when asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest

from nsx_lab import Lab


def test_limits_are_off_unless_asked_for(api: httpx.Client) -> None:
    assert {api.get("/infra/tier-0s").status_code for _ in range(150)} == {200}


def test_requests_above_the_rate_answer_429(lab: Lab, api: httpx.Client) -> None:
    lab.control.clock(hold=True)
    lab.control.limits(rate=100)
    answers = [api.get("/infra/tier-0s") for _ in range(101)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
    assert answers[-1].json()["error_code"] == "102"
    assert answers[-1].json()["error_message"] == "Client 'admin' exceeded request rate of 100 per second"
    lab.control.clock(advance=1.0)
    assert api.get("/infra/tier-0s").status_code == 200


def test_rate_counts_per_client(lab: Lab, api: httpx.Client, client_of: Callable[..., httpx.Client]) -> None:
    lab.add_user("ned", "networks")
    lab.control.clock(hold=True)
    lab.control.limits(rate=1)
    assert [api.get("/infra/tier-0s").status_code for _ in range(2)] == [200, 429]
    assert client_of(lab, auth=("ned", "networks")).get("/infra/tier-0s").status_code == 200


def test_outstanding_requests_above_the_limit_answer_503(
    lab: Lab, api: httpx.Client, client_of: Callable[..., httpx.Client]
) -> None:
    lab.control.limits(outstanding=1)
    lab.control.fault(id="held", path="*/tier-1s", hang=True)
    holding = threading.Thread(target=_give_up, args=(client_of(lab, timeout=120),))
    holding.start()
    while not any(entry["fault"] for entry in lab.control.journal()):
        pass
    assert api.get("/infra/tier-0s").status_code == 503
    lab.control.clear_faults()
    holding.join()
    assert api.get("/infra/tier-0s").status_code == 200


def _give_up(client: httpx.Client) -> None:
    with pytest.raises(httpx.TransportError):
        client.get("/infra/tier-1s")

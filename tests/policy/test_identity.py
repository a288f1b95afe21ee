"""What is the same manager, and the same Tier-0, however a file writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.domain import WorkloadDomain
from egress.policy.identity import GatewayKey, ManagerKey, same_gateway

HOST = "nsx-wld01.example.com"


@pytest.mark.parametrize(
    "written", ["NSX-WLD01.example.com", f"{HOST}:443", "nsx-wld01.EXAMPLE.com:443", f"{HOST}.", f"{HOST}.:443"]
)
def test_letter_case_default_port_and_trailing_dot_make_no_other_manager(written: Any) -> None:
    assert ManagerKey.of(written) == ManagerKey.of(HOST)
    assert str(ManagerKey.of(written)) == HOST


@pytest.mark.parametrize(
    "written",
    [
        f"{HOST}:8443",
        "nsx-wld02.example.com",
        "10.0.0.1",
        f"{HOST}:4430",
        f"{HOST}:",
        f"{HOST}:{'4' * 5000}",
        "",
        ":443",
    ],
)
def test_another_port_or_name_is_another_manager(written: Any) -> None:
    assert ManagerKey.of(written) != ManagerKey.of(HOST)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:DB8:0::1", "[2001:db8::1]:443"), ("10.0.0.1", "10.0.0.1:443"), ("[2001:db8::1]", "2001:db8::1")],
)
def test_addresses_are_compared_as_addresses(one: str, other: str) -> None:
    assert ManagerKey.of(one) == ManagerKey.of(other)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?(\.[a-z]{2,5}){0,2}", fullmatch=True), st.integers(1, 65535))
def test_a_key_is_written_so_that_it_is_read_as_itself(name: str, port: int) -> None:
    key = ManagerKey.of(f"{name}:{port}")
    assert ManagerKey.of(str(key)) == key
    assert ManagerKey.of(str(key).upper()) == key


def test_an_id_and_a_display_name_that_say_the_same_are_one_gateway(domain_of: Callable[..., WorkloadDomain]) -> None:
    by_name = domain_of("wld09", ("id: T0-wld01", "display_name: T0-wld01"), (HOST, HOST.upper()))
    assert same_gateway(domain_of("wld01"), by_name)
    assert GatewayKey.of(by_name).path == "/infra/tier-0s/T0-wld01"


def test_the_letters_of_a_tier0_count(domain_of: Callable[..., WorkloadDomain]) -> None:
    assert not same_gateway(domain_of("wld01"), domain_of("wld09", ("id: T0-wld01", "id: t0-wld01")))


def test_a_vrf_gateway_has_its_parent_on_the_same_manager(domain_of: Callable[..., WorkloadDomain]) -> None:
    vrf = domain_of("vrf", ("id: T0-wld01", "id: T0-vrf\n  vrf_of: T0-wld01"), (HOST, f"{HOST}:443"))
    assert GatewayKey.parent_of(vrf) == GatewayKey.of(domain_of("wld01"))
    assert GatewayKey.parent_of(domain_of("wld01")) is None

"""Credentials belong to a prefix, a prefix to its hosts, and an engine gets those of one manager and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from egress.domain import EgressError, Problem, credentials

LOGIN = {"NSXT_USERNAME": "u", "NSXT_PASSWORD": "p"}


@pytest.mark.parametrize(
    "prefix",
    ["TF", "TF_HTTP", "TF_VAR", "AWS", "PG", "GITHUB", "CI", "ARM", "GOOGLE", "VAULT", "SSH", "EGRESS", "KUBE", "VSPHERE", "HTTP", "TF_"],
)  # fmt: skip
def test_a_prefix_of_something_else_is_refused_with_the_reason(
    golden: str, problems: Callable[[str | bytes], list[Problem]], prefix: str
) -> None:
    (problem,) = problems(golden.replace("nsx:\n", f"nsx:\n  credentials: {prefix}\n"))
    assert f"{prefix}_* belongs to" in problem.what
    assert problem.key == "nsx.credentials"


@pytest.mark.parametrize("prefix", ["NSXT", "NSXT_PROD", "NSX_A", "WLD02", "TFX", "CITY"])
def test_a_prefix_of_ones_own_is_taken(
    golden: str, problems: Callable[[str | bytes], list[Problem]], prefix: str
) -> None:
    assert problems(golden.replace("nsx:\n", f"nsx:\n  credentials: {prefix}\n")) == []


@pytest.mark.parametrize("bound", ["nsx.example.com", "a.example.com, NSX.example.com", "nsx.example.com:443,"])
def test_credentials_go_to_the_hosts_they_are_bound_to(bound: str) -> None:
    credentials.check("wld01", "NSXT", "nsx.example.com", LOGIN | {"NSXT_HOST": bound})


@pytest.mark.parametrize("bound", ["other.example.com", "nsx.example.com:8443", "nsx.example.com.evil.example", ","])
def test_credentials_go_to_no_other_host(bound: str) -> None:
    with pytest.raises(
        EgressError, match=r"wld01: nsx.host is 'nsx.example.com', the credentials NSXT_\* are for .* only"
    ):
        credentials.check("wld01", "NSXT", "nsx.example.com", LOGIN | {"NSXT_HOST": bound})


@pytest.mark.parametrize("bound", [{}, {"NSXT_HOST": ""}, {"NSXT_HOST": " "}, {"NSXT_PROD_HOST": "other"}])
def test_without_a_binding_a_prefix_goes_to_every_host(bound: Any) -> None:
    credentials.check("wld01", "NSXT", "nsx.example.com", LOGIN | bound)


@pytest.mark.parametrize("variable", ["NSXT_CACHE_MODE", "NSXT_PROD_CACHE_MODE"])
def test_a_setting_that_makes_a_plan_write_is_refused_by_name(variable: str) -> None:
    env = {"NSXT_PROD_USERNAME": "u", "NSXT_PROD_PASSWORD": "p", variable: "config_scope"}
    with pytest.raises(EgressError, match=f"{variable}=config_scope is not allowed"):
        credentials.check("wld02", "NSXT_PROD", "nsx.example.com", env)


def test_the_provider_gets_what_it_knows_and_nothing_of_a_prefix_that_begins_alike() -> None:
    env = LOGIN | {
        "NSXT_A_PASSWORD": "other",
        "NSXT_HOST": "a,b",
        "NSXT_MANAGER_HOST": "x",
        "NSXT_CA": "",
        "NSXT_VMC_TOKEN": "t",
    }
    assert credentials.for_provider("NSXT", env) == LOGIN
    assert credentials.for_provider("NSXT_A", env) == {"NSXT_PASSWORD": "other"}


def test_an_engine_sees_no_credentials_of_other_managers() -> None:
    env = LOGIN | {
        "WLD_USERNAME": "u",
        "WLD_HOST": "h",
        "WLD_COLOUR": "red",
        "PG_CONN_STR": "c",
        "NSXT_A_PASSWORD": "x",
    }
    assert credentials.without(["WLD", "NSXT"], env) == {"WLD_COLOUR": "red", "PG_CONN_STR": "c"}

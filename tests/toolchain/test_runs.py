from pathlib import Path

import pytest

from egress.domain import EgressError, load_domains
from egress.domain.credentials import for_provider, refuse_missing
from egress.toolchain.running.cores import cores
from egress.toolchain.stack.runs import Run

REPOSITORY = Path(__file__).resolve().parents[2]


def test_variables_of_a_prefix_become_the_providers_own() -> None:
    env = {"LAB1_USERNAME": "u", "LAB1_PASSWORD": "p", "NSXT_USERNAME": "other", "PATH": "/bin"}
    assert for_provider("LAB1", env) == {"NSXT_USERNAME": "u", "NSXT_PASSWORD": "p"}


@pytest.mark.parametrize(
    "env",
    [
        {"NSXT_USERNAME": "u", "NSXT_PASSWORD": "p"},
        {"NSXT_CLIENT_AUTH_CERT_FILE": "c", "NSXT_CLIENT_AUTH_KEY_FILE": "k"},
    ],
)
def test_a_user_or_a_client_certificate_is_enough(env: dict[str, str]) -> None:
    refuse_missing("NSXT", env)


@pytest.mark.parametrize("env", [{}, {"NSXT_USERNAME": "u"}, {"NSXT_USERNAME": "u", "NSXT_PASSWORD": ""}])
def test_missing_credentials_are_asked_for_by_name(env: dict[str, str]) -> None:
    with pytest.raises(EgressError, match="set NSXT_USERNAME and NSXT_PASSWORD .* never in a file"):
        refuse_missing("NSXT", env)


@pytest.mark.parametrize(
    ("at_once", "threads"), [(1, None), (2, str(max(1, cores() // 2))), (1000, "1")], ids=["alone", "two", "many"]
)
def test_engines_beside_one_another_share_the_cores(
    monkeypatch: pytest.MonkeyPatch, at_once: int, threads: str | None
) -> None:
    monkeypatch.setenv("EGRESS_PROVIDER", "registry")
    monkeypatch.setenv("NSXT_USERNAME", "u")
    monkeypatch.setenv("NSXT_PASSWORD", "p")
    monkeypatch.delenv("GOMAXPROCS", raising=False)
    domains = load_domains(REPOSITORY, ["wld01"])
    run = Run.prepare(REPOSITORY, None, domains, at_once=at_once)
    assert run.environment(domains[0]).get("GOMAXPROCS") == threads
    monkeypatch.setenv("GOMAXPROCS", "7")
    assert run.environment(domains[0])["GOMAXPROCS"] == "7", "what a user says counts"

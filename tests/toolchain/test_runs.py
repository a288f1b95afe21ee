import pytest

from egress.domain import EgressError
from egress.domain.credentials import for_provider, refuse_missing


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

"""The domains of the packet walk's tests."""

from tests.reachability.conftest import domain_of, golden, golden_text, standby

__all__ = ["domain_of", "golden", "golden_text", "standby"]

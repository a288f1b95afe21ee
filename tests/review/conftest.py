"""The golden domain on a manager, and plans over it."""

from tests.reachability.conftest import domain_of, golden, golden_text, standby

__all__ = ["domain_of", "golden", "golden_text", "standby"]

"""How both libraries speak HTTP: few retries, short waits."""

from __future__ import annotations

from typing import Any

TIMEOUT = 20
"""Seconds for one answer."""
LONGEST_WAIT = 60
"""Seconds that a rate limit is waited for before a try; GitHub asks for a minute where it names no time."""
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
"""What is tried again. A post that was done and not answered is found by looking again afterwards (egress/forge/posting.py)."""


def patience() -> dict[str, Any]:
    """Settings of urllib3's Retry, which both libraries stand on: four tries, 0, 1 and 2 s apart, or as the server's Retry-After says."""
    return {
        "total": 3,
        "redirect": 0,
        "backoff_factor": 0.5,
        "retry_after_max": LONGEST_WAIT,
        "allowed_methods": METHODS,
        "raise_on_status": False,
        "raise_on_redirect": False,
    }

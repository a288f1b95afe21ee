"""The provider block: where the manager is, whom to trust, and how long to try. Credentials come from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from constructs import Construct

from egress.domain import LabTarget
from egress.domain.model import Nsx
from egress.escape import terraform
from tier0_egress.cdk import NsxtProvider
from tier0_egress.constructs import RefusedValueError

FROM_STACK_TO_ROOT = "../../.."
"""A stack's folder is <root>/<output>/stacks/<stack>, and the engine runs in there."""


@dataclass(frozen=True)
class Retries:
    """How often and how patiently the provider tries again. It waits a random time between the delays, in milliseconds.

    The provider's own settings (4 times, 0 to 500 ms) give up after about a second. It also retries 400, which no waiting
    cures; here it does not. 500 stays in, as every write is a whole object under a known id, and so can be repeated.
    """

    attempts: int = 10
    min_delay: int = 500
    max_delay: int = 5000
    status_codes: tuple[int, ...] = (409, 429, 500, 503, 504)

    def __post_init__(self) -> None:
        if not 0 <= self.min_delay < self.max_delay:
            # Measured with 3.11.1: panics in rand.Intn(0).
            reason = "the provider crashes at the first retry when they are equal"
            raise RefusedValueError(
                f"retry delays: {self.min_delay} and {self.max_delay} ms, allowed is a smaller first one: {reason}"
            )


def nsx_provider(scope: Construct, nsx: Nsx, lab: LabTarget | None, retries: Retries | None = None) -> NsxtProvider:
    """The provider for `nsx`, or for the lab instead. `retries`: default `Retries()`."""
    tries = retries or Retries()
    ca_file = None if lab or not nsx.ca_file else f"{FROM_STACK_TO_ROOT}/{terraform(nsx.ca_file)}"
    return NsxtProvider(
        scope,
        "nsxt",
        host=lab.host if lab else nsx.host,
        ca=lab.ca if lab else None,
        ca_file=ca_file,
        max_retries=tries.attempts,
        retry_min_delay=tries.min_delay,
        retry_max_delay=tries.max_delay,
        retry_on_status_codes=list(tries.status_codes),
    )

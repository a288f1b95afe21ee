"""A manager that has fallen silent while the engine plans: the provider knows no end of waiting (no timeout for an answer in its HTTP
client: vmware/nsxt, and the SDK below it), and none of its settings is one. So egress asks, too, and ends a plan that cannot end.

Only a plan: it writes nothing. An apply is never cut off from here: what it has written could be in no state.
"""

from __future__ import annotations

import time

from egress.deadline import Deadline
from egress.delivery.planning.looks import look
from egress.domain import EgressError
from egress.toolchain.stack.stacks import Stack

_PATIENCE = 60.0
"""Seconds after which an engine that still plans has its manager asked, and within which that must answer; once more after as long."""
_LASTING = ("s3", "http")
"""Stores in which the lock of an engine that was killed stays."""


class Watch:
    """To be called now and then while a stack is planned. Errors: EgressError once its manager takes connections and answers nothing."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._begun = self._asked = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._asked < _PATIENCE:
            return
        run, domain = self._stack.run, self._stack.domain
        seen = look(domain, run.root, run.lab, Deadline(_PATIENCE))
        self._asked = time.monotonic()
        if seen.silent:
            raise EgressError(self._sentence(seen.failed))

    def _sentence(self, failed: str) -> str:
        stack, engine = self._stack, self._stack.run.engine.product
        lock = f"; if {engine} had to be killed, its lock on the state is left: egress unlock {stack.name}"
        return (
            f"{stack.name}: {failed}, and {engine} waits for it without end: the plan, which changes nothing, was given up after "
            f"{self._asked - self._begun:.0f} s: look at the manager{lock if stack.backend in _LASTING else ''}"
        )

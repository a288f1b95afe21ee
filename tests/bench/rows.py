"""What a bench says: rows of figures, each with its aim and with what it was measured beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    domains: int = 1_000
    stacks: int = 20
    flows: int = 20_000
    rules: int = 10_000
    tier0s: int = 1_000
    requests: int = 2_000
    grown: tuple[int, ...] = (10, 100, 1_000, 10_000)
    runs: int = 5


SMALL = Sizes(
    domains=6, stacks=2, flows=200, rules=40, tier0s=4, requests=48, grown=(2, 4), runs=1
)  # fmt: skip
"""Enough to see that every bench still runs; its figures say nothing."""


@dataclass(frozen=True)
class Row:
    """One figure. `aim`: at most that much, at least where `more` is better; None where there is none. `beside`: what it was compared with."""

    what: str
    value: float
    unit: str
    aim: float | None = None
    more: bool = False
    beside: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached; None without an aim."""
        if self.aim is None:
            return None
        return self.value >= self.aim if self.more else self.value <= self.aim

    def as_data(self) -> dict[str, Any]:
        return asdict(self) | {"reached": self.reached}

    def cells(self) -> tuple[str, str, str, str]:
        """What, figure, aim, beside, as people read them."""
        sign = "at least" if self.more else "at most"
        aim = "" if self.aim is None else f"{sign} {said(self.aim)}{'' if self.reached else ': missed'}"
        beside = ", ".join(f"{name} {said(value)}" for name, value in self.beside.items())
        return self.what, f"{said(self.value)} {self.unit}".rstrip(), aim, beside


def said(value: float | str) -> str:
    """A figure with as many digits as it deserves."""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

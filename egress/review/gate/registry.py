"""All rules of the gate, in the order of their themes. Importing a theme registers its rules."""

from __future__ import annotations

from egress.domain import EgressError
from egress.domain.fields import nearest, quoted
from egress.review.gate import objects, packets, runs
from egress.review.gate.rule import REGISTRY, Rule

_THEMES = [module.__name__.rsplit(".", 1)[1] for module in (objects, packets, runs)]
RULES: tuple[Rule, ...] = tuple(sorted(REGISTRY.values(), key=lambda rule: _THEMES.index(rule.theme)))
BY_ID = {rule.id: rule for rule in RULES}


def find(rule_id: str) -> Rule:
    """The rule of an id. Errors: EgressError, with a near match, for an id that no rule has."""
    if rule_id in BY_ID:
        return BY_ID[rule_id]
    near = nearest(rule_id, BY_ID)
    meant = f", did you mean {near}?" if near else ": egress gate --rules lists them"
    raise EgressError(f"no rule of the gate is called {quoted(rule_id)}{meant}")

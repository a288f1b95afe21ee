"""All rules, in the order of their themes. Importing a theme registers its rules."""

from __future__ import annotations

from egress.checks import (
    across_gateways,
    coverage,
    failover,
    gateway,
    ha_mode,
    next_hops,
    on_the_manager,
    one_gateway,
    pool,
    proxy_arp,
    ranges,
    return_routes,
    rule_order,
    suppressions,
    translations,
)
from egress.checks.rule import REGISTRY, Rule

THEMES = (
    next_hops,
    failover,
    gateway,
    ha_mode,
    ranges,
    coverage,
    translations,
    pool,
    proxy_arp,
    return_routes,
    rule_order,
    one_gateway,
    across_gateways,
    on_the_manager,
    suppressions,
)
_NAMES = [theme.__name__.rsplit(".", 1)[1].replace("_", " ") for theme in THEMES]

RULES: tuple[Rule, ...] = tuple(sorted(REGISTRY.values(), key=lambda rule: _NAMES.index(rule.theme)))
"""Every rule, by theme, within a theme in the order of its file."""

"""Rules about suppressions themselves. They cannot be suppressed."""

from __future__ import annotations

from egress.checks.rule import REGISTRY, Broken, Outcomes, Severity, rule
from egress.domain import WorkloadDomain
from egress.domain.fields import nearest

UNUSED = "suppression-unused"


@rule(
    "suppression-of-unknown-rule",
    Severity.ERROR,
    "a suppression names a rule that exists",
    explanation="A misspelt suppression suppresses nothing and looks as if it did.",
    source="house rule",
)
def unknown(domain: WorkloadDomain) -> Outcomes:
    for index, suppression in enumerate(domain.suppress):
        if suppression.rule not in REGISTRY:
            near = nearest(suppression.rule, REGISTRY)
            meant = f", did you mean {near}?" if near else ""
            yield Broken(
                ("suppress", index, "rule"),
                f"no rule is called {suppression.rule!r}{meant}",
                "take a rule id from docs/rules.md",
            )


@rule(
    UNUSED,
    Severity.NOTE,
    "a suppression suppresses something",
    explanation="A suppression that has outlived its finding hides the next one. This rule is judged last, by the report.",
    source="house rule",
)
def unused(domain: WorkloadDomain) -> Outcomes:
    """Judged in egress.checks.report, which knows what every other rule said."""
    yield from ()

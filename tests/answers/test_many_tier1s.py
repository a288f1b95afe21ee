"""A domain of many Tier-1s: what is missing is found for each, and the work does not grow with its square."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.remedy import Missing
from egress.domain import WorkloadDomain
from egress.reachability.topology import Node
from egress.reachability.view import view


def of(number: int, text: str, domain_of: Callable[[str], WorkloadDomain]) -> WorkloadDomain:
    more = "".join(
        f"  ns-{one}: {{networks: [10.99.{one}.0/24], egress: 30.0.0.{one + 50}}}\n" for one in range(number)
    )
    return domain_of(text.replace("ingress:", f"{more}ingress:"))


def test_each_of_many_lacks_its_own_rule(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> None:
    found = answers(view(of(40, golden_text, domain_of)), Ask(to="registry"))
    lacking = [answer.finding.remedies for answer in found if not answer.works]
    assert [[one.missing for one in remedies] for remedies in lacking] == [[Missing.NAT_RULE]] * 40
    assert len({remedies[0].name for remedies in lacking}) == 40


def made(number: int, text: str, domain_of: Callable[[str], WorkloadDomain]) -> int:
    """Nodes that are made to answer the questions of a domain with so many Tier-1s that lack a rule."""
    count = 0
    init = Node.__init__

    def counted(self: Node, *args: object, **named: object) -> None:
        nonlocal count
        count += 1
        init(self, *args, **named)  # type: ignore[arg-type]

    domain = of(number, text, domain_of)
    with patch.object(Node, "__init__", counted):
        answers(view(domain), Ask(to="registry"))
    return count


def test_the_work_grows_with_what_is_asked(golden_text: str, domain_of: Callable[[str], WorkloadDomain]) -> None:
    few, many = (made(number, golden_text, domain_of) for number in (20, 80))
    assert many < 5 * few

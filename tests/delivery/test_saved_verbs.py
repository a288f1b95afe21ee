"""A saved plan does what it is for and nothing else, whatever its folder says."""

from __future__ import annotations

import pytest

from egress.delivery.content.plan_content import PlanContent
from egress.delivery.planning.plans import Verb
from egress.delivery.planning.saved import refuse_another_verb
from egress.domain import EgressError

RULE = "nsxt_policy_nat_rule.Egress_tkg"


def content(*actions: str, declared: bool) -> PlanContent:
    change = {"address": RULE, "mode": "managed", "type": "nsxt_policy_nat_rule", "change": {"actions": list(actions)}}
    resources = [{"address": RULE}] if declared else []
    return PlanContent({"resource_changes": [change], "configuration": {"root_module": {"resources": resources}}})


@pytest.mark.parametrize(
    "verb, actions, declared",
    [(Verb.APPLY, ("delete",), True), (Verb.DESTROY, ("create",), False), (Verb.DESTROY, ("delete", "create"), False)],
)
def test_a_plan_of_the_other_verb_is_refused(verb: Verb, actions: tuple[str, ...], declared: bool) -> None:
    with pytest.raises(EgressError, match=f"this is no plan to {verb}, look at what it does to {RULE}"):
        refuse_another_verb("wld01", verb, content(*actions, declared=declared))


@pytest.mark.parametrize(
    "verb, actions, declared",
    [
        (Verb.APPLY, ("delete",), False),  # an entry that went from the domain file
        (Verb.APPLY, ("delete", "create"), True),
        (Verb.APPLY, ("update",), True),
        (Verb.DESTROY, ("delete",), False),
        (Verb.DESTROY, ("no-op",), False),
    ],
)
def test_a_plan_of_its_own_verb_is_not(verb: Verb, actions: tuple[str, ...], declared: bool) -> None:
    refuse_another_verb("wld01", verb, content(*actions, declared=declared))

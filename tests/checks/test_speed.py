"""What the rules do for speed changes nothing that can be seen."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections.abc import Callable

from egress.checks import look
from egress.domain import WorkloadDomain
from egress.policy.owned import owned


def test_what_is_derived_from_a_domain_is_made_once_and_not_taken_over_by_a_changed_copy(
    domain: Callable[..., WorkloadDomain],
) -> None:
    first = domain("one")
    assert look.mappings(first) is look.mappings(first)
    assert owned(first) is owned(first)
    egress = first.egress.model_copy(update={"tkg": None})
    copied = first.model_copy(update={"egress": egress})
    assert [mapping.rule.key for mapping in look.mappings(copied)] == ["supervisor"]
    assert [mapping.rule.key for mapping in look.mappings(first)] == ["supervisor", "tkg"]


def test_domains_are_equal_whatever_was_derived_from_them(domain: Callable[..., WorkloadDomain]) -> None:
    first, second = domain("one"), domain("one")
    look.mappings(first)
    assert first == second


def test_a_domain_and_what_was_derived_from_it_go_together(domain: Callable[..., WorkloadDomain]) -> None:
    first = domain("one")
    derived = weakref.ref(owned(first))
    del first
    gc.collect()
    assert derived() is None


def test_a_domain_goes_to_another_process_without_what_was_derived_from_it(
    domain: Callable[..., WorkloadDomain],
) -> None:
    first = domain("one")
    small = len(pickle.dumps(first))
    assert look.mappings(first)
    sent = pickle.dumps(first)
    assert len(sent) == small
    there = pickle.loads(sent)  # noqa: S301 - made here
    assert there == first
    assert look.mappings(there) == look.mappings(first)
    assert there.place("egress", "tkg") == first.place("egress", "tkg")

"""The reliability matrix as a table: what happens to a manager, an engine or a person, and how a site gets over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.reliability import plays
from tests.reliability.plays import RULES, URL, overcome
from tests.reliability.trial import Trial

BY_ITSELF = "by itself: the provider tries again"
AGAIN = "`egress apply` again"
TAKE_BACK = "the rule is on the manager and not in the state: `egress apply --import-existing` takes it into the state"


@dataclass(frozen=True)
class Scenario:
    """One row. `where`: the fixture that makes the site."""

    name: str
    happens: str
    recovered: str
    play: Callable[[Trial], None]
    where: str = "site"


SCENARIOS = (
    Scenario(
        "503 three times",
        "a write is answered 503 three times",
        BY_ITSELF,
        overcome(method="PATCH", path=URL, status=503, times=3),
    ),
    Scenario(
        "503 six times",
        "a write is answered 503 six times; the provider's own setting would have given up after four",
        BY_ITSELF,
        overcome(method="PATCH", path=URL, status=503, times=6),
    ),
    Scenario(
        "429 burst",
        "the next six writes of rules are answered 429",
        BY_ITSELF,
        overcome(method="PATCH", path=RULES, status=429, times=6),
    ),
    Scenario(
        "reset before the write",
        "the connection is reset, and the manager has not seen the write",
        BY_ITSELF,
        overcome(method="PATCH", path=URL, reset=True),
    ),
    Scenario(
        "reset after the write",
        "the manager has done the write, and the connection is reset before its answer",
        "by itself: the provider sends the same object again",
        overcome(method="PATCH", path=URL, reset=True, when="after"),
    ),
    Scenario(
        "manager fails over",
        "a write hangs, then the cluster's address moves: connections are cut, and refused for three seconds",
        BY_ITSELF,
        plays.failover,
    ),
    Scenario(
        "hang, then cut",
        "a write is never answered; neither the provider nor the engine has a time limit for that. At last the connection is cut",
        BY_ITSELF,
        plays.hang_until_cut,
    ),
    Scenario(
        "hang, then Ctrl-C twice",
        "the manager has done a write and never answers; Ctrl-C, which waits for the request, and Ctrl-C again, which does not",
        TAKE_BACK,
        plays.hang_until_interrupted,
    ),
    Scenario(
        "wrong CA",
        "`nsx.ca_file` is not the CA of the manager's certificate; nothing is sent, not even credentials",
        "correct `nsx.ca_file`",
        plays.wrong_ca,
        where="manager_site",
    ),
    Scenario(
        "expired session",
        "the provider's session ends in the middle of an apply: 403, which it does not try again",
        AGAIN,
        plays.expired_session,
    ),
    Scenario(
        "realization ERROR",
        "NSX accepts a rule and realizes it as ERROR: the apply fails, the rule is in the state",
        f"remove the cause in NSX, {AGAIN}; or correct the domain file",
        plays.realization_error,
    ),
    Scenario(
        "realization stuck",
        "a rule stays UNREALIZED longer than `realization.timeout` (here 5 seconds): the apply fails",
        f"{AGAIN} once NSX has realized it",
        plays.realization_stuck,
    ),
    Scenario(
        "realization late",
        "rules are UNREALIZED for two looks, then REALIZED",
        "by itself: the apply waits",
        plays.realization_late,
    ),
    Scenario(
        "edited behind the back",
        "somebody changes a rule in NSX Manager",
        "`egress drift` shows both values, `egress apply` brings ours back",
        plays.edited,
    ),
    Scenario(
        "deleted behind the back",
        "somebody deletes a rule in NSX Manager",
        "`egress drift` shows it, `egress apply` creates it again",
        plays.deleted,
    ),
    Scenario(
        "failed update",
        "NSX refuses an update with 400; the state then holds the new value, the manager the old one",
        f"{AGAIN}: plans always refresh, so they see the difference",
        plays.failed_update,
    ),
    Scenario(
        "engine killed between two creates",
        "`kill -9` of the engine after the route, before the rules",
        f"{AGAIN}: the route is in the state, and is not written twice",
        plays.killed_between_creates,
    ),
    Scenario(
        "engine killed before the answer",
        "`kill -9` of the engine after the manager has done the write of a rule, before its answer",
        TAKE_BACK,
        plays.killed_before_the_answer,
    ),
    Scenario(
        "two applies at once",
        "a second apply is started while the first one writes",
        "the second one is refused by the stack's lock, which names the first, and sends no write; the first one ends well",
        plays.two_applies,
    ),
    Scenario(
        "lab restarted in the middle",
        "the lab (`--data-dir`) ends while rules are being written; the apply fails when its tries are used up",
        f"start the lab again, {AGAIN}: nothing accepted was lost",
        plays.lab_restart,
        where="durable_site",
    ),
)

"""Faults on purpose: which requests meet which trouble. Decides; the application carries out."""

from __future__ import annotations

import fnmatch
import json
import random
from dataclasses import asdict, dataclass, field
from typing import Any

from nsx_lab.manager.http.wire import JSON, Answer
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.shape import BOOLEAN, Shape, integer, number, one_of, text

FORMAT, VERSION = "nsx-lab-faults", 1
MAX_SECONDS = 3600.0

_HEADER = "text of visible ASCII characters and blanks"
SEED = integer(-(2**63), 2**63)
HEADER_VALUE = text(pattern=r"\A(?:[!-~](?:[ -~]*[!-~])?)?\Z", title=_HEADER)
SHAPE = Shape(
    {
        "id": text(minLength=1, maxLength=100),
        "method": one_of(["*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        "path": text(minLength=1),
        "after": integer(0),
        "times": integer(0),
        "probability": number(0, 1),
        "delay": number(0, MAX_SECONDS),
        "status": integer(200, 599),
        "body": {},
        "content_type": HEADER_VALUE,
        "headers": {
            "type": "object",
            "propertyNames": {
                "type": "string",
                "pattern": r"\A(?!(?i:content-length|content-type|transfer-encoding)\Z)[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z",
                "title": "the name of a header, and none by which the lab says how long a body is and of what type",
            },
            "additionalProperties": HEADER_VALUE,
        },
        "hang": BOOLEAN,
        "reset": BOOLEAN,
        "truncate": BOOLEAN,
        "expire": BOOLEAN,
        "realize": text(),
        "when": one_of(["before", "after"]),
    }
)
"""One fault as a client or a file gives it."""

FILE_SHAPE = Shape(
    {
        "format": one_of([FORMAT]),
        "version": one_of([VERSION]),
        "faults": {"type": "array"},
        "seed": SEED,
    },
    required=["format", "version", "faults"],
)

claim(
    "faults by method, path, count and probability: status, delay, hang, reset before or after the write, truncated JSON, expired session, "
    "realization ERROR; each one that fires is in the journal",
    Evidence.ASSUMPTION,
    "a tool of the lab; the statuses a real manager was seen to answer: terraform-provider-nsxt #189, #404, #754, #761",
    "test_faults.py::test_journal_proves_that_a_fault_fired",
)


@dataclass(slots=True)
class Fault:
    """One kind of trouble.

    Which requests: `method` ("*" or one), `path` (shell pattern of the URL's path), the matches after the first `after`, `times` of them
    (0: all), each with `probability`. What happens: `delay` seconds (real time) first; then one of `status` (with `body`, text or object,
    `content_type`, `headers`), `hang`, `reset`, `truncate`, `expire` (all sessions end), `realize` (the write is accepted and ends as ERROR
    with that text). `when` is "before" or "after" the request has its effect, for status, hang and reset.
    """

    id: str = ""
    method: str = "*"
    path: str = "*"
    after: int = 0
    times: int = 1
    probability: float = 1.0
    delay: float = 0.0
    status: int = 0
    body: Any = None
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    reset: bool = False
    truncate: bool = False
    expire: bool = False
    realize: str = ""
    when: str = "before"
    matched: int = 0
    fired: int = 0

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and fnmatch.fnmatchcase(path, self.path)

    def describe(self) -> str:
        """For the journal: id and what it did."""
        did = [name for name in ("hang", "reset", "truncate", "expire", "realize") if getattr(self, name)]
        if self.status:
            did.insert(0, str(self.status))
        if self.delay:
            did.insert(0, f"delay {self.delay:g} s")
        where = f" {self.when}" if self.status or self.hang or self.reset else ""
        return f"{self.id}: {', '.join(did)}{where}"

    def answer(self) -> Answer:
        """The answer of a `status` fault. Without a body of its own it has one of the manager's kind."""
        body = self.body
        if body is None:
            body = errors.NsxError(
                self.status, self.status, "common-services", f"fault {self.id}: {errors.status_word(self.status)}"
            ).body
        return Answer(self.status, body, list(self.headers.items()), self.content_type)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class FaultEngine:
    """Faults in order; the first that fires decides. `seed` makes probabilities repeatable."""

    def __init__(self, seed: int = 0) -> None:
        self._faults: list[Fault] = []
        self._chance = random.Random(seed)  # noqa: S311
        self._made = 0

    def set(self, documents: list[Any], seed: int | None = None) -> list[Fault]:
        """Replaces all faults by those of the documents."""
        faults = []
        for index, document in enumerate(documents):
            try:
                faults.append(self._read(document))
            except ValueError as error:
                raise ValueError(f"faults[{index}]: {error}") from error
        if seed is not None:
            self._chance = random.Random(seed)  # noqa: S311
        self._faults = faults
        return faults

    def add(self, document: Any) -> Fault:
        fault = self._read(document)
        self._faults.append(fault)
        return fault

    def all(self) -> list[Fault]:
        return list(self._faults)

    def decide(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets."""
        for fault in self._faults:
            if not fault.fits(method, path):
                continue
            fault.matched += 1
            if fault.matched <= fault.after or (fault.times and fault.fired >= fault.times):
                continue
            if fault.probability < 1 and self._chance.random() >= fault.probability:
                continue
            fault.fired += 1
            return fault
        return None

    def _read(self, document: Any) -> Fault:
        SHAPE.check(document)
        _demand_json(document.get("body"))
        self._made += 1
        fault = Fault(**{"id": f"fault-{self._made}", **document})
        if not (
            fault.status or fault.delay or fault.hang or fault.reset or fault.truncate or fault.expire or fault.realize
        ):
            raise ValueError(
                f"fault {fault.id} does nothing: give status, delay, hang, reset, truncate, expire or realize"
            )
        return fault


def _demand_json(body: Any) -> None:
    """A file in YAML may hold what JSON has not: dates, infinite numbers."""
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"body: text, or what JSON can say, is expected: {str(error).lower()}") from error


def documents_of(document: Any, source: str) -> tuple[list[Any], int | None]:
    """Faults and seed of a fault file's contents."""
    try:
        FILE_SHAPE.check(document)
    except ValueError as error:
        raise ValueError(f"{source}: not a fault file: {error}") from error
    return document["faults"], document.get("seed")

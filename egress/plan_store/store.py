"""The store: put, get, delete, expire, over any place."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError, PlanAgainError
from egress.domain.fields import quoted
from egress.plan_store.key import Key
from egress.plan_store.parcel import pack, unpack
from egress.plan_store.places import MOST_KEPT, Bucket, Folder, Keeping
from egress.plan_store.seal import VARIABLE, PlanKey, seal, unseal

DAYS = "EGRESS_PLAN_DAYS"
_DEFAULT_DAYS, _MOST_DAYS = 7, 90
_DAY = 86_400
_SKEW = 300
"""Seconds that two machines' clocks may differ."""
_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9!_.*'()/-]*))?")


@dataclass(frozen=True)
class PlanStore:
    """Plans by key, for some days. key: seals them; None where the place is private enough without."""

    place: Keeping
    key: PlanKey | None
    days: int = _DEFAULT_DAYS

    def put(self, key: Key, folder: Path) -> None:
        """Keeps the saved plan in a folder, in place of an older one of this key. Errors: EgressError."""
        kept = seal(pack(folder), key.name, int(time.time()), self.key)
        if len(kept) > MOST_KEPT:
            raise EgressError(f"{key.stack}: its plan is larger than the {MOST_KEPT // 2**20} MiB that a store keeps")
        self.place.write(key.name, kept)

    def get(self, key: Key, folder: Path) -> None:
        """Lays the plan of a key into a new folder.

        Errors: PlanAgainError where there is none, or it is too old; EgressError where it cannot be read, or is not what was put.
        """
        kept = self.place.read(key.name)
        what = f"{key.stack}: no plan to {key.verb} what is synthesised now is kept in {self.place.shown}"
        if kept is None:
            raise PlanAgainError(f"{what}: plan again, and have that looked at ({key.name})")
        found = unseal(kept, key.name, self.key)
        age = time.time() - found.kept
        if age > self.days * _DAY:
            raise PlanAgainError(
                f"{what} that is younger than {self.days} days ({DAYS}): plan again, and have that looked at"
            )
        if age < -_SKEW:
            raise PlanAgainError(f"{what} by this clock, its plan is of the future: set the clocks, and plan again")
        unpack(found.parcel, folder)

    def delete(self, key: Key) -> None:
        """Takes a plan away that nobody needs any more. Errors: EgressError."""
        self.place.remove(key.name)

    def expire(self) -> int:
        """Takes away what is too old by the place's own dates; how many. Errors: EgressError."""
        names = list(self.place.older_than(time.time() - self.days * _DAY))
        for name in names:
            self.place.remove(name)
        return len(names)


def open_store(url: str, env: Mapping[str, str]) -> PlanStore:
    """The store at a folder's path or s3://BUCKET/PREFIX. Errors: EgressError, also for S3 without a key: others read there."""
    days = _days(env.get(DAYS, ""))
    key = PlanKey.parse(env[VARIABLE]) if env.get(VARIABLE) else None
    s3 = _S3.fullmatch(url)
    if s3 is None:
        if "://" in url or not url:
            raise EgressError(f"{quoted(url)} is no store of plans, allowed are a folder and s3://BUCKET/PREFIX")
        return PlanStore(Folder(Path(url).absolute()), key, days)
    if key is None:
        raise EgressError(
            f"{url}: plans in S3 are sealed, and {VARIABLE} is not set: openssl rand -base64 32 makes a key"
        )
    own = bool(env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL"))
    return PlanStore(Bucket.connect(s3["bucket"], s3["prefix"] or "", own), key, days)


def _days(text: str) -> int:
    if not text:
        return _DEFAULT_DAYS
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= _MOST_DAYS:
        raise EgressError(f"{DAYS} is {quoted(text)}, allowed are 1 to {_MOST_DAYS} days")
    return int(text)

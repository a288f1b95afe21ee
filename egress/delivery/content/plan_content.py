"""What a plan says, as values: read once from the engine's `show -json`.

Format: "JSON Output Format" of Terraform, format version 1.x; OpenTofu writes the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from egress.domain import EgressError
from egress.toolchain.running.own_files import JsonObject, json_object

UNKNOWN = "(known after apply)"
SENSITIVE = "(sensitive)"
_MAKE_AGAIN = "make the plan again"


@dataclass(frozen=True)
class Change:
    """What becomes of one managed object. `before` is None for one that is created, `after` for one that goes.

    formerly: the address that the state has it under, where that is another; else empty.
    """

    address: str
    type: str
    actions: tuple[str, ...]
    before: JsonObject | None
    after: JsonObject | None
    importing: bool
    formerly: str = ""

    @property
    def loses(self) -> bool:
        """Whether the object as it is now goes: deleted, or replaced by another."""
        return "delete" in self.actions

    @property
    def creates(self) -> bool:
        """Whether an object is made: a new one, or one in place of another."""
        return "create" in self.actions

    @property
    def nsx_id(self) -> str:
        """The id that the object has after the plan, or had before it."""
        return str((self.after or self.before or {}).get("nsx_id") or "")

    @property
    def path(self) -> str:
        """The Policy path that the object had before the plan; empty where it is new."""
        return str((self.before or {}).get("path") or "")

    @property
    def matters(self) -> bool:
        """Whether anything is done to the manager or the state."""
        return self.actions != ("no-op",) or self.importing or bool(self.formerly)

    @property
    def values(self) -> dict[str, tuple[Any, Any]]:
        """Attributes that differ, in their order, with the values before and after."""
        before, after = self.before or {}, self.after or {}
        names = [*before, *(name for name in after if name not in before)]
        return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


@dataclass(frozen=True)
class PlanContent:
    """A plan. `raw`: the engine's JSON."""

    raw: JsonObject

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every managed object of the plan, those that stay as they are included."""
        return tuple(_change(one) for one in self.raw.get("resource_changes") or () if one["mode"] == "managed")

    @cached_property
    def drifted(self) -> tuple[Change, ...]:
        """What the engine found otherwise than in its state: `before` is the state, `after` the manager."""
        return tuple(_change(one) for one in self.raw.get("resource_drift") or () if one["mode"] == "managed")

    @cached_property
    def before(self) -> Mapping[str, JsonObject]:
        """The tracked objects as the plan found them on the manager: attributes by address."""
        values = self.raw.get("prior_state", {}).get("values") or {}
        root = values.get("root_module") or {}
        return {one["address"]: one["values"] for one in root.get("resources") or () if one["mode"] == "managed"}

    @property
    def engine_version(self) -> str:
        """Version of the engine that made the plan."""
        return str(self.raw.get("terraform_version", ""))

    @property
    def configuration(self) -> JsonObject:
        """The configuration that the plan was made from, as the engine understood it."""
        return self.raw.get("configuration") or {}

    @cached_property
    def declared(self) -> frozenset[str]:
        """Addresses of what the configuration declares."""
        root = self.configuration.get("root_module") or {}
        return frozenset(str(one.get("address")) for one in root.get("resources") or ())

    @property
    def host(self) -> str:
        """The manager's host in the plan's provider settings; empty where it is not a plain value."""
        settings = self.configuration.get("provider_config", {}).get("nsxt", {}).get("expressions", {})
        return str(settings.get("host", {}).get("constant_value") or "")

    @property
    def does_something(self) -> bool:
        """Whether applying the plan changes anything: an object, the state, or an output."""
        outputs = self.raw.get("output_changes") or {}
        moved = any(one.get("actions") != ["no-op"] for one in outputs.values())
        return moved or any(change.matters for change in self.changes)

    def counts(self) -> dict[str, int]:
        """Objects to add, change, destroy and import."""
        actions = [action for change in self.changes for action in change.actions]
        return {
            "add": actions.count("create"),
            "change": actions.count("update"),
            "destroy": actions.count("delete"),
            "import": sum(change.importing for change in self.changes),
        }

    def as_data(self) -> dict[str, Any]:
        """What a plan does, for programs: counts, and for each address that changes the actions and the values on both sides."""
        return self.counts() | {
            "resources": [
                {
                    "address": change.address,
                    "actions": list(change.actions),
                    "values": {name: {"before": b, "after": a} for name, (b, a) in change.values.items()},
                }
                for change in self.changes
                if change.matters
            ]
        }


def parse(text: str | bytes, what: str) -> PlanContent:
    """A plan from the engine's JSON. `what` it is, for messages. Errors: EgressError for anything that is no whole plan."""
    data = json_object(text, what, _MAKE_AGAIN)
    if str(data.get("format_version", "")).split(".", 1)[0] != "1":
        raise EgressError(f"{what} has format version {data.get('format_version')!r}, allowed is 1.x: {_MAKE_AGAIN}")
    content = PlanContent(data)
    try:
        _ = content.changes, content.drifted, content.before, content.host, content.declared, content.does_something
    except (KeyError, TypeError, AttributeError, ValueError):
        raise EgressError(f"{what} is no plan: {_MAKE_AGAIN}") from None
    return content


def _change(entry: Any) -> Change:
    change = entry["change"]
    hidden = change.get("after_sensitive")
    after = _shown(change.get("after"), change.get("after_unknown"), hidden)
    return Change(
        address=str(entry["address"]),
        type=str(entry["type"]),
        actions=tuple(change["actions"]),
        before=_shown(change.get("before"), None, change.get("before_sensitive")),
        after=after,
        importing=bool(change.get("importing")),
        formerly=str(entry.get("previous_address") or ""),
    )


def _shown(values: Any, unknown: Any, sensitive: Any) -> JsonObject | None:
    """The attributes of an object, with a word in place of what is not known yet or is not to be seen."""
    if values is None:
        return None
    shown: JsonObject = dict(values)
    for marks, word in ((unknown, UNKNOWN), (sensitive, SENSITIVE)):
        shown |= (
            {name: word for name, marked in (marks or {}).items() if _anywhere(marked)} if marks is not True else {}
        )
    return shown


def _anywhere(marked: Any) -> bool:
    """Whether a mark is set on a value, or on anything inside it."""
    if isinstance(marked, dict):
        return any(_anywhere(one) for one in marked.values())
    if isinstance(marked, list):
        return any(_anywhere(one) for one in marked)
    return bool(marked)

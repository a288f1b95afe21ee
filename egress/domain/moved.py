"""Keys that have moved: what was written, in its new spelling. A table on the model class says so, and the reader tells it.

moved: ClassVar[MovedKeys] = {"range": Moved("ranges", lambda value, beside: f"ranges: [{flow(value)}]")}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import yaml

from egress import escape

_SHOWN = 1000


class Moved(NamedTuple):
    """Where a key has gone. `to`: the key that is written now. `write`: its text, from the old value and from what stands beside it
    in the file. `form`: the same without values, for a value that fits nothing."""

    to: str
    form: str
    write: Callable[[Any, Mapping[str, Any]], str]

    def told(self, name: str, value: Any, beside: Any) -> str:
        """The sentence about an old key that somebody wrote."""
        try:
            text = self.write(value, beside if isinstance(beside, dict) else {})
        except (TypeError, ValueError, KeyError, AttributeError):
            text = self.form
        text = escape.line(text)
        if len(text) > _SHOWN:
            text = f"{text[:_SHOWN]}... ({len(text)} characters)"
        return f"key {name!r} has moved, write {text}"


MovedKeys: TypeAlias = Mapping[str, Moved]
NOTHING_MOVED: MovedKeys = MappingProxyType({})


class _OneLine(yaml.SafeDumper):
    """Writes text of several lines with escapes, and nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def check_simple_key(self) -> bool:
        """Whether a key needs no question mark: an empty or a long one needs none either."""
        return super().check_simple_key() or isinstance(self.event, yaml.ScalarEvent)


def _one_line(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_OneLine.add_representer(str, _one_line)


def flow(value: Any) -> str:
    """A plain value as YAML on one line, whatever it holds: `{domain-c8: [10.244.0.96/28]}`."""
    text = yaml.dump(
        value, Dumper=_OneLine, default_flow_style=True, allow_unicode=True, sort_keys=False, width=1 << 30
    )
    return text.removesuffix("\n").removesuffix("\n...")

"""Domain files as people lay them out: drawn at random, with what they say beside them."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

KEYS = ["egress", "more", "a", "b-c", "tags", "default_route", "next_hops", "ünï", "s🙂", "a key", "30.0.0.5", "-x"]
SCALARS: list[tuple[str, Any]] = [
    ("30.0.0.5", "30.0.0.5"),
    ("'30.0.0.5'", "30.0.0.5"),
    ('"a # b: {c}"', "a # b: {c}"),
    ("10", 10),
    ("true", True),
    ("null", None),
    ("~", None),
    ("", None),
    ("no", "no"),
    ("{}", {}),
    ("[]", []),
    ("{ }", {}),
]


@dataclass(frozen=True)
class Laid:
    """A text, what it says, and the comments in it."""

    text: str
    says: dict[str, Any]
    comments: tuple[str, ...]


@dataclass
class _Writer:
    """Writes values in any layout."""

    draw: st.DrawFn
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    comments: list[str] = field(default_factory=list)
    count: int = 0

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def comment(self) -> str:
        self.comments.append(f"# c{next(self.numbers)}: {{🙂}}")
        return self.comments[-1]

    def key(self, name: str) -> str:
        plain = not name.startswith("-") or name == "-x"
        return self.draw(st.sampled_from([name, f"'{name}'", f'"{name}"'] if plain else [f"'{name}'"]))

    def aside(self) -> str:
        return (
            f"{self.draw(st.sampled_from([' ', '   ']))}{self.comment()}" if self.draw(st.integers(0, 3)) == 0 else ""
        )

    def between(self, lead: str) -> list[str]:
        return self.draw(st.sampled_from([[], [], [], [""], [f"{lead}{self.comment()}"], [self.comment()]]))

    def mapping(self, lead: str, depth: int) -> tuple[list[str], dict[str, Any]]:
        """Lines of a block mapping that has entries."""
        lines: list[str] = []
        says: dict[str, Any] = {}
        for name in self.draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1, max_size=4)):
            lines += self.between(lead)
            head = f"{lead}{self.key(name)}{self.draw(st.sampled_from([':', ':', ' :']))}"
            below, said = self.value(head, lead, depth)
            lines += below
            says[name] = said
        return lines, says

    def value(self, head: str, lead: str, depth: int) -> tuple[list[str], Any]:
        """Lines of an entry that begins with `head`."""
        kind = self.draw(st.sampled_from(["scalar", "flow", "wide", "text"] + ["mapping", "list"] * (depth < 3)))
        if kind == "mapping":
            step = self.draw(st.sampled_from(["  ", "   "]))
            below, said = self.mapping(lead + step, depth + 1)
            return [f"{head}{self.aside()}", *below], said
        if kind == "list":
            return self.list(head, lead, depth)
        if kind == "text":
            style = self.draw(st.sampled_from(["|", ">-"]))
            return [f"{head} {style}", f"{lead}    one # no comment", ""], "one # no comment" + "\n" * (style == "|")
        if kind == "flow":
            written, said = self.flow(depth)
            return [f"{head} {written}{self.aside()}"], said
        if kind == "wide":
            end = self.draw(st.sampled_from(["", ","]))
            return [f"{head} {{", f"{lead}    k: 1{end}{self.aside()}", f"{lead}  }}{self.aside()}"], {"k": 1}
        written, said = copy.deepcopy(self.draw(st.sampled_from(SCALARS)))
        return [
            f"{head} {written}{self.aside()}".rstrip() if written or self.chance() else f"{head}{self.aside()}"
        ], said

    def list(self, head: str, lead: str, depth: int) -> tuple[list[str], Any]:
        inner = (
            lead + self.draw(st.sampled_from(["", "  "])) if lead or depth else self.draw(st.sampled_from(["", "  "]))
        )
        lines, said = [f"{head}{self.aside()}"], []
        for _ in range(self.draw(st.integers(1, 3))):
            lines += self.between(inner)
            if self.chance():
                written, one = self.flow(depth)
                lines.append(f"{inner}- {written}{self.aside()}")
            else:
                below, one = self.mapping(inner + "  ", 3)
                first = next(
                    number for number, line in enumerate(below) if line.strip() and not line.strip().startswith("#")
                )
                lines += [*below[:first], f"{inner}- {below[first].removeprefix(inner + '  ')}", *below[first + 1 :]]
            said.append(one)
        return lines, said

    def flow(self, depth: int) -> tuple[str, Any]:
        kind = self.draw(st.sampled_from(["scalar", "mapping", "list"] if depth < 3 else ["scalar"]))
        if kind == "mapping":
            names = self.draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
            parts = {name: self.flow(depth + 1) for name in names}
            text = ", ".join(f"{self.key(name)}: {one}".rstrip() for name, (one, _) in parts.items())
            return f"{{{text}}}", {name: said for name, (_, said) in parts.items()}
        if kind == "list":
            items = [self.flow(depth + 1) for _ in range(self.draw(st.integers(0, 3)))]
            given = [(one, said) for one, said in items if one]
            return f"[{', '.join(one for one, _ in given)}]", [said for _, said in given]
        written, said = self.draw(st.sampled_from([one for one in SCALARS if one[0] not in ("", "{ }")]))
        return written, copy.deepcopy(said)


@st.composite
def laid_out(draw: st.DrawFn) -> Laid:
    """A file in some layout: block and flow, comments, blank lines, quoted keys, CRLF, a byte order mark, no last line end."""
    writer = _Writer(draw)
    lines, says = writer.mapping("", 0)
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = draw(st.sampled_from(["", "# first\n"])).replace("\n", end) + "".join(line + end for line in lines)
    text = text if draw(st.integers(0, 3)) else text.removesuffix(end)
    return Laid(
        draw(st.sampled_from(["", "", "\ufeff"])) + text, says, tuple(one for one in writer.comments if one in text)
    )


def paths(says: Any, at: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every place in what a file says, with what it says there."""
    found = [(at, says)] if at else []
    pairs = says.items() if isinstance(says, dict) else enumerate(says) if isinstance(says, list) else ()
    for name, one in pairs:
        found += paths(one, (*at, name))
    return found

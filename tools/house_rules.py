"""Holds the code to docs/architecture.md: python tools/house_rules.py [ROOT]

* Every module is in a room of the table "Rooms", and imports only what its row lets it import.
* A path of the NSX Policy API is put together in egress/policy/paths.py and nowhere else.
* A command file of egress/cli imports no other one.

Prints each offence with its place; exit code 1 if there is one. Part of make lint.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp

PACKAGES = ("egress", "tier0_egress", "nsx_lab")
SHORT = {
    "constructs_lib": "tier0_egress.constructs",
    "stacks": "tier0_egress.stacks",
    "constructs": "tier0_egress.constructs",
}
"""Folders that are imported by another name, and what the table calls them for short."""
SEGMENTS = (
    "tier-0s|tier-1s|locale-services|static-routes|nat-rules|bfd-peers|bfd-profiles|edge-clusters|edge-nodes|"
    "enforcement-points"
)
PATH = re.compile(rf"(^|/)({SEGMENTS})(/|$)|/infra(/|$)|/nat/|/interfaces/")
GROUND = "egress.ground"
"""What the table calls the modules of egress that import nothing of ours."""
MAY_SPELL = ("egress/policy/paths.py", "egress/vocabulary.py")
"""vocabulary: the ids that the API keeps for itself."""
SHARED_BY_COMMANDS = ("context", "output")


@dataclass(frozen=True)
class Room:
    """A row of the table: a module or package, and the modules that it may import."""

    name: str
    may: tuple[str, ...]


def rooms(page: str) -> tuple[Room, ...]:
    """The rows of the table "Rooms". Names of code stand in backticks, everything else is for people."""
    table = page.split("## Rooms", 1)[1].split("\n## ", 1)[0]
    found = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("| `") or len(cells) != 3:
            continue
        names = [_module(word, "egress") for word in _code(cells[0]) if word not in SHORT.values()]
        house = "nsx_lab" if names[0].startswith("nsx_lab") else "egress"
        may = tuple(_module(word, house) for word in _code(cells[2]))
        found += [Room(name, may) for name in names]
    ground = tuple(room.name for room in found if not room.may and room.name.startswith("egress."))
    return tuple(
        Room(room.name, tuple(name for one in room.may for name in (ground if one == GROUND else (one,))))
        for room in found
    )


def _code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _module(word: str, house: str) -> str:
    """The module that a name of the table means: a path from the project folder, or short for a room of the same house."""
    dotted = word.removesuffix(".py").replace("/", ".")
    if dotted in SHORT:
        return SHORT[dotted]
    return dotted if dotted.split(".")[0] in (*PACKAGES, "main") else f"{house}.{dotted}"


def strangers(root: Path) -> Iterator[str]:
    """Imports that the table does not allow, and modules that it does not have."""
    table = rooms((root / "docs/architecture.md").read_text(encoding="utf-8"))
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    for importer in sorted(graph.modules):
        room = _room(table, importer)
        imports = sorted(graph.find_modules_directly_imported_by(importer))
        if room is None and (imports or importer not in PACKAGES):
            yield f"{importer} is in no room of docs/architecture.md: add a row, or put it into a room"
            continue
        for imported in imports:
            line = graph.get_import_details(importer=importer, imported=imported)[0]["line_number"]
            yield from _judge(table, room, importer, imported, f"{importer}:{line}")
    yield from _of_main(root, table)


def _of_main(root: Path, table: tuple[Room, ...]) -> Iterator[str]:
    """main.py is in no package, so no graph has it."""
    tree = ast.parse((root / "main.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES:
            yield from _judge(table, _room(table, "main"), "main", str(node.module), f"main.py:{node.lineno}")


def _judge(table: tuple[Room, ...], room: Room | None, importer: str, imported: str, at: str) -> Iterator[str]:
    if importer.startswith("egress.cli.") and imported.startswith("egress.cli."):
        name = imported.removeprefix("egress.cli.")
        if not name.startswith("_") and name not in SHARED_BY_COMMANDS:
            yield f"{at}: a command file imports the command {name}: what two commands need belongs into a room"
    other = _room(table, imported)
    if other == room or (room is not None and any(_within(imported, name) for name in room.may)):
        return
    allowed = ", ".join(room.may if room else ()) or "nothing of ours"
    yield f"{at}: imports {imported}, docs/architecture.md lets {room.name if room else importer} import: {allowed}"


def _room(table: tuple[Room, ...], module: str) -> Room | None:
    """The narrowest room that holds a module."""
    module = f"{module}.__init__" if module in PACKAGES else module
    holding = [room for room in table if _within(module, room.name)]
    return max(holding, key=lambda room: len(room.name), default=None)


def _within(module: str, name: str) -> bool:
    return module == name or module.startswith(f"{name}.")


def retyped_paths(root: Path) -> Iterator[str]:
    """Policy paths that are spelled where they should be asked for. Sentences that mention one are none."""
    folders = ("egress", "constructs_lib", "stacks")
    for file in [root / "main.py", *(file for folder in folders for file in sorted((root / folder).rglob("*.py")))]:
        name = file.relative_to(root).as_posix()
        if name not in MAY_SPELL:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for line, text in _texts(tree, _docstrings(tree)):
                if PATH.search(text) and not re.search(r"\s", text):
                    yield f"{name}:{line}: {text!r} spells a Policy path: ask egress.policy.paths for it"


def _docstrings(tree: ast.AST) -> set[int]:
    """Identities of the constants that are statements of their own."""
    alone = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {id(value) for value in alone if isinstance(value, ast.Constant)}


def _texts(node: ast.AST, left_out: set[int]) -> Iterator[tuple[int, str]]:
    """Every text below a node with its line; the values of an f-string read as {}."""
    if id(node) in left_out:
        return
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
        yield node.lineno, "".join(parts)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _texts(part, left_out)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, left_out)


def main() -> int:
    """Prints the offences of a project folder."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    sys.path.insert(0, str(root))
    offences = [*strangers(root), *retyped_paths(root)]
    print("\n".join(offences) or "every module keeps the house rules")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())

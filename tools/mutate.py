"""Plants faults and looks whether the tests notice: python tools/mutate.py [--sample 300] [--seed 1] [--json]

One fault at a time, in memory only: a forked process imports the changed module instead of the file and runs the tests of its
room, up to the first failure, without those marked slow. A fault that no test notices is a survivor; each is told as it is found.
The aim is a score of 85 %.
Faults: turned comparisons and conditions, and/or, dropped not, plus/minus, numbers one off, flipped booleans, any/all,
min/max, continue/break, swapped branches, sorting dropped. Text, types and docstrings are left alone.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {f"egress/{room}": f"tests/{room}" for room in ("reachability", "answers", "diagnosis", "policy", "checks")}
PRELOADED = (
    "pytest",
    "hypothesis",
    "pydantic",
    "yaml",
    "click",
    "rich.table",
    "httpx",
    "nsx_lab",
    "egress.domain",
    "egress.toolchain.tools.engine",
)

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.RShift: ast.LShift,
    ast.LShift: ast.RShift,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
}
CALLS = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list"}


@dataclass(frozen=True)
class Mutant:
    """A fault: the file, its line, what was done, and the whole module with it."""

    file: Path
    line: int
    what: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.what}"


def faults(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What can be done to one node: words, and the node instead."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = COMPARISONS.get(type(node.ops[0]))
        if other:
            changed = copy.copy(node)
            changed.ops = [other()]
            yield f"{type(node.ops[0]).__name__} -> {other.__name__}", changed
    elif isinstance(node, ast.BoolOp):
        turned = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and <-> or", ast.BoolOp(turned, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        operator = OPERATORS[type(node.op)]
        yield f"{type(node.op).__name__} -> {operator.__name__}", ast.BinOp(node.left, operator(), node.right)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield f"{node.value} -> {not node.value}", ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield f"{node.value} -> {node.value + 1}", ast.Constant(node.value + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        changed_call = copy.copy(node)
        changed_call.func = ast.Name(CALLS[node.func.id], ast.Load())
        if node.func.id == "sorted":
            changed_call.keywords = []
        yield f"{node.func.id} -> {CALLS[node.func.id]}", changed_call
    elif isinstance(node, ast.IfExp):
        yield "branches swapped", ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.If):
        changed_if = copy.copy(node)
        changed_if.test = ast.UnaryOp(ast.Not(), node.test)
        yield "condition turned", changed_if
    elif isinstance(node, ast.Continue):
        yield "continue -> break", ast.Break()


def places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Parent, field, index and node of everything that runs: no annotations, decorators, imports or __all__."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or (
                isinstance(child, ast.Import | ast.ImportFrom | ast.AnnAssign) and not isinstance(node, ast.FunctionDef)
            ):
                continue
            yield node, name, index if isinstance(value, list) else None, child
            yield from places(child)


def mutants(file: Path) -> list[Mutant]:
    """Every fault that can be planted in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = []
    for parent, name, index, child in list(places(tree)):
        for what, instead in faults(child):
            if index is None:
                setattr(parent, name, instead)
            else:
                getattr(parent, name)[index] = instead
            found.append(Mutant(file, getattr(child, "lineno", 0), what, copy.deepcopy(tree)))
            if index is None:
                setattr(parent, name, child)
            else:
                getattr(parent, name)[index] = child
    return found


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed module instead of the one in the file."""

    def __init__(self, mutant: Mutant) -> None:
        parts = mutant.file.relative_to(ROOT).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.mutant.file, loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: object) -> None:
        tree = ast.fix_missing_locations(self.mutant.tree)
        exec(compile(tree, str(self.mutant.file), "exec"), vars(module))  # noqa: S102 - this is what the tool is for


def tests_for(file: Path, folder: Path) -> list[str]:
    """The test files of a room; those that name the module come first, because they notice first."""
    needle = f".{file.stem} import"
    files = sorted(folder.rglob("test_*.py"))
    return [str(one) for one in sorted(files, key=lambda one: needle not in one.read_text(encoding="utf-8"))]


def notices(mutant: Mutant | None, tests: Sequence[str], seconds: float) -> str:
    """Runs the tests in a process of its own: "passed", "failed" or "hung"."""
    child = os.fork()
    if child == 0:
        os.setsid()
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            os._exit(_run(mutant, tests))
        except BaseException:
            os._exit(1)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "passed" if os.waitstatus_to_exitcode(status) == 0 else "failed"
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


def _run(mutant: Mutant | None, tests: Sequence[str]) -> int:
    import pytest

    from egress.toolchain.tools import engine

    engine.engines = list  # type: ignore[assignment] # the closing lines of a run would ask each engine for its version
    if mutant is not None:
        sys.meta_path.insert(0, Planted(mutant))
    options = [
        "-x",
        "-q",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-p",
        "no:randomly",
        "--hypothesis-seed=0",
        "--assert=plain",
        "-m",
        "not slow",
    ]
    return int(pytest.main([*options, *tests]))


def measure(room: str, folder: str, sample: int, seed: int, seconds: float) -> dict[str, object]:
    """Score and survivors of one room."""
    tests = ROOT / folder
    everything = [mutant for file in sorted((ROOT / room).glob("*.py")) for mutant in mutants(file)]
    chosen = everything if not sample or sample >= len(everything) else random.Random(seed).sample(everything, sample)  # noqa: S311 - no secret
    if notices(None, [str(tests)], seconds * 4) != "passed":
        sys.exit(f"the tests in {folder} fail without a fault: mend them first")
    survivors: list[str] = []
    for number, mutant in enumerate(chosen, 1):
        if notices(mutant, tests_for(mutant.file, tests), seconds) == "passed":
            survivors.append(str(mutant))
            print(f"\rsurvived: {mutant}", file=sys.stderr)
        print(f"\r{room}: {number} of {len(chosen)}, {len(survivors)} survived", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    score = 100 * (len(chosen) - len(survivors)) / max(1, len(chosen))
    return {
        "room": room,
        "possible": len(everything),
        "planted": len(chosen),
        "score": round(score, 1),
        "survivors": survivors,
    }


def main() -> None:
    """Measures the rooms that are named, all of them otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", help=f"of {', '.join(ROOMS)}")
    parser.add_argument(
        "--sample", type=int, default=0, help="plant this many in each room, chosen by chance; 0 is all"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=120, help="longer than this counts as noticed")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for name in PRELOADED:
        importlib.import_module(name)
    results = [measure(room, ROOMS[room], given.sample, given.seed, given.seconds) for room in given.rooms or ROOMS]
    if given.json:
        print(json.dumps(results, indent=2))
        return
    for result in results:
        print(
            f"{result['room']}: score {result['score']} % ({result['planted']} of {result['possible']} faults planted)"
        )
        for survivor in result["survivors"]:  # type: ignore[attr-defined]
            print(f"  survived: {survivor}")


if __name__ == "__main__":
    main()

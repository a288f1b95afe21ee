"""Taking the protection of a default route away: `protect: false`, written into the domain file where a review sees it."""

from __future__ import annotations

from egress.domain import EgressError
from egress.domain.tree import Tree
from egress.domain.yaml_tree import parse, plain_of

_KEY, _VALUE = "protect", "false"


def unprotected(text: str, shown: str) -> str:
    """The text of a domain file with `default_route.protect: false`; comments, layout and line ends stay as they are.

    Errors: DomainFileError for a text that is not YAML; EgressError where the place for the key cannot be found safely.
    """
    tree = parse(text.encode(), shown)
    changed = _edited(text, tree) if isinstance(tree.value, dict) else text
    expected = tree.plain()
    if isinstance(expected, dict):
        route = expected.get("default_route")
        expected["default_route"] = {**(route if isinstance(route, dict) else {}), _KEY: False}
    if not isinstance(expected, dict) or plain_of(changed, shown) != expected:
        raise EgressError(f"{shown}: cannot be edited safely, write default_route.protect: false by hand")
    return changed


def _edited(text: str, tree: Tree) -> str:
    top = tree.value if isinstance(tree.value, dict) else {}
    route = top.get("default_route")
    lines = text.splitlines(keepends=True)
    end = "\r\n" if "\r\n" in text else "\n"
    if route is None:
        before = "" if text.endswith("\n") or not text else end
        return f"{text}{before}default_route:{end}  {_KEY}: {_VALUE}{end}"
    if not isinstance(route.value, dict):
        return text
    if _KEY in route.value:
        return _replaced(lines, route.value[_KEY])
    line, column = route.place.line - 1, route.place.column - 1
    if lines[line][column : column + 1] == "{":
        separator = ", " if route.value else ""
        lines[line] = f"{lines[line][: column + 1]}{_KEY}: {_VALUE}{separator}{lines[line][column + 1 :]}"
    else:
        lines.insert(line, f"{' ' * column}{_KEY}: {_VALUE}{end}")
    return "".join(lines)


def _replaced(lines: list[str], value: Tree) -> str:
    line, column = value.place.line - 1, value.place.column - 1
    rest = lines[line][column:]
    if rest.startswith("true"):
        lines[line] = f"{lines[line][:column]}{_VALUE}{rest.removeprefix('true')}"
    return "".join(lines)

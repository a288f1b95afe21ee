"""A domain over its defaults: maps merge by key, lists and scalars replace, null removes. Every value keeps its place."""

from __future__ import annotations

from egress.domain.yaml_tree import Tree


def merge(under: Tree, over: Tree) -> Tree:
    """`over` laid over `under`. Keys of `over` come first, in their order; a null stays, and hides what is under it."""
    if not (isinstance(under.value, dict) and isinstance(over.value, dict)):
        return over
    values = {
        name: merge(under.value[name], child) if name in under.value else child for name, child in over.value.items()
    }
    keys = dict(over.keys)
    for name, child in under.value.items():
        if name not in values:
            values[name] = child
            keys[name] = under.keys[name]
    return Tree(values, over.place, keys)


def without_nulls(tree: Tree) -> Tree:
    """The tree without the keys whose value is null: a null says that a key is not given. Nulls in lists stay."""
    if isinstance(tree.value, tuple):
        return Tree(tuple(without_nulls(item) for item in tree.value), tree.place, tree.keys)
    if not isinstance(tree.value, dict):
        return tree
    kept = {name: without_nulls(child) for name, child in tree.value.items() if child.value is not None}
    return Tree(kept, tree.place, {name: tree.keys[name] for name in kept})

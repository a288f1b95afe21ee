"""`egress show`: a domain as it is after its defaults, and where each value came from."""

from __future__ import annotations

import click

from egress.cli._names import stack_argument
from egress.cli.context import Project
from egress.cli.output import echo, print_json
from egress.domain.files import find_files, merged_tree, select
from egress.domain.reading import read
from egress.domain.tree import annotated, places, without_nulls


@click.command("show")
@stack_argument
@click.option("--json", "as_json", is_flag=True, help="Print the domain and the origins of its values as JSON.")
@click.pass_obj
def command(project: Project, stack: str, as_json: bool) -> None:
    """Print the domain of STACK, merged with its defaults, as YAML. A comment says where each value came from.

    Values that no file gives are left out: docs/domain-files.md lists the defaults.
    """
    (file,) = select(find_files(project.root), [stack])
    tree = merged_tree(file)
    read(tree, file.stack)
    tree = without_nulls(tree)
    if as_json:
        origins = {key: {"file": place.file, "line": place.line, "column": place.column} for key, place in places(tree)}
        print_json({"stack": file.stack, "domain": tree.plain(), "origins": origins})
    else:
        echo(annotated(tree), nl=False)

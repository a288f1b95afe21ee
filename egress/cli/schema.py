"""`egress schema`: the JSON Schema of domain files."""

from __future__ import annotations

import click

from egress.cli.output import echo
from egress.domain.keys import table
from egress.domain.schema import part_schema, schema, text


@click.command("schema")
@click.option("--part", is_flag=True, help="Of a part: _defaults.yaml, or a file that has defaults under it.")
@click.option("--table", "as_table", is_flag=True, help="Print the keys and what they mean as a Markdown table.")
def command(part: bool, as_table: bool) -> None:
    """Print the JSON Schema of a domain file, for editors and other programs."""
    echo(table() if as_table else text(part_schema() if part else schema()), nl=False)

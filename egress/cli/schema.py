"""`egress schema`: the JSON Schema of domain files."""

from __future__ import annotations

import click

from egress.cli.output import echo
from egress.domain.keys import table
from egress.domain.schema import part_schema, schema, schema_of, text


@click.command("schema")
@click.option("--part", is_flag=True, help="Of a part: _defaults.yaml, or a file that has defaults under it.")
@click.option("--gate", is_flag=True, help="Of gate.yaml, the gate's file.")
@click.option("--table", "as_table", is_flag=True, help="Print the keys and what they mean as a Markdown table.")
def command(part: bool, gate: bool, as_table: bool) -> None:
    """Print the JSON Schema of a domain file, for editors and other programs."""
    if gate:
        from egress.review.gate.policy import GatePolicy  # the packet walk's rooms: a domain file's schema does without

        echo(text(schema_of(GatePolicy, "The gate's file")), nl=False)
        return
    echo(table() if as_table else text(part_schema() if part else schema()), nl=False)

"""``scheduler convert`` and ``scheduler schema``: what files look like."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.cli.options import INPUT_FILE, output_file, require_distinct
from scheduler.cli.wording import size_text


@click.command()
@click.argument("source", metavar="IN", type=INPUT_FILE)
@click.argument("target", metavar="OUT", type=output_file)
def convert(source: Path, target: Path) -> None:
    """Write an instance in another format.

    The suffix of OUT decides which.
    """
    require_distinct([source], [target])
    from scheduler.io import read, write

    instance = read(source)
    write(instance, target)
    click.echo(f"{target}: {size_text(instance)}")


@click.command()
@click.argument("kind", type=click.Choice(["instance", "schedule", "events"]), default="instance")
def schema(kind: str) -> None:
    """Print the JSON Schema of our files."""
    import json

    from scheduler.io.events_file import events_schema
    from scheduler.io.native import instance_schema
    from scheduler.io.schedule_file import schedule_schema

    schemas = {"instance": instance_schema, "schedule": schedule_schema, "events": events_schema}
    click.echo(json.dumps(schemas[kind](), indent=2, ensure_ascii=False))

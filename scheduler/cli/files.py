"""``scheduler convert`` and ``scheduler schema``: what files look like."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.cli.options import INPUT_FILE, output_file, require_distinct
from scheduler.cli.wording import size_text

MOST_VEHICLES = 1_000
"""`scheduler.io.limits.MAX_VEHICLES`; written out so that the help needs no pydantic."""


@click.command()
@click.argument("source", metavar="IN", type=INPUT_FILE)
@click.argument("target", metavar="OUT", type=output_file)
@click.option("--layout", type=INPUT_FILE, metavar="MATRIX.txt", help="Travel times of vehicles that carry the jobs.")
@click.option("--vehicles", type=click.IntRange(1, MOST_VEHICLES), metavar="N", help="How many vehicles there are.")
@click.option(
    "--blocking",
    type=click.Choice(["swap", "no-swap"]),
    help="A part stays on its machine until it goes on; parts may or may not change places in one instant.",
)
@click.option("--no-wait", is_flag=True, help="Each operation starts when the one before it ends.")
def convert(
    source: Path, target: Path, layout: Path | None, vehicles: int | None, blocking: str | None, no_wait: bool
) -> None:
    """Write an instance in another format.

    The suffix of OUT decides which. Vehicles may be added, buffers or all waiting taken out. A layout has a row (from)
    and a column (to) for the load/unload station, where jobs and vehicles start, and for each machine. Half ticks
    double all times.
    """
    if (layout is None) != (vehicles is None):
        raise click.UsageError("--layout and --vehicles go together: give both or none.")
    require_distinct([source, *([layout] if layout is not None else [])], [target])
    from scheduler.io import read, write
    from scheduler.io.files import read_text
    from scheduler.io.layout import read_matrix, with_blocking, with_fleet, without_waiting
    from scheduler.io.validate import require_valid

    instance, factor = read(source), 1
    if layout is not None and vehicles is not None:
        matrix = read_matrix(read_text(layout), str(layout), len(instance.machines) + 1)
        instance, factor = with_fleet(instance, matrix, vehicles)
    if blocking is not None:
        instance = with_blocking(instance, swap=blocking == "swap")
    if no_wait:
        instance = without_waiting(instance)
    write(require_valid(instance, str(source)), target)
    note = "; all times are doubled, since the layout has half ticks" if factor == 2 else ""
    click.echo(f"{target}: {size_text(instance)}{note}")


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

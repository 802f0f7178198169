"""``scheduler generate``: a random factory network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scheduler.cli.options import output_file
from scheduler.cli.wording import size_text

MOST = 1_000_000
"""Of anything in a network."""
RECIPE_OPTIONS: tuple[tuple[str, int | float, str], ...] = (
    ("facilities", 3, "Facilities, in a chain."),
    ("cells", 4, "Robot cells."),
    ("machines", 30, "Machines, those in cells included."),
    ("jobs", 60, "Jobs."),
    ("operations", 350, "Operations of all jobs."),
    ("flexibility", 1.5, "Mean number of modes of an operation."),
    ("robots", 1, "Robots of each cell."),
    ("grippers", 1, "Parts that a robot holds at a time."),
    ("reach", 0.0, "Share of the cells whose robots go to a part of it each."),
    ("tended", 0.0, "Share of the operations in cells that a robot tends."),
    ("blocking", 0.5, "Share of the stations without buffers."),
    ("buffers", 0.0, "Share of the other machines with one to three places before and behind them."),
    ("dwell", 0.0, "Share of the operations in cells with a maximum dwell."),
    ("stations", 0, "Places at the input and output station of each cell; 0: not counted."),
    ("vehicles", 2, "Vehicles of each transfer lane; 0: no lanes."),
    ("timetable", 0, "Minutes between two departures of a lane; 0: on demand."),
    ("rush", 0.0, "Share of the lanes that are faster outside rush hours."),
    ("hubs", 0, "Hubs between facilities."),
    ("splits", 0.0, "Share of the jobs that go over lanes in loads."),
    ("docks", 0, "Docks of each facility; 0: not counted."),
    ("fleet", 0, "Vehicles of the fleet of each facility; 0: no fleets."),
    ("holds", 1, "Jobs that a vehicle of a fleet carries at a time."),
    ("chargers", 0, "Charging places of each fleet, for vehicles with batteries; 0: no batteries."),
    ("setups", 0.3, "Share of the machines with setups."),
    ("capacity", 0.1, "Share of the machines with room for several parts."),
    ("shifts", 0.3, "Share of the machines and lanes with shifts."),
    ("operators", 2, "Operator pools."),
    ("interruptible", 0.3, "Share of the operations that may pause in a downtime."),
    ("assembly", 0.2, "Share of the jobs that join two branches."),
    ("tightness", 0.5, "Due dates from easy (0) to only met by a job alone in the factory (1)."),
    ("repetitions", 0, "Copies of the jobs as the part set of cyclic production; 0: no cycle."),
    ("seed", 0, "Another seed, another network."),
)
"""Fields of `scheduler.generate.Recipe` with its defaults; written out so that the help needs no numpy."""


def recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each field of the recipe."""
    for name, default, text in reversed(RECIPE_OPTIONS):
        kind, metavar = type(default), "N" if isinstance(default, int) else "X"
        option = click.option(f"--{name}", type=kind, default=default, show_default=True, metavar=metavar, help=text)
        command = option(command)
    return command


@click.command()
@recipe_options
@click.option(
    "--durations",
    type=(int, int),
    default=(10, 60),
    show_default=True,
    metavar="SHORTEST LONGEST",
    help="Durations of operations.",
)
@click.option("-o", "output", type=output_file, required=True, metavar="FILE", help="Instance file to write.")
def generate(output: Path, **fields: Any) -> None:
    """Generate a random factory network.

    It has a feasible schedule; one tick is a minute.
    """
    for name, value in fields.items():
        if name not in ("seed", "durations") and not abs(value) <= MOST:
            raise click.BadParameter(f"{value} is no number up to {MOST}.", param_hint=f"--{name}")
    from scheduler.generate import Recipe
    from scheduler.generate import generate as generated
    from scheduler.io import write

    recipe = Recipe(**fields)
    if defects := recipe.defects():
        raise click.UsageError("\n".join(defects))
    instance = generated(recipe)
    write(instance, output)
    click.echo(f"{output}: {size_text(instance)}")

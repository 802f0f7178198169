"""Whole factories: what the factory search adds to CP-SAT; the command `factories`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import scheduler
from benchmarks.options import AT_LEAST_ONE, POSITIVE, SEED, names_of, table_file
from benchmarks.records import append, rows_to_continue, write_circumstances
from benchmarks.report_factories import Measured, report
from scheduler.domain import Instance, Objective, Schedule, Stop
from scheduler.generate import Recipe, generate
from scheduler.portfolio.run import Run
from scheduler.search.construct import construct
from scheduler.terms import value_terms

INSTANCES = Path(__file__).parents[1] / "instances"
SHIPPED = ("robot_cell", "fleet", "two_facilities", "battery_network")
MOVERS: dict[str, Any] = {"fleet": 2, "robots": 1}
ONE_HALL: dict[str, Any] = {"facilities": 1, "durations": (5, 30)}
CYCLIC: dict[str, Any] = {
    **ONE_HALL,
    "vehicles": 0,
    "fleet": 4,
    "blocking": 1.0,
    "dwell": 0.2,
    "repetitions": 5,
    "capacity": 0,
    "shifts": 0,
    "operators": 0,
    "assembly": 0,
}
KINDS: dict[str, dict[str, Any]] = {
    "g": {},
    "h": {"hubs": 2},
    "l": {"splits": 0.5},
    "t": {**ONE_HALL, "cells": 4, "fleet": 4, "tended": 0.3},
    "d": {**ONE_HALL, "cells": 4, "fleet": 4, "grippers": 2, "blocking": 1.0, "durations": (3, 15)},
    "v": {**ONE_HALL, "cells": 0, "holds": 2},
    "s": {"stations": 1},
    "c": CYCLIC,
    "k": {**CYCLIC, "blocking": 0.5, "buffers": 0.5, "stations": 1, "capacity": 0.2, "operators": 1, "tended": 0.1},
    "a": {**CYCLIC, "blocking": 0.5, "assembly": 0.5},
    "m": {
        "grippers": 2,
        "tended": 0.2,
        "hubs": 1,
        "splits": 0.1,
        "timetable": 30,
        "rush": 0.3,
        "docks": 2,
        "chargers": 1,
        "buffers": 0.3,
        "dwell": 0.2,
    },
}
"""Networks with robot cells, fleets and lanes (g), h with hubs, l with half of the jobs in loads; single halls whose
movers are short of time, t with operations that robots tend, d with two grippers, v with vehicles for two jobs;
s with one place at each station of a cell; c where a fifth of the jobs is made five times, cyclic, k the same with what
several parts share: counted buffers, places at stations, machines for several parts, operators, robots that tend, a
with half of the jobs assemblies, half of the machines without buffers; and m with everything that moves: batteries,
timetables, docks, counted buffers and baths besides."""
SIZES: dict[int, dict[str, Any]] = {
    50: {"jobs": 10, "machines": 12, "cells": 2, "facilities": 2},
    100: {"jobs": 20, "machines": 16, "cells": 2, "facilities": 2},
    200: {"jobs": 35, "machines": 24, "cells": 4},
    350: {"jobs": 60, "machines": 30, "cells": 4},
    500: {"jobs": 80, "machines": 36, "cells": 6},
    1000: {"jobs": 160, "machines": 48, "cells": 6},
    2000: {"jobs": 300, "machines": 60, "cells": 8, "fleet": 4},
}
"""By operations: how large they are."""


def _recipe(size: int, plant: dict[str, Any], features: dict[str, Any]) -> dict[str, Any]:
    """Return the recipe of a network; where it is cyclic, operations and jobs are those of all sets."""
    sets = features.get("repetitions", 1)
    return {**MOVERS, **plant, "operations": size // sets, "jobs": plant["jobs"] // sets, **features}


GENERATED: dict[str, dict[str, Any]] = {
    f"{kind}{size}": _recipe(size, plant, features) for kind, features in KINDS.items() for size, plant in SIZES.items()
}
"""Networks by name."""
MAKESPAN = "-c"
"""Behind a name it asks for the makespan, whatever the factory's own objective is."""
DRAWN = "@"
"""Behind the name of a generated one it is followed by the seed with which it is drawn (else 1): m50@7-c."""
DEFAULT = (*SHIPPED, *(f"m{size}{goal}" for goal in ("", MAKESPAN) for size in SIZES))


Contestant = Callable[[Instance, Objective, float, int, int], tuple[Schedule | None, float | None]]


def hybrid(
    instance: Instance, objective: Objective, time_limit: float, workers: int, seed: int
) -> tuple[Schedule | None, float | None]:
    """Solve with everything there is."""
    result = scheduler.solve(instance, objective=objective, time_limit=time_limit, workers=workers, seed=seed)
    first = next((point.seconds for point in result.history if point.value is not None), None)
    return result.schedule, first


def cpsat_alone(
    instance: Instance, objective: Objective, time_limit: float, workers: int, seed: int
) -> tuple[Schedule | None, float | None]:
    """Solve with our CP-SAT model of the whole factory, from the constructed schedule."""
    from scheduler.cpsat.solve import improve

    began_at = time.perf_counter()
    start = construct(instance, objective, time_limit=min(1.0, 0.2 * time_limit), seed=seed)
    first = time.perf_counter() - began_at
    outcome = improve(
        instance,
        objective,
        start=start,
        time_limit=time_limit - first,
        workers=workers,
        seed=seed,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
    return outcome.schedule, first if start is not None else None


def polishing(
    instance: Instance, objective: Objective, time_limit: float, workers: int, seed: int
) -> tuple[Schedule | None, float | None]:
    """Solve with CP-SAT on the whole model and on neighbourhoods, from the constructed schedule."""
    from scheduler.portfolio.polishing import Polishing

    run = Run(instance, objective, time_limit, workers, seed, None, Stop())
    start = construct(instance, objective, time_limit=min(1.0, 0.2 * time_limit), seed=seed)
    first = run.seconds
    if start is not None:
        run.offer(start, "construction")
    Polishing(run).search()
    return run.best, first if start is not None else None


CONTESTANTS: dict[str, Contestant] = {"hybrid": hybrid, "cpsat": cpsat_alone, "polishing": polishing}


def factory_names() -> list[str]:
    """Return the names of all shipped and generated factories, without objective."""
    return [*sorted(file.stem for file in INSTANCES.glob("*.json")), *GENERATED]


def factory(name: str) -> tuple[Instance, Objective]:
    """Return a shipped or generated factory and its objective."""
    base = name.removesuffix(MAKESPAN)
    kind, seed = _drawn(name)
    if kind in GENERATED:
        instance = generate(Recipe(seed=seed, **GENERATED[kind]))
    else:
        instance = scheduler.load(INSTANCES / f"{base}.json")
    return instance, Objective.parse(instance.objective if base == name else "makespan")


def _drawn(name: str) -> tuple[str, int]:
    """Return the name of a factory without objective and seed, and the seed with which it is drawn if it is."""
    base, at, seed = name.removesuffix(MAKESPAN).partition(DRAWN)
    return (base, int(seed)) if at and base in GENERATED and seed.isdecimal() else (base + at + seed, 1)


def _checked(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    known = factory_names()
    unknown = [repr(name) for name in names if _drawn(name)[0] not in known]
    if unknown:
        text = f"{', '.join(known)}, each with {MAKESPAN} behind it for the makespan"
        text += f", and generated ones with {DRAWN} and a seed before that"
        raise click.BadParameter(f"unknown: {', '.join(unknown)}; there are {text}")
    return tuple(dict.fromkeys(names))


@click.command("factories")
@click.option("-o", "output", type=table_file, required=True, help="CSV to write or go on with.")
@click.option(
    "--only",
    multiple=True,
    callback=_checked,
    help="As robot_cell, m50, m50-c (its makespan), g2000, m50@7 (drawn with seed 7); may be repeated.  "
    f"[default: {', '.join(SHIPPED)}, and all of m]",
)
@click.option(
    "--contestants",
    type=names_of(lambda: CONTESTANTS),
    metavar="NAME,...",
    default="hybrid,cpsat,polishing",
    show_default=True,
)
@click.option("--time-limit", type=POSITIVE, default=30.0, show_default=True)
@click.option("--workers", type=AT_LEAST_ONE, default=2, show_default=True, help="Worker threads.")
@click.option("--seed", type=SEED, default=0, show_default=True)
def factories_command(
    output: Path, only: tuple[str, ...], contestants: list[str], time_limit: float, workers: int, seed: int
) -> None:
    """Compare the whole planner with CP-SAT alone on factories with cells, fleets and lanes; print tables."""
    names = only or DEFAULT
    known = rows_to_continue(output, Measured)
    finished = {(row.instance, row.contestant, row.seed, row.workers, row.time_limit) for row in known}
    write_circumstances(output, time_limit=time_limit, workers=workers, seed=seed)
    rows = list(known)
    for name in names:
        for contestant in contestants:
            if (name, contestant, seed, workers, time_limit) not in finished:
                row = measure(name, contestant, time_limit, workers, seed)
                append(output, row)
                rows.append(row)
                click.echo(f"{row.instance:18} {row.contestant:10} {row.values:24} {row.seconds:6.1f}")
    click.echo("\n".join(report(rows)))
    if any(row.violations for row in rows):
        raise click.ClickException("unsound")


def measure(name: str, contestant: str, time_limit: float, workers: int, seed: int) -> Measured:
    """Let one contestant have its time, and check what it answers."""
    instance, objective = factory(name)
    began_at = time.perf_counter()
    schedule, first = CONTESTANTS[contestant](instance, objective, time_limit, workers, seed)
    seconds = time.perf_counter() - began_at
    values = () if schedule is None else objective.value(value_terms(instance, schedule))
    return Measured(
        instance=name,
        operations=instance.num_operations,
        objective=str(objective),
        contestant=contestant,
        seed=seed,
        workers=workers,
        time_limit=time_limit,
        values=" > ".join(str(value) for value in values) or "inf",
        first_seconds=None if first is None else round(first, 3),
        seconds=round(seconds, 3),
        violations=0 if schedule is None else len(scheduler.check(instance, schedule)),
    )

"""Whole factories: what the factory search adds to CP-SAT; the command `factories`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

import scheduler
from benchmarks.records import append, rows_to_continue, write_circumstances
from benchmarks.tables import grouped, markdown
from scheduler.domain import Instance, Objective, Schedule, Stop
from scheduler.generate import Recipe, generate
from scheduler.portfolio.run import Run
from scheduler.search.construct import construct
from scheduler.terms import value_terms

INSTANCES = Path(__file__).parents[1] / "instances"
SHIPPED = ("robot_cell", "fleet", "two_facilities", "battery_network")
MOVERS: dict[str, Any] = {"fleet": 2, "robots": 1}
GENERATED: dict[str, dict[str, Any]] = {
    "g50": {"jobs": 10, "operations": 50, "machines": 12, "cells": 2, "facilities": 2},
    "g100": {"jobs": 20, "operations": 100, "machines": 16, "cells": 2, "facilities": 2},
    "g200": {"jobs": 35, "operations": 200, "machines": 24, "cells": 4},
    "g350": {"jobs": 60, "operations": 350, "machines": 30, "cells": 4},
    "g500": {"jobs": 80, "operations": 500, "machines": 36, "cells": 6},
    "g1000": {"jobs": 160, "operations": 1000, "machines": 48, "cells": 6},
    "g2000": {"jobs": 300, "operations": 2000, "machines": 60, "cells": 8, "fleet": 4},
    "h200": {"jobs": 35, "operations": 200, "machines": 24, "cells": 4, "hubs": 2},
    "h500": {"jobs": 80, "operations": 500, "machines": 36, "cells": 6, "hubs": 2},
    "l200": {"jobs": 35, "operations": 200, "machines": 24, "cells": 4, "splits": 0.5},
    "l500": {"jobs": 80, "operations": 500, "machines": 36, "cells": 6, "splits": 0.5},
}
ONE_HALL: dict[str, Any] = {"facilities": 1, "durations": (5, 30)}
KINDS: dict[str, dict[str, Any]] = {
    "t": {**ONE_HALL, "cells": 4, "fleet": 4, "tended": 0.3},
    "d": {**ONE_HALL, "cells": 4, "fleet": 4, "grippers": 2, "blocking": 1.0, "durations": (3, 15)},
    "v": {**ONE_HALL, "cells": 0, "holds": 2},
}
GENERATED |= {f"{kind}{n}": {**GENERATED[f"g{n}"], **more} for kind, more in KINDS.items() for n in (200, 500)}
"""Networks with robot cells, fleets and lanes, h with hubs, l with half of the jobs in loads, and single halls whose
movers are short of time, t with operations that robots tend, d with two grippers, v with vehicles for two jobs; "-c"
behind a name asks for the makespan."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One contestant on one factory: tiers as ``value > value``, wall time of the first schedule and in all."""

    instance: str
    operations: int
    objective: str
    contestant: str
    seed: int
    workers: int
    time_limit: float
    values: str
    first_seconds: float | None
    seconds: float
    violations: int

    @property
    def first_tier(self) -> float:
        """Value of the first tier."""
        return float(Fraction(self.values.split(" > ")[0]))


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


def factory(name: str) -> tuple[Instance, Objective]:
    """Return a shipped or generated factory and its objective."""
    base, _, is_makespan = name.partition("-")
    if base in GENERATED:
        instance = generate(Recipe(seed=1, **{**MOVERS, **GENERATED[base]}))
    else:
        instance = scheduler.load(INSTANCES / f"{base}.json")
    return instance, Objective.parse("makespan" if is_makespan else instance.objective)


@click.command("factories")
@click.option("-o", "output", type=click.Path(path_type=Path), required=True, help="CSV to write or go on with.")
@click.option("--only", multiple=True, help="Of robot_cell, fleet ..., g50 ... g2000, g50-c ...  [default: all]")
@click.option("--contestants", default="hybrid,cpsat,polishing", show_default=True)
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Worker threads.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def factories_command(
    output: Path, only: tuple[str, ...], contestants: str, time_limit: float, workers: int, seed: int
) -> None:
    """Compare the whole planner with CP-SAT alone on factories with cells, fleets and lanes; print a table."""
    names = only or (*SHIPPED, *GENERATED, *(f"{name}-c" for name in ("g200", "g500", "g2000")))
    known = rows_to_continue(output, Measured)
    finished = {(row.instance, row.contestant, row.seed, row.workers, row.time_limit) for row in known}
    write_circumstances(output, time_limit=time_limit, workers=workers, seed=seed)
    rows = list(known)
    for name in names:
        for contestant in contestants.split(","):
            if (name, contestant, seed, workers, time_limit) not in finished:
                row = measure(name, contestant, time_limit, workers, seed)
                append(output, row)
                rows.append(row)
                click.echo(f"{row.instance:18} {row.contestant:10} {row.values:24} {row.seconds:6.1f}")
    click.echo("\n".join(table(rows)))
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


def table(rows: list[Measured]) -> Iterator[str]:
    """Yield a Markdown table: a line for each factory, and by how much the hybrid is better than each of the others."""
    heading = ("factory", "operations", "hybrid", "first after", "cpsat", "better by", "polishing", "better by")
    body = []
    for name, group in grouped(rows, lambda row: row.instance).items():
        by = {row.contestant: row for row in group}
        if "hybrid" not in by:
            continue
        mine = by["hybrid"]
        cells = [name, str(mine.operations), mine.values, f"{mine.first_seconds or 0:.2f}"]
        for other in ("cpsat", "polishing"):
            row = by.get(other)
            cells += ["-", "-"] if row is None else [row.values, better_by(mine.first_tier, row.first_tier)]
        body.append(cells)
    yield from markdown(heading, body)


def better_by(mine: float, other: float) -> str:
    """Return by how many percent the first tier is smaller."""
    return "0.0 %" if mine == other else f"{100 * (1 - mine / other):.1f} %" if other > 0 else "worse"

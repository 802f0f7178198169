"""Where the time goes: the command `profile`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

import scheduler
from benchmarks.cases import Case, cases
from benchmarks.options import POSITIVE, SEED, table_file
from benchmarks.records import append, write_circumstances
from scheduler.domain import Objective
from scheduler.terms import TERMS

ITERATION, PREPARATION = "iteration", "preparation"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase of an iteration of the compiled search, or of what comes before it.

    Seconds are those that the process had a core. `share` is that of the mean iteration of the search; its `rest` is
    what the replayed phases leave of it: new starts, blends, and that a replayed walk goes on from a good schedule.
    """

    set: str
    family: str
    instance: str
    objective: str
    operations: int
    iterations_per_second: float
    part: str
    phase: str
    microseconds: float
    share: float | None


@click.command("profile")
@click.option("--set", "set_name", required=True, help="As for `run`.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the public sets.")
@click.option("--objective", type=click.Choice(list(TERMS)), help="What to minimise.  [default: as the file says]")
@click.option("--seconds", type=POSITIVE, default=5.0, show_default=True)
@click.option("--seed", type=SEED, default=0, show_default=True)
@click.option("-o", "output", type=table_file, required=True, help="CSV to write.")
def profile_command(set_name: str, data: Path, objective: str | None, seconds: float, seed: int, output: Path) -> None:
    """Measure the speed of the compiled search, one thread, and how its phases share the time."""
    from benchmarks.report_profile import write_profile

    instances = cases(set_name, data)
    if output.is_file():
        raise click.UsageError(f"{output} exists already: name another file")
    output.parent.mkdir(parents=True, exist_ok=True)
    write_circumstances(output, seconds=seconds, seed=seed)
    rows = []
    for case in instances:
        found = phases(case, set_name, objective or case.objective(), seconds, seed)
        for row in found:
            append(output, row)
        rows.extend(found)
        click.echo(f"{case.name:32} {found[0].iterations_per_second:>10.0f} iterations/s")
    click.echo("\n" + write_profile(rows), nl=False)


def phases(case: Case, set_name: str, objective: str, seconds: float, seed: int) -> list[Phase]:
    """Search an instance for so many seconds, then measure each phase by itself."""
    from benchmarks.replay import phase_seconds
    from benchmarks.variants import DEFAULT, VARIANTS
    from benchmarks.walking import walk

    prepared = preparation_seconds(case.file, objective)
    instance = scheduler.load(case.file)
    found = walk(instance, objective, VARIANTS[DEFAULT], seconds, seed)
    iterations = max(1, found.iterations)
    speed = iterations / found.cpu_seconds
    spent = phase_seconds(instance, objective, found.schedule, seed)
    if "copy" in spent:
        spent["copy"] *= len(found.history) / iterations
    spent["rest"] = 1 / speed - sum(spent.values())

    def row(part: str, phase: str, seconds: float) -> Phase:
        return Phase(
            set=set_name,
            family=case.family,
            instance=case.instance,
            objective=objective,
            operations=instance.num_operations,
            iterations_per_second=round(speed, 1),
            part=part,
            phase=phase,
            microseconds=round(1e6 * seconds, 3),
            share=round(seconds * speed, 4) if part == ITERATION else None,
        )

    iteration = [row(ITERATION, phase, spent_on_it) for phase, spent_on_it in spent.items()]
    return iteration + [row(PREPARATION, phase, spent_on_it) for phase, spent_on_it in prepared.items()]


def preparation_seconds(file: Path, objective: str) -> dict[str, float]:
    """Return the wall time of each step of a plan before the search, imports excluded."""
    from scheduler.bounds import makespan_bound
    from scheduler.cpsat.load import load_bound
    from scheduler.domain.horizon import horizon
    from scheduler.search.construct import construct
    from scheduler.search.tabu.arrays import lower

    goal = Objective.parse(objective)
    read, instance = _timed(lambda: scheduler.load(file))
    first, schedule = _timed(lambda: construct(instance, goal, time_limit=0.0))
    found = {
        "read": read,
        "first schedule": first,
        "makespan bound": _timed(lambda: makespan_bound(instance))[0],
        "load bound": _timed(lambda: load_bound(instance))[0],
        "lower": _timed(lambda: lower(instance, 4 * horizon(instance)))[0],
    }
    if schedule is not None:
        found["check"] = _timed(lambda: scheduler.check(instance, schedule))[0]
    return found


def _timed(action: Callable[[], T]) -> tuple[float, T]:
    began_at = time.perf_counter()
    result = action()
    return time.perf_counter() - began_at, result

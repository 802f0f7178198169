"""Large instances: the command `size`, and the run itself in a process of its own, whose memory is measured."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

import scheduler
from benchmarks.alone import Crashed, run_module
from benchmarks.options import AT_LEAST_ONE, POSITIVE, SEED, table_file
from benchmarks.records import append, rows_to_continue, write_circumstances
from scheduler.domain import Facility, Instance, Job, Machine, Mode, Operation
from scheduler.domain.jobs import chain

FEWEST_MODES, MOST_MODES = 2, 5
LONGEST = 99
MEGABYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Large:
    """One run on a generated flexible job shop; seconds are wall time.

    `first_seconds` and `seconds` count from the call of `solve`, after imports and loading; `gap` is value / our own
    lower bound - 1; `memory` is the peak of the process in MiB, `loaded_memory` its peak when the file was read.
    """

    operations: int
    jobs: int
    machines: int
    modes: int
    seed: int
    workers: int | None
    time_limit: float
    status: str
    value: int | None = None
    bound: int | None = None
    gap: float | None = None
    first_seconds: float | None = None
    first_value: int | None = None
    load_seconds: float | None = None
    seconds: float | None = None
    loaded_memory: float | None = None
    memory: float | None = None
    error: str = ""


def flexible_job_shop(operations: int, operations_per_job: int, machines: int, seed: int) -> Instance:
    """Return a random flexible job shop: every job a chain, each operation on two to five machines, for 1 to 99 ticks.

    Number of modes, machines and the duration on each are drawn evenly and independently of each other. The last job is
    shorter where the numbers don't come out even.
    """
    rng = np.random.default_rng(seed)
    names = [f"M{number}" for number in range(1, machines + 1)]
    jobs = []
    for number, first in enumerate(range(0, operations, operations_per_job), start=1):
        steps = []
        for step in range(1, min(operations_per_job, operations - first) + 1):
            count = int(rng.integers(min(FEWEST_MODES, machines), min(MOST_MODES, machines) + 1))
            chosen = rng.choice(machines, count, replace=False)
            durations = rng.integers(1, LONGEST + 1, count)
            modes = (Mode(names[m], int(time)) for m, time in zip(chosen, durations, strict=True))
            steps.append(Operation(str(step), tuple(modes)))
        jobs.append(Job(f"J{number}", tuple(steps), chain(tuple(operation.id for operation in steps))))
    name = f"flexible job shop of {operations} operations"
    return Instance(name, (Facility("main"),), tuple(Machine(id, "main") for id in names), tuple(jobs))


@click.command("size")
@click.option("--operations", type=AT_LEAST_ONE, default=10_000, show_default=True)
@click.option("--operations-per-job", type=AT_LEAST_ONE, default=20, show_default=True)
@click.option("--machines", type=AT_LEAST_ONE, default=50, show_default=True)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the instance and the search.")
@click.option("--time-limit", type=POSITIVE, default=60.0, show_default=True)
@click.option("--workers", type=AT_LEAST_ONE, help="Worker threads.  [default: one for each core]")
@click.option("-o", "output", type=table_file, required=True, help="CSV to add a row to.")
def size_command(
    operations: int,
    operations_per_job: int,
    machines: int,
    seed: int,
    time_limit: float,
    workers: int | None,
    output: Path,
) -> None:
    """Solve a generated flexible job shop: first schedule, gap to our own bound, memory."""
    from scheduler.io import write

    rows_to_continue(output, Large)
    write_circumstances(output, time_limit=time_limit, workers=workers, seed=seed)
    instance = flexible_job_shop(operations, operations_per_job, machines, seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "large.json")
        write(instance, file)
        arguments = [file, f"--time-limit={time_limit}", f"--seed={seed}"]
        arguments += [] if workers is None else [f"--workers={workers}"]
        try:
            found = run_module("benchmarks.size", *arguments, time_limit=time_limit)
        except Crashed as crash:
            found = {"status": "crashed", "error": str(crash)}
    row = Large(
        operations=instance.num_operations,
        jobs=len(instance.jobs),
        machines=len(instance.machines),
        modes=sum(len(operation.modes) for operation in instance.operation_by_key.values()),
        seed=seed,
        time_limit=time_limit,
        **{"workers": workers, **found},
    )
    append(output, row)
    for name in ("operations", *found):
        click.echo(f"{name:14} {getattr(row, name)}")
    if row.status in ("crashed", "unsound"):
        raise click.ClickException(f"{row.status}: {row.error}")


def solve_large(file: Path, time_limit: float, workers: int | None, seed: int) -> dict[str, Any]:
    """Load and solve a file here; return what `Large` needs to know."""
    began_at = time.perf_counter()
    instance = scheduler.load(file)
    load_seconds = time.perf_counter() - began_at
    loaded_memory = peak_memory()
    began_at = time.perf_counter()
    result = scheduler.solve(instance, objective="makespan", time_limit=time_limit, workers=workers, seed=seed)
    seconds = time.perf_counter() - began_at
    memory = peak_memory()
    first = next((point for point in result.history if point.value is not None), None)
    value = None if result.values is None else int(result.values[0])
    bound = None if result.lower_bound is None else int(result.lower_bound)
    violations = () if result.schedule is None else scheduler.check(instance, result.schedule)
    return {
        "status": "unsound" if violations else result.status.value,
        "value": value,
        "bound": bound,
        "gap": None if value is None or not bound else round(value / bound - 1, 5),
        "first_seconds": None if first is None else round(first.seconds, 3),
        "first_value": None if first is None or first.value is None else int(first.value),
        "load_seconds": round(load_seconds, 3),
        "seconds": round(seconds, 3),
        "loaded_memory": round(loaded_memory, 1),
        "memory": round(memory, 1),
        "workers": result.workers,
        "error": "; ".join(map(str, violations[:1])) or result.reason,
    }


def peak_memory() -> float:
    """Return the peak resident memory of this process in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # On Linux `getrusage` counts the peak of the process that started this one, too.
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEGABYTE if sys.platform == "darwin" else peak / 1024


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--time-limit", type=float, required=True)
@click.option("--workers", type=int)
@click.option("--seed", type=int, required=True)
def main(file: Path, time_limit: float, workers: int | None, seed: int) -> None:
    """Solve one large instance and print what came of it as JSON."""
    print(json.dumps(solve_large(file, time_limit, workers, seed)))


if __name__ == "__main__":
    main()

"""One measured run: read, solve, write, read back, check."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import scheduler
from benchmarks.best_known import best_known
from benchmarks.records import Row
from scheduler.errors import SchedulerError
from scheduler.io import read
from scheduler.io.schedule_file import read_schedule, write_schedule


def run(file: Path, name: str, time_limit: float, *, workers: int | None = None, data: Path | None = None) -> Row:
    """Solve an instance file and check the schedule as it comes back from its file.

    The row's status is the solve's, or `rejected` when the file is in no format we read, or `crashed`; a study of
    hours does not end at one bad file, its row carries the error.
    """
    try:
        return _run(file, name, time_limit, workers, data)
    except Exception as error:
        return Row(name, status="crashed", error=f"{type(error).__name__}: {error}".splitlines()[0])


def _run(file: Path, name: str, time_limit: float, workers: int | None, data: Path | None) -> Row:
    try:
        instance = read(file)
    except SchedulerError as error:
        return Row(name, status="rejected", error=" ".join(str(error).split()))
    started_at = time.perf_counter()
    result = scheduler.solve(instance, time_limit=time_limit, workers=workers)
    seconds = time.perf_counter() - started_at
    row = Row(
        name,
        jobs=len(instance.jobs),
        machines=len(instance.machines),
        operations=instance.num_operations,
        status=result.status.value,
        objective=str(result.objective),
        bound=None if result.lower_bound is None else float(result.lower_bound),
        gap=None if result.gap is None else round(result.gap, 4),
        first_schedule_seconds=next((round(p.seconds, 3) for p in result.history if p.value is not None), None),
        seconds=round(seconds, 3),
        overshoot_seconds=round(max(0.0, seconds - time_limit), 3),
        error=result.reason,
    )
    if result.values is None:
        return row
    with tempfile.TemporaryDirectory() as folder:
        schedule_file = Path(folder, "schedule.json")
        write_schedule(schedule_file, instance, result)
        violations = scheduler.check(instance, read_schedule(schedule_file, instance).schedule)
    row = replace(row, value=float(result.values[0]), violations=len(violations))
    known = None if data is None else best_known(file, data, str(result.objective))
    if known is None:
        return row
    ratio = None if not known.upper else round(float(result.values[0]) / known.upper, 4)
    return replace(row, best_known_lower=known.lower, best_known_upper=known.upper, ratio_to_best_known=ratio)

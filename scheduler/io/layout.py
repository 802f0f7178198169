"""Additions to a plain shop: vehicles over a travel-time matrix, machines that parts block, or jobs that never wait.

The transport benchmarks of the literature are plain files plus a matrix: row = from, column = to, index 0 the
load/unload station, index k the k-th machine (Bilge & Ulusoy 1995; Deroussi & Norre 2010; Homayouni & Fontes 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from scheduler.domain import Facility, Fleet, Instance, Job, Vehicle
from scheduler.errors import Defect, FormatError
from scheduler.io.defects import limited
from scheduler.io.limits import MAX_TICK

STATION = "load/unload"
"""Name of the place with index 0."""

Matrix: TypeAlias = tuple[tuple[Fraction, ...], ...]


def read_matrix(text: str, source: str, size: int) -> Matrix:
    """Return a travel-time matrix of `size` rows and columns, in whole or half ticks.

    Raises
    ------
    FormatError
        If it has another shape, or anything but whole and half numbers from 0 on; with all defects.
    """
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    defects = limited(_matrix_defects(lines, size))
    if defects:
        raise FormatError(source, defects)
    return tuple(tuple(Fraction(word) for word in words) for _, words in lines)


def with_fleet(instance: Instance, matrix: Matrix, vehicles: int) -> tuple[Instance, int]:
    """Return a plain instance with a fleet over a matrix, and by how much all its times have been multiplied.

    All jobs and vehicles are at the load/unload station at tick 0; neither goes back there. A matrix with half ticks
    doubles all times. The diagonal is left out: a part that stays where it is needs no vehicle.

    Raises
    ------
    FormatError
        If the instance has facilities, cells, lanes or fleets of its own.
    """
    fix = "name a plain job shop or flexible job shop"
    own = [("facilities", len(instance.facilities) > 1), ("cells", instance.cells)]
    own += [("lanes", instance.lanes), ("fleets", instance.fleets)]
    defects = tuple(
        Defect("E131", f"$.{key}", f"a fleet can't be added to an instance with {key}", fix) for key, has in own if has
    )
    if defects:
        raise FormatError(instance.name, defects)
    factor = 2 if any(time.denominator > 1 for row in matrix for time in row) else 1
    names = [STATION, *(machine.id for machine in instance.machines)]
    travel = {
        origin: {to: int(time * factor) for to, time in zip(names, row, strict=True) if to != origin}
        for origin, row in zip(names, matrix, strict=True)
    }
    facility = Facility(instance.facilities[0].id, STATION)
    fleet = Fleet("fleet", facility.id, tuple(Vehicle(f"V{n}", STATION) for n in range(1, vehicles + 1)), travel)
    return replace(_scaled(instance, factor), facilities=(facility,), fleets=(fleet,)), factor


def without_waiting(instance: Instance) -> Instance:
    """Return the instance in which each operation starts when the one before it ends: every maximum lag is the minimum.

    Raises
    ------
    FormatError
        If parts have to be moved, which takes time.
    """
    if instance.fleets or instance.cells or instance.lanes:
        cause = "parts that are moved between operations have to wait for robots or vehicles"
        raise FormatError(instance.name, (Defect("E131", "$", cause, "name a plain shop"),))
    return _each_job(
        instance,
        lambda job: replace(job, precedences=tuple(replace(p, max_lag=p.min_lag) for p in job.precedences)),
    )


def with_blocking(instance: Instance, swap: bool) -> Instance:
    """Return the instance in which each part stays on its machine until it goes on; `swap`: parts may be exchanged."""
    machines = tuple(replace(machine, output_buffer=0, swap=swap) for machine in instance.machines)
    return replace(instance, machines=machines)


def _matrix_defects(lines: list[tuple[int, list[str]]], size: int) -> Iterator[Defect]:
    wanted = f"write {size} rows of {size} numbers: the load/unload station and {size - 1} machines"
    if len(lines) != size:
        yield Defect("E126", "file", f"the matrix has {len(lines)} rows, not {size}", wanted)
    for number, words in lines:
        if len(words) != size:
            yield Defect("E126", f"line {number}", f"the row has {len(words)} numbers, not {size}", wanted)
        for word in words:
            if not _is_time(word):
                cause = f"{word[:40]!r} is no travel time"
                yield Defect("E127", f"line {number}", cause, f"write a whole or half number from 0 to {MAX_TICK}")


def _is_time(word: str) -> bool:
    try:
        time = Fraction(word) if len(word) <= 40 and "/" not in word and "e" not in word.lower() else None
    except ValueError:
        return False
    return time is not None and 0 <= time <= MAX_TICK and time.denominator <= 2


def _each_job(instance: Instance, change: Callable[[Job], Job]) -> Instance:
    return replace(instance, jobs=tuple(change(job) for job in instance.jobs))


def _scaled(instance: Instance, factor: int) -> Instance:
    """Return the instance with all times multiplied."""
    if factor == 1:
        return instance

    def scaled(job: Job) -> Job:
        return replace(
            job,
            operations=tuple(
                replace(o, modes=tuple(replace(m, duration=factor * m.duration) for m in o.modes))
                for o in job.operations
            ),
            precedences=tuple(
                replace(p, min_lag=factor * p.min_lag, max_lag=None if p.max_lag is None else factor * p.max_lag)
                for p in job.precedences
            ),
            release_date=factor * job.release_date,
            due_date=None if job.due_date is None else factor * job.due_date,
            deadline=None if job.deadline is None else factor * job.deadline,
        )

    machines = []
    for machine in instance.machines:
        setups = machine.setups
        if setups is not None:
            times = {f: {g: factor * time for g, time in row.items()} for f, row in setups.times.items()}
            setups = replace(setups, times=times)
        machines.append(replace(machine, setups=setups, calendar=machine.calendar.scaled(factor)))
    return replace(_each_job(instance, scaled), machines=tuple(machines))

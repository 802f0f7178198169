"""Schedules as pandas frames: one row per operation, move, setup, charge, job, machine, or point of the history.

Ids and kinds are of dtype ``string``, instants and lengths ``int64`` in ticks (``Int64`` where a value can be
absent). When the instance has a time origin, every instant ``x`` has a column ``x_date`` beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from scheduler.analysis.dates import clock
from scheduler.analysis.movers import mover_usage
from scheduler.analysis.occupation import machine_usage, occupations
from scheduler.domain.instance import Instance
from scheduler.domain.result import Result
from scheduler.domain.schedule import Schedule

if TYPE_CHECKING:
    import pandas as pd


def operations_frame(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return one row per scheduled operation, in the order of the schedule.

    Columns: job, operation, mode, machine, facility, cell, start, end, working_time (``end - start`` without pauses and
    at the usual speed, the duration of the mode), occupied_from, occupied_until (see *occupation* in docs/rules.md).
    """
    held = occupations(instance, schedule)
    operations = schedule.operations
    machines = [instance.machine_by_id[o.machine] for o in operations]
    return frame(
        instance,
        {
            "job": [o.job for o in operations],
            "operation": [o.operation for o in operations],
            "mode": [o.mode for o in operations],
            "machine": [o.machine for o in operations],
            "facility": [m.facility for m in machines],
            "cell": [m.cell for m in machines],
            "start": [o.start for o in operations],
            "end": [o.end for o in operations],
            "working_time": [instance.mode(o.key, o.mode).duration for o in operations],
            "occupied_from": [held[o.key].start for o in operations],
            "occupied_until": [held[o.key].end for o in operations],
        },
        instants=("start", "end"),
        numbers=("mode", "working_time", "occupied_from", "occupied_until"),
    )


def moves_frame(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return one row per move, loaded or empty, by start.

    Columns: job (absent for an empty move), kind, mover, origin, destination, predecessor, successor, load (number),
    units (of the load; absent: the whole job), start, end.
    """
    moves = schedule.moves
    return frame(
        instance,
        {
            "job": [m.job for m in moves],
            "kind": [m.kind for m in moves],
            "mover": [m.mover for m in moves],
            "origin": [m.origin for m in moves],
            "destination": [m.destination for m in moves],
            "predecessor": [m.predecessor for m in moves],
            "successor": [m.successor for m in moves],
            "load": [m.load for m in moves],
            "units": [m.units for m in moves],
            "start": [m.start for m in moves],
            "end": [m.end for m in moves],
        },
        instants=("start", "end"),
        numbers=("load", "units"),
        optional=("units",),
    )


def charges_frame(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return one row per charge, by start: vehicle, charger, from_level, to_level, start, end."""
    charges = schedule.charges
    return frame(
        instance,
        {
            "vehicle": [c.vehicle for c in charges],
            "charger": [c.charger for c in charges],
            "from_level": [c.from_level for c in charges],
            "to_level": [c.to_level for c in charges],
            "start": [c.start for c in charges],
            "end": [c.end for c in charges],
        },
        instants=("start", "end"),
        numbers=("from_level", "to_level"),
    )


def setups_frame(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return one row per setup: machine, job and operation it makes ready for, from_family, to_family, start, end."""
    setups = schedule.setups
    return frame(
        instance,
        {
            "machine": [s.machine for s in setups],
            "job": [s.job for s in setups],
            "operation": [s.operation for s in setups],
            "from_family": [s.from_family for s in setups],
            "to_family": [s.to_family for s in setups],
            "start": [s.start for s in setups],
            "end": [s.end for s in setups],
        },
        instants=("start", "end"),
    )


def jobs_frame(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return one row per job of the instance.

    Columns: job, weight, release_date, due_date, deadline, start (of its first operation), completion,
    tardiness ``max(0, completion - due_date)`` (0 without due date), flow_time ``completion - release_date``.
    Start to flow_time are absent for a job that isn't scheduled.
    """
    jobs = instance.jobs
    completions = [schedule.completions.get(job.id) for job in jobs]
    starts: dict[str, int] = {}
    for operation in schedule.operations:
        starts[operation.job] = min(starts.get(operation.job, operation.start), operation.start)
    return frame(
        instance,
        {
            "job": [job.id for job in jobs],
            "weight": [job.weight for job in jobs],
            "release_date": [job.release_date for job in jobs],
            "due_date": [job.due_date for job in jobs],
            "deadline": [job.deadline for job in jobs],
            "start": [starts.get(job.id) for job in jobs],
            "completion": completions,
            "tardiness": [
                None if end is None else 0 if job.due_date is None else max(0, end - job.due_date)
                for job, end in zip(jobs, completions, strict=True)
            ],
            "flow_time": [
                None if end is None else end - job.release_date for job, end in zip(jobs, completions, strict=True)
            ],
        },
        instants=("release_date", "due_date", "deadline", "start", "completion"),
        numbers=("weight", "tardiness", "flow_time"),
        optional=("due_date", "deadline", "start", "completion", "tardiness", "flow_time"),
    )


def machines_frame(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return one row per machine of the instance.

    Columns: machine, facility, cell, capacity, operations (their number), busy, setup, blocked, down and
    utilisation, a percentage; see `scheduler.analysis.Usage` for the formulas.
    """
    usage = machine_usage(instance, schedule)
    machines = instance.machines
    return frame(
        instance,
        {
            "machine": [m.id for m in machines],
            "facility": [m.facility for m in machines],
            "cell": [m.cell for m in machines],
            "capacity": [m.capacity for m in machines],
            "operations": [len(schedule.by_machine.get(m.id, ())) for m in machines],
            "busy": [usage[m.id].busy for m in machines],
            "setup": [usage[m.id].setup for m in machines],
            "blocked": [usage[m.id].blocked for m in machines],
            "down": [usage[m.id].down for m in machines],
            "utilisation": [usage[m.id].utilisation for m in machines],
        },
        numbers=("capacity", "operations", "busy", "setup", "blocked", "down"),
        shares=("utilisation",),
    )


def movers_frame(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return one row per robot and per vehicle of a fleet or lane.

    Columns: mover, group (id of its cell, fleet or lane), moves (number of loaded ones), loaded, empty, tending,
    down and utilisation, a percentage; see `scheduler.analysis.MoverUsage` for the formulas.
    """
    usage = mover_usage(instance, schedule)
    return frame(
        instance,
        {
            "mover": list(usage),
            "group": [used.group for used in usage.values()],
            "moves": [used.moves for used in usage.values()],
            "loaded": [used.loaded for used in usage.values()],
            "empty": [used.empty for used in usage.values()],
            "tending": [used.tending for used in usage.values()],
            "down": [used.down for used in usage.values()],
            "utilisation": [used.utilisation for used in usage.values()],
        },
        numbers=("moves", "loaded", "empty", "tending", "down"),
        shares=("utilisation",),
    )


def history_frame(result: Result) -> pd.DataFrame:
    """Return one row per point of the history: seconds, value and bound of the first tier (Float64), engine."""
    import pandas as pd

    history = result.history
    columns = {
        "seconds": [p.seconds for p in history],
        "value": [None if p.value is None else float(p.value) for p in history],
        "bound": [None if p.bound is None else float(p.bound) for p in history],
        "engine": [p.engine for p in history],
    }
    dtypes = {"seconds": "float64", "value": "Float64", "bound": "Float64", "engine": "string"}
    return pd.DataFrame(columns, dtype=object).astype(dtypes)


def frame(
    instance: Instance,
    columns: Mapping[str, Sequence[object]],
    *,
    instants: Collection[str] = (),
    numbers: Collection[str] = (),
    shares: Collection[str] = (),
    optional: Collection[str] = (),
) -> pd.DataFrame:
    """Return a typed frame; each of `instants` gets its date column when the instance has a time origin.

    Columns in none of the collections hold strings; those in `optional` may hold None.
    """
    import pandas as pd

    dtypes = dict.fromkeys(columns, "string")
    dtypes |= {name: "Int64" if name in optional else "int64" for name in (*instants, *numbers)}
    dtypes |= dict.fromkeys(shares, "float64")
    table = pd.DataFrame({name: list(values) for name, values in columns.items()}, dtype=object).astype(dtypes)
    known = clock(instance)
    if known is not None:
        origin, tick = known
        for name in reversed([name for name in columns if name in instants]):
            seconds = table[name].astype("Int64") * int(tick.total_seconds())
            dates = pd.Timestamp(origin) + pd.to_timedelta(seconds, unit="s")
            table.insert(list(columns).index(name) + 1, f"{name}_date", dates)
    return table

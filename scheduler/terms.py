"""Values of the objective terms on a schedule; their formulas are `scheduler.domain.objective.TERM_NAMES`.

Values are computed from operations, loaded moves and listed setups alone, by other means than the model's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from scheduler.domain import Instance, Job, Schedule, ScheduledOperation
from scheduler.domain.cycle import cycle_time
from scheduler.domain.objective import STABILITY_TERMS


def value_terms(instance: Instance, schedule: Schedule) -> dict[str, int]:
    """Return the value of every objective term, in the order of `TERM_NAMES`.

    Sums and maxima run over the jobs of the instance that have something scheduled. Jobs without due date are
    never tardy. Without `Execution` there is no baseline, and the stability terms are 0.
    """
    return {name: value(instance, schedule) for name, value in TERMS.items()}


def void_terms(instance: Instance) -> frozenset[str]:
    """Return the terms that are 0 in every schedule of the instance: there is nothing in it that they count."""
    due = any(job.due_date is not None for job in instance.jobs)
    there = {
        "total_tardiness": due,
        "weighted_tardiness": any(job.due_date is not None and job.weight > 0 for job in instance.jobs),
        "maximum_tardiness": due,
        "number_tardy": due,
        "setup_time": any(machine.setups is not None for machine in instance.machines),
        "cycle_time": instance.cycle is not None,
        "transfer_count": bool(instance.lanes),
        "transfer_cost": any(lane.trip_cost > 0 or lane.unit_cost > 0 for lane in instance.lanes),
        "transfer_co2": any(lane.trip_co2 > 0 for lane in instance.lanes),
    }
    stability = STABILITY_TERMS if instance.execution is None else frozenset()
    return stability | {name for name, counts in there.items() if not counts}


def _completed(instance: Instance, schedule: Schedule) -> Iterator[tuple[Job, int]]:
    """Yield the jobs with their completions."""
    for job in instance.jobs:
        if job.id in schedule.completions:
            yield job, schedule.completions[job.id]


def _tardiness(instance: Instance, schedule: Schedule) -> Iterator[tuple[Job, int]]:
    """Yield the jobs that are late, and by how much."""
    for job, completion in _completed(instance, schedule):
        if job.due_date is not None and completion > job.due_date:
            yield job, completion - job.due_date


def _makespan(instance: Instance, schedule: Schedule) -> int:
    return max((completion for _, completion in _completed(instance, schedule)), default=0)


def _total_tardiness(instance: Instance, schedule: Schedule) -> int:
    return sum(late for _, late in _tardiness(instance, schedule))


def _weighted_tardiness(instance: Instance, schedule: Schedule) -> int:
    return sum(job.weight * late for job, late in _tardiness(instance, schedule))


def _maximum_tardiness(instance: Instance, schedule: Schedule) -> int:
    return max((late for _, late in _tardiness(instance, schedule)), default=0)


def _number_tardy(instance: Instance, schedule: Schedule) -> int:
    return sum(1 for _ in _tardiness(instance, schedule))


def _flow_time(instance: Instance, schedule: Schedule) -> int:
    return sum(completion - job.release_date for job, completion in _completed(instance, schedule))


def _setup_time(instance: Instance, schedule: Schedule) -> int:
    return sum(setup.end - setup.start for setup in schedule.setups)


def _transfer_count(instance: Instance, schedule: Schedule) -> int:
    return len({(m.mover, m.start) for m in schedule.moves if m.kind == "transfer" and m.job is not None})


def _transfer_cost(instance: Instance, schedule: Schedule) -> int:
    trips = sum(instance.lane_by_vehicle[mover].trip_cost for mover, _ in _trips(instance, schedule))
    units = 0
    for move in schedule.moves:
        lane, job = instance.lane_by_vehicle.get(move.mover), instance.job_by_id.get(move.job or "")
        if lane is not None and job is not None:
            units += lane.unit_cost * (move.units or job.units)
    return trips + units


def _transfer_co2(instance: Instance, schedule: Schedule) -> int:
    return sum(instance.lane_by_vehicle[mover].trip_co2 for mover, _ in _trips(instance, schedule))


def _trips(instance: Instance, schedule: Schedule) -> set[tuple[str, int]]:
    """Return vehicle and departure of every trip with a vehicle of the instance."""
    loaded = (m for m in schedule.moves if m.kind == "transfer" and m.job is not None)
    return {(m.mover, m.start) for m in loaded if m.mover in instance.lane_by_vehicle}


def _changed(instance: Instance, schedule: Schedule) -> Iterator[tuple[ScheduledOperation, ScheduledOperation]]:
    """Yield the baseline operations that had not started by `now` with what has become of them, if it is another."""
    if instance.execution is None:
        return
    by_operation = schedule.by_operation
    for was in instance.execution.baseline.operations:
        if was.start >= instance.execution.now:
            now = by_operation.get(was.key)
            if now is not None and now is not was:
                yield was, now


def _start_deviation(instance: Instance, schedule: Schedule) -> int:
    return sum(abs(now.start - was.start) for was, now in _changed(instance, schedule))


def _reassignments(instance: Instance, schedule: Schedule) -> int:
    return sum(1 for was, now in _changed(instance, schedule) if now.machine != was.machine)


def _sequence_changes(instance: Instance, schedule: Schedule) -> int:
    """Count the baseline neighbours a, b on a machine, b pending, of which a no longer precedes b there."""
    if instance.execution is None:
        return 0
    changes, by_operation = 0, schedule.by_operation
    for machine, sequence in instance.execution.baseline.by_machine.items():
        for a, b in pairwise(sequence):
            if b.start < instance.execution.now:
                continue
            first, second = by_operation.get(a.key), by_operation.get(b.key)
            if first is None or second is None or (first is a and second is b):
                continue
            there = first.machine == second.machine == machine
            changes += not (there and (first.start, first.end) <= (second.start, second.end))
    return changes


def _promised_tardiness(instance: Instance, schedule: Schedule) -> int:
    if instance.execution is None:
        return 0
    promised = instance.execution.baseline.completions
    return sum(
        max(0, completion - promised.get(job.id, completion)) for job, completion in _completed(instance, schedule)
    )


TERMS: Mapping[str, Callable[[Instance, Schedule], int]] = {
    "makespan": _makespan,
    "total_tardiness": _total_tardiness,
    "weighted_tardiness": _weighted_tardiness,
    "maximum_tardiness": _maximum_tardiness,
    "number_tardy": _number_tardy,
    "flow_time": _flow_time,
    "cycle_time": cycle_time,
    "setup_time": _setup_time,
    "transfer_count": _transfer_count,
    "transfer_cost": _transfer_cost,
    "transfer_co2": _transfer_co2,
    "start_deviation": _start_deviation,
    "reassignments": _reassignments,
    "sequence_changes": _sequence_changes,
    "promised_tardiness": _promised_tardiness,
}
"""The value of each term, by its name in an objective text."""

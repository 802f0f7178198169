"""Why there is no schedule: a sentence that a planner can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from scheduler.domain import Instance, Job, Objective, Status, Stop
from scheduler.domain.horizon import heads, tails

PROBE_SECONDS = 2.0
"""Most of the time that looking for the reason may take."""


def explain(instance: Instance, status: Status, *, seconds: float = PROBE_SECONDS, workers: int = 1) -> str:
    """Return the reason why no schedule was found.

    For an infeasible instance, first the deadlines that a job can't meet even alone; else a smallest set of
    deadlines that can't be met together (found by leaving out one after the other, so no deadline in it can be
    spared); else what other limits there are.
    """
    if status is not Status.INFEASIBLE:
        return "no schedule was found within the time limit, and none was proved impossible: allow more time"
    hopeless = _hopeless(instance)
    if hopeless:
        return "; ".join(hopeless)
    conflict = _deadline_conflict(instance, monotonic() + seconds, workers)
    if conflict:
        names = ", ".join(f"{job.id} (deadline {job.deadline})" for job in conflict)
        if len(conflict) == 1:
            return f"the deadline of job {names} can't be met: later, or fewer restrictions on its machines"
        return f"the deadlines of these jobs can't be met together: {names}; relax one of them"
    modes = [mode for operation in instance.operation_by_key.values() for mode in operation.modes]
    working = (*instance.machines, *instance.carrier_by_id.values(), *instance.lanes)
    timetables = [lane.timetable for lane in instance.lanes if lane.timetable is not None]
    limits = [
        word
        for word, there in (
            ("deadlines", any(job.deadline is not None for job in instance.jobs)),
            ("maximum lags", any(p.max_lag is not None for job in instance.jobs for p in job.precedences)),
            ("maximum dwells", any(mode.max_dwell is not None for mode in modes)),
            ("calendars", any(not resource.calendar.always_works for resource in working)),
            ("setups", any(machine.setups is not None for machine in instance.machines)),
            ("timetables that end", any(table.period is None or table.until is not None for table in timetables)),
            ("batteries", bool(instance.battery_by_vehicle)),
            ("machines without buffers", any(machine.output_buffer == 0 for machine in instance.machines)),
            ("machines without swaps", any(not machine.swap for machine in instance.machines)),
            ("places at stations", any(c.input_places or c.output_places for c in instance.cells)),
            ("what has already happened", instance.execution is not None),
        )
        if there
    ]
    return f"it is proved that no schedule satisfies all rules together; look at: {', '.join(limits) or 'the modes'}"


def _hopeless(instance: Instance) -> list[str]:
    """Return a sentence for each job whose own release, durations and moves overrun its deadline."""
    earliest, left = heads(instance), tails(instance)
    found = []
    for job in instance.jobs:
        if job.deadline is None:
            continue
        completion = max(earliest[job.id, o.id] + left[job.id, o.id] for o in job.operations)
        if completion > job.deadline and not job.plans:
            found.append(
                f"job {job.id} can't meet its deadline {job.deadline}: from its release date {job.release_date} "
                f"its operations and moves alone last until {completion}"
            )
    return found


def _deadline_conflict(instance: Instance, until: float, workers: int) -> list[Job]:
    """Return jobs whose deadlines are in conflict, none of which can be spared; empty if that is not the reason."""
    dated = [job for job in instance.jobs if job.deadline is not None]
    if not dated or _proved_infeasible(instance, [], until, workers) is not False:
        return []
    conflict = list(dated)
    for job in dated:
        rest = [other for other in conflict if other is not job]
        if _proved_infeasible(instance, rest, until, workers):
            conflict = rest
    return conflict


def _proved_infeasible(instance: Instance, dated: Sequence[Job], until: float, workers: int) -> bool | None:
    """Return whether the instance with only these jobs' deadlines is infeasible (None: not settled in time)."""
    from scheduler.cpsat.solve import improve
    from scheduler.search.construct import construct

    keep = {job.id for job in dated}
    jobs = tuple(job if job.id in keep else replace(job, deadline=None) for job in instance.jobs)
    relaxed = replace(instance, jobs=jobs)
    objective = Objective.parse("makespan")
    if construct(relaxed, objective, time_limit=0.1) is not None:
        return False
    left = until - monotonic()
    if left <= 0:
        return None
    outcome = improve(
        relaxed,
        objective,
        start=None,
        time_limit=left,
        workers=workers,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
        first_only=True,
    )
    if outcome.schedule is not None:
        return False
    return True if outcome.status is Status.INFEASIBLE else None

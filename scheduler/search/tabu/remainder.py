"""What is left of an instance once things have happened: an instance without execution that the walk speaks.

What has started and what is pinned stays as it is. So the walk sees pending operations only, with release dates of
their own, on machines that are down until what runs on them ends and while a pinned operation is worked on. What is
fixed of a job counts in its completion: where it may end last, it becomes one operation on a machine of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from scheduler.domain import (
    Calendar,
    Downtime,
    Instance,
    Job,
    Machine,
    Mode,
    Operation,
    OperationKey,
    Schedule,
    ScheduledOperation,
)
from scheduler.domain.derive import complete
from scheduler.domain.happened import execution_of, started
from scheduler.search.tabu.arrays import ALTS_AT, Ints, Problem
from scheduler.search.tabu.settle import BASE_ALT, BASE_START, NEW


@dataclass(frozen=True)
class Remainder:
    """The rest of an instance.

    Attributes
    ----------
    whole
        The instance.
    instance
        The rest of it: all jobs in the same order, each with its pending operations and maybe one that stands for what
        is fixed of it; the machines, and behind them those of the operations that stand for something.
    releases
        Earliest start of every operation.
    fixed
        The operations that stay as they are.
    """

    whole: Instance
    instance: Instance
    releases: Mapping[OperationKey, int]
    fixed: tuple[ScheduledOperation, ...]

    def rest(self, schedule: Schedule) -> Schedule:
        """Return what the walk sees of a schedule in which the fixed operations are as they are here."""
        kept, known = {o.key for o in self.fixed}, self.whole.operation_by_key
        stand_ins = [(key, o.modes[0]) for key, o in self.instance.operation_by_key.items() if key not in known]
        ends = (ScheduledOperation(*key, 0, mode.machine, 0, mode.duration) for key, mode in stand_ins)
        return Schedule((*(o for o in schedule.operations if o.key not in kept), *ends))

    def all(self, rest: Schedule) -> Schedule:
        """Return a schedule of the rest with what is fixed."""
        known = self.whole.operation_by_key
        return complete(self.whole, (*self.fixed, *(o for o in rest.operations if o.key in known)))


def remainder(instance: Instance, schedule: Schedule) -> Remainder:
    """Return what a schedule leaves to decide of an instance that has an execution.

    With ``E`` the end of a fixed operation in the schedule, a pending operation *b* of job *j* starts at
    ``max(now, r_j, E_a + min_lag(a, b))`` or later, over its fixed predecessors *a*.
    """
    execution = execution_of(instance)
    begun = started(instance)
    fixed_keys = begun.keys() | {pin.key for pin in execution.pins}
    fixed = tuple(o for o in schedule.operations if o.key in fixed_keys)
    ends = {o.key: o.end for o in fixed}
    releases: dict[OperationKey, int] = {}
    jobs, stand_ins = [], []
    for job in instance.jobs:
        pending = [o for o in job.operations if (job.id, o.id) not in ends]
        for operation in pending:
            releases[job.id, operation.id] = max(execution.now, job.release_date)
        for p in job.precedences:
            a, b = (job.id, p.predecessor), (job.id, p.successor)
            if a in ends and b in releases:
                releases[b] = max(releases[b], ends[a] + p.min_lag)
        sinks = {o.id for o in job.operations} - {p.predecessor for p in job.precedences}
        done = max((ends[job.id, sink] for sink in sinks if (job.id, sink) in ends), default=0)
        if done > 0:
            machine = Machine(_fresh(f"past {job.id}", instance.machine_by_id), instance.machines[0].facility)
            stand_in = Operation(_fresh("past", {o.id: o for o in job.operations}), (Mode(machine.id, done),))
            releases[job.id, stand_in.id] = 0
            pending.append(stand_in)
            stand_ins.append(machine)
        jobs.append(_with_operations(job, pending))
    machines = tuple(_resumed(instance, machine, schedule, begun, ends) for machine in instance.machines)
    rest = replace(instance, jobs=tuple(jobs), machines=(*machines, *stand_ins), execution=None)
    return Remainder(instance, rest, releases, fixed)


def _with_operations(job: Job, operations: list[Operation]) -> Job:
    kept = {operation.id for operation in operations}
    precedences = tuple(p for p in job.precedences if p.predecessor in kept and p.successor in kept)
    return replace(job, operations=tuple(operations), precedences=precedences)


def _resumed(
    instance: Instance,
    machine: Machine,
    schedule: Schedule,
    begun: Mapping[OperationKey, ScheduledOperation],
    fixed: Collection[OperationKey],
) -> Machine:
    """Return the machine as it is now: down while it works on what is fixed, set up for what it worked on last."""
    execution = execution_of(instance)
    now = execution.now
    kept = [o for o in schedule.by_machine.get(machine.id, ()) if o.key in fixed]
    past = [o for o in kept if o.key in begun]
    free = past[-1].end if past else 0
    calendar = machine.calendar
    if not any(s.machine == machine.id and s.start < now <= s.end for s in execution.baseline.setups):
        free = max(free, now)  # what is down now is free only afterwards, and no setup begins in the past
    if free > 0:
        calendar = _down(calendar, 0, free)
    for operation in kept:
        if operation.key not in begun:
            calendar = _down(calendar, operation.start, operation.end)
    setups = machine.setups
    if setups is not None and past:
        mode = instance.operation_by_key[past[-1].key].modes[past[-1].mode]
        setups = replace(setups, initial=mode.setup_family)
    return replace(machine, calendar=calendar, setups=setups)


def _down(calendar: Calendar, start: int, end: int) -> Calendar:
    return calendar.with_downtime(Downtime(start, end))


def _fresh(name: str, taken: Mapping[str, object]) -> str:
    while name in taken:
        name += "'"
    return name


def wanted(rest: Remainder, problem: Problem) -> Ints:
    """Return where the baseline has each operation of the rest: rows BASE_START, BASE_ALT."""
    before = execution_of(rest.whole).baseline.by_operation
    found = np.full((2, rest.instance.num_operations), NEW, np.int64)
    for o, (key, operation) in enumerate(rest.instance.operation_by_key.items()):
        if key in before:
            found[BASE_START, o] = before[key].start
            mode = before[key].mode
            if mode < len(operation.modes) and operation.modes[mode].machine == before[key].machine:
                found[BASE_ALT, o] = problem.ops[ALTS_AT, o] + mode
    return found

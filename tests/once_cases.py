"""Random small instances that are made once, of what the insertion search speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from cyclic_cases import (
    by_plans,
    by_several_lanes,
    cell,
    crowded,
    held,
    in_several_loads,
    over_a_hub,
    over_lanes,
    several_carriers,
)
from cyclic_graph_cases import assembled, bathed, hurried, in_no_time, lagging, parted, tiny_assembly, tiny_parted
from helpers import down, shifts
from random_instances import Builder
from random_sources import FEATURES, SeededSource

from scheduler.domain import Calendar, Instance, Job, Machine, SetupMatrix
from scheduler.domain.cycle import part_set
from scheduler.generate import generate
from scheduler.io.validate import defects

CASES: tuple[Callable[[int], Instance], ...] = (
    cell, crowded, held, several_carriers, by_plans, over_lanes, in_several_loads, by_several_lanes, over_a_hub,
    assembled, parted, bathed, lagging, hurried, in_no_time, tiny_assembly, tiny_parted,
)  # fmt: skip
"""Part sets of cyclic production."""
UNSPOKEN = ("deadlines", "timetables", "transit", "shortages")


def is_valid(instance: Instance) -> bool:
    """Return whether nothing is wrong with an instance: not all that is drawn fits together."""
    return not any(defect.code.startswith("E") for defect in defects(instance))


def calendar(random: Random) -> Calendar:
    """Return no downtimes, some, or shifts."""
    if random.random() < 0.3:
        return Calendar()
    if random.random() < 0.3:
        period, start = random.randint(8, 16), random.randint(0, 3)
        return shifts(period, (start, random.randint(start + 5, period)))
    cuts = sorted(random.sample(range(40), 2 * random.randint(1, 3)))
    return down(*zip(cuts[::2], cuts[1::2], strict=True))


def set_once(seed: int) -> Instance:
    """Return a part set that is made once, maybe with downtimes, setups, pauses, release dates and fewer buffers."""
    random = Random(seed)
    instance = part_set(random.choice(CASES)(seed))
    has_downtimes, has_setups, pauses, has_dates, blocks = (random.random() < 0.6 for _ in range(5))

    def changed(machine: Machine) -> Machine:
        fields: dict[str, object] = {"calendar": calendar(random)} if has_downtimes else {}
        counts = machine.capacity > 1 or machine.input_buffer or machine.output_buffer
        if has_setups and not counts and random.random() < 0.7:
            times = {a: {b: random.randint(0, 3) for b in "AB" if b != a} for a in "AB"}
            fields["setups"] = SetupMatrix(times, random.choice((None, "A", "B")))
        for side in ("input_buffer", "output_buffer"):
            if blocks and machine.cell is None and random.random() < 0.3:
                fields[side] = 0
        return replace(machine, **fields)

    machines = tuple(map(changed, instance.machines))
    lanes = tuple(replace(lane, calendar=calendar(random)) if has_downtimes else lane for lane in instance.lanes)
    jobs = []
    for job in instance.jobs:
        operations = []
        for operation in job.operations:
            families = (
                random.choice((None, "A", "B")) if has_setups else mode.setup_family for mode in operation.modes
            )
            modes = tuple(replace(m, setup_family=f) for m, f in zip(operation.modes, families, strict=True))
            operations.append(replace(operation, modes=modes, interruptible=pauses and random.random() < 0.6))
        date = random.randint(0, 8) if has_dates else 0
        jobs.append(replace(job, operations=tuple(operations), release_date=date))
    return replace(instance, machines=machines, lanes=lanes, jobs=tuple(jobs), objective="makespan")


def without_stricter_rules(instance: Instance) -> Instance:
    """Return the instance without that of which the search knows fewer plans than the rules allow.

    These are setups after downtimes, and work that would pause though others help with it, or its start is dated.
    """
    machines = (m if m.setups is None else replace(m, calendar=Calendar()) for m in instance.machines)

    def changed(job: Job) -> Job:
        dated = {p.successor for p in job.precedences if p.max_lag is not None}
        operations = (
            replace(
                each,
                interruptible=each.interruptible
                and each.id not in dated
                and not any(mode.tended or mode.operators or mode.max_dwell is not None for mode in each.modes),
            )
            for each in job.operations
        )
        return replace(job, operations=tuple(operations))

    return replace(instance, machines=tuple(machines), jobs=tuple(map(changed, instance.jobs)))


def featured(seed: int) -> Instance:
    """Return an instance with a few features nearly everywhere, and all others here and there."""
    random = Random(seed)
    many = set(random.sample([feature for feature in FEATURES if feature not in UNSPOKEN], random.randint(3, 9)))

    class Featured(Builder):
        def has(self, feature: str, one_in: int = 2) -> bool:
            return feature not in self.without and random.random() < (0.8 if feature in many else 0.1)

    instance = Featured(SeededSource(seed), UNSPOKEN).instance(random.randint(2, 10))
    cells = (replace(c, robots=tuple(replace(r, calendar=Calendar()) for r in c.robots)) for c in instance.cells)
    fleets = (replace(f, vehicles=tuple(replace(v, calendar=Calendar()) for v in f.vehicles)) for f in instance.fleets)
    machines = (replace(m, swap=m.swap or "swaps" not in many) for m in instance.machines)
    return replace(instance, machines=tuple(machines), cells=tuple(cells), fleets=tuple(fleets), objective="makespan")


def generated(seed: int) -> Instance:
    """Return a small network with anything that the generator knows and the search speaks."""
    random = Random(seed)
    machines, jobs, some = random.randint(3, 8), random.randint(2, 5), random.choice
    instance = generate(
        facilities=random.randint(1, min(3, machines)), cells=random.randint(0, min(3, machines)), machines=machines,
        jobs=jobs, operations=random.randint(jobs, 4 * jobs), flexibility=some((1, 1.5, 2)), robots=some((1, 2)),
        grippers=some((1, 1, 2)), reach=some((0, 0, 0.5)), tended=some((0, 0, 0.5)), blocking=some((0, 0.5, 1)),
        buffers=some((0, 0.5)), dwell=some((0, 0, 0.5)), stations=some((0, 0, 1, 2)), vehicles=some((1, 2)),
        splits=some((0, 0.5)), docks=some((0, 0, 1)), fleet=some((0, 1, 2)), holds=some((1, 1, 2)),
        setups=some((0, 0.5, 1)), capacity=some((0, 0.3)), shifts=some((0, 0.5, 1)), operators=some((0, 2)),
        interruptible=some((0, 0.5, 1)), assembly=some((0, 0.3)), durations=(5, 30), seed=seed,
    )  # fmt: skip
    return replace(instance, objective="makespan")

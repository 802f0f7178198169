"""The factory search in the middle of hoist lines: parts in baths, and on their way there, go on first."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from helpers import at, carry, constructed, distances, factory, flagged, job, machine, mode, op, schedule
from test_decode import searched

from scheduler.domain import Instance, Objective, OperatorPool, Robot, RobotCell
from scheduler.domain.events import Event, MachineBreakdown, OperationDelayed, OperatorAbsent, Revision, revise
from scheduler.domain.happened import execution_of
from scheduler.search.construct import construct
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.lower import lower

MAKESPAN = Objective.parse("makespan")


def line(num_jobs: int, max_dwell: int = 2) -> Instance:
    """Parts go through two baths, A and B, with one hoist: moves last 1 + 1 + 1 ticks, empty ones 1."""
    baths = tuple(machine(name, cell="C", input_buffer=0, output_buffer=0) for name in "AB")
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT A B", 1), 1, 1)
    jobs = (
        job(
            f"J{number}",
            op("1", replace(mode("A", 3 + number % 3), max_dwell=max_dwell)),
            op("2", replace(mode("B", 2 + number % 2), max_dwell=max_dwell)),
        )
        for number in range(1, num_jobs + 1)
    )
    return factory(*baths, cell, *jobs)


def is_soaking(instance: Instance) -> bool:
    """Return whether a part is in a bath, or on its way there."""
    execution = execution_of(instance)
    begun = {o.key for o in execution.baseline.operations if o.start < execution.now}
    fetched = {(move.job, move.predecessor) for move in execution.moves}
    under_way = any(move.end > execution.now and move.successor is not None for move in execution.moves)
    return under_way or not begun <= fetched


@pytest.mark.parametrize("seed", range(4))
def test_walks_on_from_a_line_at_work(seed: int) -> None:
    random, plant = Random(seed), line(5)
    baseline = construct(plant, MAKESPAN, time_limit=0.0)
    assert baseline is not None
    walked = 0
    for now in range(2, baseline.makespan // 2, 4):
        operation = random.choice([o for o in baseline.operations if o.start > now])
        events: tuple[Event, ...] = (
            OperationDelayed("e", now, operation.job, operation.operation, delay=random.randint(1, 4)),
            MachineBreakdown("e", now, operation.machine, now + random.randint(8, 30)),
        )
        after = revise(plant, Revision(now, now, events[:1] if seed % 2 else events[1:], baseline))
        if is_soaking(after) and construct(after, MAKESPAN, time_limit=0.0) is not None:
            searched(after, "makespan", seed, iterations=50)
            walked += 1
    assert walked >= 3


def test_the_best_order_of_the_rest() -> None:
    # J1 is in bath A until 8 and goes on as planned; of the others, any order is found.
    plant = line(4)
    baseline = constructed(plant, "makespan")
    assert baseline is not None
    after = revise(plant, Revision(5, 5, (), baseline))
    found = searched(after, "makespan", iterations=500)
    assert found.makespan <= baseline.makespan


def test_a_part_on_its_way_to_a_bath_that_can_t_begin_has_no_schedule() -> None:
    # The part is put down at 3, but nobody is there to start the bath until 9.
    plant = line(2)
    first, second = plant.jobs
    bath = replace(first.operations[0].modes[0], operators={"P": 1})
    manned = replace(first, operations=(replace(first.operations[0], modes=(bath,)), first.operations[1]))
    plant = replace(plant, jobs=(manned, second), operators=(OperatorPool("P", 1),))
    baseline = construct(plant, MAKESPAN, time_limit=0.0)
    assert baseline is not None
    assert baseline.by_mover["R"][0] == carry("J1 >1", "IN>A", "R", 0, 3)
    after = revise(plant, Revision(2, 2, (OperatorAbsent("e", 2, "P", 9),), baseline))
    late = schedule(at("J1.1", "A", 9, 13), carry("J1 >1", "IN>A", "R", 0, 3))
    assert ("dwell", "J1.1 on A", 6) in flagged(after, late)
    assert construct(after, MAKESPAN, time_limit=0.0) is None
    assert lower(after, 1000) is None
    assert FactorySearch.of(after, MAKESPAN, 0, lambda _: None) is None

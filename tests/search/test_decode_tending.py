"""The factory search with robots that tend: they are at the machine while it works, from nothing and after an event."""

from __future__ import annotations

from random import Random

from helpers import distances, factory, job, machine, op
from strategies import random_tended_instance
from test_decode import OBJECTIVES, decoded, searched

from scheduler.domain import Calendar, Downtime, Instance, Mode, Objective, Robot, RobotCell
from scheduler.domain.events import Event, MachineBreakdown, OperationDelayed, Revision, RobotDown, revise
from scheduler.errors import EventError
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")


def tended_cell(*robots: Robot) -> Instance:
    """Return a cell with a part for each of two stations, 5 ticks of work there, tended; every way takes a tick."""
    cell = RobotCell("C", "F", robots, "in", "out", distances("in out S T", 1), 1, 1)
    jobs = [job(name, op("1", Mode(station, 5, tended=True))) for name, station in (("A", "S"), ("B", "T"))]
    return factory(machine("S", cell="C"), machine("T", cell="C"), cell, *jobs)


def disturbed(seed: int) -> Instance | None:
    """Return a random instance with tended operations while a robot tends one, after a random event."""
    random = Random(seed)
    instance = random_tended_instance(seed, 6)
    baseline = construct(instance, MAKESPAN, time_limit=0.0)
    if baseline is None:
        return None
    tended = [o for o in baseline.operations if o.tended_by is not None and o.end > o.start + 1]
    if not tended:
        return None
    chosen = random.choice(tended)
    now = random.randint(chosen.start, chosen.end - 1)
    running = [o for o in baseline.operations if o.end > now]
    operation, until = random.choice(running), now + random.randint(1, 20)
    events: list[Event] = [
        MachineBreakdown("e", now, operation.machine, until, random.choice(("resume", "repeat"))),
        OperationDelayed("e", now, operation.job, operation.operation, delay=random.randint(1, 9)),
    ]
    if instance.cells:
        events.append(RobotDown("e", now, instance.cells[0].robots[0].id, until))
    try:
        return revise(instance, Revision(now, now, (random.choice(events),), baseline))
    except EventError:
        return None


def test_random_instances() -> None:
    found = 0
    for seed in range(60):
        instance = random_tended_instance(seed, 3 + seed % 6)
        found += decoded(instance, Objective.parse(OBJECTIVES[seed % len(OBJECTIVES)]), seed) is not None
    assert found >= 35


def test_walks_through_cells() -> None:
    tended = 0
    for seed in range(8):
        instance = random_tended_instance(seed, 5)
        if decoded(instance, MAKESPAN, seed) is not None:
            schedule = searched(instance, OBJECTIVES[seed % len(OBJECTIVES)], seed, 300)
            tended += sum(operation.tended_by is not None for operation in schedule.operations)
    assert tended >= 5


def test_after_an_event() -> None:
    found = running = lost = 0
    for seed in range(110):
        instance = disturbed(seed)
        if instance is None or instance.execution is None:
            continue
        now = instance.execution.now
        if decoded(instance, Objective.parse(OBJECTIVES[seed % len(OBJECTIVES)]), seed) is not None:
            found += 1
            running += any(o.tended_by and o.start < now < o.end for o in instance.execution.baseline.operations)
            lost += any(piece.tended_by for piece in instance.execution.aborted)
    assert found >= 15
    assert running >= 12
    assert lost >= 2


def test_one_robot_does_one_thing_after_the_other() -> None:
    # 3 to S, 5 at work, 3 out, 1 back, and the same again: the robot is needed all the time.
    assert searched(tended_cell(Robot("R", "in")), "makespan", iterations=200).makespan == 23


def test_the_robot_that_has_brought_a_part_tends_it() -> None:
    # Each robot serves a part: 3 + 5 + 3.
    schedule = searched(tended_cell(Robot("R", "in"), Robot("Q", "in")), "makespan", iterations=200)
    assert schedule.makespan == 11
    movers = {move.job: move.mover for move in schedule.moves if move.job is not None}
    assert {o.job: o.tended_by for o in schedule.operations} == movers


def test_nothing_is_tended_in_a_downtime() -> None:
    # Q brings no part to S and can't tend there. After R's way of 3 ticks there are 4 until it is down.
    robots = Robot("R", "in", Calendar((Downtime(7, 11),))), Robot("Q", "in", reach=("in", "out"))
    instance = tended_cell(*robots)
    instance = factory(*instance.machines, *instance.cells, instance.jobs[0])
    assert searched(instance, "makespan", iterations=200).operations[0].start == 11

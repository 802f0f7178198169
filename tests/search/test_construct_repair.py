"""Construction in the middle of an execution: the past stays, parts in cells move on, pins hold."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from helpers import (
    assert_valid,
    at,
    carry,
    constructed,
    distances,
    empty,
    factory,
    job,
    machine,
    mode,
    op,
    schedule,
    simple_job,
)
from random_networks import Features, random_network

from scheduler.domain import (
    Execution,
    Instance,
    Machine,
    Objective,
    Robot,
    RobotCell,
    Schedule,
    ScheduledOperation,
    SetupMatrix,
)
from scheduler.domain.derive import complete
from scheduler.domain.events import (
    Event,
    JobCancelled,
    MachineBreakdown,
    OperationDelayed,
    Revision,
    RobotDown,
    revise,
)
from scheduler.errors import EventError
from scheduler.generate import generate
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")


def begun(instance: Instance, now: int, baseline: Schedule, *pins: ScheduledOperation) -> Instance:
    """Return the instance at `now`, when the baseline has been carried out so far."""
    moves = tuple(move for move in baseline.moves if move.job is not None and move.start < now)
    return replace(instance, execution=Execution(now, baseline, pins, moves=moves))


def rebuilt(instance: Instance) -> Schedule:
    found = constructed(instance, "makespan")
    assert found is not None
    assert_valid(instance, found)
    return found


def cell(names: str) -> tuple[RobotCell, list[Machine]]:
    """A cell with one robot and stations without buffers; robot moves last 4 ticks, empty moves 2."""
    places = distances(f"IN OUT {names}", 2)
    robots = (Robot("R", "IN"),)
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in names.split()]
    return RobotCell("C", "F", robots, "IN", "OUT", places, load_time=1, unload_time=1), stations


# --- by hand -----------------------------------------------------------------------------------------------------


def test_what_has_started_stays_and_the_rest_starts_now_or_later() -> None:
    instance = factory(machine("M1"), simple_job("J1", ("M1", 4)), simple_job("J2", ("M1", 3)))
    baseline = schedule(at("J1.1", "M1", 1, 5), at("J2.1", "M1", 7, 10))
    found = rebuilt(begun(instance, 2, baseline))
    assert {o.key: o.start for o in found.operations} == {("J1", "1"): 1, ("J2", "1"): 5}


def test_a_pinned_operation_keeps_its_start_and_others_go_round_it() -> None:
    instance = factory(machine("M1"), simple_job("J1", ("M1", 4)), simple_job("J2", ("M1", 3)))
    pin = at("J1.1", "M1", 4, 8)
    found = rebuilt(begun(instance, 2, schedule(pin, at("J2.1", "M1", 8, 11)), pin))
    assert {o.key: o.start for o in found.operations} == {("J1", "1"): 4, ("J2", "1"): 8}


def test_a_setup_under_way_goes_on_and_a_new_one_begins_now() -> None:
    # At 3 the setup for J1, [2, 4), is under way; a setup for J2 instead would have to begin at 3.
    matrix = SetupMatrix({"a": {"b": 2, "c": 2}}, initial="a")
    jobs = (job("J1", op("1", mode("M1", 5, "b"))), job("J2", op("1", mode("M1", 5, "c"))))
    instance = factory(machine("M1", setups=matrix), *jobs)
    baseline = complete(instance, (at("J1.1", "M1", 4, 9), at("J2.1", "M1", 9, 14)))
    found = rebuilt(begun(instance, 3, baseline))
    assert {o.key: o.start for o in found.operations} == {("J1", "1"): 4, ("J2", "1"): 9}


def test_an_empty_move_under_way_goes_on() -> None:
    # The robot left S1 for IN at 4 and gets there at 6; if it had to leave now, at 5, it would be there at 7.
    robot_cell, stations = cell("S1 S2")
    instance = factory(*stations, robot_cell, simple_job("J1", ("S1", 9)), simple_job("J2", ("S2", 1)))
    baseline = schedule(
        carry("J1 >1", "IN>S1", "R", 0, 4),
        at("J1.1", "S1", 4, 13),
        empty("S1>IN", "R", 4, 6),
        carry("J2 >1", "IN>S2", "R", 6, 10),
        at("J2.1", "S2", 10, 11),
    )
    found = rebuilt(begun(instance, 5, baseline))
    assert found.by_operation["J2", "1"].start == 10


def moving_up(*ways: str) -> Instance:
    """Return a cell in which the part of each job has been processed on the first station of its way, at tick 100.

    ``"S1 S2 S3"`` is the way of one job.
    """
    names = " ".join(sorted({station for way in ways for station in way.split()}))
    robot_cell, stations = cell(names)
    jobs = [simple_job(f"J{n}", *((station, 3) for station in way.split())) for n, way in enumerate(ways)]
    parts: list[object] = []
    for number, way in enumerate(ways):
        first, start = way.split()[0], 10 * number
        parts.append(carry(f"J{number} >1", f"IN>{first}", "R", start, start + 4))
        parts.append(at(f"J{number}.1", first, start + 4, start + 7))
    return begun(factory(*stations, robot_cell, *jobs), 100, schedule(*parts))


def test_parts_in_a_cell_move_up_in_the_order_that_is_possible() -> None:
    # S3 is free: only J1 can move, then only J0.
    found = rebuilt(moving_up("S1 S2", "S2 S3"))
    assert found.by_operation["J1", "2"].start < found.by_operation["J0", "2"].start


def test_parts_that_have_to_move_in_turn() -> None:
    # J0 needs S2, where J1 is; J1 needs S4 and then S1, where J0 is. Neither gets through as long as the other
    # stays: J1 has to go to S4, J0 to S2 and away, then J1 to S1.
    found = rebuilt(moving_up("S1 S2 S3", "S2 S4 S1"))
    assert found.by_operation["J1", "2"].start < found.by_operation["J0", "2"].start
    assert found.by_operation["J0", "2"].start < found.by_operation["J1", "3"].start


def test_parts_that_stand_in_each_others_way_for_ever() -> None:
    assert construct(moving_up("S1 S2", "S2 S1"), MAKESPAN) is None


def test_a_part_under_way_settles_the_station() -> None:
    # S2 would do the operation in a tick, but the robot is on its way to S1 with the part.
    robot_cell, stations = cell("S1 S2")
    instance = factory(*stations, robot_cell, job("J1", op("1", mode("S1", 9), mode("S2", 1))))
    baseline = schedule(carry("J1 >1", "IN>S1", "R", 0, 4), at("J1.1", "S1", 4, 13))
    found = rebuilt(begun(instance, 2, baseline))
    assert found.by_operation["J1", "1"].machine == "S1"


def test_a_part_that_waits_before_a_machine_keeps_its_place() -> None:
    # J2 waits in the only place before S until J1 is done at 20: J3 can't be put down before that.
    robot_cell, _ = cell("S")
    station = machine("S", cell="C", input_buffer=1)
    jobs = [simple_job("J1", ("S", 16)), simple_job("J2", ("S", 3)), simple_job("J3", ("S", 1))]
    baseline = schedule(
        carry("J1 >1", "IN>S", "R", 0, 4),
        at("J1.1", "S", 4, 20),
        empty("S>IN", "R", 4, 6),
        carry("J2 >1", "IN>S", "R", 6, 10),
        at("J2.1", "S", 20, 23),
    )
    found = rebuilt(begun(factory(station, robot_cell, *jobs), 12, baseline))
    assert found.by_operation["J2", "1"].start == 20
    (brought,) = [move for move in found.moves if move.job == "J3" and move.successor == "1"]
    assert brought.end == 21


def test_a_part_behind_a_machine_goes_before_the_place_is_needed() -> None:
    # J1 is in the only place behind S and J2 on S, when R2 is about to put J3 down at 15: by then J1 has to be gone.
    robot_cell, _ = cell("S")
    robot_cell = replace(robot_cell, robots=(Robot("R", "IN"), Robot("R2", "IN")))
    station = machine("S", cell="C", input_buffer=0, output_buffer=1)
    jobs = [simple_job(f"J{number}", ("S", 3)) for number in (1, 2, 3)]
    baseline = schedule(
        carry("J1 >1", "IN>S", "R", 0, 4),
        at("J1.1", "S", 4, 7),
        carry("J2 >1", "IN>S", "R2", 5, 9),
        at("J2.1", "S", 9, 12),
        carry("J3 >1", "IN>S", "R2", 11, 15),
        at("J3.1", "S", 15, 18),
    )
    found = rebuilt(begun(factory(station, robot_cell, *jobs), 12, baseline))
    first = {move.job: move.start for move in found.moves if move.predecessor == "1"}
    assert first["J1"] + 1 <= 14


# --- at random ---------------------------------------------------------------------------------------------------


def disturbed(seed: int, features: Features) -> Instance | None:
    """Return a random network at a random time after a random event; None if the event is impossible there."""
    rng = Random(seed)
    instance = random_network(seed, features)
    baseline = construct(instance, MAKESPAN, time_limit=0.0)
    assert baseline is not None
    now = rng.randint(1, max(1, baseline.makespan))
    until = now + rng.randint(1, 20)
    operation = rng.choice(baseline.operations)
    robots = list(instance.carrier_by_id)
    events: list[Event] = [
        MachineBreakdown("e", now, operation.machine, until),
        OperationDelayed("e", now, operation.job, operation.operation, delay=rng.randint(1, 9)),
        JobCancelled("e", now, operation.job),
        *(RobotDown("e", now, robot, until) for robot in robots),
    ]
    try:
        return revise(instance, Revision(now, now, (rng.choice(events),), baseline))
    except EventError:
        return None


@pytest.mark.parametrize("start", range(0, 300, 50))
@pytest.mark.parametrize(
    "features", [Features(), Features(facilities=1, cells=1, blocking=1.0, setups=0.0)], ids=["all", "cell"]
)
def test_after_an_event(start: int, features: Features) -> None:
    for seed in range(start, start + 50):
        instance = disturbed(seed, features)
        if instance is not None:
            found = construct(instance, MAKESPAN, time_limit=0.0)
            assert found is not None, f"seed {seed}"
            assert_valid(instance, found)


def test_the_next_operations_can_be_pinned() -> None:
    for seed in range(120):
        instance = random_network(seed)
        baseline = construct(instance, MAKESPAN, time_limit=0.0)
        assert baseline is not None
        now = Random(seed).randint(0, baseline.makespan)
        pins = [o for o in baseline.operations if now <= o.start < now + 15]
        pinned = begun(instance, now, baseline, *pins)
        found = construct(pinned, MAKESPAN, time_limit=0.0)
        assert found is not None, f"seed {seed}"
        assert_valid(pinned, found)


def test_a_new_job_goes_round_everything_that_is_pinned() -> None:
    for seed in range(6):
        instance = generate(jobs=12, operations=60, machines=10, cells=3, seed=seed)
        known = replace(instance, jobs=instance.jobs[:-1])
        baseline = construct(known, MAKESPAN, time_limit=0.0)
        assert baseline is not None
        now = baseline.makespan // 3
        pins = [o for o in baseline.operations if o.start >= now]
        pinned = begun(instance, now, baseline, *pins)
        found = construct(pinned, MAKESPAN, time_limit=0.0)
        assert found is not None, f"seed {seed}"
        assert_valid(pinned, found)
        kept = [o for o in found.operations if o.job != instance.jobs[-1].id]
        assert kept == list(baseline.operations)

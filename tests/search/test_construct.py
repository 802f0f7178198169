"""Tiny cases for every feature: what construction builds, and where greedy choices are forced, when it ends."""

from __future__ import annotations

import pytest
from helpers import assert_valid, constructed, distances, down, factory, job, machine, mode, op, shifts, simple_job

from scheduler.checker import recompute
from scheduler.domain import (
    Instance,
    Job,
    Lane,
    Machine,
    Objective,
    OperatorPool,
    Precedence,
    Robot,
    RobotCell,
    Schedule,
    SetupMatrix,
)
from scheduler.generate import generate
from scheduler.search.construct import construct


def built(instance: Instance, objective: str = "makespan", seed: int = 0) -> Schedule:
    """Return the schedule that construction builds, which has to be right."""
    schedule = constructed(instance, objective, seed=seed)
    assert schedule is not None
    assert_valid(instance, schedule)
    return schedule


def starts(schedule: Schedule) -> dict[str, int]:
    return {f"{o.job}.{o.operation}": o.start for o in schedule.operations}


def cell(stations: str, robots: int = 1) -> RobotCell:
    """A cell whose robot moves last 1 + 2 + 1 = 4 ticks, and whose empty moves last 2."""
    return RobotCell(
        "C",
        "F",
        tuple(Robot(f"R{number}", "IN") for number in range(1, robots + 1)),
        "IN",
        "OUT",
        distances(f"IN OUT {stations}", 2),
        load_time=1,
        unload_time=1,
    )


def stations(names: str, **fields: object) -> list[Machine]:
    """Stations without buffers."""
    return [machine(name, cell="C", input_buffer=0, output_buffer=0, **fields) for name in names.split()]


def lane(origin: str, destination: str, **fields: object) -> Lane:
    return Lane(f"{origin}{destination}", origin, destination, transit_time=5, return_time=5, **fields)


# --- machines ----------------------------------------------------------------------------------------------------


def test_nothing_to_do() -> None:
    assert built(factory(machine("M1"))) == Schedule(())


def test_a_job_shop_that_the_longest_rest_orders() -> None:
    # J1 has 9 ticks to go, J2 has 4: with J1 first on M1 both machines are busy without a gap until 9.
    jobs = (simple_job("J1", ("M1", 3), ("M2", 6)), simple_job("J2", ("M1", 2), ("M3", 2)))
    assert built(factory(machine("M1"), machine("M2"), machine("M3"), *jobs)).makespan == 9


def test_the_earliest_completion_chooses_the_machine() -> None:
    # Two of the three go to the fast machine, one after the other; the third is done on the slow one meanwhile.
    jobs = (job(name, op("1", mode("slow", 5), mode("fast", 3))) for name in ("J1", "J2", "J3"))
    assert built(factory(machine("slow"), machine("fast"), *jobs)).makespan == 6


def test_a_machine_with_room_for_two() -> None:
    jobs = (simple_job(name, ("oven", 4)) for name in ("J1", "J2", "J3"))
    assert built(factory(machine("oven", capacity=2), *jobs)).makespan == 8


def test_a_setup_is_done_in_one_piece_outside_a_downtime() -> None:
    # J1 is of the initial family: [0, 2). The setup a -> b would be [2, 5), but the machine is down during [4, 6):
    # it is [6, 9), and J2 runs during [9, 13). With J2 first, its setup could not begin earlier either.
    matrix = SetupMatrix({"a": {"b": 3}}, initial="a")
    jobs = (job("J1", op("1", mode("M1", 2, "a"))), job("J2", op("1", mode("M1", 4, "b"))))
    schedule = built(factory(machine("M1", setups=matrix, calendar=down((4, 6))), *jobs))
    assert starts(schedule) == {"J1.1": 0, "J2.1": 9}


def test_an_earlier_gap_is_filled_if_its_setups_fit() -> None:
    # J1 waits for its release at 10 and needs no setup. Before it there is room for J2 and two setups, a -> b -> a.
    matrix = SetupMatrix({"a": {"b": 2}, "b": {"a": 3}}, initial="a")
    jobs = (job("J1", op("1", mode("M1", 9, "a")), release_date=10), job("J2", op("1", mode("M1", 5, "b"))))
    assert starts(built(factory(machine("M1", setups=matrix), *jobs))) == {"J1.1": 10, "J2.1": 2}


@pytest.mark.parametrize(("interruptible", "start", "end"), [(True, 0, 6), (False, 5, 9)])
def test_downtimes(interruptible: bool, start: int, end: int) -> None:
    instance = factory(
        machine("M1", calendar=down((3, 5))), job("J1", op("1", mode("M1", 4), interruptible=interruptible))
    )
    (operation,) = built(instance).operations
    assert (operation.start, operation.end) == (start, end)


def test_work_that_fits_into_no_shift_is_done_elsewhere() -> None:
    # The shifts of M1 last 4 ticks, the operation 5.
    instance = factory(
        machine("M1", calendar=shifts(8, (0, 4))), machine("M2"), job("J1", op("1", mode("M1", 5), mode("M2", 50)))
    )
    assert built(instance).makespan == 50


def test_work_that_fits_into_no_shift_at_all() -> None:
    instance = factory(machine("M1", calendar=shifts(8, (0, 4))), simple_job("J1", ("M1", 5)))
    assert construct(instance, Objective.parse("makespan")) is None


def test_operators_are_shared() -> None:
    jobs = (job("J1", op("1", mode("M1", 3, crew=1))), job("J2", op("1", mode("M2", 4, crew=1))))
    assert built(factory(machine("M1"), machine("M2"), OperatorPool("crew", 1), *jobs)).makespan == 7


# --- jobs --------------------------------------------------------------------------------------------------------


def test_the_plan_that_ends_first_is_chosen() -> None:
    # Plan (1) takes 9 ticks, plan (2, 3) takes 6.
    operations = (op("1", mode("M1", 9)), op("2", mode("M1", 3)), op("3", mode("M2", 3)))
    links = (Precedence("2", "3"),)
    instance = factory(machine("M1"), machine("M2"), job("J1", *operations, links=links, plans=(("1",), ("2", "3"))))
    assert starts(built(instance)) == {"J1.2": 0, "J1.3": 3}


def test_an_operation_without_wait_starts_late_enough() -> None:
    # J1, with the longer rest, takes M2 during [0, 10); so J2 may not start on M1 before 8.
    tied = job("J2", op("1", mode("M1", 2)), op("2", mode("M2", 1)), links=(Precedence("1", "2", 0, 0),))
    instance = factory(machine("M1"), machine("M2"), simple_job("J1", ("M2", 10)), tied)
    assert starts(built(instance)) == {"J1.1": 0, "J2.1": 8, "J2.2": 10}


def test_a_chain_without_wait_moves_as_a_whole() -> None:
    # J2 fits behind J1 on every machine as soon as M3 is free at 8: its operations start at 5, 7 and 8.
    def tied(name: str, *steps: tuple[str, int]) -> Job:
        operations = tuple(op(str(number), mode(*step)) for number, step in enumerate(steps, start=1))
        return job(name, *operations, links=(Precedence("1", "2", 0, 0), Precedence("2", "3", 0, 0)))

    machines = (machine("M1"), machine("M2"), machine("M3"))
    jobs = (tied("J1", ("M1", 1), ("M2", 2), ("M3", 5)), tied("J2", ("M1", 2), ("M2", 1), ("M3", 1)))
    schedule = built(factory(*machines, *jobs))
    assert schedule.makespan == 9


def test_deadlines_come_before_the_objective() -> None:
    # The longest work first would make J2 miss its deadline.
    jobs = (simple_job("J1", ("M1", 5)), simple_job("J2", ("M1", 3), deadline=3))
    assert starts(built(factory(machine("M1"), *jobs))) == {"J1.1": 3, "J2.1": 0}


def test_a_deadline_that_nothing_can_meet() -> None:
    instance = factory(machine("M1"), simple_job("J1", ("M1", 3), deadline=2))
    assert construct(instance, Objective.parse("makespan")) is None


def test_the_objective_decides_between_the_passes() -> None:
    # Flow time wants the short job first, 2 + 7 = 9; makespan does not care.
    jobs = (simple_job("J1", ("M1", 5)), simple_job("J2", ("M1", 2)))
    instance = factory(machine("M1"), *jobs)
    schedule = built(instance, "flow_time")
    assert recompute(instance, schedule, Objective.parse("flow_time")) == (9,)


# --- robot cells -------------------------------------------------------------------------------------------------


def test_jobs_in_opposite_directions_do_not_block_each_other() -> None:
    # Without buffers and with one gripper, J2 can't enter before J1 has left: J1 needs four ticks for each of three
    # moves and three for each operation, 18. Then the robot goes back (2), and J2 takes 18 more.
    jobs = (simple_job("J1", ("S1", 3), ("S2", 3)), simple_job("J2", ("S2", 3), ("S1", 3)))
    assert built(factory(*stations("S1 S2"), cell("S1 S2"), *jobs)).makespan == 38


def test_a_finished_part_waits_on_its_station() -> None:
    # J2, with the longer rest, is on S2 until the robot has unloaded it at 24 + 1 = 25. J1 is done on S1 at 5; its
    # move may begin at 22, so that it is loaded from 25 to 26, runs until 35 and is out at 39.
    jobs = (simple_job("J1", ("S1", 1), ("S2", 9)), simple_job("J2", ("S2", 20)))
    schedule = built(factory(*stations("S1 S2"), cell("S1 S2", robots=2), *jobs))
    assert starts(schedule) == {"J1.1": 4, "J1.2": 26, "J2.1": 4}
    assert schedule.makespan == 39


def test_two_operations_on_one_station_need_no_move() -> None:
    instance = factory(*stations("S1"), cell("S1"), simple_job("J1", ("S1", 3), ("S1", 2)))
    schedule = built(instance)
    assert [move.kind for move in schedule.moves] == ["robot_move", "robot_move"]
    assert schedule.makespan == 4 + 3 + 2 + 4


def test_no_setup_while_the_part_stays_on_its_station() -> None:
    # The second operation is of another family; on S1, which the part does not leave, there is no time for a setup.
    matrix = SetupMatrix({"a": {"b": 1}}, initial="a")
    instance = factory(
        *stations("S1", setups=matrix),
        *stations("S2"),
        cell("S1 S2"),
        job("J1", op("1", mode("S1", 3, "a")), op("2", mode("S1", 3, "b"), mode("S2", 9))),
    )
    assert [o.machine for o in built(instance).operations] == ["S1", "S2"]


def test_parts_that_meet_in_a_cell_without_buffers() -> None:
    # Both branches need S1, the assembly S2: the first part has to wait on S2 for the second.
    links = (Precedence("1", "3"), Precedence("2", "3"))
    assembly = job("J1", op("1", mode("S1", 3)), op("2", mode("S1", 4)), op("3", mode("S2", 5)), links=links)
    schedule = built(factory(*stations("S1 S2"), cell("S1 S2"), assembly))
    assert sorted(move.destination for move in schedule.moves if move.successor == "3" and move.job) == ["S2", "S2"]


def test_parts_that_come_apart_in_a_cell_without_buffers() -> None:
    # Both parts of operation 1 go on to S2, one after the other: the second waits on S1.
    links = (Precedence("1", "2"), Precedence("1", "3"))
    taking_apart = job("J1", op("1", mode("S1", 3)), op("2", mode("S2", 4)), op("3", mode("S2", 5)), links=links)
    built(factory(*stations("S1 S2"), cell("S1 S2"), taking_apart))


# --- facilities --------------------------------------------------------------------------------------------------


def test_jobs_share_a_trip() -> None:
    # Both are ready at 3 and go in one trip of 5 ticks; alone, the second would wait for the return at 13.
    machines = [machine(name, facility) for name, facility in (("M1", "A"), ("M2", "A"), ("M3", "B"), ("M4", "B"))]
    jobs = (simple_job("J1", ("M1", 3), ("M3", 2)), simple_job("J2", ("M2", 3), ("M4", 2)))
    schedule = built(factory(*machines, lane("A", "B", units_per_vehicle=2), *jobs))
    assert [move.start for move in schedule.moves if move.kind == "transfer"] == [3, 3]
    assert schedule.makespan == 10


def test_a_job_waits_for_a_trip_where_trips_are_to_be_few() -> None:
    machines = [machine(name, facility) for name, facility in (("M1", "A"), ("M2", "A"), ("M3", "B"))]
    jobs = (simple_job("J1", ("M1", 6), ("M3", 2)), simple_job("J2", ("M2", 4), ("M3", 2)))
    instance = factory(*machines, lane("A", "B", units_per_vehicle=2, vehicles=2), *jobs)
    objective = Objective.parse("transfer_count > makespan")
    assert recompute(instance, built(instance, str(objective)), objective)[0] == 1


def test_no_way_into_a_facility_without_exit() -> None:
    # The quick mode of operation 1 is in A, but only from B a lane goes to C, where operation 2 is done.
    machines = (machine("M1", "A"), machine("M2", "B"), machine("M3", "C"))
    tempting = job("J1", op("1", mode("M1", 1), mode("M2", 5)), op("2", mode("M3", 2)))
    schedule = built(factory(*machines, lane("B", "C"), tempting))
    assert [o.machine for o in schedule.operations] == ["M2", "M3"]


# --- as a whole --------------------------------------------------------------------------------------------------


def test_a_large_network() -> None:
    instance = generate(seed=4)
    schedule = construct(instance, Objective.parse(instance.objective), time_limit=0.0)
    assert schedule is not None
    assert len(schedule.operations) == 350
    assert_valid(instance, schedule)


def test_the_same_seed_gives_the_same_schedule() -> None:
    instance = generate(jobs=8, operations=30, machines=8, cells=2, seed=1)
    objective = "weighted_tardiness > makespan"
    assert built(instance, objective, seed=3) == built(instance, objective, seed=3)


def test_more_passes_are_never_worse() -> None:
    instance = generate(jobs=10, operations=40, machines=8, cells=2, seed=2, tightness=1.0)
    objective = Objective.parse("weighted_tardiness > makespan")
    first = construct(instance, objective, time_limit=0.0)
    assert first is not None
    best = built(instance, str(objective))
    assert recompute(instance, best, objective) <= recompute(instance, first, objective)


def test_who_is_in_a_hurry_gets_one_pass_or_none() -> None:
    instance = factory(machine("M1"), simple_job("A", ("M1", 2)), simple_job("B", ("M1", 3)))
    makespan = Objective.parse("makespan")
    assert construct(instance, makespan, time_limit=0.0, is_hurried=True) is None
    found = construct(instance, makespan, time_limit=60.0, is_hurried=True)
    assert found is not None
    assert found.makespan == 5

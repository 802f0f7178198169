"""Every set does what the first does, one cycle time later than the one before, and is over in time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    empty,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    transfer,
)
from helpers import simple_job as simple

from scheduler.domain import Facility, Instance, Lane, Mode, Robot, RobotCell, Schedule, Status
from scheduler.domain.cycle import Cycle, unrolled
from scheduler.portfolio import solve
from scheduler.terms import value_terms


def line(repetitions: int = 3) -> Instance:
    """A part is 3 on M1 and 2 on M2, or on M3."""
    steps = op("1", mode("M1", 3)), op("2", mode("M2", 2), mode("M3", 2))
    shop = factory(machine("M1"), machine("M2"), machine("M3"), job("P", *steps), objective="cycle_time")
    return unrolled(shop, Cycle(repetitions))


def made(*starts: tuple[int, int], last: str = "M2") -> Schedule:
    """The parts begin on M1 and M2 at these ticks, the last one on machine `last`."""
    machines = ["M2"] * (len(starts) - 1) + [last]
    return schedule(
        *(at(f"P#{k}.1", "M1", first, first + 3) for k, (first, _) in enumerate(starts, start=1)),
        *(
            at(f"P#{k}.2", where, second, second + 2, 0 if where == "M2" else 1)
            for k, ((_, second), where) in enumerate(zip(starts, machines, strict=True), start=1)
        ),
    )


def test_sets_repeat_the_first() -> None:
    right = made((0, 3), (3, 6), (6, 9))
    assert_valid(line(), right)
    assert value_terms(line(), right)["cycle_time"] == 3
    assert hint_status(line(), right) is Status.FEASIBLE


def test_a_set_that_is_a_tick_late() -> None:
    wrong = made((0, 3), (3, 6), (6, 10))
    assert flagged(line(), wrong) == [("cycles", "P#3.2 on M2", 1)]
    assert fixed_status(line(), wrong) is Status.INFEASIBLE


def test_a_set_that_goes_to_another_machine() -> None:
    wrong = made((0, 3), (3, 6), (6, 9), last="M3")
    assert flagged(line(), wrong) == [("cycles", "P#3.2 on M3", 1)]
    assert fixed_status(line(), wrong) is Status.INFEASIBLE


def test_the_first_set_is_over_when_the_last_begins() -> None:
    # Three sets, 3 apart: the first may last until 6.
    assert_valid(line(), made((0, 4), (3, 7), (6, 10)))
    wrong = made((0, 5), (3, 8), (6, 11))
    assert flagged(line(), wrong) == [("cycles", "set 1", 1)]
    assert fixed_status(line(), wrong) is Status.INFEASIBLE
    assert_valid(line(4), made((0, 5), (3, 8), (6, 11), (9, 14)))


def test_sets_come_one_after_the_other() -> None:
    wrong = made((3, 6), (0, 3), (6, 9))
    assert flagged(line(), wrong) == [("cycles", "set 2", 4)]
    assert fixed_status(line(), wrong) is Status.INFEASIBLE


def test_a_plan_that_only_one_set_follows() -> None:
    steps = op("1", mode("M1", 3)), op("2", mode("M2", 2))
    shop = unrolled(factory(machine("M1"), machine("M2"), job("P", *steps, plans=(("1",), ("2",)), links=())), Cycle(2))
    assert_valid(shop, schedule(at("P#1.1", "M1", 0, 3), at("P#2.1", "M1", 3, 6)))
    wrong = schedule(at("P#1.1", "M1", 0, 3), at("P#2.2", "M2", 3, 5))
    assert flagged(shop, wrong) == [("cycles", "P#2.1", 1), ("cycles", "P#1.2", 1)]
    assert fixed_status(shop, wrong) is Status.INFEASIBLE


CELL = RobotCell("C", "F", (Robot("R", "IN"), Robot("Q", "IN")), "IN", "OUT", distances("IN S OUT", 1), 1, 1)


def cell() -> Instance:
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    return unrolled(factory(station, CELL, simple("P", ("S", 4))), Cycle(2))


def carried(mover: str = "R", start: int = 11) -> Schedule:
    """Every move lasts 3, the way back 1; `mover` takes part 2 out at 7 + `start`."""
    return schedule(
        at("P#1.1", "S", 3, 7),
        at("P#2.1", "S", 14, 18),
        carry("P#1 >1", "IN>S", "R", 0, 3),
        carry("P#1 1>", "S>OUT", "R", 7, 10),
        carry("P#2 >1", "IN>S", "R", start, start + 3),
        carry("P#2 1>", "S>OUT", mover, 18, 21),
        empty("OUT>IN", "R", 10, 11),
        *([empty("IN>S", "Q", 17, 18)] if mover == "Q" else []),
    )


def test_operations_are_tended_by_the_same_robot() -> None:
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    tended = op("1", Mode("S", 4, tended=True))
    shop = unrolled(factory(station, CELL, job("P", tended), objective="cycle_time > makespan"), Cycle(2))
    plan = solve(shop, time_limit=30, workers=1).schedule
    assert_valid(shop, plan)
    assert len({o.tended_by for o in plan.operations}) == 1
    other = "Q" if plan.operations[0].tended_by == "R" else "R"
    wrong = replace(plan, operations=(plan.operations[0], replace(plan.operations[1], tended_by=other)))
    assert ("cycles", "P#2.1 on S", 1) in flagged(shop, wrong)
    assert hint_status(shop, plan) is Status.FEASIBLE


def test_moves_are_repeated_by_the_same_robot() -> None:
    assert_valid(cell(), carried())
    assert hint_status(cell(), carried()) is Status.FEASIBLE
    assert flagged(cell(), carried("Q")) == [("cycles", "P#2 on Q", 1)]
    assert fixed_status(cell(), carried("Q")) is Status.INFEASIBLE


@pytest.mark.parametrize(("vehicle", "back"), [("L#1", 0), ("L#2", 3)])
def test_vehicles_of_a_lane_are_alike(vehicle: str, back: int) -> None:
    lane = Lane("L", "F", "G", transit_time=3, vehicles=2, return_time=back)
    steps = ("M1", 2), ("M2", 2)
    shop = factory(machine("M1"), machine("M2", "G"), Facility("F"), Facility("G"), lane, simple("P", *steps))
    shop = unrolled(shop, Cycle(3 if back else 2))
    distance = 7 if not back else 4

    def part(k: int, mover: str) -> list[object]:
        t = (k - 1) * distance
        return [
            at(f"P#{k}.1", "M1", t, t + 2),
            transfer(f"P#{k} 1>2", "F>G", mover, t + 2, t + 5),
            at(f"P#{k}.2", "M2", t + 5, t + 7),
            *([empty("G>F", mover, t + 5, t + 8)] if back else []),
        ]

    movers = ["L#1", vehicle, "L#1"][: len(shop.jobs)]
    right = schedule(*(item for k, mover in enumerate(movers, start=1) for item in part(k, mover)))
    assert_valid(shop, right)
    assert hint_status(shop, right) is Status.FEASIBLE


def test_nothing_is_asked_without_a_cycle() -> None:
    shop = replace(line(), cycle=None)
    assert_valid(shop, made((0, 3), (3, 6), (6, 9), last="M3"))
    assert value_terms(shop, made((0, 3), (3, 6), (6, 9)))["cycle_time"] == 0

"""Slow ways in robot cells and fleets: what begins after the event takes longer, until ways are fast again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, constructed, empty, flagged
from repair_cases import repaired, revised, robot_cell, robot_cell_baseline, robot_times
from slow_ways_cases import MAKESPAN, carts, decoded

from scheduler.cpsat.solve import Outcome, improve
from scheduler.domain import Battery, ChargeStep, Execution, Instance, Schedule, Slowdown, Status, Stop, Vehicle
from scheduler.domain.events import Retraction, Revision, RouteSlow, revise
from scheduler.domain.slowdowns import last_departure, leaves_at
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.decode.engine import FactorySearch


def test_moves_of_a_slow_cell_take_longer() -> None:
    # Travel takes 4 instead of 2: moves last 6, and the robot is at IN at 15 + 4, at S2 at 25 + 4, at S1 at 35 + 4.
    after, result = repaired(robot_cell(), robot_cell_baseline(), 8, RouteSlow("E", 8, "C", 50))
    assert after.cells[0].slowdowns == (Slowdown(8, None, 50),)
    assert [times[2:] for times in robot_times(result)] == [(0, 4), (9, 15), (19, 25), (29, 35), (39, 45)]


@pytest.mark.parametrize(
    ("until", "times"),
    [
        # The robot is at IN at 19. Until 12 it would be there at 23; it waits, and is there at 15 + 2.
        (12, [(17, 21), (23, 27), (29, 33)]),
        # It waits until 20 instead of 19, since it comes to S1 at 24 so, not at 25. Then all goes as usual.
        (20, [(20, 24), (26, 30), (32, 36)]),
        # The way from S1 to S2 begins at 25 and takes 4; those after it begin at 29 or later.
        (27, [(19, 25), (29, 33), (35, 39)]),
        (60, [(19, 25), (29, 35), (39, 45)]),
    ],
)
def test_plans_count_on_the_end_of_a_slowdown(until: int, times: list[tuple[int, int]]) -> None:
    slow, result = repaired(robot_cell(), robot_cell_baseline(), 8, RouteSlow("E", 8, "C", 50, until=until))
    assert slow.cells[0].slowdowns == (Slowdown(8, None, 50, until),)
    assert [found[2:] for found in robot_times(result)] == [(0, 4), (9, 15), *times]
    assert hint_status(slow, result) is fixed_status(slow, result) is Status.FEASIBLE
    made = constructed(slow, "makespan")
    assert made is not None
    assert_valid(slow, made)
    search = FactorySearch.of(slow, MAKESPAN, 0, lambda *_: None)
    assert search is not None
    decoded = search.first()
    assert decoded is not None
    assert_valid(slow, decoded)
    assert decoded.makespan <= made.makespan
    best = solve(slow, time_limit=20, workers=1)
    assert best.status is Status.OPTIMAL
    assert best.schedule.makespan <= result.makespan


def test_a_slow_cell_is_fast_again_at_its_tick() -> None:
    # The move under way at 24, [19, 25), arrives as planned. Then the robot is at S2 at 27, at S1 at 31 + 2.
    slow, result = repaired(robot_cell(), robot_cell_baseline(), 8, RouteSlow("E", 8, "C", 50, until=24))
    after = revise(slow, Revision(24, 0, (), result))
    assert after.cells[0].slowdowns == (Slowdown(8, 24, 50, 24),)
    found = constructed(after, "makespan")
    assert found is not None
    assert_valid(after, found)
    assert [times[2:] for times in robot_times(found)] == [(0, 4), (9, 15), (19, 25), (27, 31), (33, 37)]


def test_fast_moves_begin_at_the_end_of_a_slowdown_or_later() -> None:
    baseline = constructed(carts(), "makespan")
    assert baseline is not None
    after, result = repaired(carts(), baseline, 7, RouteSlow("E", 7, "carts", 50, until=14))
    # The cart is at M2 at 8: it is at M1 at 16, and carries J2 in 4 ticks.
    assert [(m.job, m.start, m.end) for m in result.moves][1:] == [("J1", 4, 8), (None, 8, 16), ("J2", 16, 20)]

    def moved(way: tuple[int, int], start: int, end: int) -> tuple[Status, list[tuple[str, str, int]]]:
        operations = [o for o in result.operations if o.key != ("J2", "2")]
        last = result.by_operation["J2", "2"]
        operations.append(replace(last, start=end, end=end + last.end - last.start))
        moves = [m for m in result.moves if m.end <= 8] + [empty("M2>M1", "V", *way)]
        moves.append(replace(next(m for m in result.moves if m.job == "J2"), start=start, end=end))
        other = Schedule(tuple(operations), tuple(moves))
        return fixed_status(after, other), flagged(after, other)

    assert moved((8, 16), 16, 20) == (Status.FEASIBLE, [])
    assert moved((14, 18), 18, 22) == (Status.FEASIBLE, [])  # waits for the fast way
    assert moved((8, 16), 16, 24) == (Status.FEASIBLE, [])  # counts on the way as slow
    assert moved((8, 16), 16, 22) == (Status.INFEASIBLE, [("moves", "J2 on V", 2)])
    assert moved((8, 12), 12, 20) == (Status.INFEASIBLE, [("movers", "vehicle V", 4), ("movers", "vehicle V", 4)])
    assert moved((13, 17), 17, 21)[1] == [("movers", "vehicle V", 4)]  # the empty move begins a tick too early


@pytest.mark.parametrize("speed", [50, 150])
def test_plans_do_not_count_on_the_end_of_fast_ways(speed: int) -> None:
    # They are so until the next repair, with batteries and without.
    cart = carts().fleets[0]
    battery = Battery(90, (ChargeStep(90, 1),), 90, 0, drain_loaded=1, drain_empty=1, drain_idle=1)
    for fleet in (cart, replace(cart, vehicles=(Vehicle("V", "P", battery=battery),))):
        execution = Execution(7, Schedule(()))
        after = RouteSlow("E", 7, "carts", speed, until=14).change(
            replace(carts(), fleets=(fleet,), execution=execution)
        )
        assert after.fleets[0].slowdowns == (Slowdown(7, None, speed, 14 if speed < 100 else None),)


def two_grippers() -> Instance:
    cell = robot_cell().cells[0]
    return replace(robot_cell(), cells=(replace(cell, robots=(replace(cell.robots[0], grippers=2),)),))


def test_a_robot_with_two_grippers_waits_with_its_part_for_faster_ways() -> None:
    # It has lifted J1 at S1 at 10. Slow it would be at S2 at 14; it waits until 11 and is there at 13.
    after, result = repaired(two_grippers(), robot_cell_baseline(), 8, RouteSlow("E", 8, "C", 50, until=11))
    assert after.cells[0].slowdowns == (Slowdown(8, None, 50, 11),)
    assert [found[2:] for found in robot_times(result)] == [(0, 4), (9, 14), (16, 20), (22, 26), (28, 32)]
    assert hint_status(after, result) is fixed_status(after, result) is Status.FEASIBLE
    later = revise(after, Revision(15, 0, (), result))
    assert right_shift(later, result) == result
    assert fixed_status(later, result) is Status.FEASIBLE

    def lifted(end: int) -> tuple[Status, list[tuple[str, str, int]]]:
        moves = tuple(replace(m, end=end) if (m.job, m.start) == ("J1", 9) else m for m in result.moves)
        other = replace(result, moves=moves)
        return fixed_status(after, other), flagged(after, other)

    assert lifted(13) == (Status.INFEASIBLE, [("moves", "J1 on R1", 1), ("visits", "robot R1", 1)])
    made = constructed(after, "makespan")
    assert made is not None
    assert_valid(after, made)


def test_what_has_begun_with_a_part_on_board_keeps_its_times() -> None:
    # The robot stands at S1 with J1 until 11, when ways become slow once more: it arrives as it was to.
    after, result = repaired(two_grippers(), robot_cell_baseline(), 8, RouteSlow("E", 8, "C", 50, until=11))
    again, shifted = repaired(after, result, 10, RouteSlow("F", 10, "C", 25))
    assert robot_times(shifted)[1][2:] == (9, 14)
    assert hint_status(again, shifted) is fixed_status(again, shifted) is Status.FEASIBLE
    # From S2, 14, to IN it takes 8 instead of 2, and so does the next loaded move.
    assert robot_times(shifted)[2][2:] == (22, 32)


def proved(instance: Instance) -> Outcome:
    """Return what the model alone knows of the least makespan."""
    how = {"time_limit": 60.0, "workers": 1, "seed": 0, "on_progress": lambda *_: None, "stop": Stop()}
    return improve(instance, MAKESPAN, start=None, **how)  # type: ignore[arg-type]


def test_a_vehicle_takes_two_jobs_along_once_ways_are_fast_again() -> None:
    # At M1 at 4, where J1 is ready at 4 and J2 at 8. With both on board at 8 the cart waits until 9, and is at M2 at
    # 13: the two operations of 2 end at 17. With J1 alone it is there at 12, and again with J2 at 20.
    cart = replace(carts().fleets[0], vehicles=(Vehicle("V", "P", capacity=2),))
    instance = replace(carts(), fleets=(cart,))
    baseline = constructed(instance, "makespan")
    assert baseline is not None
    after = revised(instance, baseline, 1, RouteSlow("E", 1, "carts", 50, until=9))
    best = solve(after, time_limit=60, workers=1)
    assert (best.status, best.terms["makespan"]) == (Status.OPTIMAL, 17)
    assert_valid(after, best.schedule)
    assert proved(after).schedule.makespan == 17
    for_ever = revised(instance, baseline, 1, RouteSlow("E", 1, "carts", 50))
    assert proved(for_ever).schedule.makespan == 20
    found = FactorySearch.of(after, MAKESPAN, 0, lambda *_: None)
    assert found is not None
    first = found.first()
    assert first is not None
    assert_valid(after, first)
    assert first.makespan <= 22


def test_the_factory_search_waits_with_parts_on_board() -> None:
    # At M1 at 8; with J1 at once it would be at M2 at 16. It waits until 9, takes J2 up too, and is there at 13.
    cart = replace(carts().fleets[0], vehicles=(Vehicle("V", "P", capacity=2),), slowdowns=(Slowdown(0, None, 50, 9),))
    first = decoded(replace(carts(), fleets=(cart,)))
    assert first is not None
    assert_valid(replace(carts(), fleets=(cart,)), first)
    assert [(m.job, m.start, m.end) for m in first.moves] == [(None, 0, 8), ("J1", 8, 13), ("J2", 9, 14)]


def test_slowdowns_multiply_and_end_apart() -> None:
    first = revised(robot_cell(), robot_cell_baseline(), 8, RouteSlow("E", 8, "C", 50), RouteSlow("F", 8, "C", 80))
    cell = first.cells[0]
    assert (cell.travel_time("IN", "S1"), cell.travel_time("IN", "S1", 7), cell.longest_travel) == (5, 2, 5)
    shifted = right_shift(first, robot_cell_baseline())
    assert shifted is not None
    second = revise(first, Revision(12, 0, (Retraction("R", 12, supersedes="E"),), shifted)).cells[0]
    assert second.slowdowns == (Slowdown(8, 12, 50), Slowdown(8, None, 80))
    assert [second.travel_time("IN", "S1", at) for at in (7, 8, 11, 12)] == [2, 5, 5, 3]


def test_when_a_carrier_has_to_leave_and_when_it_leaves() -> None:
    fleet = replace(carts().fleets[0], slowdowns=(Slowdown(10, 20, 50),))
    # After the slowdown, in it, before it: 13 + 4 would be in it, so that it has to leave at 9.
    assert [last_departure(fleet, "P", "M1", wanted) for wanted in (24, 23, 18, 17, 13, 12)] == [20, 15, 10, 9, 9, 8]
    # Under way since 17, it would be there at 25; from 20 on it is faster.
    assert leaves_at(fleet, "P", "M1", 5, 20, 17) == 20
    assert leaves_at(fleet, "P", "M1", 5, 22, 21) == 21
    slow = replace(fleet, slowdowns=(Slowdown(10, None, 50),))
    assert leaves_at(slow, "P", "M1", 5, 10, 9) == 9 + 4 - 8
    assert leaves_at(slow, "P", "M1", 5, 10, 9, anew=True) == 10

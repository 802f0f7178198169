"""What has begun in the middle of an exchange, and going on as in a schedule that is known to work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from random import Random

import pytest
from helpers import (
    assert_valid,
    at,
    carry,
    constructed,
    distances,
    down,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    simple_job,
    transport,
)
from strategies import random_events, random_fleet_instance, random_mover_instance

from scheduler.domain import (
    Execution,
    Facility,
    Fleet,
    Instance,
    Job,
    Machine,
    Objective,
    Precedence,
    Robot,
    RobotCell,
    Schedule,
    SetupMatrix,
    Vehicle,
)
from scheduler.domain.derive import complete
from scheduler.domain.events import MachineBreakdown, Revision, revise
from scheduler.domain.happened import started
from scheduler.errors import EventError
from scheduler.generate import Recipe, generate
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.board import Board
from scheduler.search.construct import construct
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.dispatch import begin, follow
from scheduler.search.problem import Problem
from scheduler.search.rules import rules
from scheduler.search.units import Plans, Unit

MAKESPAN = Objective.parse("makespan")


def cell(names: str, **robot: object) -> tuple[RobotCell, list[Machine]]:
    """A cell with a robot for two parts and stations without buffers: 1 to take up, 1 to put down, 2 on the way."""
    robots = (Robot("R", "IN", **{"grippers": 2, **robot}),)  # type: ignore[arg-type]
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in names.split()]
    travel = distances(f"IN OUT {names}", 2)
    return RobotCell("C", "F", robots, "IN", "OUT", travel, load_time=1, unload_time=1), stations


def begun(instance: Instance, now: int, baseline: Schedule) -> Instance:
    """Return the instance at `now`, when the baseline has been carried out so far."""
    moves = tuple(move for move in baseline.moves if move.job is not None and move.start < now)
    return replace(instance, execution=Execution(now, baseline, moves=moves))


def gone_on(instance: Instance, known: Schedule) -> tuple[Board, set[Unit]] | None:
    """Return what `follow` does with the first rule."""
    problem = Problem(instance)
    return follow(problem, Plans(problem), next(rules(problem, MAKESPAN)), Random(0), known)


# --- an exchange under way -----------------------------------------------------------------------------------------


def exchanging(*more: object, put_down: int = 16, **robot: object) -> Instance:
    """Return a cell at 13 where B is on its way to S1, from which A has to go first; it is put on S1 then."""
    robot_cell, stations = cell("S1 S2", **robot)
    instance = factory(*stations, robot_cell, simple_job("A", ("S1", 3)), simple_job("B", ("S1", 3)))
    baseline = schedule(
        carry("A >1", "IN>S1", "R", 0, 4),
        at("A.1", "S1", 4, 7),
        carry("B >1", "IN>S1", "R", 12, put_down + 1),
        at("B.1", "S1", put_down + 1, put_down + 4),
    )
    return begun(instance, 13, baseline)


def test_a_part_is_taken_off_just_before_the_one_in_hand_is_put_down() -> None:
    # The robot is there at 15, takes A off until 16, puts B down until 17, and is at OUT with A at 19.
    instance = exchanging()
    found = constructed(instance, "makespan")
    assert found is not None
    assert_valid(instance, found)
    assert [(m.start, m.end) for m in found.by_mover["R"] if (m.job, m.successor) == ("A", None)] == [(15, 20)]


def test_a_robot_that_is_down_takes_the_part_off_afterwards() -> None:
    # What B waits for, A can only be lifted after it.
    instance = exchanging(put_down=32, calendar=down((14, 30)))
    found = constructed(instance, "makespan")
    assert found is not None
    assert_valid(instance, found)
    assert [(m.start, m.end) for m in found.by_mover["R"] if (m.job, m.successor) == ("A", None)] == [(30, 36)]


def test_an_exchange_needs_time_before_the_part_is_put_down() -> None:
    # The robot is at S1 at 15: with B put down from 15 on nobody takes A off before.
    assert constructed(exchanging(put_down=15), "makespan") is None


def test_a_robot_with_one_gripper_exchanges_nothing() -> None:
    instance = exchanging(put_down=30)
    (robot_cell,) = instance.cells
    alone = replace(instance, cells=(replace(robot_cell, robots=(Robot("R", "IN"),)),))
    assert constructed(alone, "makespan") is None


def test_a_second_part_does_not_come_before_the_one_in_hand() -> None:
    # The robot has the first part of A in hand and could put the second on S before it, at 9. But S is set up
    # until 11, and kept for the one in hand from 12 on.
    robot_cell, (station,) = cell("S")
    station = replace(station, setups=SetupMatrix({"a": {"b": 11}}, "a"))
    links = Precedence("1", "3"), Precedence("2", "3")
    parts = op("1", mode("P", 2)), op("2", mode("Q", 6))
    instance = factory(
        station, machine("P"), machine("Q"), robot_cell, job("A", *parts, op("3", mode("S", 3, "b")), links=links)
    )
    moves = (
        carry("A 1>3", "IN>S", "R", 2, 13),
        carry("A 2>3", "IN>S", "R", 8, 12),
        carry("A 3>", "S>OUT", "R", 16, 20),
    )
    known = complete(instance, (at("A.1", "P", 0, 2), at("A.2", "Q", 0, 6), at("A.3", "S", 13, 16)), moves)
    assert_valid(instance, known)
    found = constructed(begun(instance, 5, known), "makespan")
    assert found is not None
    assert_valid(begun(instance, 5, known), found)


# --- one after the other ---------------------------------------------------------------------------------------------


def test_a_part_goes_on_when_another_has_made_room_on_its_way() -> None:
    # At 15 A has to leave its bath S1, by 20 at the latest, and comes back to IN for S2 later; IN has one place,
    # where B waits for S2. The robot has to fetch A before B, and B before it can bring A to S2: neither is first.
    robot_cell, stations = cell("S1 S2", grippers=1)
    crowded = replace(robot_cell, input_places=1, output_places=1)
    places = distances("DOCK IN OUT M", 3)
    fleet = Fleet("V", "F", (Vehicle("V1", "DOCK"),), places, pick_up_time=1, drop_time=1)
    bath = op("1", replace(mode("S1", 6), max_dwell=5))
    jobs = job("A", bath, op("2", mode("M", 5)), op("3", mode("S2", 3))), simple_job("B", ("S2", 6))
    there = Facility("F", "DOCK"), *stations, machine("M", output_buffer=0), crowded, fleet
    instance = factory(*there, *jobs)
    happened = (
        transport("A >1", "DOCK>IN", "V1", 0, 5),
        carry("A >1", "IN>S1", "R", 5, 9),
        transport("B >1", "DOCK>IN", "V1", 8, 13),
    )
    to_come = (
        carry("A 1>2", "S1>OUT", "R", 15, 19),
        transport("A 1>2", "OUT>M", "V1", 19, 24),
        carry("B >1", "IN>S2", "R", 21, 25),
        transport("A 2>3", "M>IN", "V1", 29, 34),
        carry("B 1>", "S2>OUT", "R", 31, 35),
        carry("A 2>3", "IN>S2", "R", 37, 41),
        carry("A 3>", "S2>OUT", "R", 44, 48),
    )
    operations = at("A.1", "S1", 9, 15), at("A.2", "M", 24, 29), at("A.3", "S2", 41, 44), at("B.1", "S2", 25, 31)
    known = complete(instance, operations, (*happened, *to_come))
    assert_valid(instance, known)
    found = constructed(begun(instance, 15, known), "makespan")
    assert found is not None
    assert_valid(begun(instance, 15, known), found)


# --- as in a known schedule ----------------------------------------------------------------------------------------


def holding() -> tuple[Instance, Schedule]:
    """Return a cell at 13 where A has to go from S1, B comes, and A's next station S2 is not free before 25."""
    robot_cell, stations = cell("S1 S2")
    jobs = simple_job("A", ("S1", 3), ("S2", 3)), simple_job("B", ("S1", 3)), simple_job("C", ("S2", 20))
    instance = factory(*stations, robot_cell, *jobs)
    moves = (
        carry("C >1", "IN>S2", "R", 0, 4),
        carry("A >1", "IN>S1", "R", 6, 10),
        carry("B >1", "IN>S1", "R", 12, 17),
        carry("A 1>2", "S1>S2", "R", 15, 26),
        carry("C 1>", "S2>OUT", "R", 24, 29),
        carry("B 1>", "S1>OUT", "R", 31, 35),
        carry("A 2>", "S2>OUT", "R", 37, 41),
    )
    operations = at("C.1", "S2", 4, 24), at("A.1", "S1", 10, 13), at("B.1", "S1", 17, 20), at("A.2", "S2", 26, 29)
    known = complete(instance, operations, moves, ())
    return begun(instance, 13, known), known


def test_a_part_is_held_in_hand_as_long_as_a_known_schedule_says() -> None:
    # A is taken off S1 at 15 and put on S2 at 26, when C is gone. No order of the three finds that.
    instance, known = holding()
    assert flagged(instance, known) == []
    problem = Problem(instance)
    tools = problem, Plans(problem), next(rules(problem, MAKESPAN)), Random(0)
    assert begin(*tools) is None
    found = begin(*tools, known)
    assert found is not None
    board, placed = found
    assert {unit.plan.job.domain.id for unit in placed} == {"A", "B", "C"}
    assert board.schedule() == known


def test_a_known_schedule_in_which_all_of_it_ends_sooner_is_followed() -> None:
    # B has waited for longer, so that its long operation is placed first; with A before it both end sooner in sum.
    def waiting(name: str, before: tuple[str, int], length: int) -> Job:
        return job(name, op("1", mode(*before)), op("2", mode("M", length)), links=(Precedence("1", "2", 0, 30),))

    instance = factory(*map(machine, "MNO"), waiting("A", ("N", 2), 1), waiting("B", ("O", 1), 10))
    happened = at("A.1", "N", 0, 2), at("B.1", "O", 0, 1)
    short_first = complete(instance, (*happened, at("A.2", "M", 2, 3), at("B.2", "M", 3, 13)), (), ())
    long_first = complete(instance, (*happened, at("B.2", "M", 2, 12), at("A.2", "M", 12, 13)), (), ())
    worse = complete(instance, (*happened, at("B.2", "M", 4, 14), at("A.2", "M", 14, 15)), (), ())
    after = begun(instance, 2, long_first)
    problem = Problem(after)
    for known, expected in ((None, long_first), (short_first, short_first), (worse, long_first)):
        found = begin(problem, Plans(problem), next(rules(problem, MAKESPAN)), Random(0), known)
        assert found is not None
        assert found[0].schedule() == expected


def test_a_schedule_that_lacks_an_operation_is_not_followed() -> None:
    instance, known = holding()
    assert gone_on(instance, replace(known, operations=known.operations[:-1])) is None


def test_only_what_is_in_the_way_of_others_goes_on_as_known() -> None:
    # A leaves its cell, where OUT has one place, at 13, and waits before M, where there is room, for K until 40. Nobody
    # needs it there, and K has not begun: A can be done from 18 on.
    robot_cell, stations = cell("S")
    places = distances("OUT M", 3)
    fleet = Fleet("V", "F", (Vehicle("V1", "OUT"),), places, pick_up_time=1, drop_time=1)
    jobs = simple_job("A", ("S", 5), ("M", 3)), simple_job("K", ("M", 20))
    instance = factory(*stations, machine("M"), replace(robot_cell, output_places=1), fleet, *jobs)
    moves = (
        carry("A >1", "IN>S", "R", 0, 4),
        carry("A 1>2", "S>OUT", "R", 9, 13),
        transport("A 1>2", "OUT>M", "V1", 13, 18),
    )
    known = complete(instance, (at("A.1", "S", 4, 9), at("A.2", "M", 40, 43), at("K.1", "M", 20, 40)), moves)
    after = begun(instance, 6, known)
    assert flagged(after, known) == []
    problem = Problem(after)
    for whole, start in ((True, 40), (False, 18)):
        found = follow(problem, Plans(problem), next(rules(problem, MAKESPAN)), Random(0), known, whole=whole)
        assert found is not None
        (last,) = (o for unit in found[1] for o in unit.operations if o.key == ("A", "2"))
        assert found[0].start[last.index] == start
        assert set(found[0].moves) == set(moves)


def test_a_setup_that_is_not_done_without_what_lies_between() -> None:
    # M is set up from a to b in [8, 10) and to c in [16, 18); from a to c there is no time right before 18. C has begun
    # and may not wait for long, B has not.
    times = {"a": {"b": 2, "c": 3}, "b": {"c": 2}}
    shop = machine("M", setups=SetupMatrix(times), calendar=down((4, 8), (12, 16)))
    first, last = op("1", mode("N", 1)), op("2", mode("M", 2, "c"))
    jobs = (
        job("A", op("1", mode("M", 4, "a"))),
        job("B", op("1", mode("M", 2, "b"))),
        job("C", first, last, links=(Precedence("1", "2", 0, 19),)),
    )
    instance = factory(shop, machine("N"), *jobs)
    operations = at("A.1", "M", 0, 4), at("B.1", "M", 10, 12), at("C.1", "N", 0, 1), at("C.2", "M", 18, 20)
    known = complete(instance, operations, (), ())
    after = begun(instance, 1, known)
    assert flagged(after, known) == []
    assert gone_on(after, known) is None
    # With as long a setup from a to c as from b it is.
    alike = replace(shop, setups=SetupMatrix({**times, "a": {"b": 2, "c": 2}}))
    after = replace(after, machines=(alike, *after.machines[1:]))
    assert gone_on(after, known) is not None


# --- at random -----------------------------------------------------------------------------------------------------


def shifted(seed: int, instance: Instance) -> tuple[Instance, Schedule] | None:
    """Return the instance after a random event, with its right shift; None if there is none."""
    baseline = construct(instance, MAKESPAN, time_limit=0.0)
    if baseline is None:
        return None
    events = random_events(seed, instance, baseline)
    try:
        after = revise(instance, Revision(events[0].at, events[0].at, events, baseline))
    except EventError:
        return None
    known = right_shift(after, baseline)
    return None if known is None or flagged(after, known) else (after, known)


def cases(seeds: Sequence[int]) -> list[tuple[Instance, Schedule]]:
    made = [
        shifted(s, make(s, 8, without=("deadlines",)))
        for s in seeds
        for make in (random_fleet_instance, random_mover_instance)
    ]
    return [case for case in made if case is not None]


def test_what_has_begun_goes_on_as_in_the_right_shift() -> None:
    num_settled = 0
    for instance, known in cases(range(40)):
        found = gone_on(instance, known)
        assert found is not None
        board, placed = found
        for unit in placed:
            for operation in unit.operations:
                was = known.by_operation[operation.key]
                assert (board.start[operation.index], board.end[operation.index]) == (was.start, was.end)
                num_settled += operation.key not in started(instance)
        assert set(known.moves).issuperset(board.moves)
    assert num_settled > 20


def broken_down() -> Iterator[tuple[Instance, Schedule]]:
    """Yield a network whose cells have one place at each station, after breakdowns of its other machines."""
    size: dict[str, int] = {"facilities": 2, "cells": 2, "machines": 10, "jobs": 12, "operations": 50}
    instance = generate(Recipe(**size, stations=1, fleet=2, seed=1))
    baseline = construct(instance, MAKESPAN, time_limit=0.0)
    assert baseline is not None
    for now in range(50, 500, 50):
        for station in (known.id for known in instance.machines if known.cell is None):
            event = MachineBreakdown("E", now, station, now + 200)
            after = revise(instance, Revision(now, 0, (event,), baseline))
            known = right_shift(after, baseline)
            if known is not None:
                yield after, known


def test_what_waits_in_nobodys_way_ends_no_later_in_sum() -> None:
    num_sooner = 0
    for instance, known in broken_down():
        problem = Problem(instance)
        found = follow(problem, Plans(problem), next(rules(problem, MAKESPAN)), Random(0), known, whole=False)
        if found is not None:
            board, placed = found
            keys = [operation for unit in placed for operation in unit.operations]
            earlier = sum(known.by_operation[o.key].end - board.end[o.index] for o in keys)
            assert earlier >= 0
            num_sooner += earlier > 0
    assert num_sooner > 3


@pytest.mark.parametrize("whole", [True, False])
def test_the_factory_search_goes_on_from_there(monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:
    monkeypatch.setattr("scheduler.search.decode.lower.begin", partial(follow, whole=whole))
    num_found = 0
    for instance, known in cases(range(12)):
        search = FactorySearch.of(instance, MAKESPAN, 0, lambda value: None, known=known)
        found = search.first(0.0) if search is not None else None
        if found is not None:
            assert_valid(instance, found)
            num_found += 1
    assert num_found > 5

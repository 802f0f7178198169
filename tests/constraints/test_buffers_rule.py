"""Places before and after machines: so many parts can wait there, and a full buffer blocks what comes."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    empty,
    factory,
    flagged,
    machine,
    schedule,
    simple_job,
    transport,
)
from oracle import TooHardError, best_schedule

from scheduler.domain import Downtime, Fleet, Instance, Objective, Robot, RobotCell, Schedule, Status, Vehicle
from scheduler.domain.derive import occupied_until, taken_at
from scheduler.domain.events import MachineBreakdown
from scheduler.io.validate import require_valid
from scheduler.plot.lay_out import lay_out
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.search.construct import construct

# --- places after a machine --------------------------------------------------------------------------------------


def line(places: int | None, *, capacity: int = 1) -> Instance:
    """J1, J2 and J3 go over the quick A and the slow B, with so many places between them."""
    jobs = (simple_job(f"J{k}", ("A", 2), ("B", 5)) for k in (1, 2, 3))
    return factory(machine("A", output_buffer=places, capacity=capacity), machine("B"), *jobs)


def through(*starts: tuple[int, int]) -> Schedule:
    """The jobs one after the other, by their starts on A and on B."""
    steps = [(f"J{k}.1", "A", a, a + 2) for k, (a, _) in enumerate(starts, start=1)]
    steps += [(f"J{k}.2", "B", b, b + 5) for k, (_, b) in enumerate(starts, start=1)]
    return schedule(*(at(*step) for step in steps))


def test_one_place_holds_one_part():
    # J2 is done at 4 and lies in the place until B takes it at 7; J3 can be on A meanwhile, done at 6 and blocking A.
    assert_valid(line(1), through((0, 2), (2, 7), (4, 12)))
    assert occupied_until(line(1), through((0, 2), (2, 7), (4, 12)))["J3", "1"] == 7
    # Without the place J3 has to wait for A until J2 has left it at 7.
    assert flagged(line(0), through((0, 2), (2, 7), (4, 12))) == [("capacity", "J3.1 on A", 3)]


def test_a_full_buffer_blocks_the_machine():
    # J2 in the place until 8, J3 done at 6 on A until 8; J4 can't be there before.
    instance = line(1)
    instance = replace(instance, jobs=(*instance.jobs, simple_job("J4", ("A", 1))))
    base = through((0, 3), (2, 8), (4, 13))
    assert_valid(instance, schedule(*base.operations, at("J4.1", "A", 8, 9)))
    early = schedule(*base.operations, at("J4.1", "A", 7, 8))
    assert flagged(instance, early) == [("buffers", "J4.1 on A", 1)]


def test_places_count_beside_those_of_the_machine():
    # A for two parts and one place after it: three parts in all, until J1 goes on at 4.
    assert_valid(line(1, capacity=2), through((0, 4), (0, 9), (2, 14)))
    instance = line(1, capacity=2)
    instance = replace(instance, jobs=(*instance.jobs, simple_job("J4", ("A", 1))))
    held = through((0, 4), (0, 9), (2, 14)).operations
    assert_valid(instance, schedule(*held, at("J4.1", "A", 4, 5)))
    assert flagged(instance, schedule(*held, at("J4.1", "A", 3, 4))) == [("buffers", "J4.1 on A", 1)]


def test_a_job_that_is_done_needs_no_place():
    jobs = (simple_job(f"J{k}", ("A", 2)) for k in (1, 2, 3))
    instance = factory(machine("A", output_buffer=1), *jobs)
    assert_valid(instance, schedule(*(at(f"J{k}.1", "A", 2 * k - 2, 2 * k) for k in (1, 2, 3))))


@pytest.mark.parametrize(("places", "value"), [(0, 22), (1, 17), (None, 17)])
def test_a_place_frees_the_machine_for_a_long_operation(places: int | None, value: int):
    # B needs 2 + 3 x 5 = 17. Without place either J4 (10 ticks, from 5 on) is last on A, which the third job leaves for
    # B at 2 + 2 x 5 = 12 or later: 22; or some job follows J4 on A at 15 or later and needs 2 + 5 more: 22. With one
    # place J2 is there until 7, then J3, and J4 is on A during [7, 17).
    last = simple_job("J4", ("A", 10), release_date=5)
    instance = replace(line(places), jobs=(*line(places).jobs, last))
    result = solve(instance, time_limit=10, workers=1)
    best = best_schedule(instance, max_nodes=50_000)
    assert best is not None
    assert (result.status, result.values, best[0]) == (Status.OPTIMAL, (value,), (value,))


# --- places before a machine -------------------------------------------------------------------------------------


def served(places: int | None) -> Instance:
    """Two vehicles bring the parts from A to the slow B: travel 3, drop 1."""
    fleet = Fleet("carts", "F", (Vehicle("V", "A"), Vehicle("W", "A")), distances("A B", 3), drop_time=1)
    jobs = (simple_job(f"J{k}", ("A", 1), ("B", 6)) for k in (1, 2, 3))
    return factory(machine("A"), machine("B", input_buffer=places), fleet, *jobs)


def brought(third: int) -> Schedule:
    """J1 to B at 5, J2 waits there from 5 until 11, the drop of J3 begins at `third`."""
    return schedule(
        *(at(f"J{k}.1", "A", k - 1, k) for k in (1, 2, 3)),
        transport("J1 1>2", "A>B", "V", 1, 5),
        transport("J2 1>2", "A>B", "W", 2, 6),
        empty("B>A", "V", 5, 8),
        transport("J3 1>2", "A>B", "V", third - 3, third + 1),
        at("J1.2", "B", 5, 11),
        at("J2.2", "B", 11, 17),
        at("J3.2", "B", 17, 23),
    )


def test_a_part_that_is_brought_needs_a_place_until_it_starts():
    assert_valid(served(1), brought(third=11))
    assert_valid(served(2), brought(third=11))


def test_nothing_is_put_down_where_all_places_are_taken():
    # J3 could be there at 8 + 3, but it takes its place when its drop begins, and that of J2 is free at 12 only.
    late = replace_start(brought(third=11), "J2", 12)
    assert flagged(served(1), late) == [("buffers", "J3.2 on B", 1)]
    assert_valid(served(2), late)
    assert_valid(served(None), late)


def replace_start(found: Schedule, job: str, start: int) -> Schedule:
    """Let the job, and J3 after it, be on B a tick later."""
    operations = (
        replace(o, start=o.start + start - 11, end=o.end + start - 11) if o.machine == "B" and o.job != "J1" else o
        for o in found.operations
    )
    return Schedule(tuple(operations), found.moves)


def test_no_vehicle_comes_too_early():
    for places in (1, 2):
        result = solve(served(places), time_limit=10, workers=1)
        best = best_schedule(served(places), max_nodes=50_000)
        assert best is not None
        assert (result.status, result.values) == (Status.OPTIMAL, best[0])
        constructed = construct(served(places), Objective.parse("makespan"), time_limit=0.0)
        assert constructed is not None
        assert_valid(served(places), constructed)


def test_stations_of_a_cell_have_places_too():
    cell = RobotCell(
        "C", "F", (Robot("R", "IO"), Robot("Q", "IO")), "IO", "IO", distances("S IO", 1), load_time=1, unload_time=1
    )
    jobs = (simple_job(f"J{k}", ("S", 4)) for k in (1, 2))
    instance = factory(machine("S", cell="C", input_buffer=1, output_buffer=1), cell, *jobs)
    in_out = [
        carry("J1 >1", "IO>S", "R", 0, 3),
        carry("J2 >1", "IO>S", "Q", 1, 4),
        at("J1.1", "S", 3, 7),
        at("J2.1", "S", 7, 11),
        carry("J1 1>", "S>IO", "R", 13, 16),
        carry("J2 1>", "S>IO", "Q", 13, 16),
    ]
    # J2 waits from 3 on, J1 from 7 on; J2, done at 11, blocks the station.
    assert_valid(instance, schedule(*in_out))
    assert occupied_until(instance, schedule(*in_out))["J2", "1"] == 14
    assert taken_at(instance, schedule(*in_out)) == {("J1", "1"): 14, ("J2", "1"): 14}


# --- elsewhere ---------------------------------------------------------------------------------------------------


def test_right_shift_keeps_the_places():
    # B is down from 3 to 6: J1 ends there at 10, J2 starts then; J3, done on A, waits for the place until then.
    baseline = through((0, 2), (2, 7), (4, 12))
    instance = replace(line(1), jobs=(*line(1).jobs, simple_job("J4", ("A", 1))))
    baseline = schedule(*baseline.operations, at("J4.1", "A", 7, 8))
    assert_valid(instance, baseline)
    event = MachineBreakdown("e", 3, "B", 6, "resume")
    outcome = repair(instance, baseline, (event,), policy="right-shift", time_limit=5, workers=1)
    assert outcome.result.schedule is not None
    starts = {o.key: o.start for o in outcome.result.schedule.operations}
    assert (starts["J2", "2"], starts["J3", "2"], starts["J4", "1"]) == (10, 15, 10)
    assert outcome.instance.machines[1].calendar.downtimes == (Downtime(3, 6, "breakdown"),)


def test_the_chart_has_a_row_for_the_places():
    layout = lay_out(line(2), through((0, 2), (2, 7), (4, 12)))
    rows = [(row.kind, row.id, row.lanes) for row in layout.rows]
    assert rows == [("machine", "A", 1), ("places_after", "A", 2), ("machine", "B", 1)]
    waiting = [(bar.job, bar.row, bar.lane, bar.start, bar.end) for bar in layout.bars if bar.kind == "waiting"]
    assert waiting == [("J2", 1, 0, 4, 7), ("J3", 1, 1, 6, 12)]
    blocked = [
        (b.job, b.start, b.end) for b in lay_out(line(1), through((0, 2), (2, 7), (4, 12))).bars if b.kind == "occupied"
    ]
    assert blocked == [("J3", 6, 7)]


def crowded_instance(seed: int) -> Instance:
    """Three jobs over two or three machines with one place or none after each."""
    random = Random(seed)
    names = [f"M{number}" for number in range(random.randint(2, 3))]
    machines = [
        machine(name, output_buffer=random.choice((0, 1, 1, 2)), capacity=random.choice((1, 1, 2))) for name in names
    ]
    jobs = [
        simple_job(f"J{k}", *((random.choice(names), random.randint(1, 3)) for _ in range(random.randint(2, 3))))
        for k in range(3)
    ]
    return require_valid(factory(*machines, *jobs), "crowded")


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(40, 500), marks=pytest.mark.slow)])
def test_all_agree_with_the_oracle(seeds: range):
    for seed in seeds:
        instance = crowded_instance(seed)
        try:
            best = best_schedule(instance, max_nodes=5_000)
        except TooHardError:
            continue
        assert best is not None
        assert_valid(instance, best[1])
        result = solve(instance, time_limit=30, workers=1)
        assert (result.status, result.values) == (Status.OPTIMAL, best[0]), seed
        constructed = construct(instance, Objective.parse("makespan"), time_limit=0.0)
        assert constructed is not None, seed
        assert_valid(instance, constructed)

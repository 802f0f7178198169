"""Checker, model, oracle, construction and right shift agree about docks, which all lanes of a facility share."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, at, executed, factory, flagged, machine, schedule, simple_job, transfer
from oracle import optimum

from scheduler.domain import Execution, Facility, Instance, Lane, Move, Objective, Schedule, Status
from scheduler.io import validate
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.construct import construct
from scheduler.search.decode.spoken import why_unsupported


def shop(f: int | None, g: int | None, jobs: int = 2, **fields: object) -> Instance:
    """Facilities F and G with so many docks; jobs J1, J2, ... go from M1 to N1, job K from N2 to M2.

    A trip from F to G is loaded 2, drives 3 and is unloaded 4 ticks; one from G to F is loaded 1, drives 3 and is
    unloaded 2. Every job is ready at 0 and takes no time on the machines.
    """
    out = Lane("L", "F", "G", transit_time=3, vehicles=3, units_per_vehicle=2, load_time=2, unload_time=4)
    back = Lane("B", "G", "F", transit_time=3, load_time=1, unload_time=2)
    stages = [
        machine(id, facility, capacity=9) for id, facility in (("M1", "F"), ("M2", "F"), ("N1", "G"), ("N2", "G"))
    ]
    parts = [simple_job(f"J{n}", ("M1", 0), ("N1", 0)) for n in range(1, jobs + 1)]
    instance = factory(*stages, replace(out, **fields), back, *parts, simple_job("K", ("N2", 0), ("M2", 0)))
    return replace(instance, facilities=(Facility("F", docks=f), Facility("G", docks=g)))


def out(number: int, vehicle: str, start: int) -> Move:
    return transfer(f"J{number} 1>2", "F>G", vehicle, start, start + 9)


def plan(back: int, *trips: Move) -> Schedule:
    """J1, J2, ... go on the trips, K departs at `back`."""
    moves = [*trips, transfer("K 1>2", "G>F", "B#1", back, back + 6)]
    stages = {"J": ("M1", "N1"), "K": ("N2", "M2")}
    first = [at(f"{m.job}.1", stages[(m.job or "")[0]][0], 0, 0) for m in moves]
    last = [at(f"{m.job}.2", stages[(m.job or "")[0]][1], m.end, m.end) for m in moves]
    return schedule(*first, *last, *moves)


def test_one_after_the_other_at_the_only_dock():
    # At G the trips are unloaded during [5, 9) and [9, 13), K is loaded during [13, 14).
    assert_valid(shop(None, 1), plan(13, out(1, "L#1", 0), out(2, "L#2", 4)))
    assert flagged(shop(None, 1), plan(13, out(1, "L#1", 0), out(2, "L#2", 3))) == [("docks", "G", 1)]


def test_both_directions_share_the_docks():
    # K is loaded at G during [12, 13), until which the second trip is unloaded, or [4, 5), before the first is.
    trips = out(1, "L#1", 0), out(2, "L#2", 4)
    assert flagged(shop(None, 1), plan(12, *trips)) == [("docks", "G", 1)]
    assert_valid(shop(None, 1), plan(4, *trips))
    # K is unloaded at F during [4, 6) then, a trip is loaded there during [4, 6).
    assert set(flagged(shop(1, None), plan(0, *trips))) == {("docks", "F", 1)}
    assert_valid(shop(1, None), plan(2, *trips))


def test_docks_for_two():
    three = plan(20, out(1, "L#1", 0), out(2, "L#2", 1), out(3, "L#3", 2))
    assert flagged(shop(2, None, 3), three) == []  # loaded during [0, 2), [1, 3), [2, 4)
    assert flagged(shop(None, 2, 3), three) == [("docks", "G", 1)]
    assert_valid(shop(3, 3, 3), three)
    assert flagged(shop(None, 1, 3), three) == [("docks", "G", 1), ("docks", "G", 2)]


def test_jobs_on_one_trip_need_one_dock():
    assert_valid(shop(1, 1), plan(20, out(1, "L#1", 0), out(2, "L#1", 0)))


def test_what_takes_no_time_needs_no_dock():
    together = plan(20, replace(out(1, "L#1", 0), end=3), replace(out(2, "L#2", 0), end=3))
    assert_valid(shop(1, 1, load_time=0, unload_time=0), together)


@pytest.mark.parametrize(("docks", "value"), [((None, None), 9), ((1, 2), 11), ((2, 1), 13), ((1, 1), 13)])
def test_optimum(docks: tuple[int | None, int | None], value: int):
    """One job a trip, so J1 and J2 need two.

    With one dock at F the second is loaded 2 later, with one at G it is unloaded 4 later. K is in nobody's way: loaded
    at G during [2, 3), unloaded at F during [6, 8).
    """
    instance = shop(*docks, units_per_vehicle=1)
    result = solve(instance, time_limit=20, workers=1)
    assert result.schedule is not None
    assert_valid(instance, result.schedule)
    assert (result.status, result.values) == (Status.OPTIMAL, (value,))


def busy_docks(seed: int) -> Instance:
    """Three jobs to G and one from there, each about a tick on a machine of its own at either end."""
    random = Random(seed)

    def lane(id: str, origin: str, destination: str) -> Lane:
        load, drive, unload = (random.randint(1, most) for most in (3, 2, 3))
        fleet = {"vehicles": random.randint(2, 3), "units_per_vehicle": random.randint(1, 2)}
        times = {"load_time": load, "unload_time": unload, "return_time": random.randint(0, 2)}
        return Lane(id, origin, destination, drive, headway=random.choice((0, 0, 2)), **fleet, **times)

    jobs = [simple_job(f"J{n}", (f"M{n}", random.randint(1, 3)), (f"N{n}", 1)) for n in (1, 2, 3)]
    jobs.append(simple_job("K", ("N4", random.randint(1, 4)), ("M4", 1)))
    machines = [machine(f"{row}{n}", facility) for row, facility in ("MF", "NG") for n in (1, 2, 3, 4)]
    instance = factory(*machines, lane("L", "F", "G"), lane("B", "G", "F"), *jobs, objective="makespan > flow_time")
    docks = random.choice((None, 1, 1)), random.choice((1, 1, 2))
    return replace(instance, facilities=tuple(Facility(id, docks=d) for id, d in zip("FG", docks, strict=True)))


def test_solver_and_oracle_agree():
    binding = 0
    for seed in range(12):
        instance = busy_docks(seed)
        assert validate.defects(instance) == ()
        result = solve(instance, time_limit=20, workers=1)
        assert (result.status, result.values) == (Status.OPTIMAL, optimum(instance)), seed
        assert result.schedule is not None
        assert_valid(instance, result.schedule)
        free = replace(instance, facilities=tuple(replace(f, docks=None) for f in instance.facilities))
        binding += optimum(free) != result.values
    assert binding >= 8


@pytest.mark.parametrize("seed", range(4))
def test_constructed_and_shifted_schedules_are_right(seed: int):
    """Many jobs at few docks, and the same schedule when a lane turns out to be closed for a while at some instant."""
    fields = {"vehicles": 2 + seed % 2, "units_per_vehicle": 1 + seed % 2, "headway": seed % 3}
    instance = shop(1 + seed // 2, 1 + seed % 2, jobs=7, **fields)
    baseline = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert baseline is not None
    assert_valid(instance, baseline)
    for now in range(0, baseline.makespan, 3):
        after = executed(instance, baseline, now)
        assert right_shift(after, baseline) == baseline
        released = tuple(replace(job, release_date=now + 5) if job.id == "K" else job for job in instance.jobs)
        late = replace(after, jobs=released) if baseline.by_operation["K", "1"].start >= now else after
        shifted = right_shift(late, baseline)
        assert shifted is not None
        assert_valid(late, shifted)


@pytest.mark.parametrize("now", range(14))
def test_right_shift_lets_others_load_before_a_trip_under_way_is_unloaded(now: int):
    # From 1 on J1 is under way, to be unloaded at G during [5, 9): K is loaded there before that, during [4, 5).
    instance, baseline = shop(None, 1), plan(4, out(1, "L#1", 0), out(2, "L#2", 4))
    assert_stays(executed(instance, baseline, now), baseline)
    # With two docks J2 is unloaded during [6, 10) meanwhile; K is loaded during [10, 11), J3 then unloaded from 11.
    instance, baseline = shop(3, 2, 3), plan(10, out(1, "L#1", 0), out(2, "L#2", 1), out(3, "L#3", 6))
    assert_stays(executed(instance, baseline, now), baseline)


def assert_stays(instance: Instance, baseline: Schedule) -> None:
    shifted = right_shift(instance, baseline)
    assert shifted is not None
    assert (set(shifted.operations), set(shifted.moves)) == (set(baseline.operations), set(baseline.moves))


def test_right_shift_waits_for_a_dock():
    # K loads at G during [4, 5). Released at 7 it waits until J1 and J2 are unloaded, [5, 9) and [9, 13).
    instance, baseline = shop(None, 1), plan(4, out(1, "L#1", 0), out(2, "L#2", 4))
    jobs = tuple(replace(job, release_date=7) if job.id == "K" else job for job in instance.jobs)
    # At 5 both trips are under way, and K is new.
    started = executed(instance, baseline, 5)
    assert started.execution is not None
    none_of_k = tuple(m for m in started.execution.moves if m.job != "K")
    operations = tuple(o for o in baseline.operations if o.job != "K")
    known = Schedule(operations, none_of_k)
    late = replace(started, jobs=jobs, execution=Execution(5, known, moves=none_of_k))
    shifted = right_shift(late, known)
    assert shifted is not None
    assert_valid(late, shifted)
    assert [m.start for m in shifted.moves if m.job == "K"] == [13]


def test_the_compiled_search_speaks_docks():
    assert why_unsupported(shop(1, 1)) is None


def test_the_model_says_the_same_as_the_checker():
    trips = out(1, "L#1", 0), out(2, "L#2", 4)
    for docks, back in (((None, 1), 13), ((None, 1), 12), ((1, None), 0), ((1, None), 2), ((1, 1), 2)):
        instance, candidate = shop(*docks), plan(back, *trips)
        right = not flagged(instance, candidate)
        assert fixed_status(instance, candidate) is (Status.FEASIBLE if right else Status.INFEASIBLE), (docks, back)
        if right:
            assert hint_status(instance, candidate) is Status.FEASIBLE

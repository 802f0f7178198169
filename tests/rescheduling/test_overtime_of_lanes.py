"""Trips that slow lanes make longer than every shift of their drivers: they run beyond one, and the plan says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from cpsat.fixing import fixed_status
from helpers import constructed, factory, flagged, machine, shifts, simple_job
from test_overtime import broken
from test_overtime import repaired as repaired_after

from scheduler.constraints.facts import Clock
from scheduler.cpsat.solve import improve
from scheduler.domain import (
    Downtime,
    Facility,
    Instance,
    Job,
    Lane,
    Objective,
    Schedule,
    Shift,
    ShiftPattern,
    Slowdown,
    Status,
    Stop,
    Timetable,
    TransitTimes,
    TransitWindow,
)
from scheduler.domain.calendar import Calendar
from scheduler.domain.departures import common_period
from scheduler.domain.events import ClockTick, RouteBlocked, RouteSlow
from scheduler.errors import ScheduleError
from scheduler.io.schedule_file import read_schedule, write_schedule
from scheduler.rescheduling import Repair, repair
from scheduler.rescheduling.concessions import conceded, intolerable, without_lost
from scheduler.rescheduling.lane_overtime import has_room, with_room
from scheduler.rescheduling.overtime import may_need_overtime, need_overtime

DAY = shifts(20, (0, 8))
SLOW = RouteSlow("E", 9, "north", 40)
"""Trips of 4 ticks take 10, longer than a shift."""
HOW = {"time_limit": 60.0, "workers": 1, "seed": 0, "on_progress": lambda *_: None, "stop": Stop()}
MAKESPAN = Objective.parse("makespan")


def network(calendar: Calendar = DAY, *more: Lane, jobs: tuple[Job, ...] = (), **fields: object) -> Instance:
    """J1 and J2 from M1 in F to M2 in G, over a lane of 4 ticks."""
    north = replace(Lane("north", "F", "G", transit_time=4, calendar=calendar), **fields)
    usual = simple_job("J1", ("M1", 2), ("M2", 2)), simple_job("J2", ("M1", 4), ("M2", 2))
    return factory(machine("M1"), machine("M2", "G"), north, *more, *(jobs or usual))


def repaired(instance: Instance, *events: object, baseline: Schedule | None = None, **how: object) -> Repair:
    return repaired_after(instance, *(events or (SLOW,)), baseline=baseline, **how)


def trips(found: Repair) -> list[tuple[str | None, str, int, int]]:
    assert found.schedule is not None
    return [(m.job, m.mover, m.start, m.end) for m in found.schedule.moves if m.job is not None]


@pytest.mark.parametrize("policy", ["right-shift", "reoptimise"])
def test_a_trip_longer_than_every_shift_runs_beyond_one_by_the_least(policy: str) -> None:
    # Shifts [0, 8), [20, 28): J1 goes [2, 6), J2 would go [20, 24). It takes 10 now, 2 more than a shift has.
    found = repaired(network(), policy=policy)
    assert (found.is_degraded, found.result.status) == (True, Status.INFEASIBLE)
    assert trips(found) == [("J1", "north#1", 2, 6), ("J2", "north#1", 20, 30)]
    assert broken(found) == [("transfers", "north#1", 2)]
    assert found.broken[0].detail == "the trip at 20, until 30, is 2 in a downtime of north"
    assert found.result.reason.startswith("limits are broken for good")


def test_the_model_proves_that_there_is_no_plan_without() -> None:
    found = repaired(network())
    assert improve(found.instance, MAKESPAN, start=None, **HOW).status is Status.INFEASIBLE  # type: ignore[arg-type]
    assert found.schedule is not None
    # What is conceded is enough, and no more than that: the trip departs then and then only.
    given = conceded(found.instance, found.schedule)
    assert flagged(given, found.schedule) == []
    assert given.lanes[0].calendar.overtime == (Shift(28, 30),)
    assert fixed_status(given, found.schedule) is Status.FEASIBLE
    best = improve(given, MAKESPAN, start=None, **HOW)  # type: ignore[arg-type]
    assert (best.status, best.schedule) == (Status.OPTIMAL, found.schedule)
    assert constructed(given, "makespan") == found.schedule


def test_where_the_end_is_known_the_trip_waits_for_it() -> None:
    found = repaired(network(), RouteSlow("E", 9, "north", 40, until=41))
    assert not found.is_degraded
    assert trips(found)[1] == ("J2", "north#1", 41, 45)


def test_another_lane_with_room_needs_no_overtime() -> None:
    south = Lane("south", "F", "G", transit_time=30, return_time=9)
    found = repaired(network(DAY, south))
    assert not found.is_degraded
    assert may_need_overtime(found.instance) == {}
    # It is too small for J2, which is of 2 units: the other one works overtime.
    large = simple_job("J1", ("M1", 2), ("M2", 2)), simple_job("J2", ("M1", 4), ("M2", 2), units=2)
    found = repaired(network(DAY, south, jobs=large, units_per_vehicle=2))
    assert broken(found) == [("transfers", "north#1", 2)]


def test_a_way_over_a_hub_needs_none_and_one_that_has_begun_may() -> None:
    hub = Facility("H", hub=True)
    there, on = Lane("there", "F", "H", 3), Lane("on", "H", "G", 3, calendar=shifts(20, (14, 18)))
    plant = network(DAY, there, on)
    plant = replace(plant, facilities=(*plant.facilities, hub))
    baseline = constructed(plant, "makespan")
    assert not repaired(plant, baseline=baseline).is_degraded
    # A trip over the other lane, which has room, takes so long that both go over the hub. J1 goes on from there at 14;
    # J2 has come to it at 10 and can only go on.
    far = replace(plant, lanes=(there, on, Lane("direct", "F", "G", 90)))
    baseline = constructed(far, "makespan")
    found = repaired(far, RouteSlow("S", 13, "on", 30), baseline=baseline)
    assert need_overtime(found.instance) == {"on#1": frozenset({10})}
    assert broken(found) == [("transfers", "on#1", 6), ("transfers", "on#1", 6)]
    assert [move[1:] for move in trips(found)[2:]] == [("on#1", 14, 24), ("on#1", 34, 44)]


def test_a_lane_with_several_vehicles_needs_the_least_for_each_trip() -> None:
    jobs = tuple(simple_job(f"J{n}", ("M1", 3), ("M2", 1)) for n in range(1, 5))
    # Two go at 20, or 3 apart: one at 20 and one at 40. On both vehicles they need 2 ticks more than a shift has.
    found = repaired(network(jobs=jobs, vehicles=2))
    assert sorted(move[2:] for move in trips(found))[-3:] == [(20, 30), (20, 30), (40, 50)]
    assert sorted(amount for _, _, amount in broken(found)) == [2, 2, 2]
    found = repaired(network(jobs=jobs, vehicles=2, headway=3))
    assert sorted(move[2:] for move in trips(found))[-3:] == [(20, 30), (40, 50), (60, 70)]
    assert {amount for _, _, amount in broken(found)} == {2}


def test_loads_that_are_left_need_it() -> None:
    # Of two loads of J2 one has departed at 4, the other can't: the vehicle is back at 8.
    jobs = simple_job("J1", ("M1", 20), ("M2", 2)), simple_job("J2", ("M1", 1), ("M2", 2), units=2, splits=True)
    plant = network(jobs=jobs)
    baseline = constructed(plant, "flow_time")
    found = repaired(plant, RouteSlow("E", 4, "north", 40), baseline=baseline)
    assert ("J2", "north#1", 20, 30) in trips(found)
    assert set(broken(found)) == {("transfers", "north#1", 2)}


def test_later_events_go_on_from_the_plan(tmp_path: Path) -> None:
    first = repaired(network())
    assert first.schedule is not None
    with pytest.raises(ScheduleError, match="is 2 in a downtime"):
        repair(first.instance, first.schedule, [ClockTick("T", 15)])
    for now in (15, 25):
        later = repair(first.instance, first.schedule, [ClockTick("T", now)], broken=first.broken, time_limit=20.0)
        assert trips(later) == trips(first)
        assert broken(later) == (broken(first) if now < 20 else [])  # what has departed is as it is
    path = tmp_path / "plan.json"
    write_schedule(path, first.instance, first.stated, revisions=first.revisions, broken=first.broken)
    read = read_schedule(path, network())
    assert (read.schedule, read.broken) == (first.schedule, first.broken)
    assert intolerable(read.instance, read.schedule, read.broken) == ((), ())


def test_a_closed_lane_is_conceded_to_nobody() -> None:
    first = repaired(network())
    assert first.schedule is not None
    lane = first.instance.lanes[0]
    shut = replace(lane, calendar=lane.calendar.with_downtime(Downtime(29, 40, "blocked")))
    after = replace(first.instance, lanes=(shut,))
    bad, _ = intolerable(after, first.schedule, first.broken)
    assert [(v.rule, v.amount) for v in bad] == [("transfers", 1)]
    blocked = repaired(
        first.instance, RouteBlocked("B", 15, "north", until=25), baseline=first.schedule, broken=first.broken
    )
    assert trips(blocked)[1] == ("J2", "north#1", 40, 50)
    assert without_lost(blocked.instance) != blocked.instance


@pytest.mark.parametrize(
    ("table", "departs_at", "overtime"),
    [
        (Timetable((3, 5), 20), 23, 5),
        (Timetable((3, 19), 20), 39, 2),  # a tick before the shift, and a tick after it
        (Timetable((2, 22, 33)), 22, 4),
    ],
)
def test_departures_of_a_timetable(table: Timetable, departs_at: int, overtime: int) -> None:
    found = repaired(network(timetable=table))
    assert broken(found) == [("transfers", "north#1", overtime)]
    assert trips(found)[1] == ("J2", "north#1", departs_at, departs_at + 10)


def test_where_a_timetable_ends_the_last_departure_may_be_taken() -> None:
    found = repaired(network(timetable=Timetable((2, 22, 33))), SLOW, RouteBlocked("B", 9, "north", until=30))
    assert trips(found)[1] == ("J2", "north#1", 33, 43)
    assert broken(found) == [("transfers", "north#1", 7)]


def random_lane(random: Random) -> Lane:
    period = random.randint(4, 12)
    edges = sorted(random.sample(range(period + 1), 2 * random.randint(1, 2)))
    pattern = ShiftPattern(period, tuple(Shift(*edges[k : k + 2]) for k in range(0, len(edges), 2)))
    times = table = None
    if random.random() < 0.4:
        times = TransitTimes(random.choice([period, 2 * period]), (TransitWindow(1, 3, random.randint(1, 9)),))
    if random.random() < 0.4:
        every = random.choice([period, 2 * period, 6])
        table = Timetable(tuple(sorted(random.sample(range(every), random.randint(1, 2)))), every)
    slow = (Slowdown(0, None, 50, random.choice([None, 9])),) if random.random() < 0.4 else ()
    calendar = Calendar(pattern=pattern)
    return Lane(
        "L", "F", "G", random.randint(1, 12), calendar=calendar, transit_times=times, timetable=table, slowdowns=slow
    )


def test_departures_with_the_least_overtime_are_all_there_are() -> None:
    # Tick by tick, over a period of all that repeats.
    without = 0
    for seed in range(300):
        lane, clock = random_lane(Random(seed)), None
        clock = Clock(lane.calendar)
        begin = 2 * common_period(lane) * 10
        ticks = [
            d
            for d in range(begin, begin + common_period(lane))
            if lane.timetable is None or lane.timetable.next(d) == d
        ]
        over = {d: (clock.downtime(d, d + lane.trip_time_at(d)), clock.downtime(d, d + 1)) for d in ticks}
        assert has_room(lane, 0) == any(off == 0 for off, _ in over.values()), seed
        if has_room(lane, 0):
            continue
        without += 1
        longer = with_room(lane, 0)
        worked = Clock(longer.calendar)
        least = min(over.values())
        departures = [d for d in ticks if longer.timetable is not None and longer.timetable.next(d) == d]
        assert departures == [d for d in ticks if over[d] == least], seed
        assert all(worked.downtime(d, d + lane.trip_time_at(d)) == 0 for d in departures), seed
    assert without > 50

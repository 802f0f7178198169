"""Moves that slow ways make longer than every shift of their carrier: they run beyond one, and the plan says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cpsat.fixing import fixed_status
from helpers import constructed, distances, factory, flagged, machine, simple_job

from scheduler.checker import check
from scheduler.constraints import Violation
from scheduler.constraints.facts import Clock
from scheduler.cpsat.solve import improve
from scheduler.domain import Calendar, Downtime, Fleet, Instance, Objective, Schedule, Shift, ShiftPattern, Status, Stop
from scheduler.domain.calendar import working_time
from scheduler.domain.events import ClockTick, RouteSlow, VehicleDown
from scheduler.domain.resources import Vehicle
from scheduler.errors import ScheduleError
from scheduler.io.schedule_file import read_schedule, write_schedule
from scheduler.rescheduling import Repair, repair
from scheduler.rescheduling.concessions import conceded, intolerable, without_lost
from scheduler.rescheduling.overtime import may_need_overtime, need_overtime, with_overtime

SLOW = RouteSlow("E", 9, "carts", 40)
"""Ways of 4 ticks take 10, longer than a shift; those of 2 take 5."""


def carts(*shifts: Calendar, last: int = 2, **fields: object) -> Instance:
    """Vehicles of a fleet, one for each calendar; J1 and J2 from M1 to M2, 4 ticks away, J3 from M1 to M3, 2 away."""
    travel = {a: dict(row) for a, row in distances("P M1 M2 M3", 4).items()}
    travel["M1"]["M3"] = travel["M3"]["M1"] = 2
    vehicles = tuple(Vehicle(f"V{number}", "P", calendar=calendar) for number, calendar in enumerate(shifts, start=1))
    return factory(
        *(machine(name) for name in ("M1", "M2", "M3")),
        Fleet("carts", "F", vehicles, travel),
        simple_job("J1", ("M1", 4), ("M2", 2)),
        simple_job("J2", ("M1", 4), ("M2", last)),
        **fields,
    )


def shifts(*windows: tuple[int, int], period: int = 20) -> Calendar:
    return Calendar(pattern=ShiftPattern(period, tuple(Shift(*window) for window in windows)))


def repaired(instance: Instance, *events: object, baseline: Schedule | None = None, **how: object) -> Repair:
    baseline = baseline or constructed(instance, "makespan")
    assert baseline is not None
    given = {"time_limit": 20.0, "workers": 1, "policy": "right-shift", **how}
    return repair(instance, baseline, events or (SLOW,), **given)  # type: ignore[arg-type]


def broken(found: Repair) -> list[tuple[str, str, int]]:
    return [(v.rule, v.where, v.amount) for v in found.broken]


def loaded(found: Repair) -> list[tuple[str | None, int, int]]:
    assert found.schedule is not None
    return [(m.job, m.start, m.end) for m in found.schedule.moves if m.job is not None]


@pytest.mark.parametrize("policy", ["right-shift", "reoptimise"])
def test_a_move_longer_than_every_shift_runs_beyond_one_by_the_least(policy: str) -> None:
    # Shifts [0, 8), [20, 28): J1 goes [4, 8), the cart is at M1 again at 12, J2 would go [20, 24). It takes 10 now, 2
    # more than a shift has, and so it begins with the shift.
    found = repaired(carts(shifts((0, 8))), policy=policy)
    assert (found.is_degraded, found.result.status) == (True, Status.INFEASIBLE)
    assert loaded(found) == [("J1", 4, 8), ("J2", 20, 30)]
    assert broken(found) == [("movers", "vehicle V1", 2)]
    assert found.broken[0].detail == "J2 from M1 to M2 at 20, until 30, is 2 in a downtime"
    assert found.result.reason.startswith("limits are broken for good")


def test_the_model_proves_that_there_is_no_plan_without() -> None:
    found = repaired(carts(shifts((0, 8))))
    how = {"time_limit": 60.0, "workers": 1, "seed": 0, "on_progress": lambda *_: None, "stop": Stop()}
    makespan = Objective.parse("makespan")
    assert improve(found.instance, makespan, start=None, **how).status is Status.INFEASIBLE  # type: ignore[arg-type]
    assert found.schedule is not None
    # What is conceded is enough, and no more than that: the move begins then and then only.
    given = conceded(found.instance, found.schedule)
    assert flagged(given, found.schedule) == []
    assert given.fleets[0].vehicles[0].calendar.overtime == (Shift(28, 30),)
    assert fixed_status(given, found.schedule) is Status.FEASIBLE
    best = improve(given, makespan, start=None, **how)  # type: ignore[arg-type]
    assert (best.status, best.schedule) == (Status.OPTIMAL, found.schedule)
    assert constructed(given, "makespan") == found.schedule


def test_where_the_end_is_known_the_move_waits_for_it() -> None:
    found = repaired(carts(shifts((0, 8))), RouteSlow("E", 9, "carts", 40, until=41))
    assert not found.is_degraded
    assert loaded(found) == [("J1", 4, 8), ("J2", 41, 45)]


def test_nothing_else_runs_beyond_a_shift() -> None:
    # J3 is ready at 25 and takes 5: in the shift [20, 30) that J2 needs it would be 2 beyond its end at 28. It waits
    # for the next one, and J2, behind it, for the one after that, since the cart is at M1 again at 50.
    plant = carts(shifts((0, 8)))
    jobs = (plant.jobs[0], simple_job("J3", ("M1", 21), ("M3", 2)), replace(plant.jobs[1], release_date=1))
    found = repaired(replace(plant, jobs=jobs), baseline=behind(replace(plant, jobs=jobs)))
    assert loaded(found) == [("J1", 4, 8), ("J3", 40, 45), ("J2", 60, 70)]
    assert broken(found) == [("movers", "vehicle V1", 2)]


def behind(instance: Instance) -> Schedule:
    """Return the schedule in which the jobs come in file order."""
    ready = 0
    fixed = []
    for job in instance.jobs:
        fixed.append(replace(job, release_date=ready))
        ready += job.operations[0].modes[0].duration
    found = constructed(replace(instance, jobs=tuple(fixed)), "makespan")
    assert found is not None
    return found


def test_another_vehicle_with_longer_shifts_needs_no_overtime() -> None:
    plant = carts(shifts((0, 8)), shifts((0, 12)))
    found = repaired(plant)
    assert not found.is_degraded
    assert may_need_overtime(found.instance) == {}
    # While it is down it is not asked for: it comes back, and nothing else is longer than its shifts.
    down = repaired(plant, SLOW, VehicleDown("D", 9, "V2", until=400))
    assert not down.is_degraded


def test_a_shift_that_lasts_as_long_as_the_move_needs_none() -> None:
    assert not repaired(carts(shifts((0, 10)))).is_degraded
    assert repaired(carts(shifts((0, 9)))).is_degraded


def test_later_events_go_on_from_the_plan() -> None:
    first = repaired(carts(shifts((0, 8))))
    assert first.schedule is not None
    with pytest.raises(ScheduleError, match="is 2 in a downtime"):
        repair(first.instance, first.schedule, [ClockTick("T", 15)])
    for now in (15, 25):
        later = repair(first.instance, first.schedule, [ClockTick("T", now)], broken=first.broken, time_limit=20.0)
        assert loaded(later) == loaded(first)
        assert broken(later) == (broken(first) if now < 20 else [])  # what has begun is as it is


def test_a_breakdown_is_conceded_to_nobody() -> None:
    first = repaired(carts(shifts((0, 8))))
    assert first.schedule is not None
    vehicle = first.instance.fleets[0].vehicles[0]
    down = replace(vehicle, calendar=vehicle.calendar.with_downtime(Downtime(29, 40, "breakdown")))
    after = replace(first.instance, fleets=(replace(first.instance.fleets[0], vehicles=(down,)),))
    stated = check(after, first.schedule)
    assert [v.amount for v in stated] == [2]
    bad, _ = intolerable(after, first.schedule, stated)
    assert [(v.rule, v.amount) for v in bad] == [("movers", 1)]
    assert intolerable(first.instance, first.schedule, first.broken) == ((), ())
    lied = (Violation("movers", "vehicle V1", "", 1),)
    assert intolerable(first.instance, first.schedule, lied)[0] == first.broken


def test_shifts_are_as_long_as_the_move_needs() -> None:
    def longer(calendar: Calendar, length: int) -> tuple[Shift, ...]:
        after = with_overtime(carts(calendar), {"V1": frozenset({length})})
        pattern = after.fleets[0].vehicles[0].calendar.pattern
        assert pattern is not None
        return pattern.shifts

    assert longer(shifts((0, 8)), 10) == (Shift(0, 10),)
    assert longer(shifts((12, 20)), 10) == (Shift(0, 2), Shift(12, 20))
    assert longer(shifts((0, 8)), 25) == (Shift(0, 20),)
    # From 0 to 6 over the pause of 1 it is off shift for 1 tick, from 4 on for 4.
    assert longer(shifts((0, 3), (4, 6)), 6) == (Shift(0, 6),)
    # Either shift will do.
    assert longer(shifts((0, 3), (10, 13)), 4) == (Shift(0, 4), Shift(10, 14))


def test_overtime_is_worked() -> None:
    calendar = replace(shifts((0, 8)), downtimes=(Downtime(22, 24),), overtime=(Shift(8, 11), Shift(29, 30)))
    blocked = calendar.blocked(60)
    assert [(d.start, d.end) for d in blocked] == [(11, 20), (22, 24), (28, 29), (30, 40), (48, 60)]
    clock = Clock(calendar)
    for start in range(50):
        for end in range(start, 51):
            assert clock.working(start, end) == working_time(blocked, start, end)
    assert calendar.scaled(2).blocked(60)[0] == Downtime(22, 40, "off shift")
    assert calendar.settled == 30


def test_parts_that_have_another_way_do_not_need_it_for_good() -> None:
    plant = carts(shifts((0, 8)))
    found = repaired(plant)
    assert need_overtime(found.instance) == may_need_overtime(found.instance) == {"V1": frozenset({10})}
    assert without_lost(found.instance) != found.instance
    first = replace(
        plant.jobs[1].operations[1],
        modes=(
            *plant.jobs[1].operations[1].modes,
            replace(plant.jobs[1].operations[1].modes[0], machine="M3", duration=50),
        ),
    )
    jobs = (plant.jobs[0], replace(plant.jobs[1], operations=(plant.jobs[1].operations[0], first)))
    other = repaired(replace(plant, jobs=jobs))
    assert need_overtime(other.instance) == {}
    assert may_need_overtime(other.instance) == {"V1": frozenset({10})}
    # J2 goes to M3, whatever that takes: every limit is kept.
    assert not other.is_degraded
    assert loaded(other)[1][2] - loaded(other)[1][1] == 5


def test_the_file_of_the_plan_says_who_works_overtime(tmp_path: Path) -> None:
    found = repaired(carts(shifts((0, 8))))
    assert found.schedule is not None
    path = tmp_path / "plan.json"
    write_schedule(path, found.instance, found.stated, revisions=found.revisions, broken=found.broken)
    read = read_schedule(path, carts(shifts((0, 8))))
    assert read.schedule == found.schedule
    assert read.broken == found.broken
    assert intolerable(read.instance, read.schedule, read.broken) == ((), ())
    later = repair(read.instance, read.schedule, [ClockTick("T", 15)], broken=read.broken, time_limit=20.0)
    assert broken(later) == broken(found)

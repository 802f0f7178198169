"""Degraded schedules: which limits give way, what is made of the rest, and how later events go on from there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from charging_cases import BATTERY, plant
from cpsat.fixing import hint_status
from helpers import at, carry, distances, factory, flagged, job, machine, mode, op, schedule, simple_job
from repair_cases import flow_shop, flow_shop_baseline, times

import scheduler
from scheduler.checker import check
from scheduler.constraints.batteries import lowest_levels
from scheduler.domain import Charge, Instance, Objective, Precedence, Robot, RobotCell, Schedule, Status
from scheduler.domain.derive import complete
from scheduler.domain.events import (
    BatteryLow,
    ChargerDown,
    ClockTick,
    DueDateChange,
    Event,
    MachineBreakdown,
    MachineRestored,
    OperationDelayed,
    Revision,
    RobotDown,
    RouteSlow,
    revise,
)
from scheduler.domain.happened import execution_of
from scheduler.errors import ScheduleError
from scheduler.io.schedule_file import read_schedule, write_schedule
from scheduler.rescheduling import Repair, repair, repair_further
from scheduler.rescheduling.concessions import conceded, intolerable, unlimited, with_minimums, without_lost
from scheduler.rescheduling.right_shift import shift
from scheduler.search.construct import construct

SECONDS = 60.0
"""Plenty: everything here is proved at once."""

DOWN = MachineBreakdown("E1", 1, "M1", 60)
"""M1 is down until 60 in the middle of J1.1, whose 2 ticks left end at 62. Best for J2: M1 [62, 64), M2 [64, 67)."""


def urgent_shop(deadline: int = 12) -> Instance:
    """J2, which may go to M2 or M3 at last, has a deadline."""
    first, second = flow_shop().jobs
    return replace(flow_shop(), jobs=(first, replace(second, deadline=deadline)))


def repaired(
    *events: Event, instance: Instance | None = None, baseline: Schedule | None = None, **how: object
) -> Repair:
    given = {"time_limit": SECONDS, "workers": 1, **how}
    return repair(instance or urgent_shop(), baseline or flow_shop_baseline(), events, **given)  # type: ignore[arg-type]


def after(first: Repair, *events: Event, **how: object) -> Repair:
    """Repair a repair, degraded or not."""
    assert first.schedule is not None
    return repaired(*events, instance=first.instance, baseline=first.schedule, broken=first.broken, **how)


def test_the_least_violating_schedule_is_the_best_within_what_it_breaks() -> None:
    # 67 is the least for J2, on M2; J1.2 fits in after it. With J2.2 on M3 [64, 69) the makespan would be 69, but J2
    # would be 2 later than it has to be: the deadline counts first.
    first = repaired(DOWN)
    assert first.result.schedule is None
    assert first.result.status is Status.INFEASIBLE
    assert first.degraded is not None
    assert [(v.rule, v.where, v.amount) for v in first.broken] == [("time_windows", "J2", 55)]
    assert times(first.schedule) == {"J1.1": (0, 62), "J2.1": (62, 64), "J2.2": (64, 67), "J1.2": (67, 71)}
    assert first.stated.values == first.result.objective.value(first.degraded.terms)
    assert first.report is not None
    assert first.report.makespan_after == 71


def test_a_degraded_schedule_is_repaired_only_if_it_says_what_it_breaks() -> None:
    first = repaired(DOWN)
    assert first.schedule is not None
    with pytest.raises(ScheduleError, match=r"E606 at J2: time_windows: is completed at 67"):
        repair(first.instance, first.schedule, [ClockTick("E2", 2)])
    shifted = Schedule(tuple(replace(o, start=o.start - 1, end=o.end - 1) for o in first.schedule.operations))
    with pytest.raises(ScheduleError, match="E606"):
        repair(first.instance, shifted, [ClockTick("E2", 2)], broken=first.broken)
    assert after(first, ClockTick("E2", 2)).broken == first.broken


def test_a_degraded_schedule_stays_so_until_the_limit_can_be_kept() -> None:
    first = repaired(DOWN)
    moved = after(first, DueDateChange("E2", 3, "J2", None, deadline=70))
    assert (moved.is_degraded, moved.result.status) == (False, Status.OPTIMAL)
    assert moved.schedule == moved.result.schedule
    again = after(first, MachineRestored("E3", 4, "M1"))
    # J1.1 ends at 6, J2.1 at 8, J2.2 at 11 on M2.
    assert not again.is_degraded
    assert times(again.schedule)["J2.2"][1] <= 12


def test_instants_follow_one_another_through_a_degraded_one() -> None:
    both = repaired(DOWN, MachineRestored("E2", 4, "M1"))
    assert [revision.now for revision in both.revisions] == [1, 4]
    assert not both.is_degraded
    assert both.revisions[1].baseline.by_operation["J2", "1"].start == 62


def test_what_is_broken_for_good_does_not_keep_the_rest_from_being_planned() -> None:
    # J2 is due by 4 and runs on M2 when that is over: whatever happens, its deadline is lost.
    instance, lost = urgent_shop(deadline=12), OperationDelayed("E1", 8, "J2", "2", delay=6)
    first = repaired(lost, instance=instance)  # J2.2 runs [7, 16)
    assert [(v.rule, v.amount) for v in first.broken] == [("time_windows", 4)]
    later = after(first, ClockTick("E2", 14))
    assert later.result.reason.startswith("limits are broken for good")
    assert later.result.status is Status.INFEASIBLE
    assert later.broken == first.broken
    assert times(later.schedule) == times(first.schedule)


def test_absorb_never_degrades() -> None:
    assert repaired(DOWN, policy="absorb").schedule is None


def test_a_repair_goes_on_from_a_degraded_one() -> None:
    seen: list[Repair] = []
    first = repaired(DOWN, policy="right-shift")
    # The right shift keeps J1 before J2 on M2: J2.2 [66, 69), 57 too late.
    assert [v.amount for v in first.broken] == [57]
    further = repair_further(urgent_shop(), first, time_limit=SECONDS, workers=1, on_improvement=seen.append)
    assert [v.amount for v in further.broken] == [55]
    assert further.rank < first.rank
    assert [r.rank for r in seen] == sorted((r.rank for r in seen), reverse=True)
    assert all(r.broken == tuple(flagged_of(r)) for r in seen)
    assert repair_further(urgent_shop(), further, time_limit=0.5, workers=1) is further


def flagged_of(found: Repair) -> list[object]:
    assert found.schedule is not None
    return list(intolerable(found.instance, found.schedule, ())[0])


# --- concessions -------------------------------------------------------------------------------------------------


def test_conceded_is_what_a_schedule_breaks_and_no_more() -> None:
    # A lag of 4 where 1 is allowed, and a completion at 10 where 8 is asked for.
    first, second = urgent_shop(deadline=8).jobs
    instance = replace(
        urgent_shop(),
        jobs=(replace(first, deadline=7), replace(second, deadline=8, precedences=(Precedence("1", "2", 0, 1),))),
    )
    plan = flow_shop_baseline()  # J2.1 ends at 5, J2.2 runs [7, 10)
    given = conceded(instance, plan)
    assert [job.deadline for job in given.jobs] == [7, 10]
    assert given.jobs[1].precedences == (Precedence("1", "2", 0, 2),)
    assert flagged(given, plan) == []
    assert flagged(instance, plan) == [("precedence", "J2.1 -> J2.2", 1), ("time_windows", "J2", 2)]
    assert flagged(unlimited(instance), plan) == []
    assert conceded(given, plan) == given


def test_lost_is_a_limit_that_has_passed() -> None:
    instance = urgent_shop(deadline=9)
    at_8 = repaired(ClockTick("E", 8), instance=urgent_shop(deadline=10)).instance
    at_8 = replace(at_8, jobs=instance.jobs)
    assert without_lost(at_8) is at_8  # the baseline misses the deadline, but it is not over
    at_10 = replace(at_8, execution=replace(execution_of(at_8), now=10))
    assert without_lost(at_10).jobs[1].deadline is None
    lagging = replace(instance.jobs[1], deadline=None, precedences=(Precedence("1", "2", 0, 1),))
    at_6 = replace(at_8, jobs=(instance.jobs[0], lagging), execution=replace(execution_of(at_8), now=6))
    assert without_lost(at_6) is at_6  # J2.1 ended at 5, J2.2 may start at 6
    at_7 = replace(at_6, execution=replace(execution_of(at_8), now=7))
    assert without_lost(at_7).jobs[1].precedences == (Precedence("1", "2", 0, None),)


# --- as little as possible ---------------------------------------------------------------------------------------


def test_only_the_lags_that_have_to_be_are_broken_and_as_little_as_possible() -> None:
    # M2 breaks down in J1.1, which can't wait any more: J1.2 starts 27 ticks after it, 2 are allowed. J2.2 comes after
    # that, at 34. Without lags J2.1 would stay where it is, 27 ticks before; it can be later, at [30, 32).
    lag = (Precedence("1", "2", max_lag=2),)
    jobs = (simple_job("J1", ("M1", 3), ("M2", 4)), simple_job("J2", ("M1", 2), ("M2", 3)))
    instance = replace(flow_shop(), jobs=tuple(replace(job, precedences=lag) for job in jobs))
    baseline = schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", 3, 7), at("J2.1", "M1", 5, 7), at("J2.2", "M2", 7, 10))
    found = repaired(MachineBreakdown("E", 2, "M2", 30), instance=instance, baseline=baseline, policy="right-shift")
    assert [(v.rule, v.amount) for v in found.broken] == [("precedence", 25)]
    assert times(found.schedule) == {"J1.1": (0, 3), "J1.2": (30, 34), "J2.1": (30, 32), "J2.2": (34, 37)}


def bath(max_dwell: int = 1) -> Instance:
    """A hoist takes a part from IN to a bath and on to OUT; each move lasts 4 ticks, empty ones 2."""
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT S", 2), load_time=1, unload_time=1)
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    return factory(station, cell, job("J", op("1", replace(mode("S", 5), max_dwell=max_dwell))))


def test_a_part_that_has_to_stay_in_its_bath_has_a_degraded_schedule() -> None:
    # The part is in the bath at 4, done at 9, and may stay until 10. The hoist is down until 20.
    baseline = complete(
        bath(), (at("J.1", "S", 4, 9),), (carry("J >1", "IN>S", "R", 0, 4), carry("J 1>", "S>OUT", "R", 9, 13))
    )
    found = repaired(RobotDown("E", 6, "R", 20), instance=bath(), baseline=baseline, time_limit=5.0)
    assert [(v.rule, v.where, v.amount) for v in found.broken] == [("dwell", "J.1 on S", 10)]
    later = after(found, ClockTick("T", 8), time_limit=5.0)
    assert later.broken == found.broken


def test_a_schedule_with_its_limits_conceded_may_break_none_of_them_further() -> None:
    baseline = complete(
        bath(), (at("J.1", "S", 4, 9),), (carry("J >1", "IN>S", "R", 0, 4), carry("J 1>", "S>OUT", "R", 14, 18))
    )
    given = conceded(bath(), baseline)
    assert given.jobs[0].operations[0].modes[0].max_dwell == 5
    assert flagged(given, baseline) == []
    assert flagged(unlimited(bath()), baseline) == []


# --- batteries ---------------------------------------------------------------------------------------------------


def with_a_load_in_hand(level: int, *, vehicles: int = 1, at: int = 3) -> Repair:
    """Repair for a level that is measured while V1 carries J1 to M1, during [0, 5), at 2 units a tick.

    From M1 it takes 3 units to the charger and 3 ticks; the minimum there is 2: at 3, V1 needs
    2 * 2 + 3 + 2 = 9 units.
    """
    instance = plant(jobs=1, vehicles=vehicles)
    before = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert before is not None
    assert before.moves[0].end == 5
    low = BatteryLow("e", at, "V1", level)
    return repair(instance, before, [low], objective="makespan", time_limit=SECONDS, workers=1)


@pytest.mark.parametrize(("level", "lacks"), [(8, 1), (7, 2)])
def test_a_vehicle_with_a_load_in_hand_gets_to_its_charger_below_the_minimum(level: int, lacks: int) -> None:
    found = with_a_load_in_hand(level)
    assert (found.result.status, found.result.schedule) == (Status.INFEASIBLE, None)
    assert [(v.rule, v.where, v.amount) for v in found.broken] == [("batteries", "vehicle V1", lacks)]
    assert found.broken[0].detail == f"its level at the charge at C at 8 is {2 - lacks}, below the minimum 2"
    assert found.schedule is not None
    assert [c.from_level for c in found.schedule.charges] == [2 - lacks]
    # J1 is done on M1 at 8. Charge until 12, to 16, as 3 + 2 * 5 + 2 = 15 are needed; M1 at 15, M2 at 20, done at 24.
    assert found.schedule.makespan == 24
    assert intolerable(found.instance, found.schedule, found.broken) == ((), ())
    given = conceded(found.instance, found.schedule)
    assert given.battery_by_vehicle["V1"].minimum == 2 - lacks
    assert flagged(given, found.schedule) == []
    # Once the charge has begun, what is left keeps the minimum.
    later = after(found, ClockTick("E2", 9))
    assert not later.is_degraded
    assert later.result.schedule is not None


def test_a_level_below_the_minimum_is_written_and_read(tmp_path: Path) -> None:
    found = with_a_load_in_hand(7)
    path = tmp_path / "degraded.json"
    write_schedule(path, found.instance, found.stated, revisions=found.revisions, broken=found.broken)
    read = read_schedule(path, plant(jobs=1))
    assert (read.broken, read.schedule) == (found.broken, found.schedule)
    assert check(read.instance, read.schedule) == found.broken


def test_an_empty_vehicle_needs_help_where_nobody_else_carries() -> None:
    # At M1 it would have 6 - 4 = 2 units left, and is a unit short of the charger.
    found = with_a_load_in_hand(6)
    assert (found.result.status, found.result.schedule) == (Status.INFEASIBLE, None)
    assert "the battery of V1 would run 3 below its minimum, 1 more than an empty one has" in found.result.reason
    words = "its level at the charge at C at 8 is -1, less than an empty battery has"
    assert [(v.rule, v.where, v.detail, v.amount) for v in found.broken] == [("batteries", "vehicle V1", words, 3)]
    assert found.schedule is not None
    # From -1 to the 15 units that it needs (see above) it charges for 4 ticks.
    assert found.schedule.charges == (Charge("V1", "C", 8, 12, -1, 15),)
    assert check(found.instance, found.schedule) == found.broken
    # The plan can be repaired further, and keeps the minimum again once the charge has begun.
    assert intolerable(found.instance, found.schedule, found.broken) == ((), ())
    assert not after(found, ClockTick("E2", 9)).is_degraded
    # Somebody else carries J1 on from M1, and no limit is broken.
    other = with_a_load_in_hand(6, vehicles=2)
    assert other.result.schedule is not None
    assert {m.mover for m in other.result.schedule.moves if m.job is not None and m.start > 0} == {"V2"}


def test_a_level_below_zero_that_nobody_tells_is_not_tolerated() -> None:
    found = with_a_load_in_hand(7)
    assert found.schedule is not None
    (charge,) = found.schedule.charges
    lower = with_a_load_in_hand(6).instance
    sinking = replace(found.schedule, charges=(replace(charge, from_level=-1, to_level=15),))
    broken = check(lower, sinking)
    assert [(v.rule, v.where) for v in broken] == [("batteries", "vehicle V1")]
    assert intolerable(lower, sinking, ())[0] == broken


@pytest.mark.parametrize("policy", ["right-shift", "auto"])
@pytest.mark.parametrize(("name", "at"), [("returning_tiny", 10), ("shared_charger_tiny", 25)])
def test_ways_so_slow_that_no_charger_is_reached(name: str, at: int, policy: str) -> None:
    # The carts have little more than the way back to the charger usually takes.
    instance = scheduler.load(Path(__file__).parents[2] / "instances" / f"{name}.json")
    before = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert before is not None
    found = repair(instance, before, [RouteSlow("e", at, "carts", 40)], policy=policy, time_limit=0.5, workers=1)
    assert found.schedule is not None
    assert {v.rule for v in found.broken} == {"batteries"}
    assert all("less than an empty battery has" in v.detail for v in found.broken)
    assert check(found.instance, found.schedule) == found.broken
    given = conceded(found.instance, found.schedule)
    assert min(battery.minimum for battery in given.battery_by_vehicle.values()) < 0
    assert flagged(given, found.schedule) == []
    assert hint_status(given, found.schedule) is Status.FEASIBLE


def test_only_who_has_to_runs_below_its_minimum() -> None:
    # On ways that take 2.5 times as long amr-2 is 12 units short at its charger; the others find theirs in time.
    instance = scheduler.load(Path(__file__).parents[2] / "instances" / "charging_hall.json")
    before = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert before is not None
    after = revise(instance, Revision(19, 0, (RouteSlow("e", 19, "amrs", 40),), before))
    assert shift(after, before).schedule is None
    found = shift(after, before, lowest=0).placed
    assert found is not None
    low = lowest_levels(after, found)
    assert sorted(low) == ["amr-2"]
    assert flagged(with_minimums(after, low), found) == []


def test_levels_are_lowered_no_further_than_they_have_to_be() -> None:
    # C, where V1 would go at once, works again at 20 only. Standing costs nothing, and so does waiting for it.
    instance = plant(jobs=1)
    before = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert before is not None
    happened = BatteryLow("e", 3, "V1", 8), ChargerDown("f", 3, "C", 20)
    found = repair(instance, before, happened, objective="makespan", time_limit=SECONDS, workers=1)
    assert [(v.rule, v.amount) for v in found.broken] == [("batteries", 1)]
    assert found.schedule is not None
    assert [c.start for c in found.schedule.charges] == [20]
    # While it stands a unit goes each tick: from the 4 that it has at M1 it would have -11 at C at 20. If J1 is carried
    # on at 8, it is 4 - 3 - 2 * 5 = -9 at M2.
    idle = plant(replace(BATTERY, drain_idle=1), jobs=1)
    before = construct(idle, Objective.parse("makespan"), time_limit=0.0)
    assert before is not None
    found = repair(idle, before, happened, objective="makespan", time_limit=SECONDS, workers=1)
    assert [(v.rule, v.amount) for v in found.broken] == [("batteries", 2 + 9)]

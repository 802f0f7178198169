"""A part that came to another machine without a move, for work that was lost, has left the one before since then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import (
    assert_valid,
    at,
    constructed,
    executed,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    simple_job,
    transfer,
)

from scheduler.domain import Instance, Lane, Mode, Objective, Schedule, ScheduledOperation, Status
from scheduler.domain.derive import complete, occupied_until, taken_at
from scheduler.domain.events import MachineBreakdown, Revision, Rework, revise
from scheduler.domain.happened import taken_over
from scheduler.rescheduling import repair
from scheduler.search.decode.engine import FactorySearch

MAKESPAN = Objective.parse("makespan")


def line(places: int, *, swap: bool = True) -> Instance:
    """J1, J2 and J3 go over A and the slow B, with so many places between them; J4 is on A only, from 5 on."""
    jobs = [simple_job(f"J{k}", ("A", 2), ("B", 5)) for k in (1, 2, 3)]
    last = simple_job("J4", ("A", 10), release_date=5)
    return factory(machine("A", output_buffer=places, swap=swap), machine("B"), *jobs, last)


def through(*steps: tuple[str, int, int]) -> Schedule:
    """Operations by machine, start and end: of J1, J2, J3 on A and on B in turn, then of J4."""
    names = ("J1.1", "J1.2", "J2.1", "J2.2", "J3.1", "J3.2", "J4.1")
    return schedule(*(at(name, *step) for name, step in zip(names, steps, strict=True)))


# At 7 B takes J2 from the place behind A, so that J4 can begin there while J3 lies in the place.
COUNTED = through(("A", 0, 2), ("B", 2, 7), ("A", 2, 4), ("B", 7, 12), ("A", 4, 6), ("B", 12, 17), ("A", 7, 17))
# At 7 B takes J2 from A, so that J3 can begin there; it stays until 12.
BLOCKED = through(("A", 0, 2), ("B", 2, 7), ("A", 2, 4), ("B", 7, 12), ("A", 7, 9), ("B", 12, 17), ("A", 12, 22))
CASES = [(line(1), COUNTED), (line(0), BLOCKED), (line(0, swap=False), BLOCKED)]
NAMES = ["counted", "blocking", "no swaps"]


def lost(instance: Instance, baseline: Schedule) -> Instance:
    """The instance at 8, when B breaks down until 11 and J2 has lost a tick of work."""
    return revise(instance, Revision(8, 0, (MachineBreakdown("E", 8, "B", 11, "repeat"),), baseline))


def repeated(baseline: Schedule) -> Schedule:
    """The baseline with J2 on B after the breakdown, at 11, J3 after it, and J4 when it can be, at 7 or 16."""
    late = {("J2", "2"): 11, ("J3", "2"): 16}
    if baseline is BLOCKED:
        late["J4", "1"] = 16
    moved = (replace(o, start=s, end=s + o.end - o.start) if (s := late.get(o.key)) else o for o in baseline.operations)
    return schedule(*moved)


def solved(instance: Instance) -> Schedule:
    """The checked schedule of the factory search; that of construction is checked too."""
    built = constructed(instance, "makespan")
    assert built is not None
    assert_valid(instance, built)
    search = FactorySearch.of(instance, MAKESPAN, 0, lambda value: None)
    assert search is not None
    search.advance(100)
    found = search.best()
    assert found is not None
    assert_valid(instance, found)
    return found


@pytest.mark.parametrize(("instance", "baseline"), CASES, ids=NAMES)
def test_checker_and_model_know_when_the_part_was_taken(instance: Instance, baseline: Schedule) -> None:
    after, found = lost(instance, baseline), repeated(baseline)
    assert taken_over(after) == {(("J2", "1"), ("J2", "2")): 7}
    assert taken_at(after, found)["J2", "1"] == 7
    assert occupied_until(after, found)["J2", "1"] == (7 if baseline is BLOCKED else 4)
    assert_valid(after, found)
    assert hint_status(after, found) == Status.FEASIBLE


@pytest.mark.parametrize(("instance", "baseline"), CASES[:2], ids=NAMES[:2])
def test_the_part_needs_its_place_until_then(instance: Instance, baseline: Schedule) -> None:
    # As if B had taken J2 at 8: a tick after J4, or J3, has come to A.
    piece = ScheduledOperation("J2", "2", 0, "B", 8, 9)
    was = schedule(*(replace(o, start=8, end=13) if o.key == piece.key else o for o in baseline.operations))
    after, found = executed(instance, was, 9, aborted=(piece,)), repeated(baseline)
    rule, place = ("buffers", "J4.1 on A") if baseline is COUNTED else ("capacity", "J3.1 on A")
    assert flagged(after, found) == [(rule, place, 1)]
    assert fixed_status(after, found) == Status.INFEASIBLE


@pytest.mark.parametrize(("instance", "baseline"), CASES, ids=NAMES)
def test_a_right_shift_repeats_the_work(instance: Instance, baseline: Schedule) -> None:
    events = [MachineBreakdown("E", 8, "B", 11, "repeat")]
    found = repair(instance, baseline, events, policy="right-shift", time_limit=5, workers=1)
    assert found.schedule is not None
    assert found.schedule.operations == repeated(baseline).operations


@pytest.mark.parametrize(("instance", "baseline"), CASES, ids=NAMES)
def test_construction_and_factory_search_repeat_the_work(instance: Instance, baseline: Schedule) -> None:
    after = lost(instance, baseline)
    found = solved(after)
    # Two parts of 5 ticks on B from 11 on. Without places J3 is the first, so that J4 can be on A from 11 to 21.
    assert found.makespan == 21


def test_a_part_that_goes_on_by_lane_has_left_too() -> None:
    # B stands still until 40; J2 can be done again on C in G, to where the lane takes it at 8. J4 came to A at 7.
    base, lane = line(1), Lane("L", "F", "G", transit_time=3)
    other = job("J2", op("1", mode("A", 2)), op("2", mode("B", 5), mode("C", 5)))
    jobs = [other if j.id == "J2" else j for j in base.jobs]
    instance = factory(*base.machines, machine("C", facility="G"), lane, *jobs)
    event = MachineBreakdown("E", 8, "B", 40, "repeat")
    after = revise(instance, Revision(8, 0, (event,), COUNTED))
    moved = {("J2", "2"): at("J2.2", "C", 11, 16, mode=1), ("J3", "2"): at("J3.2", "B", 40, 45)}
    operations = [moved.get(o.key, o) for o in COUNTED.operations]
    found = complete(after, operations, [transfer("J2 1>2", "F>G", "L#1", 8, 11)])
    assert taken_at(after, found)["J2", "1"] == 7
    assert_valid(after, found)
    assert hint_status(after, found) == Status.FEASIBLE
    best = solved(after)
    assert {o.key: o.machine for o in best.operations}["J2", "2"] == "C"
    assert best.makespan == 45
    again = revise(after, Revision(9, 0, (MachineBreakdown("E2", 9, "C", 12, "resume"),), found))
    shifted = repair(after, found, [MachineBreakdown("E2", 9, "C", 12, "resume")], policy="right-shift", time_limit=5)
    assert taken_over(again) == taken_over(after)
    assert shifted.schedule is not None
    assert shifted.schedule.by_operation["J2", "2"].start == 12


def test_a_part_stays_on_a_machine_that_does_both() -> None:
    # J1 has been on A all the time: K can't come between the lost work [2, 3) and that which is done again at 6.
    instance = factory(machine("A", output_buffer=0), simple_job("J1", ("A", 2), ("A", 4)), simple_job("K", ("A", 2)))
    was = schedule(at("J1.1", "A", 0, 2), at("J1.2", "A", 2, 6), at("K.1", "A", 6, 8))
    after = executed(instance, was, 3, aborted=(at("J1.2", "A", 2, 3),))
    assert taken_over(after) == {}
    between = schedule(at("J1.1", "A", 0, 2), at("J1.2", "A", 6, 10), at("K.1", "A", 3, 5))
    assert flagged(after, between) == [("capacity", "K.1 on A", 2)]
    assert fixed_status(after, between) == Status.INFEASIBLE
    assert_valid(after, schedule(at("J1.1", "A", 0, 2), at("J1.2", "A", 6, 10), at("K.1", "A", 10, 12)))


def test_a_part_that_goes_back_is_taken_anew() -> None:
    # J2 loses its work on B at 8, and at 9 it turns out that what A did is no good either.
    after = lost(line(1), COUNTED)
    standing = after.execution.baseline if after.execution is not None else COUNTED
    again = revise(after, Revision(9, 0, (Rework("R", 9, "J2", "1"),), standing))
    assert taken_over(again) == {}


def bathed(dwell: int) -> Instance:
    """Three jobs over A without places, where J2 may stay so long after its work."""
    instance = line(0)
    stays = job("J2", op("1", Mode("A", 2, max_dwell=dwell)), op("2", mode("B", 5)))
    return replace(instance, jobs=tuple(stays if j.id == "J2" else j for j in instance.jobs))


def test_a_part_that_was_taken_over_has_left_its_bath_then() -> None:
    # J2 ends on A at 4 and B takes it at 7, 3 later; that its work there is done again from 11 on is no longer stay.
    after, found = lost(bathed(3), BLOCKED), repeated(BLOCKED)
    assert_valid(after, found)
    assert hint_status(after, found) == Status.FEASIBLE
    events = [MachineBreakdown("E", 8, "B", 11, "repeat")]
    shifted = repair(bathed(3), BLOCKED, events, policy="right-shift", time_limit=5, workers=1)
    assert shifted.schedule is not None
    assert shifted.schedule.operations == found.operations
    assert shifted.broken == ()
    assert solved(after).makespan == 21
    short = lost(bathed(2), BLOCKED)
    assert flagged(short, found) == [("dwell", "J2.1 on A", 1)]
    assert fixed_status(short, found) == Status.INFEASIBLE

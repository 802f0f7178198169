"""Right shift where something can't keep its place: parts that block, and work that fits into no shift any more."""

from __future__ import annotations

from math import inf

import pytest
from helpers import at, carry, distances, factory, flagged, job, machine, mode, op, schedule, shifts, simple_job
from repair_cases import repaired, revised, shifted, times

from scheduler.domain import Instance, Job, Objective, Robot, RobotCell
from scheduler.domain.derive import complete
from scheduler.domain.events import Event, MachineBreakdown, MachineDegraded, OperationDelayed
from scheduler.rescheduling.case import Case
from scheduler.rescheduling.right_shift import shift
from scheduler.rescheduling.safety_net import offer_construction

# --- parts that block ----------------------------------------------------------------------------------------------


def test_what_took_no_time_in_the_midst_of_another_operation_waits_for_it_once_it_takes_time() -> None:
    instance = factory(machine("M"), simple_job("J1", ("M", 5)), simple_job("J2", ("M", 0)))
    baseline = schedule(at("J1.1", "M", 0, 5), at("J2.1", "M", 3, 3))
    late = OperationDelayed(id="E1", at=1, job="J2", operation="1", delay=4)
    assert times(shifted(instance, baseline, 1, late)) == {"J1.1": (0, 5), "J2.1": (5, 9)}


def blocking(*jobs: Job, swap: bool = True) -> Instance:
    return factory(*(machine(name, output_buffer=0, swap=swap) for name in ("A", "B", "C")), *jobs)


def test_parts_that_would_have_to_swap_come_one_after_the_other() -> None:
    # J2 passes B in no time, in the instant in which J1 leaves A. If it stays for a tick, each waits for the other to
    # leave its machine: J2 comes after J1 then.
    instance = blocking(simple_job("J1", ("A", 2), ("B", 2)), simple_job("J2", ("B", 0), ("A", 2)), swap=False)
    baseline = schedule(at("J1.1", "A", 0, 2), at("J1.2", "B", 2, 4), at("J2.1", "B", 2, 2), at("J2.2", "A", 2, 4))
    assert flagged(instance, baseline) == []
    _, result = repaired(instance, baseline, 1, OperationDelayed("E", 1, "J2", "1", delay=1))
    assert times(result) == {"J1.1": (0, 2), "J1.2": (2, 4), "J2.1": (4, 5), "J2.2": (5, 7)}


@pytest.mark.parametrize("now", [3, 7])
def test_what_takes_no_time_stays_in_the_midst_of_other_work(now: int) -> None:
    """J2.1 passes over M1 at 5, while J1.1 is worked on there during [0, 10): before the breakdown, or with it."""
    instance = factory(
        machine("M1", output_buffer=0),
        machine("M2"),
        simple_job("J1", ("M1", 10)),
        simple_job("J2", ("M1", 0), ("M2", 4)),
    )
    baseline = schedule(at("J1.1", "M1", 0, 10), at("J2.1", "M1", 5, 5), at("J2.2", "M2", 5, 9))
    result = shifted(instance, baseline, now, MachineBreakdown("E", now, "M1", now + 2, "resume"))
    assert times(result) == {"J1.1": (0, 12), "J2.1": (5, 5), "J2.2": (5, 9)}


# --- work that fits into no shift --------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [OperationDelayed("E", 1, "J2", "1", delay=4), MachineDegraded("E", 1, "M1", 50)])
def test_what_has_become_longer_than_every_shift_pauses_between_them(event: Event) -> None:
    # M1 works during [0, 5), [8, 13), [16, 21) ...; J2.1 takes 8 ticks now, and J1.1 on a slow machine 7.
    instance = factory(
        machine("M1", calendar=shifts(8, (0, 5))), simple_job("J1", ("M1", 4)), simple_job("J2", ("M1", 4))
    )
    baseline = schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M1", 8, 12))
    result = shifted(instance, baseline, 1, event)
    is_slow = isinstance(event, MachineDegraded)
    assert times(result) == ({"J1.1": (0, 10), "J2.1": (10, 21)} if is_slow else {"J1.1": (0, 4), "J2.1": (8, 19)})


def test_what_fits_into_no_shift_any_more_goes_elsewhere() -> None:
    # At half speed J1.1 takes 8 ticks on M1, whose shifts have 5; on M2 it comes after J2.1.
    instance = factory(
        machine("M1", calendar=shifts(8, (0, 5))),
        machine("M2"),
        job("J1", op("1", mode("M1", 4), mode("M2", 6))),
        simple_job("J2", ("M2", 3)),
    )
    baseline = schedule(at("J1.1", "M1", 8, 12), at("J2.1", "M2", 0, 3))
    result = shifted(instance, baseline, 1, MachineDegraded("E", 1, "M1", 50))
    assert (times(result), result.by_operation["J1", "1"].machine) == ({"J1.1": (3, 9), "J2.1": (0, 3)}, "M2")


def test_what_fits_into_no_shift_of_the_machine_that_its_part_is_on_the_way_to_pauses_between_them() -> None:
    # The robot brings the part of J1 to S1 during [0, 4). At a quarter of the speed it takes 20 ticks there, of which
    # [4, 12) and [20, 32) are working time; S2, where it would take 5, is out of reach.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT S1 S2", 2), 1, 1)
    stations = machine("S1", cell="C", calendar=shifts(20, (0, 12)), input_buffer=0), machine("S2", cell="C")
    instance = factory(*stations, cell, job("J1", op("1", mode("S1", 5), mode("S2", 5))))
    moves = carry("J1 >1", "IN>S1", "R", 0, 4), carry("J1 1>", "S1>OUT", "R", 9, 13)
    baseline = complete(instance, (at("J1.1", "S1", 4, 9),), moves)
    result = shifted(instance, baseline, 2, MachineDegraded("E", 2, "S1", 25))
    assert times(result) == {"J1.1": (4, 32)}


def test_a_part_in_the_way_of_others_comes_behind_them_with_all_that_is_left_of_its_job() -> None:
    # J1.2 goes from B to C, behind J2.2. Until then its part would be on A, where J2 has to go before.
    instance = factory(
        machine("A", output_buffer=0),
        machine("B", calendar=shifts(8, (0, 5))),
        machine("C"),
        job("J1", op("1", mode("A", 2)), op("2", mode("B", 4), mode("C", 9))),
        simple_job("J2", ("A", 2), ("C", 3)),
    )
    baseline = schedule(at("J1.1", "A", 2, 4), at("J1.2", "B", 8, 12), at("J2.1", "A", 8, 10), at("J2.2", "C", 10, 13))
    result = shifted(instance, baseline, 1, MachineDegraded("E", 1, "B", 50))
    assert times(result) == {"J1.1": (10, 12), "J1.2": (13, 22), "J2.1": (8, 10), "J2.2": (10, 13)}


def test_where_a_part_blocks_what_it_would_come_behind_construction_has_a_plan() -> None:
    # J1.2 goes from A to B, behind J2.2. Until then its part is on A, as J1.1 runs, where J2 has to go before that: no
    # right shift. Construction puts J1.2 before J2.2.
    instance = factory(
        machine("A", calendar=shifts(8, (0, 5)), output_buffer=0),
        machine("B"),
        job("J1", op("1", mode("A", 2)), op("2", mode("A", 3), mode("B", 9))),
        simple_job("J2", ("A", 2), ("B", 3)),
    )
    baseline = schedule(at("J1.1", "A", 0, 2), at("J1.2", "A", 2, 5), at("J2.1", "A", 8, 10), at("J2.2", "B", 10, 13))
    after = revised(instance, baseline, 1, MachineDegraded("E", 1, "A", 50))
    kept = shift(after, baseline)
    assert "wait for one another for ever" in kept.reason
    case = Case(after, kept, Objective.parse("makespan"), ends_at=inf)
    offer_construction(case)
    assert case.best is not None
    # A is half as fast from 1 on: J1.1 takes 3 ticks, J2.1 takes 4.
    assert times(case.best.schedule) == {"J1.1": (0, 3), "J1.2": (3, 12), "J2.1": (8, 12), "J2.2": (12, 15)}

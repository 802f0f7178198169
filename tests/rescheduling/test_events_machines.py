"""Events of machines and maintenance: what each does, and what contradicts it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import at, constructed, distances, down, factory, flagged, machine, schedule, simple_job
from repair_cases import flow_shop, flow_shop_baseline, refused, repaired, revised, robot_cell, robot_cell_baseline

from scheduler.domain import Downtime, Fleet, Instance, Machine, Schedule, Slowdown, Vehicle
from scheduler.domain.events import (
    BufferChange,
    DegradationAlert,
    Estimate,
    Event,
    MachineBreakdown,
    MachineDegraded,
    MachineRestored,
    MaintenanceAdded,
    MaintenanceCancelled,
    MaintenanceMoved,
    Retraction,
    Revision,
    Risk,
    revise,
)
from scheduler.domain.happened import execution_of


def durations(instance: Instance, job: str, operation: str) -> list[int]:
    return [mode.duration for mode in instance.operation_by_key[job, operation].modes]


def downtimes(instance: Instance, machine: str) -> list[tuple[int, int]]:
    return [(d.start, d.end) for d in instance.machine_by_id[machine].calendar.downtimes]


# --- breakdowns --------------------------------------------------------------------------------------------------


def test_a_plan_counts_on_the_expected_length_of_a_repair() -> None:
    # (3 + 4 * 5 + 20) / 6 = 7.2
    after = revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 4, "M2", estimate=Estimate(3, 5, 20)))
    assert downtimes(after, "M2") == [(4, 12)]


def test_a_scrapped_part_is_made_anew() -> None:
    event = MachineBreakdown("E", 4, "M2", 6, "scrap")
    after, result = repaired(flow_shop(), flow_shop_baseline(), 4, event)
    # J1.2 [3, 7) ends at 4, and nothing is left of J1; its other job does both operations again.
    assert [(o.key, o.start, o.end) for o in result.by_machine["M2"]][:1] == [(("J1", "2"), 3, 4)]
    assert after.job_by_id["J1-E"].release_date == 4
    assert {o.operation for o in result.operations if o.job == "J1-E"} == {"1", "2"}
    assert result.by_operation["J1-E", "1"].start >= 4


# --- speed -------------------------------------------------------------------------------------------------------


def test_a_slow_machine_takes_longer_for_what_is_left() -> None:
    # J1.2 runs on M2 [3, 7): 2 of 4 ticks are left at 5, at half speed 4. J2.2 takes 6 there, on M3 still 5.
    event = MachineDegraded("E", 5, "M2", 50)
    after, result = repaired(flow_shop(), flow_shop_baseline(), 5, event)
    assert (durations(after, "J1", "2"), durations(after, "J2", "2")) == ([6], [6, 5])
    assert [(o.start, o.end) for o in result.by_machine["M2"]] == [(3, 9), (9, 15)]


def test_a_short_loss_of_speed_leaves_later_operations_alone() -> None:
    # J1.2 [3, 7) has 2 ticks left at 5, of which one is done by 7 at half speed; J2.2 is as fast as ever.
    event = MachineDegraded("E", 5, "M2", 50, until=7)
    after, result = repaired(flow_shop(), flow_shop_baseline(), 5, event)
    assert (durations(after, "J1", "2"), durations(after, "J2", "2")) == ([4], [3, 5])
    assert [(o.start, o.end) for o in result.by_machine["M2"]] == [(3, 8), (8, 11)]


def test_lost_speed_is_back_at_its_tick() -> None:
    # J1.2 has 2 ticks left at 5, does 1.5 by 8, and the rest in a tick at the usual speed.
    first, result = repaired(flow_shop(), flow_shop_baseline(), 5, MachineDegraded("E", 5, "M2", 50, until=8))
    assert [(o.start, o.end) for o in result.by_machine["M2"]] == [(3, 9), (9, 12)]
    second, again = repaired(first, result, 8)
    assert again == result
    assert second.machine_by_id["M2"].slowdowns == (Slowdown(5, 8, 50, until=8),)
    assert execution_of(second).log.entries[0].superseded_by == "E"


def test_a_restored_machine_is_up_and_fast() -> None:
    events = (MachineBreakdown("A", 4, "M2", 20), MachineDegraded("B", 4, "M2", 50))
    first, result = repaired(flow_shop(), flow_shop_baseline(), 4, *events)
    assert (downtimes(first, "M2"), durations(first, "J2", "2")) == ([(4, 20)], [6, 5])
    second = revise(first, Revision(6, 0, (MachineRestored("C", 6, "M2"),), result))
    assert (downtimes(second, "M2"), durations(second, "J2", "2")) == ([(4, 6)], [3, 5])


def test_who_waits_for_a_machine_goes_on_when_it_is_restored() -> None:
    # S1 fails while the robot is on its way to it with the part of J2: it waits there.
    baseline = robot_cell_baseline()
    first, result = repaired(robot_cell(), baseline, 5, MachineBreakdown("A", 5, "S1", 60, "repeat"))
    second = revise(first, Revision(7, 0, (MachineRestored("B", 7, "S1"),), result))
    assert downtimes(second, "S1") == [(5, 7)]
    assert all(d.end <= 7 for d in second.carrier_by_id["R1"].calendar.downtimes)


# --- buffers -----------------------------------------------------------------------------------------------------


def buffered() -> Instance:
    instance = robot_cell()
    stations = tuple(replace(m, output_buffer=1) if m.id == "S1" else m for m in instance.machines)
    return replace(instance, machines=stations)


def test_a_buffer_grows() -> None:
    after = revised(buffered(), robot_cell_baseline(), 5, BufferChange("E", 5, "output", 3, "S1"))
    assert after.machine_by_id["S1"].output_buffer == 3


def test_a_station_has_fewer_places_and_parts_wait_in_the_cell() -> None:
    # The cart comes to OUT late: until then the robot has put down both parts, one on each place.
    instance, baseline = cell_with_cart(2)
    after, result = repaired(instance, baseline, 4, BufferChange("E", 4, "output", 1, cell="C"))
    assert after.cells[0].output_places == 1
    fetched = {m.job: m.start for m in result.moves if m.kind == "transport"}
    brought = {m.job: m.end for m in result.moves if m.kind == "robot_move" and m.destination == "OUT"}
    assert brought["J2"] >= fetched["J1"]  # the part of J1 has left the only place there is now
    was = {m.job: m.end for m in baseline.moves if m.kind == "robot_move" and m.destination == "OUT"}
    assert was["J2"] < fetched["J1"]
    again = revise(after, Revision(5, 0, (Retraction("R", 5, supersedes="E"),), result))
    assert again.cells[0].output_places == 2


def test_a_station_keeps_the_places_that_parts_have_taken() -> None:
    instance, baseline = cell_with_cart(2)
    (defect,) = refused(
        instance, baseline, baseline.makespan, BufferChange("E", baseline.makespan, "output", 1, cell="C")
    )
    assert defect == "E602 places: 2 parts have been there at once; write 2 or more"


def cell_with_cart(places: int) -> tuple[Instance, Schedule]:
    """Two jobs go through a cell of two stations and on to M1 by a cart that comes from far away."""
    instance = robot_cell()
    cell = replace(instance.cells[0], output_places=places)
    cart = Fleet("carts", "F", (Vehicle("V", "far"),), distances("far OUT M1", 30))
    jobs = (simple_job("J1", ("S1", 5), ("M1", 2)), simple_job("J2", ("S2", 5), ("M1", 2)))
    instance = replace(instance, cells=(cell,), fleets=(cart,), machines=(*instance.machines, machine("M1")), jobs=jobs)
    baseline = constructed(instance, "makespan")
    assert baseline is not None
    return instance, baseline


# --- maintenance -------------------------------------------------------------------------------------------------


def test_running_operations_pause_for_maintenance() -> None:
    after, result = repaired(flow_shop(), flow_shop_baseline(), 4, MaintenanceAdded("E", 4, "M2", 5, 8))
    assert after.machine_by_id["M2"].calendar.downtimes == (Downtime(5, 8, "maintenance"),)
    assert [(o.start, o.end) for o in result.by_machine["M2"]] == [(3, 10), (10, 13)]


def test_work_that_is_slow_again_pauses_for_maintenance_that_began_after_it() -> None:
    # J1.2 [3, 7) has 3 ticks left at 4, which are 2 at twice the speed: [3, 6). At half the speed from 5 on it does
    # half a tick by 6, and another half from 8 on.
    fast = MachineDegraded("E1", 4, "M2", 200, 9)
    before, baseline = repaired(flow_shop(), flow_shop_baseline(), 4, fast)
    assert next((o.start, o.end) for o in baseline.by_machine["M2"]) == (3, 6)
    slow = MachineDegraded("E2", 5, "M2", 50, 12, supersedes="E1")
    _, result = repaired(before, baseline, 5, slow, MaintenanceAdded("E3", 5, "M2", 6, 8))
    assert next((o.start, o.end) for o in result.by_machine["M2"]) == (3, 9)


def maintained() -> Instance:
    """The flow shop with a maintenance of M2 at [11, 15), after its baseline."""
    instance = flow_shop()
    return replace(instance, machines=tuple(replace(m, calendar=down((11, 15))) for m in instance.machines))


def test_maintenance_is_moved() -> None:
    after, result = repaired(maintained(), flow_shop_baseline(), 4, MaintenanceMoved("E", 4, "M2", 11, 7))
    assert downtimes(after, "M2") == [(7, 11)]
    assert [(o.start, o.end) for o in result.by_machine["M2"]] == [(3, 7), (11, 14)]
    shorter = revised(maintained(), flow_shop_baseline(), 4, MaintenanceMoved("E", 4, "M2", 11, 20, length=2))
    assert downtimes(shorter, "M2") == [(20, 22)]


def test_maintenance_is_cancelled_or_ends_early() -> None:
    after = revised(maintained(), flow_shop_baseline(), 4, MaintenanceCancelled("E", 4, "M2", 11))
    assert downtimes(after, "M2") == []
    late = revised(maintained(), flow_shop_baseline(), 12, MaintenanceCancelled("E", 12, "M2", 11))
    assert downtimes(late, "M2") == [(11, 12)]
    back = revise(after, Revision(5, 0, (Retraction("F", 5, supersedes="E"),), flow_shop_baseline()))
    assert downtimes(back, "M2") == [(11, 15)]


# --- alerts ------------------------------------------------------------------------------------------------------


def worker() -> Instance:
    """M1 does A [0, 10), is idle, and does B [20, 40)."""
    return factory(machine("M1"), simple_job("A", ("M1", 10)), simple_job("B", ("M1", 20)))


def alert(repair: int, maintenance: int, *risk: Risk) -> Event:
    return DegradationAlert("E", 5, "M1", risk, repair, maintenance)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        # The idle time [10, 20) has room for the maintenance: at 10 it costs F(10) * 50 = 12.5 %, 6.25 ticks, and
        # nothing for itself; without, F(40) = 87.5 % of 50.
        (alert(50, 10, Risk(25, 50), Risk(45, 100)), [(10, 20)]),
        # Maintenance at 10 would delay B by 20 - 10; a repair takes no longer, and may not be needed.
        (alert(10, 20, Risk(45, 50)), []),
        # A failure is certain by 9, before the machine is free at 10: maintenance comes too late.
        (alert(50, 10, Risk(9, 100)), []),
    ],
)
def test_maintenance_is_weighed_against_the_risk(event: Event, expected: list[tuple[int, int]]) -> None:
    baseline = schedule(at("A.1", "M1", 0, 10), at("B.1", "M1", 20, 40))
    after, result = repaired(worker(), baseline, 5, event)
    assert downtimes(after, "M1") == expected
    assert result == baseline


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "defect"),
    [
        (MachineBreakdown("E", 4, "M1", estimate=Estimate(5, 3, 9)), "E603 estimate: low 5, mode 3, high 9 are out of"),
        (MachineDegraded("E", 4, "M9", 50), "E601 machine: there is no machine 'M9'"),
        (MachineDegraded("E", 4, "M1", 50, 4), "E603 until: the downtime ends at 4, not after its begin at 4"),
        (MachineRestored("E", 4, "M9"), "E601 machine: there is no machine 'M9'"),
        (MachineRestored("E", 4, "M1"), "E602 machine: machine M1 is neither broken nor slow"),
        (BufferChange("E", 4, "input", 2, "M9"), "E601 machine: there is no machine 'M9'"),
        (BufferChange("E", 4, "input", 2, "M1"), "E607 buffer: the input buffer of M1 is not counted"),
        (BufferChange("E", 4, "input", 2), "E603 machine: machine and cell are both given or both missing"),
        (BufferChange("E", 4, "input", 2, cell="C9"), "E601 cell: there is no robot cell 'C9'"),
        (MaintenanceAdded("E", 4, "M9", 3, 3), "E601 machine: there is no machine 'M9'"),
        (MaintenanceAdded("E", 4, "M1", 3, 9), "E603 start: 3 is in the past: it is 4"),
        (MaintenanceAdded("E", 4, "M1", 6, 6), "E603 until: the maintenance ends at 6, not after its begin at 6"),
        (MaintenanceMoved("E", 4, "M9", 11, 20), "E601 machine: there is no machine 'M9'"),
        (MaintenanceMoved("E", 4, "M1", 10, 20), "E601 start: no downtime of M1 begins at 10; write 11"),
        (MaintenanceMoved("E", 4, "M1", 11, 3), "E603 to: 3 is in the past: it is 4"),
        (MaintenanceCancelled("E", 4, "M1", 10), "E601 start: no downtime of M1 begins at 10; write 11"),
        (DegradationAlert("E", 4, "M9", (), 9, 3), "E601 machine: there is no machine 'M9'"),
        (DegradationAlert("E", 4, "M1", (), 9, 3), "E603 risk: there is no probability"),
        (
            DegradationAlert("E", 4, "M1", (Risk(9, 50), Risk(8, 60)), 9, 3),
            "E603 risk[1]: 60 percent by 8 come after 50 by 9",
        ),
    ],
)
def test_contradictions(event: Event, defect: str) -> None:
    assert refused(maintained(), flow_shop_baseline(), 4, event)[0].startswith(defect)


def test_maintenance_that_has_begun_can_only_be_cancelled() -> None:
    (defect,) = refused(maintained(), flow_shop_baseline(), 12, MaintenanceMoved("E", 12, "M2", 11, 20))
    assert defect.startswith("E602 start: the maintenance has begun at 11")
    (defect,) = refused(maintained(), flow_shop_baseline(), 15, MaintenanceCancelled("E", 15, "M2", 11))
    assert defect.startswith("E602 start: the maintenance was over at 15")


def test_a_buffer_holds_what_it_has_held() -> None:
    ovens: tuple[Machine, ...] = (machine("M1", output_buffer=2), machine("M2"))
    jobs = [simple_job(f"J{n}", ("M1", 1), ("M2", 9)) for n in (1, 2, 3, 4)]
    instance = factory(*ovens, *jobs)
    starts = {"J1": (0, 1), "J2": (1, 10), "J3": (2, 19), "J4": (3, 28)}  # two wait behind M1, one on it
    baseline = schedule(
        *(at(f"{j}.1", "M1", a, a + 1) for j, (a, _) in starts.items()),
        *(at(f"{j}.2", "M2", b, b + 9) for j, (_, b) in starts.items()),
    )
    assert flagged(instance, baseline) == []
    (defect,) = refused(instance, baseline, 5, BufferChange("E", 5, "output", 1, "M1"))
    assert defect == "E602 places: 2 parts have been there at once; write 2 or more"


def test_the_new_job_of_a_scrapped_part_needs_a_name() -> None:
    instance = replace(flow_shop(), jobs=(*flow_shop().jobs, simple_job("J1-E", ("M3", 1))))
    baseline = schedule(*flow_shop_baseline().operations, at("J1-E.1", "M3", 0, 1))
    (defect,) = refused(instance, baseline, 4, MachineBreakdown("E", 4, "M2", 6, "scrap"))
    assert defect.startswith("E604 id: the job that replaces J1 would be J1-E, which there is already")

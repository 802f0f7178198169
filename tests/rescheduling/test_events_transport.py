"""Events of robots, vehicles, lanes and facilities: what each does, and what contradicts it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import (
    at,
    distances,
    factory,
    job,
    machine,
    mode,
    op,
    schedule,
    simple_job,
    transfer,
    transport,
)
from repair_cases import flow_shop, flow_shop_baseline, refused, repaired, revised, robot_cell, robot_cell_baseline

from scheduler.domain import (
    Downtime,
    Facility,
    Fleet,
    Instance,
    Lane,
    OperatorPool,
    Schedule,
    Shortage,
    Timetable,
    Vehicle,
)
from scheduler.domain.events import (
    BatteryLow,
    ChargerDown,
    Event,
    FacilityOutage,
    LaneCapacityChange,
    MaterialLate,
    MaterialShort,
    OperatorAbsent,
    PowerCapChange,
    Retraction,
    Revision,
    RobotCellStop,
    RouteBlocked,
    RouteSlow,
    ToolBroken,
    TransferCancelled,
    TransferDelayed,
    VehicleDown,
    revise,
)
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.right_shift import shift


def two_sites(**lane: object) -> Instance:
    """Two jobs go from A to B over a lane of two vehicles for one unit, 5 ticks each way."""
    return factory(
        machine("A1", "A"),
        machine("B1", "B"),
        Lane("L", "A", "B", transit_time=5, vehicles=2, **lane),
        simple_job("J1", ("A1", 2), ("B1", 3)),
        simple_job("J2", ("A1", 2), ("B1", 3)),
    )


def two_sites_baseline() -> Schedule:
    """A1: J1 [0, 2), J2 [2, 4). B1: J1 [7, 10), J2 [10, 13)."""
    return schedule(
        *(at("J1.1", "A1", 0, 2), at("J2.1", "A1", 2, 4), at("J1.2", "B1", 7, 10), at("J2.2", "B1", 10, 13)),
        *(transfer("J1 1>2", "A>B", "L#1", 2, 7), transfer("J2 1>2", "A>B", "L#2", 4, 9)),
    )


def trips(result: Schedule) -> list[tuple[str, int, int]]:
    return sorted((m.mover, m.start, m.end) for m in result.moves if m.kind == "transfer")


# --- robots and vehicles -----------------------------------------------------------------------------------------


def test_a_cell_stop_stops_all_robots_with_what_they_hold() -> None:
    # R1 carries the part of J1 from S1 to S2 during [9, 13).
    after, _ = repaired(robot_cell(), robot_cell_baseline(), 11, RobotCellStop("E", 11, "C", 21))
    assert [(m.start, m.end) for m in execution_of(after).moves] == [(0, 4), (9, 23)]
    assert after.machine_by_id["S1"].calendar.always_works


def test_a_cell_stop_may_stop_the_stations_too() -> None:
    event = RobotCellStop("E", 6, "C", 10, stations=True)
    after, result = repaired(robot_cell(), robot_cell_baseline(), 6, event)
    assert after.machine_by_id["S2"].calendar.downtimes == (Downtime(6, 10, "cell stop"),)
    assert (result.by_operation["J1", "1"].start, result.by_operation["J1", "1"].end) == (4, 13)


def carts() -> tuple[Instance, Schedule]:
    """V1 takes J1 from M1 to M2 during [3, 7)."""
    fleet = Fleet("carts", "F", (Vehicle("V1", "M1"), Vehicle("V2", "M1")), distances("M1 M2", 4))
    instance = factory(machine("M1"), machine("M2"), fleet, simple_job("J1", ("M1", 3), ("M2", 4)))
    return instance, schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", 7, 11), transport("J1 1>2", "M1>M2", "V1", 3, 7))


def test_a_vehicle_stands_with_its_load() -> None:
    after = revised(*carts(), 5, VehicleDown("E", 5, "V1", 9, load="J1"))
    assert [(m.start, m.end) for m in execution_of(after).moves] == [(3, 11)]
    (defect,) = refused(*carts(), 5, VehicleDown("E", 5, "V1", 9, load="J2"))
    assert defect.startswith("E602 load: vehicle V1 carries J1, not job J2")
    (defect,) = refused(*carts(), 5, VehicleDown("E", 5, "V2", 9, load="J1"))
    assert defect.startswith("E602 load: vehicle V2 carries nothing, not job J1")


# --- lanes -------------------------------------------------------------------------------------------------------


def test_a_slow_route_lengthens_what_has_not_set_out() -> None:
    after, result = repaired(two_sites(), two_sites_baseline(), 3, RouteSlow("E", 3, "L", 60))
    assert after.lane_by_id["L"].transit_time == 9  # 5 / 0.6, rounded up
    assert trips(result) == [("L#1", 2, 7), ("L#2", 4, 13)]


def test_a_route_is_fast_again_at_its_tick() -> None:
    first, result = repaired(two_sites(), two_sites_baseline(), 1, RouteSlow("E", 1, "L", 60, until=3))
    assert trips(result) == [("L#1", 3, 8), ("L#2", 4, 9)]  # at 2 it would set out for 9 ticks
    first, result = repaired(two_sites(), two_sites_baseline(), 1, RouteSlow("E", 1, "L", 60, until=8))
    second = revise(first, Revision(8, 0, (), result))
    assert second.lane_by_id["L"].trip_times == (5,)
    assert [(m.start, m.end) for m in execution_of(second).moves] == [(2, 11), (4, 13)]  # under way: as planned


def test_a_blocked_route_is_closed() -> None:
    _, result = repaired(two_sites(), two_sites_baseline(), 3, RouteBlocked("E", 3, "L", 20))
    assert trips(result) == [("L#1", 2, 7), ("L#2", 20, 25)]


def test_a_trip_arrives_at_another_time() -> None:
    first, result = repaired(two_sites(), two_sites_baseline(), 3, TransferDelayed("E", 3, "L#1", delay=6))
    assert trips(result) == [("L#1", 2, 13), ("L#2", 4, 9)]
    assert (result.by_operation["J1", "2"].start, result.by_operation["J2", "2"].start) == (13, 16)
    second = revise(first, Revision(5, 0, (TransferDelayed("F", 5, "L#1", until=8, supersedes="E"),), result))
    assert [(m.mover, m.end) for m in execution_of(second).moves] == [("L#1", 8), ("L#2", 9)]
    retracted = revise(first, Revision(5, 0, (Retraction("F", 5, supersedes="E"),), result))
    assert [(m.mover, m.end) for m in execution_of(retracted).moves] == [("L#1", 7), ("L#2", 9)]


def test_a_trip_is_cancelled() -> None:
    timed = two_sites(timetable=Timetable((2, 4, 12)))
    after, result = repaired(timed, two_sites_baseline(), 3, TransferCancelled("E", 3, "L", 4))
    assert trips(result) == [("L#1", 2, 7), ("L#2", 12, 17)]
    assert after.lane_by_id["L"].calendar.downtimes == (Downtime(4, 5, "cancelled"),)


def test_what_was_to_go_on_a_vehicle_that_is_gone_goes_on_another() -> None:
    after, result = repaired(two_sites(), two_sites_baseline(), 3, LaneCapacityChange("E", 3, "L", vehicles=1))
    assert after.lane_by_id["L"].vehicles == 1
    # L#1 arrives at 7 and is back at once: it takes J2 then.
    assert trips(result) == [("L#1", 2, 7), ("L#1", 7, 12)]


def test_trips_with_too_much_on_them_are_parted() -> None:
    shared = two_sites(units_per_vehicle=2)
    baseline = schedule(
        *(at("J1.1", "A1", 0, 2), at("J2.1", "A1", 2, 4), at("J1.2", "B1", 9, 12), at("J2.2", "B1", 12, 15)),
        *(transfer("J1 1>2", "A>B", "L#1", 4, 9), transfer("J2 1>2", "A>B", "L#1", 4, 9)),
    )
    _, result = repaired(shared, baseline, 3, LaneCapacityChange("E", 3, "L", units_per_vehicle=1))
    assert len({(mover, start) for mover, start, _ in trips(result)}) == 2


# --- facilities --------------------------------------------------------------------------------------------------


def test_an_outage_stops_everything_of_a_facility() -> None:
    after, result = repaired(two_sites(), two_sites_baseline(), 3, FacilityOutage("E", 3, "A", 10))
    assert after.machine_by_id["A1"].calendar.downtimes == (Downtime(3, 10, "outage"),)
    assert after.machine_by_id["B1"].calendar.always_works
    # J2.1 [2, 4) pauses until 10, the trip under way arrives.
    assert (result.by_operation["J2", "1"].end, trips(result)) == (11, [("L#1", 2, 7), ("L#2", 11, 16)])


def test_machines_come_back_over_the_ramp_up() -> None:
    event = FacilityOutage("E", 1, "F", 4, scope="machines", ramp_up=5)
    after = revised(flow_shop(), flow_shop_baseline(), 1, event)
    # 4 + 5 / 3, 4 + 10 / 3 and 4 + 15 / 3, rounded up
    assert [m.calendar.downtimes[0].end for m in after.machines] == [6, 8, 9]


def test_an_outage_may_cost_the_work_that_is_running() -> None:
    event = FacilityOutage("E", 1, "F", 4, scope="machines", interrupted="repeat")
    after, result = repaired(flow_shop(), flow_shop_baseline(), 1, event)
    assert execution_of(after).aborted == (at("J1.1", "M1", 0, 1),)
    assert result.by_operation["J1", "1"].start == 4


def test_an_outage_may_hit_the_movers_only() -> None:
    after = revised(robot_cell(), robot_cell_baseline(), 11, FacilityOutage("E", 11, "F", 21, scope="movers"))
    assert after.carrier_by_id["R1"].calendar.downtimes == (Downtime(11, 21, "outage"),)
    assert all(m.calendar.always_works for m in after.machines)


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "defect"),
    [
        (RobotCellStop("E", 3, "C", 3), "E601 cell: there is no robot cell 'C'"),
        (VehicleDown("E", 3, "V9", 9), "E601 vehicle: there is no vehicle 'V9'"),
        (ChargerDown("E", 3, "C9", 9), "E601 charger: there is no charger 'C9'"),
        (BatteryLow("E", 3, "V9", 9), "E601 vehicle: there is no vehicle with a battery 'V9'"),
        (RouteBlocked("E", 3, "X", 9), "E601 route: there is no lane, robot cell or fleet 'X'; write L"),
        (RouteSlow("E", 3, "X", 50), "E601 route: there is no lane, robot cell or fleet 'X'; write L"),
        (RouteSlow("E", 3, "L", 50, 3), "E603 until: the downtime ends at 3, not after its begin at 3"),
        (RouteBlocked("E", 3, "L", 3), "E603 until: the downtime ends at 3, not after its begin at 3"),
        (TransferDelayed("E", 3, "L#1"), "E603 delay: delay and until are both given or both missing"),
        (TransferDelayed("E", 3, "L#3", delay=2), "E601 vehicle: there is no vehicle of a lane 'L#3'"),
        (TransferDelayed("E", 3, "L#2", delay=2), "E602 vehicle: vehicle L#2 is not under way with a load"),
        (TransferDelayed("E", 3, "L#1", delay=-4), "E603 delay: the trip would have arrived at 3: it is 3"),
        (TransferDelayed("E", 3, "L#1", until=2), "E603 until: the trip would have arrived at 2: it is 3"),
        (TransferCancelled("E", 3, "X", 4), "E601 lane: there is no lane 'X'; write L"),
        (TransferCancelled("E", 3, "L", 2), "E602 departure: the trip has departed at 2"),
        (TransferCancelled("E", 3, "L", 5), "E601 departure: L has no departure at 5; write 12"),
        (LaneCapacityChange("E", 3, "X", 4), "E601 lane: there is no lane 'X'; write L"),
        (LaneCapacityChange("E", 3, "L"), "E603 vehicles: vehicles and units_per_vehicle are both missing"),
        (FacilityOutage("E", 3, "X", 3), "E601 facility: there is no facility 'X'; write A, B"),
        (PowerCapChange("E", 3, "A", 400), "E607 power: events of type power_cap_change can't be answered yet"),
        (MaterialLate("E", 3, "steel", 9), "E607 material: events of type material_late can't be answered yet"),
        (MaterialShort("E", 3, "steel", 9), "E607 material: events of type material_short can't be answered yet"),
        (ToolBroken("E", 3, "mould", 9), "E607 tool: events of type tool_broken can't be answered yet"),
        (OperatorAbsent("E", 3, "P", 9), "E601 pool: there is no operator pool 'P'"),
    ],
)
def test_contradictions(event: Event, defect: str) -> None:
    timed = two_sites(timetable=Timetable((2, 4, 12)))
    assert refused(timed, two_sites_baseline(), 3, event)[0].startswith(defect)


def test_a_lane_is_no_smaller_than_what_it_has_carried() -> None:
    (defect,) = refused(two_sites(), two_sites_baseline(), 5, LaneCapacityChange("E", 5, "L", vehicles=1))
    assert defect.startswith("E602 vehicles: vehicle L#2 has been under way already; write 2 or more")
    large = replace(two_sites(units_per_vehicle=2), jobs=tuple(replace(j, units=2) for j in two_sites().jobs))
    (defect,) = refused(large, two_sites_baseline(), 1, LaneCapacityChange("E", 1, "L", units_per_vehicle=1))
    assert defect.startswith("E602 units_per_vehicle: there is a job of 2 units to carry; write 2 or more")


def test_the_ways_of_a_fleet_are_blocked() -> None:
    # V1 stands with J1 during [5, 9) and arrives at 7 + 4; V2, and who begins then, waits.
    after, result = repaired(*carts(), 5, RouteBlocked("E", 5, "carts", 9))
    assert [(m.start, m.end) for m in execution_of(after).moves] == [(3, 11)]
    assert all(v.calendar.downtimes == (Downtime(5, 9, "blocked"),) for v in after.fleets[0].vehicles)
    assert at("J1.2", "M2", 11, 15) in result.operations
    # In the cell R1 would fetch the part of J1 at 9: it does at 12, and nothing else is delayed by more.
    _, result = repaired(robot_cell(), robot_cell_baseline(), 8, RouteBlocked("E", 8, "C", 12))
    assert min(m.start for m in result.moves if m.job is not None and m.start >= 8) == 12


def welded() -> Instance:
    """J1 and J2 each hold one of two welders; J3 needs none."""
    welding = (job(f"J{n}", op("1", mode(f"M{n}", 4, welders=1))) for n in (1, 2))
    machines = (machine(f"M{n}") for n in (1, 2, 3))
    return factory(*machines, OperatorPool("welders", 2), *welding, simple_job("J3", ("M3", 4)))


WELDED = schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 3, 7), at("J3.1", "M3", 3, 7))


def test_who_is_absent_leaves_what_runs_and_delays_the_rest() -> None:
    # At 2 both welders are said to be away until 6: J1 runs to its end, J2 waits, J3 needs nobody.
    event = OperatorAbsent("E", 2, "welders", 6, 2)
    after, result = repaired(welded(), WELDED, 2, event)
    assert after.pool_by_id["welders"].shortages == (Shortage(2, 6, 2, "absent"),)
    assert {o.job: o.start for o in result.operations} == {"J1": 0, "J2": 6, "J3": 3}
    # With one away, J2 waits for the welder of J1 only.
    _, result = repaired(welded(), WELDED, 2, OperatorAbsent("E", 2, "welders", 6))
    assert {o.job: o.start for o in result.operations} == {"J1": 0, "J2": 4, "J3": 3}


def test_the_cascade_names_the_pool() -> None:
    after = revised(welded(), WELDED, 2, OperatorAbsent("E", 2, "welders", 6, 2))
    assert [str(delay) for delay in shift(after, WELDED).delays] == ["J2.1 on M2: 3 later (operators welders)"]


def test_an_absence_that_is_retracted_is_over_now() -> None:
    event = OperatorAbsent("E", 1, "welders", 9, 2)
    first, result = repaired(welded(), WELDED, 1, event)
    assert at("J2.1", "M2", 9, 13) in result.operations
    back = revise(first, Revision(5, 0, (Retraction("R", 5, supersedes="E"),), result))
    assert back.pool_by_id["welders"].shortages == (Shortage(1, 5, 2, "absent"),)


def test_no_more_are_absent_than_there_are() -> None:
    (defect,) = refused(welded(), WELDED, 2, OperatorAbsent("E", 2, "welders", 6, 3))
    assert defect.startswith("E603 count: 3 are away of a pool of 2; write 2 or less")


def test_facilities_are_kept() -> None:
    after = revised(two_sites(), two_sites_baseline(), 3, FacilityOutage("E", 3, "A", 10))
    assert after.facilities == (Facility("A"), Facility("B"))

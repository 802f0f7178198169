"""Right shift with fleets: by hand, and on random small factories after random events."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleet_cases import built, fleet_instance, loaded, network, two_machines
from helpers import assert_valid, distances, flagged, simple_job
from repair_cases import revised, with_waiting_carriers
from strategies import random_events

from scheduler.domain import Fleet, Objective, Vehicle
from scheduler.domain.events import JobCancelled, MachineBreakdown, VehicleDown
from scheduler.errors import EventError
from scheduler.rescheduling.right_shift import shift
from scheduler.search.construct import construct


@pytest.mark.parametrize("starts", [("DOCK",), ("DOCK", "M1")])
@pytest.mark.parametrize("machine", ["M1", "M2"])
def test_machine_breakdown_at_any_moment(starts: tuple[str, ...], machine: str) -> None:
    instance = two_machines(*starts, returns_jobs=True, pick_up_time=1, drop_time=1, returns=True)
    baseline = built(instance)
    for now in range(baseline.makespan):
        after = revised(instance, baseline, now, MachineBreakdown("E", now, machine, now + 7))
        result = shift(after, baseline)
        assert result.schedule is not None, result.reason
        assert_valid(after, result.schedule)


@pytest.mark.parametrize("starts", [("DOCK",), ("DOCK", "M1")])
def test_vehicle_down_at_any_moment(starts: tuple[str, ...]) -> None:
    instance = two_machines(*starts, returns_jobs=True, pick_up_time=1, drop_time=1, returns=True)
    baseline = built(instance)
    for now in range(baseline.makespan):
        after = revised(instance, baseline, now, VehicleDown("E", now, "V1", now + 7))
        result = shift(after, baseline)
        assert result.schedule is not None, result.reason
        assert_valid(after, result.schedule)
        again = construct(after, Objective.parse("makespan"), time_limit=0.0)
        assert again is not None
        assert_valid(after, again)


def test_a_transport_under_way_is_lengthened_and_all_after_it_waits() -> None:
    # DOCK > M1 takes [2, 6); down during [4, 9): it arrives at 11.
    instance = two_machines("M1", returns_jobs=True, pick_up_time=1, drop_time=1)
    instance = replace(instance, jobs=instance.jobs[:1])
    baseline = built(instance)
    after = revised(instance, baseline, 4, VehicleDown("E", 4, "V1", 9))
    result = shift(after, baseline).schedule
    assert result is not None
    assert_valid(after, result)
    assert loaded(result, "V1") == [("J1", "DOCK>M1", 2, 11), ("J1", "M1>M2", 14, 18), ("J1", "M2>DOCK", 22, 26)]


def test_a_new_way_out_takes_the_vehicle_that_is_there_first() -> None:
    # VB1 brings the part from the dock to IN and stays there; VB2 stands at OUT, where the part leaves after S1 alone.
    instance = network()
    near = Fleet("FB", "B", (Vehicle("VB1", "DOCK-B"), Vehicle("VB2", "OUT")), distances("DOCK-B IN OUT M2", 2), 1, 1)
    job = simple_job("J2", ("S1", 6), ("S2", 3))
    instance = replace(instance, fleets=(instance.fleets[0], near), jobs=(job,))
    baseline = built(instance)
    at = baseline.by_operation["J2", "1"].start + 1
    after = revised(instance, baseline, at, JobCancelled("E", at, "J2"))
    result = shift(after, baseline)
    assert result.schedule is not None, result.reason
    assert_valid(after, result.schedule)
    assert [m.mover for m in result.schedule.moves if m.job and m.origin == "OUT"] == ["VB2"]


@pytest.mark.parametrize("vehicle", ["VA", "VB"])
def test_a_network_with_a_vehicle_down_at_any_moment(vehicle: str) -> None:
    instance = network()
    baseline = built(instance)
    for now in range(baseline.makespan):
        after = revised(instance, baseline, now, VehicleDown("E", now, vehicle, now + 5))
        if shift(after, baseline).schedule is None:
            after = with_waiting_carriers(after, baseline)
        result = shift(after, baseline)
        assert result.schedule is not None, (now, result.reason)
        assert_valid(after, result.schedule)


@pytest.mark.parametrize("first", range(0, 600, 200))
def test_random_events_on_random_fleets(first: int) -> None:
    shifted = stuck = unbuilt = 0
    for seed in range(first, first + 200):
        instance = fleet_instance(seed, 3 + seed % 6, "deadlines", "lags")
        baseline = construct(instance, Objective.parse("makespan"), time_limit=0.0)
        if baseline is None:
            continue
        found = random_events(seed, instance, baseline, size=1 + seed % 2)
        now = found[0].at
        try:
            after = revised(instance, baseline, now, *found)
        except EventError:
            continue
        if shift(after, baseline).schedule is None:
            after = with_waiting_carriers(after, baseline)
        result = shift(after, baseline)
        if result.schedule is None:
            stuck += 1
        else:
            shifted += 1
            assert flagged(after, result.schedule) == [], seed
        again = construct(after, Objective.parse("makespan"), time_limit=0.0)
        if again is None:
            unbuilt += 1
        else:
            assert flagged(after, again) == [], seed
    assert shifted > 100

"""Construction with fleets: by hand, and on random small factories."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleet_cases import built, fleet_instance, loaded, network, two_machines, with_downtime
from helpers import assert_valid, distances, factory, machine, simple_job

from scheduler.domain import Facility, Fleet, Objective, Status, Vehicle
from scheduler.portfolio import solve
from scheduler.search.construct import construct


def test_one_vehicle_does_every_transport() -> None:
    schedule = built(two_machines("DOCK"))
    assert len(loaded(schedule, "V1")) == 4


def test_one_job_by_hand() -> None:
    # Empty to the dock [0, 2), to M1 [2, 6) = 1 + 2 + 1, work [6, 9), to M2 [9, 13), work [13, 17), back [17, 21).
    instance = two_machines("M1", returns_jobs=True, pick_up_time=1, drop_time=1, returns=True)
    schedule = built(replace(instance, jobs=instance.jobs[:1]))
    assert loaded(schedule, "V1") == [("J1", "DOCK>M1", 2, 6), ("J1", "M1>M2", 9, 13), ("J1", "M2>DOCK", 17, 21)]
    assert [(m.origin, m.destination, m.start, m.end) for m in schedule.moves if m.job is None] == [
        ("M1", "DOCK", 0, 2),
        ("DOCK", "M1", 21, 23),
    ]
    assert schedule.completions["J1"] == 21


@pytest.mark.parametrize("returns_jobs", [False, True])
def test_two_vehicles(returns_jobs: bool) -> None:
    schedule = built(two_machines("DOCK", "M1", returns_jobs=returns_jobs, pick_up_time=1, drop_time=2))
    assert sum(len(loaded(schedule, v)) for v in ("V1", "V2")) == (6 if returns_jobs else 4)


def test_the_nearest_of_vehicles_that_end_at_the_same_time() -> None:
    # J1 is ready at 9: both vehicles can be at the dock by then, V2 stands there.
    instance = two_machines("M1", "DOCK")
    instance = replace(instance, jobs=(replace(instance.jobs[0], release_date=9),))
    assert loaded(built(instance), "V2")[0] == ("J1", "DOCK>M1", 9, 11)


def test_no_transport_over_a_downtime_of_the_vehicle() -> None:
    instance = with_downtime(two_machines("DOCK"), "V1", (1, 6), (9, 12))
    assert loaded(built(replace(instance, jobs=instance.jobs[:1])), "V1")[0] == ("J1", "DOCK>M1", 6, 8)


def test_a_job_is_carried_by_its_fleets_only() -> None:
    fast = Fleet("FAST", "F", (Vehicle("V1", "DOCK"),), distances("DOCK M1", 1))
    slow = Fleet("SLOW", "F", (Vehicle("V2", "DOCK"),), distances("DOCK M1", 6))
    job = replace(simple_job("J1", ("M1", 3)), carriers=("SLOW",))
    schedule = built(factory(Facility("F", "DOCK"), machine("M1"), fast, slow, job))
    assert loaded(schedule, "V2") == [("J1", "DOCK>M1", 0, 6)] and loaded(schedule, "V1") == []


def test_a_network_with_lane_cell_and_two_fleets() -> None:
    schedule = built(network())
    kinds = [m.kind for m in schedule.moves if m.job == "J1" and m.successor == "2"]
    assert kinds == ["transport", "transfer", "transport", "robot_move"]


@pytest.mark.parametrize("first", range(0, 600, 200))
def test_random_factories_with_fleets(first: int) -> None:
    missed, carried = [], 0
    for seed in range(first, first + 200):
        instance = fleet_instance(seed, 3 + seed % 6, "deadlines", "lags")
        schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
        if schedule is not None:
            carried += any(m.kind == "transport" for m in schedule.moves)
            assert_valid(instance, schedule)
        elif solve(instance, time_limit=10, workers=1).status is not Status.INFEASIBLE:
            missed.append(seed)
    assert len(missed) <= 2  # of the others it is proved that they have no schedule
    assert carried > 60

"""Docks: trips of all lanes of a facility, loading or unloading, share its docks."""

from __future__ import annotations

import pytest
from helpers import assert_valid, at, constructed, executed, factory, flagged, machine, schedule, simple_job, transfer
from oracle import optimum

from scheduler.domain import Facility, Instance, Lane, Schedule, Status
from scheduler.portfolio import solve


def shop(docks: int | None = None, far: int | None = None) -> Instance:
    """J1 goes by lane L, J2 by lane K, from F with `docks` to G and H; G has `far` docks. Loading 2, transit 3, 1."""
    fields = {"transit_time": 3, "load_time": 2, "unload_time": 1}
    return factory(
        *(Facility("F", docks=docks), Facility("G", docks=far), Facility("H")),
        *(machine("M", "F", capacity=2), machine("N", "G"), machine("O", "H")),
        *(Lane("L", "F", "G", **fields), Lane("K", "F", "H", **fields)),
        *(simple_job("J1", ("M", 1), ("N", 1)), simple_job("J2", ("M", 1), ("O", 1))),
    )


def plan(first: int, second: int) -> Schedule:
    """J1 departs at `first`, J2 at `second`."""
    return schedule(
        *(at("J1.1", "M", 0, 1), at("J1.2", "N", first + 6, first + 7)),
        transfer("J1 1>2", "F>G", "L#1", first, first + 6),
        *(at("J2.1", "M", 0, 1), at("J2.2", "O", second + 6, second + 7)),
        transfer("J2 1>2", "F>H", "K#1", second, second + 6),
    )


def test_one_trip_after_the_other_at_one_dock():
    assert_valid(shop(1), plan(1, 3))
    assert flagged(shop(1), plan(1, 2)) == [("docks", "F", 1)]
    assert flagged(shop(1), plan(1, 1)) == [("docks", "F", 1), ("docks", "F", 1)]


def test_two_docks_are_enough():
    assert_valid(shop(2), plan(1, 1))


def test_trips_that_departed_before_now_may_have_met():
    # The past is as it is; with a new trip among them it counts.
    assert_valid(executed(shop(1), plan(1, 2), 3), plan(1, 2))
    assert ("docks", "F", 1) in flagged(executed(shop(1), plan(1, 2), 2), plan(1, 2))


def test_loading_and_unloading_share_the_docks():
    # J1 comes back from G over lane B while J2 loads for H: unloading of J1 [6, 7) against loading of J2 [5, 7).
    instance = factory(
        *(Facility("F", docks=1), Facility("G"), Facility("H")),
        *(machine("M", "F", capacity=2), machine("N", "G"), machine("O", "H")),
        *(Lane("B", "G", "F", 3, unload_time=1), Lane("K", "F", "H", 3, load_time=2)),
        *(simple_job("J1", ("N", 3), ("M", 1)), simple_job("J2", ("M", 5), ("O", 1))),
    )

    def meeting(loading: int) -> Schedule:
        return schedule(
            *(at("J1.1", "N", 0, 3), transfer("J1 1>2", "G>F", "B#1", 3, 7), at("J1.2", "M", 7, 8)),
            *(at("J2.1", "M", 0, 5), transfer("J2 1>2", "F>H", "K#1", loading, loading + 5)),
            at("J2.2", "O", loading + 5, loading + 6),
        )

    assert flagged(instance, meeting(5)) == [("docks", "F", 1)]
    assert_valid(instance, meeting(7))


@pytest.mark.parametrize(("docks", "value"), [(None, 8), (2, 8), (1, 10)])
def test_optimum(docks: int | None, value: int) -> None:
    # Both are ready at 1 and done 7 later. At one dock the second loads from 3.
    instance = shop(docks)
    result = solve(instance, time_limit=20, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (value,))
    assert optimum(instance) == (value,)
    built = constructed(instance, "makespan")
    assert built is not None
    assert built.makespan == value

"""Fleets with alike vehicles have one model for all of them."""

from __future__ import annotations

from dataclasses import replace

from cpsat.fixing import fixed_status, hint_status, solve
from fleet_cases import fleet_instance, loaded, two_machines, with_downtime
from helpers import distances, factory, job, machine, mode, op

from scheduler.checker import check
from scheduler.cpsat.extract import extract
from scheduler.cpsat.objective import EXPRESSIONS
from scheduler.cpsat.size import build_seconds
from scheduler.cpsat.solve import build
from scheduler.cpsat.tours import alike
from scheduler.domain import Facility, Fleet, Instance, Objective, Schedule, Status, Vehicle
from scheduler.domain.derive import complete
from scheduler.search.construct import construct


def shortest(instance: Instance) -> Schedule:
    """Return the schedule of least makespan that the model has."""
    ctx = build(instance)
    ctx.model.minimize(EXPRESSIONS["makespan"](ctx))
    status, solver = solve(ctx)
    assert status is Status.FEASIBLE
    found = extract(ctx, solver.value)
    assert check(instance, found) == ()
    return found


def test_vehicles_are_alike_but_for_where_they_start() -> None:
    assert alike(two_machines("DOCK", "M1")) == {"AGV"}
    assert alike(with_downtime(two_machines("DOCK", "M1"), "V2", (3, 5))) == frozenset()


def test_each_vehicle_begins_where_it_stands() -> None:
    # Both jobs wait at the dock. The vehicle there has one of them at M1 by 2; the one at M2 is at the dock by 2. M1
    # works from 2 to 8; the first is at M2 by 7, so that M2 works from 7 to 15.
    found = shortest(two_machines("DOCK", "M2"))
    assert found.makespan == 15
    assert loaded(found, "V1")[0][1:] == ("DOCK>M1", 0, 2)
    assert all(start >= 2 for _, _, start, _ in loaded(found, "V2"))


def test_more_vehicles_than_stand_at_a_place_can_not_begin_there() -> None:
    # What two vehicles do one can't: the makespan of 15 needs the second job at M1 by 5, the first at M2 by 7.
    found = shortest(two_machines("DOCK", "DOCK"))
    assert found.makespan == 15
    alone = two_machines("DOCK")
    squeezed = complete(alone, found.operations, [replace(m, mover="V1") for m in found.moves if m.job])
    assert check(alone, squeezed) != ()
    assert fixed_status(alone, squeezed) is Status.INFEASIBLE


def test_transports_without_length_do_not_run_in_a_circle() -> None:
    # All places of F are one, in time. Vehicles still have a first and a last transport; the one of J leaves the dock.
    instance = factory(
        Facility("F", "DOCK"),
        machine("M1"),
        machine("M2"),
        Fleet("AGV", "F", (Vehicle("V1", "DOCK"),), distances("DOCK M1 M2", 0)),
        job("J1", op("1", mode("M1", 1), mode("M2", 1)), op("2", mode("M1", 1), mode("M2", 1))),
        job("J2", op("1", mode("M1", 1), mode("M2", 1)), op("2", mode("M1", 1), mode("M2", 1))),
    )
    found = shortest(instance)
    assert found.makespan == 2
    assert len(loaded(found, "V1")) == sum(move.job is not None for move in found.moves)


def test_schedules_are_complete_hints() -> None:
    tried = 0
    for seed in range(20):
        instance = fleet_instance(seed, 8)
        found = construct(instance, Objective.parse("makespan"), time_limit=0.0)
        if alike(instance) and found is not None:
            tried += 1
            assert hint_status(instance, found) is Status.FEASIBLE
            assert fixed_status(instance, found) is Status.FEASIBLE
    assert tried >= 8


def test_the_model_grows_with_pairs_of_transports_not_of_machines() -> None:
    wide = tuple(mode(f"M{n}", 1) for n in range(1, 7))
    parts = [machine(f"M{n}") for n in range(1, 7)]
    jobs = [job(f"J{n}", op("1", *wide), op("2", *wide)) for n in range(5)]
    names = "DOCK " + " ".join(f"M{n}" for n in range(1, 7))
    vehicles = tuple(Vehicle(f"V{n}", "DOCK") for n in range(4))
    fleet = Fleet("AGV", "F", vehicles, distances(names, 2))
    instance = factory(Facility("F", "DOCK"), *parts, fleet, *jobs)
    ctx = build(instance)
    # Ten transports, each of which may follow each other or be the first.
    assert len(ctx.tours["AGV"].transports) == 10
    assert len(ctx.tours["AGV"].turns) <= 10 * 10
    # With a downtime each of the four vehicles has a circuit over 6 + 30 legs of five jobs.
    assert build_seconds(instance) < build_seconds(with_downtime(instance, "V0", (90, 91))) / 100

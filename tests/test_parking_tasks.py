"""Limited parking with batteries and with vehicles for several jobs: charges and stretches are tasks like any other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import hint_status
from cpsat.proving import shortest
from helpers import assert_valid, at, distances, empty, factory, flagged, machine, simple_job, transport
from oracle_parking import least_makespan
from parking_task_cases import random_task_instance
from strategies import random_events

from scheduler.domain import (
    Battery,
    Charge,
    Charger,
    ChargeStep,
    Facility,
    Fleet,
    Instance,
    Move,
    Objective,
    Schedule,
    Status,
    Vehicle,
)
from scheduler.domain.derive import complete
from scheduler.domain.events import revise
from scheduler.domain.events.revision import Revision
from scheduler.domain.parking import gaps_listed, havens, served
from scheduler.io.validate import defects

# All places are 2 apart, taking up and putting down takes 1; a transport takes 4 ticks and 12 units, an empty move 2.
BATTERY = Battery(20, (ChargeStep(20, 4),), 20, 2, drain_loaded=3, drain_empty=1)


def shop(*jobs: tuple[str, str], **fields: object) -> Instance:
    """Jobs go to the machines that they name, by two vehicles from the dock; there is a charger at the plug."""
    battery, capacity = fields.pop("battery", None), fields.pop("capacity", 1)
    vehicles = tuple(Vehicle(name, "DOCK", battery=battery, capacity=capacity) for name in ("V1", "V2"))
    chargers = (Charger("C", "PLUG", 2),) if battery is not None else ()
    travel = distances("DOCK M1 M2 PLUG", 2)
    fleet = Fleet("AGV", "F", vehicles, travel, 1, 1, chargers=chargers, **fields)
    machines = (machine(name, capacity=4) for name in ("M1", "M2"))
    return factory(Facility("F", "DOCK"), *machines, fleet, *(simple_job(name, (to, 3)) for name, to in jobs))


# --- batteries -------------------------------------------------------------------------------------------------------

PLUG = shop(("J1", "M1"), ("J2", "M1"), ("J3", "M2"), ("J4", "M2"), battery=BATTERY, parking={"PLUG": 1})
WORK = at("J1.1", "M1", 4, 7), at("J2.1", "M1", 4, 7), at("J3.1", "M2", 15, 18), at("J4.1", "M2", 18, 21)
FIRST = transport("J1 >1", "DOCK>M1", "V1", 0, 4), transport("J2 >1", "DOCK>M1", "V2", 0, 4)  # 20 - 12 = 8
LAST = transport("J3 >1", "DOCK>M2", "V1", 11, 15), transport("J4 >1", "DOCK>M2", "V2", 14, 18)
V1 = empty("M1>PLUG", "V1", 4, 6), empty("PLUG>DOCK", "V1", 9, 11)
V2 = empty("M1>PLUG", "V2", 7, 9), empty("PLUG>DOCK", "V2", 12, 14)
CHARGES = Charge("V1", "C", 6, 9, 6, 18), Charge("V2", "C", 9, 12, 6, 18)


def plugged(*ways: Move) -> Schedule:
    return Schedule(WORK, (*FIRST, *ways, *LAST), charges=CHARGES)


def test_a_vehicle_stands_at_the_charger_until_it_leaves() -> None:
    assert_valid(PLUG, plugged(*V1, *V2))


@pytest.mark.parametrize(
    ("ways", "found"),
    [
        # V2 comes at 6, with V1, which leaves at 9; V1 leaves at 10, a tick late.
        ((*V1, empty("M1>PLUG", "V2", 4, 6), V2[1]), [("PLUG of fleet AGV", 3)]),
        ((V1[0], empty("PLUG>DOCK", "V1", 10, 12), *V2), [("PLUG of fleet AGV", 1), ("vehicle V1", 1)]),
        # no way to the charger, or from it; one begins before the charge is over
        ((V1[1], *V2), [("vehicle V1", 1)]),
        ((V1[0], *V2), [("PLUG of fleet AGV", 3), ("vehicle V1", 1)]),
        ((V1[0], empty("PLUG>DOCK", "V1", 8, 10), *V2), [("vehicle V1", 1)]),
    ],
)
def test_the_checker_flags_ways_to_chargers(ways: tuple[Move, ...], found: list[tuple[str, int]]) -> None:
    flags = flagged(PLUG, plugged(*ways))
    assert sorted((where, amount) for rule, where, amount in flags if rule == "parking") == found


def test_ways_over_a_stop_drain_as_they_are_listed() -> None:
    # V1 makes room at M1 and comes back for nothing but a third job: two empty moves of 2 to M1's neighbour and on.
    over = empty("M1>M2", "V1", 4, 6), empty("M2>PLUG", "V1", 6, 8)
    charge, rest = Charge("V1", "C", 8, 9, 4, 8), CHARGES[1:]
    found = Schedule(WORK, (*FIRST, *over, V1[1], *V2, *LAST), charges=(charge, *rest))
    assert flagged(PLUG, found) == [("batteries", "vehicle V1", 8)]  # 8 - 2 - 12 = -6
    direct = replace(charge, from_level=6)
    assert ("batteries", "vehicle V1", 2) in flagged(PLUG, replace(found, charges=(direct, *rest)))


def test_the_last_way_needs_charge_too() -> None:
    low = replace(BATTERY, initial=15)
    instance = shop(("J1", "M1"), battery=low, parking={"M1": 1})
    plan = Schedule(WORK[:1], FIRST[:1])
    assert_valid(instance, plan)  # 15 - 12 = 3
    away = replace(plan, moves=(*FIRST[:1], empty("M1>PLUG", "V1", 4, 6)))
    assert flagged(instance, away) == [("batteries", "vehicle V1", 1)]
    idle = replace(plan, moves=(*FIRST[:1], empty("DOCK>M2", "V2", 0, 2)))
    assert_valid(instance, idle)
    empty_one = replace(instance.fleets[0].vehicles[1], battery=replace(BATTERY, initial=3))
    fleet = replace(instance.fleets[0], vehicles=(instance.fleets[0].vehicles[0], empty_one))
    assert flagged(replace(instance, fleets=(fleet,)), idle) == [("batteries", "vehicle V2", 1)]


def test_the_rule_of_yards_goes_to_chargers_and_from_them() -> None:
    found = complete(PLUG, WORK, (*FIRST, *LAST), CHARGES)
    assert found == replace(plugged(*V1, *V2), moves=found.moves)
    assert_valid(PLUG, found)
    assert {m for m in found.moves if m.job is None} == {*V1, *V2}
    crowded = shop(("J1", "M1"), ("J2", "M1"), battery=BATTERY, parking={"PLUG": 1, "M1": 1, "M2": 1})
    # V2 puts down when V1 has left; nobody needs to make room at the end.
    late = transport("J2 >1", "DOCK>M1", "V2", 1, 5)
    assert served(crowded, crowded.fleets[0]) == {"DOCK", "M1", "M2", "PLUG"}
    assert havens(crowded, crowded.fleets[0]) == {"V1": "DOCK", "V2": "DOCK"}
    ends = [m for m in complete(crowded, WORK[:2], (FIRST[0], late)).moves if m.job is None]
    assert ends == [empty("M1>DOCK", "V1", 4, 6)]


# --- several jobs ----------------------------------------------------------------------------------------------------

VAN = shop(("J1", "M1"), ("J2", "M2"), ("J3", "M1"), capacity=2, parking={"M1": 1})
# V1 takes J1 and J2 at the dock, and is at M1 during [4, 5), at M2 during [7, 8).
BOTH = transport("J1 >1", "DOCK>M1", "V1", 0, 5), transport("J2 >1", "DOCK>M2", "V1", 1, 8)


def van(start: int) -> Schedule:
    """The two jobs of V1, and J3 by V2."""
    work = at("J1.1", "M1", 5, 8), at("J2.1", "M2", 8, 11), at("J3.1", "M1", start + 4, start + 7)
    return complete(VAN, work, (*BOTH, transport("J3 >1", "DOCK>M1", "V2", start, start + 4)))


def test_a_vehicle_with_jobs_on_board_is_where_it_handles_them() -> None:
    assert_valid(VAN, van(2))  # V2 comes when V1 goes on
    assert flagged(VAN, van(1)) == [("parking", "M1 of fleet AGV", 1)]
    first, last, idle, end = gaps_listed(VAN, VAN.fleets[0], van(2))
    assert [tuple(stay) for stay in first.stays] == [("DOCK", 0, 2), ("M1", 4, 5)]
    assert [stay.begin for stay in last.stays] == [7]
    assert [tuple(stay) for stay in idle.stays] == [("DOCK", 0, 3)]
    assert [stay.begin for stay in end.stays] == [5]


def test_two_drops_at_one_place_are_one_stay() -> None:
    # V1 puts J1 down at M1 during [4, 5) and J3 during [7, 8): it is there all the time, and V2 has to wait.
    both = transport("J1 >1", "DOCK>M1", "V1", 0, 5), transport("J3 >1", "DOCK>M1", "V1", 1, 8)
    work = at("J1.1", "M1", 5, 8), at("J2.1", "M2", 4, 7), at("J3.1", "M1", 8, 11)
    alone = complete(VAN, work, (*both, transport("J2 >1", "DOCK>M2", "V2", 0, 4)))
    assert_valid(VAN, alone)
    assert next(iter(gaps_listed(VAN, VAN.fleets[0], alone))).between == ()
    passing = replace(alone, moves=(*alone.moves, empty("M2>M1", "V2", 4, 6)))
    assert flagged(VAN, passing) == [("parking", "M1 of fleet AGV", 1)]


# --- the model -------------------------------------------------------------------------------------------------------

MAKESPAN = Objective.parse("makespan")
QUICK = [(seed, 1, True) for seed in (0, 3, 4, 6, 7, 8)] + [(seed, 2, False) for seed in (1, 2, 3, 4, 6, 7)]
QUICK += [(0, 2, True), (7, 2, True)]
"""Seeds that the oracle solves in an instant."""
KINDS = [(1, True), (2, False), (2, True)]


def assert_model_and_oracle_agree(instance: Instance) -> None:
    found = shortest(instance)
    if found.status is Status.INFEASIBLE:
        assert least_makespan(instance, 18) is None
        return
    assert found.status is Status.OPTIMAL
    assert found.schedule is not None
    assert_valid(instance, found.schedule)
    assert hint_status(instance, found.schedule) is Status.FEASIBLE
    assert least_makespan(instance, found.schedule.makespan) == found.schedule.makespan


@pytest.mark.parametrize(("seed", "capacity", "has_battery"), QUICK)
def test_the_model_and_the_world_in_ticks_agree(seed: int, capacity: int, has_battery: bool) -> None:
    assert_model_and_oracle_agree(random_task_instance(seed, capacity=capacity, has_battery=has_battery))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(9, 30))
@pytest.mark.parametrize(("capacity", "has_battery"), KINDS)
def test_the_model_and_the_world_in_ticks_agree_at_length(seed: int, capacity: int, has_battery: bool) -> None:
    instance = random_task_instance(seed, capacity=capacity, has_battery=has_battery)
    if not defects(instance):
        assert_model_and_oracle_agree(instance)


@pytest.mark.parametrize(("capacity", "has_battery"), KINDS)
@pytest.mark.parametrize("seed", [0, 3, 6, 8])
def test_what_has_happened_goes_on_as_planned(seed: int, capacity: int, has_battery: bool) -> None:
    instance = random_task_instance(seed, capacity=capacity, has_battery=has_battery)
    plan = shortest(instance).schedule
    assert plan is not None
    for now in range(1, max(move.end for move in plan.moves) + 1, 2):
        revised = revise(instance, Revision(now, 0, (), plan))
        assert_valid(revised, plan)
        assert hint_status(revised, plan) is Status.FEASIBLE


@pytest.mark.parametrize(("capacity", "has_battery"), KINDS)
@pytest.mark.parametrize("seed", [0, 3, 7])
def test_repairs_keep_what_has_begun(seed: int, capacity: int, has_battery: bool) -> None:
    instance = random_task_instance(seed, capacity=capacity, has_battery=has_battery)
    plan = shortest(instance).schedule
    assert plan is not None
    events = random_events(seed, instance, plan, size=1)
    revised = revise(instance, Revision(max(event.at for event in events), 0, events, plan))
    found = shortest(revised)
    assert found.status is Status.OPTIMAL
    assert found.schedule is not None
    assert_valid(revised, found.schedule)
    assert hint_status(revised, found.schedule) is Status.FEASIBLE

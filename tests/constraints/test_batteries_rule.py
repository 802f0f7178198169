"""Levels of vehicles: they fall and rise by the tick, never below the minimum; chargers have room."""

from __future__ import annotations

from dataclasses import replace

from helpers import (
    assert_valid,
    at,
    distances,
    empty,
    executed,
    factory,
    flagged,
    machine,
    schedule,
    simple_job,
    transport,
)

from scheduler.checker import check
from scheduler.constraints.batteries import lowest_levels
from scheduler.domain import (
    Battery,
    Charge,
    Charger,
    ChargeStep,
    Correction,
    Facility,
    Fleet,
    Instance,
    Move,
    Schedule,
    Shortage,
    Vehicle,
)

# From 0 to 12 at 4 a tick, then at 1 a tick; 3 a tick under load, 2 empty, 1 standing.
BATTERY = Battery(20, (ChargeStep(12, 4), ChargeStep(20, 1)), 20, 2, 3, 2, 1)
# DOCK, M1, M2 and PLUG are 2 apart; a transport lasts 4 and takes 12 units.
ROADS = distances("DOCK M1 M2 PLUG", 2)


def plant(battery: Battery = BATTERY, *, places: int = 1, vehicles: int = 1, returns: bool = False) -> Instance:
    """J1 works 3 on M1, J2 works 3 on M2."""
    carts = tuple(Vehicle(f"V{n}", "DOCK", battery=battery) for n in range(1, vehicles + 1))
    fleet = Fleet("AGV", "F", carts, ROADS, 1, 1, returns, (Charger("C", "PLUG", places),))
    return factory(
        Facility("F", "DOCK"),
        machine("M1"),
        machine("M2"),
        fleet,
        simple_job("J1", ("M1", 3)),
        simple_job("J2", ("M2", 3)),
    )


FIRST = transport("J1 >1", "DOCK>M1", "V1", 0, 4)  # 20 - 12 = 8
TO_PLUG = empty("M1>PLUG", "V1", 4, 6)  # 4
CHARGE = Charge("V1", "C", 6, 12, 4, 16)  # 8 units in 2 ticks, 4 in 4
TO_DOCK = empty("PLUG>DOCK", "V1", 12, 14)  # 12
SECOND = transport("J2 >1", "DOCK>M2", "V1", 16, 20)  # waits for 2: 10 at the pick-up
WORK = at("J1.1", "M1", 4, 7), at("J2.1", "M2", 20, 23)


def tour(*moves: Move, charges: tuple[Charge, ...] = (CHARGE,)) -> Schedule:
    return replace(schedule(*WORK, *(moves or (FIRST, TO_PLUG, TO_DOCK, SECOND))), charges=charges)


def full(battery: Battery, **levels: int) -> Battery:
    return replace(battery, **levels)


def test_a_charge_between_two_transports():
    # 10 - 12 = -2 in the end: 4 below the minimum. From the minimum on, with 4 units more, it is enough.
    assert flagged(plant(), tour()) == [("batteries", "vehicle V1", 4)]
    longer = replace(CHARGE, end=16, to_level=20)
    late = (replace(TO_DOCK, start=16, end=18), replace(SECOND, start=18, end=22))
    right = replace(tour(FIRST, TO_PLUG, *late, charges=(longer,)), operations=(WORK[0], at("J2.1", "M2", 22, 25)))
    assert_valid(plant(), right)  # 20 - 4 - 12 = 4


def test_the_minimum_is_asked_to_the_unit():
    # Without drain while standing 12 + 0 - 12 = 0 is left in the end.
    still = full(BATTERY, drain_idle=0, minimum=0)
    assert_valid(plant(still), tour())
    assert flagged(plant(full(still, minimum=1)), tour()) == [("batteries", "vehicle V1", 1)]


def test_the_level_is_asked_before_a_charge():
    # 4 are left at the charger: with 15 in the beginning -1, from which the same units are charged in 6 ticks:
    # 13 in 3.25 ticks, then 2.75 at 1 a tick: 14 - 4 - 12 = -2 at the end. The lowest level counts.
    low = full(BATTERY, drain_idle=0, minimum=0, initial=15)
    stated = replace(CHARGE, from_level=-1, to_level=14)
    found = flagged(plant(low), tour(charges=(stated,)))
    assert found == [("batteries", "vehicle V1", 2)]
    assert lowest_levels(plant(low), tour(charges=(stated,))) == {"V1": -2}
    assert lowest_levels(plant(full(low, initial=20)), tour()) == {}
    above = full(low, minimum=5, initial=20)  # 4 at the charger, 0 in the end
    (violation,) = check(plant(above), tour())
    words = "its level at the end of J2 from DOCK to M2 at 16 is 0, below the minimum 5, 2 times in all"
    assert (violation.detail, violation.amount) == (words, 5)


def test_an_empty_move_lies_anywhere_in_its_gap():
    still = full(BATTERY, drain_empty=0, minimum=0, drain_loaded=2)
    charge = replace(CHARGE, from_level=12, to_level=18)
    for shift in range(3):
        later = replace(TO_DOCK, start=12 + shift, end=14 + shift)
        assert_valid(plant(still), tour(FIRST, TO_PLUG, later, SECOND, charges=(charge,)))


def test_stated_levels_are_right():
    battery = full(BATTERY, drain_idle=0, minimum=0)
    for charge, amount in ((replace(CHARGE, from_level=5), 1), (replace(CHARGE, to_level=18), 2)):
        assert flagged(plant(battery), tour(charges=(charge,))) == [("batteries", "vehicle V1", amount)]


def test_a_charge_of_no_length():
    battery = full(BATTERY, drain_idle=0, minimum=0, drain_loaded=1)
    nothing = replace(CHARGE, end=6, from_level=12, to_level=12)
    moves = (FIRST, TO_PLUG, replace(TO_DOCK, start=6, end=8), SECOND)
    assert flagged(plant(battery), tour(*moves, charges=(nothing,))) == [("batteries", "vehicle V1", 1)]


def test_charges_need_a_battery_and_a_charger_of_the_fleet():
    other = replace(CHARGE, charger="D")
    moves = (FIRST, empty("M1>DOCK", "V1", 4, 6), SECOND)
    enough = full(BATTERY, capacity=40, initial=40, curve=(ChargeStep(40, 1),))
    assert flagged(plant(enough), tour(*moves, charges=(other,))) == [("batteries", "vehicle V1", 1)]
    (fleet,) = plant().fleets
    without = replace(plant(), fleets=(replace(fleet, vehicles=(Vehicle("V1", "DOCK"),)),))
    assert flagged(without, tour()) == [("batteries", "vehicle V1", 1)]


def test_a_charge_needs_its_two_ways():
    # Directly from M1 to the dock: neither the way to the charger nor that from it is listed.
    battery = full(BATTERY, drain_idle=0, minimum=0)
    direct = tour(FIRST, empty("M1>DOCK", "V1", 12, 14), SECOND)
    found = flagged(plant(battery), direct)
    assert found == [("movers", "vehicle V1", 2), ("movers", "vehicle V1", 1)]
    hasty = replace(CHARGE, start=5)
    assert ("movers", "vehicle V1", 1) in flagged(plant(battery), tour(charges=(hasty,)))


def test_charges_that_lead_nowhere():
    strong = full(BATTERY, capacity=90, initial=90, curve=(ChargeStep(90, 1),))
    twice = (Charge("V1", "C", 6, 8, 74, 76), Charge("V1", "C", 8, 10, 76, 78))
    moves = (FIRST, TO_PLUG, replace(TO_DOCK, start=10, end=12), SECOND)
    assert flagged(plant(strong), tour(*moves, charges=twice)) == [("batteries", "vehicle V1", 1)]
    last = Charge("V1", "C", 22, 24, 48, 50)
    after = (FIRST, empty("M1>DOCK", "V1", 14, 16), SECOND, empty("M2>PLUG", "V1", 20, 22))
    assert flagged(plant(strong), tour(*after, charges=(last,))) == [("batteries", "vehicle V1", 1)]
    home = (*after, empty("PLUG>DOCK", "V1", 24, 26))
    assert_valid(plant(strong, returns=True), tour(*home, charges=(last,)))


def test_the_return_drains_too():
    # 90 - 12 - 4 - 10 (standing) - 12 - 4 (return) = 48.
    strong = full(BATTERY, capacity=90, initial=90, curve=(ChargeStep(90, 1),))
    moves = (FIRST, empty("M1>DOCK", "V1", 14, 16), SECOND, empty("M2>DOCK", "V1", 20, 22))
    for minimum, found in ((48, []), (49, [("batteries", "vehicle V1", 1)])):
        instance = plant(full(strong, minimum=minimum), returns=True)
        assert flagged(instance, tour(*moves, charges=())) == found


def test_a_charger_has_room():
    # V2 charges first, then brings J2; V1 brings J1, charges, and brings J3.
    strong = full(BATTERY, capacity=90, initial=90, curve=(ChargeStep(90, 1),))
    third = transport("J3 >1", "DOCK>M1", "V1", 12, 16)
    ways = TO_PLUG, replace(TO_DOCK, start=10, end=12), empty("DOCK>PLUG", "V2", 0, 2), empty("PLUG>DOCK", "V2", 9, 11)
    both = schedule(*WORK, at("J3.1", "M1", 16, 19), FIRST, *ways, replace(SECOND, mover="V2"), third)
    charge = Charge("V1", "C", 6, 10, 74, 78)

    def check(places: int, end: int) -> list[tuple[str, str, int]]:
        instance = plant(strong, vehicles=2, places=places)
        three = replace(instance, jobs=(*instance.jobs, simple_job("J3", ("M1", 3))))
        return flagged(three, replace(both, charges=(Charge("V2", "C", 2, end, 86, min(84 + end, 90)), charge)))

    assert check(1, 6) == []
    assert check(1, 9) == [("batteries", "charger C", 3)]
    assert check(2, 9) == []


def test_places_that_are_missing():
    # The charge [6, 12) touches shortages of the only place, or overlaps one by a tick.
    instance = plant(full(BATTERY, drain_idle=0, minimum=0))

    def check(*shortages: Shortage) -> list[tuple[str, str, int]]:
        (fleet,) = instance.fleets
        chargers = (replace(fleet.chargers[0], shortages=shortages),)
        return flagged(replace(instance, fleets=(replace(fleet, chargers=chargers),)), tour())

    assert check(Shortage(CHARGE.end, CHARGE.end + 9), Shortage(0, CHARGE.start)) == []
    assert check(Shortage(CHARGE.end - 1, CHARGE.end + 9)) == [("batteries", "charger C", 1)]
    assert check(Shortage(0, CHARGE.start + 1)) == [("batteries", "charger C", 1)]


def test_what_was_measured_counts():
    # At 5, on the way to the charger, 1 unit more than counted was found: 5 at the charger, 7 units in 1.75 ticks and 4
    # in 4.25: 16 at the end, and 16 - 4 - 12 = 0 after the second transport.
    still = full(BATTERY, drain_idle=0, minimum=0)
    more = plant(full(still, corrections=(Correction(5, 1),)))
    assert flagged(more, tour()) == [("batteries", "vehicle V1", 1)]
    assert_valid(more, tour(charges=(replace(CHARGE, from_level=5),)))
    # At 8, after 2 ticks, 6 less: 12 - 6 = 6, of which 1.5 of the 4 ticks that are left make 12, and the rest 14.
    less = plant(full(still, corrections=(Correction(5, 1), Correction(8, -6))))
    assert flagged(less, tour(charges=(replace(CHARGE, from_level=5, to_level=14),))) == [
        ("batteries", "vehicle V1", 2)
    ]


def test_charges_of_the_past_stay():
    battery = full(BATTERY, drain_idle=0, minimum=0)
    instance = executed(plant(battery), tour(), now=8)
    began = replace(instance, execution=replace(instance.execution, charges=(CHARGE,)))
    assert_valid(began, tour())
    without = tour(FIRST, empty("M1>DOCK", "V1", 8, 10), SECOND, charges=())
    assert ("execution", "V1 at C", 1) in flagged(began, without)
    assert ("execution", "V1 at C", 2) in flagged(instance, tour())


def test_vehicles_without_batteries_have_no_level():
    (fleet,) = plant().fleets
    without = replace(plant(), fleets=(replace(fleet, vehicles=(Vehicle("V1", "DOCK"),), chargers=()),))
    assert_valid(without, tour(FIRST, empty("M1>DOCK", "V1", 4, 6), SECOND, charges=()))

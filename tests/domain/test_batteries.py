"""The arithmetic of battery levels."""

from __future__ import annotations

from dataclasses import replace

from helpers import distances, empty, factory, machine, simple_job, transport

from scheduler.domain import Battery, Charge, Charger, ChargeStep, Correction, Fleet, Vehicle
from scheduler.domain.batteries import charging_time, filled, level_after, level_at, level_trace

BATTERY = Battery(20, (ChargeStep(10, 4), ChargeStep(20, 3)), 20, drain_loaded=2, drain_empty=1, drain_idle=1)


def test_fractions_of_a_tick_add_up() -> None:
    # From 5: 10 after 1.25 ticks, then 0.75 * 3 = 2.25 until 2, 5.25 until 3; full after 1.25 + 3.33 ticks.
    assert [level_after(BATTERY, 5, ticks) for ticks in range(7)] == [5, 9, 12, 15, 18, 20, 20]
    assert [charging_time(BATTERY, 5, level) for level in (5, 9, 10, 12, 13, 15, 20)] == [0, 1, 2, 2, 3, 3, 5]


def test_time_and_level_are_inverse() -> None:
    for level in range(21):
        for target in range(level, 21):
            ticks = charging_time(BATTERY, level, target)
            assert level_after(BATTERY, level, ticks) >= target
            assert ticks == 0 or level_after(BATTERY, level, ticks - 1) < target


def test_trace_has_a_point_wherever_the_level_turns() -> None:
    fleet = Fleet(
        *("AGV", "F", (Vehicle("V", "DOCK", battery=BATTERY),), distances("DOCK M1 PLUG", 2), 1, 1),
        chargers=(Charger("C", "PLUG"),),
    )
    instance = factory(machine("M1"), fleet, simple_job("J1", ("M1", 3)))
    # 20 - 3 (standing) - 8 = 9 - 2 = 7; 10 is passed within a tick; full after 0.75 + 3.33 ticks; then it stays.
    moves = transport("J1 >1", "DOCK>M1", "V", 3, 7), empty("M1>PLUG", "V", 7, 9)
    trace = level_trace(instance, "V", moves, (Charge("V", "C", 9, 20),))
    assert trace == ((0, 20), (3, 17), (7, 9), (9, 7), (10, 10), (14, 20), (20, 20))


def test_what_is_measured_is_a_step() -> None:
    # 20 - 3 standing - 2 * 2 under load: 13 are counted at 5, 10 are found. 2 * 2 more: 6 at 7.
    battery = replace(BATTERY, corrections=(Correction(5, -3),))
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK", battery=battery),), distances("DOCK M1", 2), 1, 1)
    instance = factory(machine("M1"), fleet, simple_job("J1", ("M1", 3)))
    moves = (transport("J1 >1", "DOCK>M1", "V", 3, 7),)
    assert level_trace(instance, "V", moves, ()) == ((0, 20), (3, 17), (5, 13), (5, 10), (7, 6))
    assert [level_at(instance, "V", moves, (), instant) for instant in (4, 5, 6, 9)] == [15, 10, 8, 4]


def test_a_breakdown_on_the_way_counts_as_standing() -> None:
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK", battery=BATTERY),), distances("DOCK M1", 2), 1, 1)
    instance = factory(machine("M1"), fleet, simple_job("J1", ("M1", 3)))
    # 4 ticks under load, 3 more.
    assert level_trace(instance, "V", (transport("J1 >1", "DOCK>M1", "V", 0, 7),), ()) == ((0, 20), (7, 9))


def test_what_is_measured_twice_in_an_instant_of_a_charge_counts_twice() -> None:
    # 4 units a tick up to 16, then 1: 4 -> 16 in 3 ticks, 16 - 4 + 2 = 14, 16 after half a tick more, 17 after two.
    measured = (Correction(3, -4), Correction(3, 2))
    battery = Battery(20, (ChargeStep(16, 4), ChargeStep(20, 1)), 20, 2, 2, 1, corrections=measured)
    assert filled(battery, 4, 0, 5) == 17

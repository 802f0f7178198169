"""A vehicle for several jobs with a battery: what drains it while it holds some; it charges when it holds none."""

from __future__ import annotations

from dataclasses import replace

from charging_cases import plant
from helpers import assert_valid, at, empty, flagged, transport

from scheduler.domain import Battery, Charge, ChargeStep, Correction, Instance, Schedule
from scheduler.domain.batteries import level_at, level_trace, visit_levels
from scheduler.domain.derive import complete
from scheduler.domain.events import BatteryLow, Revision, RouteSlow, VehicleDown, revise
from scheduler.domain.happened import execution_of
from scheduler.io import native, validate
from scheduler.rescheduling.right_shift import right_shift
from scheduler.rescheduling.stranded import stranded
from scheduler.search.decode.spoken import why_unsupported

BATTERY = Battery(60, (ChargeStep(60, 4),), 40, 2, drain_loaded=3, drain_empty=2, drain_idle=1)

# All places are 3 apart, taking up and putting down takes 1. J1 and J2 go to M1 together; V1 waits from 2 to 4 at the
# dock, with J1 on board, and puts them down during [8, 10). It charges, and takes both to M2.
OUT = transport("J1 >1", "DOCK>M1", "V1", 0, 9), transport("J2 >1", "DOCK>M1", "V1", 4, 10)
TO_PLUG, BACK = empty("M1>PLUG", "V1", 10, 13), empty("PLUG>M1", "V1", 17, 20)
ON = transport("J1 1>2", "M1>M2", "V1", 20, 26), transport("J2 1>2", "M1>M2", "V1", 21, 27)
WORK = at("J1.1", "M1", 9, 12), at("J2.1", "M1", 12, 15), at("J1.2", "M2", 26, 30), at("J2.2", "M2", 30, 34)
# [0, 1) and [4, 5) picking up, [5, 8) on the way, [8, 10) putting down: 7 busy ticks and 3 idle ones: 40 - 21 - 3 = 16.
# To the charger 6: 10. In 4 ticks 16 more: 26; back 6: 20. Then 2 + 3 + 2 busy ticks: -1.
CHARGE = Charge("V1", "C", 13, 17, 10, 26)


def shop(battery: Battery = BATTERY, capacity: int = 2, jobs: int = 2, **fleet: object) -> Instance:
    """Return the plant of `charging_cases` with room for two jobs on its vehicle."""
    found = plant(battery, jobs=jobs, **fleet)
    (carts,) = found.fleets
    vehicles = tuple(replace(vehicle, capacity=capacity) for vehicle in carts.vehicles)
    return replace(found, fleets=(replace(carts, vehicles=vehicles),))


def plan(charge: Charge = CHARGE) -> Schedule:
    return complete(shop(), WORK, (*OUT, *ON), (charge,))


def with_initial(initial: int) -> Instance:
    return shop(replace(BATTERY, initial=initial))


def test_waiting_with_jobs_on_board_is_idle() -> None:
    found = plan()
    assert found.charges == (CHARGE,)
    assert [m for m in found.moves if m.job is None] == [TO_PLUG, BACK]
    # 20 - 21: -1, 3 below the minimum. With 3 units more at first it is just kept.
    assert flagged(shop(), found) == [("batteries", "vehicle V1", 3)]
    assert_valid(with_initial(43), complete(with_initial(43), WORK, (*OUT, *ON), (CHARGE,)))
    one_less = complete(with_initial(42), WORK, (*OUT, *ON), (CHARGE,))
    assert flagged(with_initial(42), one_less) == [("batteries", "vehicle V1", 1)]


def test_misstated_levels() -> None:
    stated = replace(plan(), charges=(replace(CHARGE, from_level=11),))
    assert ("batteries", "vehicle V1", 1) in flagged(with_initial(40), stated)


def test_no_charge_with_jobs_on_board() -> None:
    # J1 is put down, and V1 charges at M1 before it puts J2 down.
    found = shop(replace(BATTERY, initial=60))
    (carts,) = found.fleets
    found = replace(found, fleets=(replace(carts, chargers=(replace(carts.chargers[0], place="M1"),)),))
    held = OUT[0], replace(OUT[1], end=14)
    work = WORK[0], at("J2.1", "M1", 14, 17), *WORK[2:]
    charge = Charge("V1", "C", 10, 12)
    amounts = flagged(found, complete(found, work, (*held, *ON), (charge,)))
    assert ("batteries", "vehicle V1", 2) in amounts


def test_one_charge_between_two_stretches() -> None:
    again = complete(with_initial(43), WORK, (*OUT, *ON), (replace(CHARGE, end=15), replace(CHARGE, start=16)))
    assert ("batteries", "vehicle V1", 1) in flagged(with_initial(43), again)


def test_trace_turns_where_the_vehicle_waits() -> None:
    # After the pick-up of J1 it waits until 4: 40 - 3 = 37, then 34.
    found = plan()
    trace = level_trace(shop(), "V1", found.by_mover["V1"], found.charges)
    assert trace[:5] == ((0, 40), (1, 37), (4, 34), (10, 16), (13, 10))
    assert [level_at(shop(), "V1", found.by_mover["V1"], found.charges, tick) for tick in (1, 3, 4, 6, 10)] == [
        *(37, 35, 34, 28, 16)
    ]
    levels = visit_levels(shop(), "V1", found.by_mover["V1"], found.charges)
    assert [level for _, level in levels] == [37, 31, 19, 16, 26, 17, 14, 2, -1]


def test_with_one_job_at_a_time_a_stretch_is_a_transport() -> None:
    # With a breakdown of 2 on the way: 5 busy ticks, 2 idle.
    for capacity in (1, 2):
        one = shop(capacity=capacity, jobs=1)
        found = complete(one, (at("J1.1", "M1", 7, 10),), (transport("J1 >1", "DOCK>M1", "V1", 0, 7),))
        assert level_trace(one, "V1", found.by_mover["V1"], ()) == ((0, 40), (7, 23))


def test_ways_with_jobs_on_board_drain_as_long_as_they_take() -> None:
    # The way to M1 is begun at 5, before ways become slow at 6: it still takes 3.
    (carts,) = shop().fleets
    event = RouteSlow("E1", 6, carts.id, 50)
    after = revise(with_initial(60), Revision(6, 0, (event,), plan()))
    shifted = right_shift(after, execution_of(after).baseline)
    assert shifted is not None
    assert_valid(after, shifted)
    levels = [level for _, level in visit_levels(after, "V1", shifted.by_mover["V1"], shifted.charges)]
    assert levels[:4] == [57, 51, 39, 36]
    # From then on a way takes 6: to the charger 12 units, and so on.
    assert levels[4:] == [min(60, 36 - 12 + 4 * (shifted.charges[0].end - shifted.charges[0].start)), *levels[5:]]
    assert levels[-1] == levels[4] - 12 - 3 * (2 + 6 + 2)


def test_a_measurement_counts_from_where_the_plan_is() -> None:
    # At 3 V1 waits at the dock for J2, with J1 on board: 43 - 3 - 2 = 38 are planned.
    after = revise(with_initial(43), Revision(3, 0, (BatteryLow("E1", 3, "V1", 33),), plan()))
    assert after.battery_by_vehicle["V1"].corrections == (Correction(3, 33 - 38),)
    shifted = right_shift(after, execution_of(after).baseline)
    assert shifted is not None
    assert_valid(after, shifted)
    # The charge is longer, for the 5 units that are missing.
    assert [charge.end - charge.start for charge in shifted.charges] == [6]


def test_right_shift_charges_longer_after_a_breakdown_with_jobs_on_board() -> None:
    # V1 stands still during [6, 11): that drains 5 units, which 6 ticks at the charger instead of 4 make up for.
    after = revise(with_initial(43), Revision(6, 0, (VehicleDown("E1", 6, "V1", 11),), plan()))
    shifted = right_shift(after, execution_of(after).baseline)
    assert shifted is not None
    assert_valid(after, shifted)
    assert shifted.charges == (Charge("V1", "C", 18, 24, 8, 32),)


def test_right_shift_adds_a_charge_between_stretches() -> None:
    # Without one V1 ends its second stretch at 13 - 21 + 6, below its minimum: it charges on the way to M1.
    short = complete(with_initial(60), WORK, (*OUT, *ON))
    assert_valid(with_initial(60), short)
    after = revise(with_initial(60), Revision(5, 0, (BatteryLow("E1", 5, "V1", 32),), short))
    shifted = right_shift(after, execution_of(after).baseline)
    assert shifted is not None
    assert_valid(after, shifted)
    (charge,) = shifted.charges
    assert max(move.end for move in shifted.moves if move.job is not None and move.start < 10) == 10 <= charge.start


def test_who_has_jobs_on_board_may_take_others_along() -> None:
    # At 10 V1 is empty: with one unit above the minimum it gets nowhere. At 9 it still has to put J2 down.
    low = BatteryLow("E1", 10, "V1", 3)
    assert stranded(revise(with_initial(43), Revision(10, 0, (low,), plan()))) == {"V1"}
    assert stranded(revise(with_initial(43), Revision(9, 0, (replace(low, at=9),), plan()))) == frozenset()


def test_files_and_engines() -> None:
    assert native.read(native.write(shop()), "shop.json") == shop()
    assert not validate.defects(shop())
    assert why_unsupported(shop()) is None
    assert why_unsupported(revise(with_initial(43), Revision(6, 0, (), plan()))) is None

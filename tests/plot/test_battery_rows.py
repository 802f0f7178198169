"""Batteries in the Gantt chart: charges on vehicles and chargers, a strip for the level below each vehicle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from charging_cases import BATTERY, plant
from helpers import at, schedule, transport

from scheduler.domain import Charge, Instance, Schedule
from scheduler.domain.derive import complete
from scheduler.plot import save_gantt
from scheduler.plot.lay_out import lay_out


def charged(vehicles: int = 2, places: int = 2) -> tuple[Instance, Schedule]:
    """V1 brings J1, charges, and takes it on; V2 does nothing, or charges at the same time and brings J2."""
    instance = plant(jobs=1, vehicles=vehicles, places=places)
    moves = transport("J1 >1", "DOCK>M1", "V1", 0, 5), transport("J1 1>2", "M1>M2", "V1", 14, 19)
    operations = at("J1.1", "M1", 5, 8), at("J1.2", "M2", 19, 23)
    return instance, complete(instance, operations, moves, (Charge("V1", "C", 8, 11),))


def test_rows_of_a_fleet_with_batteries() -> None:
    rows = [(row.kind, row.id, row.lanes) for row in lay_out(*charged()).rows]
    assert rows[2:] == [
        ("fleet", "AGV", 1),
        ("vehicle", "V1", 1),
        ("battery", "V1", 1),
        ("vehicle", "V2", 1),
        ("battery", "V2", 1),
        ("charger", "C", 2),
    ]


def test_a_charge_stands_on_the_vehicle_and_on_the_charger() -> None:
    layout = lay_out(*charged())
    bars = [(bar.kind, layout.rows[bar.row].kind, bar.start, bar.end, bar.label) for bar in layout.bars]
    assert ("charge", "vehicle", 8, 11, "") in bars
    assert ("charger_use", "charger", 8, 11, "V1") in bars


def test_vehicles_that_charge_together_share_the_row() -> None:
    instance, plan = charged()
    both = Schedule(plan.operations, plan.moves, plan.setups, (*plan.charges, Charge("V2", "C", 9, 12)))
    layout = lay_out(instance, both)
    lanes = {bar.label: (bar.lane, bar.lanes) for bar in layout.bars if bar.kind == "charger_use"}
    assert lanes == {"V1": (0, 2), "V2": (1, 2)}


def test_the_level_falls_and_rises() -> None:
    layout = lay_out(*charged())
    (level,) = layout.levels  # V2 is not in use
    assert layout.rows[level.row].kind == "battery"
    assert level.minimum == BATTERY.minimum / BATTERY.capacity
    # 20 - 2 * 5 = 10, 7 at the charger; 16 within 2.25 ticks, then 1 a tick: 16 after 3; 13 at M1, 3 in the end.
    levels = [(at, round(share * 20)) for at, share in level.points]
    assert levels == [(0, 20), (5, 10), (8, 7), (11, 16), (14, 13), (19, 3)]


def test_a_level_below_zero_is_drawn_as_empty() -> None:
    # 5 - 2 * 5 = -5, which crosses 0 at 2.5; -8 at the charger, 4 after 3 ticks at 4 units, with 0 after 2 of them.
    instance, plan = charged()
    low = replace(BATTERY, initial=5)
    vehicles = tuple(replace(vehicle, battery=low) for vehicle in instance.fleets[0].vehicles)
    instance = replace(instance, fleets=(replace(instance.fleets[0], vehicles=vehicles),))
    (level,) = lay_out(instance, plan).levels
    assert [(at, round(share * 20)) for at, share in level.points][:6] == [
        *((0, 5), (2.5, 0), (5, 0), (8, 0)),
        *((10, 0), (11, 4)),
    ]


def test_without_batteries_there_is_nothing_new() -> None:
    instance = plant(None, jobs=1)
    moves = transport("J1 >1", "DOCK>M1", "V1", 0, 5), transport("J1 1>2", "M1>M2", "V1", 8, 13)
    plan = schedule(at("J1.1", "M1", 5, 8), at("J1.2", "M2", 13, 17), *moves)
    layout = lay_out(instance, plan)
    assert layout.levels == ()
    assert [row.kind for row in layout.rows] == ["machine", "machine", "fleet", "vehicle", "charger"]


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    save_gantt(tmp_path / "charges.svg", *charged())
    text = (tmp_path / "charges.svg").read_text()
    assert "charging" in text
    assert "level of the battery" in text

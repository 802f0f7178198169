"""Batteries in files: round trips, what can be wrong with them, charges and levels in the schedule file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from charging_cases import BATTERY, plant

from scheduler.domain import Battery, Charger, ChargeStep, Instance, Result, Vehicle
from scheduler.errors import ScheduleError
from scheduler.io import native, validate
from scheduler.io.schedule_file import read_schedule, write_schedule
from scheduler.portfolio import solve


def with_battery(**fields: object) -> Instance:
    return plant(replace(BATTERY, **fields))


def with_chargers(*chargers: Charger) -> Instance:
    instance = plant()
    return replace(instance, fleets=(replace(instance.fleets[0], chargers=chargers),))


def codes(instance: Instance) -> list[tuple[str, str]]:
    return [(defect.code, defect.where) for defect in validate.defects(instance)]


def test_one_battery_for_a_whole_fleet_survives_a_round_trip() -> None:
    instance = plant(vehicles=2)
    assert codes(instance) == []
    text = native.write(instance)
    assert text.count('"battery"') == 1
    assert native.read(text, "plant.json") == instance


def test_batteries_of_single_vehicles_survive_a_round_trip() -> None:
    instance = plant()
    (fleet,) = instance.fleets
    half = replace(BATTERY, initial=10)
    vehicles = (*fleet.vehicles, Vehicle("V2", "DOCK", battery=half), Vehicle("V3", "M1"))
    instance = replace(instance, fleets=(replace(fleet, vehicles=vehicles),))
    assert codes(instance) == []
    assert native.read(native.write(instance), "plant.json") == instance


@pytest.mark.parametrize(
    ("instance", "found"),
    [
        (with_battery(initial=1), ("E334", "$.fleets[0].battery")),
        (with_battery(initial=21), ("E334", "$.fleets[0].battery")),
        (with_battery(curve=(ChargeStep(16, 4), ChargeStep(19, 1))), ("E334", "$.fleets[0].battery.curve")),
        (with_battery(curve=(ChargeStep(16, 4), ChargeStep(16, 1))), ("E334", "$.fleets[0].battery.curve")),
        (with_battery(curve=()), ("E334", "$.fleets[0].battery.curve")),
        (with_chargers(Charger("C", "garage")), ("E331", "$.fleets[0].chargers[0].place")),
        (with_chargers(), ("E331", "$.fleets[0].chargers")),
        (with_chargers(Charger("C", "PLUG"), Charger("C", "M1")), ("E301", "$.fleets[0].chargers[1].id")),
        (with_chargers(Charger("C", "PLUG", 0)), ("E204", "$.fleets[0].chargers[0].places")),
        (with_battery(drain_idle=-1), ("E204", "$.fleets[0].vehicles[0].battery.drain_idle")),
        (
            with_battery(curve=(ChargeStep(5, 9973), ChargeStep(20, 9967))),
            ("E332", "$.fleets[0].battery.curve"),
        ),
        # From the charger 3, loaded 5 * 2, back to it 3: 16 units, of which there are 18. With 3 a tick it is 21.
        (with_battery(drain_loaded=4), ("E333", "$.jobs[0]")),
    ],
    ids=[
        "low",
        "high",
        "short curve",
        "flat curve",
        "no curve",
        "place",
        "none",
        "id",
        "room",
        "drain",
        "rates",
        "far",
    ],
)
def test_what_is_wrong_with_a_battery(instance: Instance, found: tuple[str, str]) -> None:
    assert set(codes(instance)) == {found}


def test_levels_too_large_to_be_counted() -> None:
    huge = Battery(1_000_000, (ChargeStep(1_000_000, 1),), 1_000_000, drain_idle=1_000_000)
    instance = plant(huge)
    (fleet,) = instance.fleets
    far = {p: dict.fromkeys(row, 2**36) for p, row in fleet.travel.items()}
    assert ("E324", "$.fleets") in codes(replace(instance, fleets=(replace(fleet, travel=far),)))


# --- schedule files --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result() -> Result:
    return solve(plant(), time_limit=20, workers=1)


def test_charges_survive_a_round_trip(tmp_path: Path, result: Result) -> None:
    write_schedule(tmp_path / "s.json", plant(), result)
    assert result.schedule is not None
    assert result.schedule.charges != ()
    assert read_schedule(tmp_path / "s.json", plant()).schedule == result.schedule


def test_the_file_tells_the_level_over_time(tmp_path: Path, result: Result) -> None:
    write_schedule(tmp_path / "s.json", plant(), result)
    document = json.loads((tmp_path / "s.json").read_text())
    (trace,) = document["batteries"]
    assert (trace["vehicle"], trace["levels"][0]) == ("V1", [0, 20])
    points = dict(map(tuple, trace["levels"]))
    assert all((points[c["start"]], points[c["end"]]) == (c["from_level"], c["to_level"]) for c in document["charges"])
    assert min(points.values()) >= BATTERY.minimum


def test_files_without_batteries_have_neither(tmp_path: Path) -> None:
    instance = plant(None)
    write_schedule(tmp_path / "s.json", instance, solve(instance, time_limit=20, workers=1))
    assert not {"charges", "batteries"} & set(json.loads((tmp_path / "s.json").read_text()))


def test_charges_name_what_exists(tmp_path: Path, result: Result) -> None:
    write_schedule(tmp_path / "s.json", plant(), result)
    document = json.loads((tmp_path / "s.json").read_text())
    document["charges"][0] |= {"vehicle": "V9", "charger": "D"}
    (tmp_path / "s.json").write_text(json.dumps(document))
    with pytest.raises(ScheduleError) as error:
        read_schedule(tmp_path / "s.json", plant())
    assert [(d.code, d.where) for d in error.value.defects] == [
        ("E302", "$.charges[0].vehicle"),
        ("E302", "$.charges[0].charger"),
    ]

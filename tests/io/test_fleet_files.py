"""Fleets in files: round trips, what can be wrong with them, and plain files that get vehicles or lose all waiting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers import distances, down, factory, machine, simple_job

import scheduler
from scheduler.cli import main
from scheduler.domain import Facility, Fleet, Instance, Lane, Robot, RobotCell, Vehicle
from scheduler.errors import FormatError
from scheduler.io import native, validate
from scheduler.io.layout import read_matrix, with_fleet, without_waiting

ROADS = {"DOCK": {"M1": 2, "M2": 3}, "M1": {"DOCK": 2, "M2": 1}, "M2": {"DOCK": 3, "M1": 1}}
FLEET = Fleet("AGV", "F", (Vehicle("V1", "DOCK", down((5, 9))), Vehicle("V2", "M1")), ROADS, 1, 2, returns=True)


def plant(fleet: Fleet = FLEET, facility: Facility | None = None, **job: object) -> Instance:
    return factory(
        facility or Facility("F", "DOCK", returns_jobs=True),
        machine("M1"),
        machine("M2"),
        fleet,
        simple_job("J1", ("M1", 4), ("M2", 3), **job),
    )


def codes(instance: Instance) -> list[tuple[str, str]]:
    return [(defect.code, defect.where) for defect in validate.defects(instance)]


def test_a_fleet_survives_a_round_trip() -> None:
    instance = plant(carriers=("AGV",))
    assert codes(instance) == []
    assert native.read(native.write(instance), "plant.json") == instance


def test_speeds_survive_a_round_trip() -> None:
    robots = Robot("R1", "IN", speed=150), Robot("R2", "OUT")
    cell = RobotCell("C", "F", robots, "IN", "OUT", {"IN": {"OUT": 3}, "OUT": {"IN": 3}})
    vehicles = Vehicle("V1", "DOCK", speed=60), Vehicle("V2", "M1")
    instance = replace(plant(replace(FLEET, vehicles=vehicles)), cells=(cell,))
    text = native.write(instance)
    assert native.read(text, "plant.json") == instance
    assert text.count('"speed"') == 2


@pytest.mark.parametrize(
    ("instance", "found"),
    [
        (
            plant(replace(FLEET, vehicles=(Vehicle("V1", "DOCK", speed=0),))),
            [("E204", "$.fleets[0].vehicles[0].speed")],
        ),
        (plant(replace(FLEET, vehicles=(Vehicle("V1", "garage"),))), [("E329", "$.fleets[0].vehicles[0].start")]),
        (plant(replace(FLEET, facility="G")), [("E302", "$.fleets[0].facility")]),
        (plant(replace(FLEET, vehicles=(FLEET.vehicles[0],) * 2)), [("E301", "$.fleets[0].vehicles[1].id")]),
        (plant(replace(FLEET, travel={**ROADS, "M2": {"DOCK": 3}})), [("E305", "$.fleets[0].travel.M2")]),
        (plant(facility=Facility("F", "gate")), [("E327", "$.facilities[0].station")]),
        (plant(facility=Facility("F", None, returns_jobs=True)), [("E327", "$.facilities[0].returns_jobs")]),
        (plant(carriers=("CART",)), [("E302", "$.jobs[0].carriers[0]")]),
    ],
    ids=["speed", "start", "facility", "vehicle twice", "travel", "station", "nowhere to return", "fleet of a job"],
)
def test_what_is_wrong_with_a_fleet(instance: Instance, found: list[tuple[str, str]]) -> None:
    assert [pair for pair in codes(instance) if pair in found] == found


def test_carriers_of_a_job() -> None:
    # R1 reaches only the input station, and V2 is named though V1 does as well.
    robots = Robot("R1", "IN", reach=("IN", "OUT")), Robot("R2", "OUT")
    cell = RobotCell("C", "F", robots, "IN", "OUT", distances("IN OUT S", 3))
    factory_with_cell = replace(
        plant(carriers=("V2", "R2")),
        machines=(*plant().machines, machine("S", cell="C", input_buffer=0, output_buffer=0)),
        cells=(cell,),
    )
    (job,) = factory_with_cell.jobs
    inside = replace(factory_with_cell, jobs=(replace(simple_job("J1", ("S", 2)), carriers=job.carriers),))
    assert codes(factory_with_cell) == codes(inside) == []
    assert native.read(native.write(inside), "plant.json") == inside
    by_r1 = replace(inside, jobs=(replace(inside.jobs[0], carriers=("R1",)),))
    assert codes(by_r1) == [("E328", "$.jobs[0].carriers")]
    by_nobody = replace(inside, jobs=(replace(inside.jobs[0], carriers=("V3",)),))
    assert codes(by_nobody) == [("E302", "$.jobs[0].carriers[0]")]


def test_a_fleet_and_a_lane_or_cell_do_not_share_a_name() -> None:
    instance = plant()
    cell = RobotCell("AGV", "F", (Robot("R", "in"),), "in", "out", {"in": {"out": 1}, "out": {"in": 1}})
    assert ("E301", "$.fleets[0].id") in codes(replace(instance, cells=(cell,)))
    both = replace(instance, facilities=(*instance.facilities, Facility("G")))
    assert ("E301", "$.lanes[0].id") in codes(replace(both, lanes=(Lane("AGV", "F", "G", 5),)))


def test_a_station_of_a_cell_is_no_place_of_a_fleet() -> None:
    instance = plant()
    cell = RobotCell("C", "F", (Robot("R", "in"),), "in", "out", {})
    machines = (replace(instance.machines[0], cell="C"), instance.machines[1])
    assert ("E326", "$.fleets[0].travel.M1") in codes(replace(instance, machines=machines, cells=(cell,)))


# --- layouts ---------------------------------------------------------------------------------------------------------

MATRIX = "0 2 3\n2 0 1\n3 1.5 0\n"


def shop() -> Instance:
    return factory(machine("M1"), machine("M2"), simple_job("J1", ("M1", 4), ("M2", 3), release_date=1))


def test_a_layout_with_half_ticks_doubles_all_times() -> None:
    instance, factor = with_fleet(shop(), read_matrix(MATRIX, "m.txt", 3), 2)
    assert factor == 2
    assert codes(instance) == []
    (fleet,), (job,) = instance.fleets, instance.jobs
    assert fleet.travel["M2"] == {"load/unload": 6, "M1": 3}
    assert [vehicle.start for vehicle in fleet.vehicles] == ["load/unload"] * 2
    assert ([o.modes[0].duration for o in job.operations], job.release_date) == ([8, 6], 2)
    # There from the load/unload station: 2 + 4, on at 6 + 8, there at 14 + 2, done at 22, which is 11.
    result = scheduler.solve(instance, time_limit=5, workers=1)
    assert result.schedule is not None
    assert (result.status.value, result.schedule.makespan) == ("optimal", 22)


def test_whole_ticks_stay() -> None:
    instance, factor = with_fleet(shop(), read_matrix(MATRIX.replace("1.5", "1"), "m.txt", 3), 1)
    assert (factor, instance.jobs[0].release_date) == (1, 1)


def test_only_plain_shops_get_a_fleet() -> None:
    with pytest.raises(FormatError):
        with_fleet(plant(), read_matrix(MATRIX, "m.txt", 3), 1)
    with pytest.raises(FormatError):
        without_waiting(plant())


def test_convert_adds_vehicles(tmp_path: Path) -> None:
    (tmp_path / "shop.txt").write_text("1 2\n0 4 1 3\n")
    (tmp_path / "matrix.txt").write_text(MATRIX)
    call = ["convert", str(tmp_path / "shop.txt"), str(tmp_path / "out.json")]
    done = CliRunner().invoke(main, [*call, "--layout", str(tmp_path / "matrix.txt"), "--vehicles", "2"])
    assert (done.exit_code, "all times are doubled" in done.output) == (0, True)
    assert len(scheduler.load(tmp_path / "out.json").fleets[0].vehicles) == 2
    assert CliRunner().invoke(main, [*call, "--vehicles", "2"]).exit_code == 2
    (tmp_path / "matrix.txt").write_text("0 1\n1 0\n")
    failed = CliRunner().invoke(main, [*call, "--layout", str(tmp_path / "matrix.txt"), "--vehicles", "2"])
    assert (failed.exit_code, "E126" in failed.output) == (2, True)


def test_convert_takes_all_waiting_out(tmp_path: Path) -> None:
    # J1 works 3 on the first machine, then 1 on the second; J2 2, then 2. Without waiting the second job starts at
    # max(3, 4 - 2) = 3 after J1 first, and ends at 7; or at max(2, 4 - 3) = 2 after J2 first, and ends at 6.
    (tmp_path / "shop.txt").write_text("2 2\n0 3 1 1\n0 2 1 2\n")
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "shop.txt"), str(tmp_path / "o.json"), "--no-wait"])
    assert done.exit_code == 0
    result = scheduler.solve(scheduler.load(tmp_path / "o.json"), time_limit=5, workers=1)
    assert result.schedule is not None
    assert (result.status.value, result.schedule.makespan) == ("optimal", 6)

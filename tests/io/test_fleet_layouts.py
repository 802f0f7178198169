"""Additions to a plain shop: vehicles over a matrix of travel times, machines that block, and jobs that never wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers import distances, down, factory, machine, mode, op, simple_job
from helpers import job as job_of

from scheduler.cli.files import MOST_VEHICLES
from scheduler.domain import Calendar, Facility, Fleet, Instance, Precedence, SetupMatrix, Shift, ShiftPattern, Vehicle
from scheduler.errors import FormatError
from scheduler.io import jobshop, read
from scheduler.io.layout import STATION, read_matrix, with_blocking, with_fleet, without_waiting
from scheduler.io.limits import MAX_VEHICLES
from scheduler.io.validate import defects

PLAIN = factory(machine("M1"), machine("M2"), simple_job("J1", ("M1", 3), ("M2", 4)))
WHOLE = "0 1 2\n3 0 4\n\n5 6 0\n"
HALVES = "0 1.5 2\n3 0.5 4\n5 6 0\n"
RAW = Path(__file__).parents[3] / "shared" / "data" / "fjspt-berterottiere" / "raw"


def found(text: str, size: int = 3) -> list[tuple[str, str]]:
    with pytest.raises(FormatError) as caught:
        read_matrix(text, "layout.txt", size)
    assert caught.value.source == "layout.txt"
    return [(defect.code, defect.where) for defect in caught.value.defects]


def test_rows_are_from_and_columns_to() -> None:
    instance, factor = with_fleet(PLAIN, read_matrix(WHOLE, "layout.txt", 3), 2)
    assert factor == 1
    assert instance.facilities == (Facility("F", STATION),)
    travel = {STATION: {"M1": 1, "M2": 2}, "M1": {STATION: 3, "M2": 4}, "M2": {STATION: 5, "M1": 6}}
    vehicles = (Vehicle("V1", STATION), Vehicle("V2", STATION))
    assert instance.fleets == (Fleet("fleet", "F", vehicles, travel),)
    assert (instance.jobs, instance.machines) == (PLAIN.jobs, PLAIN.machines)
    assert defects(instance) == ()


def test_half_ticks_double_everything() -> None:
    matrix = SetupMatrix({"a": {"b": 5}}, "a")
    calendar = Calendar(down((1, 4)).downtimes, ShiftPattern(10, (Shift(0, 8),)))
    late = job_of(
        "J1",
        op("1", mode("M1", 3, "b")),
        op("2", mode("M2", 4)),
        links=(Precedence("1", "2", 1, 7),),
        release_date=2,
        due_date=-3,
        deadline=50,
    )
    plain = factory(machine("M1", setups=matrix), machine("M2", calendar=calendar), late)
    instance, factor = with_fleet(plain, read_matrix(HALVES, "layout.txt", 3), 1)
    assert factor == 2
    assert instance.fleets[0].travel[STATION] == {"M1": 3, "M2": 4}
    (job,) = instance.jobs
    assert [m.duration for o in job.operations for m in o.modes] == [6, 8]
    assert job.precedences == (Precedence("1", "2", 2, 14),)
    assert (job.release_date, job.due_date, job.deadline) == (4, -6, 100)
    assert instance.machines[0].setups == SetupMatrix({"a": {"b": 10}}, "a")
    assert instance.machines[1].calendar == Calendar(down((2, 8)).downtimes, ShiftPattern(20, (Shift(0, 16),)))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("0 1 2\n3 0 4\n", [("E126", "file")]),
        ("0 1 2\n3 0\n5 6 0\n", [("E126", "line 2")]),
        ("0 1 2\n3 x 4\n5 -6 0\n", [("E127", "line 2"), ("E127", "line 3")]),
        ("0 1 2\n3 0 2.25\n5 6 nan\n", [("E127", "line 2"), ("E127", "line 3")]),
        (
            "0 1 2\n3 0 1/2\n5 1e99999999 9999999999999999\n",
            [("E127", "line 2"), ("E127", "line 3"), ("E127", "line 3")],
        ),
        ("", [("E126", "file")]),
    ],
)
def test_every_defect_of_a_matrix_is_found(text: str, places: list[tuple[str, str]]) -> None:
    assert found(text) == places


def test_only_plain_instances_get_a_fleet() -> None:
    fleet = Fleet("carts", "F", (Vehicle("V", "M1"),), distances("M1 M2", 1))
    with pytest.raises(FormatError, match=r"E131 at \$\.fleets"):
        with_fleet(replace(PLAIN, fleets=(fleet,)), read_matrix(WHOLE, "layout.txt", 3), 1)


def test_no_wait_closes_every_lag() -> None:
    instance = without_waiting(PLAIN)
    assert instance.jobs[0].precedences == (Precedence("1", "2", 0, 0),)
    with pytest.raises(FormatError, match="have to wait for robots or vehicles"):
        without_waiting(with_fleet(PLAIN, read_matrix(WHOLE, "layout.txt", 3), 1)[0])


@pytest.mark.parametrize("swap", [True, False])
def test_blocking_takes_the_output_buffers_away(swap: bool) -> None:
    instance = with_blocking(PLAIN, swap)
    assert instance.machines == tuple(machine(name, output_buffer=0, swap=swap) for name in ("M1", "M2"))
    assert instance.jobs == PLAIN.jobs
    assert defects(instance) == ()
    with pytest.raises(FormatError, match="can't express buffers"):
        jobshop.write(instance)


def test_the_command_line_knows_the_limit() -> None:
    assert MOST_VEHICLES == MAX_VEHICLES


@pytest.mark.skipif(not RAW.is_dir(), reason="the data is not here")
def test_a_matrix_of_the_literature_fits_its_instance() -> None:
    (path, *_) = sorted(path for path in (RAW / "travel_times").rglob("*.txt") if path.is_file())
    text = path.read_text(encoding="utf-8")
    size = sum(bool(line.split()) for line in text.splitlines())
    matrix = read_matrix(text, str(path), size)
    instance: Instance = next(
        shop for file in sorted((RAW / "instances").glob("*.txt")) if len((shop := read(file)).machines) == size - 1
    )
    assert defects(with_fleet(instance, matrix, 2)[0]) == ()

"""Vehicles of a fleet in the Gantt chart: their rows, loaded and empty moves, downtimes."""

from __future__ import annotations

from helpers import at, down, empty, factory, machine, schedule, simple_job, transport

from scheduler.domain import Facility, Fleet, Vehicle
from scheduler.plot.lay_out import lay_out

ROADS = {"DOCK": {"M1": 2, "M2": 3}, "M1": {"DOCK": 2, "M2": 1}, "M2": {"DOCK": 3, "M1": 1}}


def test_a_fleet_has_a_header_and_a_row_for_each_vehicle() -> None:
    fleet = Fleet("AGV", "F", (Vehicle("V", "M1", down((5, 7))), Vehicle("W", "M2")), ROADS)
    job = simple_job("J1", ("M1", 4), ("M2", 3))
    instance = factory(Facility("F", "DOCK"), machine("M1"), machine("M2"), fleet, job)
    moves = (
        empty("M1>DOCK", "V", 0, 2),
        transport("J1 >1", "DOCK>M1", "V", 2, 4),
        transport("J1 1>2", "M1>M2", "V", 8, 9),
    )
    plan = schedule(at("J1.1", "M1", 4, 8), at("J1.2", "M2", 9, 12), *moves)
    layout = lay_out(instance, plan)
    rows = [(row.kind, row.id, row.depth) for row in layout.rows]
    assert rows == [
        ("machine", "M1", 0),
        ("machine", "M2", 0),
        ("fleet", "AGV", 0),
        ("vehicle", "V", 1),
        ("vehicle", "W", 1),
    ]
    bars = [(bar.kind, bar.row, bar.start, bar.end, bar.job) for bar in layout.bars if bar.row >= 3]
    assert bars == [("empty_move", 3, 0, 2, None), ("transport", 3, 2, 4, "J1"), ("transport", 3, 8, 9, "J1")]
    assert [(shade.row, shade.start, shade.end) for shade in layout.shades] == [(3, 5, 7)]

"""Vehicles of a fleet in the Gantt chart: their rows, loaded and empty moves, downtimes."""

from __future__ import annotations

from helpers import at, carry, distances, down, empty, factory, machine, schedule, simple_job, transport

from scheduler.domain import Facility, Fleet, Robot, RobotCell, Slowdown, Vehicle
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


def test_a_robot_with_two_grippers_has_two_sub_lanes() -> None:
    cell = RobotCell("C", "F", (Robot("R", "IN", grippers=2),), "IN", "OUT", distances("IN S OUT", 2), 1, 1)
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    instance = factory(station, cell, simple_job("A", ("S", 4)), simple_job("B", ("S", 4)))
    moves = (
        carry("A >1", "IN>S", "R", 0, 4),
        empty("S>IN", "R", 4, 6),
        carry("B >1", "IN>S", "R", 6, 11),
        carry("A 1>", "S>OUT", "R", 9, 14),
        empty("OUT>S", "R", 14, 16),
        carry("B 1>", "S>OUT", "R", 16, 20),
    )
    layout = lay_out(instance, schedule(at("A.1", "S", 4, 8), at("B.1", "S", 11, 15), *moves))
    row = next(number for number, row in enumerate(layout.rows) if row.kind == "robot")
    assert layout.rows[row].lanes == 2
    lanes = [(bar.job, bar.start, bar.lane, bar.lanes) for bar in layout.bars if bar.row == row and bar.job is not None]
    assert lanes == [("A", 0, 0, 2), ("B", 6, 0, 2), ("A", 9, 1, 2), ("B", 16, 0, 2)]


def test_slow_ways_shade_the_rows_of_their_vehicles() -> None:
    fleet = Fleet("AGV", "F", (Vehicle("V", "M1"), Vehicle("W", "M2")), ROADS, slowdowns=(Slowdown(3, None, 50),))
    instance = factory(Facility("F", "DOCK"), machine("M1"), machine("M2"), fleet, simple_job("J1", ("M1", 4)))
    layout = lay_out(instance, schedule(at("J1.1", "M1", 4, 8), transport("J1 >1", "DOCK>M1", "V", 2, 4)))
    shades = [(shade.kind, layout.rows[shade.row].id, shade.start, shade.reason) for shade in layout.shades]
    assert shades == [("slow", "V", 3, "speed 50 %"), ("slow", "W", 3, "speed 50 %")]


def test_slow_machines_shade_their_rows() -> None:
    slow = machine("M1", slowdowns=(Slowdown(3, None, 50, until=5), Slowdown(1, 2, 80, until=9)))
    instance = factory(slow, machine("M2"), simple_job("J1", ("M1", 4)))
    layout = lay_out(instance, schedule(at("J1.1", "M1", 0, 6)))
    shades = [(shade.kind, layout.rows[shade.row].id, shade.start, shade.end, shade.reason) for shade in layout.shades]
    assert shades == [("slow", "M1", 3, 5, "speed 50 %"), ("slow", "M1", 1, 2, "speed 80 %")]

"""Docks and departures in the chart: one sub-lane for each dock, a mark for each departure."""

from __future__ import annotations

from helpers import at, factory, machine, schedule, simple_job, transfer

from scheduler.domain import Facility, Lane, Timetable
from scheduler.plot.lay_out import lay_out

FIELDS = {"transit_time": 3, "load_time": 2, "unload_time": 1}
INSTANCE = factory(
    *(Facility("F", docks=2), Facility("G", docks=1), Facility("H")),
    *(machine("M", "F", capacity=3), machine("N", "G"), machine("O", "H")),
    Lane("L", "F", "G", units_per_vehicle=2, timetable=Timetable((1, 5), 6), **FIELDS),
    Lane("K", "F", "H", **FIELDS),
    *(simple_job(job, ("M", 1), (to, 1)) for job, to in (("J1", "N"), ("J2", "N"), ("J3", "O"))),
)
# J1 and J2 share the trip at 1, J3 departs at 2.
PLAN = schedule(
    *(at(f"{job}.1", "M", 0, 1) for job in ("J1", "J2", "J3")),
    *(transfer(f"{job} 1>2", "F>G", "L#1", 1, 7) for job in ("J1", "J2")),
    transfer("J3 1>2", "F>H", "K#1", 2, 8),
    *(at("J1.2", "N", 7, 8), at("J2.2", "N", 8, 9), at("J3.2", "O", 8, 9)),
)


def test_every_trip_holds_one_dock() -> None:
    layout = lay_out(INSTANCE, PLAN)
    held = [(layout.rows[b.row].id, b.lane, b.start, b.end, b.label) for b in layout.bars if b.kind == "dock"]
    assert sorted(held) == [("F", 0, 1, 3, "L#1"), ("F", 1, 2, 4, "K#1"), ("G", 0, 6, 7, "L#1")]
    assert [(row.id, row.lanes) for row in layout.rows if row.kind == "docks"] == [("F", 2), ("G", 1)]


def test_departures_are_marked_in_the_header_of_the_lane() -> None:
    layout = lay_out(INSTANCE, PLAN)
    marks = [(layout.rows[b.row].kind, layout.rows[b.row].id, b.start) for b in layout.bars if b.kind == "departure"]
    assert marks == [("lane", "L", 1), ("lane", "L", 5), ("lane", "L", 7)]

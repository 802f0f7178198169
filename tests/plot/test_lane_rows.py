"""Lanes in the chart: windows with another transit time, and jobs that go in loads."""

from __future__ import annotations

from dataclasses import replace

from helpers import at, factory, machine, schedule, simple_job, transfer

from scheduler.domain import Lane, Move, TransitTimes, TransitWindow
from scheduler.plot.lay_out import lay_out
from scheduler.plot.layout import Layout

TIMES = TransitTimes(10, (TransitWindow(0, 2, 7), TransitWindow(4, 5, 1), TransitWindow(8, 10, 7)))
"""In every period 7 ticks at its begin and end, 1 tick once."""
LANE = Lane("L", "A", "C", transit_time=3, vehicles=2, units_per_vehicle=2)
JOB = simple_job("J", ("M", 2), ("N", 2), units=3, splits=True)
INSTANCE = factory(machine("M", "A"), machine("N", "C"), LANE, JOB)


def load(number: int, units: int, vehicle: str, start: int, end: int) -> Move:
    return replace(transfer("J 1>2", "A>C", vehicle, start, end), load=number, units=units)


PLAN = schedule(
    *(at("J.1", "M", 0, 2), at("J.2", "N", 12, 14)),
    *(load(0, 2, "L#1", 2, 5), load(1, 1, "L#2", 2, 5)),
)


def windows(layout: Layout) -> list[tuple[str, int, int, str]]:
    return [(layout.rows[b.row].kind, b.start, b.end, b.label) for b in layout.bars if b.kind == "transit"]


def test_other_transit_times_are_marked_in_the_header_and_on_every_vehicle() -> None:
    layout = lay_out(replace(INSTANCE, lanes=(replace(LANE, transit_times=TIMES),)), PLAN)
    assert (layout.start, layout.end) == (0, 15)
    # The window from 8 goes on over the end of the period, until 12.
    assert windows(layout) == [("lane", 0, 2, "7"), ("lane", 4, 5, "1"), ("lane", 8, 12, "7"), ("lane", 14, 15, "1")]
    shades = [(layout.rows[s.row].id, s.start, s.end, s.reason) for s in layout.shades if s.kind == "transit"]
    assert [shade[1:] for shade in shades if shade[0] == "L#2"] == [
        (0, 2, "transit 7"),
        (4, 5, "transit 1"),
        (8, 12, "transit 7"),
        (14, 15, "transit 1"),
    ]
    assert len(shades) == 8


def test_windows_are_cut_where_the_chart_begins() -> None:
    late = schedule(
        at("J.1", "M", 51, 53), at("J.2", "N", 60, 62), load(0, 2, "L#1", 53, 56), load(1, 1, "L#2", 53, 56)
    )
    layout = lay_out(replace(INSTANCE, lanes=(replace(LANE, transit_times=TIMES),)), late)
    assert layout.start == 51
    assert windows(layout)[0] == ("lane", 51, 52, "7")


def test_usual_transit_times_are_not_marked() -> None:
    layout = lay_out(INSTANCE, PLAN)
    assert windows(layout) == []
    assert {shade.kind for shade in layout.shades} == set()


def test_every_load_has_its_units_and_its_way() -> None:
    layout = lay_out(INSTANCE, PLAN, with_links=True)
    trips = [bar for bar in layout.bars if bar.kind == "transfer"]
    assert [(layout.rows[bar.row].id, bar.label) for bar in trips] == [("L#1", "J (2)"), ("L#2", "J (1)")]
    ways = [way for way in layout.links if len(way) == 4]
    assert [[tick for tick, _ in way] for way in ways] == [[2, 2, 5, 12]] * 2
    assert [way[1][1] for way in ways] == [sum(layout.span(bar)) / 2 for bar in trips]

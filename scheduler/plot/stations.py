"""Parts at the input and output stations of cells: which place each takes, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.domain import Instance, Schedule
from scheduler.domain.stations import Side, StationStay, places_at, station_stays
from scheduler.plot.rows import RowKind, sub_lanes

ROW_OF: Mapping[Side, RowKind] = {"input": "input_places", "output": "output_places"}
"""The row of the cell in which the stays of a side are."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part takes the place with this number, from 0 on."""

    stay: StationStay
    number: int


def taken_places(instance: Instance, schedule: Schedule) -> tuple[Place, ...]:
    """Return the place of every part that stays at a station with counted places for a time: the lowest free one."""
    free_at: dict[tuple[str, Side], list[int]] = {}
    found = []
    for stay in station_stays(instance, schedule):
        if stay.begin < stay.until:
            places = free_at.setdefault((stay.cell, stay.side), [])
            number = next((index for index, at in enumerate(places) if at <= stay.begin), len(places))
            places[number : number + 1] = [stay.until]
            found.append(Place(stay, number))
    return tuple(found)


def place_lanes(instance: Instance, taken: tuple[Place, ...]) -> dict[tuple[RowKind, str], int]:
    """Return the sub-lanes of every row of places at a station."""
    found = {}
    for cell in instance.cells:
        for side, kind in ROW_OF.items():
            places = places_at(cell, side)
            if places is not None:
                used = [p.number for p in taken if (p.stay.cell, p.stay.side) == (cell.id, side)]
                found[kind, cell.id] = sub_lanes(places, max(used, default=0) + 1)
    return found

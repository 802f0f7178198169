"""What there is of everything in a set that is shared, and what lies between two uses of it."""

from __future__ import annotations

from scheduler.domain import Instance
from scheduler.search.cyclic.facts import UNREACHABLE

FIRST = "\0"
"""The family or place with which a machine or carrier begins, in a plan that is made once; no id is like that."""


def gap_tables(one_set: Instance, is_once: bool) -> tuple[list[dict[str | None, int]], list[list[int]]]:
    """Return for machines and carriers the numbers of families or places, and setups or travel between them by row."""
    names, tables = list[dict[str | None, int]](), list[list[int]]()
    begins = [FIRST] if is_once else []
    for machine in one_set.machines:
        modes = (mode for o in one_set.operation_by_key.values() for mode in o.modes if mode.machine == machine.id)
        families = list(dict.fromkeys([None, *(mode.setup_family for mode in modes), *begins]))
        names.append({family: k for k, family in enumerate(families)})
        setups = machine.setups
        initial = setups.initial if setups is not None else None
        pairs = [(initial if a == FIRST else a, None if b == FIRST else b) for a in families for b in families]
        tables.append([setups.time(a, b) if setups is not None else 0 for a, b in pairs])
    for id, group in one_set.group_by_carrier.items():
        places = list(dict.fromkeys([*group.travel, *(b for row in group.travel.values() for b in row), *begins]))
        names.append({place: k for k, place in enumerate(places)})
        start, table = one_set.carrier_by_id[id].start, list[int]()
        for a in (start if place == FIRST else place for place in places):
            known = group.travel.get(a, {})
            table += [0 if b in (a, FIRST) else known.get(b, UNREACHABLE) for b in places]
        tables.append(table)
    return names, tables


def shares(one_set: Instance) -> dict[str | tuple[str, str], int]:
    """Return the capacity of what is shared besides machines."""
    found: dict[str | tuple[str, str], int] = {}
    for machine in one_set.machines:
        if machine.output_buffer:
            found["behind", machine.id] = machine.capacity + machine.output_buffer
        if machine.input_buffer:
            found["before", machine.id] = machine.input_buffer
    for cell in one_set.cells:
        for side, places in (("input", cell.input_places), ("output", cell.output_places)):
            if places is not None:
                found[side, cell.id] = places
    for pool in one_set.operators:
        found["operators", pool.id] = pool.capacity
    for carrier in one_set.carrier_by_id.values():
        if carrier.capacity > 1:
            found["held", carrier.id] = carrier.capacity
    return found


def shares_of_lanes(one_set: Instance) -> dict[str | tuple[str, str], int]:
    """Return the capacity of what trips over lanes share."""
    found: dict[str | tuple[str, str], int] = {}
    for lane in one_set.lanes:
        found["vehicles", lane.id] = lane.vehicles
        found["units", lane.id] = lane.units_per_vehicle
        if lane.headway > 0:
            found["headway", lane.id] = 1
    for facility in one_set.facilities:
        if facility.docks is not None:
            found["docks", facility.id] = facility.docks
    return found

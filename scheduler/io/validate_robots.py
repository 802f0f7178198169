"""Validation of robots: where they stand, what they reach, and whether one can tend what has to be tended."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.domain import Instance, Machine
from scheduler.domain.routing import route, tenders
from scheduler.errors import Defect
from scheduler.io.defects import shown
from scheduler.io.json_text import json_path


def starts_out_of_reach(instance: Instance) -> Iterator[Defect]:
    """A robot stands at a place that it does not reach."""
    for i, cell in enumerate(instance.cells):
        for r, robot in enumerate(cell.robots):
            if robot.reach and robot.start not in robot.reach:
                cause = f"robot {shown(robot.id)} stands at {shown(robot.start)}, which it does not reach"
                yield Defect("E351", json_path("cells", i, "robots", r, "start"), cause, "add the place to its reach")


def out_of_reach(instance: Instance) -> Iterator[Defect]:
    """No robot brings parts to a station, or takes them from there, or to the next station of their job."""
    if not any(robot.reach for cell in instance.cells for robot in cell.robots):
        return
    fix = "let a robot reach both places, or add an operation of length 0 at a place where parts are handed over"
    for j, job in enumerate(instance.jobs):
        modes = {
            o.id: [(n, instance.machine_by_id.get(m.machine)) for n, m in enumerate(o.modes)] for o in job.operations
        }
        index = {operation.id: number for number, operation in enumerate(job.operations)}
        for before, after, precedence in job.links:
            ends = [
                (n, m) for n, m in modes.get(before or after or "", ()) if m is not None and _is_placed(instance, m)
            ]
            if precedence is None:
                for number, machine in ends:
                    way = (None, machine) if before is None else (machine, None)
                    if route(instance, *way) is None:
                        place = ("jobs", j, "operations", index[before or after or ""], "modes", number, "machine")
                        words = "brings parts to" if before is None else "takes parts away from"
                        yield Defect("E352", json_path(*place), f"no robot {words} {shown(machine.id)}", fix)
                continue
            nexts = [m for _, m in modes.get(after or "", ()) if m is not None and _is_placed(instance, m)]
            pairs = [(a, b) for _, a in ends for b in nexts]
            inside = [pair for pair in pairs if pair[0].facility == pair[1].facility]
            if inside and all(route(instance, *pair) is None for pair in pairs):
                ways = ", ".join(f"{shown(a.id)} to {shown(b.id)}" for a, b in inside[:4])
                where = json_path("jobs", j, "precedences", job.precedences.index(precedence))
                yield Defect("E352", where, f"no robot carries parts from {ways}", fix)


def _is_placed(instance: Instance, machine: Machine) -> bool:
    """Return whether facility and cell of a machine exist."""
    return machine.facility in instance.facility_by_id and (machine.cell is None or machine.cell in instance.cell_by_id)


def tended_by_nobody(instance: Instance) -> Iterator[Defect]:
    """An operation has to be tended where no robot can, or takes no time, so that there is nothing to tend."""
    for j, job in enumerate(instance.jobs):
        for o, operation in enumerate(job.operations):
            for m, mode in enumerate(operation.modes):
                if not mode.tended or mode.machine not in instance.machine_by_id:
                    continue
                where = json_path("jobs", j, "operations", o, "modes", m, "tended")
                if not tenders(instance, mode.machine):
                    cell = instance.machine_by_id[mode.machine].cell
                    cause = f"{shown(mode.machine)} is in no robot cell"
                    if cell is not None:
                        cause = f"no robot of {shown(cell)} reaches {shown(mode.machine)}"
                    yield Defect("E353", where, cause, "let a robot of its cell reach the machine, or leave it out")
                elif mode.duration == 0:
                    cause = "the operation takes no time, so there is nothing to tend"
                    yield Defect("E353", where, cause, "leave it out, or write a duration of 1 or more")

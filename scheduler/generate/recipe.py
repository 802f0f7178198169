"""The recipe: how large a network to generate, and how much of every feature."""

from __future__ import annotations

from dataclasses import dataclass

MAX_OPERATIONS = 10_000
SHORTEST_SHIFT = 210
LONGEST_SETUP = 20
LONGEST_PERIOD = 120
"""Longest time between two departures of a timetable: in every shift a trip can depart, and arrive in it."""
SLOWEST_PERCENT = 150
"""Longest duration of an operation on another than its first machine, in percent of the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What to generate; each feature is switched off by 0 (flexibility by 1).

    Attributes
    ----------
    facilities, cells, machines, jobs, operations
        How many of each in all; robot cells and machines are dealt to the facilities in turn.
    flexibility
        Mean number of modes of an operation, at least 1.
    robots, grippers
        Robots of each cell, and parts that each holds at a time.
    reach
        Share of the cells in which no robot but the only one goes everywhere: the first not to the output station,
        the others not to the input station.
    tended
        Share of the operations that a robot tends, where they are done on a station.
    blocking
        Share of the stations that have no buffers.
    buffers
        Share of the other machines that have one to three places before them (where parts are brought), and behind
        them (where there are no setups).
    dwell
        Share of the operations with a maximum dwell, where they are done on a station that always works, by a job
        without branches that goes in one load.
    stations
        Places at the input (where fleets bring parts) and output station of each cell; 0: not counted.
    vehicles
        Vehicles of the lane from each facility to the next; 0 for no lanes (then a job stays in its facility).
    timetable
        Minutes between two departures of a lane; 0: trips depart on demand.
    rush
        Share of the lanes on which trips take half as long outside rush hours.
    hubs
        Further facilities, without machines, over which jobs may go from any facility to any later one.
    splits
        Share of the jobs that go over lanes in loads: in three where vehicles are smallest.
    docks
        Docks of each facility, at which trips load and unload; 0: not counted.
    fleet, holds
        Vehicles of the fleet of each facility, which bring jobs from its load/unload station to machines and cells and
        from one to the next (0 for no fleets), and jobs that each of them carries at a time.
    chargers
        Charging places of each fleet, at a place of its own near the dock; with any, its vehicles have batteries.
    setups, capacity, shifts
        Share of the machines with a setup matrix, with room for two to four parts, with shifts (of the lanes too).
    operators
        Number of operator pools; with any, about every fourth operation holds an operator.
    interruptible
        Share of the operations that may pause in a downtime.
    assembly
        Share of the jobs that begin with two branches joined by an assembly operation, where the job allows it.
    tightness
        Due dates are the release date plus a multiple of the time the job takes alone in the factory: 1 is that
        time itself, 0 is five to nine times as much.
    repetitions
        Copies of the jobs, which then are the part set of cyclic production, without dates; 0: no cycle.
    durations
        Shortest and longest duration of an operation on its first machine; up to half as long again on others.
    seed
        Another seed, another network.
    """

    facilities: int = 3
    cells: int = 4
    machines: int = 30
    jobs: int = 60
    operations: int = 350
    flexibility: float = 1.5
    robots: int = 1
    grippers: int = 1
    reach: float = 0
    tended: float = 0
    blocking: float = 0.5
    buffers: float = 0
    dwell: float = 0
    stations: int = 0
    vehicles: int = 2
    timetable: int = 0
    rush: float = 0
    hubs: int = 0
    splits: float = 0
    docks: int = 0
    fleet: int = 0
    holds: int = 1
    chargers: int = 0
    setups: float = 0.3
    capacity: float = 0.1
    shifts: float = 0.3
    operators: int = 2
    interruptible: float = 0.3
    assembly: float = 0.2
    tightness: float = 0.5
    repetitions: int = 0
    durations: tuple[int, int] = (10, 60)
    seed: int = 0

    def defects(self) -> list[str]:
        """Return what is wrong with the recipe, a sentence each."""
        one = ("facilities", "machines", "jobs", "robots", "grippers", "holds", "flexibility")
        none = (
            "cells",
            "stations",
            "vehicles",
            "timetable",
            "hubs",
            "docks",
            "fleet",
            "chargers",
            "operators",
            "repetitions",
            "seed",
        )
        at_least = dict.fromkeys(one, 1) | dict.fromkeys(none, 0)
        of_movers = ("reach", "tended", "rush", "splits", "buffers", "dwell")
        shares = (*of_movers, "blocking", "setups", "capacity", "shifts", "interruptible", "assembly", "tightness")
        shortest, longest = self.durations
        found = []
        for name, least in at_least.items():
            if getattr(self, name) < least:
                found.append(f"{name} is {getattr(self, name)}, but must be at least {least}")
        for name in shares:
            if not 0 <= getattr(self, name) <= 1:
                found.append(f"{name} is {getattr(self, name)}, but is a share between 0 and 1")
        for name in ("facilities", "cells"):
            if self.machines < getattr(self, name):
                found.append(f"{self.machines} machines can't furnish {getattr(self, name)} {name}, one each at least")
        if not self.jobs <= self.operations <= MAX_OPERATIONS:
            found.append(
                f"operations is {self.operations}, but must be between the number of jobs ({self.jobs}) "
                f"and {MAX_OPERATIONS}"
            )
        if self.repetitions == 1:
            found.append("repetitions is 1, but one set alone does not show when the next begins; 0 is for no cycle")
        for name in ("shifts", "timetable", "rush", "chargers") if self.repetitions else ():
            if getattr(self, name) > 0:
                found.append(f"{name} is {getattr(self, name)}, but makes one cycle unlike another; set it to 0")
        if self.timetable > LONGEST_PERIOD:
            found.append(
                f"timetable is {self.timetable}, but must be at most {LONGEST_PERIOD}: every shift needs a departure"
            )
        if not 1 <= shortest <= longest:
            found.append(f"durations are {shortest} to {longest}, but must be 1 or more, the shorter first")
        elif self.shifts > 0 and longest * SLOWEST_PERCENT // 100 + LONGEST_SETUP > SHORTEST_SHIFT:
            found.append(
                f"an operation of {longest} may last {longest * SLOWEST_PERCENT // 100} on another machine and must "
                f"fit with its setup of {LONGEST_SETUP} into a shift of {SHORTEST_SHIFT}; shorten the durations or "
                "set shifts to 0"
            )
        return found

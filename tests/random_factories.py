"""Random small factories and jobs: what each of them has of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from random_sources import Draws

from scheduler.domain import (
    Calendar,
    Downtime,
    Job,
    Lane,
    Machine,
    Mode,
    Operation,
    OperatorPool,
    Precedence,
    Robot,
    RobotCell,
    SetupMatrix,
    Shift,
    ShiftPattern,
    Timetable,
    TransitTimes,
    TransitWindow,
)
from scheduler.domain.departures import usable_departures, usable_windows


class Parts(Draws):
    """Draws machines, cells, lanes and jobs."""

    # the plant

    def machine(self, id: str, facility: str, celled: dict[str, bool]) -> Machine:
        capacity = self.integer(2, 3) if self.has("capacity", 4) else 1
        in_cell = celled[facility] and self.integer(0, 3) > 0
        lacks_buffers = in_cell or self.has("blocking", 3)
        calendar = self.calendar()
        setups = self.setups() if capacity == 1 and self.has("setups", 3) else None
        places = (None, 0, 1) if self.has("buffers", 3) and setups is None else (None, 0)
        input_buffer = self.choice(places if in_cell else (None, 0)) if lacks_buffers else None
        output_buffer = self.choice(places) if lacks_buffers else None
        return Machine(
            id=id,
            facility=facility,
            cell=f"C-{facility}" if in_cell else None,
            capacity=capacity,
            calendar=calendar,
            setups=setups,
            input_buffer=input_buffer,
            output_buffer=output_buffer,
            swap=not (lacks_buffers and capacity == 1 and not output_buffer and self.has("swaps", 3)),
        )

    def calendar(self) -> Calendar:
        downtimes = ()
        if self.has("downtimes", 4):
            start = self.integer(0, 8)
            downtimes = (Downtime(start, start + self.integer(1, 4), "maintenance"),)
        pattern = None
        if self.has("shifts", 5):
            start = self.integer(0, 2)
            pattern = ShiftPattern(8, (Shift(start, start + self.integer(4, 6)),))
        return Calendar(downtimes, pattern)

    def setups(self) -> SetupMatrix:
        times = {a: {b: self.integer(0, 3) for b in "AB" if a != b or self.integer(0, 3) == 3} for a in "AB"}
        return SetupMatrix(times, self.choice((None, "A", "B")))

    def cell(self, facility: str, stations: list[str]) -> RobotCell:
        input_station = f"in-{facility}"
        output_station = self.choice((f"out-{facility}", input_station))
        places = list(dict.fromkeys((input_station, *stations, output_station)))
        robots = tuple(
            Robot(f"R{number}-{facility}", self.choice(places), self.calendar())
            for number in range(1, 2 + (self.integer(0, 3) == 3))
        )
        return RobotCell(
            id=f"C-{facility}",
            facility=facility,
            robots=robots,
            input_station=input_station,
            output_station=output_station,
            travel={a: {b: self.integer(1, 3) for b in places if a != b} for a in places},
            load_time=self.integer(0, 1),
            unload_time=self.integer(0, 1),
        )

    def lanes(self, machines: Sequence[Machine], jobs: Sequence[Job]) -> tuple[Lane, ...]:
        """Return lanes both ways if a part has to change facility, else some."""
        facility_of = {machine.id: machine.facility for machine in machines}
        has_to_change = False
        for job in jobs:
            sites = {
                operation.id: {facility_of[mode.machine] for mode in operation.modes} for operation in job.operations
            }
            has_to_change |= any(not sites[p.predecessor] & sites[p.successor] for p in job.precedences)
        ways = [("F1", "F2"), ("F2", "F1")] if has_to_change else [("F1", "F2")]
        ways += [self.choice((("F2", "F1"), ("F1", "F2")))] if self.integer(0, 1) else []
        units = max(job.units for job in jobs)
        lanes = tuple(
            Lane(
                id=f"L{number}",
                origin=origin,
                destination=destination,
                transit_time=self.integer(1, 4),
                vehicles=self.integer(1, 2),
                units_per_vehicle=self.integer(units, units + 1),
                return_time=self.integer(0, 3),
                load_time=self.integer(0, 1),
                unload_time=self.integer(0, 1),
                calendar=self.calendar(),
            )
            for number, (origin, destination) in enumerate(ways, start=1)
        )
        lanes = tuple(self.transit(lane) for lane in lanes) if self.has("transit", 3) else lanes
        return tuple(self.departures(lane) for lane in lanes) if self.has("timetables", 3) else lanes

    def transit(self, lane: Lane) -> Lane:
        """Return the lane with another transit time in a window of a period, where the calendar leaves a trip."""
        start = self.integer(0, 4)
        window = TransitWindow(start, start + self.integer(1, 3), self.integer(0, 6))
        found = replace(lane, transit_times=TransitTimes(self.choice((7, 8)), (window,)))
        return found if usable_windows(found) else lane

    def departures(self, lane: Lane) -> Lane:
        """Return the lane with headway, costs and, where that leaves a departure, a timetable."""
        lane = replace(
            lane,
            headway=self.integer(0, 4),
            trip_cost=self.integer(0, 3),
            unit_cost=self.integer(0, 2),
            trip_co2=self.integer(0, 2),
        )
        first = self.integer(0, 3)
        more = (first + self.integer(1, 2),) if self.integer(0, 1) else ()
        timetable = Timetable((first, *more), self.choice((4, 3, 8)))
        found = replace(lane, timetable=timetable)
        return found if usable_departures(found) and self.integer(0, 2) else lane

    # the jobs

    def jobs(self, num_operations: int, machines: Sequence[Machine], pools: Sequence[OperatorPool]) -> tuple[Job, ...]:
        jobs: list[Job] = []
        while num_operations > 0:
            count = self.integer(1, num_operations)
            jobs.append(self.job(f"J{len(jobs) + 1}", count, machines, pools))
            num_operations -= count
        return tuple(jobs)

    def job(self, id: str, count: int, machines: Sequence[Machine], pools: Sequence[OperatorPool]) -> Job:
        ids = [str(number) for number in range(1, count + 1)]
        release_date = self.integer(0, 4) if self.has("dates") else 0
        return Job(
            id=id,
            operations=tuple(self.operation(operation, machines, pools) for operation in ids),
            precedences=self.precedences(ids),
            release_date=release_date,
            due_date=release_date + self.integer(1, 12) if self.has("dates") else None,
            deadline=release_date + self.integer(8, 25) if self.has("deadlines", 5) else None,
            weight=self.integer(1, 3),
            units=self.integer(1, 2),
            plans=self.plans(ids) if count > 1 and self.has("plans", 4) else (),
        )

    def operation(self, id: str, machines: Sequence[Machine], pools: Sequence[OperatorPool]) -> Operation:
        chosen = [self.choice(machines) for _ in range(2 if self.has("modes", 3) else 1)]
        modes = tuple(self.mode(machine, pools) for machine in dict.fromkeys(m.id for m in chosen))
        return Operation(id, modes, interruptible=self.has("interruptible", 3))

    def mode(self, machine: str, pools: Sequence[OperatorPool]) -> Mode:
        operators = {pool.id: self.integer(1, pool.capacity) for pool in pools if self.integer(0, 2)}
        return Mode(machine, self.integer(1, 4), self.choice((None, "A", "B")), operators)

    def precedences(self, ids: Sequence[str]) -> tuple[Precedence, ...]:
        as_graph = self.has("graph", 4)
        pairs = [(a, b) for i, b in enumerate(ids) for a in ids[:i] if as_graph or a == ids[i - 1]]
        kept = [pair for pair in pairs if not as_graph or self.integer(0, 1)]
        return tuple(self.precedence(*pair) for pair in kept)

    def precedence(self, predecessor: str, successor: str) -> Precedence:
        if not self.has("lags", 4):
            return Precedence(predecessor, successor)
        min_lag = self.integer(0, 2)
        return Precedence(predecessor, successor, min_lag, self.choice((None, min_lag + self.integer(0, 8))))

    def plans(self, ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return all operations but one, or all but another."""
        left_out = {self.integer(0, len(ids) - 1), self.integer(0, len(ids) - 1)}
        return tuple(tuple(id for id in ids if id != ids[index]) for index in sorted(left_out))

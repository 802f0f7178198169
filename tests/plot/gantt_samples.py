"""Factories and schedules to draw, made by a small greedy generator of our own: no search, no files, any size.

Two facilities, each with machines (one with setups, one of capacity 3) and a robot cell whose stations have no
output buffer, and a lane with two vehicles between them. Jobs are placed one after the other, each operation as
early as its machine, its robot and its calendar allow.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from scheduler.domain import (
    Calendar,
    Downtime,
    Facility,
    Instance,
    Job,
    Lane,
    Machine,
    Mode,
    Move,
    Operation,
    OperationKey,
    Robot,
    RobotCell,
    Schedule,
    ScheduledOperation,
    SetupMatrix,
    Shift,
    ShiftPattern,
)
from scheduler.domain.calendar import earliest_start, end_of_work
from scheduler.domain.derive import complete
from scheduler.domain.jobs import chain
from scheduler.domain.routing import route

FAMILIES = ("red", "green", "blue")
FAR = 10**7


def factory(num_jobs: int, *, seed: int = 0, stations: int = 4, dated: bool = False) -> Instance:
    """Return two facilities with a lane between them and jobs of five operations each."""
    rng = random.Random(seed)
    facilities = ("north", "south")
    machines = [machine for name in facilities for machine in _machines(name, stations)]
    jobs = tuple(_job(f"J{number}", number, stations, rng) for number in range(1, num_jobs + 1))
    return Instance(
        name=f"two facilities, {num_jobs} jobs",
        facilities=tuple(Facility(name) for name in facilities),
        machines=tuple(machines),
        jobs=jobs,
        cells=tuple(_cell(name, stations) for name in facilities),
        lanes=(Lane("truck", "north", "south", 25, vehicles=2, units_per_vehicle=3, return_time=20, load_time=5),),
        time_origin=datetime(2026, 3, 2, 6, tzinfo=UTC) if dated else None,
    )


def _machines(facility: str, stations: int) -> Iterator[Machine]:
    times = {a: {b: 0 if a == b else 8 for b in FAMILIES} for a in FAMILIES}
    shifts = Calendar(pattern=ShiftPattern(1440, (Shift(0, 960),)))
    yield Machine(f"{facility} saw", facility, calendar=shifts, setups=SetupMatrix(times, "red"))
    service = Calendar((Downtime(150, 190, "maintenance"),))
    yield Machine(f"{facility} mill", facility, calendar=service, setups=SetupMatrix(times, "blue"))
    yield Machine(f"{facility} oven", facility, capacity=3)
    for number in range(1, stations + 1):
        yield Machine(f"{facility} S{number}", facility, cell=f"{facility} cell", output_buffer=0)


def _cell(facility: str, stations: int) -> RobotCell:
    places = [f"{facility} in", f"{facility} out", *(f"{facility} S{number}" for number in range(1, stations + 1))]
    travel = {a: {b: 1 + abs(i - j) // 2 for j, b in enumerate(places)} for i, a in enumerate(places)}
    robots = (Robot(f"{facility} robot", places[0], Calendar((Downtime(300, 320, "service"),))),)
    return RobotCell(f"{facility} cell", facility, robots, places[0], places[1], travel, 1, 1)


def _job(name: str, number: int, stations: int, rng: random.Random) -> Job:
    def mode(machine: str) -> Mode:
        return Mode(machine, rng.randrange(12, 40), rng.choice(FAMILIES))

    first, second = rng.sample(range(1, stations + 1), 2)
    operations = (
        Operation("cut", (mode("north saw"), mode("north mill")), interruptible=True),
        Operation("weld", (mode(f"north S{first}"),)),
        Operation("test", (mode(f"north S{second}"),)),
        Operation("bake", (mode("south oven"),)),
        Operation("pack", (mode(f"south S{first}"), mode("south mill"))),
    )
    due = 200 + 22 * number + rng.randrange(60)
    return Job(name, operations, chain(tuple(o.id for o in operations)), due_date=due, weight=1 + number % 3)


@dataclass
class Greedy:
    """Places jobs one after the other; machines and vehicles take turns in that order, robots fill their gaps."""

    instance: Instance
    operations: list[ScheduledOperation] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    free_at: dict[str, list[int]] = field(default_factory=dict)
    robot_moves: dict[str, list[Move]] = field(default_factory=dict)
    family: dict[str, str | None] = field(default_factory=dict)

    def schedule(self) -> Schedule:
        """Return the schedule of all jobs."""
        for machine in self.instance.machines:
            self.free_at[machine.id] = [0] * machine.capacity
            self.family[machine.id] = machine.setups.initial if machine.setups is not None else None
        for job in self.instance.jobs:
            self._place(job)
        return complete(self.instance, self.operations, self.moves)

    def _place(self, job: Job) -> None:
        before: ScheduledOperation | None = None
        for operation in job.operations:
            index, mode = min(enumerate(operation.modes), key=lambda item: min(self.free_at[item[1].machine]))
            machine = self.instance.machine_by_id[mode.machine]
            ready = self._carry(job, before, operation.id, machine)
            free = min(self.free_at[machine.id])
            if machine.setups is not None:
                free += machine.setups.time(self.family[machine.id], mode.setup_family)
                self.family[machine.id] = mode.setup_family
            blocked = machine.calendar.blocked(FAR if machine.calendar.pattern is None else 40_000)
            start = earliest_start(blocked, max(ready, free), mode.duration, operation.interruptible)
            end = end_of_work(blocked, start, mode.duration) if operation.interruptible else start + mode.duration
            self._hold(machine, end)
            before = ScheduledOperation(job.id, operation.id, index, machine.id, start, end)
            self.operations.append(before)
        self._carry(job, before, None, None)

    def _hold(self, machine: Machine, until: int) -> None:
        lanes = self.free_at[machine.id]
        lanes[lanes.index(min(lanes))] = until

    def _carry(self, job: Job, before: ScheduledOperation | None, after: str | None, to: Machine | None) -> int:
        origin = self.instance.machine_by_id[before.machine] if before is not None else None
        ready = before.end if before is not None else job.release_date
        for leg in route(self.instance, origin, to) or ():
            predecessor = before.operation if before is not None else None
            link = (job.id, leg.origin, leg.destination, predecessor, after)
            move = self._ship(link, ready) if leg.kind == "transfer" else self._robot_move(leg.groups[0], link, ready)
            self.moves.append(move)
            if origin is not None and move.origin == origin.id:
                self.free_at[origin.id] = [move.start + self.instance.cell_by_id[leg.groups[0]].unload_time]
            ready = move.end
        return ready

    def _robot_move(self, cell_id: str, link: tuple[str, str, str, str | None, str | None], ready: int) -> Move:
        cell = self.instance.cell_by_id[cell_id]
        robot = cell.robots[0]
        job, origin, destination, predecessor, successor = link
        length = cell.move_time(origin, destination)
        done = self.robot_moves.setdefault(robot.id, [])
        for position in range(len(done) + 1):
            place, free = (done[position - 1].destination, done[position - 1].end) if position else (robot.start, 0)
            earliest = max(ready, free + cell.travel_time(place, origin))
            start = earliest_start(robot.calendar.blocked(FAR), earliest, length, False)
            following = done[position] if position < len(done) else None
            if (
                following is not None
                and start + length + cell.travel_time(destination, following.origin) > following.start
            ):
                continue
            end = start + length
            move = Move(job, origin, destination, robot.id, "robot_move", start, end, predecessor, successor)
            done.insert(position, move)
            return move
        raise AssertionError("the place behind the last move is always free")

    def _ship(self, link: tuple[str, str, str, str | None, str | None], ready: int) -> Move:
        job, origin, destination, predecessor, successor = link
        lane = self.instance.lanes[0]
        trips: dict[tuple[str, int], int] = {}
        for move in self.moves:
            if move.kind == "transfer":
                trips[move.mover, move.start] = trips.get((move.mover, move.start), 0) + 1
        shared = [trip for trip, load in trips.items() if trip[1] >= ready and load < lane.units_per_vehicle]
        free = {vehicle: 0 for vehicle in lane.vehicle_ids}
        for vehicle, start in trips:
            free[vehicle] = max(free[vehicle], start + lane.cycle_time)
        vehicle, start = min(((v, max(at, ready)) for v, at in free.items()), key=lambda trip: trip[1])
        if shared:
            vehicle, start = min(shared, key=lambda trip: trip[1])
        end = start + lane.trip_time
        return Move(job, origin, destination, vehicle, "transfer", start, end, predecessor, successor)


def planned(num_jobs: int, *, seed: int = 0, stations: int = 4, dated: bool = False) -> tuple[Instance, Schedule]:
    """Return a factory and a greedy schedule of it."""
    instance = factory(num_jobs, seed=seed, stations=stations, dated=dated)
    return instance, Greedy(instance).schedule()


def shifted(schedule: Schedule, instance: Instance, since: int, delay: int) -> Schedule:
    """Return the schedule with everything that starts at `since` or later starting `delay` later."""
    operations = [
        replace(o, start=o.start + delay, end=o.end + delay) if o.start >= since else o for o in schedule.operations
    ]
    moves = [
        replace(m, start=m.start + delay, end=m.end + delay) if m.start >= since else m
        for m in schedule.moves
        if m.job is not None
    ]
    return complete(instance, operations, moves)


def moved(schedule: Schedule, instance: Instance, key: OperationKey, **fields: int | str) -> Schedule:
    """Return the schedule with one operation changed."""
    operations = [replace(o, **fields) if o.key == key else o for o in schedule.operations]
    return complete(instance, operations, [m for m in schedule.moves if m.job is not None])

"""Short words for tiny instances and schedules, and one factory that has every feature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from unittest.mock import patch

from scheduler.checker import check
from scheduler.domain import (
    Battery,
    Calendar,
    Charger,
    ChargeStep,
    Downtime,
    Execution,
    Facility,
    Fleet,
    Instance,
    Job,
    Lane,
    Machine,
    Mode,
    Move,
    Objective,
    Operation,
    OperatorPool,
    Precedence,
    Progress,
    Robot,
    RobotCell,
    Schedule,
    ScheduledOperation,
    Setup,
    SetupMatrix,
    Shift,
    ShiftPattern,
    Shortage,
    Stop,
    Vehicle,
)
from scheduler.domain.jobs import chain
from scheduler.search import construct as construction

# --- instances ---------------------------------------------------------------------------------------------------


def mode(machine: str, duration: int, family: str | None = None, **operators: int) -> Mode:
    """``mode("M1", 3, "red", welders=1)``."""
    return Mode(machine, duration, family, operators)


def op(id: str, *modes: Mode, interruptible: bool = False) -> Operation:
    """``op("1", mode("M1", 3), mode("M2", 4))``."""
    return Operation(id, modes, interruptible)


def job(id: str, *operations: Operation, links: tuple[Precedence, ...] | None = None, **fields: object) -> Job:
    """A chain of operations, unless `links` says otherwise."""
    links = chain(tuple(operation.id for operation in operations)) if links is None else links
    return Job(id, operations, links, **fields)


def simple_job(id: str, *steps: tuple[str, int], **fields: object) -> Job:
    """``simple_job("J1", ("M1", 3), ("M2", 2))``: operations 1, 2, ... in a chain, each with one mode."""
    operations = (op(str(number), mode(*step)) for number, step in enumerate(steps, start=1))
    return job(id, *operations, **fields)


def machine(id: str, facility: str = "F", **fields: object) -> Machine:
    return Machine(id, facility, **fields)


def down(*windows: tuple[int, int]) -> Calendar:
    """A calendar with these downtimes."""
    return Calendar(tuple(Downtime(start, end) for start, end in windows))


def shifts(period: int, *windows: tuple[int, int]) -> Calendar:
    """A calendar that works in these windows of each period."""
    return Calendar(pattern=ShiftPattern(period, tuple(Shift(start, end) for start, end in windows)))


def distances(places: str, travel: int) -> dict[str, dict[str, int]]:
    """All places (separated by blanks) are `travel` apart."""
    names = places.split()
    return {p: {q: travel for q in names if q != p} for p in names}


def factory(*parts: Machine | Job | RobotCell | Lane | OperatorPool | Fleet | Facility, **fields: object) -> Instance:
    """An instance of these parts, with the facilities that they name."""
    machines = tuple(p for p in parts if isinstance(p, Machine))
    given = {p.id: p for p in parts if isinstance(p, Facility)}
    facilities = tuple(given.get(id, Facility(id)) for id in dict.fromkeys(m.facility for m in machines))
    return Instance(
        "test",
        facilities,
        machines,
        tuple(p for p in parts if isinstance(p, Job)),
        tuple(p for p in parts if isinstance(p, RobotCell)),
        tuple(p for p in parts if isinstance(p, Lane)),
        tuple(p for p in parts if isinstance(p, OperatorPool)),
        tuple(p for p in parts if isinstance(p, Fleet)),
        **fields,
    )


# --- schedules ---------------------------------------------------------------------------------------------------


def at(name: str, machine: str, start: int, end: int, mode: int = 0) -> ScheduledOperation:
    """``at("J1.2", "M1", 5, 8)``: operation 2 of J1 on M1 during [5, 8)."""
    job_id, operation_id = name.split(".")
    return ScheduledOperation(job_id, operation_id, mode, machine, start, end)


def carry(link: str, way: str, mover: str, start: int, end: int) -> Move:
    """``carry("J1 1>2", "M1>M2", "R1", 5, 9)``: a robot carries the part of J1 from operation 1 to 2.

    ``"J1 >1"`` is an arrival, ``"J1 2>"`` a departure.
    """
    job_id, _, ends = link.partition(" ")
    predecessor, successor = ends.split(">")
    origin, destination = way.split(">")
    return Move(job_id, origin, destination, mover, "robot_move", start, end, predecessor or None, successor or None)


def transfer(link: str, way: str, vehicle: str, start: int, end: int) -> Move:
    """Like `carry`, but by a lane vehicle."""
    return replace(carry(link, way, vehicle, start, end), kind="transfer")


def transport(link: str, way: str, vehicle: str, start: int, end: int) -> Move:
    """Like `carry`, but by a vehicle of a fleet."""
    return replace(carry(link, way, vehicle, start, end), kind="transport")


def empty(way: str, mover: str, start: int, end: int) -> Move:
    """``empty("M2>M1", "R1", 9, 11)``: the robot (or vehicle) travels without load."""
    origin, destination = way.split(">")
    return Move(None, origin, destination, mover, "empty_move", start, end)


def setup(name: str, machine: str, families: str, start: int, end: int) -> Setup:
    """``setup("J1.2", "M1", "red>blue", 5, 7)``: M1 is changed over for operation 2 of J1."""
    job_id, operation_id = name.split(".")
    before, after = families.split(">")
    return Setup(machine, job_id, operation_id, before, after, start, end)


def schedule(*parts: ScheduledOperation | Move | Setup) -> Schedule:
    return Schedule(
        tuple(p for p in parts if isinstance(p, ScheduledOperation)),
        tuple(p for p in parts if isinstance(p, Move)),
        tuple(p for p in parts if isinstance(p, Setup)),
    )


# --- checks ------------------------------------------------------------------------------------------------------


def flagged(instance: Instance, schedule: Schedule) -> list[tuple[str, str, int]]:
    """Return rule, place and amount of every violation."""
    return [(v.rule, v.where, v.amount) for v in check(instance, schedule)]


def assert_valid(instance: Instance, schedule: Schedule) -> None:
    """Fail with every violation unless the schedule is right."""
    assert [str(violation) for violation in check(instance, schedule)] == []


def constructed(instance: Instance, objective: str = "", *, passes: int = 20, seed: int = 0) -> Schedule | None:
    """Return what construction finds by all rules and so many passes with noise: counted, not by the clock."""
    with patch.object(construction, "MAX_NOISY_PASSES", passes):
        goal = Objective.parse(objective or instance.objective)
        return construction.construct(instance, goal, time_limit=600.0, seed=seed)


class Enough(Stop):
    """A wish to stop once `number` points of a history meet a condition: counted, where seconds would run out."""

    def __init__(self, number: int, counts: Callable[[Progress], bool] = lambda point: point.value is not None) -> None:
        super().__init__()
        self._left = number
        self._counts = counts

    def hear(self, point: Progress) -> None:
        """Take a point of the history."""
        self._left -= self._counts(point)
        if self._left <= 0:
            self.request()


class Soon(Stop):
    """A wish to stop that is made after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    @property
    def requested(self) -> bool:
        """Whether there have been so many looks."""
        self._looks -= 1
        return self._looks < 0


# --- the factory with every feature ------------------------------------------------------------------------------


def complete_instance() -> Instance:
    """Two facilities, a robot cell with blocking stations and two robots, a lane, and every kind of data.

    In facility F1, which has one dock: cell C with the stations S1, S2 (no buffers, no swaps) and S3 (2 and 1
    places), M1 with setups and a downtime, oven OV for two parts, a crew of two, one of whom is away from 90 to 95. In
    F2: M3 with shifts, M4. Every robot move lasts 1 + 2 + 1 = 4 ticks, a trip 1 + 3 + 1 = 5 and its return 4. J2 stays
    on S1 for two operations, J3 is an assembly, J4 has two plans. S1 is a bath for J1. R2 has two grippers, goes to S3
    only and tends it for J5. The output station has two places.
    """
    cell = RobotCell(
        "C",
        "F1",
        (Robot("R1", "IN", down((29, 35))), Robot("R2", "OUT", grippers=2, reach=("IN", "OUT", "S3"))),
        "IN",
        "OUT",
        distances("IN OUT S1 S2 S3", 2),
        load_time=1,
        unload_time=1,
        output_places=2,
    )
    lane = Lane(
        "L",
        "F1",
        "F2",
        transit_time=3,
        units_per_vehicle=2,
        return_time=4,
        load_time=1,
        unload_time=1,
        calendar=down((20, 28)),
    )
    matrix = SetupMatrix({"a": {"b": 3}, "b": {"a": 2}}, initial="b")
    # No job needs the cart: it only goes between its park and its charger.
    battery = Battery(10, (ChargeStep(10, 1),), 10, 2, 1, 1)
    cart = Vehicle("V", "park", battery=battery)
    carts = Fleet("carts", "F1", (cart,), distances("park plug", 2), chargers=(Charger("plug", "plug"),))
    return factory(
        machine("S1", "F1", cell="C", input_buffer=0, output_buffer=0, swap=False),
        machine("S2", "F1", cell="C", input_buffer=0, output_buffer=0, swap=False),
        machine("S3", "F1", cell="C", input_buffer=2, output_buffer=1),
        machine("M1", "F1", setups=matrix, calendar=down((9, 12))),
        machine("OV", "F1", capacity=2),
        machine("M3", "F2", calendar=shifts(20, (0, 16))),
        machine("M4", "F2"),
        Facility("F1", docks=1),
        cell,
        lane,
        carts,
        OperatorPool("crew", 2, (Shortage(90, 95, reason="training"),)),
        job(
            "J1",
            op("1", Mode("S1", 3, max_dwell=10), mode("S2", 5)),
            op("2", mode("S2", 4)),
            op("3", mode("M3", 5), mode("M4", 9), interruptible=True),
            due_date=40,
            weight=2,
        ),
        job(
            "J2",
            op("1", mode("S1", 2)),
            op("2", mode("S1", 2)),
            op("3", mode("M3", 4), interruptible=True),
            release_date=2,
            due_date=50,
        ),
        job(
            "J3",
            op("1", mode("M1", 4, "a")),
            op("2", mode("M1", 3, "b")),
            op("3", mode("OV", 6, crew=1), mode("M1", 9)),
            links=(Precedence("1", "3"), Precedence("2", "3")),
            due_date=20,
        ),
        job(
            "J4",
            op("1", mode("M1", 2, "b")),
            op("2", mode("OV", 8, crew=1)),
            op("3", mode("M4", 3, crew=2)),
            links=(Precedence("1", "3", 5, 25), Precedence("2", "3", 5, 25)),
            release_date=10,
            deadline=60,
            plans=(("1", "3"), ("2", "3")),
        ),
        job("J5", op("1", Mode("S3", 5, tended=True))),
    )


def complete_schedule() -> Schedule:
    """A right schedule of `complete_instance`, made by hand; J4 follows its second plan."""
    return schedule(
        at("J1.1", "S1", 4, 7),
        at("J1.2", "S2", 11, 15),
        at("J1.3", "M3", 34, 43),  # works [34, 36), off shift [36, 40), works [40, 43)
        at("J2.1", "S1", 17, 19),  # its part stays on S1 until J2.2 starts
        at("J2.2", "S1", 20, 22),
        at("J2.3", "M3", 43, 47),
        at("J3.1", "M1", 2, 6),
        at("J3.2", "M1", 15, 18),
        at("J3.3", "OV", 18, 24),
        at("J4.2", "OV", 14, 22),
        at("J4.3", "M4", 43, 46),
        replace(at("J5.1", "S3", 6, 11), tended_by="R2"),
        setup("J3.1", "M1", "b>a", 0, 2),  # from the initial family
        setup("J3.2", "M1", "a>b", 12, 15),  # right after the downtime [9, 12); [6, 9) would end too early
        carry("J1 >1", "IN>S1", "R1", 0, 4),  # takes S1 at 3
        carry("J1 1>2", "S1>S2", "R1", 7, 11),  # leaves S1 at 8, takes S2 at 10
        empty("S2>IN", "R1", 11, 13),
        carry("J2 >1", "IN>S1", "R1", 13, 17),
        empty("S1>S2", "R1", 17, 19),
        carry("J1 2>3", "S2>OUT", "R1", 19, 23),  # blocks S2 until 20
        empty("OUT>S1", "R1", 23, 25),
        carry("J2 2>3", "S1>OUT", "R1", 25, 29),  # just before the downtime of R1
        empty("OUT>IN", "R2", 0, 2),
        carry("J5 >1", "IN>S3", "R2", 2, 6),
        carry("J5 1>", "S3>OUT", "R2", 11, 15),
        transfer("J1 2>3", "F1>F2", "L#1", 29, 34),  # one trip with J2: 2 units
        transfer("J2 2>3", "F1>F2", "L#1", 29, 34),
        empty("F2>F1", "L#1", 34, 38),
        transfer("J4 2>3", "F1>F2", "L#1", 38, 43),
        empty("F2>F1", "L#1", 43, 47),
    )


def complete_schedule_of_first_plan() -> Schedule:
    """`complete_schedule` with the first plan of J4: on M1 right after J3.2, of the same family."""
    base = complete_schedule()
    operations = (*(o for o in base.operations if o.key != ("J4", "2")), at("J4.1", "M1", 18, 20))
    moves = tuple(replace(m, predecessor="1") if m.job == "J4" else m for m in base.moves)
    return Schedule(operations, moves, base.setups)


def executed(instance: Instance, baseline: Schedule, now: int, **fields: object) -> Instance:
    """The instance at `now`, everything having gone as in the baseline."""
    moves = tuple(m for m in baseline.moves if m.job is not None and m.start < now)
    return replace(instance, execution=Execution(now, baseline, moves=moves, **fields))


def random_job_shop(jobs: int, machines: int, seed: int) -> Instance:
    """Every job goes over every machine, in an order of its own, for 1 to 99 ticks each."""
    random = Random(seed)
    names = [f"M{number}" for number in range(machines)]
    ways = [
        simple_job(f"J{number}", *((name, random.randint(1, 99)) for name in random.sample(names, machines)))
        for number in range(jobs)
    ]
    return factory(*(machine(name) for name in names), *ways)

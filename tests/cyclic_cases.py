"""Cyclic instances for tests: robotic cells, halls, what several parts share, carriers that hold several."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from helpers import distances, factory, machine, mode, op, simple_job

from scheduler.domain import (
    Facility,
    Fleet,
    Instance,
    Job,
    Lane,
    OperatorPool,
    Robot,
    RobotCell,
    SetupMatrix,
    Vehicle,
)
from scheduler.domain.cycle import Cycle, unrolled
from scheduler.domain.jobs import chain


def cyclic(instance: Instance, repetitions: int) -> Instance:
    """Return an instance in which the jobs of this one are made again and again."""
    return unrolled(replace(instance, objective="cycle_time > makespan"), Cycle(repetitions))


def robotic_cell(times: tuple[int, ...], move: int, handling: int, repetitions: int) -> Instance:
    """Identical parts over stations in a row; `move` from one to the next, `handling` to load or unload."""
    stations = [f"M{number}" for number in range(1, len(times) + 1)]
    places = ["IN", *stations, "OUT"]
    travel = {a: {b: abs(i - j) * move for j, b in enumerate(places) if b != a} for i, a in enumerate(places)}
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", travel, handling, handling)
    part = simple_job("P", *zip(stations, times, strict=True))
    baths = (machine(station, cell="C", input_buffer=0, output_buffer=0) for station in stations)
    return cyclic(factory(*baths, cell, part), repetitions)


def cell(seed: int, num_parts: int = 3, repetitions: int = 4) -> Instance:
    """Parts over three baths and a bench with setups; one robot, or two."""
    random = Random(seed)
    places = distances("IN S1 S2 S3 OUT", random.randint(1, 3))
    robots = tuple(Robot(f"R{n}", "IN", speed=100 - 30 * n * (seed % 2)) for n in range(random.choice((1, 1, 2))))
    robot_cell = RobotCell("C", "F", robots, "IN", "OUT", places, random.randint(0, 2), 1)
    setups = SetupMatrix({"a": {"b": random.randint(1, 9)}, "b": {"a": random.randint(1, 9)}}, initial="a")
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in ("S1", "S2", "S3")]

    def operation(number: int, family: str):
        machines = random.sample(["S1", "S2", "S3", "B"], random.choice((1, 1, 2)))
        dwell = random.choice((None, 0, 3))
        modes = (
            replace(mode(m, random.randint(1, 12)), **({"setup_family": family} if m == "B" else {"max_dwell": dwell}))
            for m in machines
        )
        return op(str(number), *modes)

    jobs = []
    for n in range(num_parts):
        operations = tuple(operation(k, random.choice("ab")) for k in range(random.randint(1, 4)))
        jobs.append(Job(f"P{n}", operations, chain(tuple(o.id for o in operations))))
    instance = factory(*stations, machine("B", setups=setups), robot_cell, *jobs)
    return unrolled(replace(instance, objective="cycle_time"), Cycle(repetitions))


def crowded(seed: int) -> Instance:
    """One or two jobs through a cell and a hall with a vehicle or two, and one of what several parts share."""
    random = Random(seed)
    kind = ("places", "buffers", "ovens", "crew", "tended")[seed % 5]
    places = {"input_places": 1, "output_places": 1} if kind == "places" else {}
    robots = tuple(Robot(f"R{n}", "IN") for n in range(random.choice((1, 2))))
    robot_cell = RobotCell("C", "F", robots, "IN", "OUT", distances("IN S1 S2 OUT", 1), 0, 1, **places)
    vehicles = tuple(Vehicle(f"V{n}", "M1") for n in range(random.choice((1, 2))))
    fleet = Fleet("cars", "F", vehicles, distances("IN OUT M1", random.randint(1, 2)), 0, random.randint(0, 1))
    buffers = {"input_buffer": random.choice((1, None)), "output_buffer": 1} if kind == "buffers" else {}
    capacity = 2 if kind == "ovens" else 1
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in ("S1", "S2")]
    bench = machine("M1", capacity=capacity, **(buffers or {"output_buffer": random.choice((0, None))}))

    def operation(number: int, name: str):
        people = {"crew": random.randint(1, 2)} if kind == "crew" and random.random() < 0.7 else {}
        is_tended = kind == "tended" and name != "M1" and random.random() < 0.7
        return op(str(number), replace(mode(name, random.randint(1, 9)), operators=people, tended=is_tended))

    jobs = []
    for n in range(random.choice((1, 2))):
        turns = random.choice((("S1", "M1"), ("M1", "S2"), ("M1", "S1", "M1"), ("S2", "M1", "S1")))
        operations = tuple(operation(k, name) for k, name in enumerate(turns))
        jobs.append(Job(f"P{n}", operations, chain(tuple(o.id for o in operations))))
    crew = (OperatorPool("crew", 2),) if kind == "crew" else ()
    return cyclic(factory(*stations, bench, robot_cell, fleet, *crew, *jobs), random.choice((2, 3)))


def with_grippers(instance: Instance, number: int) -> Instance:
    """Give the robots of all cells so many grippers."""
    cells = (
        replace(cell, robots=tuple(replace(robot, grippers=number) for robot in cell.robots)) for cell in instance.cells
    )
    return replace(instance, cells=tuple(cells))


def held(seed: int) -> Instance:
    """Parts over three stations by one robot with two grippers, or over machines by one vehicle for two."""
    random = Random(seed)
    jobs = [
        simple_job(f"P{n}", *((name, random.randint(1, 12)) for name in random.sample(("S1", "S2", "S3"), count)))
        for n, count in enumerate(random.choice(((1,), (2,), (3,), (1, 1))))
    ]
    places, handling = distances("IN S1 S2 S3 OUT", random.randint(1, 3)), (random.randint(0, 2), random.randint(1, 2))
    if seed % 3 == 0:
        stops = distances("DOCK S1 S2 S3", random.randint(1, 3))
        fleet = Fleet(
            "AGV", "F", (Vehicle("V", "DOCK", capacity=2),), stops, pick_up_time=handling[0], drop_time=handling[1]
        )
        return cyclic(factory(Facility("F", "DOCK"), *map(machine, ("S1", "S2", "S3")), fleet, *jobs), 4)
    robots = (Robot("R", "IN", grippers=2),)
    robot_cell = RobotCell("C", "F", robots, "IN", "OUT", places, *handling)
    if seed % 6 == 4:  # the robot stays with what is done first
        first = replace(jobs[0].operations[0], modes=(replace(jobs[0].operations[0].modes[0], tended=True),))
        jobs[0] = replace(jobs[0], operations=(first, *jobs[0].operations[1:]))
    buffers = {} if seed % 3 == 1 else {"input_buffer": 0, "output_buffer": 0}
    return cyclic(factory(*(machine(s, cell="C", **buffers) for s in ("S1", "S2", "S3")), robot_cell, *jobs), 4)


def one_long_job(seed: int) -> Instance:
    """A part that is on the same machines and robots again and again, over several cycles."""
    random = Random(seed)
    names = ("S1", "S2", "S3")
    robots = tuple(Robot(f"R{n}", "IN") for n in range(random.choice((1, 2))))
    robot_cell = RobotCell("C", "F", robots, "IN", "OUT", distances("IN S1 S2 S3 OUT", random.randint(1, 2)), 0, 1)
    turns = [random.choice(names)]
    while len(turns) < 8:
        turns.append(random.choice([name for name in names if name != turns[-1]]))
    job = simple_job("P", *((name, random.randint(2, 20)) for name in turns))
    baths = (machine(name, cell="C", input_buffer=0, output_buffer=0) for name in names)
    return cyclic(factory(*baths, robot_cell, job), 5)


def several_carriers(seed: int) -> Instance:
    """Return a case of `held` with a second robot or vehicle, for two parts or for one, as fast or half as fast."""
    random, instance = Random(seed), held(seed)
    number, speed = random.choice((1, 2)), random.choice((100, 50))
    fleets = (
        replace(f, vehicles=(*f.vehicles, Vehicle("W", "DOCK", capacity=number, speed=speed))) for f in instance.fleets
    )
    cells = (replace(c, robots=(*c.robots, Robot("Q", "IN", grippers=number, speed=speed))) for c in instance.cells)
    return replace(instance, fleets=tuple(fleets), cells=tuple(cells))


def by_plans(seed: int) -> Instance:
    """Return jobs with two or three process plans each, through a cell or a hall with a vehicle."""
    random = Random(seed)
    if seed % 2:
        names = ("S1", "S2", "S3")
        robots = (Robot("R", "IN", grippers=random.choice((1, 2))),)
        mover = RobotCell("C", "F", robots, "IN", "OUT", distances("IN S1 S2 S3 OUT", 1), 0, 1)
        machines = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in names]
    else:
        names = ("M1", "M2", "M3")
        mover = Fleet("cars", "F", (Vehicle("V", "M1"),), distances("M1 M2 M3", 1), 0, random.choice((0, 1)))
        machines = [machine(name, output_buffer=random.choice((0, None))) for name in names]
    jobs = []
    for n in range(random.choice((1, 2))):
        plans = [tuple(f"{k}{step}" for step in range(random.choice((1, 2)))) for k in "ab"[: random.choice((1, 2))]]
        plans.append(("z", *random.choice(plans)))  # what comes after z is in another plan too
        ids = dict.fromkeys(id for plan in plans for id in plan)
        operations = tuple(op(id, mode(random.choice(names), random.randint(1, 8))) for id in ids)
        precedences = tuple(dict.fromkeys(p for plan in plans for p in chain(plan)))
        jobs.append(Job(f"P{n}", operations, precedences, plans=tuple(plans)))
    return cyclic(factory(*machines, mover, *jobs), 3)


def over_lanes(seed: int) -> Instance:
    """Return jobs that go from one facility to another, some of them back; lanes have one or two vehicles."""
    random = Random(seed)
    docks = {f: random.choice((None, 1)) for f in "FG"}
    sites = [Facility(f, f"{f}-dock" if f == "G" and seed % 3 == 0 else None, docks=docks[f]) for f in "FG"]
    lanes = [
        Lane(
            f"L{n}",
            *ends,
            random.randint(1, 5),
            vehicles=random.choice((1, 2)),
            units_per_vehicle=random.randint(2, 3),
            return_time=random.choice((0, 2, 4)),
            load_time=random.choice((0, 1)),
            unload_time=random.choice((0, 1)),
            headway=random.choice((0, 3)),
        )
        for n, ends in enumerate(random.choice((("FG", "GF"), ("FG", "GF", "FG"))))
    ]
    machines = [machine(f"{f}{n}", f, output_buffer=random.choice((0, None))) for f in "FG" for n in (1, 2)]
    cars = (Fleet("cars", "G", (Vehicle("V", "G-dock"),), distances("G-dock G1 G2", 1)),) if seed % 3 == 0 else ()
    jobs = []
    for n in range(random.choice((1, 2, 3))):
        turns = random.choice((("F1", "G1"), ("F2", "G1"), ("F1", "G2", "F2"), ("F1", "G1", "G2")))
        job = simple_job(f"P{n}", *((name, random.randint(1, 5)) for name in turns))
        jobs.append(replace(job, units=random.choice((1, 1, 2))))
    return cyclic(factory(*sites, *machines, *lanes, *cars, *jobs), random.choice((2, 3, 4)))


def in_several_loads(seed: int) -> Instance:
    """Return a case of `over_lanes`, every third one with a hub, with one lane on each way and jobs that split."""
    random, instance = Random(seed), over_a_hub(seed) if seed % 3 == 2 else over_lanes(seed)
    lanes = {(lane.origin, lane.destination): lane for lane in instance.lanes}
    units = {job.id.split("#")[0]: random.choice((1, 3, 4, 5)) for job in instance.jobs}
    jobs = (replace(job, units=units[job.id.split("#")[0]], splits=True) for job in instance.jobs)
    return replace(instance, lanes=tuple(lanes.values()), jobs=tuple(jobs))


def by_several_lanes(seed: int) -> Instance:
    """Return a case of `in_several_loads` with two or three lanes on each way, of different lengths and vehicles.

    Each has a headway, since the search never lets two vehicles of a lane depart at a tick.
    """
    random, instance = Random(seed), in_several_loads(seed)
    lanes = [
        Lane(
            f"{lane.id}+{n}",
            lane.origin,
            lane.destination,
            random.randint(1, 6),
            vehicles=random.choice((1, 1, 2)),
            units_per_vehicle=random.randint(2, 3),
            return_time=random.choice((0, 2, 4)),
            load_time=random.choice((0, 1, 2)),
        )
        for lane in instance.lanes
        for n in range(random.choice((1, 1, 2)))
    ]
    lanes = [replace(lane, headway=max(1, lane.headway)) for lane in (*instance.lanes, *lanes)]
    return replace(instance, lanes=tuple(lanes))


def over_a_hub(seed: int) -> Instance:
    """Return a case of `over_lanes` in which parts can also go over a hub, or have to."""
    random, instance = Random(seed), over_lanes(seed)
    lanes = [
        Lane(
            f"H{n}",
            *ends,
            random.randint(1, 3),
            vehicles=random.choice((1, 2)),
            units_per_vehicle=2,
            return_time=random.choice((0, 2)),
            load_time=random.choice((0, 1)),
        )
        for n, ends in enumerate(("FH", "HG"))
    ]
    hub = Facility("H", hub=True, docks=random.choice((None, 1)))
    direct = [lane for lane in instance.lanes if lane.origin == "G" or random.random() < 0.7]
    return replace(instance, facilities=(*instance.facilities, hub), lanes=(*direct, *lanes))

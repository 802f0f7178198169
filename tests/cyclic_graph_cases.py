"""Cyclic instances whose parts are joined or go on apart, take no time, or have lags: by hand and at random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from cyclic_cases import cell, crowded, cyclic, held, over_lanes
from helpers import distances, factory, job, machine, mode, op, simple_job

from scheduler.domain import (
    Facility,
    Fleet,
    Instance,
    Job,
    Lane,
    Operation,
    Precedence,
    Robot,
    RobotCell,
    SetupMatrix,
    Vehicle,
)
from scheduler.domain.cycle import part_set
from scheduler.domain.jobs import chain

SHAPES = (
    "ab ac",
    "ab ac bd cd",
    "ab ac cd",
    "ab ac ad",
    "ac bc cd ce",
    "ab ac bd cd ce",
    "ab ac be cd de",
    "ab ac cd bd be",
)
"""Graphs of jobs in which some operation has several successors, by the precedences."""


def joined(id: str, *branches: tuple[tuple[str, int], ...], then: tuple[tuple[str, int], ...], **fields: object) -> Job:
    """Return a job whose branches, steps of a machine and a duration, are joined by the first step of `then`."""
    operations, precedences, at_end = [], [], []
    for number, steps in enumerate((*branches, then)):
        of_branch = [op(f"{number}{k}", mode(*step)) for k, step in enumerate(steps)]
        operations += of_branch
        precedences += chain(tuple(o.id for o in of_branch))
        if number < len(branches):
            at_end.append(of_branch[-1].id)
    precedences += [Precedence(last, f"{len(branches)}0") for last in at_end]
    return job(id, *operations, links=tuple(precedences), **fields)


def fetched(pick_up: int, drop: int, near: int, far: int, work: int, **of_machine: object) -> Instance:
    """Return a job that joins on M what a vehicle for one part brings from two machines, one near and one far."""
    ways = {"M": {"N": near, "F": far}, "N": {"M": near, "F": far}, "F": {"M": far, "N": far}}
    fleet = Fleet("cars", "F", (Vehicle("V", "M"),), ways, pick_up_time=pick_up, drop_time=drop)
    part = joined("P", (("N", 1),), (("F", 1),), then=(("M", work),))
    return cyclic(factory(machine("N"), machine("F"), machine("M", **of_machine), fleet, part), 5)


def tiny_assembly(seed: int) -> Instance:
    """Return a job of two or three operations before one that joins them, and one of what makes that harder."""
    random = Random(seed)
    kind = random.choice(("plain", "fleet", "oven", "setups"))
    names = ("M1", "M2")
    steps = [((random.choice(names), random.randint(1, 4)),) for _ in range(random.choice((2, 2, 3)))]
    part = joined("P", *steps, then=((random.choice(names), random.randint(1, 4)),))
    matrix = SetupMatrix({"a": {"b": random.randint(1, 3)}, "b": {"a": random.randint(1, 3)}}, initial="a")
    if kind == "setups":
        families = {o.id: random.choice("ab") for o in part.operations}
        operations = (
            replace(o, modes=tuple(replace(m, setup_family=families[o.id]) for m in o.modes)) for o in part.operations
        )
        part = replace(part, operations=tuple(operations))
    machines = [
        machine(
            name,
            setups=matrix if kind == "setups" else None,
            capacity=2 if kind == "oven" and name == "M1" else 1,
            input_buffer=random.choice((0, None)) if kind == "fleet" else None,
        )
        for name in names
    ]
    cars = [Fleet("cars", "F", (Vehicle("V", "M1"),), distances("M1 M2", random.randint(1, 2)), drop_time=1)]
    return cyclic(factory(*machines, *(cars if kind == "fleet" else []), part), 2)


def assembled(seed: int) -> Instance:
    """Return one or two jobs that join branches in a cell, in a hall with a vehicle or two, or behind a lane."""
    random = Random(seed)
    kind = ("cell", "hall", "buffers", "lane", "held", "places")[seed % 6]
    names = ("S1", "S2", "S3")
    of_machine: dict[str, object] = {}
    movers: list[object] = []
    if kind in ("cell", "places"):
        robots = tuple(Robot(f"R{n}", "IN", grippers=random.choice((1, 2))) for n in range(random.choice((1, 1, 2))))
        places = {"output_places": 1} if kind == "places" else {}
        movers = [RobotCell("C", "F", robots, "IN", "OUT", distances("IN S1 S2 S3 OUT", 1), 1, 1, **places)]
        of_machine = {"cell": "C", "input_buffer": random.choice((0, None))}
    elif kind in ("hall", "buffers", "held"):
        capacity = 2 if kind == "held" else 1
        cars = tuple(Vehicle(f"V{n}", "S1", capacity=capacity) for n in range(random.choice((1, 2))))
        movers = [Fleet("cars", "F", cars, distances("S1 S2 S3", random.randint(1, 3)), 1, random.randint(0, 1))]
        of_machine |= {"input_buffer": random.choice((0, None))}
        if kind == "buffers":
            of_machine = {"input_buffer": 1, "output_buffer": 1}
    sites = [Facility("F"), Facility("G")] if kind == "lane" else [Facility("F")]
    if kind == "lane":
        movers = [Lane("L", "F", "G", 3, units_per_vehicle=2, return_time=3, vehicles=random.choice((1, 2)))]
    machines = [machine(name, "G" if kind == "lane" and name == "S3" else "F", **of_machine) for name in names]
    if kind != "buffers":
        machines[2] = replace(machines[2], output_buffer=random.choice((0, None)))
    jobs = []
    for n in range(random.choice((1, 1, 2))):
        steps = [
            tuple((random.choice(names[:2]), random.randint(1, 6)) for _ in range(random.choice((1, 1, 2))))
            for _ in range(random.choice((2, 2, 3)))
        ]
        jobs.append(joined(f"P{n}", *steps, then=(("S3", random.randint(1, 6)),)))
    return cyclic(factory(*sites, *machines, *movers, *jobs), random.choice((3, 4)))


def into_baths(instance: Instance, name: str, random: Random) -> Instance:
    """Return a cyclic instance in which a machine is a bath, without input buffer; parts stay there for so long."""
    one_set, cycle = part_set(instance), instance.cycle
    assert cycle is not None
    machines = (replace(m, input_buffer=0) if m.id == name else m for m in one_set.machines)
    dwell = {mode.machine: random.choice((0, 0, 1, 3)) for j in one_set.jobs for o in j.operations for mode in o.modes}

    def bath(operation: Operation) -> Operation:
        modes = (replace(m, max_dwell=dwell[name]) if m.machine == name else m for m in operation.modes)
        return replace(operation, modes=tuple(modes))

    jobs = (replace(j, operations=tuple(map(bath, j.operations))) for j in one_set.jobs)
    return cyclic(replace(one_set, machines=tuple(machines), jobs=tuple(jobs)), cycle.repetitions)


def bathed(seed: int) -> Instance:
    """Return a case of `assembled`, in a cell or in a hall with a vehicle or two, whose parts are joined in a bath."""
    kind = (0, 1, 4, 5)[seed % 4]
    return into_baths(assembled(6 * (seed // 4) + kind), "S3", Random(seed))


def handed_out(pick_up: int, drop: int, near: int, far: int, work: int, **of_machine: object) -> Instance:
    """Return a job that M takes apart into what a vehicle for one part brings to two machines, one near and one far."""
    ways = {"M": {"N": near, "F": far}, "N": {"M": near, "F": far}, "F": {"M": far, "N": far}}
    fleet = Fleet("cars", "F", (Vehicle("V", "M"),), ways, pick_up_time=pick_up, drop_time=drop)
    operations = (op("0", mode("M", work)), op("near", mode("N", 1)), op("far", mode("F", 1)))
    part = job("P", *operations, links=(Precedence("0", "near"), Precedence("0", "far")))
    return cyclic(factory(machine("N"), machine("F"), machine("M", **of_machine), fleet, part), 5)


def graph(id: str, shape: str, *steps: tuple[str, int]) -> Job:
    """Return a job of this shape whose operations, in the order of their names, are these steps."""
    names = sorted(set(shape.replace(" ", "")))
    operations = (op(name, mode(*step)) for name, step in zip(names, steps, strict=False))
    return job(id, *operations, links=tuple(Precedence(*pair) for pair in shape.split()))


def parted(seed: int) -> Instance:
    """Return one or two jobs in which an operation has several successors, in a factory of `assembled`."""
    random, plant = Random(seed), part_set(assembled(seed))
    jobs = []
    for n in range(random.choice((1, 1, 2))):
        shape = random.choice(SHAPES)
        names = sorted(set(shape.replace(" ", "")))
        ends = {name for name in names if all(pair[0] != name for pair in shape.split())}
        where = [random.choice(("S1", "S2", "S3") if name in ends else ("S1", "S2")) for name in names]
        jobs.append(graph(f"P{n}", shape, *((name, random.randint(1, 6)) for name in where)))
    return cyclic(replace(plant, jobs=tuple(jobs)), random.choice((3, 4)))


def tiny_parted(seed: int) -> Instance:
    """Return a job of three or four operations over two machines, one of them with several successors."""
    random = Random(seed)
    kind = random.choice(("plain", "fleet", "oven", "holds"))
    shape = random.choice(SHAPES[:4])
    names = ("M1", "M2")
    part = graph("P", shape, *((random.choice(names), random.randint(1, 4)) for _ in range(4)))
    machines = [
        machine(
            name,
            capacity=2 if kind == "oven" and name == "M1" else 1,
            output_buffer=0 if kind == "holds" or (kind == "fleet" and random.random() < 0.5) else None,
        )
        for name in names
    ]
    cars = [Fleet("cars", "F", (Vehicle("V", "M1"),), distances("M1 M2", random.randint(1, 2)), drop_time=1)]
    return cyclic(factory(*machines, *(cars if kind == "fleet" else []), part), 2)


def in_no_time(seed: int) -> Instance:
    """Return a case of another kind in which some operations, and all that is short of its moves, take no time."""
    random = Random(seed)
    case = (cell, crowded, held, over_lanes, assembled)[seed % 5](seed)
    one_set, cycle = part_set(case), case.cycle
    assert cycle is not None

    set_up = {machine.id for machine in one_set.machines if machine.setups is not None}

    def quick(o: Operation) -> Operation:
        if random.random() < 0.5 or any(m.machine in set_up or m.tended for m in o.modes):
            return o
        return replace(o, modes=tuple(replace(m, duration=0) for m in o.modes))

    def shorter(travel: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
        least = min(time for row in travel.values() for time in row.values())
        return {a: {b: time - least for b, time in row.items()} for a, row in travel.items()}

    jobs = (replace(j, operations=(j.operations[0], *map(quick, j.operations[1:]))) for j in one_set.jobs)
    cells = (replace(c, travel=shorter(c.travel), load_time=0) for c in one_set.cells)
    fleets = (replace(f, travel=shorter(f.travel), pick_up_time=0, drop_time=0) for f in one_set.fleets)
    lanes = (replace(lane, transit_time=random.randint(0, 1), load_time=0, unload_time=0) for lane in one_set.lanes)
    changed = replace(one_set, jobs=tuple(jobs), cells=tuple(cells), fleets=tuple(fleets), lanes=tuple(lanes))
    return cyclic(changed, min(3, cycle.repetitions))


def lagging(seed: int) -> Instance:
    """Return one or two jobs with least lags, in a cell, a hall or over a lane; parts wait beside their machines."""
    random = Random(seed)
    kind = ("cell", "hall", "lane")[seed % 3]
    names = ("S1", "S2", "S3")
    handling = random.randint(0, 1)
    movers: list[object] = [Facility("F")]
    if kind == "cell":
        robots = (Robot("R", "IN", grippers=random.choice((1, 2))),)
        movers.append(RobotCell("C", "F", robots, "IN", "OUT", distances("IN S1 S2 S3 OUT", 1), handling, 1))
    elif kind == "hall":
        cars = tuple(Vehicle(f"V{n}", "S1") for n in range(random.choice((1, 2))))
        movers.append(Fleet("cars", "F", cars, distances("S1 S2 S3", random.randint(1, 3)), handling, 1))
    else:
        movers += [Facility("G"), Lane("L", "F", "G", 2, units_per_vehicle=2, return_time=2)]
    of_machine: dict[str, object] = {"cell": "C"} if kind == "cell" else {}
    sites = ("F", "F", "G" if kind == "lane" else "F")
    machines = [
        machine(name, site, input_buffer=random.choice((0, None)), **of_machine)
        for name, site in zip(names, sites, strict=True)
    ]
    jobs = []
    for n in range(random.choice((1, 1, 2))):
        turns = random.choice((("S1", "S2"), ("S2", "S3"), ("S1", "S2", "S3"), ("S1", "S3")))
        operations = tuple(op(str(k), mode(name, random.randint(1, 6))) for k, name in enumerate(turns))
        links = (replace(p, min_lag=random.choice((0, 2, 5, 9, 14))) for p in chain(tuple(o.id for o in operations)))
        jobs.append(Job(f"P{n}", operations, tuple(links)))
    return cyclic(factory(*movers, *machines, *jobs), random.choice((3, 4)))


def hurried(seed: int) -> Instance:
    """Return jobs of two or three operations, chains or assemblies, whose lags end soon after their way, or at once."""
    random = Random(seed)
    kind = ("cell", "hall", "lane", "held", "joined")[seed % 5]
    names = ("S1", "S2", "S3")
    way = random.randint(1, 3)
    movers: list[object] = [Facility("F")]
    if kind == "cell":
        robots = tuple(Robot(f"R{n}", "IN") for n in range(random.choice((1, 2))))
        movers.append(RobotCell("C", "F", robots, "IN", "OUT", distances("IN S1 S2 S3 OUT", way), 0, 1))
    elif kind == "lane":
        movers += [Facility("G"), Lane("L", "F", "G", way, units_per_vehicle=random.choice((1, 2)), return_time=2)]
    else:
        cars = tuple(Vehicle(f"V{n}", "S1", capacity=2 if kind == "held" else 1) for n in range(random.choice((1, 2))))
        movers.append(Fleet("cars", "F", cars, distances("S1 S2 S3", way), 0, 1))
    of_machine: dict[str, object] = {"cell": "C"} if kind == "cell" else {}
    machines = [
        machine(
            name,
            "G" if kind == "lane" and name == "S3" else "F",
            input_buffer=random.choice((0, None)),
            output_buffer=random.choice((0, None)),
            **of_machine,
        )
        for name in names
    ]
    jobs = []
    for n in range(random.choice((1, 2, 2))):
        turns = random.choice((("S1", "S2"), ("S2", "S3"), ("S1", "S2", "S3"), ("S1", "S3", "S1")))
        if kind == "lane":
            turns = random.choice((("S1", "S3"), ("S2", "S3"), ("S1", "S2", "S3")))
        steps = [(name, random.randint(1, 9)) for name in turns]
        part = simple_job(f"P{n}", *steps)
        if kind == "joined":
            part = joined(f"P{n}", (("S1", steps[0][1]),), (("S2", steps[1][1]),), then=(("S3", random.randint(1, 6)),))
        links = (replace(p, max_lag=random.choice((None, *range(way + 1, way + 4)))) for p in part.precedences)
        jobs.append(replace(part, precedences=tuple(links)))
    return cyclic(factory(*movers, *machines, *jobs), random.choice((3, 4)))

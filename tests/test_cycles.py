"""Cyclic production: least cycle times known from the literature, by hand, and from brute force; and its events."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from cpsat.fixing import hint_status, hinted
from cyclic_cases import cyclic, robotic_cell
from helpers import assert_valid, distances, factory, job, machine, mode, op, simple_job
from oracle import TooHardError
from oracle_cycle import best_cycle

from scheduler.cpsat.solve import improve
from scheduler.domain import (
    Battery,
    Calendar,
    Charger,
    ChargeStep,
    Downtime,
    Facility,
    Fleet,
    Instance,
    Lane,
    Objective,
    OperatorPool,
    SetupMatrix,
    Status,
    Stop,
    Timetable,
    TransitTimes,
    TransitWindow,
    Vehicle,
)
from scheduler.domain.cycle import Cycle, part_set, sets_of, unrolled
from scheduler.domain.events import MachineBreakdown
from scheduler.io import read
from scheduler.io.validate import defects, require_valid
from scheduler.plot.lay_out import lay_out
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.search.construct import construct
from scheduler.search.decode import spoken
from scheduler.search.tabu.arrays import why_unsupported
from scheduler.terms import value_terms

SECONDS = 300.0
"""For proofs: far more than any of them takes, where many processes share a core too."""


def least_one_unit_cycle(times: tuple[int, ...], move: int, handling: int) -> int:
    """Try every order in which a robot can make the moves of one part: A0 out of IN, A1 out of M1 ...

    In the order, the move out of a station takes the part that was brought before it in the same cycle, or in the
    cycle before if it comes first. The least starts for a cycle time are longest paths.
    """
    number = len(times) + 1
    length = 2 * handling + move
    for cycle_time in range(1, 1000):
        for rest in permutations(range(1, number)):
            order = (0, *rest)
            arcs = [
                (a, b, length + abs(a + 1 - b) * move - (cycle_time if b == 0 else 0))
                for a, b in zip(order, (*rest, 0), strict=True)
            ]
            for i in range(1, number):
                turn = 0 if order.index(i) > order.index(i - 1) else cycle_time
                arcs.append((i - 1, i, length + times[i - 1] - turn))
            starts = [0] * number
            for _ in range(number + 1):
                for a, b, gap in arcs:
                    starts[b] = max(starts[b], starts[a] + gap)
            if all(starts[b] >= starts[a] + gap for a, b, gap in arcs):
                return cycle_time
    raise AssertionError("no cycle time is enough")


def least_cycle_time(instance: Instance, workers: int = 1) -> int:
    result = solve(instance, objective="cycle_time", time_limit=SECONDS, workers=workers)
    assert result.status is Status.OPTIMAL
    assert_valid(instance, result.schedule)
    assert result.bounds == (result.terms["cycle_time"],)
    return result.terms["cycle_time"]


@pytest.mark.parametrize(("a", "b", "move", "handling"), [(3, 4, 1, 1), (20, 1, 2, 1), (5, 30, 1, 2), (2, 1, 3, 1)])
def test_two_machine_cell_has_the_cycle_of_sethi_and_others(a: int, b: int, move: int, handling: int) -> None:
    # Sethi et al. (1992): the robot takes one part all the way, or serves both machines in turn.
    one_by_one = 6 * move + 6 * handling + a + b
    in_turn = max(8 * move + 6 * handling, max(a, b) + 4 * move + 4 * handling)
    assert least_one_unit_cycle((a, b), move, handling) == min(one_by_one, in_turn)
    assert least_cycle_time(robotic_cell((a, b), move, handling, 4)) == min(one_by_one, in_turn)


@pytest.mark.parametrize("seed", range(3))
def test_three_machine_cell_has_the_best_of_six_cycles(seed: int) -> None:
    random = Random(seed)
    times, move, handling = tuple(random.randint(1, 25) for _ in range(3)), random.randint(1, 3), random.randint(1, 2)
    assert least_cycle_time(robotic_cell(times, move, handling, 5)) == least_one_unit_cycle(times, move, handling)


def random_cyclic(seed: int) -> Instance:
    """One or two jobs over two machines, and one of setups, vehicles, operators, blocking, capacity."""
    random = Random(seed)
    kind = random.choice(("plain", "setups", "fleet", "crew", "blocking", "oven"))
    names = ["M1", "M2"]
    families = ("a", "b") if kind == "setups" else (None, None)

    def operation(number: int):
        chosen = random.sample(names, random.choice((1, 1, 2)))
        people = {"crew": 1} if kind == "crew" else {}
        times = [(m, random.randint(1, 4), random.choice(families)) for m in chosen]
        return op(str(number), *(replace(mode(m, t), setup_family=f, operators=people) for m, t, f in times))

    jobs = [job(f"J{n}", *(operation(k) for k in range(random.randint(1, 2)))) for n in range(random.choice((1, 1, 2)))]
    matrix = SetupMatrix({"a": {"b": random.randint(1, 3)}, "b": {"a": random.randint(1, 3)}}, initial="a")
    machines = [
        machine(
            name,
            setups=matrix if kind == "setups" else None,
            output_buffer=0 if kind == "blocking" else None,
            capacity=2 if kind == "oven" and name == "M1" else 1,
        )
        for name in names
    ]
    extra = []
    if kind == "crew":
        extra = [OperatorPool("crew", 1)]
    if kind == "fleet":
        vehicles = tuple(Vehicle(f"V{n}", "M1") for n in range(random.choice((1, 2))))
        extra = [Fleet("cars", "F", vehicles, distances("M1 M2", random.randint(1, 2)))]
    return cyclic(factory(*machines, *extra, *jobs), random.choice((2, 3)))


def assert_agrees(instance: Instance) -> bool:
    require_valid(instance, "random")
    try:
        cycle_time, makespan, schedule = best_cycle(instance)
    except TooHardError:
        return False
    assert_valid(instance, schedule)
    constructed = construct(instance, Objective.parse(instance.objective), time_limit=0.05)
    assert constructed is not None
    assert_valid(instance, constructed)
    assert hint_status(instance, constructed) is Status.FEASIBLE
    result = solve(instance, time_limit=SECONDS, workers=1)
    assert_valid(instance, result.schedule)
    assert (result.status, result.values) == (Status.OPTIMAL, (cycle_time, makespan))
    return True


@pytest.mark.parametrize("seed", range(8))
def test_least_cycle_time_is_that_of_brute_force(seed: int) -> None:
    assert assert_agrees(random_cyclic(seed)) or seed > 0


@pytest.mark.slow
def test_many_least_cycle_times_are_those_of_brute_force() -> None:
    assert sum(assert_agrees(random_cyclic(seed)) for seed in range(100, 250)) > 75


def two_steps() -> Instance:
    """A part is 3 on M1 and 2 on M2."""
    return cyclic(factory(machine("M1"), machine("M2"), simple_job("P", ("M1", 3), ("M2", 2))), 3)


def test_sets_overlap() -> None:
    # M1 works 3 ticks for every part, and without pause: 3 (R - 1) + 3 + 2 for three parts.
    result = solve(two_steps(), time_limit=SECONDS, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (3, 11))


def test_a_cycle_takes_a_tick_where_nothing_takes_time() -> None:
    # Three sets at 0, 1 and 2.
    instance = cyclic(factory(machine("M"), simple_job("P", ("M", 0))), 3)
    objective = Objective.parse(instance.objective)
    outcome = improve(
        instance,
        objective,
        start=None,
        time_limit=SECONDS,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
    assert outcome.schedule is not None
    terms = value_terms(instance, outcome.schedule)
    assert (outcome.status, terms["cycle_time"], terms["makespan"]) == (Status.OPTIMAL, 1, 2)


def test_the_instance_that_ships() -> None:
    # Proved in instances/README.md.
    result = solve(
        read(Path(__file__).parents[1] / "instances" / "cyclic_cell_tiny.json"), time_limit=SECONDS, workers=2
    )
    assert (result.status, result.values, result.bounds) == (Status.OPTIMAL, (12, 55), (12, 55))
    # The chart shows four sets, 12 apart, and the fifth where it would begin: the cycle [36, 48) is tinted.
    instance = read(Path(__file__).parents[1] / "instances" / "cyclic_cell_tiny.json")
    layout = lay_out(instance, result.schedule)
    assert layout.sets == (0, 12, 24, 36, 48)
    assert lay_out(replace(instance, cycle=None), result.schedule).sets == ()


def test_hint_names_every_variable() -> None:
    instance = robotic_cell((3, 4), 1, 1, 3)
    schedule = construct(instance, Objective.parse(instance.objective), time_limit=0.1)
    assert schedule is not None
    ctx = hinted(instance, schedule)
    constants = [v for v in ctx.model.proto.variables if len(v.domain) == 2 and v.domain[0] == v.domain[1]]
    assert len(ctx.model.proto.solution_hint.vars) == len(ctx.model.proto.variables) - len(constants)
    assert hint_status(instance, schedule) is Status.FEASIBLE


def test_unrolling_and_back() -> None:
    instance = two_steps()
    assert [j.id for j in instance.jobs] == ["P#1", "P#2", "P#3"]
    assert [[j.id for j in jobs] for jobs in sets_of(instance)] == [["P#1"], ["P#2"], ["P#3"]]
    assert unrolled(part_set(instance), Cycle(3)) == instance


def test_what_tells_one_cycle_from_another_is_refused() -> None:
    day = Calendar((Downtime(5, 9),))
    lane = Lane("L", "F", "G", 3, timetable=Timetable((1,)), transit_times=TransitTimes(9, (TransitWindow(0, 5, 4),)))
    battery = Battery(10, (ChargeStep(10, 1),), 10)
    fleet = Fleet(
        "cars", "F", (Vehicle("V", "M1", battery=battery),), distances("M1 P", 1), chargers=(Charger("C", "P"),)
    )
    sites = (machine("M1", calendar=day), machine("M2", "G"), Facility("F"), Facility("G"))
    shop = factory(*sites, lane, fleet, job("A", op("1", mode("M1", 3)), release_date=2, due_date=9, deadline=20))
    assert [(d.code, d.where) for d in defects(cyclic(shop, 2)) if d.code == "E360"] == [
        ("E360", "$.machines[0].calendar"),
        ("E360", "$.lanes[0].timetable"),
        ("E360", "$.lanes[0].transit_times"),
        ("E360", "$.fleets[0].vehicles[0].battery"),
        ("E360", "$.jobs[0].release_date"),
        ("E360", "$.jobs[0].due_date"),
        ("E360", "$.jobs[0].deadline"),
    ]


def test_jobs_that_are_no_copies_are_refused() -> None:
    shop = two_steps()
    longer = replace(shop.jobs[1], units=2)
    assert [(d.code, d.where) for d in defects(replace(shop, jobs=(shop.jobs[0], longer, shop.jobs[2])))] == [
        ("E361", "$.jobs[0]")
    ]
    assert [d.code for d in defects(replace(shop, jobs=shop.jobs[:2]))] == ["E361"]


def test_compiled_searches_keep_out() -> None:
    assert why_unsupported(two_steps()) == "cycles"
    assert spoken.why_unsupported(two_steps()) == "cycle of Instance"


def test_an_event_ends_the_cycle() -> None:
    # Part k is on M1 during [3k - 3, 3k). M1 is down during [4, 9): part 2 goes on until 11.
    instance = two_steps()
    plan = solve(instance, time_limit=30, workers=1).schedule
    event = MachineBreakdown("E1", 4, machine="M1", until=9)
    outcome = repair(instance, plan, (event,), policy="right-shift", time_limit=5, workers=1)
    assert outcome.instance.cycle is None
    assert_valid(outcome.instance, outcome.result.schedule)
    starts = [o.start for o in outcome.result.schedule.operations if o.machine == "M1"]
    assert starts == [0, 3, 11]
    assert value_terms(outcome.instance, outcome.result.schedule)["cycle_time"] == 0

"""Robots that go to some places of their cell only, and hand parts over where they meet."""

from __future__ import annotations

import json
from dataclasses import replace

from helpers import assert_valid, at, carry, factory, flagged, job, machine, mode, op, schedule, simple_job

from scheduler.domain import Instance, Job, Objective, Robot, RobotCell, Status
from scheduler.domain.routing import carriers, route
from scheduler.io import native
from scheduler.portfolio import solve
from scheduler.search.construct import construct

# IN - S1 - S2 - OUT on a line, 2 apart; R1 works on the left, R2 on the right, both reach S1.
POSITIONS = {"IN": 0, "S1": 2, "S2": 4, "OUT": 6}
TRAVEL = {a: {b: abs(x - y) for b, y in POSITIONS.items() if a != b} for a, x in POSITIONS.items()}
LEFT, RIGHT = Robot("R1", "IN", reach=("IN", "S1")), Robot("R2", "S1", reach=("S1", "S2", "OUT"))


def line(*jobs: Job, robots: tuple[Robot, ...] = (LEFT, RIGHT)) -> Instance:
    stations = (machine(id, cell="C", input_buffer=0, output_buffer=0) for id in ("S1", "S2"))
    cell = RobotCell("C", "F", robots, "IN", "OUT", TRAVEL, 1, 1)
    return factory(*stations, cell, *jobs or (simple_job(name, ("S1", 3), ("S2", 3)) for name in ("A", "B")))


def test_a_robot_goes_where_it_reaches():
    shop = line(simple_job("A", ("S1", 3)))
    parts = at("A.1", "S1", 4, 7), carry("A >1", "IN>S1", "R1", 0, 4)
    assert_valid(shop, schedule(*parts, carry("A 1>", "S1>OUT", "R2", 7, 13)))
    wrong = schedule(*parts, carry("A 1>", "S1>OUT", "R1", 7, 13))
    assert flagged(shop, wrong) == [("moves", "A on R1", 1)]


def test_movers_and_routes():
    shop = line()
    s1, s2 = shop.machines
    (entry,) = route(shop, None, s1)
    assert carriers(shop, entry, shop.jobs[0]) == (("R1", 4),)
    (onward,) = route(shop, s1, s2)
    assert [mover for mover, _ in carriers(shop, onward, shop.jobs[0])] == ["R2"]
    assert route(shop, None, s2) is None


def test_right_robot_is_the_bottleneck():
    # It takes A on at 0 + 4 + 3 = 7, A off at 11 + 3 = 14 until 18; is back at S1 at 22, at S2 with B at 26, and B is
    # out at 29 + 4 = 33. As S2 is full until then, its four moves have no other order.
    result = solve(line(), time_limit=30, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (33,))
    assert_valid(line(), result.schedule)
    assert_valid(line(), construct(line(), Objective.parse("makespan"), time_limit=0.0))


def test_modes_between_which_no_robot_goes_are_left_out():
    # S2 would be faster, but no robot goes from S1 to S2: the second operation is on S1 too.
    fast = job("A", op("1", mode("S1", 3)), op("2", mode("S2", 1), mode("S1", 9)))
    apart = (LEFT, Robot("R2", "S2", reach=("S2", "OUT")), Robot("R3", "S1", reach=("S1", "OUT")))
    shop = line(fast, robots=apart)
    result = solve(shop, time_limit=30, workers=1)
    assert (result.status, [o.machine for o in result.schedule.operations]) == (Status.OPTIMAL, ["S1", "S1"])
    assert_valid(shop, result.schedule)


def test_positions_become_travel_times():
    text = native.write(replace(line(), name="line"))
    shop = native.read(text, "line.json")
    assert shop.cells == line().cells
    document = json.loads(text)
    del document["cells"][0]["travel"]
    document["cells"][0] |= {"positions": {"IN": 0, "S1": 3, "S2": 7, "OUT": 12}, "speed": 2}
    moved = native.read(json.dumps(document), "line.json")
    assert moved.cells[0].travel["IN"] == {"S1": 2, "S2": 4, "OUT": 6}
    assert moved.cells[0].travel["OUT"] == {"IN": 6, "S1": 5, "S2": 3}

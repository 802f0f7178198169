"""Every part goes its route, in time, with the right movers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    down,
    empty,
    executed,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    simple_job,
    transfer,
)

from scheduler.domain import Instance, Lane, Precedence, Robot, RobotCell


def cell(id: str, facility: str, *stations: str) -> RobotCell:
    """Places and robots carry the id of the cell: C has C.IN, C.OUT, C.R; robot moves last 1 + 2 + 1."""
    places = f"{id}.IN {id}.OUT {' '.join(stations)}"
    robot = Robot(f"{id}.R", f"{id}.IN")
    return RobotCell(id, facility, (robot,), f"{id}.IN", f"{id}.OUT", distances(places, 2), 1, 1)


# Facility F: stations A, B in cell C, station D in cell E, machines M, N. Facility G: station X in cell K, machine Y.
PARTS = (
    *(machine("A", cell="C"), machine("B", cell="C"), machine("D", cell="E"), machine("M"), machine("N")),
    *(machine("X", "G", cell="K"), machine("Y", "G")),
    *(cell("C", "F", "A", "B"), cell("E", "F", "D"), cell("K", "G", "X")),
)
LANE = Lane("L", "F", "G", transit_time=8, load_time=1, unload_time=1)  # a trip lasts 10


def way(origin: str, destination: str) -> Instance:
    """J1 works 3 on the first machine, then 2 on the second."""
    return factory(*PARTS, LANE, simple_job("J1", (origin, 3), (destination, 2)))


# From each machine to each: arrival, way and departure in full. An operation on a station starts at 4, when its part
# is there, on any other machine at 0; it ends at 7 or 3, and from then on everything goes on without waiting.
ARRIVE_A = (carry("J1 >1", "C.IN>A", "C.R", 0, 4), at("J1.1", "A", 4, 7))
START_M = (at("J1.1", "M", 0, 3),)
ROUTES = {
    "same station": ("A", "A", (*ARRIVE_A, at("J1.2", "A", 7, 9), carry("J1 2>", "A>C.OUT", "C.R", 9, 13))),
    "same machine": ("M", "M", (*START_M, at("J1.2", "M", 3, 5))),
    "machine to machine": ("M", "N", (*START_M, at("J1.2", "N", 3, 5))),
    "station to station of the cell": (
        "A",
        "B",
        (
            *ARRIVE_A,
            carry("J1 1>2", "A>B", "C.R", 7, 11),
            at("J1.2", "B", 11, 13),
            carry("J1 2>", "B>C.OUT", "C.R", 13, 17),
        ),
    ),
    "station to machine": (
        "A",
        "N",
        (*ARRIVE_A, carry("J1 1>2", "A>C.OUT", "C.R", 7, 11), at("J1.2", "N", 11, 13)),
    ),
    "machine to station": (
        "M",
        "A",
        (
            *START_M,
            carry("J1 1>2", "C.IN>A", "C.R", 3, 7),
            at("J1.2", "A", 7, 9),
            carry("J1 2>", "A>C.OUT", "C.R", 9, 13),
        ),
    ),
    "cell to cell": (
        "A",
        "D",
        (
            *(*ARRIVE_A, carry("J1 1>2", "A>C.OUT", "C.R", 7, 11), carry("J1 1>2", "E.IN>D", "E.R", 11, 15)),
            *(at("J1.2", "D", 15, 17), carry("J1 2>", "D>E.OUT", "E.R", 17, 21)),
        ),
    ),
    "machine to machine of another facility": (
        "M",
        "Y",
        (*START_M, transfer("J1 1>2", "F>G", "L#1", 3, 13), at("J1.2", "Y", 13, 15)),
    ),
    "cell to cell of another facility": (
        "A",
        "X",
        (
            *(*ARRIVE_A, carry("J1 1>2", "A>C.OUT", "C.R", 7, 11), transfer("J1 1>2", "F>G", "L#1", 11, 21)),
            *(carry("J1 1>2", "K.IN>X", "K.R", 21, 25), at("J1.2", "X", 25, 27)),
            carry("J1 2>", "X>K.OUT", "K.R", 27, 31),
        ),
    ),
}


@pytest.mark.parametrize("name", ROUTES)
def test_route(name: str):
    origin, destination, parts = ROUTES[name]
    assert_valid(way(origin, destination), schedule(*parts))


@pytest.mark.parametrize(
    "name", [name for name, (_, _, parts) in ROUTES.items() if any(hasattr(p, "mover") for p in parts)]
)
def test_each_move_of_a_route_is_needed(name: str):
    origin, destination, parts = ROUTES[name]
    for dropped in (part for part in parts if hasattr(part, "mover")):
        rest = schedule(*(part for part in parts if part is not dropped))
        link = f"J1.{dropped.predecessor} -> {dropped.successor}"
        found = [violation for violation in flagged(way(origin, destination), rest) if violation[0] == "moves"]
        assert found == [("moves", link, 1)]


def test_no_lane_no_way():
    # The lane goes from F to G and none goes back: no lane, and no transfer.
    assert flagged(way("Y", "M"), schedule(at("J1.1", "Y", 0, 3), at("J1.2", "M", 13, 15))) == [
        ("moves", "J1.1 -> 2", 1),
        ("moves", "J1.1 -> 2", 1),
    ]


def test_move_before_its_operation_has_ended():
    _, _, parts = ROUTES["station to station of the cell"]
    # Fetched at 6, J1.1 ends at 7.
    early = replace(parts[2], start=6, end=10)
    assert flagged(way("A", "B"), schedule(*parts[:2], early, *parts[3:])) == [("moves", "J1 on C.R", 1)]


def test_leg_before_the_leg_before_it_has_ended():
    # The trip departs at 9, the part reaches the output station at 11.
    arrive, work, out, trip, *rest = ROUTES["cell to cell of another facility"][2]
    early = schedule(arrive, work, out, replace(trip, start=9, end=19), *rest)
    assert flagged(way("A", "X"), early) == [("moves", "J1 on L#1", 2)]


def test_operation_before_its_part_has_arrived():
    arrive, work, *rest = ROUTES["station to station of the cell"][2]
    late = replace(arrive, start=2, end=6)
    assert flagged(way("A", "B"), schedule(late, work, *rest)) == [("moves", "J1.1 on A", 2)]


def test_waiting_anywhere_is_right():
    arrive, work, out, trip, entry, last, leave = ROUTES["cell to cell of another facility"][2]
    moved = [
        replace(p, start=p.start + n, end=p.end + n)
        for n, p in enumerate((arrive, work, out, trip, entry, last, leave))
    ]
    assert_valid(way("A", "X"), schedule(*moved))


def test_length_of_moves():
    # A robot move takes 4, a trip 10.
    arrive, work, out, trip, entry, last, leave = ROUTES["cell to cell of another facility"][2]
    short = schedule(arrive, work, replace(out, end=10), trip, entry, last, leave)
    assert flagged(way("A", "X"), short) == [("moves", "J1 on C.R", 1)]
    slow = (replace(trip, end=24), replace(entry, start=24, end=28), replace(last, start=28, end=30))
    late = schedule(arrive, work, out, *slow, replace(leave, start=30, end=34))
    assert flagged(way("A", "X"), late) == [("moves", "J1 on L#1", 3)]


def test_wrong_mover():
    arrive, work, out, trip, *rest = ROUTES["cell to cell of another facility"][2]
    # Robot E.R is of another cell; X9 and L#2 (a lane with one vehicle) don't exist; a robot is no vehicle.
    for wrong in ("E.R", "X9", "L#1"):
        moved = schedule(replace(arrive, mover=wrong), work, out, trip, *rest)
        assert ("moves", f"J1 on {wrong}", 1) in flagged(way("A", "X"), moved)
    for wrong in ("L#2", "C.R"):
        moved = schedule(arrive, work, out, replace(trip, mover=wrong), *rest)
        assert ("moves", f"J1 on {wrong}", 1) in flagged(way("A", "X"), moved)


def test_wrong_places_are_a_missing_and_a_superfluous_move():
    arrive, work, move, last, leave = ROUTES["station to station of the cell"][2]
    wrong = replace(move, destination="C.OUT")
    found = [v for v in flagged(way("A", "B"), schedule(arrive, work, wrong, last, leave)) if v[0] == "moves"]
    assert found == [("moves", "J1.1 -> 2", 1), ("moves", "J1 on C.R", 1)]


def test_wrong_kind():
    arrive, work, move, last, leave = ROUTES["station to station of the cell"][2]
    wrong = schedule(arrive, work, replace(move, kind="transport"), last, leave)
    assert flagged(way("A", "B"), wrong) == [("moves", "J1.1 -> 2", 1), ("moves", "J1 on C.R", 1)]


def test_superfluous_moves():
    right = ROUTES["same machine"][2]
    # On a way without moves, between unknown operations, of an unknown job: all by an otherwise idle robot.
    for link in ("J1 1>2", "J1 2>1", "J1 7>8", "J9 >1"):
        extra = carry(link, "C.IN>A", "C.R", 0, 4)
        assert flagged(way("M", "M"), schedule(*right, extra)) == [("moves", f"{link[:2]} on C.R", 1)]


def test_empty_moves_have_their_kind_and_a_known_mover():
    right = ROUTES["same machine"][2]
    assert flagged(way("M", "M"), schedule(*right, empty("F>G", "X9", 0, 4))) == [("moves", "X9", 1)]
    without_job = replace(empty("C.IN>A", "C.R", 0, 2), kind="robot_move")
    assert ("moves", "C.R", 1) in flagged(way("M", "M"), schedule(*right, without_job))


def test_each_link_of_an_assembly_has_its_own_way():
    # 1 on A and 2 on M are joined by 3 on B: the part of 1 goes straight to B, that of 2 over the input station.
    links = Precedence("1", "3"), Precedence("2", "3")
    operations = op("1", mode("A", 3)), op("2", mode("M", 2)), op("3", mode("B", 1))
    instance = factory(*PARTS, LANE, job("J1", *operations, links=links))
    parts = (
        *(carry("J1 >1", "C.IN>A", "C.R", 0, 4), at("J1.1", "A", 4, 7), carry("J1 1>3", "A>B", "C.R", 7, 11)),
        *(at("J1.2", "M", 0, 2), empty("B>C.IN", "C.R", 11, 13), carry("J1 2>3", "C.IN>B", "C.R", 13, 17)),
        *(at("J1.3", "B", 17, 18), carry("J1 3>", "B>C.OUT", "C.R", 18, 22)),
    )
    assert_valid(instance, schedule(*parts))
    # Work at 16 would be after the first part's arrival, but before the second's.
    early = schedule(*(replace(p, start=16, end=17) if p == at("J1.3", "B", 17, 18) else p for p in parts))
    assert flagged(instance, early) == [("moves", "J1.3 on B", 1)]


def test_links_follow_the_scheduled_plan():
    # Operation 1 on M is left out by plan (2): then 2 is the first operation, and its part arrives.
    operations = op("1", mode("M", 3)), op("2", mode("A", 2))
    links = (Precedence("1", "2"),)
    instance = factory(*PARTS, LANE, job("J1", *operations, links=links, plans=(("1", "2"), ("2",))))
    leave = carry("J1 2>", "A>C.OUT", "C.R", 6, 10)
    assert_valid(instance, schedule(carry("J1 >2", "C.IN>A", "C.R", 0, 4), at("J1.2", "A", 4, 6), leave))


def test_move_that_a_downtime_lengthened_while_under_way():
    # The arrival began at 0; the robot was down in [2, 7), so it arrives at 9. At 9 it is a fact.
    broken = Robot("C.R", "C.IN", down((2, 7)))
    parts = tuple(replace(p, robots=(broken,)) if p == PARTS[7] else p for p in PARTS)
    instance = factory(*parts, LANE, simple_job("J1", ("A", 3)))
    longer = schedule(
        carry("J1 >1", "C.IN>A", "C.R", 0, 9), at("J1.1", "A", 9, 12), carry("J1 1>", "A>C.OUT", "C.R", 12, 16)
    )
    assert_valid(executed(instance, longer, now=3), longer)
    # Planned, the same is 5 too long, and the robot would carry in its downtime.
    assert flagged(instance, longer) == [("moves", "J1 on C.R", 5), ("movers", "robot C.R", 5)]
    # Not even a fact is longer than its downtime explains.
    too_long = replace(longer.moves[0], end=10)
    invented = schedule(too_long, at("J1.1", "A", 10, 13), carry("J1 1>", "A>C.OUT", "C.R", 13, 17))
    assert flagged(executed(instance, invented, now=3), invented) == [("moves", "J1 on C.R", 1)]

"""A robot, or a vehicle of a fleet, carries one part at a time, travels in between, and rests in its downtimes."""

from __future__ import annotations

from dataclasses import replace

from helpers import (
    assert_valid,
    at,
    carry,
    down,
    empty,
    executed,
    factory,
    flagged,
    machine,
    schedule,
    simple_job,
    transport,
)

from scheduler.domain import Calendar, Facility, Fleet, Instance, Move, Robot, RobotCell, Schedule, Vehicle

# IN -3- A -1- B -2- OUT on a line; a robot move from IN to A lasts 1 + 3 + 1.
TRAVEL = {
    "IN": {"A": 3, "B": 4, "OUT": 6},
    "A": {"IN": 3, "B": 1, "OUT": 3},
    "B": {"IN": 4, "A": 1, "OUT": 2},
    "OUT": {"IN": 6, "A": 3, "B": 2},
}


def shop(start: str = "IN", calendar: Calendar | None = None) -> Instance:
    """J1 works 2 on A, J2 works 2 on B; both stations have unlimited buffers."""
    cell = RobotCell("C", "F", (Robot("R", start, calendar or Calendar()),), "IN", "OUT", TRAVEL, 1, 1)
    return factory(
        machine("A", cell="C"), machine("B", cell="C"), cell, simple_job("J1", ("A", 2)), simple_job("J2", ("B", 2))
    )


FIRST = carry("J1 >1", "IN>A", "R", 0, 5)
BACK = empty("A>IN", "R", 5, 8)
SECOND = carry("J2 >1", "IN>B", "R", 8, 14)
TO_A = empty("B>A", "R", 14, 15)
OUT_1 = carry("J1 1>", "A>OUT", "R", 15, 20)
TO_B = empty("OUT>B", "R", 20, 22)
OUT_2 = carry("J2 1>", "B>OUT", "R", 22, 26)
WORK = at("J1.1", "A", 5, 7), at("J2.1", "B", 14, 16)


def tour(*changes: tuple[Move, Move | None]) -> Schedule:
    """The tour above with some moves replaced, or dropped."""
    changed = dict(changes)
    moves = (changed.get(move, move) for move in (FIRST, BACK, SECOND, TO_A, OUT_1, TO_B, OUT_2))
    return schedule(*WORK, *(move for move in moves if move is not None))


def later(move: Move, ticks: int) -> Move:
    return replace(move, start=move.start + ticks, end=move.end + ticks)


def test_tour_without_waiting():
    assert_valid(shop(), tour())


def test_too_little_time_to_travel():
    # Back from A to IN takes 3, there are 2 between 5 and 7; the empty move [5, 8) ends 1 after the pick-up.
    early = tour((SECOND, later(SECOND, -1)))
    assert flagged(shop(), early) == [("movers", "robot R", 1), ("movers", "robot R", 1)]


def test_two_parts_at_a_time():
    # The pick-up of J2 at 2 lies inside the first move, which ends at 5: needs 3 between 5 and 2, has -3.
    both = schedule(*WORK, FIRST, replace(SECOND, start=2, end=8), empty("B>A", "R", 8, 9), OUT_1, TO_B, OUT_2)
    found = [v for v in flagged(shop(), both) if v[0] == "movers"]
    # Besides, the way back to IN is not listed: there is no time for it.
    assert found == [("movers", "robot R", 6), ("movers", "robot R", 3)]


def test_travel_from_the_start_place():
    # From OUT to IN it takes 6, so a pick-up at 0 is 6 too early, and its empty move is missing.
    assert flagged(shop(start="OUT"), tour()) == [("movers", "robot R", 6), ("movers", "robot R", 6)]
    moves = (FIRST, BACK, SECOND, TO_A, OUT_1, TO_B, OUT_2)
    shifted = schedule(
        *(replace(o, start=o.start + 6, end=o.end + 6) for o in WORK),
        *(empty("OUT>IN", "R", 0, 6), *(later(m, 6) for m in moves)),
    )
    assert_valid(shop(start="OUT"), shifted)


def test_loaded_move_in_a_downtime():
    # [4, 6) meets the last tick of the first move and the first of the empty move: only the former counts.
    assert flagged(shop(calendar=down((4, 6))), tour()) == [("movers", "robot R", 1)]


def test_empty_move_in_a_downtime():
    assert_valid(shop(calendar=down((5, 8))), tour())


def test_move_that_has_happened_may_overlap_a_downtime():
    # A repair: the robot broke down at 4 until 6 with the part in its grip and arrived at 7 instead of 5.
    instance = shop(calendar=down((4, 6)))
    moves = (BACK, SECOND, TO_A, OUT_1, TO_B, OUT_2)
    now = schedule(
        *(replace(o, start=o.start + 2, end=o.end + 2) for o in WORK),
        *(replace(FIRST, end=7), *(later(m, 2) for m in moves)),
    )
    assert_valid(executed(instance, now, now=5), now)


def test_empty_move_is_missing():
    # Travel of 3 and of 1.
    assert flagged(shop(), tour((BACK, None))) == [("movers", "robot R", 3)]
    assert flagged(shop(), tour((TO_A, None))) == [("movers", "robot R", 1)]


def test_empty_move_anywhere_inside_its_gap():
    # With 4 ticks to spare before the last pick-up the empty move may be early, late or in between.
    for shift in range(5):
        assert_valid(shop(), tour((TO_B, later(TO_B, shift)), (OUT_2, later(OUT_2, 4))))


def test_empty_move_outside_its_gap():
    # The gap is [20, 22): one tick too early, one too late. Two too late, it begins after the pick-up: it is missing
    # (2 ticks of travel) and another one leads nowhere.
    assert flagged(shop(), tour((TO_B, later(TO_B, -1)))) == [("movers", "robot R", 1)]
    assert flagged(shop(), tour((TO_B, later(TO_B, 1)))) == [("movers", "robot R", 1)]
    assert flagged(shop(), tour((TO_B, later(TO_B, 2)))) == [("movers", "robot R", 2), ("movers", "robot R", 1)]


def test_empty_move_of_wrong_length():
    assert flagged(shop(), tour((TO_B, replace(TO_B, end=21)))) == [("movers", "robot R", 1)]


def test_empty_move_to_the_wrong_place():
    assert flagged(shop(), tour((TO_B, empty("OUT>A", "R", 20, 22)))) == [("movers", "robot R", 1)]


def test_superfluous_empty_moves():
    # Twice in the gap [20, 26); after the last pick-up; before the first one, which is where the robot starts.
    wide = tour((OUT_2, later(OUT_2, 4)))
    assert flagged(shop(), schedule(*WORK, *wide.moves, later(TO_B, 2))) == [("movers", "robot R", 1)]
    home = empty("OUT>IN", "R", 26, 32)
    assert flagged(shop(), schedule(*WORK, *tour().moves, home)) == [("movers", "robot R", 1)]
    stroll = empty("IN>A", "R", -3, 0)
    assert flagged(shop(), schedule(*WORK, *tour().moves, stroll)) == [("movers", "robot R", 1)]


def test_robots_of_a_cell_are_independent():
    # R2 starts at A and takes the part of J1 out at 7, while R brings that of J2.
    cell = RobotCell("C", "F", (Robot("R", "IN"), Robot("R2", "A")), "IN", "OUT", TRAVEL, 1, 1)
    instance = factory(
        machine("A", cell="C"), machine("B", cell="C"), cell, simple_job("J1", ("A", 2)), simple_job("J2", ("B", 2))
    )
    out = carry("J1 1>", "A>OUT", "R2", 7, 12)
    assert_valid(instance, schedule(*WORK, FIRST, BACK, SECOND, out, carry("J2 1>", "B>OUT", "R", 16, 20)))


# --- fleets --------------------------------------------------------------------------------------------------------

# DOCK -2- M1 -1- M2 on a line; pick-up and drop take 1 each.
ROADS = {"DOCK": {"M1": 2, "M2": 3}, "M1": {"DOCK": 2, "M2": 1}, "M2": {"DOCK": 3, "M1": 1}}


def plant(returns_jobs: bool = False, returns: bool = False, calendar: Calendar | None = None) -> Instance:
    """J1 works 4 on M1, then 3 on M2; one vehicle, which starts at the dock like the job."""
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK", calendar or Calendar()),), ROADS, 1, 1, returns)
    job = simple_job("J1", ("M1", 4), ("M2", 3))
    return factory(Facility("F", "DOCK", returns_jobs), machine("M1"), machine("M2"), fleet, job)


BRING = transport("J1 >1", "DOCK>M1", "V", 0, 4)
ON = transport("J1 1>2", "M1>M2", "V", 8, 11)
HOME = transport("J1 2>", "M2>DOCK", "V", 14, 19)
ROUTINE = at("J1.1", "M1", 4, 8), at("J1.2", "M2", 11, 14)


def test_a_vehicle_brings_the_job_from_the_dock_and_on():
    assert_valid(plant(), schedule(*ROUTINE, BRING, ON))
    assert schedule(*ROUTINE, BRING, ON).makespan == 14


def test_finished_jobs_go_back_to_the_dock():
    assert_valid(plant(returns_jobs=True), schedule(*ROUTINE, BRING, ON, HOME))
    assert schedule(*ROUTINE, BRING, ON, HOME).makespan == 19
    assert flagged(plant(returns_jobs=True), schedule(*ROUTINE, BRING, ON)) == [("moves", "J1.2 -> None", 1)]
    assert flagged(plant(), schedule(*ROUTINE, BRING, ON, HOME)) == [("moves", "J1 on V", 1)]


def test_vehicles_of_a_fleet_that_returns_go_back_empty():
    back = empty("M2>DOCK", "V", 11, 14)
    assert_valid(plant(returns=True), schedule(*ROUTINE, BRING, ON, back))
    assert flagged(plant(returns=True), schedule(*ROUTINE, BRING, ON)) == [("movers", "vehicle V", 3)]
    early = schedule(*ROUTINE, BRING, ON, empty("M2>DOCK", "V", 10, 13))
    assert ("movers", "vehicle V", 1) in flagged(plant(returns=True), early)
    assert flagged(plant(), schedule(*ROUTINE, BRING, ON, back)) == [("movers", "vehicle V", 1)]


def test_a_vehicle_rests_in_its_downtimes():
    assert flagged(plant(calendar=down((9, 10))), schedule(*ROUTINE, BRING, ON)) == [("movers", "vehicle V", 1)]


def test_a_transport_takes_its_time():
    short = replace(ON, end=10)
    assert flagged(plant(), schedule(*ROUTINE, BRING, short)) == [("moves", "J1 on V", 1)]


def test_a_slow_vehicle_takes_its_time():
    # At 40 % of the speed the ways of 2 and 1 take 5 and 2.5, which is 3: transports of 7 and of 5.
    slow = replace(plant().fleets[0], vehicles=(Vehicle("V", "DOCK", speed=40),))
    instance = replace(plant(), fleets=(slow,))
    work = at("J1.1", "M1", 7, 11), at("J1.2", "M2", 16, 19)
    bring, on = replace(BRING, end=7), replace(ON, start=11, end=16)
    assert_valid(instance, schedule(*work, bring, on))
    assert flagged(instance, schedule(*work, bring, replace(on, end=15))) == [("moves", "J1 on V", 1)]
    assert flagged(instance, schedule(*ROUTINE, BRING, ON)) == [("moves", "J1 on V", 2), ("moves", "J1 on V", 3)]


def test_a_slow_robot_takes_its_time_for_empty_moves_too():
    # At half the speed the way of 3 back to the input takes 6, that of 4 to B 8.
    slow = replace(shop().cells[0], robots=(Robot("R", "IN", speed=50),))
    instance = replace(shop(), cells=(slow,))
    moves = (
        carry("J1 >1", "IN>A", "R", 0, 8),
        empty("A>IN", "R", 8, 14),
        carry("J2 >1", "IN>B", "R", 14, 24),
        empty("B>A", "R", 24, 26),
        carry("J1 1>", "A>OUT", "R", 26, 34),
        empty("OUT>B", "R", 34, 38),
        carry("J2 1>", "B>OUT", "R", 38, 44),
    )
    work = at("J1.1", "A", 8, 10), at("J2.1", "B", 24, 26)
    assert_valid(instance, schedule(*work, *moves))
    early = (*moves[:5], empty("OUT>B", "R", 34, 37), carry("J2 1>", "B>OUT", "R", 37, 43))
    found = flagged(instance, schedule(*work, *early))
    assert found == [("movers", "robot R", 1), ("movers", "robot R", 1)]


def test_a_job_is_carried_by_its_fleets_only():
    other = Fleet("CART", "F", (Vehicle("W", "DOCK"),), ROADS, 1, 1)
    instance = plant()
    picky = tuple(replace(job, carriers=("CART",)) for job in instance.jobs)
    both = replace(instance, jobs=picky, fleets=(*instance.fleets, other))
    found = flagged(both, schedule(*ROUTINE, BRING, ON))
    assert found == [("moves", "J1 on V", 1), ("moves", "J1 on V", 1)]
    by_cart = tuple(replace(move, mover="W") for move in (BRING, ON))
    assert_valid(both, schedule(*ROUTINE, *by_cart))


def test_a_job_is_carried_by_its_vehicles_only():
    fleet = replace(plant().fleets[0], vehicles=(Vehicle("V", "DOCK"), Vehicle("W", "DOCK")))
    jobs = tuple(replace(job, carriers=("W",)) for job in plant().jobs)
    instance = replace(plant(), jobs=jobs, fleets=(fleet,))
    by_both = schedule(*ROUTINE, BRING, replace(ON, mover="W"), empty("DOCK>M1", "W", 2, 4))
    assert flagged(instance, by_both) == [("moves", "J1 on V", 1)]
    assert_valid(instance, schedule(*ROUTINE, *(replace(move, mover="W") for move in (BRING, ON))))


def test_names_count_only_where_there_is_a_choice():
    # The vehicle of another facility, and the robot of another cell.
    other = Fleet("CART", "G", (Vehicle("W", "GATE"),), {"GATE": {"M3": 1}, "M3": {"GATE": 1}})
    cell = RobotCell("C", "G", (Robot("R", "IN"),), "IN", "OUT", TRAVEL)
    instance = plant()
    jobs = tuple(replace(job, carriers=("W", "R")) for job in instance.jobs)
    facilities = (*instance.facilities, Facility("G", "GATE"))
    machines = (*instance.machines, machine("M3", "G"), machine("A", "G", cell="C"), machine("B", "G", cell="C"))
    both = replace(
        instance, facilities=facilities, machines=machines, jobs=jobs, cells=(cell,), fleets=(*instance.fleets, other)
    )
    assert_valid(both, schedule(*ROUTINE, BRING, ON))


def test_a_job_is_carried_by_its_robots_only():
    cell = replace(shop().cells[0], robots=(Robot("R", "IN"), Robot("R2", "A")))
    first, second = shop().jobs
    instance = replace(shop(), cells=(cell,), jobs=(replace(first, carriers=("R2",)), second))
    moves = (
        empty("A>IN", "R2", 0, 3),
        carry("J1 >1", "IN>A", "R2", 3, 8),
        carry("J2 >1", "IN>B", "R", 0, 6),
        carry("J1 1>", "A>OUT", "R2", 10, 15),
        carry("J2 1>", "B>OUT", "R", 8, 12),
    )
    work = at("J1.1", "A", 8, 10), at("J2.1", "B", 6, 8)
    assert_valid(instance, schedule(*work, *moves))
    third = replace(second, carriers=("R2",))
    assert flagged(replace(instance, jobs=(first, third)), schedule(*work, *moves)) == [
        ("moves", "J2 on R", 1),
        ("moves", "J2 on R", 1),
    ]


def test_what_no_fleet_serves_is_moved_by_hand():
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK"),), {"DOCK": {"M1": 2}, "M1": {"DOCK": 2}}, 1, 1)
    instance = factory(
        Facility("F", "DOCK"), machine("M1"), machine("M2"), fleet, simple_job("J1", ("M1", 4), ("M2", 3))
    )
    assert_valid(instance, schedule(BRING, at("J1.1", "M1", 4, 8), at("J1.2", "M2", 8, 11)))

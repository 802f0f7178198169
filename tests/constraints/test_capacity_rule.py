"""At most `capacity` parts on a machine; loading and blocking count on stations without buffers."""

from __future__ import annotations

from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    empty,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    simple_job,
    transfer,
    transport,
)

from scheduler.domain import Fleet, Instance, Lane, Precedence, Robot, RobotCell, Vehicle

# --- without cells -----------------------------------------------------------------------------------------------


def shop(capacity: int, *durations: int) -> Instance:
    """One machine and a job J1, J2, ... of one operation for each duration."""
    jobs = (simple_job(f"J{number}", ("M1", p)) for number, p in enumerate(durations, start=1))
    return factory(machine("M1", capacity=capacity), *jobs)


def test_one_after_the_other():
    assert_valid(shop(1, 3, 2), schedule(at("J1.1", "M1", 0, 3), at("J2.1", "M1", 3, 5)))


def test_overlap():
    # J2 starts at 1 and ends at 3; J1 is there until 3: 2 ticks together.
    overlapping = schedule(at("J1.1", "M1", 0, 3), at("J2.1", "M1", 1, 3))
    assert flagged(shop(1, 3, 2), overlapping) == [("capacity", "J2.1 on M1", 2)]


def test_an_operation_inside_a_long_one_does_not_hide_the_next():
    # J1 holds [0, 10); J2 in [1, 3) overlaps by 2, J3 in [4, 8) by 4.
    nested = schedule(at("J1.1", "M1", 0, 10), at("J2.1", "M1", 1, 3), at("J3.1", "M1", 4, 8))
    assert flagged(shop(1, 10, 2, 4), nested) == [("capacity", "J2.1 on M1", 2), ("capacity", "J3.1 on M1", 4)]


def test_two_places():
    # [0, 10) and [0, 4) fill both; the third may come at 4 and not at 3, when it would wait 1 tick for a place.
    two = at("J1.1", "M1", 0, 10), at("J2.1", "M1", 0, 4)
    assert_valid(shop(2, 10, 4, 5), schedule(*two, at("J3.1", "M1", 4, 9)))
    assert flagged(shop(2, 10, 4, 5), schedule(*two, at("J3.1", "M1", 3, 8))) == [("capacity", "J3.1 on M1", 1)]


def test_operation_without_length_takes_no_place():
    assert_valid(shop(1, 5, 0), schedule(at("J1.1", "M1", 0, 5), at("J2.1", "M1", 2, 2)))


# --- blocking outside cells ---------------------------------------------------------------------------------------


def blocking_shop(**fields: object) -> Instance:
    jobs = simple_job("J1", ("A", 2), ("B", 2)), simple_job("J2", ("B", 5)), simple_job("J3", ("A", 1))
    return factory(machine("A", **fields), machine("B"), *jobs)


def test_part_blocks_its_machine_until_the_next_operation_starts():
    # J1 waits on A from 2 until B is free at 5; J3 can come then, and not at 4.
    fixed = at("J1.1", "A", 0, 2), at("J1.2", "B", 5, 7), at("J2.1", "B", 0, 5)
    assert_valid(blocking_shop(output_buffer=0), schedule(*fixed, at("J3.1", "A", 5, 6)))
    assert_valid(blocking_shop(), schedule(*fixed, at("J3.1", "A", 2, 3)))
    early = schedule(*fixed, at("J3.1", "A", 4, 5))
    assert flagged(blocking_shop(output_buffer=0), early) == [("capacity", "J3.1 on A", 1)]


def test_a_job_that_is_done_leaves_at_once():
    last = simple_job("J1", ("A", 2)), simple_job("J2", ("A", 3))
    instance = factory(machine("A", output_buffer=0), *last)
    assert_valid(instance, schedule(at("J1.1", "A", 0, 2), at("J2.1", "A", 2, 5)))


def served_shop(**fields: object) -> Instance:
    """A vehicle between A and B: pick-up 1, travel 3, drop 2."""
    fleet = Fleet("carts", "F", (Vehicle("V", "A"), Vehicle("W", "A")), distances("A B", 3), 1, 2)
    jobs = simple_job("J1", ("A", 2), ("B", 2)), simple_job("J2", ("A", 4), ("B", 1))
    return factory(machine("A", **fields), machine("B", **fields), fleet, *jobs)


def test_part_blocks_its_machine_until_a_vehicle_has_picked_it_up():
    first = at("J1.1", "A", 0, 2), transport("J1 1>2", "A>B", "V", 3, 9), at("J1.2", "B", 9, 11)
    second = transport("J2 1>2", "A>B", "W", 8, 14), at("J2.2", "B", 14, 15)
    assert_valid(served_shop(output_buffer=0), schedule(*first, at("J2.1", "A", 4, 8), *second))
    early = schedule(*first, at("J2.1", "A", 3, 7), *second)
    assert flagged(served_shop(output_buffer=0), early) == [("capacity", "J2.1 on A", 1)]


def test_a_vehicle_puts_a_part_down_on_a_free_machine_only():
    # Without input buffer J2 takes B at 12, when its drop begins; J1 has to be done by then.
    first = at("J1.1", "A", 0, 2), transport("J1 1>2", "A>B", "V", 3, 9)
    second = at("J2.1", "A", 4, 8), transport("J2 1>2", "A>B", "W", 8, 14), at("J2.2", "B", 14, 15)
    assert_valid(served_shop(input_buffer=0), schedule(*first, at("J1.2", "B", 10, 12), *second))
    late = schedule(*first, at("J1.2", "B", 11, 13), *second)
    assert flagged(served_shop(input_buffer=0), late) == [("capacity", "J2.2 on B", 1)]
    assert_valid(served_shop(), late)


def test_part_blocks_its_machine_until_a_lane_has_loaded_it():
    lane = Lane("L", "F", "G", transit_time=3, vehicles=2, load_time=2)
    jobs = simple_job("J1", ("A", 2), ("B", 1)), simple_job("J2", ("A", 1))
    instance = factory(machine("A", output_buffer=0), machine("B", "G"), lane, *jobs)
    shipped = at("J1.1", "A", 0, 2), transfer("J1 1>2", "F>G", "L#1", 3, 8), at("J1.2", "B", 8, 9)
    assert_valid(instance, schedule(*shipped, at("J2.1", "A", 5, 6)))
    assert flagged(instance, schedule(*shipped, at("J2.1", "A", 4, 5))) == [("capacity", "J2.1 on A", 1)]


# --- in a cell: robot moves last 1 + 2 + 1, two robots so that the robot is never the reason ------------------------

CELL = RobotCell(
    "C",
    "F",
    (Robot("R1", "IN"), Robot("R2", "IN")),
    "IN",
    "OUT",
    distances("IN OUT A B", 2),
    load_time=1,
    unload_time=1,
)


def cell_shop(**buffers: int | None) -> Instance:
    """J1 and J2 each work 3 on station A, which has these buffers."""
    return factory(
        machine("A", cell="C", **buffers),
        machine("B", cell="C"),
        CELL,
        *(simple_job(j, ("A", 3)) for j in ("J1", "J2")),
    )


def test_loading_takes_a_station_without_input_buffer():
    # J1 leaves A at 7 + 1 = 8 at the latest with or without output buffer: here it has one, so A is free at 7.
    # J2's loading begins one tick before its arrival at 8: right at 7.
    buffers = cell_shop(input_buffer=0)
    j1 = at("J1.1", "A", 4, 7), carry("J1 >1", "IN>A", "R1", 0, 4), carry("J1 1>", "A>OUT", "R1", 7, 11)
    j2 = at("J2.1", "A", 8, 11), carry("J2 >1", "IN>A", "R2", 4, 8), carry("J2 1>", "A>OUT", "R2", 11, 15)
    assert_valid(buffers, schedule(*j1, *j2))
    # One tick earlier the loading [6, 7) meets J1 at work: 1 too early, though J2 itself still starts at 8.
    early = at("J2.1", "A", 8, 11), carry("J2 >1", "IN>A", "R2", 3, 7), carry("J2 1>", "A>OUT", "R2", 11, 15)
    assert flagged(buffers, schedule(*j1, *early)) == [("capacity", "J2.1 on A", 1)]
    assert_valid(cell_shop(), schedule(*j1, *early))  # an input buffer takes the part


def test_part_blocks_a_station_without_output_buffer_until_it_is_unloaded():
    # J1 is ready at 7 but fetched at 10 and off the station at 11; J2's work may start at 11, not at 9.
    j1 = at("J1.1", "A", 4, 7), carry("J1 >1", "IN>A", "R1", 0, 4), carry("J1 1>", "A>OUT", "R1", 10, 14)
    right = at("J2.1", "A", 11, 14), carry("J2 >1", "IN>A", "R2", 4, 8), carry("J2 1>", "A>OUT", "R2", 14, 18)
    wrong = at("J2.1", "A", 9, 12), carry("J2 >1", "IN>A", "R2", 4, 8), carry("J2 1>", "A>OUT", "R2", 14, 18)
    assert_valid(cell_shop(output_buffer=0), schedule(*j1, *right))
    assert flagged(cell_shop(output_buffer=0), schedule(*j1, *wrong)) == [("capacity", "J2.1 on A", 2)]
    assert_valid(cell_shop(), schedule(*j1, *wrong))  # an output buffer takes the part


def test_two_parts_cannot_swap():
    # Both buffers missing: loading of J2 begins at 10, but J1 is off the station at 11 only.
    j1 = at("J1.1", "A", 4, 7), carry("J1 >1", "IN>A", "R1", 0, 4), carry("J1 1>", "A>OUT", "R1", 10, 14)
    j2 = at("J2.1", "A", 12, 15), carry("J2 >1", "IN>A", "R2", 7, 11), carry("J2 1>", "A>OUT", "R2", 15, 19)
    assert flagged(cell_shop(input_buffer=0, output_buffer=0), schedule(*j1, *j2)) == [("capacity", "J2.1 on A", 1)]


def test_part_stays_for_the_next_operation_on_the_same_blocking_station():
    # J1 works [4, 6), waits on A, works [12, 13). J2 would fit between 6 and 12 but for the waiting part.
    blocking = factory(
        machine("A", cell="C", output_buffer=0),
        CELL,
        simple_job("J1", ("A", 2), ("A", 1)),
        simple_job("J2", ("A", 3)),
    )
    j1 = at("J1.1", "A", 4, 6), at("J1.2", "A", 12, 13)
    moves = carry("J1 >1", "IN>A", "R1", 0, 4), carry("J1 2>", "A>OUT", "R1", 13, 17)
    arrival = carry("J2 >1", "IN>A", "R2", 0, 4)
    between = at("J2.1", "A", 7, 10), arrival, carry("J2 1>", "A>OUT", "R2", 20, 24)
    after = at("J2.1", "A", 14, 17), arrival, carry("J2 1>", "A>OUT", "R2", 20, 24)
    # J1.1 occupies A during [4, 12). J2, at work in [7, 10) and fetched at 20, occupies it during [7, 21): 5 ticks of
    # both. J1.2, in [12, 14) with its unloading, meets J2 too: 2 ticks.
    assert flagged(blocking, schedule(*j1, *moves, *between)) == [
        ("capacity", "J2.1 on A", 5),
        ("capacity", "J1.2 on A", 2),
    ]
    assert_valid(blocking, schedule(*j1, *moves, *after))


def test_earliest_of_several_arriving_parts_takes_the_station():
    # An assembly on A: one part arrives at 4 (loading from 3), the other at 12. A is taken from 3 on, so J2 can't
    # work there in [5, 8) although J1.3 starts at 12.
    assembly = job(
        "J1",
        *(op(id, mode("B", 0)) for id in "12"),
        op("3", mode("A", 2)),
        links=(Precedence("1", "3"), Precedence("2", "3")),
    )
    instance = factory(machine("A", cell="C", input_buffer=0), machine("B"), CELL, assembly, simple_job("J2", ("A", 3)))
    parts = (
        *(at("J1.1", "B", 0, 0), at("J1.2", "B", 0, 0), at("J1.3", "A", 12, 14)),
        *(carry("J1 1>3", "IN>A", "R1", 0, 4), empty("A>IN", "R1", 6, 8), carry("J1 2>3", "IN>A", "R1", 8, 12)),
        carry("J1 3>", "A>OUT", "R1", 14, 18),
    )
    j2 = at("J2.1", "A", 5, 8), carry("J2 >1", "IN>A", "R2", 1, 5), carry("J2 1>", "A>OUT", "R2", 14, 18)
    # J2 takes A at 4 (loading) and leaves it at 8: 4 ticks together with the part that came first.
    assert flagged(instance, schedule(*parts, *j2)) == [("capacity", "J2.1 on A", 4)]
    later = at("J2.1", "A", 18, 21), carry("J2 >1", "IN>A", "R2", 14, 18), carry("J2 1>", "A>OUT", "R2", 21, 25)
    assert_valid(instance, schedule(*parts, *later))


def test_latest_of_several_leaving_parts_frees_the_station():
    # A disassembly on A ends at 6; its parts are unloaded by 7 and by 13. A is free at 13.
    parts = job("J1", op("1", mode("A", 2)), *(op(id, mode("B", 0)) for id in "23"))
    parts = job("J1", *parts.operations, links=(Precedence("1", "2"), Precedence("1", "3")))
    instance = factory(machine("A", cell="C", output_buffer=0), machine("B"), CELL, parts, simple_job("J2", ("A", 3)))
    j1 = (
        *(at("J1.1", "A", 4, 6), at("J1.2", "B", 10, 10), at("J1.3", "B", 16, 16)),
        *(carry("J1 >1", "IN>A", "R1", 0, 4), carry("J1 1>2", "A>OUT", "R1", 6, 10)),
        *(empty("OUT>A", "R1", 10, 12), carry("J1 1>3", "A>OUT", "R1", 12, 16)),
    )
    arrival, leave = carry("J2 >1", "IN>A", "R2", 4, 8), carry("J2 1>", "A>OUT", "R2", 16, 20)
    assert_valid(instance, schedule(*j1, at("J2.1", "A", 13, 16), arrival, leave))
    assert flagged(instance, schedule(*j1, at("J2.1", "A", 10, 13), arrival, leave)) == [("capacity", "J2.1 on A", 3)]


def test_missing_moves_leave_the_occupation_at_start_and_end():
    # Without moves J1 occupies [4, 7) and J2 [7, 10): capacity is kept, and `moves` says what is missing.
    bare = schedule(at("J1.1", "A", 4, 7), at("J2.1", "A", 7, 10))
    rules = {rule for rule, _, _ in flagged(cell_shop(input_buffer=0, output_buffer=0), bare)}
    assert rules == {"moves"}

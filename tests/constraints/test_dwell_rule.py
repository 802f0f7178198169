"""A part in a bath is worked on as soon as it is put down, and is fetched in time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import hint_status, hinted
from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    down,
    executed,
    factory,
    flagged,
    job,
    machine,
    op,
    schedule,
    transport,
)

from scheduler.domain import Fleet, Instance, Mode, Objective, Precedence, Robot, RobotCell, Schedule, Status, Vehicle
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import shift
from scheduler.search.construct import construct
from scheduler.search.tabu.arrays import why_unsupported

# Every move lasts 1 + 1 + 1, every empty move 1.
CELL = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN ACID WATER OUT", 1), 1, 1)


def line(dwell: int | None, jobs: int = 1, **fields: object) -> Instance:
    """Parts that are etched for 4 and rinsed for 2, in baths without buffers."""
    steps = op("1", Mode("ACID", 4, max_dwell=dwell)), op("2", Mode("WATER", 2, max_dwell=dwell))
    baths = (machine(id, cell="C", input_buffer=0, output_buffer=0) for id in ("ACID", "WATER"))
    return factory(*baths, CELL, *(job(f"J{n}", *steps, **fields) for n in range(1, jobs + 1)))


def soaked(etching: int = 3, fetched: int = 7) -> Schedule:
    """J1 is in the acid from 3 on, is etched from `etching` on, and taken to the water at `fetched`."""
    return schedule(
        at("J1.1", "ACID", etching, etching + 4),
        at("J1.2", "WATER", fetched + 3, fetched + 5),
        carry("J1 >1", "IN>ACID", "R", 0, 3),
        carry("J1 1>2", "ACID>WATER", "R", fetched, fetched + 3),
        carry("J1 2>", "WATER>OUT", "R", fetched + 5, fetched + 8),
    )


def test_part_is_fetched_in_time():
    assert_valid(line(2), soaked(fetched=9))
    assert flagged(line(2), soaked(fetched=10)) == [("dwell", "J1.1 on ACID", 1)]
    assert_valid(line(None), soaked(fetched=10))


def test_part_in_a_bath_is_worked_on_at_once():
    assert_valid(line(0), soaked())
    assert flagged(line(0), soaked(etching=5, fetched=9)) == [("dwell", "J1.1 on ACID", 2)]
    assert_valid(line(None), soaked(etching=5, fetched=9))


def test_part_in_an_input_buffer_may_wait_before_but_not_after():
    shop = line(0)
    shop = replace(shop, machines=tuple(replace(m, input_buffer=None) for m in shop.machines))
    assert_valid(shop, soaked(etching=5, fetched=9))
    assert flagged(shop, soaked(etching=5, fetched=10)) == [("dwell", "J1.1 on ACID", 1)]


def test_part_that_had_been_put_down_by_now_may_wait():
    # The acid is replenished during [3, 8): the part lies in it, and is etched afterwards.
    shop = line(2)
    acid = replace(shop.machines[0], calendar=down((3, 8)))
    after = replace(executed(shop, soaked(), 3), machines=(acid, shop.machines[1]))
    assert_valid(after, soaked(etching=8, fetched=12))
    assert shift(after, soaked()).schedule == soaked(etching=8, fetched=12)


def test_part_that_stays_on_its_machine():
    baths = line(None).machines
    steps = op("1", Mode("ACID", 4, max_dwell=1)), op("2", Mode("ACID", 2))
    shop = factory(*baths, CELL, job("J1", *steps))
    parts = [
        at("J1.1", "ACID", 3, 7),
        at("J1.2", "ACID", 8, 10),
        carry("J1 >1", "IN>ACID", "R", 0, 3),
        carry("J1 2>", "ACID>OUT", "R", 10, 13),
    ]
    assert_valid(shop, schedule(*parts))
    parts[1], parts[3] = at("J1.2", "ACID", 9, 11), carry("J1 2>", "ACID>OUT", "R", 11, 14)
    assert flagged(shop, schedule(*parts)) == [("dwell", "J1.1 on ACID", 1)]


def test_vehicle_fetches_in_time():
    fleet = Fleet("AGV", "F", (Vehicle("V", "A"),), distances("A B", 2))
    shop = factory(
        machine("A"), machine("B"), fleet, job("J1", op("1", Mode("A", 3, max_dwell=1)), op("2", Mode("B", 1)))
    )

    def fetched(start: int) -> Schedule:
        return schedule(at("J1.1", "A", 0, 3), at("J1.2", "B", 6, 7), transport("J1 1>2", "A>B", "V", start, start + 2))

    assert_valid(shop, fetched(4))
    late = fetched(4)
    late = replace(late, operations=(late.operations[0], at("J1.2", "B", 7, 8)), moves=fetched(5).moves)
    assert flagged(shop, late) == [("dwell", "J1.1 on A", 1)]
    assert why_unsupported(shop) == "maximum dwell"


# --- engines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dwell", "value"), [(None, 27), (3, 27), (2, 31), (0, 31)])
def test_a_short_dwell_leaves_no_time_for_another_move(dwell: int | None, value: int):
    # If the second part is brought in while the first is rinsed, that one stays for 5 (proof in instances/README.md).
    shop = line(dwell, jobs=2)
    result = solve(shop, time_limit=30, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (value,))
    assert_valid(shop, result.schedule)
    built = construct(shop, Objective.parse("makespan"), time_limit=0.0)
    assert_valid(shop, built)


def test_two_parts_that_meet_in_a_bath():
    # A buffer stands before each of two stations; both parts are dipped together, as soon as the second is in.
    stations = (machine(id, cell="C") for id in ("S1", "S2"))
    travel = distances("IN S1 S2 BATH OUT", 1)
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", travel, 1, 1)
    bath = machine("BATH", cell="C", input_buffer=0, output_buffer=0)
    steps = op("1", Mode("S1", 3)), op("2", Mode("S2", 5)), op("3", Mode("BATH", 4, max_dwell=0))
    links = Precedence("1", "3"), Precedence("2", "3")
    shop = factory(*stations, bath, cell, job("J1", *steps, links=links))
    result = solve(shop, time_limit=30, workers=1)
    # IN to S1 [0, 3), IN to S2 [4, 7), S2 works until 12; one part goes before, the other [12, 15); dipped, out 22.
    assert (result.status, result.values) == (Status.OPTIMAL, (22,))
    found = result.schedule
    assert_valid(shop, found)
    ctx = hinted(shop, found)
    constants = [v for v in ctx.model.proto.variables if len(v.domain) == 2 and v.domain[0] == v.domain[1]]
    assert len(ctx.model.proto.solution_hint.vars) == len(ctx.model.proto.variables) - len(constants)
    assert hint_status(shop, found) in (Status.OPTIMAL, Status.FEASIBLE)
    late = replace(found, operations=(*found.operations[:2], at("J1.3", "BATH", 16, 20)), moves=found.moves[:-1])
    late = replace(late, moves=(*late.moves, carry("J1 3>", "BATH>OUT", "R", 20, 23)))
    assert flagged(shop, late) == [("dwell", "J1.3 on BATH", 1)]


def test_right_shift_keeps_the_soaking_window():
    # The hoist stands still during [5, 9): what would be fetched at 7 can't be, whatever is shifted.
    shop = line(0)
    stopped = replace(CELL, robots=(Robot("R", "IN", down((5, 9))),))
    after = replace(executed(shop, soaked(), 5), cells=(stopped,))
    assert shift(after, soaked()).schedule is None
    # At 0 nothing has begun: the part comes later, so that the hoist is there when it has been etched.
    begun = replace(executed(shop, soaked(), 0), cells=(stopped,))
    shifted = shift(begun, soaked()).schedule
    assert_valid(begun, shifted)
    assert shifted.by_operation["J1", "1"].start == 5

"""Places at the input and output stations of cells: who finds none comes later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    empty,
    factory,
    flagged,
    machine,
    schedule,
    simple_job,
    transport,
)
from oracle import TooHardError, best_schedule
from strategies import random_station_instance

from scheduler.domain import Fleet, Instance, Objective, Robot, RobotCell, Schedule, Status, Vehicle
from scheduler.domain.events import MachineBreakdown
from scheduler.io import read
from scheduler.plot.lay_out import lay_out
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.search.construct import construct

CHAINED = read(Path(__file__).parents[2] / "instances" / "chained_cells_tiny.json")
SHAFTS = replace(CHAINED, jobs=CHAINED.jobs[:3])

# --- what vehicles bring -----------------------------------------------------------------------------------------


def served(places: int | None) -> Instance:
    """Two carts bring parts from A to the cell; the robot moves of the cell last 1 + 1 + 1 ticks."""
    cell = RobotCell("C", "F", (Robot("R", "in"),), "in", "out", distances("in S out", 1), 1, 1, input_places=places)
    fleet = Fleet("carts", "F", (Vehicle("V", "A"), Vehicle("W", "A")), distances("A in", 3), drop_time=1)
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    jobs = (simple_job(f"J{k}", ("A", 1), ("S", 6)) for k in (1, 2))
    return factory(machine("A"), station, cell, fleet, *jobs)


def brought(second: int) -> Schedule:
    """J1 is put down at the input station from 4 on and gone at 6; the drop of J2 begins at `second`."""
    return schedule(
        at("J1.1", "A", 0, 1),
        at("J2.1", "A", 1, 2),
        transport("J1 1>2", "A>in", "V", 1, 5),
        transport("J2 1>2", "A>in", "W", second - 3, second + 1),
        carry("J1 1>2", "in>S", "R", 5, 8),
        at("J1.2", "S", 8, 14),
        carry("J1 2>", "S>out", "R", 14, 17),
        empty("out>in", "R", 17, 18),
        carry("J2 1>2", "in>S", "R", 18, 21),
        at("J2.2", "S", 21, 27),
        carry("J2 2>", "S>out", "R", 27, 30),
    )


def test_a_vehicle_puts_nothing_down_where_all_places_are_taken():
    assert_valid(served(1), brought(6))
    assert flagged(served(1), brought(5)) == [("stations", "J2 from A to in at 2", 1)]
    assert_valid(served(2), brought(5))
    assert_valid(served(None), brought(5))


def test_jobs_that_nothing_brings_take_no_place():
    instance = served(1)
    here = replace(instance, jobs=tuple(simple_job(f"J{k}", ("S", 6)) for k in (1, 2)))
    result = solve(here, time_limit=60, workers=1)
    # All are released at 0, to a station with one place. S is loaded for 1 tick, works for 6, is unloaded for 1, and
    # between two parts the robot travels to the output, drops, comes back, picks up and travels: 5 more.
    assert (result.status, result.values) == (Status.OPTIMAL, (2 + 2 * 8 + 5 + 2,))


# --- what robots bring -------------------------------------------------------------------------------------------


def through(third: int) -> Schedule:
    """The three shafts one after the other; the second is on the rack from 16 until 36, where the third comes then."""
    return schedule(
        carry("shaft-1 >form", "pallet>press", "gripper", 0, 3),
        at("shaft-1.form", "press", 3, 5),
        carry("shaft-1 form>heat", "press>rack", "gripper", 5, 8),
        empty("rack>pallet", "gripper", 8, 9),
        carry("shaft-2 >form", "pallet>press", "gripper", 9, 12),
        at("shaft-2.form", "press", 12, 14),
        carry("shaft-2 form>heat", "press>rack", "gripper", 14, 17),
        empty("rack>pallet", "gripper", 17, 18),
        carry("shaft-3 >form", "pallet>press", "gripper", 18, 21),
        at("shaft-3.form", "press", 21, 23),
        carry("shaft-3 form>heat", "press>rack", "gripper", third - 2, third + 1),
        carry("shaft-1 form>heat", "rack>furnace", "tongs", 8, 11),
        at("shaft-1.heat", "furnace", 11, 31),
        carry("shaft-1 heat>", "furnace>store", "tongs", 31, 34),
        empty("store>rack", "tongs", 34, 35),
        carry("shaft-2 form>heat", "rack>furnace", "tongs", 35, 38),
        at("shaft-2.heat", "furnace", 38, 58),
        carry("shaft-2 heat>", "furnace>store", "tongs", 58, 61),
        empty("store>rack", "tongs", 61, 62),
        carry("shaft-3 form>heat", "rack>furnace", "tongs", 62, 65),
        at("shaft-3.heat", "furnace", 65, 85),
        carry("shaft-3 heat>", "furnace>store", "tongs", 85, 88),
    )


def with_places(places: int | None) -> Instance:
    return replace(SHAFTS, cells=(replace(SHAFTS.cells[0], output_places=places), SHAFTS.cells[1]))


def test_a_robot_puts_nothing_down_where_all_places_are_taken():
    assert_valid(SHAFTS, through(36))
    assert flagged(SHAFTS, through(35)) == [("stations", "shaft-3 from press to rack at 33", 1)]
    assert_valid(with_places(2), through(25))
    assert_valid(with_places(None), through(25))


def test_what_no_move_takes_away_stays_until_the_next_operation():
    # The saw stands beside the cell; the second part finds the place taken until the first is sawn.
    cell = RobotCell("C", "F", (Robot("R", "IO"),), "IO", "IO", distances("S IO", 1), output_places=1)
    jobs = (simple_job(f"J{k}", ("S", 1), ("saw", 9)) for k in (1, 2, 3))
    station = machine("S", cell="C", input_buffer=0, output_buffer=0, swap=False)
    instance = factory(station, machine("saw"), cell, *jobs)
    # J1 is on the saw at 3, J2 then at 12, so that J3 leaves S at 11 at the earliest; all that does not delay the saw.
    result = solve(instance, time_limit=60, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (30,))
    assert result.schedule is not None
    starts = {move.job: move.start for move in result.schedule.moves if move.origin == "S" and move.job}
    assert sorted(starts.values())[2] >= 11


@pytest.mark.parametrize("instance", [served(1), served(2), SHAFTS], ids=["input 1", "input 2", "output"])
def test_construction_and_model_find_room(instance: Instance):
    constructed = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert constructed is not None
    assert_valid(instance, constructed)
    result = solve(instance, time_limit=60, workers=1)
    best = best_schedule(instance, max_nodes=50_000)
    assert best is not None
    assert (result.status, result.values) == (Status.OPTIMAL, best[0])


# --- elsewhere ---------------------------------------------------------------------------------------------------


def test_right_shift_keeps_the_places_and_says_so():
    # The furnace stands still from 12 to 20: all after shaft-1 in it is 8 later, and shaft-3 waits in the press.
    event = MachineBreakdown("e", 12, "furnace", 20, "resume")
    outcome = repair(SHAFTS, through(36), (event,), policy="right-shift", time_limit=5, workers=1)
    assert outcome.result.schedule is not None
    out = [m for m in outcome.result.schedule.moves if m.job == "shaft-3" and m.destination == "rack"]
    assert [(move.start, move.end) for move in out] == [(42, 45)]
    assert outcome.report is not None
    delays = {delay["name"]: (delay["via"], delay["shared"]) for delay in outcome.report.as_json()["cascade"]}
    assert delays["shaft-3 from press to rack by gripper"] == ("station", "rack")


def test_parts_at_stations_go_on_after_an_event():
    event = MachineBreakdown("e", 20, "furnace", 40, "repeat")
    for policy in ("reroute", "reoptimise"):
        outcome = repair(CHAINED, full(), (event,), policy=policy, time_limit=5, workers=1)
        assert outcome.result.schedule is not None
        assert_valid(outcome.instance, outcome.result.schedule)


def full() -> Schedule:
    found = construct(CHAINED, Objective.parse("makespan"), time_limit=0.0)
    assert found is not None
    return found


def test_the_chart_has_rows_for_the_places():
    layout = lay_out(with_places(2), through(25))
    rows = [(row.kind, row.id, row.lanes) for row in layout.rows]
    assert ("output_places", "forming", 2) in rows
    assert "input_places" not in {kind for kind, _, _ in rows}
    row = rows.index(("output_places", "forming", 2))
    bars = [(bar.job, bar.lane, bar.start, bar.end) for bar in layout.bars if bar.row == row]
    assert bars == [("shaft-1", 0, 7, 9), ("shaft-2", 0, 16, 36), ("shaft-3", 1, 25, 63)]


@pytest.mark.parametrize("seed", [5, 6, 9, 12, 27, 43, 49, 52, 54, 64, 75, 79, 84, 109, 119, 131, 163, 171, 177, 192])
def test_random_cells_agree_with_brute_force(seed: int):
    assert check_agreement(seed)


@pytest.mark.slow
def test_many_random_cells_agree_with_brute_force():
    assert sum(check_agreement(seed) for seed in range(200)) > 60


def check_agreement(seed: int) -> bool:
    """Compare solver and oracle; return whether the oracle was able to."""
    instance = random_station_instance(seed, 3)
    if instance is None:
        return False
    try:
        best = best_schedule(instance, max_nodes=1_000)
    except TooHardError:
        return False
    result = solve(instance, time_limit=20, workers=1)
    if best is None:
        assert result.status is Status.INFEASIBLE
        return True
    assert_valid(instance, best[1])
    assert (result.status, result.values) == (Status.OPTIMAL, best[0])
    return True

"""Limited parking: where vehicles stand, in the checker, the model, construction, repair and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, at, empty, flagged, schedule, transport
from parking_cases import V1, V2, optimum, oven, random_parking_instance, with_parking
from strategies import random_events

from scheduler import repair, solve
from scheduler.checker import check
from scheduler.domain import (
    Instance,
    Objective,
    Schedule,
    Status,
    Vehicle,
)
from scheduler.domain.derive import complete
from scheduler.domain.events import RouteSlow, VehicleDown, revise
from scheduler.domain.events.revision import Revision
from scheduler.domain.parking import havens
from scheduler.io import native, read
from scheduler.io.validate import defects
from scheduler.plot import save_gantt
from scheduler.plot.lay_out import lay_out
from scheduler.rescheduling.right_shift import shift
from scheduler.search.construct import construct
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.spoken import why_unsupported as why_not_decoded
from scheduler.search.tabu.arrays import why_unsupported as why_not_tabu

TINY = Path(__file__).parents[1] / "instances" / "parking_tiny.json"
RANDOM = [seed for seed in range(16) if not defects(random_parking_instance(seed))]
MAKESPAN = Objective.parse("makespan")


BOTH = (at("J1.1", "OVEN", 4, 7), at("J2.1", "OVEN", 5, 8))
TRANSPORTS = transport("J1 >1", "DOCK>OVEN", "V1", 0, 4), transport("J2 >1", "DOCK>OVEN", "V2", 1, 5)


# --- checker ---------------------------------------------------------------------------------------------------------


def test_a_vehicle_makes_room_in_the_instant_in_which_another_comes() -> None:
    assert_valid(oven(), schedule(*BOTH, *TRANSPORTS, empty("OVEN>BAY", "V1", 4, 6)))


@pytest.mark.parametrize(
    ("ways", "where", "amount"),
    [
        ((), "OVEN of fleet AGV", 1),  # V1 stays for good
        ((empty("OVEN>BAY", "V1", 6, 8),), "OVEN of fleet AGV", 2),  # V2 comes at 4
        ((empty("OVEN>BAY", "V1", 4, 7),), "vehicle V1", 1),  # takes too long
        ((empty("OVEN>BAY", "V1", 4, 6), empty("BAY>DOCK", "V1", 6, 8)), "vehicle V1", 1),  # one after the last
        ((empty("BAY>DOCK", "V1", 4, 6),), "vehicle V1", 1),  # it is not there
    ],
)
def test_the_checker_flags_who_stands_in_the_way(ways: tuple, where: str, amount: int) -> None:
    found = flagged(oven(), schedule(*BOTH, *TRANSPORTS, *ways))
    assert ("parking", where, amount) in found
    assert {rule for rule, _, _ in found} == {"parking"}


def test_an_idle_vehicle_makes_room_too() -> None:
    instance = oven(V1, Vehicle("V2", "OVEN"))
    both = transport("J1 >1", "DOCK>OVEN", "V1", 0, 4), transport("J2 >1", "DOCK>OVEN", "V1", 6, 10)
    work = at("J1.1", "OVEN", 4, 7), at("J2.1", "OVEN", 10, 13)
    back = empty("OVEN>DOCK", "V1", 4, 6)
    assert flagged(instance, schedule(*work, *both, back)) == [("parking", "OVEN of fleet AGV", 1)] * 2
    assert_valid(instance, schedule(*work, *both, back, empty("OVEN>BAY", "V2", 3, 5)))


def test_a_gap_has_one_stop_and_no_way_is_made_shorter_by_it() -> None:
    instance = oven(V1)
    near = {"DOCK": {"BAY": 1, "OVEN": 2}, "OVEN": {"BAY": 1, "DOCK": 9}, "BAY": {"DOCK": 1, "OVEN": 2}}
    fleet = replace(instance.fleets[0], travel=near, vehicles=(V1, Vehicle("V2", "BAY")))
    instance = replace(instance, fleets=(fleet,))
    both = transport("J1 >1", "DOCK>OVEN", "V1", 0, 4), transport("J2 >1", "DOCK>OVEN", "V1", 6, 10)
    ways = empty("OVEN>BAY", "V1", 4, 5), empty("BAY>DOCK", "V1", 5, 6)
    work = at("J1.1", "OVEN", 4, 7), at("J2.1", "OVEN", 10, 13)
    assert flagged(instance, schedule(*work, *both, *ways)) == [("parking", "vehicle V1", 7)]


# --- model and construction ------------------------------------------------------------------------------------------


def test_the_optimum_of_the_tiny_instance_depends_on_room() -> None:
    tiny = read(TINY)
    (fleet,) = tiny.fleets
    far = {p: {q: t for q, t in row.items() if q != "bay"} for p, row in fleet.travel.items() if p != "bay"}
    found = [
        solve(instance, time_limit=60, workers=1)
        for instance in (
            tiny,
            with_parking(tiny),
            replace(tiny, fleets=(replace(fleet, travel=far, parking={"furnace": 1}),)),
        )
    ]
    assert [(result.status, result.values) for result in found] == [(Status.OPTIMAL, (v,)) for v in (15, 14, 16)]


@pytest.mark.parametrize("seed", RANDOM)
def test_the_model_agrees_with_a_search_of_all_schedules(seed: int) -> None:
    instance = random_parking_instance(seed)
    if len(instance.machines) > 1:
        instance = replace(instance, jobs=tuple(replace(j, operations=j.operations[:1]) for j in instance.jobs))
        instance = replace(instance, jobs=tuple(replace(j, precedences=()) for j in instance.jobs))
    instance = replace(instance, machines=tuple(replace(m, capacity=2) for m in instance.machines))
    result = solve(instance, time_limit=60, workers=1)
    assert result.status is Status.OPTIMAL
    assert result.values == (optimum(instance, int(result.values[0])),)


@pytest.mark.parametrize("seed", RANDOM)
def test_construction_finds_schedules_that_the_model_knows(seed: int) -> None:
    instance = random_parking_instance(seed, jobs=3, returns_jobs=seed % 2 == 0)
    built = construct(instance, MAKESPAN, time_limit=0.0)
    assert built is not None
    assert_valid(instance, built)
    assert hint_status(instance, built) is Status.FEASIBLE
    assert fixed_status(instance, built) is Status.FEASIBLE


def test_a_stop_that_nobody_needs_is_left_out() -> None:
    instance = oven(V1, V2, parking={"OVEN": 1, "BAY": 1})
    first = complete(instance, BOTH[:1], TRANSPORTS[:1])
    assert [move for move in first.moves if move.job is None] == []
    both = complete(instance, BOTH, TRANSPORTS)
    assert [move for move in both.moves if move.job is None] == [empty("OVEN>DOCK", "V1", 4, 6)]


def test_searches_that_do_not_speak_of_it_say_so() -> None:
    assert why_not_tabu(oven()) == "limited parking"
    assert why_not_decoded(oven()) is None


# --- repair ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", RANDOM)
def test_repairs_keep_what_has_begun(seed: int) -> None:
    instance = random_parking_instance(seed, jobs=3, returns_jobs=seed % 2 == 0)
    baseline = _planned(instance, seed)
    events = random_events(seed, instance, baseline, size=1)
    revised = revise(instance, Revision(max(event.at for event in events), 0, events, baseline))
    shifted = shift(revised, baseline)
    if shifted.schedule is None:
        assert "would delay" in shifted.reason  # what is under way
    else:
        assert_valid(revised, shifted.schedule)
        assert hint_status(revised, shifted.schedule) is Status.FEASIBLE
    result = solve(revised, time_limit=60, workers=1)
    assert result.status is Status.OPTIMAL
    assert shifted.schedule is None or result.values[0] <= shifted.schedule.makespan


@pytest.mark.parametrize("seed", RANDOM[:5])
def test_what_is_under_way_when_ways_become_slow_goes_on_as_planned(seed: int) -> None:
    instance = random_parking_instance(seed, jobs=3)
    baseline = _planned(instance, seed)
    slow = RouteSlow(id="E1", at=2 + seed % 5, route="AGV", speed=50)
    revised = revise(instance, Revision(slow.at, 0, (slow,), baseline))
    shifted = shift(revised, baseline).schedule
    assert shifted is not None
    assert_valid(revised, shifted)
    best = solve(revised, time_limit=60, workers=1)
    assert best.status is Status.OPTIMAL
    assert best.values[0] <= shifted.makespan


def test_a_vehicle_under_way_waits_for_room() -> None:
    # V1 puts down during [3, 4) and stands still for a tick on its way; V2, a tick behind it, would come then too.
    instance, plan = oven(), construct(oven(), MAKESPAN, time_limit=0.0)
    assert plan is not None
    broken = VehicleDown(id="E1", at=2, vehicle="V1", until=3)
    revised = revise(instance, Revision(2, 0, (broken,), plan))
    assert construct(revised, MAKESPAN, time_limit=0.0) is None
    assert FactorySearch.of(revised, MAKESPAN, 0, lambda value: None) is None
    found = repair(instance, plan, [broken], policy="right-shift", time_limit=5, workers=1)
    assert found.schedule is not None
    assert_valid(found.instance, found.schedule)
    assert sorted((m.mover, m.start, m.end) for m in found.schedule.moves if m.job is not None) == [
        ("V1", 0, 5),
        ("V2", 1, 6),
    ]


def _planned(instance: Instance, seed: int) -> Schedule:
    if seed % 2:
        found = construct(instance, MAKESPAN, time_limit=0.0)
    else:
        found = solve(instance, time_limit=60, workers=1).schedule
    assert found is not None
    assert check(instance, found) == ()
    return found


# --- files -----------------------------------------------------------------------------------------------------------


def test_parking_is_read_and_written() -> None:
    tiny = read(TINY)
    assert dict(tiny.fleets[0].parking) == {"furnace": 1, "bay": 1}
    assert tiny.fleets[0].limited == ("furnace", "bay")
    assert native.write(tiny) == TINY.read_text(encoding="utf-8")
    assert havens(tiny, tiny.fleets[0]) == {"cart 1": "dock", "cart 2": "dock"}


# --- Gantt chart -----------------------------------------------------------------------------------------------------


def test_limited_places_have_rows_with_the_vehicles_that_are_there(tmp_path: Path) -> None:
    plan = schedule(*BOTH, *TRANSPORTS, empty("OVEN>BAY", "V1", 4, 6))
    layout = lay_out(oven(parking={"OVEN": 1, "BAY": 1}), plan)
    rows = [(row.kind, row.label, row.lanes) for row in layout.rows]
    assert rows[-2:] == [("parking_places", "at OVEN", 1), ("parking_places", "at BAY", 1)]
    stays = [(layout.rows[b.row].label, b.label, b.start, b.end) for b in layout.bars if b.kind == "parked"]
    assert stays == [("at OVEN", "V1", 3, 4), ("at OVEN", "V2", 4, 8), ("at BAY", "V1", 6, 8)]
    save_gantt(tmp_path / "parking.png", oven(), plan)
    assert (tmp_path / "parking.png").stat().st_size > 0

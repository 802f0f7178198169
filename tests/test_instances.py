"""The instances that ship: readable, laid out as we write them, described truly, and solvable."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from helpers import assert_valid, constructed
from oracle import optimum

from scheduler.domain import Instance, Schedule, Status
from scheduler.io import native, read
from scheduler.io.events_file import read_events
from scheduler.portfolio import solve
from scheduler.rescheduling import repair

FOLDER = Path(__file__).parents[1] / "instances"
FILES = sorted(FOLDER.glob("*.json"))
EVENT_FILES = sorted((FOLDER / "events").glob("*.json"))
README = (FOLDER / "README.md").read_text(encoding="utf-8")

OPTIMUM = {
    "teaching": 6,
    "robot_cell_tiny": 26,
    "transfer_tiny": 23,
    "docks_tiny": 16,
    "transit_tiny": 19,
    "fleet_tiny": 23,
    "blocking_tiny": 10,
    "swap_tiny": 5,
    "mixed_fleet_tiny": 20,
    "parking_tiny": 15,
    "crowded_charger_tiny": 20,
    "crowded_tugs_tiny": 11,
    "shuttle_tiny": 12,
    "shared_tug_tiny": 20,
    "two_robots_tiny": 16,
    "buffer_tiny": 17,
    "chained_cells_tiny": 94,
    "fleet_charging": 26,
    "returning_tiny": 17,
    "shared_charger_tiny": 16,
    "hoist_tiny": 31,
    "dual_gripper_tiny": 20,
    "tended_tiny": 24,
    "ft06": 55,
    "la01": 666,
    "kacem_4x5": 11,
}
"""Proved, with the proof or its source in the README."""


def instance(name: str) -> Instance:
    return read(FOLDER / f"{name}.json")


def by_name(file: Path) -> str:
    return file.stem


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_files_are_in_the_layout_that_we_write(file: Path) -> None:
    found = read(file)
    assert found.name == file.stem
    assert native.write(found) == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_the_readme_states_the_sizes(file: Path) -> None:
    row = re.search(rf"^\| \[{file.stem}\]\({file.name}\) \|.*\|$", README, re.MULTILINE)
    assert row is not None, "the README has no row for it"
    found = read(file)
    sizes = (len(found.jobs), found.num_operations, len(found.machines), len(found.cells), len(found.lanes))
    assert [cell.strip() for cell in row[0].split("|")][3:8] == [str(size) for size in sizes]


def test_the_readme_lists_nothing_else() -> None:
    assert sorted(re.findall(r"^\| \[\w+\]\((\w+\.json)\)", README, re.MULTILINE)) == [file.name for file in FILES]
    named = set(re.findall(r"\(events/(\w+\.json)\)", README))
    assert named == {file.name for file in EVENT_FILES}


# --- optima ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), OPTIMUM.items())
def test_proved_optimum_is_found_and_proved(name: str, value: int) -> None:
    result = solve(instance(name), time_limit=60, workers=2)
    assert (result.status, result.values, result.lower_bound) == (Status.OPTIMAL, (value,), value)


@pytest.mark.parametrize(
    ("name", "values"), [("timetable_tiny", (27, 275)), ("hub_tiny", (16, 70)), ("splits_tiny", (17, 3))]
)
def test_the_costs_of_trips_are_proved(name: str, values: tuple[int, int]) -> None:
    network = instance(name)
    result = solve(network, time_limit=60, workers=2)
    assert (result.status, result.values) == (Status.OPTIMAL, values)
    assert optimum(network) == values


@pytest.mark.parametrize(
    "name",
    [
        "teaching",
        "robot_cell_tiny",
        "hoist_tiny",
        "dual_gripper_tiny",
        "tended_tiny",
        "transfer_tiny",
        "transit_tiny",
        "fleet_tiny",
        "blocking_tiny",
        "swap_tiny",
        "mixed_fleet_tiny",
        "shuttle_tiny",
        "two_robots_tiny",
        "buffer_tiny",
    ],
)
def test_the_oracle_knows_the_optima_proved_by_hand(name: str) -> None:
    assert optimum(instance(name)) == (OPTIMUM[name],)


def test_infeasible_takes_both_jobs() -> None:
    both = instance("infeasible")
    assert solve(both, time_limit=60, workers=1).status is Status.INFEASIBLE
    assert optimum(both) is None
    for job in both.jobs:
        assert optimum(replace(both, jobs=(job,))) == (7,)


# --- schedules and events --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [file for file in FILES if file.stem != "infeasible"], ids=by_name)
def test_construction_finds_a_schedule(file: Path) -> None:
    found = read(file)
    schedule = constructed(found, passes=5)
    assert schedule is not None
    assert_valid(found, schedule)


@cache
def planned(name: str) -> Schedule:
    schedule = constructed(instance(name), passes=5)
    assert schedule is not None
    return schedule


@pytest.mark.parametrize("file", EVENT_FILES, ids=by_name)
def test_events_are_answered_by_a_right_shift(file: Path) -> None:
    name = next(known.stem for known in FILES if file.stem.startswith(f"{known.stem}_"))
    found, baseline = instance(name), planned(name)
    happened = read_events(file)
    outcome = repair(found, baseline, happened, policy="right-shift", time_limit=10)
    assert outcome.result.schedule is not None
    assert_valid(outcome.instance, outcome.result.schedule)
    assert all(event.at < baseline.makespan for event in happened)


def test_event_files_cover_every_kind_of_event() -> None:
    happened = [event for file in EVENT_FILES for event in read_events(file) if file.stem.startswith("battery_network")]
    assert {event.type for event in happened} == {
        "machine_breakdown",
        "robot_down",
        "operation_delayed",
        "rush_order",
        "job_cancelled",
    }
    assert {event.interrupted for event in happened if event.type == "machine_breakdown"} == {"resume", "repeat"}


# --- the demonstration factories -------------------------------------------------------------------------------------


def test_two_facilities_has_every_feature() -> None:
    found = instance("two_facilities")
    operations = found.operation_by_key.values()
    assert len(found.facilities) == 2
    assert [lane.vehicles for lane in found.lanes] == [2, 1]
    assert found.time_origin is not None
    assert any(machine.calendar.pattern for machine in found.machines)
    assert any(machine.calendar.downtimes for machine in found.machines)
    assert any(machine.setups for machine in found.machines)
    assert any(machine.capacity > 1 for machine in found.machines)
    assert any(machine.output_buffer == 0 for machine in found.machines)
    assert any(operation.interruptible for operation in operations)
    assert any(len(operation.modes) > 1 for operation in operations)
    assert any(mode.operators for operation in operations for mode in operation.modes)
    assert any(job.plans for job in found.jobs)
    assert all(job.due_date is not None for job in found.jobs)


def test_battery_network_links_three_facilities() -> None:
    found = instance("battery_network")
    assert [(lane.origin, lane.destination) for lane in found.lanes] == [
        ("cells", "modules"),
        ("modules", "vehicles"),
        ("vehicles", "modules"),
    ]
    facility = {machine.id: machine.facility for machine in found.machines}
    visits = [{facility[o.modes[0].machine] for o in job.operations} for job in found.jobs]
    assert sum(len(visited) == 3 for visited in visits) == 6
    assert max(lane.units_per_vehicle for lane in found.lanes) > max(job.units for job in found.jobs)

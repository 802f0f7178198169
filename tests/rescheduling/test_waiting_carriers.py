"""Vehicles under way that have to wait in front of a machine: the file of the repaired schedule says for how long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    factory,
    job,
    machine,
    mode,
    op,
    simple_job,
    transfer,
    transport,
)

from scheduler.checker import check
from scheduler.cli import main
from scheduler.domain import (
    Facility,
    Fleet,
    Instance,
    Lane,
    Precedence,
    Result,
    Robot,
    RobotCell,
    Schedule,
    Status,
    Vehicle,
)
from scheduler.domain.derive import complete
from scheduler.domain.events import ClockTick, MachineBreakdown
from scheduler.domain.execution import Wait
from scheduler.domain.objective import Objective
from scheduler.errors import ScheduleError
from scheduler.io import write
from scheduler.io.event_documents import event_document
from scheduler.io.schedule_file import read_schedule, write_schedule
from scheduler.rescheduling import repair

BREAKDOWN = MachineBreakdown("E1", 6, "M", 15, "resume")
WAIT = Wait("V2", "J2", "M", 8, 17)


def shop() -> Instance:
    """M has no buffers. J1 goes on from it over a lane, and J2 is brought when J1 has left."""
    fleet = Fleet("V", "F", (Vehicle("V1", "DOCK"), Vehicle("V2", "DOCK")), distances("DOCK M", 5))
    return factory(
        *(Facility("F", "DOCK"), Facility("G")),
        *(machine("M", "F", input_buffer=0, output_buffer=0), machine("N", "G")),
        *(fleet, Lane("L", "F", "G", transit_time=4)),
        *(simple_job("J1", ("M", 4), ("N", 2)), simple_job("J2", ("M", 3))),
    )


def plan() -> Schedule:
    operations = at("J1.1", "M", 5, 9), at("J1.2", "N", 18, 20), at("J2.1", "M", 9, 12)
    moves = (
        transport("J1 >1", "DOCK>M", "V1", 0, 5),
        transport("J2 >1", "DOCK>M", "V2", 4, 9),
        transport("J1 1>2", "M>DOCK", "V1", 9, 14),
        transfer("J1 1>2", "F>G", "L#1", 14, 18),
    )
    return complete(shop(), operations, moves)


def test_the_file_of_a_repair_with_a_vehicle_that_waits_is_right(tmp_path: Path) -> None:
    # J1 is worked on again from 15 to 18; V2, under way since 4, waits a tick before M until then.
    assert_valid(shop(), plan())
    outcome = repair(shop(), plan(), [BREAKDOWN], policy="right-shift", time_limit=5, workers=1)
    assert outcome.result.schedule is not None
    assert [m.end for m in outcome.result.schedule.moves if m.job == "J2"] == [18]
    assert outcome.revisions[0].waits == (WAIT,)
    write_schedule(tmp_path / "new.json", outcome.instance, outcome.result, revisions=outcome.revisions)
    file = read_schedule(tmp_path / "new.json", shop())
    assert file.schedule == outcome.result.schedule
    assert file.instance == outcome.instance
    assert file.revisions == outcome.revisions
    assert_valid(file.instance, file.schedule)


def test_repair_check_and_repair_again_on_the_command_line(tmp_path: Path) -> None:
    paths = {name: tmp_path / f"{name}.json" for name in ("shop", "plan", "events", "tick", "new", "newer")}
    write(shop(), paths["shop"])
    objective = Objective.parse("makespan")
    write_schedule(paths["plan"], shop(), Result(Status.FEASIBLE, objective, plan(), {"makespan": 20}))
    for name, event in (("events", BREAKDOWN), ("tick", ClockTick("E2", 11))):
        paths[name].write_text(json.dumps({"schema_version": 1, "events": [event_document(event)]}))

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, [str(paths.get(word, word)) for word in words])
        assert result.exit_code == 0, result.output
        return result.output

    run("repair", "shop", "plan", "--events", "events", "--policy", "right-shift", "-o", "new", "--quiet")
    assert "keeps every rule" in run("check", "shop", "new")
    assert json.loads(paths["new"].read_text())["revisions"][0]["waits"] == [
        {"mover": "V2", "job": "J2", "destination": "M", "start": 8, "end": 17}
    ]
    run("repair", "shop", "new", "--events", "tick", "--policy", "right-shift", "-o", "newer", "--quiet")
    assert "keeps every rule" in run("check", "shop", "newer")


def test_waits_in_a_file_that_can_not_be(tmp_path: Path) -> None:
    outcome = repair(shop(), plan(), [BREAKDOWN], policy="right-shift", time_limit=5, workers=1)
    path = tmp_path / "new.json"
    write_schedule(path, outcome.instance, outcome.result, revisions=outcome.revisions)
    document = json.loads(path.read_text())
    wait = document["revisions"][0]["waits"][0]
    wait |= {"mover": "V3", "end": 8}
    path.write_text(json.dumps(document))
    with pytest.raises(ScheduleError) as caught:
        read_schedule(path, shop())
    assert [(d.code, d.where) for d in caught.value.defects] == [
        ("E302", "$.revisions[0].waits[0].mover"),
        ("E309", "$.revisions[0].waits[0].end"),
    ]
    # Without them the vehicle would put its part down on one that is still there.
    del document["revisions"][0]["waits"]
    path.write_text(json.dumps(document))
    file = read_schedule(path, shop())
    assert ("execution", "J2 on V2") in {(v.rule, v.where) for v in check(file.instance, file.schedule)}


def test_a_robot_waits_before_it_takes_off_the_part_that_is_in_the_way() -> None:
    # The robot would be there with B at 13, take A off at 15 and put B down at 16. A is done at 25 instead: only then
    # the robot can take it off, for which it needs its other hand, so that it may not stand still until 26.
    cell = RobotCell("C", "F", (Robot("R", "IN", grippers=2),), "IN", "OUT", distances("IN OUT S", 2), 1, 1)
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    instance = factory(station, cell, simple_job("A", ("S", 11)), simple_job("B", ("S", 3)))
    moves = (
        carry("A >1", "IN>S", "R", 0, 4),
        carry("B >1", "IN>S", "R", 10, 17),
        carry("A 1>", "S>OUT", "R", 15, 20),
        carry("B 1>", "S>OUT", "R", 22, 26),
    )
    baseline = complete(instance, (at("A.1", "S", 4, 15), at("B.1", "S", 17, 20)), moves)
    assert_valid(instance, baseline)
    event = MachineBreakdown("E1", 14, "S", 24, "resume")
    outcome = repair(instance, baseline, [event], policy="right-shift", time_limit=5, workers=1)
    assert outcome.revisions[0].waits == (Wait("R", "B", "S", 15, 25),)
    assert outcome.result.schedule is not None
    loaded = [(m.job, m.start, m.end) for m in outcome.result.schedule.by_mover["R"] if m.job is not None]
    assert loaded[1:3] == [("B", 10, 27), ("A", 25, 30)]


def test_a_robot_puts_a_part_down_before_the_one_that_it_has_had_in_hand_for_longer() -> None:
    # Both are parts of A. The robot has the first in hand at 5; it takes the second up at 8 and puts that down before.
    cell = RobotCell("C", "F", (Robot("R", "IN", grippers=2),), "IN", "OUT", distances("IN OUT S", 2), 1, 1)
    parts = op("1", mode("P", 2)), op("2", mode("Q", 8)), op("3", mode("S", 3))
    links = Precedence("1", "3"), Precedence("2", "3")
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    instance = factory(station, machine("P"), machine("Q"), cell, job("A", *parts, links=links))
    moves = (
        carry("A 1>3", "IN>S", "R", 2, 13),
        carry("A 2>3", "IN>S", "R", 8, 12),
        carry("A 3>", "S>OUT", "R", 16, 20),
    )
    baseline = complete(instance, (at("A.1", "P", 0, 2), at("A.2", "Q", 0, 8), at("A.3", "S", 13, 16)), moves)
    assert_valid(instance, baseline)
    outcome = repair(instance, baseline, [ClockTick("E", 5)], policy="right-shift", time_limit=5, workers=1)
    assert outcome.policy == "right-shift"
    assert outcome.result.schedule == baseline

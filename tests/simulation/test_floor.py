"""The floor: what happens, happens to the schedule; policies meet the same fate; nothing beats the clairvoyant."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers import at, factory, job, machine, mode, op, schedule, simple_job

from scheduler.cli import main
from scheduler.domain import Objective
from scheduler.domain.calendar import Downtime
from scheduler.portfolio import solve
from scheduler.simulation import PROFILES, Profile, replicate, simulate
from scheduler.simulation.profiles import Fate
from scheduler.simulation.study import estimate, foreseen

SHOP = factory(
    machine("M1"),
    machine("M2"),
    simple_job("J1", ("M1", 4), ("M2", 4)),
    job("J2", op("1", mode("M1", 4)), op("2", mode("M2", 4), mode("M1", 5))),
)
PLAN = schedule(at("J1.1", "M1", 0, 4), at("J1.2", "M2", 4, 8), at("J2.1", "M1", 4, 8), at("J2.2", "M2", 8, 12))
MAKESPAN = Objective.parse("makespan")


def test_without_misfortune_the_schedule_comes_true() -> None:
    outcome = replicate(SHOP, PLAN, Fate((), {}), "right-shift", objective=MAKESPAN)
    assert (outcome.value, outcome.makespan, outcome.repairs, outcome.deviation) == (12, 12, 0, 0)


def test_a_failure_lets_the_running_operation_pause() -> None:
    fate = Fate((("M1", Downtime(1, 4)),), {})
    outcome = replicate(SHOP, PLAN, fate, "right-shift", objective=MAKESPAN)
    # J1.1 until 7, J1.2 and J2.1 three later, J2.2 from 11 to 15.
    assert (outcome.makespan, outcome.repairs, outcome.deviation, outcome.unplanned) == (15, 1, 9, 0)


def test_longer_work_is_known_at_its_planned_end_and_shorter_work_at_its_real_one() -> None:
    longer = replicate(SHOP, PLAN, Fate((), {("J1", "1"): 1.5}), "right-shift", objective=MAKESPAN)
    assert (longer.makespan, longer.deviation) == (14, 6)
    shorter = replicate(SHOP, PLAN, Fate((), {("J2", "2"): 0.5}), "right-shift", objective=MAKESPAN)
    assert (shorter.makespan, shorter.deviation, shorter.repairs) == (10, 0, 1)


def test_a_policy_may_do_better_than_to_wait() -> None:
    fate = Fate((("M2", Downtime(5, 25)),), {})
    waits = replicate(SHOP, PLAN, fate, "right-shift", objective=MAKESPAN, workers=1)
    moves = replicate(SHOP, PLAN, fate, "reoptimise", objective=MAKESPAN, deadline=30.0, workers=1)
    assert waits.makespan == 32  # J1.2 has three ticks left at 25, then J2.2
    assert moves.makespan == 28  # J2.2 goes to M1
    assert moves.reassignments == 1
    assert solve(foreseen(SHOP, fate), objective="makespan", time_limit=30, workers=1).values == (28,)


def test_a_floor_goes_on_with_a_schedule_that_breaks_a_limit() -> None:
    # J1 has to be done by 8: after the failure until 11 it can't be, but the floor does what comes nearest. Then J2.2,
    # which takes 2 ticks more, is planned again.
    jobs = tuple(replace(job, deadline=8) if job.id == "J1" else job for job in SHOP.jobs)
    fate = Fate((("M1", Downtime(1, 4)),), {("J2", "2"): 1.5})
    outcome = replicate(replace(SHOP, jobs=jobs), PLAN, fate, "right-shift", objective=MAKESPAN, workers=1)
    assert (outcome.makespan, outcome.repairs, outcome.unplanned, outcome.degraded) == (17, 2, 0, 2)


def test_a_study_compares_under_the_same_fates() -> None:
    study = simulate(SHOP, PLAN, Profile(0.2, 1.0, 0.3), ["right-shift"], replications=3, clairvoyant=0.5, workers=1)
    again = simulate(SHOP, PLAN, Profile(0.2, 1.0, 0.3), ["right-shift"], replications=3, clairvoyant=0.5, workers=1)
    (figures,) = study.policies
    assert study.planned == 12
    assert figures.value == again.policies[0].value
    assert figures.unplanned == 0
    assert study.clairvoyant is not None
    assert study.clairvoyant.mean <= figures.value.mean
    assert figures.loss is not None
    assert figures.loss.mean >= 0


def test_the_interval_is_that_of_student() -> None:
    found = estimate([1.0, 2.0, 3.0])
    assert found.mean == 2
    assert found.half_width == pytest.approx(4.303 / 3**0.5, rel=1e-3)
    assert str(estimate([4.0])) == "4.0"


def test_the_command_prints_a_row_for_each_policy(tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    instance = Path(__file__).parents[2] / "instances" / "teaching.json"
    arguments = ["simulate", str(instance), "--replications", "2", "--policy", "right-shift", "--profile", "calm"]
    arguments += ["--deadline", "0.1", "--workers", "1", "-o", str(output)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "right-shift" in result.output
    document = json.loads(output.read_text(encoding="utf-8"))
    assert document["replications"] == 2
    assert [row["policy"] for row in document["policies"]] == ["right-shift"]
    assert set(document["policies"][0]["value"]) == {"mean", "half_width"}


def test_the_profiles_of_the_command_are_those_there_are() -> None:
    from scheduler.cli.simulating import PROFILES as NAMES

    assert tuple(PROFILES) == NAMES

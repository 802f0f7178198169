"""The repair studies: frozen traces, rows, and a loop that answers many events."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.latency import ALONE, CHAIN, Timed, first_plan, write_latency
from benchmarks.latency import FACTORIES as TIMED
from benchmarks.records import read_rows
from benchmarks.repairs import Repaired, summary
from benchmarks.soak import deadline_text
from benchmarks.sweep import FACTORIES, Swept, write_sweep
from benchmarks.traces import CASES, TRACES, baseline, drawn
from scheduler.io.events_file import read_events


@pytest.mark.parametrize("case", list(CASES))
def test_every_case_has_a_frozen_trace(case: str) -> None:
    events = read_events(TRACES / f"{case}.jsonl")
    assert len(events) == 20
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_seed_draws_the_same_events() -> None:
    instance = CASES["robot_cell"]()
    schedule = baseline(instance)
    once, again = (json.dumps(list(drawn(instance, schedule, 30, seed=7))) for _ in range(2))
    assert once == again
    assert once != json.dumps(list(drawn(instance, schedule, 30, seed=8)))


def test_events_are_answered_and_checked(tmp_path: Path) -> None:
    output = tmp_path / "rows.csv"
    command = ["repairs", "robot_cell", "--policy", "right-shift", "--events", "3", "-o", str(output)]
    first = CliRunner().invoke(main, command, catch_exceptions=False)
    again = CliRunner().invoke(main, command, catch_exceptions=False)  # goes on, and has nothing left to do
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.output == again.output
    rows = read_rows(output, Repaired)
    assert [row.event for row in rows] == ["E1", "E2", "E3"]
    assert {row.violations for row in rows} == {0}
    assert all(row.value == row.shift_value for row in rows if row.answer == "planned")


def test_the_summary_counts_what_is_no_worse_and_steadier() -> None:
    row = Repaired(case="c", operations=9, event="E", type="t", policy="auto", deadline=2.0, answer="planned")
    rows = [
        Repaired(**{**vars(row), "shift_seconds": 0.1, "value": 5.0, "deviation": 1.0, **scratch})
        for scratch in (
            {"scratch_value": 5.0, "scratch_deviation": 3.0},
            {"scratch_value": 4.0, "scratch_deviation": 2.0},
        )
    ]
    text = summary("c", [*rows, Repaired(**{**vars(row), "answer": "refused"})])
    assert "2 planned, 1 refused, 0 without plan" in text
    assert "no worse than from scratch 1 of 2, a third of its deviation 1" in text


def test_a_soak_ends_with_a_replay(tmp_path: Path) -> None:
    output = tmp_path / "soak.csv"
    arguments = ["soak", "robot_cell", "--events", "6", "--every", "3", "-o", str(output)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "the journal replays to the same state" in result.output
    assert [int(row["events"]) for row in _rows(output)] == [3, 6]
    answered = _rows(tmp_path / "soak-events.csv")
    assert [int(row["event"]) for row in answered] == [1, 2, 3, 4, 5, 6]
    assert f"{sum(float(row['seconds']) <= 2.0 for row in answered)} of 6 within it" in result.output
    waits = [float(row["waited"]) for row in answered if row["waited"]]  # only Linux tells
    assert len(waits) in (0, 6)
    assert min(waits, default=0.0) >= 0.0
    assert ("without waiting for a processor that other work had" in result.output) == (len(waits) == 6)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_soak_says_how_the_deadline_was_kept() -> None:
    text = deadline_text([0.1, 0.2, 0.25, 0.31], 0.2)
    assert text == (
        "deadline of 0.2 s: 2 of 4 within it (50.00%), 3 within 100 ms more (75.00%), largest overrun 0.110 s"
    )


@pytest.mark.parametrize("case", [name for name in CASES if name != "fjsp-500x20"])
def test_each_trace_is_of_its_factory(case: str) -> None:
    instance = CASES[case]()
    known = {"machine": instance.machine_by_id, "job": instance.job_by_id, "vehicle": instance.carrier_by_id}
    events = [json.loads(line) for line in (TRACES / f"{case}.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(events) >= 10
    for event in events:
        for field, items in known.items():
            if isinstance(event.get(field), str):
                assert event[field] in items


def test_a_sweep_answers_chains_and_goes_on(tmp_path: Path) -> None:
    output = tmp_path / "sweep.csv"
    command = ["sweep", "robot_cell_tiny", "--kind", "robot_down", "--kind", "rush_order", "--chain", "3"]
    first = CliRunner().invoke(main, [*command, "-o", str(output)], catch_exceptions=False)
    rows = read_rows(output, Swept)
    again = CliRunner().invoke(main, [*command, "--seeds", "2", "-o", str(output)], catch_exceptions=False)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert [row.type for row in rows if row.step == 0] == ["robot_down", "rush_order"]
    assert {(row.answer, row.violations) for row in rows} == {("planned", 0)}
    assert read_rows(output, Swept)[: len(rows)] == rows
    assert {row.seed for row in read_rows(output, Swept)} == {0, 1}
    told = CliRunner().invoke(main, ["report", str(output)], catch_exceptions=False)
    assert "| `robot_cell_tiny` |" in told.output


def test_a_sweep_lists_what_has_no_plan() -> None:
    row = Swept(
        factory="hall",
        kind="pin",
        seed=3,
        step=0,
        type="pin",
        policy="auto",
        deadline=1.0,
        operations=9,
        now=5,
        answer="planned",
    )
    text = write_sweep([row, replace(row, answer="no plan", reason="nobody knows")])
    assert text.startswith("2 events: 1 planned, 0 degraded, 0 infeasible, 1 no plan, 0 refused.")
    assert "| `hall` | 2 | 1 | 0 | 0 | 1 | 0 |" in text
    assert "- no plan: hall, pin, seed 3, step 0:" in text


def test_a_sweep_goes_over_every_shipped_factory_with_a_plan() -> None:
    files = {path.stem for path in (Path(__file__).parents[1] / "instances").glob("*.json")}
    assert files - set(FACTORIES) == {"infeasible"}
    assert set(FACTORIES) - files == {"fjsp-30x10", "fjsp-100x20", "g350"}


def test_latency_times_plans_alone_and_in_chains_and_goes_on(tmp_path: Path) -> None:
    output = tmp_path / "latency.csv"
    command = ["latency", "robot_cell_tiny", "-o", str(output), "--events"]
    first = CliRunner().invoke(main, [*command, "3"], catch_exceptions=False)
    rows = read_rows(output, Timed)
    again = CliRunner().invoke(main, [*command, "4"], catch_exceptions=False)
    more = read_rows(output, Timed)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert [(row.chain, row.step) for row in rows] == [(ALONE, 0)] * 3 + [(CHAIN, step) for step in range(3)]
    assert more[: len(rows)] == rows
    assert [row.chain for row in more].count(ALONE) == 4
    for row in more:
        assert row.answer == "planned"
        assert row.first_seconds is not None
        assert row.seconds is not None
        assert 0 < row.first_seconds <= row.seconds
    told = CliRunner().invoke(main, ["report", str(output)], catch_exceptions=False)
    assert told.output == again.output


def test_a_table_of_latencies_has_bars_and_what_has_no_plan() -> None:
    row = Timed(
        factory="fjsp-30x10",
        operations=300,
        chain=ALONE,
        kind="pin",
        seed=0,
        step=0,
        type="pin",
        now=5,
        answer="planned",
    )
    rows = [replace(row, first_seconds=ms / 1000, seconds=ms / 500) for ms in range(1, 101)]
    text = write_latency([*rows, replace(row, answer="no plan", seconds=1.0), replace(row, answer="refused")])
    assert text.startswith("102 events.")
    assert "| 51.0 / 96.0 / 100.0 / 100.0 | - | 102.0 / 192.0 / 200.0 / 200.0 | 50: missed |" in text
    assert "| `fjsp-30x10` | 300 | 102 | 1 | 1 |" in text
    assert "50: kept" in write_latency(rows[:40])


def test_latency_begins_with_the_same_plan_everywhere() -> None:
    instance = TIMED["robot_cell"]()
    assert first_plan(instance) == first_plan(instance)
    assert set(TIMED) - set(FACTORIES) == {"fjsp-500x20"}

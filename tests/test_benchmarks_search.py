"""The benchmarks of the compiled search by itself, and of large instances."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmark_data import bench, tiny_data

from benchmarks import proofs, size
from benchmarks.ablation import Trial, trial
from benchmarks.alone import Crashed, run_module
from benchmarks.cases import cases
from benchmarks.profiling import ITERATION, Phase
from benchmarks.records import read_rows
from benchmarks.replay import phase_seconds
from benchmarks.size import Large, flexible_job_shop, peak_memory
from benchmarks.variants import DEFAULT, VARIANTS
from benchmarks.walking import walk
from scheduler.domain import Objective
from scheduler.io import read, write
from scheduler.search.construct import construct

FT06 = Path(__file__).parents[1] / "instances" / "ft06.json"


def test_variants_differ() -> None:
    assert len(set(VARIANTS.values())) == len(VARIANTS)
    assert next(iter(VARIANTS)) == DEFAULT


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_betters_the_schedule_that_it_begins_with(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.walking.CONSTRUCTION_SECONDS", 0.0)
    instance = flexible_job_shop(60, 6, 4, seed=0)
    first = construct(instance, Objective.parse("makespan"), time_limit=0.0, seed=0)
    assert first is not None
    found = walk(instance, "makespan", VARIANTS[variant], 0.3, seed=0, target=first.makespan - 20)
    values = [value for _, value in found.history]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1] == found.value == found.schedule.makespan
    assert found.iterations > 0


def test_a_walk_minimises_weighted_tardiness(tmp_path: Path) -> None:
    instance = read(cases("late", tiny_data(tmp_path))[0].file)
    assert walk(instance, "weighted_tardiness", VARIANTS[DEFAULT], 5.0, seed=0, target=4).value == 4


def test_a_trial_says_what_the_search_does_not_speak(tmp_path: Path) -> None:
    file = cases("jsp", tiny_data(tmp_path))[0].file
    found = trial(DEFAULT, file, "transfer_count", 1.0, 0, 0)
    assert found["error"] == "the compiled search does not speak transfer_count"


def test_an_ablation_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def run(module: str, variant: str, file: Path, *options: str, time_limit: float) -> dict[str, object]:
        started.append((module, variant, file.stem, options[1]))
        found = {"operations": 4, "settings": "s", "value": 7, "iterations": 900, "seconds": 0.5}
        return {**found, "history": [[0.0, 9], [0.25, 7]]}

    monkeypatch.setattr("benchmarks.ablation.run_module", run)
    output = tmp_path / "out.csv"
    command = ("ablation", "--set=probe", f"--data={tiny_data(tmp_path)}", "--jobs=2", "-o", str(output))
    assert bench(*command, "--variants=default", "--seeds=1").exit_code == 0
    assert bench(*command, "--variants=default,N5", "--seeds=1").exit_code == 0
    assert sorted(started) == [
        ("benchmarks.ablation", variant, instance, "--seed=0")
        for variant in ("N5", "default")
        for instance in ("free", "two")
    ]
    rows = {(row.variant, row.instance): row for row in read_rows(output, Trial)}
    assert len(rows) == 4
    two = rows["N5", "two"]
    assert (two.value, two.gap_to_best_known, two.iterations, two.seconds_to_within_1_percent) == (7, 0.0, 900, 0.25)


def test_unknown_variants_are_named(tmp_path: Path) -> None:
    output = str(tmp_path / "out.csv")
    refused = bench("ablation", "--set=jsp", f"--data={tiny_data(tmp_path)}", "--variants=N5,N9", "-o", output)
    assert refused.exit_code == 2
    assert "unknown: 'N9'; there are default, N5" in refused.output


def test_a_failed_trial_is_a_row_and_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*arguments: object, time_limit: float) -> dict[str, object]:
        raise Crashed("exit code 1: boom")

    monkeypatch.setattr("benchmarks.ablation.run_module", crash)
    output = tmp_path / "out.csv"
    command = ("--variants=default", "--seeds=1", f"--data={tiny_data(tmp_path)}", "-o", str(output))
    failed = bench("ablation", "--set=jsp", *command)
    assert failed.exit_code == 1
    assert "failed: default on small/two" in failed.output
    assert [row.error for row in read_rows(output, Trial)] == ["exit code 1: boom"]


def test_a_module_that_fails_has_its_last_words_reported() -> None:
    with pytest.raises(Crashed, match=r"exit code 2: .*'nothing' is not one of"):
        run_module("benchmarks.contestant", "nothing", "here.txt", time_limit=1.0)


# --- profile -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("objective", "own"), [("makespan", "critical path"), ("flow_time", "job tails")])
def test_the_phases_of_an_iteration(objective: str, own: str) -> None:
    instance = read(FT06)
    schedule = construct(instance, Objective.parse(objective), time_limit=0.0)
    assert schedule is not None
    found = phase_seconds(instance, objective, schedule, seed=0)
    assert list(found) == [own, "choose", "sort", "starts", "tails", "links", "copy"]
    assert all(-1.0 < seconds < 1.0 for seconds in found.values())


def test_a_profile_has_a_row_for_each_phase(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(flexible_job_shop(60, 6, 4, seed=0), tmp_path / "data" / "some.fjs")
    output = tmp_path / "out.csv"
    command = ("profile", "--set=data", f"--data={tmp_path}", "--seconds=0.2", "-o", str(output))
    done = bench(*command)
    assert done.exit_code == 0, done.output
    by_phase = {row.phase: row for row in read_rows(output, Phase)}
    assert {"choose", "starts", "rest", "read", "first schedule"} <= set(by_phase)
    assert sum(row.share or 0.0 for row in by_phase.values()) == pytest.approx(1.0, abs=0.01)
    assert by_phase["read"].microseconds > 0
    assert "exists already" in bench(*command).output


def test_where_no_move_can_be_made_all_time_is_rest(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "alone.txt").write_text("1 2\n0 3 1 2\n", encoding="utf-8")  # a single job
    output = tmp_path / "out.csv"
    command = ("profile", "--set=data", f"--data={tmp_path}", "--seconds=0.2", "-o", str(output))
    assert bench(*command).exit_code == 0
    assert [row.phase for row in read_rows(output, Phase) if row.part == ITERATION] == ["rest"]


# --- size --------------------------------------------------------------------------------------------------------


def test_generated_flexible_job_shops() -> None:
    instance = flexible_job_shop(50, 20, 10, seed=1)
    assert [len(job.operations) for job in instance.jobs] == [20, 20, 10]
    modes = [operation.modes for operation in instance.operation_by_key.values()]
    assert {len(ways) for ways in modes} == {2, 3, 4, 5}
    assert all(len({way.machine for way in ways}) == len(ways) for ways in modes)
    assert all(1 <= way.duration <= 99 for ways in modes for way in ways)
    assert flexible_job_shop(50, 20, 10, seed=1) == instance
    assert flexible_job_shop(50, 20, 10, seed=2) != instance


def test_a_large_run_is_measured(tmp_path: Path) -> None:
    write(flexible_job_shop(6, 3, 2, seed=0), tmp_path / "large.json")
    found = size.solve_large(tmp_path / "large.json", 5.0, 1, 0)
    assert (found["status"], found["gap"], found["workers"], found["error"]) == ("optimal", 0.0, 1, "")
    assert found["first_value"] >= found["value"] == found["bound"]
    # The kernel brings a peak up to date only now and then, so a later reading may be a little lower.
    for peak in (found["loaded_memory"], found["memory"], peak_memory()):
        assert 10 < peak < 10_000


def test_size_adds_a_row(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    command = ("size", "--operations=6", "--operations-per-job=3", "--machines=2", "--time-limit=2", "--workers=1")
    done = bench(*command, "-o", str(output))
    assert done.exit_code == 0, done.output
    (row,) = read_rows(output, Large)
    assert (row.operations, row.jobs, row.machines, row.workers, row.status) == (6, 2, 2, 1, "optimal")
    assert output.with_suffix(".machine.json").is_file()


def test_every_model_proves_the_same_makespan() -> None:
    instance = proofs.flow_shop(5, 2, 2, seed=0)
    start = proofs.good_schedule(instance)
    found = {model: proofs.prove(instance, start, model, 20.0) for model in proofs.MODELS}
    assert {value for value, _, _ in found.values()} == {start.makespan}
    assert all(proved for _, proved, _ in found.values())

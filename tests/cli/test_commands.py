"""What the commands write, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from bench import INSTANCES, furnish, run

from scheduler import load
from scheduler.cli.checking import violation_lines
from scheduler.cli.generating import RECIPE_OPTIONS
from scheduler.cli.options import PICTURES
from scheduler.cli.planning import POLICIES
from scheduler.constraints import Violation
from scheduler.domain import Objective, Result, Status
from scheduler.errors import UncheckedScheduleError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(furnish(tmp_path))
    return tmp_path


def content(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_the_package_is_the_command_line_too() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "scheduler", "--version"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("scheduler, version ")


# --- solve -------------------------------------------------------------------------------------------------------


def test_solve_writes_schedule_and_picture(folder: Path) -> None:
    result = run("solve", "ft06.json", "--time-limit", "20", "-o", "plan.json", "--gantt", "plan.svg")
    assert result.exit_code == 0
    plan = content(folder / "plan.json")
    # Fisher & Thompson's 6x6 has the proved optimum 55.
    assert (plan["status"], plan["makespan"], plan["objective"]["value"], plan["lower_bound"]) == (
        "optimal",
        55,
        55,
        55,
    )
    assert len(plan["operations"]) == 36
    assert (folder / "plan.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_quiet_prints_nothing_but_errors(folder: Path) -> None:
    result = run("solve", "teaching.json", "--workers", "1", "--quiet", "-o", "plan.json")
    assert (result.exit_code, result.output) == (0, "")
    result = run("solve", "infeasible.json", "--workers", "1", "--quiet")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("No schedule (infeasible): ")


def test_without_schedule_the_file_says_why(folder: Path) -> None:
    result = run("solve", "infeasible.json", "--workers", "1", "-o", "none.json", "--gantt", "none.png")
    assert result.exit_code == 1
    outcome = content(folder / "none.json")
    assert (outcome["status"], outcome["operations"], outcome["makespan"]) == ("infeasible", [], None)
    assert outcome["reason"] != ""
    assert outcome["reason"] in result.stderr
    assert not (folder / "none.png").exists()


def test_an_unchecked_schedule_is_our_mistake_not_the_user_s(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise UncheckedScheduleError("a bug")

    monkeypatch.setattr("scheduler.portfolio.solve", fail)
    with pytest.raises(UncheckedScheduleError):
        run("solve", "teaching.json", "-o", "never.json")
    assert not (folder / "never.json").exists()


def test_solve_says_that_a_search_was_not_compiled_in_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.search.compiling.is_compiling", lambda: True)
    makespan, found = Objective.parse("makespan"), Status.FEASIBLE
    monkeypatch.setattr("scheduler.portfolio.solve", lambda instance, **_: Result(found, makespan))
    assert "compiling       a search is still being compiled" in run("solve", "teaching.json").stdout
    found = Status.OPTIMAL
    assert "compiling" not in run("solve", "teaching.json").stdout


# --- repair ------------------------------------------------------------------------------------------------------


def test_repair_writes_a_schedule_that_can_be_repaired_again(folder: Path) -> None:
    pictures = ("--gantt", "first.png", "--cascade", "cascade.svg")
    arguments = ("--events", "breakdown.json", "--workers", "1", "-o", "first.json", *pictures)
    assert run("repair", "teaching.json", "plan.json", *arguments).exit_code == 0
    assert (folder / "first.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "cascade.svg").read_text(encoding="utf-8").startswith("<?xml")
    event = {"id": "E2", "type": "operation_delayed", "at": 8, "job": "bracket", "operation": "drill", "delay": 3}
    (folder / "delay.json").write_text(json.dumps({"events": [event]}), encoding="utf-8")
    arguments = ("--events", "delay.json", "--workers", "1", "-o", "second.json")
    assert run("repair", "teaching.json", "first.json", *arguments).exit_code == 0
    # The saw stood still during [1, 5): bracket was cut until 7 and drilled from 7, which now takes 5 ticks.
    assert content(folder / "second.json")["makespan"] == 12
    assert len(content(folder / "second.json")["revisions"]) == 2
    assert run("check", "teaching.json", "second.json").exit_code == 0


def test_repair_tells_which_instant_change_and_cascade_belong_to(folder: Path) -> None:
    events = content(folder / "breakdown.json")["events"]
    delay = {"id": "E2", "type": "operation_delayed", "at": 8, "job": "bracket", "operation": "drill", "delay": 3}
    (folder / "both.json").write_text(json.dumps({"events": [*events, delay]}), encoding="utf-8")
    arguments = ("--events", "both.json", "--policy", "right-shift", "--report", "report.json", "--gantt", "both.svg")
    result = run("repair", "teaching.json", "plan.json", *arguments)
    assert "events at       1, 8, one after the other; terms of change count from the plan before 8\n" in result.stdout
    assert "What the events at 8 delay with all orders kept: 1, 1 deep\nE2 -> bracket.drill on drill" in result.stdout
    assert content(folder / "report.json")["cascade_at"] == 8
    assert "start_deviation" not in (folder / "both.svg").read_text(encoding="utf-8")
    (folder / "one.json").write_text(json.dumps({"events": events}), encoding="utf-8")
    result = run("repair", "teaching.json", "plan.json", "--events", "one.json", "--policy", "right-shift")
    assert "What the events delay with all orders kept:" in result.stdout
    assert "events at" not in result.stdout


def test_what_was_optimised_before_is_optimised_again(folder: Path) -> None:
    # The plan's own objective, with a tier that taxes change; teaching.json itself names none.
    plan = content(folder / "plan.json")
    plan["objective"] = {"spec": "flow_time"}
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    run("repair", "teaching.json", "plan.json", "--events", "breakdown.json", "--workers", "1", "-o", "new.json")
    assert content(folder / "new.json")["objective"]["spec"].startswith("flow_time > start_deviation")


def test_frozen_operations_keep_their_start(folder: Path) -> None:
    arguments = ("--events", "breakdown.json", "--frozen-until", "5", "--workers", "1", "-o", "new.json")
    assert run("repair", "teaching.json", "plan.json", *arguments).exit_code == 0
    revision = content(folder / "new.json")["revisions"][0]
    assert revision["frozen_until"] == 5
    assert [(pin["job"], pin["operation"]) for pin in revision["pins"]] == [("bracket", "drill")]


def test_a_degraded_schedule_is_written_marked_checked_drawn_and_repaired(folder: Path) -> None:
    # bracket is drilled from 7 on, as the saw stands still during [1, 5): until 9, after its deadline 8.
    instance = content(folder / "teaching.json")
    instance["jobs"][0]["deadline"] = 8
    (folder / "urgent.json").write_text(json.dumps(instance), encoding="utf-8")
    arguments = (
        "--events",
        "breakdown.json",
        "--time-limit",
        "2m",
        "--workers",
        "1",
        "-o",
        "new.json",
        "--gantt",
        "new.svg",
    )
    result = run("repair", "urgent.json", "plan.json", *arguments)
    assert result.exit_code == 1
    assert "DEGRADED: the least violating schedule found breaks 1 limit" in result.stderr
    assert "time_windows: bracket: is completed at 9, its deadline is 8" in result.stderr
    document = content(folder / "new.json")
    assert (document["status"], document["makespan"]) == ("infeasible", 9)
    assert [(v["rule"], v["where"], v["amount"]) for v in document["degraded"]] == [("time_windows", "bracket", 1)]
    assert (folder / "new.svg").exists()

    checked = run("check", "urgent.json", "new.json")
    assert checked.exit_code == 1
    assert checked.output.splitlines()[0] == "new.json: degraded; 1 violation"
    assert "is completed at 9, its deadline is 8" in checked.output
    (folder / "lie.json").write_text(json.dumps({**document, "degraded": [{**document["degraded"][0], "amount": 7}]}))
    lie = run("check", "urgent.json", "lie.json")
    assert "degraded: does not say time_windows: bracket" in lie.output
    assert "but the schedule keeps it" in lie.output

    drawn = run("gantt", "urgent.json", "new.json", "-o", "marked.svg")
    assert drawn.exit_code == 0
    later = {"id": "E2", "type": "due_date_change", "at": 6, "job": "bracket", "due_date": None, "deadline": 9}
    (folder / "later.json").write_text(json.dumps({"events": [later]}), encoding="utf-8")
    result = run("repair", "urgent.json", "new.json", "--events", "later.json", "--workers", "1", "-o", "good.json")
    assert result.exit_code == 0
    assert "degraded" not in content(folder / "good.json")
    assert run("check", "urgent.json", "good.json").exit_code == 0


# --- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(file.name for file in (INSTANCES / "broken").iterdir()))
def test_a_broken_file_ends_with_2_and_leaves_no_file(folder: Path, name: str) -> None:
    before = sorted(folder.iterdir())
    result = run("solve", f"broken/{name}", "-o", "plan.json", "--gantt", "plan.png")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: broken/{name}: ")
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("name", sorted(file.name for file in (INSTANCES / "broken").iterdir()))
def test_every_defect_has_a_code_a_place_and_a_fix(folder: Path, name: str) -> None:
    heading, *defects = run("validate", f"broken/{name}").stderr.splitlines()
    count = int(heading.removeprefix(f"Error: broken/{name}: ").split()[0])
    assert len(defects) == count > 0
    for defect in defects:
        assert defect.startswith("  E")
        assert " at " in defect
        assert "; " in defect


def test_an_existing_output_survives_bad_input(folder: Path) -> None:
    (folder / "old.json").write_text("precious", encoding="utf-8")
    assert run("solve", "broken/cycle.json", "-o", "old.json").exit_code == 2
    assert (folder / "old.json").read_text(encoding="utf-8") == "precious"


def test_outputs_are_refused_before_inputs_are_read(folder: Path) -> None:
    result = run("solve", "broken/cycle.json", "-o", "missing/plan.json")
    assert result.exit_code == 2
    assert "folder 'missing' does not exist" in result.stderr


@pytest.mark.parametrize("events", ["missing.json", "teaching.json"])
def test_a_loop_without_events_begins_no_journal(folder: Path, events: str) -> None:
    result = run("run", "teaching.json", "--events", events, "--journal", "loop.db", "--publish", "out")
    assert result.exit_code == 2
    assert events in result.stderr
    assert not (folder / "loop.db").exists()
    assert not (folder / "out").exists()


# --- pictures, formats, generated networks -------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")])
def test_gantt_draws_a_schedule(folder: Path, name: str, magic: bytes) -> None:
    assert run("gantt", "teaching.json", "plan.json", "-o", name).exit_code == 0
    assert (folder / name).read_bytes().startswith(magic)


def test_gantt_follows_a_job(folder: Path) -> None:
    assert run("gantt", "teaching.json", "plan.json", "-o", "way.svg", "--job", "plate").exit_code == 0
    result = run("gantt", "teaching.json", "plan.json", "-o", "other.svg", "--job", "plates")
    assert result.exit_code == 2
    assert "did you mean" in result.output and not (folder / "other.svg").exists()


def test_gantt_has_nothing_to_draw_without_schedule(folder: Path) -> None:
    run("solve", "infeasible.json", "--workers", "1", "-o", "none.json")
    result = run("gantt", "infeasible.json", "none.json", "-o", "none.png")
    assert result.exit_code == 2
    assert "holds no schedule (infeasible)" in result.stderr


def test_gantt_of_a_repair_shows_now(folder: Path) -> None:
    run("repair", "teaching.json", "plan.json", "--events", "breakdown.json", "--workers", "1", "-o", "new.json")
    assert run("gantt", "teaching.json", "new.json", "-o", "new.svg").exit_code == 0
    assert "now 1" in (folder / "new.svg").read_text(encoding="utf-8")


def test_convert_and_back_again(folder: Path) -> None:
    assert run("convert", "ft06.json", "ft06.fjs").exit_code == 0
    assert run("convert", "ft06.fjs", "again.json").exit_code == 0
    assert run("convert", "again.json", "again.fjs").exit_code == 0
    assert (folder / "again.fjs").read_text(encoding="utf-8") == (folder / "ft06.fjs").read_text(encoding="utf-8")


def test_convert_adds_vehicles(folder: Path) -> None:
    (folder / "shop.txt").write_text("1 2\n0 3 1 4\n", encoding="utf-8")
    (folder / "layout.txt").write_text("0 1 2\n3 0 4.5\n5 6 0\n", encoding="utf-8")
    result = run("convert", "shop.txt", "out.json", "--layout", "layout.txt", "--vehicles", "2")
    assert (result.exit_code, result.stdout) == (
        0,
        "out.json: 1 job, 2 operations, 2 machines, 1 facility, 2 vehicles; "
        "all times are doubled, since the layout has half ticks\n",
    )
    assert load(folder / "out.json").fleets[0].travel["M1"]["M2"] == 9


def test_convert_says_what_is_wrong_with_a_layout(folder: Path) -> None:
    (folder / "shop.txt").write_text("1 2\n0 3 1 4\n", encoding="utf-8")
    (folder / "layout.txt").write_text("0 1 2\n3 0 x\n5 6\n", encoding="utf-8")
    result = run("convert", "shop.txt", "out.json", "--layout", "layout.txt", "--vehicles", "2")
    assert result.exit_code == 2
    assert "E127 at line 2" in result.stderr
    assert "E126 at line 3" in result.stderr
    assert not (folder / "out.json").exists()
    assert run("convert", "shop.txt", "out.json", "--layout", "layout.txt").exit_code == 2


def test_convert_without_waiting(folder: Path) -> None:
    (folder / "shop.txt").write_text("1 2\n0 3 1 4\n", encoding="utf-8")
    (folder / "layout.txt").write_text("0 1 2\n3 0 4\n5 6 0\n", encoding="utf-8")
    assert run("convert", "shop.txt", "out.json", "--no-wait").exit_code == 0
    assert [p.max_lag for p in load(folder / "out.json").jobs[0].precedences] == [0]
    both = ("--layout", "layout.txt", "--vehicles", "2", "--no-wait")
    result = run("convert", "shop.txt", "both.json", *both)
    assert result.exit_code == 2
    assert "have to wait for robots or vehicles" in result.stderr


def test_convert_to_blocking(folder: Path) -> None:
    (folder / "shop.txt").write_text("2 2\n0 3 1 2\n1 3 0 2\n", encoding="utf-8")
    for choice, swap in (("swap", True), ("no-swap", False)):
        assert run("convert", "shop.txt", "out.json", "--blocking", choice).exit_code == 0
        machines = load(folder / "out.json").machines
        assert [(m.input_buffer, m.output_buffer, m.swap) for m in machines] == [(None, 0, swap)] * 2


def test_generate_writes_the_same_network_for_the_same_seed(folder: Path) -> None:
    size = ("--jobs", "5", "--operations", "12", "--machines", "6", "--facilities", "2", "--cells", "1")
    for name, seed in (("a.json", "1"), ("b.json", "1"), ("c.json", "2")):
        assert run("generate", *size, "--seed", seed, "--durations", "2", "9", "-o", name).exit_code == 0
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()
    assert (folder / "a.json").read_bytes() != (folder / "c.json").read_bytes()
    assert load(folder / "a.json").num_operations == 12


@pytest.mark.parametrize("kind", ["instance", "schedule", "events"])
def test_schema_prints_a_json_schema(kind: str) -> None:
    document = json.loads(run("schema", kind).output)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["type"] == "object"


def test_schema_is_the_instance_s_by_default() -> None:
    assert run("schema").output == run("schema", "instance").output


# --- lists that are written out twice, so that the help needs no engine ----------------------------------------------


def test_policies_are_those_of_rescheduling() -> None:
    from scheduler.rescheduling import POLICIES as known

    assert tuple(known) == POLICIES


def test_pictures_are_those_of_the_plots() -> None:
    from scheduler.plot.files import FORMATS

    assert tuple(f".{name}" for name in FORMATS) == PICTURES


def test_options_of_generate_are_the_recipe() -> None:
    from scheduler.generate import Recipe

    recipe = {field.name: field.default for field in fields(Recipe) if field.default is not MISSING}
    assert {name: default for name, default, _ in RECIPE_OPTIONS} | {"durations": (10, 60)} == recipe


# --- violations --------------------------------------------------------------------------------------------------


def test_violations_are_grouped_and_cut_by_rule() -> None:
    found = [Violation("capacity", f"M{n}", "is full", 1) for n in range(3)] + [Violation("moves", "J1", "is late", 2)]
    assert list(violation_lines(found, 2)) == [
        "capacity (3)",
        "  M0: is full",
        "  M1: is full",
        "  ... and 1 more",
        "moves (1)",
        "  J1: is late",
    ]

"""Where no plan keeps every limit, the loop publishes the least violating one, says so, and goes on from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from charging_cases import plant
from shop import breakdown, current, delay, opened, order, reason, schedule_text, shop, shop_schedule, tell, verdicts

from scheduler.domain import Instance, Objective
from scheduler.errors import ScheduleError
from scheduler.io.schedule_file import read_schedule
from scheduler.loop import Journal, Loop, Settings
from scheduler.loop.journal import Draft
from scheduler.loop.packing import packed
from scheduler.loop.replay import exported, flaws
from scheduler.search.construct import construct

DOWN = breakdown("E1", 1, 60)
"""J1.1 runs on M1 [0, 62), J2.1 after it, so that J2 is completed at 67 on M2, at best; its deadline is 12."""
PROVES = Settings(policy="auto", deadline=600.0, workers=1)
"""An answer ends when its plan is proved the best, however busy the machine: the deadline is out of reach."""


def urgent() -> Instance:
    first, second = shop().jobs
    return replace(shop(), jobs=(first, replace(second, deadline=12)))


@pytest.fixture(scope="module")
def degraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Journal and publication of a loop after the breakdown."""
    path = tmp_path_factory.mktemp("degraded")
    with opened(path, PROVES, instance=urgent()) as loop:
        tell(loop, DOWN)
    return path


@pytest.fixture
def folder(degraded: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(copytree(degraded, tmp_path / "degraded"))


def broken(folder: Path) -> list[tuple[str, str, int]]:
    return [(v["rule"], v["where"], v["amount"]) for v in current(folder).get("degraded", [])]


def whole(folder: Path) -> list[str]:
    with Journal(folder / "journal.db", only_read=True) as journal:
        return [str(flaw) for flaw in flaws(journal, folder)]


def due(id: str, at: int, deadline: int) -> dict[str, Any]:
    return {"type": "due_date_change", "id": id, "at": at, "job": "J2", "due_date": None, "deadline": deadline}


def test_a_degraded_plan_is_published_with_what_it_breaks(folder: Path) -> None:
    assert verdicts(folder) == {"E1": "accepted"}
    document = current(folder)
    assert (document["revision"], document["status"]) == (1, "infeasible")
    assert "deadline 12" in document["reason"]
    assert broken(folder) == [("time_windows", "J2", 55)]
    assert whole(folder) == []
    with Journal(folder / "journal.db", only_read=True) as journal:
        plan = journal.last("planned")
        assert plan is not None
        assert plan.body["degraded"] == document["degraded"]
        assert exported(journal, 1)["degraded"] == document["degraded"]


def test_it_stays_degraded_over_a_restart_and_further_events(folder: Path) -> None:
    before = (folder / "current.json").read_bytes()
    (folder / "current.json").unlink()
    with opened(folder, PROVES, instance=urgent()) as loop:
        assert (folder / "current.json").read_bytes() == before
        assert [v.where for v in loop.state.broken] == ["J2"]
        tell(loop, breakdown("E2", 2, 30, "M3"))
    assert verdicts(folder)["E2"] == "accepted"
    assert broken(folder) == [("time_windows", "J2", 55)]
    assert whole(folder) == []


def test_a_vehicle_without_charge_for_its_way_is_no_reason_to_pass_a_fact_over(tmp_path: Path) -> None:
    # It brings J1 during [0, 5) and is a unit short of the charger then: somebody has to help.
    instance = plant(jobs=1)
    before = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert before is not None
    low = {"type": "battery_low", "id": "E1", "at": 3, "vehicle": "V1", "level": 6}
    with Journal(tmp_path / "journal.db") as journal:
        loop = Loop(journal, tmp_path, instance, schedule_text(instance, before), PROVES)
        tell(loop, low)
    assert verdicts(tmp_path) == {"E1": "accepted"}
    assert broken(tmp_path) == [("batteries", "vehicle V1", 3)]
    assert whole(tmp_path) == []


@pytest.mark.parametrize(
    "event", [due("E2", 3, 70), {"type": "machine_restored", "id": "E2", "at": 4, "machine": "M1"}]
)
def test_the_mark_goes_when_every_limit_is_kept_again(event: dict[str, Any], folder: Path) -> None:
    with opened(folder, PROVES, instance=urgent()) as loop:
        tell(loop, event)
        assert loop.state.broken == ()
    assert "degraded" not in current(folder)
    assert current(folder)["status"] in ("optimal", "feasible")
    assert whole(folder) == []


def test_a_request_must_not_break_what_was_kept(folder: Path) -> None:
    with opened(folder, PROVES, instance=urgent()) as loop:
        tell(loop, order("E2", 3, "J9", ("M3", 1), deadline=20), order("E3", 3, "J8", ("M1", 1), deadline=20))
        tell(loop, due("E4", 3, 65))
    assert verdicts(folder) == {"E1": "accepted", "E2": "accepted", "E3": "quarantined", "E4": "accepted"}
    assert "E614" in reason(folder, "E3")
    assert "J8" in reason(folder, "E3")
    assert broken(folder) == [("time_windows", "J2", 2)]


def test_facts_come_before_requests_that_would_break_limits(tmp_path: Path) -> None:
    with opened(tmp_path, PROVES, instance=urgent()) as loop:
        tell(loop, order("E0", 1, "J9", ("M1", 1), deadline=1), DOWN, delay("E2", 1, "J1.2", 1))
    assert verdicts(tmp_path) == {"E0": "quarantined", "E1": "accepted", "E2": "accepted"}
    assert broken(tmp_path) == [("time_windows", "J2", 55)]


def test_a_deadline_that_has_passed_stays_missed_while_the_rest_is_planned(folder: Path) -> None:
    with opened(folder, PROVES, instance=urgent()) as loop:
        tell(loop, delay("E2", 65, "J2.2", 4))
        tell(loop, breakdown("E3", 72, 75, "M2"))  # J2.2 has ended at 71; J1.2, which runs since then, pauses
    assert broken(folder) == [("time_windows", "J2", 59)]
    assert "broken for good" in current(folder)["reason"]
    assert whole(folder) == []


def test_a_loop_begins_with_a_degraded_schedule_that_says_so(folder: Path, tmp_path: Path) -> None:
    with Journal(folder / "journal.db", only_read=True) as journal:
        document = exported(journal, 1)
    again = tmp_path / "again"
    again.mkdir()
    with Journal(again / "journal.db") as journal:
        loop = Loop(journal, again, urgent(), json.dumps(document), PROVES)
        tell(loop, breakdown("E2", 2, 30, "M3"))
    assert broken(again) == [("time_windows", "J2", 55)]
    assert whole(again) == []
    silent = tmp_path / "silent"
    silent.mkdir()
    with Journal(silent / "journal.db") as journal, pytest.raises(ScheduleError, match="E606 at J2"):
        Loop(journal, silent, urgent(), json.dumps({**document, "degraded": []}), PROVES)


def test_the_exported_file_reads_as_degraded(folder: Path) -> None:
    path = folder / "one.json"
    with Journal(folder / "journal.db", only_read=True) as journal:
        path.write_text(json.dumps(exported(journal, 1)))
    file = read_schedule(path, urgent())
    assert [v.amount for v in file.broken] == [55]


def test_what_a_plan_breaks_without_saying_so_is_found(tmp_path: Path) -> None:
    text = schedule_text(urgent(), shop_schedule())
    with Journal(tmp_path / "journal.db") as journal:
        loop = Loop(journal, tmp_path, urgent(), text, PROVES)
        tell(loop, DOWN)
        plan = journal.last("planned")
        assert plan is not None
        schedule = packed(loop.state.schedule)
        mute = {key: value for key, value in plan.body.items() if key != "degraded"}
        journal.append(Draft("planned", "1", mute, schedule))
        assert any("breaks rule time_windows at J2" in str(flaw) for flaw in flaws(journal))
        false = {**plan.body, "degraded": [*plan.body["degraded"], {**plan.body["degraded"][0], "where": "J1"}]}
        journal.append(Draft("planned", "1", false, schedule))
        assert any("is said to break rule time_windows at J1, but does not" in str(flaw) for flaw in flaws(journal))

"""Finished jobs leave the plan; what is left is right, and the journal replays to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from helpers import assert_valid, down
from shop import SETTINGS, breakdown, delay, opened, order, shop, shop_schedule, starts, tell, verdicts

from scheduler.domain import Execution
from scheduler.domain.events import Retraction, Revision, revise
from scheduler.domain.events.archive import finished_jobs, without_jobs
from scheduler.domain.events.orders import RushOrder
from scheduler.io.schedule_reader import read_schedule_text
from scheduler.loop import Journal
from scheduler.loop.replay import exported, flaws
from scheduler.loop.state import states

KEEPS_NONE = replace(SETTINGS, keep_finished=0)


def test_the_last_thing_that_a_machine_did_stays() -> None:
    # At 9 J1 is finished: M1 worked on J2 after it; M2 works on J2 since 7. At 7 J1 was the last on M2.
    assert finished_jobs(shop(), shop_schedule(), 9, 0) == ("J1",)
    assert finished_jobs(shop(), shop_schedule(), 7, 0) == ()
    assert finished_jobs(shop(), shop_schedule(), 9, 2) == ()
    assert finished_jobs(shop(), shop_schedule(), 3, 0) == ()


def test_without_jobs_nothing_speaks_of_them() -> None:
    after = revise(
        shop(),
        Revision(4, 0, (RushOrder("E1", 4, job=replace(shop().jobs[0], id="R", release_date=4)),), shop_schedule()),
    )
    instance, schedule = without_jobs(after, shop_schedule(), ["J1", "R"])
    assert [job.id for job in instance.jobs] == ["J2"]
    assert {operation.job for operation in schedule.operations} == {"J2"}
    assert instance.execution is not None
    assert [applied.changes for applied in instance.execution.log.entries] == [()]
    assert without_jobs(after, shop_schedule(), []) == (after, shop_schedule())
    # The order can still be taken back: there is nothing left to undo.
    taken_back = revise(instance, Revision(9, 0, (Retraction("E2", 9, supersedes="E1"),), schedule))
    assert [job.id for job in taken_back.jobs] == ["J2"]


def test_downtimes_leave_that_only_finished_jobs_met() -> None:
    # J1 leaves M1 at 3, J2 at 5; M2 works on J2 during [7, 10), M3 has done nothing yet. Now it is 9.
    windows = [(0, 1), (1, 4), (4, 6), (6, 8), (8, 20)]
    instance = shop()
    instance = replace(instance, machines=tuple(replace(m, calendar=down(*windows)) for m in instance.machines))
    after = replace(instance, execution=Execution(9, shop_schedule()))
    left, _ = without_jobs(after, shop_schedule(), ["J1"])
    kept = {m.id: [(d.start, d.end) for d in m.calendar.downtimes] for m in left.machines}
    # On M2 nothing is finished but J1, which is gone; on M1 the first downtime is over before J2.1 and met nothing.
    assert kept == {"M1": windows[1:], "M2": windows, "M3": windows}
    assert without_jobs(instance, shop_schedule(), ["J1"])[0].machines == instance.machines


def test_finished_jobs_leave_the_plan(tmp_path: Path) -> None:
    with opened(tmp_path, KEEPS_NONE) as loop:
        tell(loop, delay("E1", 8, "J2.2", 4))  # the loop stands at 0 until then, so all are there
        assert "J1.1" in starts(tmp_path)
        tell(loop, order("E2", 9, "R", ("M1", 5), ("M2", 2)))
        assert starts(tmp_path) == {"J2.1": 3, "J2.2": 7, "R.1": 9, "R.2": 14}
        tell(loop, delay("E3", 10, "J1.2", 4), breakdown("E4", 10, 20, "M2"))
        assert verdicts(tmp_path)["E3"] == "quarantined"
        state = loop.state
        assert_valid(state.instance, state.schedule)
    with Journal(tmp_path / "journal.db", only_read=True) as journal:
        assert list(flaws(journal, tmp_path)) == []
        *_, (_, last) = states(journal)
        assert (last.instance, last.schedule) == (state.instance, state.schedule)
        text = json.dumps(exported(journal, state.revision))
    file = read_schedule_text(text, "exported", shop())
    assert (file.instance, file.schedule) == (state.instance, state.schedule)
    with opened(tmp_path, KEEPS_NONE) as loop:
        assert loop.state.schedule == state.schedule


def test_a_job_that_an_event_names_stays(tmp_path: Path) -> None:
    with opened(tmp_path, KEEPS_NONE) as loop:
        tell(loop, delay("E1", 9, "J2.2", 4))
        tell(loop, {"type": "due_date_change", "id": "E2", "at": 9, "job": "J1", "due_date": 30})
        assert "J1.1" in starts(tmp_path)

"""Finished jobs leave the plan; what is left is right, and the journal replays to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from helpers import assert_valid, at, distances, down, factory, job, machine, mode, op, simple_job, transport
from shop import SETTINGS, breakdown, delay, opened, order, shop, shop_schedule, starts, tell, verdicts

from scheduler.domain import Charger, Execution, Fleet, OperatorPool, Shortage, Slowdown, Vehicle
from scheduler.domain.derive import complete
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


def test_shortages_leave_that_only_finished_jobs_met() -> None:
    # The crew works on J1 during [0, 3) and on J2 during [3, 5). Now it is 9, and nobody has charged yet.
    away = tuple(Shortage(*window) for window in ((0, 2), (1, 4), (4, 5), (5, 7)))
    crew, idle = OperatorPool("crew", 2, away), OperatorPool("idle", 1, away)
    jobs = [
        job("J1", op("1", mode("M1", 3, crew=1)), op("2", mode("M2", 2))),
        job("J2", op("1", mode("M1", 2, crew=1)), op("2", mode("M2", 3))),
    ]
    plug = Charger("plug", "park", shortages=away)
    carts = Fleet("carts", "F", (Vehicle("V", "park"),), distances("park M1", 1), chargers=(plug,))
    instance = factory(machine("M1"), machine("M2"), crew, idle, carts, *jobs)
    after = replace(instance, execution=Execution(9, shop_schedule()))
    left, _ = without_jobs(after, shop_schedule(), ["J1"])
    # Only the first was over before J2.1 and met nothing of it; reports of the idle may still come.
    assert left.pool_by_id["crew"].shortages == away[1:]
    assert left.pool_by_id["idle"].shortages == away
    assert left.charger_by_id["plug"].shortages == away


def test_slowdowns_leave_in_which_only_finished_jobs_were_carried() -> None:
    # V carries J1 during [2, 12) at half its speed, then J2 during [20, 25), for which it comes back during [15, 20).
    slowdowns = (Slowdown(1, 10, 50), Slowdown(30, 31, 50), Slowdown(40, 41, 50), Slowdown(50, None, 50))
    carts = Fleet("carts", "F", (Vehicle("V", "A"),), distances("A B", 5), slowdowns=slowdowns)
    jobs = [simple_job(name, ("A", 2), ("B", 2)) for name in ("J1", "J2")]
    instance = factory(machine("A"), machine("B"), carts, *jobs)
    steps = [at("J1.1", "A", 0, 2), at("J1.2", "B", 12, 14), at("J2.1", "A", 2, 4), at("J2.2", "B", 25, 27)]
    moves = [transport("J1 1>2", "A>B", "V", 2, 12), transport("J2 1>2", "A>B", "V", 20, 25)]
    done = complete(instance, steps, moves)
    after = replace(instance, execution=Execution(45, done, moves=tuple(moves)))
    left, rest = without_jobs(after, done, ["J1"])
    # The first was over before V carried J2; those after its last move stay, since reports of then may come.
    assert left.fleets[0].slowdowns == slowdowns[1:]
    assert rest == complete(left, steps[2:], moves[1:])
    assert_valid(left, rest)
    # Had V begun at B, it would come to A for J2 during [15, 20): what holds then stays.
    slow = replace(after, fleets=(replace(carts, vehicles=(Vehicle("V", "B"),), slowdowns=(Slowdown(18, 19, 50),)),))
    assert without_jobs(slow, done, ["J1"])[0].fleets[0].slowdowns == (Slowdown(18, 19, 50),)


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

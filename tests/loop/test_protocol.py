"""The commit protocol: whatever step the process dies after, nothing is lost, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from shop import (
    STREAM,
    answer_all,
    breakdown,
    current,
    opened,
    order,
    schedule_text,
    shop,
    shop_schedule,
    starts,
    story,
    tell,
    verdicts,
)

from scheduler.errors import FormatError, JournalError, ScheduleError
from scheduler.loop import Journal, Loop
from scheduler.loop.run import Step
from scheduler.loop.state import schedule_of


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


def killed_after(step: Step, number: int) -> Callable[[Step], None]:
    """Return a listener that dies after the step has been done so many times."""
    seen = []

    def listen(done: Step) -> None:
        seen.append(done)
        if done == step and seen.count(step) == number:
            raise Killed

    return listen


def test_events_are_answered_by_revisions(tmp_path: Path) -> None:
    answer_all(tmp_path)
    assert verdicts(tmp_path) == dict.fromkeys(("E1", "E2", "E3", "E4"), "accepted")
    # E1: M1 stands still in [1, 3), J1.1 ends at 5; E2: J1.2 takes 6; E4: M2 stands still in [8, 12).
    assert starts(tmp_path) == {"J1.1": 0, "J1.2": 5, "J2.1": 5, "J2.2": 15}
    assert current(tmp_path)["revision"] == 4
    assert current(tmp_path)["now"] == 8
    assert current(tmp_path)["report"]["makespan_after"] == 18


@pytest.mark.parametrize("step", [step for step in get_args(Step) if step != "planned"])
@pytest.mark.parametrize("number", [1, 3])
def test_nothing_is_lost_or_done_twice(step: Step, number: int, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    answer_all(whole)
    with pytest.raises(Killed):
        answer_all(broken, on_step=killed_after(step, number))
    shown = current(broken)["revision"] if (broken / "current.json").exists() else 0
    with opened(broken) as loop:
        before = loop.state.revision
        assert before == current(broken)["revision"]
        assert before - shown in (0, 1)
    with opened(broken) as loop:  # once more: nothing happens by opening
        assert loop.state.revision == before
    answer_all(broken)  # the source sends everything again
    assert story(broken) == story(whole)
    assert starts(broken) == starts(whole)
    with Journal(broken / "journal.db", only_read=True) as journal:
        assert journal.breaks() == ()
        published = [entry.body["plan"] for entry in journal.entries("published")]
    assert published == sorted(set(published))
    assert len(published) == 1 + len(STREAM)


def test_a_restart_publishes_the_same_file(tmp_path: Path) -> None:
    answer_all(tmp_path)
    before = (tmp_path / "current.json").read_bytes()
    (tmp_path / "current.json").unlink()
    with opened(tmp_path) as loop:
        assert loop.state.revision == 4
    assert (tmp_path / "current.json").read_bytes() == before


def test_what_was_received_is_answered_after_a_restart(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        answer_all(tmp_path, on_step=killed_after("received", 2))
    with opened(tmp_path) as loop:
        assert loop.state.revision == 1
        loop.answer()
        assert loop.state.revision == 2
    assert verdicts(tmp_path) == {"E1": "accepted", "E2": "accepted"}


def test_a_journal_of_another_factory_is_refused(tmp_path: Path) -> None:
    answer_all(tmp_path)
    other = schedule_text(shop(), shop_schedule()).replace('"makespan": 10', '"makespan": 11')
    with Journal(tmp_path / "journal.db") as journal, pytest.raises(JournalError, match="E705"):
        Loop(journal, tmp_path, shop(), other)


def test_a_wrong_schedule_does_not_begin_the_journal(tmp_path: Path) -> None:
    late = schedule_text(shop(), shop_schedule()).replace('"start": 3', '"start": 2')
    with Journal(tmp_path / "journal.db") as journal, pytest.raises(ScheduleError, match="E606"):
        Loop(journal, tmp_path, shop(), late)
    answer_all(tmp_path)  # the same command again, with the schedule mended
    assert starts(tmp_path) == {"J1.1": 0, "J1.2": 5, "J2.1": 5, "J2.2": 15}


def test_of_two_writers_the_second_fails(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other:
        tell(one, breakdown("E1", 1, 3))
        with pytest.raises(JournalError, match="E704"):
            tell(other, breakdown("E2", 2, 3))
    assert verdicts(tmp_path) == {"E1": "accepted"}


def test_a_place_that_can_not_be_written_ends_the_loop_and_loses_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as loop:
        (tmp_path / "current.json").unlink()
        (tmp_path / "current.json").mkdir()
        with pytest.raises(FormatError, match="E132"):
            tell(loop, breakdown("E1", 1, 3))
    (tmp_path / "current.json").rmdir()
    with opened(tmp_path) as loop:
        assert loop.state.revision == 1
    assert current(tmp_path)["revision"] == 1


def test_a_new_job_is_planned_behind_all_others_first(tmp_path: Path) -> None:
    """The first plan is the right shift alone; then the job goes where it fits, under the same revision."""
    with opened(tmp_path) as loop:
        tell(loop, order("E1", 1, "R", ("M3", 2)), breakdown("E2", 1, 30, "M2"))
    with Journal(tmp_path / "journal.db", only_read=True) as journal:
        plans = [(entry.key, schedule_of(journal, entry)) for entry in journal.entries("planned")]
    assert [key for key, _ in plans[:2]] == ["0", "1"]
    assert plans[1][1].by_operation["R", "1"].start >= 1
    assert starts(tmp_path)["R.1"] == 1

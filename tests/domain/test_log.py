"""The log answers as if it were looked through, and is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import pytest
from helpers import at, factory, machine, schedule, simple_job
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain import Instance
from scheduler.domain.events import EVENTS, ClockTick, Event, MachineBreakdown, Pin, Retraction, Revision, revise
from scheduler.domain.happened import execution_of
from scheduler.domain.log import Applied, Change, Log

JOBS = ("J1", "J2", "J3")


def entry(number: int, job: str | None) -> Applied:
    """A pin that is said to have changed its job, or a breakdown."""
    if job is None:
        return Applied(MachineBreakdown(f"E{number}", 0, "M", 9), (Change("machines", machine("M"), machine("M")),))
    after = simple_job(job, ("M", 2))
    return Applied(Pin(f"E{number}", 0, job), (Change("jobs", simple_job(job, ("M", 1)), after),))


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, str | int | None]]:
    """What happens to a log: an event comes, one is ended, a job leaves, old ones can't be undone any more."""
    steps: list[tuple[str, str | int | None]] = []
    for _ in range(draw(st.integers(1, 30))):
        kind = draw(st.sampled_from(["append"] * 4 + ["end", "leave", "forget"]))
        what = {
            "append": st.sampled_from([None, *JOBS]),
            "end": st.integers(0, 20),
            "leave": st.sampled_from(JOBS),
            "forget": st.integers(0, 10),
        }[kind]
        steps.append((kind, draw(what)))
    return steps


@given(histories())
def test_a_log_is_what_looking_through_it_finds(steps: list[tuple[str, str | int | None]]) -> None:
    log, entries, has_left = Log(), list[Applied](), set[str]()
    for kind, what in steps:
        if kind == "append":
            assert what is None or isinstance(what, str)
            entries.append(entry(len(entries), what))
            log = log.appended(entries[-1])
        elif kind == "end" and isinstance(what, int) and what < len(entries):
            log = log.ended(entries[what], "X")
            entries[what] = replace(entries[what], superseded_by="X", changes=())
        elif kind == "leave":
            log = log.without_jobs([str(what)])
            for place, applied in enumerate(entries):
                if isinstance(applied.event, Pin) and applied.event.job == what:
                    entries[place] = replace(applied, changes=())
                    has_left.add(applied.event.id)
        elif kind == "forget":
            assert isinstance(what, int)
            log = log.undoable(what)
            for place in range(max(0, len(entries) - what)):
                entries[place] = replace(entries[place], changes=())
        assert log.entries == tuple(entries)
        assert [log.find(applied.event.id) for applied in entries] == entries
        assert log.find("unknown") is None
        assert log.holding == tuple(
            a for a in entries if isinstance(a.event, Pin) and a.superseded_by is None and a.event.id not in has_left
        )


def test_an_id_is_in_a_log_once() -> None:
    with pytest.raises(ValueError, match="event E0 has been applied before"):
        Log().appended(entry(0, None)).appended(entry(0, "J1"))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.type)
def test_what_expires_holds(kind: type[Event]) -> None:
    assert kind.holds == (kind.expires_at is not Event.expires_at)


# --- work --------------------------------------------------------------------------------------------------------


def told(number: int) -> Instance:
    """The instance after so many events, which came in hundreds."""
    instance = factory(machine("M1"), machine("M2"), simple_job("J", ("M1", 9)))
    baseline = schedule(at("J.1", "M1", 0, 9))
    events = [Pin("P", 0, "J", until=5), MachineBreakdown("B", 0, "M2", 50)]
    events = [*events, *(ClockTick(f"T{place}", 0) for place in range(number - 2))]
    for place in range(0, number, 100):
        instance = revise(instance, Revision(0, 0, tuple(events[place : place + 100]), baseline))
    assert len(execution_of(instance).log) == number
    return instance


def calls(work: Callable[[], object]) -> int:
    """Return how many functions are called, in Python and in C, until the work is done."""
    count = 0

    def called(frame: FrameType, kind: str, what: object) -> None:
        nonlocal count
        count += kind in ("call", "c_call")

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_revision_costs_no_more_after_many_events() -> None:
    # A pin expires, an old breakdown is taken back, an event comes again, a job leaves, a new event comes.
    def revision(instance: Instance) -> Callable[[], object]:
        events = (Retraction("R", 20, supersedes="B"), ClockTick("T7", 0), MachineBreakdown("N", 20, "M1", 30))
        baseline = schedule(at("J.1", "M1", 0, 9))
        return lambda: revise(instance, Revision(20, 0, events, baseline, archived=("J",)))

    few, many = (calls(revision(told(number))) for number in (100, 1_000))
    # The id of an event is looked for in at most so many tables more; all else is the same.
    assert many <= few + 50

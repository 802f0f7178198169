"""Any stream of events, told, repeated, corrected and interrupted in any order: what holds after every step.

The machine plays the shop floor that sends events and the operator who kills the loop and opens it again. It knows
nothing of what a right answer is, only what no answer may do.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
from helpers import complete_instance, complete_schedule, constructed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from shop import line, order, schedule_text, shop, shop_schedule

from benchmarks.drawing import random_event
from scheduler.checker import check
from scheduler.domain import Instance, Schedule
from scheduler.domain.events import EVENTS, ClockTick, Event, OperationStatus, Revision, Rework, revise
from scheduler.domain.happened import execution_of
from scheduler.io import read
from scheduler.io.event_documents import event_document
from scheduler.loop import Journal, Loop, Settings
from scheduler.loop.replay import flaws
from scheduler.loop.run import Step
from scheduler.loop.state import State, states

numbers = st.integers(0, 40)
ago = st.integers(-3, 4)
hows = st.sampled_from(("alone", "alone", "in a burst", "something follows"))
dying = st.sampled_from((None, None, None, *(step for step in get_args(Step) if step != "planned")))


INSTANCES = Path(__file__).parents[2] / "instances"
KINDS = [kind for kind in EVENTS if kind is not ClockTick]
FACTORIES = (
    "complete",
    "robot_cell_tiny",
    "dual_gripper_tiny",
    "two_robots_tiny",
    "tended_tiny",
    "hoist_tiny",
    "blocking_tiny",
    "buffer_tiny",
    "fleet_tiny",
    "mixed_fleet_tiny",
    "fleet_charging",
    "shared_charger_tiny",
    "returning_tiny",
    "transfer_tiny",
    "timetable_tiny",
    "docks_tiny",
    "hub_tiny",
    "splits_tiny",
    "two_facilities",
    "robot_cell",
)
"""Cells, baths, buffers, fleets, batteries and lanes: each in a factory that is small enough for thousands of plans."""


class Killed(BaseException):
    """Stands for the end of the process."""


class Streams(RuleBasedStateMachine):
    """Events about two jobs on three machines; J2 has a deadline that some of them make impossible to keep."""

    settings = Settings(policy="right-shift", deadline=0.3, workers=1)

    def plant(self) -> tuple[Instance, Schedule]:
        first, second = shop().jobs
        return replace(shop(), jobs=(replace(first, due_date=9), replace(second, deadline=12))), shop_schedule()

    def __init__(self) -> None:
        super().__init__()
        self.instance, self.schedule = self.plant()
        self.place = TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.sent: dict[str, dict[str, Any]] = {}
        self.dies_after: Step | None = None
        self.looked_at = 0
        self.open()

    def open(self) -> None:
        self.journal = Journal(self.folder / "journal.db")
        text = schedule_text(self.instance, self.schedule)
        self.loop = Loop(self.journal, self.folder, self.instance, text, self.settings, on_step=self.on_step)

    def on_step(self, step: Step) -> None:
        if step == self.dies_after:
            self.dies_after = None
            raise Killed

    def teardown(self) -> None:
        self.journal.close()
        self.place.cleanup()

    # what is told

    def tell(self, event: dict[str, Any], how: str = "alone", dies_after: Step | None = None) -> None:
        """Send an event; if the loop dies of it, open it again and send once more, as a source would."""
        text = json.dumps(event)
        self.sent[text] = event
        self.dies_after = dies_after
        try:
            self.take(text, how)
        except Killed:
            self.reopened()
            self.take(text, how)
        self.dies_after = None

    def take(self, text: str, how: str) -> None:
        self.loop.receive([line(text)])
        if how != "in a burst":
            self.loop.answer(nothing_follows=how == "alone")

    def event(self, type: str, ago: int, **fields: Any) -> dict[str, Any]:
        """Return an event that happens about now; the clock of the factory is that of the last event."""
        return {"type": type, "id": f"E{len(self.sent)}", "at": max(0, self.loop.state.now - ago), **fields}

    def machine_id(self, number: int) -> str:
        """Return the id of a machine; one number in ten belongs to none."""
        machines = self.instance.machines
        return machines[number % len(machines)].id if number % 10 < 9 else "nowhere"

    def operation(self, number: int) -> dict[str, str]:
        keys = sorted({*self.instance.operation_by_key, *self.loop.state.instance.operation_by_key})
        return dict(zip(("job", "operation"), keys[number % len(keys)], strict=True))

    def accepted(self) -> list[dict[str, Any]]:
        """Return the events that have been accepted, oldest first."""
        decided = [e.body for e in self.journal.entries("decided") if e.body["verdict"] == "accepted"]
        return [json.loads(self.journal.entry(body["entry"]).body["text"]) for body in decided]

    @rule(
        n=numbers,
        ago=ago,
        lasts=st.integers(0, 9),
        of=st.sampled_from(("resume", "repeat", "scrap")),
        how=hows,
        dies=dying,
    )
    def breakdown(self, n: int, ago: int, lasts: int, of: str, how: str, dies: Step | None) -> None:
        event = self.event("machine_breakdown", ago, machine=self.machine_id(n), duration=lasts, interrupted=of)
        self.tell(event, how, dies)

    @rule(n=numbers, ago=ago, how=hows, dies=dying)
    def restored(self, n: int, ago: int, how: str, dies: Step | None) -> None:
        broken = [event["machine"] for event in self.accepted() if event["type"] == "machine_breakdown"]
        self.tell(self.event("machine_restored", ago, machine=(broken or ["M1"])[n % max(1, len(broken))]), how, dies)

    @rule(n=numbers, ago=ago, ticks=st.integers(-3, 5), how=hows, dies=dying)
    def delayed(self, n: int, ago: int, ticks: int, how: str, dies: Step | None) -> None:
        self.tell(self.event("operation_delayed", ago, **self.operation(n), delay=ticks), how, dies)

    @rule(n=numbers, ago=ago, ticks=st.integers(1, 4), deadline=st.none() | st.integers(0, 30), how=hows, dies=dying)
    def rush_order(self, n: int, ago: int, ticks: int, deadline: int | None, how: str, dies: Step | None) -> None:
        event = self.event("rush_order", ago)
        steps = [(self.machine_id(n), ticks), (self.machine_id(n + 1), 2)]
        until = {} if deadline is None else {"deadline": event["at"] + deadline}
        self.tell(order(event["id"], event["at"], f"R{n % 4}", *steps, **until), how, dies)

    @rule(n=numbers, ago=ago, how=hows, dies=dying)
    def cancelled(self, n: int, ago: int, how: str, dies: Step | None) -> None:
        self.tell(self.event("job_cancelled", ago, job=self.operation(n)["job"]), how, dies)

    @rule(n=numbers, ago=ago, due=st.integers(0, 30), deadline=st.none() | st.integers(0, 30), how=hows, dies=dying)
    def due_date(self, n: int, ago: int, due: int, deadline: int | None, how: str, dies: Step | None) -> None:
        until = {} if deadline is None else {"deadline": deadline}
        self.tell(self.event("due_date_change", ago, job=self.operation(n)["job"], due_date=due, **until), how, dies)

    @rule(n=numbers, ago=ago, lasts=st.none() | st.integers(1, 20), how=hows, dies=dying)
    def pin(self, n: int, ago: int, lasts: int | None, how: str, dies: Step | None) -> None:
        event = self.event("pin", ago, **self.operation(n))
        self.tell(event if lasts is None else {**event, "until": self.loop.state.now + lasts}, how, dies)

    @rule(ticks=st.integers(0, 6), how=hows, dies=dying)
    def time_passes(self, ticks: int, how: str, dies: Step | None) -> None:
        self.tell(self.event("clock_tick", -ticks), how, dies)

    @rule(n=numbers, ago=ago, number=st.integers(1, 6), how=hows, dies=dying)
    def numbered(self, n: int, ago: int, number: int, how: str, dies: Step | None) -> None:
        """Numbers of a source are missing, come twice, and in any order."""
        event = self.event("machine_breakdown", ago, machine=self.machine_id(n), duration=2)
        self.tell({**event, "source": "mes", "sequence": number}, how, dies)

    @precondition(lambda self: self.sent)
    @rule(n=numbers, ago=ago, how=hows, dies=dying)
    def taken_back(self, n: int, ago: int, how: str, dies: Step | None) -> None:
        """Maybe one that was quarantined, or that has been taken back, or that comes later."""
        self.tell(self.event("retraction", ago, supersedes=f"E{n % (len(self.sent) + 2)}"), how, dies)

    @precondition(lambda self: self.accepted())
    @rule(n=numbers, ago=ago, lasts=st.integers(1, 9), how=hows, dies=dying)
    def corrected(self, n: int, ago: int, lasts: int, how: str, dies: Step | None) -> None:
        first = self.accepted()[n % len(self.accepted())]
        if first["type"] == "machine_breakdown":
            event = self.event("machine_breakdown", ago, machine=first["machine"], duration=lasts)
            self.tell({**event, "supersedes": first["id"]}, how, dies)

    @rule(text=st.sampled_from(("nonsense", "{}", "[]", '{"type": "earthquake", "id": "E", "at": 1}', '{"id": "E"}')))
    def nonsense(self, text: str) -> None:
        self.loop.receive([line(text)])
        self.loop.answer()

    # what changes nothing

    @precondition(lambda self: self.sent and not self.loop._waiting)
    @rule(n=numbers)
    def told_again(self, n: int) -> None:
        before, repeated = self.shown(), self.loop.repeated
        self.tell(list(self.sent.values())[n % len(self.sent)])
        assert self.loop.repeated == repeated + 1
        assert self.shown() == before

    @precondition(lambda self: self.accepted() and not self.loop._waiting)
    @rule(n=numbers, later=st.integers(1, 5), differs=st.booleans())
    def told_in_other_words(self, n: int, later: int, differs: bool) -> None:
        """An event that is known comes later, or says something else under the id that it had."""
        before, first = self.shown(), self.accepted()[n % len(self.accepted())]
        event = {**first, "note": f"{later}"} if differs else {**first, "received_at": first["at"] + later}
        is_new = json.dumps(event) not in self.sent
        self.tell(event)
        assert self.shown() == before
        if is_new:
            last = self.journal.last("decided", first["id"])
            assert last is not None
            assert last.body["verdict"] == ("quarantined" if differs else "duplicate")
            assert ("E604" in last.body["reason"]) == differs

    @rule(fresh=st.booleans())
    def reopened(self, fresh: bool = False) -> None:
        """The file may have got lost, too."""
        before, waiting = self.loop.state, {item.entry for item in self.loop._waiting}
        text = (self.folder / "current.json").read_bytes()
        published = self.journal.last("published")
        assert published is not None
        is_dead = published.body["plan"] != self.loop._plan.number
        self.journal.close()
        if fresh:
            (self.folder / "current.json").unlink()
        self.open()
        if not is_dead:
            assert self.shown() == (before.revision, before.now, before.schedule, before.broken, text)
        assert {item.entry for item in self.loop._waiting} <= waiting

    def shown(self) -> tuple[Any, ...]:
        state, text = self.loop.state, (self.folder / "current.json").read_bytes()
        return (state.revision, state.now, state.schedule, state.broken, text)

    # what always holds

    @invariant()
    def everything_holds(self) -> None:
        entries = list(self.journal.entries())
        if len(entries) == self.looked_at:
            return
        self.looked_at = len(entries)
        received = {entry.number for entry in entries if entry.kind == "received"}
        decided = Counter(entry.body["entry"] for entry in entries if entry.kind == "decided")
        assert set(decided.values()) <= {1}
        assert not [entry.body["reason"] for entry in entries if "E615" in entry.body.get("reason", "")]
        assert received - decided.keys() == {item.entry for item in self.loop._waiting}
        accepted = [event["id"] for event in self.accepted()]
        assert len(set(accepted)) == len(accepted)
        assert list(flaws(self.journal, self.folder)) == []
        history = [state for _, state in states(self.journal)]
        assert history[-1] == self.loop.state
        revisions = [state.last for state in history if state.last is not None]
        assert sorted(event.id for revision in revisions for event in revision.events) == sorted(accepted)
        for before, after in pairwise(history):
            assert not disowned(before, after)
        assert list(check(self.loop.state.instance, self.loop.state.schedule)) == list(self.loop.state.broken)
        published = json.loads((self.folder / "current.json").read_text(encoding="utf-8"))
        assert published["revision"] == self.loop.state.revision
        assert len(published.get("degraded", ())) == len(self.loop.state.broken)


class OfAnyKind(Streams):
    """Events of every kind about a factory that stands for many, beside those about machines and jobs."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()

    def plant(self) -> tuple[Instance, Schedule]:
        return plant(self.name)

    @rule(kind=st.sampled_from(KINDS), seed=st.integers(0, 10**6), later=st.integers(0, 30), how=hows, dies=dying)
    def anything(self, kind: type[Event], seed: int, later: int, how: str, dies: Step | None) -> None:
        """About what stands there so many hundredths of the plan later, whether or not it can be."""
        state = self.loop.state
        now = state.now + later * state.schedule.makespan // 100
        standing = revise(state.instance, Revision(now, 0, (), state.schedule))
        earlier = [event["id"] for event in self.accepted()]
        event = random_event(Random(seed), standing, f"E{len(self.sent)}", earlier, kind)
        self.tell(event_document(event), how, dies)


@cache
def plant(name: str) -> tuple[Instance, Schedule]:
    """Return a shipped factory with the plan that is constructed for it; ``complete`` is the one with every feature."""
    if name == "complete":
        return complete_instance(), complete_schedule()
    instance = read(INSTANCES / f"{name}.json")
    schedule = constructed(instance)
    assert schedule is not None
    return instance, schedule


def disowned(before: State, after: State) -> list[str]:
    """Return what had begun before the instant of a revision and is not as it was, and what begins in the past."""
    now, wrong = after.now, []
    assert now >= before.now
    assert after.last is not None
    lost = {(piece.key, piece.machine, piece.start) for piece in execution_of(after.instance).aborted}
    earlier = () if before.instance.execution is None else before.instance.execution.aborted
    repeats = [e for e in after.last.events if getattr(e, "interrupted", "") == "repeat" or isinstance(e, Rework)]
    if len(lost) > len(earlier) and not repeats:
        wrong.append("work is lost")
    told = {(e.job, e.operation) for e in after.last.events if isinstance(e, OperationStatus)}
    begun = {o.key: o for o in before.schedule.operations if o.start < now and o.key not in told}
    begun = {key: o for key, o in begun.items() if (key, o.machine, o.start) not in lost}
    for key, o in begun.items():
        then = after.schedule.by_operation.get(key)
        if then is None or (then.mode, then.machine, then.start) != (o.mode, o.machine, o.start):
            wrong.append(f"{o} became {then}")
        elif o.end <= now and then.end != o.end:
            wrong.append(f"{o} ended and became {then}")
    new = (o for o in after.schedule.operations if o.key not in begun and o.key not in told)
    wrong += [f"{o} begins before {now}" for o in new if o.start < now]
    loaded = {(m.job, m.predecessor, m.successor, m.mover, m.start) for m in after.schedule.moves}
    for m in before.schedule.moves:
        if m.job is not None and m.start < now and (m.job, m.predecessor, m.successor, m.mover, m.start) not in loaded:
            wrong.append(f"{m} is gone")
    return wrong


QUICK = settings(
    derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), stateful_step_count=8, max_examples=8
)


def test_streams_about_a_shop() -> None:
    run_state_machine_as_test(Streams, settings=QUICK)


@pytest.mark.parametrize("name", ["complete", "robot_cell_tiny", "returning_tiny", "docks_tiny"])
def test_streams_of_any_kind(name: str) -> None:
    run_state_machine_as_test(partial(OfAnyKind, name), settings=settings(QUICK, max_examples=2))


LONG = settings(QUICK, stateful_step_count=25, max_examples=100)


def test_a_hoist_that_waits_for_a_bath_waits_in_the_journal_too() -> None:
    streams = OfAnyKind("hoist_tiny")
    streams.breakdown(n=0, ago=-1, lasts=3, of="resume", how="alone", dies=None)
    assert streams.loop.state.last is not None
    assert [wait.mover for wait in streams.loop.state.last.waits] == ["hoist"]
    streams.everything_holds()
    streams.teardown()


@pytest.mark.slow
def test_many_long_streams_about_a_shop() -> None:
    run_state_machine_as_test(Streams, settings=LONG)


@pytest.mark.slow
@pytest.mark.parametrize("name", FACTORIES)
def test_many_long_streams_of_any_kind(name: str) -> None:
    run_state_machine_as_test(partial(OfAnyKind, name), settings=settings(LONG, max_examples=20))

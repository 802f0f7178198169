"""The loop: receive, journal, decide, repair, journal the plan, publish, journal that.

The order is the whole secret (`docs/loop.md`): each step is on disk before the next one begins, and each can be done
again without harm. A loop that was killed is opened on its journal and goes on.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any, Literal, TypeAlias

from scheduler.domain import Instance, Objective, Result, Status, Stop
from scheduler.domain.collector import IdleCollector
from scheduler.errors import Defect, JournalError, ScheduleError
from scheduler.loop.feed import Feed, Line
from scheduler.loop.journal import Draft, Entry, Journal
from scheduler.loop.judging import Decision, Told, judged, told
from scheduler.loop.planning import Settings, better_plans, first_plan
from scheduler.loop.publication import is_published, plan_draft, publish, published_text, text_digest
from scheduler.loop.state import Beginning, State, beginning_with, opening, revision_draft, states
from scheduler.portfolio import solve, versions
from scheduler.rescheduling.requirements import require_right
from scheduler.terms import value_terms

Step: TypeAlias = Literal["received", "decided", "repaired", "planned", "written", "published"]
"""A step of the protocol that is done; nothing is lost if the process ends right after it."""

_WAYS_OUT = 50
"""So many answers back tell how long it takes from the end of the search until the last plan is published: engines are
still stopping then, and the next answer has to be in time too."""
_PEEK = 0.02
"""Seconds between two looks at whether something has come while better plans are searched."""


class Loop:
    """A factory that is kept planned, on an open journal.

    Parameters
    ----------
    journal
        A new journal, which is begun, or one that is continued.
    folder
        Where the schedule in force is published.
    instance, schedule_text
        The factory and the text of its schedule file; without one the loop begins by solving. Those of a journal that
        is continued have to be the same.
    settings
        How plans are made.
    on_notice
        Told the entry of every decision, and of every plan after it is published.
    on_step
        Told every step of the protocol after it is done.
    clock
        Wall time, for people who read the journal.

    Raises
    ------
    JournalError
        If the journal is damaged or belongs to another instance.
    ScheduleError
        If the schedule does not fit the instance.
    """

    def __init__(
        self,
        journal: Journal,
        folder: Path,
        instance: Instance,
        schedule_text: str | None = None,
        settings: Settings | None = None,
        *,
        on_notice: Callable[[Entry], None] | None = None,
        on_step: Callable[[Step], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings or Settings()
        self.repeated = 0
        self._journal, self._folder = journal, folder
        self._notice = on_notice or (lambda entry: None)
        self._step = on_step or (lambda step: None)
        self._clock = clock
        self._ways_out: deque[float] = deque(maxlen=_WAYS_OUT)
        self._collector = IdleCollector()
        self._plan, self.state = self._opened(instance, schedule_text)
        decided = {entry.body["entry"] for entry in journal.entries("decided")}
        received = (entry for entry in journal.entries("received") if entry.number not in decided)
        self._waiting = [_told(entry) for entry in received]
        self._show()

    def run(self, feed: Feed) -> None:
        """Answer the bursts of a feed until it ends."""
        for burst in feed.bursts():
            began_at = monotonic()
            self.receive(burst)
            self.answer(began_at, feed.is_waiting, nothing_follows=not burst)

    def knows(self, line: Line) -> bool:
        """Return whether a line with this text has been received."""
        return self._journal.last("received", _key(line)) is not None

    def receive(self, lines: Iterable[Line]) -> None:
        """Journal what has come; a text that has come before counts once."""
        drafts: dict[str, tuple[Draft, Line]] = {}
        for line in lines:
            key = _key(line)
            if key in drafts or self.knows(line):
                self.repeated += 1
                continue
            body: dict[str, Any] = {"time": self._now(), "text": line.text}
            if line.defect is not None:
                defect = line.defect
                body["defect"] = [defect.code, defect.where, defect.cause, defect.fix]
            drafts[key] = (Draft("received", key, body), line)
        if not drafts:
            return
        entries = self._journal.append(*(draft for draft, _ in drafts.values()))
        self._waiting += [_told(entry) for entry in entries]
        self._step("received")

    def answer(
        self,
        began_at: float | None = None,
        is_interrupted: Callable[[], bool] = lambda: False,
        *,
        nothing_follows: bool = True,
    ) -> None:
        """Decide what is waiting, and plan and publish until everything that can be answered is.

        `began_at` is when the first of it came; once the deadline after that has passed, or something new
        `is_interrupted`, no better plan is looked for.
        """
        began_at = monotonic() if began_at is None else began_at
        while True:
            decisions, ready, _ = judged(self._waiting, self.state, self._journal, nothing_follows=nothing_follows)
            self._decide(decisions)
            if not ready:
                break
            self._answer(ready, began_at, is_interrupted)
        self._collector.collect(in_hurry=is_interrupted())

    def _answer(self, ready: Sequence[Told], began_at: float, is_interrupted: Callable[[], bool]) -> None:
        """Answer a batch of events with one revision, or put events aside."""
        before = self.state
        planned = first_plan(ready, before, self.settings)
        if planned.repair is None:
            self._decide(planned.decisions)
            return
        self._step("repaired")
        first, planned_at = planned.repair, monotonic()
        schedule = first.schedule
        assert schedule is not None
        revision = planned.revision
        number = before.revision + 1
        accepted = [decision.told for decision in planned.decisions if decision.verdict == "accepted"]
        events = {item.event.id: item.entry for item in accepted if item.event is not None}
        entries = tuple(events[event.id] for event in revision.events)
        plan = plan_draft(number, first.policy, first.stated, first.report, monotonic() - began_at, first.broken)
        self._decide(planned.decisions, revision_draft(number, revision, entries), plan)
        self.state = before.revised(first.instance, revision, schedule, first.broken)
        self._show()
        # A better plan takes at least as long to be journalled and published as the first.
        lately = min(max(self._ways_out, default=0.0), self.settings.deadline / 2)
        way_out = max(monotonic() - planned_at, lately)
        until = began_at + self.settings.deadline - way_out
        with _interruption(is_interrupted, until, self._collector) as stop:
            for found in better_plans(before, first, self.settings, until, way_out, stop):
                assert found.schedule is not None
                seconds = monotonic() - began_at
                draft = plan_draft(number, found.policy, found.stated, found.report, seconds, found.broken)
                (self._plan,) = self._journal.append(draft)
                self._step("planned")
                self.state = before.revised(first.instance, revision, found.schedule, found.broken)
                self._show()
        if monotonic() > until and not is_interrupted():
            self._ways_out.append(monotonic() - until)

    def _decide(self, decisions: Sequence[Decision], *drafts: Draft) -> None:
        """Journal decisions, and with them what follows from them."""
        if not decisions:
            return
        entries = self._journal.append(*(decision.draft for decision in decisions), *drafts)
        if drafts:
            self._plan = entries[-1]
        decided = {decision.told.entry for decision in decisions}
        self._waiting = [item for item in self._waiting if item.entry not in decided]
        self._step("decided")
        for entry in entries[: len(decisions)]:
            self._notice(entry)

    def _show(self) -> None:
        """Publish the last plan, unless the folder shows it and the journal says so."""
        text = published_text(self._plan, self.state.instance, self.state.schedule)
        last = self._journal.last("published")
        is_journalled = last is not None and last.body["plan"] == self._plan.number
        if is_journalled and is_published(self._folder, text):
            return
        publish(self._folder, text)
        self._step("written")
        if not is_journalled:
            body = {"time": self._now(), "plan": self._plan.number, "digest": text_digest(text)}
            self._journal.append(Draft("published", self._plan.key, body))
            self._step("published")
        self._notice(self._plan)

    def _opened(self, instance: Instance, schedule_text: str | None) -> tuple[Entry, State]:
        """Return the last plan and the state after it, of this instance; a new journal begins with the first ones.

        Nothing is written before there is a plan to begin with, so that a journal belongs to no schedule that is wrong.
        """
        objective = str(self.settings.objective or instance.objective)
        draft = opening(instance, schedule_text, objective)
        content = draft.content or b""
        known = self._journal.last("opened")
        if known is not None:
            if known.content != hashlib.sha256(content).hexdigest():
                cause = "the journal was begun with another instance or schedule"
                fix = "continue it with those, or begin a new journal"
                raise JournalError(str(self._journal.path), (Defect("E705", "journal", cause, fix),))
            last = None
            for last in states(self._journal):  # noqa: B007
                pass
            if last is not None:
                return last
        beginning = beginning_with(content, instance.name)
        result = _first_schedule(beginning, self.settings)
        assert result.schedule is not None
        state = State.first(beginning, result.schedule)
        policy = "solve" if beginning.schedule is None else "given"
        plan = plan_draft(state.revision, policy, result, None, 0.0, beginning.broken)
        *_, entry = self._journal.append(*(() if known is not None else (draft,)), plan)
        return entry, state

    def _now(self) -> str:
        return self._clock().isoformat(timespec="milliseconds")


def _first_schedule(beginning: Beginning, settings: Settings) -> Result:
    """Return the schedule that the loop begins with: the given one, or a new one.

    Raises
    ------
    ScheduleError
        If the given one breaks a rule, but for what a degraded one says, or there is none.
    """
    instance, schedule = beginning.instance, beginning.schedule
    objective = settings.objective or Objective.parse(instance.objective)
    if schedule is None:
        result = solve(
            instance,
            objective=objective,
            time_limit=settings.deadline,
            workers=settings.workers,
            seed=settings.seed,
        )
        if result.schedule is None:
            defect = Defect("E616", "$", f"no schedule was found: {result.reason}", "begin with a schedule")
            raise ScheduleError(instance.name, (defect,))
        return result
    require_right(instance, schedule, beginning.broken, "begin with a schedule that `scheduler check` passes")
    status, reason = Status.FEASIBLE, ""
    if beginning.broken:
        status, reason = Status.UNKNOWN, "the schedule to begin with is degraded"
    terms = value_terms(instance, schedule)
    return Result(status, objective, schedule, terms, reason=reason, versions=versions())


def _key(line: Line) -> str:
    return hashlib.sha256(line.text.encode("utf-8", "surrogatepass")).hexdigest()


def _told(entry: Entry) -> Told:
    defect = entry.body.get("defect")
    return told(entry.number, entry.body["text"], None if defect is None else Defect(*defect))


@contextmanager
def _interruption(is_interrupted: Callable[[], bool], until: float, collector: IdleCollector) -> Iterator[Stop]:
    """Yield a wish to stop that is made when the time is up or something has come; collect garbage meanwhile."""
    stop, ended = Stop(), Event()

    def watch() -> None:
        while not ended.wait(_PEEK):
            if monotonic() >= until or is_interrupted():
                stop.request()
                return
            collector.collect(until - monotonic())

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield stop
    finally:
        ended.set()
        watcher.join()

"""From events to plans: the safety net first, then whatever is better, until the deadline."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from scheduler.checker import check
from scheduler.domain import Objective, Status, Stop
from scheduler.domain.events import Revision
from scheduler.domain.events.archive import finished_jobs, without_jobs
from scheduler.errors import Defect, DefectsError
from scheduler.loop.judging import Decision, Told, guilty
from scheduler.loop.state import State
from scheduler.rescheduling import Repair, repair, repair_further, reported
from scheduler.rescheduling.safety_net import has_new_jobs

_NET_SHARE = 0.5
"""Part of the deadline that the first plan may take where no right shift exists."""
_PATIENCE = 10.0
"""Seconds for a first plan that was not found in time: late is better than an event that is put aside."""
_SHORTEST = 0.05
"""Less time than this (seconds) is not worth a search."""

_GLANCE = 0.1
"""Seconds that the first plan may take where the schedule in force is degraded: it hardly gets better at once."""

_PAUSE = 0.2
"""Seconds between two better plans that are published: each takes time from the search."""


@dataclass(frozen=True)
class Settings:
    """How plans are made.

    Attributes
    ----------
    policy
        See `scheduler.repair`.
    deadline
        Seconds from the first event of a burst to the last plan that answers it.
    objective
        What to minimise.
    frozen
        Ticks from now on in which operations stay where they are.
    workers, seed
        As for `scheduler.solve`.
    allowance, tax
        What stability may cost, or what change costs; see `scheduler.repair`.
    keep_finished
        About so many operations of finished jobs are kept; the others leave, oldest first. None: all are kept.
    """

    policy: str = "auto"
    deadline: float = 2.0
    objective: Objective | None = None
    frozen: int = 0
    workers: int | None = None
    seed: int = 0
    allowance: float | None = None
    keep_finished: int | None = None
    tax: float | None = None


@dataclass(frozen=True)
class Planned:
    """The first plan of a batch of events: what was decided of each, and the repair (None: nothing was accepted)."""

    decisions: tuple[Decision, ...]
    repair: Repair | None

    @property
    def revision(self) -> Revision:
        """The revision."""
        assert self.repair is not None
        return self.repair.revisions[-1]


def first_plan(batch: Sequence[Told], state: State, settings: Settings) -> Planned:
    """Return the first plan for as many events of the batch as can be planned for.

    What contradicts the factory is quarantined. Where no plan is found for all, they are tried one by one; facts before
    requests, where these would break limits.
    """
    decisions: list[Decision] = []
    left = list(batch)
    while left:
        try:
            found = _first_of(left, state, settings)
        except DefectsError as error:
            decisions += guilty(left, error.defects)
            condemned = {decision.told.entry for decision in decisions}
            left = [item for item in left if item.entry not in condemned]
            continue
        except Exception:
            # A slip of ours that some event brings to light: the factory needs its plan all the same.
            if len(left) == 1:
                cause = f"the repair failed: {traceback.format_exc(limit=-3)}"
                return Planned((*decisions, _refused(left[0], "E615", cause, "report it")), None)
            left = left[:1]
            continue
        if _will_do(found, left, state):
            number = state.revision + 1
            decisions += [Decision(item, "accepted", revision=number) for item in left]
            return Planned(tuple(decisions), found)
        if len(left) == 1:
            limits = "".join(f"; {violation}" for violation in found.broken)
            cause = f"no schedule was found with it: {found.result.reason}{limits}"
            return Planned((*decisions, _refused(left[0], "E614", cause, "relax it")), None)
        facts = [item for item in left if item.event is not None and not item.event.is_request]
        left = facts if 0 < len(facts) < len(left) else left[:1]
    return Planned(tuple(decisions), None)


def _first_of(batch: Sequence[Told], state: State, settings: Settings) -> Repair:
    """Return the first repair that will do: the right shift, or what is found where there is none."""
    seconds, policy = settings.deadline * _NET_SHARE, "right-shift"
    if state.broken and settings.policy != "right-shift":
        found = _repaired(batch, state, settings, policy, _GLANCE)
        if _will_do(found, batch, state):
            return found
        policy = "reoptimise"
    found = _repaired(batch, state, settings, policy, seconds)
    if found.result.status is Status.UNKNOWN and not _will_do(found, batch, state):
        found = _repaired(batch, state, settings, policy, _PATIENCE)
    return found


def _will_do(found: Repair, batch: Sequence[Told], state: State) -> bool:
    """Return whether a repair is a plan to publish.

    Facts are facts, also where they leave only a degraded plan. A request is none to break another limit for: it is
    refused, as if there were no plan with it.
    """
    if not found.is_degraded or not any(item.event is not None and item.event.is_request for item in batch):
        return found.schedule is not None
    known = {(violation.rule, violation.where) for violation in state.broken}
    return known.issuperset((violation.rule, violation.where) for violation in found.broken)


def better_plans(
    state: State, first: Repair, settings: Settings, until: float, way_out: float, stop: Stop
) -> Iterator[Repair]:
    """Yield better and better plans for accepted events until the deadline, each as soon as it is found.

    While one is published the search goes on; of what it finds meanwhile only the best is yielded, not sooner than
    `_PAUSE` after the one before, and not so late that the last one would wait for its publication, which takes
    `way_out` seconds. A plan comes once; again only if there is time to say more of it, as that it is proved the best.
    """
    left = until - monotonic()
    is_best = settings.policy == "right-shift" and not has_new_jobs(first.instance)
    if is_best or left < _SHORTEST or stop.requested:
        return
    found: SimpleQueue[Repair | None] = SimpleQueue()
    answers: list[Repair] = []
    failures: list[BaseException] = []

    def search() -> None:
        try:
            answer = repair_further(
                state.instance,
                first,
                policy=settings.policy,
                allowance=settings.allowance,
                tax=settings.tax,
                time_limit=left,
                workers=settings.workers,
                seed=settings.seed,
                on_improvement=found.put,
                stop=stop,
            )
            answers.append(answer)
        except BaseException as failure:  # raised again below, in the thread of the loop
            failures.append(failure)
        finally:
            found.put(None)

    thread = Thread(target=search, name="better plans", daemon=True)
    thread.start()
    shown = first
    while (better := _last_of(found)) is not None:
        # Plans that keep every limit come in the order of what a repair wants, which is not that of the values alone.
        if monotonic() + way_out < until and (not better.is_degraded or better.rank < shown.rank):
            shown = better
            yield reported(state.instance, better)
        thread.join(min(_PAUSE, max(0.0, until - monotonic())))
    thread.join()
    if failures:
        raise failures[0]
    answer = answers[0]
    if answer is not first and (answer.schedule is not shown.schedule or monotonic() < until):
        yield answer


def _last_of(found: SimpleQueue[Repair | None]) -> Repair | None:
    """Wait for a plan and return the last one there is; None once the search has ended, its answer is better still."""
    last = found.get()
    while last is not None:
        try:
            last = found.get_nowait()
        except Empty:
            break
    return last


def _refused(item: Told, code: str, cause: str, fix: str) -> Decision:
    return Decision(item, "quarantined", str(Defect(code, "$", cause, fix)))


def _leaving(batch: Sequence[Told], state: State, settings: Settings) -> tuple[str, ...]:
    """Return the finished jobs that leave now: no event names them, and without them the plan is right too."""
    if settings.keep_finished is None or state.broken:
        return ()
    found = finished_jobs(state.instance, state.schedule, state.now, settings.keep_finished)
    named = {job for item in batch if isinstance(job := getattr(item.event, "job", None), str)}
    leaving = tuple(job for job in found if job not in named)
    return leaving if not leaving or not check(*without_jobs(state.instance, state.schedule, leaving)) else ()


def _repaired(batch: Sequence[Told], state: State, settings: Settings, policy: str, seconds: float) -> Repair:
    events = [item.event for item in batch if item.event is not None]
    now = max(state.now, *(event.known_at for event in events))
    return repair(
        state.instance,
        state.schedule,
        events,
        now=now,
        policy=policy,
        frozen_until=now + settings.frozen if settings.frozen else None,
        objective=settings.objective,
        allowance=settings.allowance,
        tax=settings.tax,
        time_limit=seconds,
        workers=settings.workers,
        seed=settings.seed,
        is_checked=True,  # as every plan, and the schedule that the loop began with
        broken=state.broken,
        fits=False,  # that is the first thing to do for a better plan
        archived=_leaving(batch, state, settings),
    )

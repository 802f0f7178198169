"""The case that a policy works on: the revised instance, its right shift, the clock, and the best schedule so far."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import takewhile
from math import floor
from threading import RLock
from time import monotonic
from typing import TypeAlias

from scheduler.checker import check
from scheduler.domain import Instance, Objective, Progress, Result, Schedule, Status, Stop, Tier
from scheduler.domain.collector import collector_paused
from scheduler.domain.happened import execution_of
from scheduler.domain.objective import STABILITY_TERMS
from scheduler.portfolio import versions
from scheduler.portfolio.findings import Findings
from scheduler.rescheduling.right_shift import Shift
from scheduler.rescheduling.stability import usual_allowance
from scheduler.terms import value_terms

OnProgress: TypeAlias = Callable[[Progress], None]
OnBetter: TypeAlias = Callable[["Best"], None]

SHORTEST = 0.05
"""Less time than this (seconds) is not worth a search."""
WAY_OUT = 0.005
"""Seconds kept for the report on the last schedule ..."""
WAY_OUT_PER_CHECK = 3.0
"""... and so many times what a check takes: a report takes about as long, beside engines that are still stopping."""


@dataclass(frozen=True)
class Best:
    """The best schedule so far, checked: its terms, the value of each tier, and the policy whose schedule it is."""

    schedule: Schedule
    terms: Mapping[str, int]
    values: tuple[Fraction, ...]
    policy: str


@dataclass
class Case:
    """What a policy has to work with, and what has come of it.

    Attributes
    ----------
    instance
        The revised instance, frozen operations pinned.
    shift
        Its right shift: the safety net.
    objective
        Its last tier taxes change.
    allowance
        What stability may cost (see `aspire`); None: what is usual.
    ends_at
        When the answer is due (`time.monotonic`).
    check_seconds
        What the slowest check so far took.
    workers, seed
        As for `scheduler.solve`.
    stop
        Asked for when the time is up; engines listen to it.
    on_progress, on_better
        Told every better value or bound of the first tier, and every better schedule.
    frees
        Whether an event may leave room for something better (`Event.frees`).
    fits
        Whether new jobs are fitted into gaps before the right shift is an answer, with all others where it has them.
    best
        The best schedule so far.
    ranking
        What schedules are compared by: the objective, with aspirations once a good value is known.
    valued, found
        What the searches over everything pending answered, that for the value alone and that for all tiers, if they
        came to their end.
    reason
        Why there is no schedule.
    passed_over
        What the last offered schedule that is not right breaks.
    findings
        What the searches hand on to each other.
    is_lost
        Whether what has happened breaks limits for good, so that no schedule keeps all.
    """

    instance: Instance
    shift: Shift
    objective: Objective
    ends_at: float
    check_seconds: float = 0.0
    allowance: Fraction | None = None
    workers: int = 1
    seed: int = 0
    stop: Stop = field(default_factory=Stop)
    on_progress: OnProgress | None = None
    on_better: OnBetter | None = None
    began_at: float = field(default_factory=monotonic)
    frees: bool = False
    fits: bool = True
    best: Best | None = None
    valued: Result | None = None
    found: Result | None = None
    reason: str = ""
    passed_over: str = ""
    findings: Findings = field(default_factory=Findings)
    is_lost: bool = False

    def __post_init__(self) -> None:
        self.ranking = self.objective
        self._lock = RLock()
        self._history: list[Progress] = []
        self._is_closed = False

    @property
    def left(self) -> float:
        """Seconds until policies have to be done; none once somebody wants to stop."""
        return 0.0 if self.stop.requested else self.due_at - monotonic()

    @property
    def due_at(self) -> float:
        """When the last schedule has to be in, so that the report is made by `ends_at`."""
        return self.ends_at - WAY_OUT - WAY_OUT_PER_CHECK * self.check_seconds

    @property
    def seconds(self) -> float:
        """Seconds since the repair of this instant began."""
        return monotonic() - self.began_at

    def why_not_absorbed(self) -> str:
        """Return what the events move or bring, an empty text if nothing."""
        before = execution_of(self.instance).baseline.by_operation
        after = self.shift.schedule
        if after is None:
            return self.shift.reason
        gone = [key for key in before if key not in after.by_operation]
        moved = [o for o in after.operations if o.key not in before or o.start != before[o.key].start]
        if not gone and not moved:
            return ""
        job, operation = moved[0].key if moved else gone[0]
        words = "would start at another time" if moved else "is not wanted any more"
        others = len(moved) + len(gone) - 1
        return f"operation {operation} of job {job} {words}" + (f", and {others} more change" if others else "")

    @collector_paused()
    def offer(self, schedule: Schedule, policy: str) -> bool:
        """Keep the schedule if it is better than the best so far; any thread may offer one.

        It has to pass the checker. One that does not is a slip of ours: it is passed over with a warning, so that the
        factory still gets a plan.
        """
        if self._is_closed:
            return False  # an engine that was left behind: nobody waits for what it finds
        terms = value_terms(self.instance, schedule)
        values = self.ranking.value(terms)
        if self.best is not None and values >= self.best.values:
            return False
        began_at = monotonic()
        found = check(self.instance, schedule)
        self.check_seconds = max(self.check_seconds, monotonic() - began_at)
        if found:
            words = self.passed_over = f"{policy} breaks {len(found)} rules, the first: {found[0]}"
            warnings.warn(f"a repair is passed over: {words}", RuntimeWarning, stacklevel=2)
            return False
        with self._lock:
            if self._is_closed or (self.best is not None and values >= self.best.values):
                return False
            self.best = Best(schedule, terms, values, policy)
            self.note(Progress(self.seconds, values[0], None, policy.replace("-", " ")))
            if self.on_better is not None:
                self.on_better(self.best)
        return True

    @property
    def valued_tiers(self) -> tuple[Tier, ...]:
        """The tiers before the first one that speaks of stability."""
        return tuple(takewhile(lambda tier: STABILITY_TERMS.isdisjoint(dict(tier.weights)), self.objective.tiers))

    def aspire(self) -> None:
        """From now on the nearest of the schedules that are good enough is the best.

        With ``v`` the value of a tier in the best schedule so far and ``s`` that in the right shift, so much is good
        enough as ``(1 + allowance) v``, and no more than ``max(v, s)``: nothing is worse than what needs no search.
        """
        with self._lock:
            if self.best is None:
                return
            allowance = usual_allowance(self.instance) if self.allowance is None else self.allowance
            shifted = None if self.shift.schedule is None else value_terms(self.instance, self.shift.schedule)
            tiers = []
            for tier in self.valued_tiers:
                value = tier.value(self.best.terms)
                level = Fraction(floor((1 + allowance) * value * tier.scale), tier.scale)
                if shifted is not None:
                    level = min(level, max(value, tier.value(shifted)))
                tiers.append(replace(tier, aspiration=level))
            self.ranking = Objective((*tiers, *self.objective.tiers[len(tiers) :]))
            self.best = replace(self.best, values=self.ranking.value(self.best.terms))

    def note(self, point: Progress) -> None:
        """Keep a point of the history if it has a better value or bound than all before it."""
        with self._lock:
            last = self._history[-1] if self._history else Progress(0.0, None, None, "")
            value = (
                point.value
                if last.value is None
                else min(last.value, last.value if point.value is None else point.value)
            )
            bound = (
                point.bound
                if last.bound is None
                else max(last.bound, last.bound if point.bound is None else point.bound)
            )
            if self._is_closed or (value, bound) == (last.value, last.bound):
                return
            self._history.append(replace(point, value=value, bound=bound))
            if self.on_progress is not None:
                self.on_progress(self._history[-1])

    def close(self) -> None:
        """Let nothing come in any more, and the engines stop."""
        self.stop.request()
        with self._lock:
            self._is_closed = True

    def result(self) -> Result:
        """Return the best schedule with what is proved of it, or why there is none."""
        best, found, valued = self.best, self.found, self.valued
        status = Status.FEASIBLE if best is not None else Status.INFEASIBLE if self.is_lost else Status.UNKNOWN
        bounds: tuple[Fraction | None, ...] = ()
        reason = self.reason
        if found is not None:
            bounds = found.bounds
            if best is None:
                status = found.status
                reason = "; ".join(text for text in (found.reason, self.shift.reason) if text)
            elif found.status is Status.OPTIMAL and found.values == best.values:
                status = Status.OPTIMAL
        if valued is not None and best is not None:
            # Aspirations are no bounds: those of the value are what its own search has proved.
            num = len(valued.objective.tiers)
            bounds = (*valued.bounds, *(bounds[num:] or (None,) * (len(self.objective.tiers) - num)))
            values = self.objective.value(best.terms)
            is_least = all(bound is not None and v <= bound for v, bound in zip(values, valued.bounds, strict=False))
            status = status if is_least else Status.FEASIBLE
        elif best is None and not reason:
            reason = f"no time is left to search; {self.shift.reason or self.passed_over}"
        return Result(
            status,
            self.objective,
            None if best is None else best.schedule,
            {} if best is None else best.terms,
            bounds,
            reason="" if best is not None else reason,
            history=tuple(self._history),
            seconds=self.seconds,
            seed=self.seed,
            workers=self.workers,
            versions=versions(),
        )

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
from scheduler.rescheduling.price import Trade
from scheduler.rescheduling.right_shift import Shift
from scheduler.rescheduling.stability import OF_GAIN, priced, usual_allowance
from scheduler.terms import value_terms

OnProgress: TypeAlias = Callable[[Progress], None]
OnBetter: TypeAlias = Callable[["Best"], None]

SHORTEST = 0.05
"""Less time than this (seconds) is not worth a search."""
WAY_OUT = 0.03
"""Seconds kept for the report on the last schedule ..."""
WAY_OUT_PER_CHECK = 1.5
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
    tax
        What change costs (see `trade`); None: what is usual.
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
        What schedules are compared by: the objective, once a good value is known with aspirations or a price.
    for_value
        The best schedule while only the value counted; None as long as it does.
    traded
        The tax by which value and change are weighed; 0 where they are not.
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
    is_constructed
        Whether construction had all the time that it needs for a first schedule.
    """

    instance: Instance
    shift: Shift
    objective: Objective
    ends_at: float
    check_seconds: float = 0.0
    allowance: Fraction | None = None
    tax: Fraction | None = None
    workers: int = 1
    seed: int = 0
    stop: Stop = field(default_factory=Stop)
    on_progress: OnProgress | None = None
    on_better: OnBetter | None = None
    began_at: float = field(default_factory=monotonic)
    frees: bool = False
    fits: bool = True
    best: Best | None = None
    for_value: Best | None = None
    traded: Fraction = Fraction(0)
    valued: Result | None = None
    found: Result | None = None
    reason: str = ""
    passed_over: str = ""
    findings: Findings = field(default_factory=Findings)
    is_lost: bool = False
    is_constructed: bool = False

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
        self.check_seconds = self.findings.check_seconds = max(self.check_seconds, monotonic() - began_at)
        if found:
            words = self.passed_over = f"{policy} breaks {len(found)} rules, the first: {found[0]}"
            warnings.warn(f"a repair is passed over: {words}", RuntimeWarning, stacklevel=2)
            return False
        with self._lock:
            if self._is_closed or (self.best is not None and values >= self.best.values):
                return False
            self.best, self.findings.checked = Best(schedule, terms, values, policy), schedule
            value = self.objective.tiers[0].value(terms)
            self.note(Progress(self.seconds, value, None, policy.replace("-", " ")))
            if self.on_better is not None:
                self.on_better(self.best)
        return True

    @property
    def valued_tiers(self) -> tuple[Tier, ...]:
        """The tiers before the first one that speaks of stability."""
        return tuple(takewhile(lambda tier: STABILITY_TERMS.isdisjoint(dict(tier.weights)), self.objective.tiers))

    def trade(self, tax: Fraction, share: Fraction) -> bool:
        """From now on value and change are weighed against each other; return whether they can be.

        With ``v`` the value of the first tier in the best schedule so far and ``s`` that in the right shift, at most
        ``v + share * max(0, s - v)`` is good enough, or ``s`` where the right shift is worth more than all that is
        gained on it, so nothing is worse than what needs no search. What is less has its price: it has to pay for the
        change that it needs (`scheduler.rescheduling.stability.priced`).
        """
        tiers = self.valued_tiers
        tier = priced(self.instance, tiers, self.objective.tiers[len(tiers)], tax)
        with self._lock:
            if tier is None or self.best is None or self.shift.schedule is None:
                return False
            first, terms = tiers[0], value_terms(self.instance, self.shift.schedule)
            value = first.value(self.best.terms)
            lost = max(Fraction(0), first.value(terms) - value)
            if tier.value(terms) <= tier.value(self.best.terms):
                share = Fraction(1)
            self._rank_by(replace(first, aspiration=_rounded(value + share * lost, first)), tier, until=len(tiers) + 1)
            self.traded = tax
        return True

    def aspire(self) -> None:
        """From now on the nearest of the schedules that are good enough is the best.

        With ``v`` the value of a tier in the best schedule so far and ``s`` that in the right shift, so much is good
        enough as ``(1 + allowance) v``, and no more than ``max(v, s)``: nothing is worse than what needs no search.
        Where nobody says how much, ``v + allowance * max(v, OF_GAIN (s - v))``.
        """
        usual = usual_allowance(self.instance)
        with self._lock:
            if self.best is None:
                return
            shifted = None if self.shift.schedule is None else value_terms(self.instance, self.shift.schedule)
            tiers = []
            for tier in self.valued_tiers:
                value = tier.value(self.best.terms)
                worst = None if shifted is None else max(value, tier.value(shifted))
                if self.allowance is not None:
                    level = (1 + self.allowance) * value
                else:
                    level = value + usual * max(value, OF_GAIN * ((worst or value) - value))
                level = level if worst is None else min(level, worst)
                tiers.append(replace(tier, aspiration=_rounded(level, tier)))
            self._rank_by(*tiers, until=len(tiers))

    def _rank_by(self, *tiers: Tier, until: int) -> None:
        """Compare schedules by these tiers instead of the first ones of the objective."""
        assert self.best is not None
        self.for_value = self.best
        self.ranking = Objective((*tiers, *self.objective.tiers[until:]))
        self.best = replace(self.best, values=self.ranking.value(self.best.terms))

    @property
    def trade_made(self) -> Trade | None:
        """What was given up of the value for less change, None if nothing was asked of it."""
        best, before = self.best, self.for_value
        if best is None or before is None or not self.valued_tiers:
            return None
        first, term = self.valued_tiers[0], "start_deviation"
        return Trade(
            str(first),
            float(self.traded),
            float(first.value(before.terms)),
            float(first.value(best.terms)),
            before.terms[term],
            best.terms[term],
        )

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

    def _proved(self, best: Best) -> tuple[Status, tuple[Fraction | None, ...]]:
        """Return what the searches have proved of the objective: an aspiration is no bound, nor is a price."""
        found, valued, tiers = self.found, self.valued, self.objective.tiers
        num = len(self.valued_tiers)
        is_as_wanted = len(self.ranking.tiers) == len(tiers) and self.ranking.tiers[num:] == tiers[num:]
        bounds: list[Fraction | None] = [None] * len(tiers)
        if found is not None and is_as_wanted:
            bounds = list(found.bounds)
        if valued is not None:
            bounds[:num] = valued.bounds
        is_least = found is not None and is_as_wanted and found.status is Status.OPTIMAL and found.values == best.values
        if valued is not None:
            values = self.objective.value(best.terms)
            is_least &= all(bound is not None and v <= bound for v, bound in zip(values, valued.bounds, strict=False))
        return Status.OPTIMAL if is_least else Status.FEASIBLE, tuple(bounds)

    def result(self) -> Result:
        """Return the best schedule with what is proved of it, or why there is none."""
        best, found, valued = self.best, self.found, self.valued
        status = Status.FEASIBLE if best is not None else Status.INFEASIBLE if self.is_lost else Status.UNKNOWN
        bounds: tuple[Fraction | None, ...] = ()
        reason = self.reason
        if best is None:
            if found is not None:
                status, bounds = found.status, found.bounds
                reason = "; ".join(text for text in (found.reason, self.shift.reason) if text)
            elif not reason:
                reason = f"no time is left to search; {self.shift.reason or self.passed_over}"
        elif found is not None or valued is not None:
            status, bounds = self._proved(best)
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


def _rounded(value: Fraction, tier: Tier) -> Fraction:
    """Return the largest value of a tier that is not more."""
    return Fraction(floor(value * tier.scale), tier.scale)

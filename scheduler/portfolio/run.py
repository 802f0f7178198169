"""One call of `solve`: the clock, the best schedule so far, the history, and who works first."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property, partial
from math import inf
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from scheduler.bounds import higher
from scheduler.domain import Instance, Objective, Progress, Schedule, Status, Stop
from scheduler.portfolio.findings import Findings
from scheduler.portfolio.patience import construction_seconds, first_pass_gives_up, slow_pass
from scheduler.portfolio.timed import Timed

if TYPE_CHECKING:
    from scheduler.search.cyclic.inserting import InsertionSearch
    from scheduler.search.decode.engine import FactorySearch
    from scheduler.search.tabu.weights import Weights
    from scheduler.search.threads import CompiledSearch

CONSTRUCTION_BEFORE_WALK = 0.2
"""Seconds of construction where the compiled search goes on from it."""
FIRST_SECONDS = 0.3
"""Seconds after which the factory search hands its first schedule over, though others could still be better."""
SMALL = 150
"""Modes up to which CP-SAT alone has a first go before the compiled search ..."""
SMALL_SHARE = 0.1
"""... for this share of the time ..."""
SMALL_AGAIN = 0.3
"""... or, in a repair, this one: how little can change is to be proved too."""
LOADS_AT_ONCE = 5_000
"""Modes up to which the load bound is so quick that the search waits for it."""
LOADS_SHARE = 0.15
"""Most of the time left that it may take of larger ones."""
FAR = Fraction(2, 100)
"""Gap from which on proofs are rare."""

OnProgress = Callable[[Progress], None]
OnSchedule = Callable[[Schedule], None]
Answer: TypeAlias = tuple[Status, tuple[Fraction | None, ...]]
"""Status, and bound of each tier."""


class Run(Timed):
    """One call of `solve`: the clock, the best schedule so far, and the history."""

    def __init__(
        self,
        instance: Instance,
        objective: Objective,
        time_limit: float,
        workers: int,
        seed: int,
        on_progress: OnProgress | None,
        stop: Stop,
        on_schedule: OnSchedule | None = None,
        findings: Findings | None = None,
    ) -> None:
        super().__init__(instance, time_limit, stop, findings or Findings())
        self.objective = objective
        self.workers = workers
        self.seed = seed
        self.best: Schedule | None = None
        self.knows_loads = False
        self.best_terms: dict[str, int] = {}
        self._on_progress = on_progress
        self._on_schedule = on_schedule
        self.proved = Stop()
        self._history: list[Progress] = []
        self._lock = Lock()

    @property
    def no_bounds(self) -> tuple[None, ...]:
        """What is known of the tiers when nothing is."""
        return tuple(None for _ in self.objective.tiers)

    @property
    def history(self) -> tuple[Progress, ...]:
        """Every better value and bound so far."""
        return tuple(self._history)

    def search(self, start: Schedule | None) -> Answer:
        """Run the engines; return the status and the bound of each tier."""
        from scheduler.checker import check
        from scheduler.search.blocking.arrays import why_unsupported as why_not_blocking
        from scheduler.search.construct import construct
        from scheduler.search.tabu.arrays import why_unsupported
        from scheduler.search.tabu.weights import weigh

        if start is not None and (start is self.findings.checked or not check(self.instance, start)):
            self.findings.checked = start
            self.offer(start, "start")
        blocks = why_not_blocking(self.instance) is None
        speaks = blocks or why_unsupported(self.instance) is None
        weights = weigh(self.instance, self.objective) if speaks else None
        if weights is not None and (self.instance.fleets or blocks) and not weights.is_makespan:
            weights = None  # the walk with transports and the blocking search speak the makespan only
        if weights is not None and self.best is not None and self.instance.execution is not None:
            return self._walk(weights, blocks)  # construction would begin anew, and change everything
        share = construction_seconds(self.time_limit)
        if weights is not None:
            share = min(share, CONSTRUCTION_BEFORE_WALK) if self.workers > 1 else 0.0
        elif self.workers == 1:
            share = 0.0
        if self.stop.requested and self.best is not None:
            return self.answer(self.no_bounds)
        walk = self.factory_search() if weights is None else None
        is_compiled = walk is not None and walk.is_compiled()
        if walk is not None and is_compiled:
            if walk.plan and self.best is not None:
                return self._polish(walk)  # what is greedy would change everything
            if self._has_first(walk):
                return self._polish(walk)
        # The first pass by itself: somebody may be waiting for any schedule. One worker makes no more, as how many
        # passes there are depends on the clock.
        gives_up = first_pass_gives_up(self, None if is_compiled else walk)
        is_slow = slow_pass(self) if weights is not None else lambda: False
        passes = partial(construct, self.instance, self.objective, seed=self.seed, stop=self.stop)
        for seconds in (0.0, share):
            constructed = passes(time_limit=seconds, gives_up=lambda: gives_up() or is_slow())
            if constructed is None and self.best is None and is_slow():
                factory = self.factory_search()
                if factory is None or not self._has_first(factory):
                    constructed = passes(time_limit=0.0, gives_up=gives_up)
            if constructed is not None:
                self.offer(constructed, "construction")
            if share < self.seconds:
                break
        if weights is not None and self.best is not None:
            return self._walk(weights, blocks)
        if self.instance.cycle is not None and self.best is not None:
            from scheduler.portfolio.cycling import shorten

            answer = shorten(self)
            if answer is not None:
                return answer
        if self.best is None and (self.stop.requested or self.left <= 0):
            return Status.UNKNOWN, self.no_bounds
        if walk is not None and self.best is None and not is_compiled and walk.is_compiled():
            self._has_first(walk)
        return self._polish(walk if self.best is not None else None)

    def _has_first(self, walk: FactorySearch) -> bool:
        """Return whether the factory search has a greedy schedule, and keep it."""
        with self.stop.calling(walk.stop):
            walk.begin(FIRST_SECONDS if self.workers > 1 else inf)
        return self.take(walk) is not None

    def factory_search(self) -> FactorySearch | None:
        """Return the factory search, None if it does not speak the instance or the objective."""
        from scheduler.search.decode.engine import FactorySearch
        from scheduler.search.decode.spoken import why_unsupported

        if why_unsupported(self.instance) is not None:
            return None
        scale = self.objective.tiers[0].scale

        def on_better(value: int) -> None:
            if walk is not None:
                self.record(Fraction(walk.goal.first_tier(value), scale), None, walk.name)

        self.findings.factory = walk = FactorySearch.of(
            self.instance, self.objective, self.seed, on_better, before=self.findings.factory, known=self.best
        )
        return walk

    def insertion_search(self) -> InsertionSearch | None:
        """Return the search that inserts whole jobs into the best schedule, None if it can't."""
        from scheduler.search.cyclic.inserting import InsertionSearch
        from scheduler.search.cyclic.spoken import why_not_once

        if self.best is None or self.instance.execution is not None:
            return None
        if why_not_once(self.instance, self.objective) is not None:
            return None
        tier = self.objective.tiers[0]

        def on_better(value: int) -> None:
            self.record(tier.value({"makespan": value}), None, InsertionSearch.name)

        return InsertionSearch.once(self.instance, self.best, self.seed, on_better)

    def _polish(self, walk: FactorySearch | None) -> Answer:
        """Let CP-SAT improve the schedule, beside the factory search where there is one."""
        from scheduler.portfolio.polishing import Polishing

        return Polishing(self, walk).search()

    def _walk(self, weights: Weights, blocks: bool) -> Answer:
        """Bound, prove what is small at once, and let the compiled search and CP-SAT do the rest."""
        self.record(None, self.bounds_at_once[0], "bounds")
        continues = self.instance.execution is not None
        if weights.is_makespan and not continues and not self.is_proved() and self.num_modes <= LOADS_AT_ONCE:
            self.bound_by_load()
        if self.num_modes <= SMALL or (self.is_proved() and not continues and len(weights.tiers) == 1):
            # Most small instances are proved in an instant, sooner than the compiled search is loaded.
            status, bounds = self.improve(
                (SMALL_AGAIN if continues else SMALL_SHARE) * self.left, self.workers, self.stop
            )
            if status is Status.OPTIMAL or self.stop.requested:
                return status, bounds
        if self.left <= self.reserve:
            return self.answer((None, *self.bounds_at_once[1:]))
        from scheduler.portfolio.hybrid import Hybrid

        return Hybrid(self, weights, blocks).search()

    @cached_property
    def bounds_at_once(self) -> tuple[Fraction, ...]:
        """The bounds of all tiers that need no solver, as far as they are proved in a share of the time left."""
        from scheduler.bounds import tier_bounds

        return tier_bounds(self.instance, self.objective.tiers, self.until_bounds)

    @cached_property
    def least_cycle(self) -> int:
        """The bound of the cycle time that needs no solver, as far as it is proved."""
        from scheduler.bounds import cycle_bound, so_far

        return so_far(cycle_bound, self.instance, self.until_bounds)

    def bound_by_load(self) -> tuple[Fraction | None, ...]:
        """Return the bound of each tier that is nothing but the makespan, and record it if that is the first.

        It is a linear program: tenths of a second for some thousand modes.
        """
        from scheduler.cpsat.load import load_bound

        self.knows_loads = True
        alone = [
            tier.weights[0][1] if dict(tier.weights).keys() == {"makespan"} else None for tier in self.objective.tiers
        ]
        least = load_bound(self.instance, LOADS_SHARE * self.left) if any(alone) else 0
        bounds = tuple(None if weight is None else weight * least for weight in alone)
        self.record(None, bounds[0], "bounds")
        return bounds

    def is_far(self) -> bool:
        """Return whether value and bound of the first tier are further apart than proofs usually reach."""
        value, bound = self.value, self.bound
        return value is not None and bound is not None and value - bound > FAR * value

    def is_proved(self) -> bool:
        """Return whether the first tier is as small as possible."""
        return self.value is not None and self.bound is not None and self.value <= self.bound

    def improve(
        self,
        seconds: float,
        workers: int,
        stop: Stop,
        on_bound: Callable[[], None] | None = None,
        work: float | None = None,
        has_loads: bool = True,
    ) -> Answer:
        """Give CP-SAT these seconds, from the best schedule; tell `on_bound` that there is a bound of the first tier.

        With `work` it ends after so much deterministic time too; `has_loads`: see `scheduler.cpsat.solve.improve`.
        """
        kept = min(self.reserve, self.left - seconds)
        from scheduler.cpsat.solve import improve  # the first time that takes up to half a second

        def on_progress(value: Fraction | None, bound: Fraction | None) -> None:
            self.record(value, bound, "cp-sat")
            if bound is not None and on_bound is not None:
                on_bound()

        outcome = improve(
            self.instance,
            self.objective,
            start=self.best,
            time_limit=min(seconds, self.left - kept),
            workers=workers,
            seed=self.seed,
            on_progress=on_progress,
            stop=stop,
            floor=self.bound,
            work=work,
            has_loads=has_loads,
        )
        if outcome.status is Status.INFEASIBLE and self.best is not None:
            # The checker is the authority: keep the checked schedule, but never hide that the two disagree.
            warnings.warn(
                "CP-SAT calls an instance infeasible that has a checked schedule", RuntimeWarning, stacklevel=2
            )
            return Status.FEASIBLE, self.no_bounds
        if outcome.schedule is not None:
            self.offer(outcome.schedule, "cp-sat")
        return outcome.status, outcome.bounds

    def answer(self, bounds: tuple[Fraction | None, ...], *, goes_on: bool = False) -> Answer:
        """Return status and bounds; spend what time is left on the later tiers once the first is proved.

        With `goes_on` on all tiers, proved or not.
        """
        bounds = (higher(bounds[0], self.bound), *bounds[1:])
        proved = self.meets(bounds)
        if (self.is_proved() or goes_on) and not proved and not self.stop.requested and self.left > self.reserve:
            status, others = self.improve(self.left - self.reserve, self.workers, self.stop)
            return status, tuple(higher(a, b) for a, b in zip(bounds, others, strict=True))
        return (Status.OPTIMAL if proved else Status.FEASIBLE), bounds

    def meets(self, bounds: Sequence[Fraction | None]) -> bool:
        """Return whether the best schedule is no worse than the bounds of as many leading tiers."""
        values = self.objective.value(self.best_terms)
        return all(bound is not None and value <= bound for value, bound in zip(values, bounds, strict=False))

    def offer(self, schedule: Schedule, engine: str) -> None:
        """Keep the schedule if it is better than the best so far; any thread may offer one."""
        from scheduler.terms import value_terms

        terms = value_terms(self.instance, schedule)
        value = self.objective.value(terms)
        with self._lock:
            if self.best is None or value < self.objective.value(self.best_terms):
                self.best, self.best_terms = schedule, terms
                self._add(value[0], None, engine)
                if self._on_schedule is not None:
                    self._on_schedule(schedule)
        self._tell_if_proved()

    def take(self, walk: CompiledSearch[Any]) -> Schedule | None:
        """Take the best schedule of a compiled search over, and note how long that takes; return it if there is one."""
        began_at = self.seconds
        found = walk.best()
        if found is not None:
            self.offer(found, walk.name)
            self.way_out = self.seconds - began_at
        return found

    def is_best(self, schedule: Schedule) -> bool:
        """Return whether no schedule known is better than this one."""
        from scheduler.terms import value_terms

        return self.objective.value(value_terms(self.instance, schedule)) <= self.objective.value(self.best_terms)

    def first_tier(self, schedule: Schedule) -> Fraction:
        """Return the value of the first tier of a schedule."""
        from scheduler.terms import value_terms

        return self.objective.value(value_terms(self.instance, schedule))[0]

    @property
    def value(self) -> Fraction | None:
        """Best value of the first tier so far."""
        return self._history[-1].value if self._history else None

    @property
    def bound(self) -> Fraction | None:
        """Best bound of the first tier so far; no term is ever negative."""
        return self._history[-1].bound if self._history else Fraction(0)

    def record(self, value: Fraction | None, bound: Fraction | None, engine: str) -> None:
        """Note a value and a bound of the first tier, from any thread; none is below its aspiration."""
        if value is not None:
            value = max(value, self.objective.tiers[0].aspiration)
        with self._lock:
            self._add(value, bound, engine)
        self._tell_if_proved()

    def _tell_if_proved(self) -> None:
        if self.is_proved():
            self.proved.request()

    def _add(self, value: Fraction | None, bound: Fraction | None, engine: str) -> None:
        last = self._history[-1] if self._history else Progress(0.0, None, Fraction(0), "")
        better_value = value if last.value is None or (value is not None and value < last.value) else last.value
        better_bound = bound if last.bound is None or (bound is not None and bound > last.bound) else last.bound
        if (better_value, better_bound) != (last.value, last.bound):
            point = Progress(self.seconds, better_value, better_bound, engine)
            self._history.append(point)
            if self._on_progress is not None:
                self._on_progress(point)

"""The compiled search and CP-SAT side by side: schedules go one way, bounds the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from scheduler.domain import Status, Stop
from scheduler.portfolio.run import Answer, Run, higher
from scheduler.search.blocking.engine import BlockingSearch
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.settings import DEFAULT
from scheduler.search.tabu.weights import Weights

FIRST_SLICE = 2.0
"""Seconds of CP-SAT's first slice beside the compiled search."""
WALK_SHARE = 0.25
"""Share of the time after which CP-SAT proves in all threads what is small."""
WALK_AGAIN = 0.4
"""Share of the time of a repair in which the value is lowered; the rest is for bringing changes back."""
SMALL_WALK = 0.5
"""Share of either for the walk of what CP-SAT may prove afterwards."""
GIVE_UP = 2
"""Slices after which CP-SAT may give up: the last of them was this many times as long as the first."""
ALONE_WORK = 100_000_000
"""Operations times iterations of a compiled slice where one worker does everything: about a second."""
ALONE_SLICE = 0.5
"""Deterministic time of CP-SAT's first slice there."""


class Hybrid:
    """One hybrid search.

    Parameters
    ----------
    run
        The call that it works for; it has a schedule.
    weights
        The objective, as the compiled search speaks it.
    blocks
        Whether it is a matter for the blocking search, not for the tabu search.
    """

    def __init__(self, run: Run, weights: Weights, blocks: bool = False) -> None:
        assert run.best is not None
        self._run = run
        self._weights = weights
        self._scale = run.objective.tiers[0].scale
        self._prover = Stop()
        self._bounds: tuple[Fraction | None, ...] = run.no_bounds
        # A plan to which something has happened is nearly good, and little of it should change.
        settings = DEFAULT if run.instance.execution is None else replace(DEFAULT, starts="given")
        self._walk: BlockingSearch | TabuSearch = (
            BlockingSearch(run.instance, run.best, run.seed, self._on_better)
            if blocks
            else TabuSearch(run.instance, weights, run.best, run.seed, self._on_better, settings)
        )
        self._is_small = weights.is_makespan and len(run.instance.operation_by_key) <= self._walk.small

    def search(self) -> Answer:
        """Search until the first tier is proved, the time is up, or somebody wants to stop."""
        run = self._run
        if run.bound is not None:
            self._aim(run.bound)
        compiled = None if self._walk.is_compiled() else self._walk.compile_elsewhere()
        stops = run.stop.calling(self._prover.request), run.stop.calling(self._walk.stop)
        with stops[0], stops[1], run.proved.calling(self._prover.request):
            if isinstance(self._walk, TabuSearch) and run.instance.execution is not None:
                self._continue(self._walk, compiled)
            elif run.workers == 1:
                self._take_turns(compiled)
            else:
                self._side_by_side(compiled)
        self._walk.finish()
        self._take()
        return run.answer(self._bounds)

    def _continue(self, walk: TabuSearch, compiled: Callable[[float], bool] | None) -> None:
        """Walk on from the plan in all threads, then bring changes back that the value does not need.

        Plans are small steps from good ones here: nothing is proved, unless CP-SAT is quick at it.
        """
        from scheduler.search.tabu.returning import Returning

        run = self._run

        def on_better(distance: int) -> None:
            schedule = returning.best()
            if schedule is not None:
                run.offer(schedule, returning.name)

        def left() -> float:
            return 0.0 if run.stop.requested else run.left - run.reserve

        if compiled is not None and not compiled(left()):
            return
        small = SMALL_WALK if self._is_small else 1.0
        is_all = len(self._weights.tiers) == len(run.objective.tiers)  # none is about stability
        if not run.is_proved():
            seconds = small * left() * (1.0 if is_all else WALK_AGAIN)
            walk.start(run.workers, seconds)
            walk.wait(seconds)
            walk.finish()
            self._take()
        if not is_all and left() > 0:
            returning = Returning(walk, run.objective.value(run.best_terms), on_better)
            seconds = small * left()
            with run.stop.calling(returning.stop):
                returning.start(run.workers, seconds)
                returning.wait(seconds)
                returning.finish()
        if self._is_small and left() > 0:
            _, bounds = run.improve(left(), run.workers, run.stop, has_loads=False)
            self._bounds = tuple(higher(a, b) for a, b in zip(self._bounds, bounds, strict=True))

    def _side_by_side(self, compiled: Callable[[float], bool] | None) -> None:
        """Walk in all threads but one, and let CP-SAT prove in that one; what is small it soon proves in all.

        CP-SAT is started again, with the best schedule as hint and ceiling, in slices that double. Where two slices
        did not move a bound that is far off, or the model takes too long to build, its thread walks too.
        """
        run, walk = self._run, self._walk
        walking = compiled is None
        if walking:
            walk.start(run.workers - 1, run.left - run.reserve)
        seconds, known = FIRST_SLICE, run.bound
        while not self._has_ended():
            if compiled is not None and not walking and compiled(0.0 if run.has_time_for_model else run.left):
                walking = True
                walk.start(run.workers - 1, run.left - run.reserve)
            self._bound_by_load()
            tried = seconds > GIVE_UP * FIRST_SLICE
            gives_up = tried and run.num_modes > walk.provable and run.bound == known and run.is_far()
            if walking and (gives_up or not run.has_time_for_model):
                walk.start(1, run.left - run.reserve)
                walk.wait(run.left - run.reserve)
                return
            left = run.left - run.reserve
            if self._is_small and walking and run.seconds > WALK_SHARE * run.time_limit:
                walk.finish()
                self._take()
                self._prove(left, run.workers, has_loads=False)
                return
            self._prove(left if left < 2.5 * seconds else seconds)
            if walking:
                seconds *= 2

    def _take_turns(self, compiled: Callable[[float], bool] | None) -> None:
        """Walk and prove in turns, in slices of counted work: the same seed takes the same way every time.

        Only the very first run on a machine, which compiles meanwhile, gives CP-SAT turns by the clock.
        """
        run, walk = self._run, self._walk
        while (
            compiled is not None and not self._has_ended() and not compiled(0.0 if run.has_time_for_model else run.left)
        ):
            self._prove(min(FIRST_SLICE, run.left - run.reserve))
        step = 1 if self._weights.is_makespan else 1 + len(run.instance.jobs) // 4
        iterations = max(1, ALONE_WORK // (step * len(run.instance.operation_by_key)))
        work, known, gives_up = ALONE_SLICE, run.bound, not run.has_time_for_model
        with walk.until(run.left - run.reserve):
            while not self._has_ended():
                walk.advance(iterations)
                self._take()
                self._bound_by_load()
                if not gives_up and not self._has_ended():
                    self._prove(run.left - run.reserve, work=work)
                    tried = work > GIVE_UP * ALONE_SLICE
                    gives_up = tried and run.num_modes > walk.provable and run.bound == known and run.is_far()
                    work *= 2
                    iterations *= 2

    def _bound_by_load(self) -> None:
        """Bound the makespan of what is too large for that before the walk begins; once."""
        if self._weights.is_makespan and not self._run.knows_loads:
            self._run.bound_by_load()
            if self._run.bound is not None:
                self._aim(self._run.bound)

    def _has_ended(self) -> bool:
        return self._prover.requested or self._run.left <= self._run.reserve

    def _prove(self, seconds: float, workers: int = 1, work: float | None = None, *, has_loads: bool = True) -> None:
        """Give CP-SAT a slice."""
        status, bounds = self._run.improve(seconds, workers, self._prover, self._aim, work, has_loads)
        self._bounds = tuple(higher(a, b) for a, b in zip(self._bounds, bounds, strict=True))
        self._take()
        if status is Status.OPTIMAL:
            self._prover.request()

    def _aim(self, bound: Fraction) -> None:
        """Let the walk end where the first tier meets its bound."""
        self._walk.aim(self._weights.least(bound * self._scale))

    def _on_better(self, value: int) -> None:
        """Record what a thread of the walk has reached; a proof of CP-SAT's may be complete with it."""
        self._run.record(Fraction(self._weights.first_tier(value), self._scale), None, self._walk.name)

    def _take(self) -> None:
        schedule = self._walk.best()
        if schedule is not None:
            self._run.offer(schedule, self._walk.name)

"""The compiled search and CP-SAT side by side: schedules go one way, bounds the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from time import monotonic
from typing import Any

from scheduler.bounds import higher
from scheduler.domain import Schedule, Status, Stop
from scheduler.portfolio.run import Answer, Run
from scheduler.search.blocking.engine import BlockingSearch
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.settings import DEFAULT
from scheduler.search.tabu.weights import Weights
from scheduler.search.threads import CompiledSearch

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
RACE_SHARE = 0.25
"""Share of the time after which the better one of two searches has all threads, of a sum ..."""
SHORT_RACE_SHARE = 0.08
"""... and of a makespan: where the tabu search is blind that shows in a second, and elsewhere it lacks the time."""
ROUND = 1.0
"""Seconds after which two searches exchange what they have found."""
LEAST_RIVAL = 0.5
"""Seconds below which there is no second search: to read the instance for it takes tenths of a second."""
POLL = 0.1
"""Seconds for which the end of a compilation is waited for."""
OFTEN = 0.2
"""Seconds after which a repair hands on what has been found so far."""
WAY_OUT = 0.05
"""Seconds kept at least for the last schedule's way out in a repair, until it is known how long that takes."""
LAST_SHARE = 0.1
"""Share of the time for the tiers that the walk does not speak."""
ALONE_WORK = 100_000_000
"""Operations times iterations of a compiled slice where one worker does everything: about a second."""
FACTORY_WORK = 10_000_000
"""Operations times iterations of the factory search's first slice there."""
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
        self._way_out = WAY_OUT
        # No later tier is ever less than what it could be alone.
        self._bounds: tuple[Fraction | None, ...] = (None, *run.bounds_at_once[1:])
        self._walk: BlockingSearch | TabuSearch = (
            BlockingSearch(run.instance, run.best, run.seed, self._on_better) if blocks else self._tabu(run.best)
        )
        others = len(run.objective.tiers) > len(weights.tiers) and run.instance.execution is None
        self._later = LAST_SHARE * run.left if others and run.has_time_for_model else 0.0
        self._is_small = weights.is_makespan and len(run.instance.operation_by_key) <= self._walk.small

    def search(self) -> Answer:
        """Search until all that the walk speaks is proved, the time is up, or somebody wants to stop."""
        run = self._run
        self._aim()
        compiled = None if self._walk.is_compiled() else self._walk.compile_elsewhere()
        factory = run.factory_search() if self._has_rival() else None
        stops = run.stop.calling(self._prover.request), run.stop.calling(lambda: self._walk.stop())
        with stops[0], stops[1], run.proved.calling(self._on_proved):
            if isinstance(self._walk, TabuSearch) and run.instance.execution is not None:
                self._continue(compiled)
            elif run.workers == 1:
                self._take_turns(compiled, factory)
            elif factory is not None and (self._weights.is_sum or (compiled is None and factory.is_compiled())):
                self._race(compiled, factory)
            else:
                self._side_by_side(compiled)
        self._walk.finish()
        self._take()
        return run.answer(self._bounds, goes_on=self._later > 0.0)

    @property
    def _kept(self) -> float:
        """Seconds kept for later tiers, and for the last schedule's way out."""
        return self._run.reserve + self._later

    def _has_rival(self) -> bool:
        """Return whether the factory search may find better schedules: what the walk looks at is only a part of it.

        That is so where many jobs are late, where all wait for a few vehicles, and where what fits into shifts counts.
        """
        run = self._run
        if run.instance.execution is not None or run.num_modes <= self._walk.provable:
            return False
        if run.left - self._kept < LEAST_RIVAL:
            return False
        if self._weights.is_sum:
            return True
        calendars = any(not machine.calendar.always_works for machine in run.instance.machines)
        return isinstance(self._walk, TabuSearch) and (calendars or bool(run.instance.fleets))

    def _tabu(self, start: Schedule) -> TabuSearch:
        """Return a tabu search that knows a schedule."""
        run = self._run
        # A plan to which something has happened is nearly good, and little of it should change.
        settings = DEFAULT if run.instance.execution is None else replace(DEFAULT, starts="given")
        before = run.findings.tabu
        found = TabuSearch(run.instance, self._weights, start, run.seed, self._on_better, settings, before)
        run.findings.tabu = found
        return found

    def _continue(self, compiled: Callable[[float], bool] | None) -> None:
        """Walk on from the plan in all threads, then bring changes back that the value does not need.

        Plans are small steps from good ones here: nothing is proved, unless CP-SAT is quick at it. Until the walk is
        compiled, CP-SAT has the time, in slices that double, with the best schedule as hint and ceiling.
        """
        from scheduler.search.tabu.returning import Returning

        run = self._run

        def left() -> float:
            return 0.0 if run.stop.requested else run.left - self._way_out

        assert run.best is not None
        given, seconds = run.best, FIRST_SLICE
        while compiled is not None and not compiled(0.0 if run.has_time_for_model else left()):
            if left() <= 0 or self._prover.requested:
                return
            self._prove(min(seconds, left()), max(1, run.workers - 1))  # compiling keeps a thread busy
            seconds *= 2
        if run.best is not given:
            self._walk = self._tabu(run.best)
            self._aim()
        walk = self._walk
        assert isinstance(walk, TabuSearch)
        small = SMALL_WALK if self._is_small else 1.0
        is_all = len(self._weights.tiers) == len(run.objective.tiers)  # none is about stability
        if not walk.has_met_target:
            seconds = small * left() * (1.0 if is_all else WALK_AGAIN)
            walk.start(run.workers, seconds)
            walk.wait(seconds)
            walk.finish()
            self._take()
        if not is_all and left() > 0:
            price = self._weights.price(run.objective)
            returning = Returning(walk, run.objective.value(run.best_terms), lambda distance: None, price)
            seconds = small * left()
            later, known, is_over = left() - seconds, returning.value, False
            with run.stop.calling(returning.stop):
                returning.start(run.workers, seconds)
                while not is_over:
                    returning.wait(max(0.0, min(OFTEN, left() - later)))
                    is_over = bool(returning.stopping[0]) or left() <= later
                    if is_over:
                        returning.finish()
                    # Not with each step of a thread: handing over takes longer than many of them.
                    if returning.value < known:
                        known = returning.value
                        self._take(returning)
        if self._is_small and left() > 0:
            _, bounds = run.improve(left(), run.workers, run.stop, has_loads=False)
            self._know(bounds)

    def _side_by_side(self, compiled: Callable[[float], bool] | None, walking_already: int = 0) -> None:
        """Walk in all threads but one, and let CP-SAT prove in that one; what is small it soon proves in all.

        CP-SAT is started again, with the best schedule as hint and ceiling, in slices that double. Where two slices
        did not move a bound that is far off, or the model takes too long to build, its thread walks too.
        """
        run, walk = self._run, self._walk
        walking = compiled is None
        if walking:
            walk.start(run.workers - 1 - walking_already, run.left - self._kept)
        seconds, known = FIRST_SLICE, run.bound
        while not self._has_ended():
            if compiled is not None and not walking and compiled(0.0 if run.has_time_for_model else run.left):
                walking = True
                walk.start(run.workers - 1, run.left - self._kept)
            self._bound_by_load()
            tried = seconds > GIVE_UP * FIRST_SLICE
            gives_up = tried and run.num_modes > walk.provable and self._is_stuck(known)
            if walking and (gives_up or not run.has_time_for_model):
                walk.start(1, run.left - self._kept)
                walk.wait(run.left - self._kept)
                return
            left = run.left - self._kept
            if self._is_small and walking and run.seconds > WALK_SHARE * run.time_limit:
                walk.finish()
                self._take()
                self._prove(left, run.workers, has_loads=False)
                return
            self._prove(left if left < 2.5 * seconds else seconds)
            if walking:
                seconds *= 2

    def _race(self, compiled: Callable[[float], bool] | None, factory: FactorySearch) -> None:
        """Walk with both searches; where the factory search leads after a while, it has all threads.

        A sum over many late jobs has a critical path for each of them, and the tabu search looks at all; the factory
        search tries what comes. CP-SAT proves next to nothing of such sums once they are large. Of a makespan it may,
        so that it is beside the tabu search again where that leads.
        """
        run, walk = self._run, self._walk
        half = run.workers // 2
        waiting: list[tuple[CompiledSearch[Any], int, Callable[[float], bool] | None]] = [
            (factory, half, None if factory.is_compiled() else factory.compile_elsewhere()),
            (walk, run.workers - half, compiled),
        ]
        share = RACE_SHARE if self._weights.is_sum else SHORT_RACE_SHARE
        start, given, is_judged, judged_at = run.best, None, False, (1.0 - share) * run.left
        with run.stop.calling(factory.stop):
            while not self._has_ended():
                for engine, threads, is_ready in tuple(waiting):
                    if is_ready is None or is_ready(POLL):
                        waiting.remove((engine, threads, is_ready))
                        engine.start(threads, run.left - self._kept)
                self._bound_by_load()
                # The factory search begins with the best of its own greedy schedules; what is known is for later, and
                # what the tabu search has found for after the race.
                factory.wait(min(ROUND, run.left - self._kept))
                leads = self._exchange(factory)
                best = run.best
                if best is not None and best is not given and not leads and (is_judged or best is start):
                    given = best
                    factory.give(best)
                if not waiting and not is_judged and run.left < judged_at:
                    is_judged = True
                    if leads:
                        walk.finish()
                        factory.start(run.workers - half, run.left - self._kept)
                    elif not self._weights.is_sum:
                        break
            factory.finish()
            self._exchange(factory)
        if not self._has_ended():
            self._side_by_side(None, walking_already=run.workers - half)

    def _exchange(self, factory: FactorySearch) -> bool:
        """Take what both searches have found; return whether the factory search has found the best of all."""
        self._take()
        found = self._run.take(factory)
        return found is not None and self._run.is_best(found)

    def _take_turns(self, compiled: Callable[[float], bool] | None, factory: FactorySearch | None) -> None:
        """Walk and prove in turns, in slices of counted work: the same seed takes the same way every time.

        Only the very first run on a machine, which compiles meanwhile, gives CP-SAT turns by the clock.
        """
        run, walk = self._run, self._walk
        while (
            compiled is not None and not self._has_ended() and not compiled(0.0 if run.has_time_for_model else run.left)
        ):
            self._prove(min(FIRST_SLICE, run.left - self._kept))
        # Elsewhere than with makespans every job has a critical path, whose operations try all their modes.
        looks = len(run.instance.operation_by_key) if self._weights.is_makespan else run.num_modes
        iterations = max(
            1, ALONE_WORK // (looks if self._weights.is_makespan else looks * (4 + len(run.instance.jobs)))
        )
        work, known, gives_up = ALONE_SLICE, run.bound, not run.has_time_for_model
        tries = max(1, FACTORY_WORK // len(run.instance.operation_by_key))
        with walk.until(run.left - self._kept):
            while not self._has_ended():
                if factory is not None and factory.is_compiled():
                    with factory.until(run.left - self._kept):
                        factory.advance(tries)
                    if not self._exchange(factory) and run.best is not None:
                        factory.give(run.best)
                    tries *= 2
                walk.advance(iterations)
                self._take()
                self._bound_by_load()
                if not gives_up and not self._has_ended():
                    self._prove(run.left - self._kept, work=work)
                    tried = work > GIVE_UP * ALONE_SLICE
                    gives_up = tried and run.num_modes > walk.provable and self._is_stuck(known)
                    work *= 2
                    iterations *= 2

    def _on_proved(self) -> None:
        """End the search when the first tier is proved, unless the walk has later ones to improve."""
        if len(self._weights.tiers) == 1:
            self._prover.request()

    def _is_stuck(self, known: Fraction | None) -> bool:
        """Return whether CP-SAT has not moved a bound that is far off, or has nothing left to prove but later tiers."""
        run = self._run
        return run.bound == known and (run.is_far() or run.is_proved())

    def _bound_by_load(self) -> None:
        """Bound the makespan by the load of the machines, once; small shops have it before the walk begins."""
        if not self._run.knows_loads:
            self._know(self._run.bound_by_load())

    def _has_ended(self) -> bool:
        """Return whether time is up, somebody wants to stop, or any engine's schedule meets all that the walk can."""
        if self._prover.requested or self._walk.has_met_target or self._run.left <= self._kept:
            return True
        return self._run.meets(self._best_bounds()[: len(self._weights.tiers)])

    def _prove(self, seconds: float, workers: int = 1, work: float | None = None, *, has_loads: bool = True) -> None:
        """Give CP-SAT a slice."""
        status, bounds = self._run.improve(seconds, workers, self._prover, self._aim, work, has_loads)
        self._know(bounds)
        self._take()
        if status is Status.OPTIMAL:
            self._prover.request()

    def _know(self, bounds: tuple[Fraction | None, ...]) -> None:
        """Take note of bounds of the tiers."""
        self._bounds = tuple(higher(a, b) for a, b in zip(self._bounds, bounds, strict=True))
        self._aim()

    def _aim(self) -> None:
        """Let the walk end where all its tiers meet their bounds."""
        self._walk.aim(self._weights.least(self._best_bounds()))

    def _best_bounds(self) -> list[Fraction]:
        """Return the bound of each tier; none is ever negative."""
        bounds = higher(self._run.bound, self._bounds[0]), *self._bounds[1:]
        return [bound or Fraction(0) for bound in bounds]

    def _on_better(self, value: int) -> None:
        """Record what a thread of the walk has reached; a proof of CP-SAT's may be complete with it."""
        self._run.record(Fraction(self._weights.first_tier(value), self._scale), None, self._walk.name)

    def _take(self, walk: CompiledSearch[Any] | None = None) -> None:
        """Take the best schedule of a walk over: it is read from the arrays, valued, and maybe checked."""
        began_at = monotonic()
        if self._run.take(walk or self._walk) is not None:
            self._way_out = max(self._way_out, monotonic() - began_at)

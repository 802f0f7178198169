"""Cyclic production: the cyclic search shortens cycle or makespan, and CP-SAT proves that they can't be shorter."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from scheduler.bounds import higher
from scheduler.domain import Objective, Schedule, Status, Stop
from scheduler.portfolio.run import SMALL as SMALL_AT_ONCE
from scheduler.portfolio.run import SMALL_SHARE, Answer, Run
from scheduler.search.cyclic.engine import CyclicSearch
from scheduler.search.cyclic.goal import SHORT_CYCLE_THEN_SPAN, Goal
from scheduler.search.cyclic.spoken import why_unsupported

FIRST_SLICE = 2.0
"""Seconds of CP-SAT's first slice beside the search."""
LEAST_WALK = 0.3
"""Seconds below which what is not small is not read for a walk."""
GIVE_UP = 2
"""Slices without a better schedule or bound, far from the proof, after which CP-SAT gives up."""
SMALL = 250
"""Modes of all sets up to which CP-SAT has all threads ..."""
WALK_SHARE = 0.25
"""... after this share of the time that the walk found left, for the proof."""
LAST_SHARE = 0.1
"""Share of the time for later tiers."""
FIRST_SHARE = 0.1
"""Share of the time for short cycles where the objective is another one."""
SHORT = Objective.parse("cycle_time")
"""What these walks make small."""
ENDS = frozenset({"makespan", "flow_time"})
"""Terms that are less where sets are over sooner, though their cycle is the same ..."""
COMPACT_SHARE = 0.5
"""... for which there is a walk of its own, with this share of the time of later tiers."""
OFTEN = 0.1
"""Seconds after which these schedules are looked at."""
ALONE_SLICE = 0.5
"""Deterministic time of CP-SAT's first slice where one worker does everything."""
ALONE_WORK = 1000
"""Insertions of the first slice of the search there."""


def shorten(run: Run) -> Answer | None:
    """Bound, prove what is small at once, and let the cyclic search and CP-SAT plan cyclic production.

    Return None where the search does not speak it; the run may have better schedules then, with shorter cycles.
    """
    if dict(run.objective.tiers[0].weights).keys() != {"cycle_time"}:
        shorten_first(run)
    if why_unsupported(run.instance, run.objective) is not None:
        return None
    run.record(None, run.bounds_at_once[0], "bounds")
    if run.num_modes <= SMALL_AT_ONCE:
        status, bounds = run.improve(SMALL_SHARE * run.left, run.workers, run.stop)
        if status is Status.OPTIMAL or run.stop.requested:
            return status, bounds
    assert run.best is not None
    if run.left - run.reserve < LEAST_WALK and run.num_modes > SMALL:
        return run.answer((None, *run.bounds_at_once[1:]))
    goal = Goal.of(run.instance, run.objective.tiers[0])

    def on_better(value: int) -> None:
        run.record(value * goal.unit, None, CyclicSearch.name)

    walk = CyclicSearch.of(run.instance, run.best, run.seed, on_better, goal, run.least_cycle)
    return None if walk is None else Cycling(run, walk).search()


def shorten_first(run: Run) -> None:
    """Give a run for another objective schedules with shorter and shorter cycles, of which it keeps the best.

    The makespan of *n* sets is ``(n - 1) C + F`` for the cycle time *C* and what the first set takes, *F*; and where
    sets follow one another sooner, all jobs are complete sooner. What the search does not speak is left as it is.
    """
    assert run.best is not None
    if why_unsupported(run.instance, SHORT) is not None:
        return
    walk = CyclicSearch.of(run.instance, run.best, run.seed, lambda cycle_time: None, least_cycle=run.least_cycle)
    seconds = FIRST_SHARE * run.left
    if walk is None or not (walk.is_compiled() or walk.compile_elsewhere()(seconds)):
        return
    _walk_for(run, walk, seconds)


def _walk_for(run: Run, walk: CyclicSearch, seconds: float) -> None:
    """Walk in all threads for so long, and offer the run each better schedule as it comes."""
    with run.stop.calling(walk.stop):
        if run.workers == 1:
            with walk.until(seconds):
                walk.advance(ALONE_WORK)
        else:
            until, known = run.left - seconds, walk.value
            walk.start(run.workers, seconds)
            while run.left > until and not walk.has_met_target and not run.stop.requested:
                walk.wait(min(OFTEN, run.left - until))
                found = walk.best() if walk.value < known else None
                if found is not None:
                    known = walk.value
                    run.offer(found, walk.name)
            walk.finish()
        found = walk.best()
        if found is not None:
            run.offer(found, walk.name)


class Cycling:
    """One search for the least cycle time, or makespan.

    Parameters
    ----------
    run
        The call that it works for; it has a schedule, and `scheduler.search.cyclic.spoken` has nothing against it.
    walk
        The search.
    """

    def __init__(self, run: Run, walk: CyclicSearch) -> None:
        self._run = run
        self._walk = walk
        self._is_behind = False  # the walk, with its best schedule
        self._given: Schedule | None = run.best
        self._prover = Stop()
        self._bounds: tuple[Fraction | None, ...] = run.no_bounds
        later = len(run.objective.tiers) > 1 and run.has_time_for_model
        self._later = LAST_SHARE * run.left if later else 0.0

    @property
    def _kept(self) -> float:
        """Seconds kept for later tiers, and for the last schedule's way out."""
        return self._run.reserve + self._later

    def search(self) -> Answer:
        """Search until the cycle time is proved, the time is up, or somebody wants to stop."""
        run, walk = self._run, self._walk
        self._aim()
        compiled = None if walk.is_compiled() else walk.compile_elsewhere()
        with run.stop.calling(self._prover.request), run.stop.calling(walk.stop), run.proved.calling(self._on_proved):
            if run.workers == 1:
                self._take_turns(compiled)
            else:
                self._side_by_side(compiled)
        walk.finish()
        self._exchange()
        goes_on = self._later > 0.0
        if goes_on and walk.goal.per_span == 0 and not ENDS.isdisjoint(run.objective.terms):
            self._compact()
        return run.answer(self._bounds, goes_on=goes_on)

    def _compact(self) -> None:
        """Let the sets be over as soon as the cycle time allows, with half of the time that is left to later tiers."""
        run = self._run
        seconds = COMPACT_SHARE * (run.left - run.reserve)
        if run.stop.requested or seconds <= 0 or not self._walk.is_compiled():
            return
        assert run.best is not None
        walk = CyclicSearch.of(
            run.instance, run.best, run.seed, lambda value: None, SHORT_CYCLE_THEN_SPAN, run.least_cycle
        )
        if walk is None:
            return
        if run.bound is not None:
            walk.least_cycle = max(walk.least_cycle, -(-run.bound // self._walk.goal.unit))
        _walk_for(run, walk, seconds)

    def _side_by_side(self, compiled: Callable[[float], bool] | None) -> None:
        """Walk in all threads but one; in that one let CP-SAT prove, in slices that double, while its bound moves.

        Where CP-SAT was the last to find a better schedule it has all threads in its next slice: who is ahead works.
        """
        run, walk = self._run, self._walk
        seconds, tries, is_walking, walks_until = FIRST_SLICE, 0, False, run.time_limit
        while not self._has_ended():
            gives_up = (tries >= GIVE_UP and run.num_modes > SMALL) or not run.has_time_for_model
            if not is_walking and (compiled is None or compiled(run.left - self._kept if gives_up else 0.0)):
                is_walking, walks_until = True, run.seconds + WALK_SHARE * run.left
                walk.start(run.workers - 1)
            if run.num_modes <= SMALL and run.has_time_for_model and run.seconds > walks_until:
                walk.finish()
                self._prove(run.left - self._kept, workers=run.workers)
                return
            if is_walking and gives_up:
                walk.start(1)
                walk.wait(run.left - self._kept)
                return
            seconds = min(seconds, run.left - self._kept)
            if self._is_behind:
                with walk.resting():
                    is_of_use = self._prove(seconds, workers=run.workers)
            else:
                is_of_use = self._prove(seconds)
            tries = 0 if is_of_use else tries + 1
            seconds *= 2

    def _take_turns(self, compiled: Callable[[float], bool] | None) -> None:
        """Walk and prove in turns, in slices of counted work: the same seed takes the same way every time.

        Only the very first run on a machine, which compiles meanwhile, gives CP-SAT turns by the clock.
        """
        run, walk = self._run, self._walk
        while compiled is not None and not self._has_ended():
            if compiled(0.0 if run.has_time_for_model else run.left - self._kept):
                break
            self._prove(min(FIRST_SLICE, run.left - self._kept))
        insertions, work, tries = ALONE_WORK, ALONE_SLICE, 0
        with walk.until(run.left - self._kept):
            while not self._has_ended():
                walk.advance(insertions)
                self._exchange()
                gives_up = (tries >= GIVE_UP and run.num_modes > SMALL) or not run.has_time_for_model
                if not gives_up and not self._has_ended():
                    tries = 0 if self._prove(run.left - self._kept, work) else tries + 1
                insertions, work = 2 * insertions, 2 * work

    def _prove(self, seconds: float, work: float | None = None, workers: int = 1) -> bool:
        """Give CP-SAT a slice; return whether another one may be of use."""
        run = self._run
        self._exchange()
        known, best, value = run.bound, run.best, self._value()
        status, bounds = run.improve(seconds, workers, self._prover, self._aim, work)
        improves = run.best is not best
        self._is_behind = self._value() < value
        self._bounds = tuple(higher(a, b) for a, b in zip(self._bounds, bounds, strict=True))
        self._aim()
        self._exchange()
        if status is Status.OPTIMAL:
            self._prover.request()
        return improves or run.bound != known or not run.is_far()

    def _exchange(self) -> None:
        """Take the best schedule of the walk, or give it that of CP-SAT."""
        run, walk = self._run, self._walk
        value = self._value()
        found = run.take(walk)
        self._is_behind = self._is_behind and self._value() == value
        best = run.best
        if best is not None and best is not found and best is not self._given:
            walk.give(best)
        self._given = best

    def _aim(self) -> None:
        """Let the walk end where its value meets its bound, or what is good enough."""
        bound = higher(self._run.bound, self._bounds[0]) or Fraction(0)
        self._walk.aim(-(-max(bound, self._run.objective.tiers[0].aspiration) // self._walk.goal.unit))

    def _value(self) -> Fraction:
        """Return the value of the first tier of the best schedule."""
        return self._run.objective.tiers[0].value(self._run.best_terms)

    def _on_proved(self) -> None:
        """End the search when the first tier is proved; later tiers are CP-SAT's."""
        self._prover.request()
        self._walk.stop()

    def _has_ended(self) -> bool:
        return self._prover.requested or self._walk.has_met_target or self._run.left <= self._kept

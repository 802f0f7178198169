"""CP-SAT on the whole model and on neighbourhoods of the best schedule, beside the factory search where that can be.

For what the tabu search does not speak. With a factory search, it walks in all threads but one, and schedules go both
ways: CP-SAT begins with the best of all, and a walk begins with what CP-SAT has found.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from math import ceil
from time import monotonic

from scheduler.bounds import higher
from scheduler.domain import Schedule, Status, Stop
from scheduler.portfolio.patience import construction_seconds
from scheduler.portfolio.racing import Walk, race, rival_of, turn_of
from scheduler.portfolio.run import SMALL, Answer, Run
from scheduler.search.cyclic.inserting import InsertionSearch
from scheduler.search.decode.engine import FactorySearch

FIRST_SHARE = 0.2
"""Share of the time that CP-SAT has for the whole model at first, with all workers ..."""
FIRST_AGAIN = 0.65
"""... in a repair this one, as walks are sooner at their end where much has begun ..."""
FIRST_SECONDS = 3.0
"""... but no longer than this."""
ROUND = 5.0
"""Seconds after which a thread that polishes goes on from the best schedule of all."""
FIRST_WORK = 1.0
"""Deterministic time of the whole model's first turn where one worker does everything."""
ALONE_WORK = 4_000_000
"""Units times iterations of a turn of the factory search where one worker does everything: a second or two."""
ALONE_INSERTIONS = 100_000
"""Operations times insertions of a turn of the search that inserts jobs: about as long."""
MODEL_SHARE = 0.1
"""Most of the time that building the whole model may take beside the factory search: its bounds are weak there."""
LOADING = 3.0
"""Seconds that have to be left for a walk that is only just compiled: nothing else runs while it is loaded."""
LEAST_WALK = 0.3
"""Seconds below which no walk is begun in a process that has not walked yet: to load the code takes longer."""
LEAST_SOLVER = 1.0
"""Seconds below which the solver is not loaded beside the factory search: that takes half a second."""
LAST_SHARE = 0.1
"""Share of the time for the later tiers."""


class Polishing:
    """One search by CP-SAT, alone or beside the factory search.

    Parameters
    ----------
    run
        The call that it works for.
    walk
        A factory search for its instance and objective, if there can be one.
    """

    def __init__(self, run: Run, walk: FactorySearch | None = None) -> None:
        self._run = run
        self._walk = walk
        self._inserting: InsertionSearch | None = None  # its rival in a race
        self._second: Walk | None = None  # the one that was not far behind, and rests
        self._given: Schedule | None = None
        self._overrun = 0.0  # seconds by which a polish has outlasted its time: a large model is slow to give up
        self._prover = Stop()
        self._bounds: tuple[Fraction | None, ...] = run.no_bounds
        # The walk sees all the tiers that it knows at once.
        later = len(run.objective.tiers) > (1 if walk is None else walk.goal.num_tiers)
        later = later and not run.stop.requested and run.has_time_for_model
        self._later = LAST_SHARE * run.left if later else 0.0

    @property
    def _kept(self) -> float:
        """Seconds kept for later tiers, and for the last schedule's way out."""
        return self._run.reserve + self._later

    def search(self) -> Answer:
        """Search until the first tier is proved, the time is up, or somebody wants to stop."""
        run, walk = self._run, self._walk
        proves_first = walk is None or run.num_modes <= SMALL
        if proves_first or run.workers == 1 or run.instance.execution is not None or run.stop.requested:
            self._bound()
        if run.stop.requested and run.best is not None:
            return run.answer(self._bounds)  # even to tell how long a model takes to build takes its time
        if (run.has_time_for_model and proves_first) or run.best is None:
            share = FIRST_SHARE if run.instance.execution is None else FIRST_AGAIN
            seconds = min(FIRST_SECONDS, share * run.left)
            status, bounds = run.improve(run.left if run.best is None else seconds, run.workers, run.stop)
            self._bounds = tuple(higher(a, b) for a, b in zip(self._bounds, bounds, strict=True))
            if status in (Status.OPTIMAL, Status.INFEASIBLE) or run.best is None or run.stop.requested:
                return status, self._bounds
        self._aim()
        with run.stop.calling(self._prover.request), run.proved.calling(self._on_proved):
            if run.workers == 1:
                self._take_turns()
            elif walk is None:
                self._side_by_side()
            else:
                with run.stop.calling(self._stop_walks):
                    self._beside(walk)
        if self._later > 0.0 and not run.stop.requested:
            status, bounds = run.improve(run.left - run.reserve, run.workers, run.stop)
            return status, tuple(higher(a, b) for a, b in zip(self._bounds, bounds, strict=True))
        return run.answer(self._bounds)

    def _stop_walks(self) -> None:
        """Let all walks end soon."""
        for walk in (self._walk, self._inserting):
            if walk is not None:
                walk.stop()

    def _bound(self) -> None:
        """Bound all tiers without a solver, unless a repair lacks the time for it."""
        run = self._run
        if run.has_time_for_bounds:
            first, *later = run.bounds_at_once
            # No later tier is ever less than what it could be alone.
            self._bounds = tuple(higher(a, b) for a, b in zip(self._bounds, (None, *later), strict=True))
            if run.best is not None:
                run.record(None, first, "bounds")
            self._aim()

    def _side_by_side(self) -> None:
        """Polish in all threads but one; in that one improve the whole model, in slices that double.

        Where a slice moved neither the value nor a bound that is far off, its thread polishes too. Where no thread
        finds anything better any more, the next slice of the whole model has all of them: neighbourhoods are stuck.
        """
        run = self._run
        seconds, number, improves = FIRST_SECONDS, 0, run.has_time_for_model
        with ThreadPoolExecutor(run.workers) as threads:
            while not self._has_ended():
                best, left = run.best, run.left
                until = max(self._kept, left - (seconds if improves else ROUND))
                polishers = [
                    threads.submit(self._polish, number + k, until) for k in range(run.workers - int(improves))
                ]
                number += run.workers
                if improves:
                    improves = self._improve(left - until)
                    seconds *= 2
                for polisher in polishers:
                    polisher.result()
                if improves or run.best is not best or self._has_ended():
                    continue
                if run.has_time_for_model:
                    seconds = self._improve_in_all_threads(seconds)
                elif left - run.left < ROUND / 2:
                    break  # every neighbourhood is as good as can be, the largest included

    def _polish(self, number: int, until: float) -> None:
        """Polish until so many seconds are left, in rounds that begin with the best schedule of all."""
        run = self._run
        while not self._has_ended() and run.left > until:
            best, left = run.best, run.left
            self._polish_once(number, min(ROUND, left - until))
            number += run.workers
            if run.best is best and left - run.left < min(ROUND, left - until) / 2:
                break  # every neighbourhood is as good as can be, the largest included

    def _race(self, walk: Walk, rival: InsertionSearch) -> Walk:
        """Walk with both searches; return the one that leads in the end, which has all threads but one."""
        self._exchange(walk)
        self._inserting = rival
        self._aim()
        leader, self._second = race(self._run, walk, rival, self._kept, self._has_ended)
        return leader

    def _beside(self, walk: Walk) -> None:
        """Walk in all threads but one; in that one improve the whole model, in slices that double, then polish.

        Where the whole model was the last to find a better schedule it has all threads in its next slice: who is ahead
        works. So it has, every other time, where nobody finds anything and there is little between value and bound.
        After a round of polishing that has found nothing the thread walks too. Where walks find nothing either for as
        long, the whole of a small model has all threads for its next slice; that of a large one has them for all the
        time that is left, if there is little between value and bound.
        Until the walk is compiled, its threads are idle: compiling keeps one busy. Bounds of plans are found meanwhile.
        """
        run = self._run
        compiled = None if walk.is_compiled() else walk.compile_elsewhere()
        seconds, number, improves, gives_up = FIRST_SECONDS, 0, run.builds_model_within(MODEL_SHARE), False
        has_all = False  # threads, for its next slice, the whole model
        if isinstance(walk, FactorySearch) and walk.goal.stay and run.best is not None:
            # Of the first walks one begins with the plan in force, the other with what has a good value already.
            self._given = run.best
            walk.give(run.best)
        is_plan = run.instance.execution is None
        if is_plan and compiled is None and not walk.is_loaded() and run.left - self._kept < LEAST_WALK:
            self._bound()
            return
        if compiled is None:
            walk.start(run.workers - 1)
            if run.instance.execution is not None and run.left < ROUND and run.num_modes > SMALL:
                walk.start(1)
                walk.wait((run.left - self._kept) / 2)
                self._exchange(walk)  # on a busy machine the way out of the last schedule may be too long
                walk.wait(run.left - self._kept)
        if is_plan:
            self._bound()  # Python beside compiled code: the walk loses next to nothing
        if is_plan and compiled is None and not self._has_ended():
            self._construct()
        rival = rival_of(run, self._kept)
        while not self._has_ended():
            if rival is not None and compiled is None and rival.is_compiled():
                walk, rival = self._race(walk, rival), None
            if compiled is not None and run.left - self._kept > LOADING and compiled(0.0):
                compiled = None
                walk.start(run.workers - 1)
            self._exchange(walk)
            if is_plan and compiled is None and not gives_up and not self._has_time_for_solver():
                improves, gives_up = False, True
                self._walk_more(walk)
            if improves:
                known, spent = run.best, min(seconds, run.left - self._kept)
                if has_all:
                    with walk.resting():
                        improves = self._improve(spent, workers=run.workers)
                else:
                    improves = self._improve(spent)
                found = run.best
                self._exchange(walk)
                stands = run.best is known and not has_all and spent >= ROUND and self._is_near()
                has_all = stands or run.best is found is not known
                seconds *= 2
                continue
            if gives_up:
                best = run.best
                walk.wait(min(ROUND, run.left - self._kept))
                self._exchange(walk)
                stands = run.best is best and run.has_time_for_model and not self._has_ended()
                if stands and run.num_modes <= SMALL:
                    with self._resting(walk):
                        seconds = self._improve_in_all_threads(seconds)
                elif stands and self._is_near():
                    with self._resting(walk):
                        self._improve(run.left - self._kept, workers=run.workers)
                continue
            began_with, left = run.best, run.left
            pays = self._polish_once(number, ROUND)
            number += 1
            if left - run.left >= ROUND / 2:
                gives_up = compiled is None and not pays
                if gives_up:
                    self._walk_more(walk)
            elif run.best is began_with:
                walk.wait(min(ROUND, run.left - self._kept))  # for another schedule to polish
        self._stop_walks()
        walk.finish()
        self._exchange(walk)

    @contextmanager
    def _resting(self, walk: Walk) -> Iterator[None]:
        """Let all walks rest for as long as the block takes."""
        with walk.resting(), self._second.resting() if self._second is not None else nullcontext():
            yield

    def _walk_more(self, walk: Walk) -> None:
        """Walk in one more thread, with the search that was second in a race if it was close."""
        if self._second is not None:
            self._second.go_on()
        else:
            walk.start(1)

    def _is_near(self) -> bool:
        """Return whether there is a bound, and little between value and bound."""
        return self._run.bound is not None and not self._run.is_far()

    def _has_time_for_solver(self) -> bool:
        """Return whether the solver is there, or there is the time to load it."""
        return "scheduler.cpsat.solve" in sys.modules or self._run.left - self._kept >= LEAST_SOLVER

    def _construct(self) -> None:
        """Make passes of construction beside the walks, for as long as CP-SAT alone has them.

        Its rules look further ahead than greedy schedules, and plans of jobs are drawn. Mostly walks are ahead soon,
        but not on a line of thousands of operations, or with many plans.
        """
        from scheduler.search.construct import construct

        run = self._run
        seconds = min(construction_seconds(run.time_limit), run.left - self._kept)
        ends_at = monotonic() + seconds
        found = construct(
            run.instance,
            run.objective,
            time_limit=seconds,
            seed=run.seed,
            stop=run.stop,
            gives_up=lambda: run.stop.requested or monotonic() >= ends_at,
            problem=None if self._walk is None else self._walk.lowered.problem,
        )
        if found is not None:
            run.offer(found, "construction")

    def _exchange(self, walk: Walk) -> None:
        """Take the best schedule of the walk, or give it that of the others."""
        walks = [walk] if self._second is None else [walk, self._second]
        found = [self._run.take(each) for each in walks]
        best = self._run.best
        for each, schedule in zip(walks, found, strict=True):
            if best is not None and best is not schedule and best is not self._given and not self._has_ended():
                each.give(best)
        self._given = best

    def _take_turns(self) -> None:
        """Improve the whole model and polish in turns, the former in slices of counted work."""
        run, walk = self._run, self._walk
        work, number, num_ops = FIRST_WORK, 0, max(1, len(run.instance.operation_by_key))
        rival = None if walk is None else rival_of(run, self._kept)
        while not self._has_ended():
            if walk is not None and walk.is_compiled():
                with walk.until(run.left - self._kept):
                    walk.advance(ALONE_WORK // num_ops)
                self._exchange(walk)
            if rival is not None and rival.is_compiled() and not self._has_ended():
                rival = turn_of(run, rival, ALONE_INSERTIONS // num_ops, run.left - self._kept)
            self._polish_once(number, ROUND)
            number += 1
            if run.has_time_for_model and not self._has_ended():
                self._improve(run.left - self._kept, work)
                work *= 2

    def _polish_once(self, number: int, seconds: float) -> bool:
        """Polish neighbourhoods of the best schedule; return whether that led to a better one."""
        run = self._run
        assert run.best is not None
        left = run.left
        from scheduler.cpsat.polish import polish  # the first time that takes up to half a second

        pays = False

        def on_better(schedule: Schedule) -> None:
            nonlocal pays
            run.offer(schedule, "polish")
            pays = pays or run.best is schedule

        seconds = min(seconds - (left - run.left), run.left - self._kept - self._overrun)
        left = run.left
        if seconds <= 0:
            return False
        polish(
            run.instance,
            run.objective,
            run.best,
            seconds=seconds,
            seed=run.seed + number,
            stop=self._prover,
            floor=run.bound,
            on_better=on_better,
        )
        self._overrun = max(self._overrun, left - run.left - seconds)
        return pays

    def _improve(self, seconds: float, work: float | None = None, workers: int = 1) -> bool:
        """Give CP-SAT a slice on the whole model; return whether another one may be of use.

        It is not where this one moved neither the schedule nor a bound that is far off.
        """
        run = self._run
        known = run.best, run.bound
        status, bounds = run.improve(seconds, workers, self._prover, None, work)
        self._bounds = tuple(higher(a, b) for a, b in zip(self._bounds, bounds, strict=True))
        self._aim()
        if status is Status.OPTIMAL:
            self._prover.request()
        return (run.best, run.bound) != known or not (run.is_far() or run.is_proved())

    def _improve_in_all_threads(self, seconds: float) -> float:
        """Give CP-SAT a slice on the whole model, and another one as long as that pays; return how long the next is."""
        pays = True
        while pays and not self._has_ended():
            best = self._run.best
            self._improve(min(seconds, self._run.left - self._kept), workers=self._run.workers)
            pays, seconds = self._run.best is not best, 2 * seconds
        return seconds

    def _aim(self) -> None:
        """Let the walk end where all its tiers are as small as they can be."""
        bound = self._run.bound
        if self._walk is not None and bound is not None:
            self._walk.aim(self._walk.goal.least(bound * self._run.objective.tiers[0].scale))
        if self._inserting is not None and bound is not None:
            self._inserting.aim(ceil(bound / self._run.objective.tiers[0].weights[0][1]))

    def _on_proved(self) -> None:
        """End the search when the first tier is proved, unless the walk or neighbourhoods are to improve later ones."""
        run, walk = self._run, self._walk
        num_tiers = len(run.objective.tiers) if walk is None else walk.goal.num_tiers
        if num_tiers == 1 or (walk is None and run.has_time_for_model):
            self._prover.request()

    def _has_ended(self) -> bool:
        return self._prover.requested or self._run.left <= self._kept

"""Build the model of an instance and solve it, tier after tier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from threading import Timer
from time import monotonic
from typing import Any

from ortools.sat.python import cp_model

from scheduler.constraints import RULES
from scheduler.cpsat.ceilings import ceilings
from scheduler.cpsat.context import LOAD_SECONDS, ModelContext
from scheduler.cpsat.extract import extract
from scheduler.cpsat.kept import Kept
from scheduler.cpsat.objective import tier_expression
from scheduler.cpsat.symmetry import post_order
from scheduler.domain import Instance, Objective, Schedule, Status, Stop, Tier
from scheduler.domain.stop import Stopped, Until
from scheduler.terms import value_terms

OnProgress = Callable[[Fraction | None, Fraction | None], None]
"""Called with a better value and/or bound of the first tier."""

MIN_SECONDS = 0.05
"""Below this no further solve is started."""
LOAD_SHARE = 0.25
"""Most of the time left in which lines about the load are looked for."""
LARGE = 20_000
"""Variables from which on presolve is kept short."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What CP-SAT found: status, best schedule, and bound of each tier."""

    status: Status
    schedule: Schedule | None
    bounds: tuple[Fraction | None, ...]


def build(
    instance: Instance,
    latest: Mapping[str, int] | None = None,
    stop: Stop | None = None,
    kept: Kept | None = None,
    *,
    has_loads: bool = True,
) -> ModelContext:
    """Return the model of the instance, with every rule that applies to it posted.

    `latest` gives jobs a latest completion (see `scheduler.cpsat.ceilings`), `kept` says what stays of a schedule.
    Stopped, it returns what it has: of use to nobody, but at once.
    """
    ctx = ModelContext(instance, latest or {}, kept, has_loads=has_loads)
    ctx.stop = stop
    try:
        for rule in RULES:
            if rule.applies(instance):
                rule.post(ctx)
        if kept is not None:
            kept.post(ctx)
    except Stopped:
        pass  # nobody wants the model any more
    finally:
        ctx.stop = None
    return ctx


def improve(
    instance: Instance,
    objective: Objective,
    *,
    start: Schedule | None,
    time_limit: float,
    workers: int,
    seed: int,
    on_progress: OnProgress,
    stop: Stop,
    floor: Fraction | None = None,
    first_only: bool = False,
    work: float | None = None,
    has_loads: bool = True,
    kept: Kept | None = None,
) -> Outcome:
    """Search for a schedule better than `start` (given as complete hint), tier after tier.

    The model is built within the time too, and given up where that is not enough: what was known is the answer then.
    Each tier gets an even share of the time left over the tiers that remain; once solved, it may not get worse
    while later tiers are improved. With `first_only` the first schedule found, or the proof that there is none,
    ends the search. `floor` is a proved lower bound of the first tier. With `work` each tier ends after so much
    deterministic time, the same on every machine. Without `has_loads` the model lacks the redundant lines about the
    work of the machines: they lift bounds, but a search for a contradiction gets slower by them. `kept` says what stays
    of a schedule; bounds are then those of what is free.

    Raises
    ------
    RuntimeError
        If CP-SAT calls the model invalid: a bug in this package.
    """
    deadline = monotonic() + time_limit
    ending = Until(stop, deadline)
    best = start
    bounds: list[Fraction | None] = [None] * len(objective.tiers)
    status = Status.UNKNOWN if start is None else Status.FEASIBLE
    if time_limit <= 0:
        return Outcome(status, best, tuple(bounds))  # even to begin a model takes its time
    ctx = build(instance, _latest(instance, objective, start), ending, kept, has_loads=has_loads)
    if ending.requested:
        return Outcome(status, best, tuple(bounds))  # the model may lack rules
    post_order(ctx, start)
    built: dict[str, Any] = {}
    proved = True
    for index, tier in enumerate(objective.tiers):
        ctx.load_seconds = min(LOAD_SECONDS, LOAD_SHARE * (deadline - monotonic()))
        expression = tier_expression(ctx, tier, built)
        if ending.requested:
            proved = False
            break
        # No term is ever negative. A tier is never worth less than its aspiration, yet may be less.
        least = max(tier.aspiration, floor if index == 0 and floor is not None else Fraction(0))
        if least > tier.aspiration:
            ctx.model.add(expression >= int(least * tier.scale))
        if best is not None and tier.value(value_terms(instance, best)) <= least:
            bounds[index] = least
            ctx.model.add(expression <= int(least * tier.scale))
            if index == 0:
                on_progress(None, least)
            continue
        seconds = (deadline - monotonic()) / (len(objective.tiers) - index)
        if seconds < MIN_SECONDS or stop.requested:
            proved = False
            break
        ctx.model.minimize(expression)
        try:
            if best is not None:
                ctx.hint(best, ending)  # that of a large model takes its time too
        except Stopped:
            proved = False
            break
        left = deadline - monotonic()
        if left < MIN_SECONDS or stop.requested:
            proved = False
            break
        # Without any schedule there is no later tier to keep time for: the share of this one ends with the first.
        solver = new_solver(ctx, left if best is None else min(seconds, left), workers, seed)
        solver.parameters.stop_after_first_solution = first_only
        if work is not None:
            solver.parameters.max_deterministic_time = work
        watcher = _Watcher(tier, on_progress if index == 0 else None, monotonic() + seconds)
        solver.best_bound_callback = watcher.on_bound
        with stop.calling(solver.stop_search), _alarm(seconds if seconds < left else None, solver, watcher):
            answer = solver.solve(ctx.model, watcher)
        if answer == cp_model.MODEL_INVALID:
            raise RuntimeError(f"invalid model: {ctx.model.validate()}")
        if answer == cp_model.INFEASIBLE:
            return Outcome(Status.INFEASIBLE, None, tuple(bounds))
        if answer in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            best = extract(ctx, solver.value)
            status = Status.FEASIBLE
        proven = (_bound(solver.best_objective_bound, tier.scale), floor if index == 0 else None, tier.aspiration)
        bounds[index] = max((bound for bound in proven if bound is not None), default=None)
        if answer != cp_model.OPTIMAL and (best is None or tier.value(value_terms(instance, best)) > tier.aspiration):
            proved = False
        if best is None or first_only or stop.requested:
            break
        # Where nothing was found in time, the schedule that was known is kept from getting worse.
        ctx.model.add(expression <= int(tier.scale * tier.value(value_terms(instance, best))))
    return Outcome(Status.OPTIMAL if proved and best is not None else status, best, tuple(bounds))


def _latest(instance: Instance, objective: Objective, start: Schedule | None) -> Mapping[str, int]:
    """Return the latest completions of interest: those of the first tier, and of the next ones while they are 0."""
    latest: dict[str, int] = {}
    if start is None:
        return latest
    for tier, value in zip(objective.tiers, objective.value(value_terms(instance, start)), strict=True):
        for job, completion in ceilings(instance, tier, value).items():
            latest[job] = min(completion, latest.get(job, completion))
        if value > 0:
            break
    return latest


def new_solver(ctx: ModelContext, seconds: float, workers: int, seed: int) -> cp_model.CpSolver:
    """Return a solver with the parameters that every solve of this package has."""
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    solver.parameters.catch_sigint_signal = False
    # Edge finding and the like at every node: job shops are proved many times as fast. Circuits gain nothing.
    solver.parameters.use_strong_propagation_in_disjunctive = not ctx.has_circuits
    if not ctx.loads_bind:
        # The linear relaxation tells of loads, not of orders; where orders decide, it only costs time. From three
        # workers on some have it and some have not.
        if workers == 1:
            solver.parameters.linearization_level = 0
        elif workers == 2:
            solver.parameters.subsolvers.extend(["no_lp"])
    if len(ctx.model.proto.variables) > LARGE:
        # Probing a large circuit takes longer than planners wait, and finds next to nothing.
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        solver.parameters.max_presolve_iterations = 1
        # So short a presolve may leave a cumulative of which nothing is free any more. OR-Tools 9.15 ends the process
        # by a segmentation fault when its local searches (`fj`, `ls`) compile one, in `CompiledReservoirConstraint`.
        # In whole runs of large models they found no schedule.
        solver.parameters.use_feasibility_jump = False
        solver.parameters.num_violation_ls = 0
    return solver


def _bound(value: float, scale: int) -> Fraction | None:
    """Return the bound as an exact multiple of ``1 / scale``; every objective value is one, so rounding up is safe."""
    if value <= -(2**62):
        return None
    return Fraction(ceil(value - 1e-6 * max(1.0, abs(value))), scale)


@contextmanager
def _alarm(seconds: float | None, solver: cp_model.CpSolver, watcher: _Watcher) -> Iterator[None]:
    """Stop the solver after these seconds if there is a solution by then; None: never."""
    timer = Timer(seconds or 0.0, lambda: solver.stop_search() if watcher.found else None)
    timer.daemon = True
    if seconds is not None:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Watcher(cp_model.CpSolverSolutionCallback):
    """Reports better values and bounds of the first tier, and ends the search of a tier at its aspiration.

    ``found`` says whether there is a solution; one that comes after the share of the tier is over ends it too.
    """

    def __init__(self, tier: Tier, on_progress: OnProgress | None, ends_at: float) -> None:
        super().__init__()
        self.found = False
        self._ends_at = ends_at
        self._scale = tier.scale
        self._enough = int(tier.aspiration * tier.scale)
        self._on_progress = on_progress
        self._bound: Fraction | None = None

    def on_solution_callback(self) -> None:
        """Report the value of a new solution."""
        self.found = True
        value = round(self.objective_value)
        if self._on_progress is not None:
            self._on_progress(Fraction(max(value, self._enough), self._scale), self._bound)
        if value <= self._enough or monotonic() >= self._ends_at:
            self.stop_search()

    def on_bound(self, bound: float) -> None:
        """Report a new bound."""
        self._bound = _bound(bound, self._scale)
        if self._on_progress is not None:
            self._on_progress(None, self._bound)

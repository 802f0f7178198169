"""Large-neighbourhood search: free a part of a schedule, keep the order of the rest, let CP-SAT look for a better one.

Shaw (1998) for the idea; Godard, Laborie & Nuijten (2005) for schedules that stay flexible in time; Laborie & Godard
(2007) for kinds of neighbourhoods that are chosen by their success.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from time import monotonic

from ortools.sat.python import cp_model

from scheduler.cpsat.ceilings import ceilings
from scheduler.cpsat.context import ModelContext
from scheduler.cpsat.extract import extract
from scheduler.cpsat.kept import Kept
from scheduler.cpsat.neighbourhoods import Neighbourhood, Network, neighbourhoods
from scheduler.cpsat.objective import tier_expression
from scheduler.cpsat.solve import MIN_SECONDS, build, new_solver
from scheduler.cpsat.subproblem import Subproblem, subproblem
from scheduler.domain import Instance, Objective, Schedule, Stop
from scheduler.domain.cycle import with_copies
from scheduler.domain.stop import Until
from scheduler.terms import value_terms

FIRST_SIZE = 15
SMALLEST_SIZE = 4
GROWTH, SHRINKAGE = 1.25, 0.7
"""What becomes of the size of a kind's next neighbourhood after a proof, and after a search without end."""
EFFORT = 0.2
"""Deterministic time, in CP-SAT's measure (roughly seconds), that one subproblem may take."""
MEMORY = 0.9
"""What is left, at each try, of the credit that a kind has from its tries before."""
LEAST_CREDIT = 0.1
"""A kind without success stays in play."""

OnBetter = Callable[[Schedule], None]


def polish(
    instance: Instance,
    objective: Objective,
    schedule: Schedule,
    *,
    seconds: float,
    seed: int,
    stop: Stop,
    workers: int = 1,
    floor: Fraction | None = None,
    on_better: OnBetter | None = None,
) -> Schedule:
    """Return a schedule at least as good as this one, found by freeing parts of it again and again.

    The tier worked on is the first that may still become smaller. The tiers before it stay as they are; those after it
    are left to chance, but break no tie in favour of the old schedule. Ends early once nothing better is possible.
    With one worker, only the clock keeps the same seed from giving the same schedule.

    Parameters
    ----------
    schedule
        A schedule that passes the checker.
    seconds
        Wall time.
    floor
        A proved lower bound of the first tier.
    on_better
        Called with every better schedule.
    """
    deadline = monotonic() + seconds
    random = Random(seed)
    network = Network(instance, objective, schedule)
    kinds = [_Kind(choose, credit=credit) for choose, credit in neighbourhoods(network).items()]
    needed = MIN_SECONDS
    ending = Until(stop, deadline)
    while network.free and not ending.requested and deadline - monotonic() > needed:
        target = _target(instance, objective, network.schedule, floor)
        if target is None:
            break
        kind = random.choices(kinds, [kind.credit for kind in kinds])[0]
        free = kind.choose(network, round(kind.size), random)
        began_at = monotonic()
        sub = subproblem(instance, network.schedule, with_copies(instance, free))
        ctx = _model(sub, objective, target, ending)
        if ending.requested:
            break  # the model may lack rules
        needed = max(MIN_SECONDS, monotonic() - began_at)
        solver = new_solver(ctx, max(0.0, deadline - monotonic()), workers, random.randrange(2**31))
        solver.parameters.max_deterministic_time = EFFORT
        # Presolve of circuits takes longer than the search.
        solver.parameters.cp_model_presolve = not ctx.has_circuits
        with stop.calling(solver.stop_search):
            answer = solver.solve(ctx.model)
        found = answer in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        kind.learn(found, answer in (cp_model.OPTIMAL, cp_model.INFEASIBLE), len(network.free))
        if found:
            network = Network(instance, objective, sub.restore(extract(ctx, solver.value)))
            if on_better is not None:
                on_better(network.schedule)
        elif answer == cp_model.INFEASIBLE and sub.free.issuperset(o.key for o in network.free):
            break
    return network.schedule


@dataclass
class _Kind:
    """A kind of neighbourhood with its success and the size it has come to."""

    choose: Neighbourhood
    size: float = FIRST_SIZE
    credit: float = 1.0

    def learn(self, found: bool, solved: bool, most: int) -> None:
        """Take in what came of a neighbourhood; `most` operations can be freed."""
        self.credit = max(LEAST_CREDIT, MEMORY * self.credit + (1 - MEMORY) * found)
        if not solved:
            self.size = max(self.size * SHRINKAGE, SMALLEST_SIZE)
        elif not found:
            self.size = min(self.size * GROWTH, most)


def _target(
    instance: Instance, objective: Objective, schedule: Schedule, floor: Fraction | None
) -> tuple[Fraction, ...] | None:
    """Return the most that the tiers may be, up to the first that may become smaller: the next smaller value there.

    None if every tier is as small as can be. Every value of a tier is a multiple of ``1 / scale``.
    """
    most: list[Fraction] = []
    for tier, value in zip(objective.tiers, objective.value(value_terms(instance, schedule)), strict=True):
        least = max(tier.aspiration, floor if not most and floor is not None else Fraction(0))
        if value > least:
            return (*most, value - Fraction(1, tier.scale))
        most.append(value)
    return None


def _model(sub: Subproblem, objective: Objective, target: tuple[Fraction, ...], stop: Stop) -> ModelContext:
    """Return the model of a subproblem that allows only schedules within the target; its hint is the old one."""
    tiers = objective.tiers[: len(target)]
    latest: dict[str, int] = {}
    for tier, most in zip(tiers, target, strict=True):
        for job, completion in ceilings(sub.instance, tier, most).items():
            latest[job] = min(completion, latest.get(job, completion))
    ctx = build(sub.instance, latest, stop, Kept(sub.instance, sub.schedule, sub.free))
    if stop.requested:
        return ctx
    terms: dict[str, object] = {}
    expressions = [tier_expression(ctx, tier, terms) for tier in tiers]
    for tier, expression, most in zip(tiers, expressions, target, strict=True):
        ctx.model.add(expression <= int(most * tier.scale))
    ctx.model.minimize(expressions[-1])
    ctx.hint(sub.schedule)
    return ctx

"""Reoptimise: everything pending is free again, and change is taxed."""

from __future__ import annotations

import warnings
from dataclasses import replace
from fractions import Fraction

from scheduler.domain import Objective, Progress, Result, Schedule, Status
from scheduler.errors import UncheckedScheduleError
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.safety_net import offer_construction, offer_shift
from scheduler.rescheduling.stability import usual_tax

VALUE_SHARE = 0.4
"""Share of the time in which the value is lowered; the rest is for bringing changes back that it does not need ..."""
SMALL_SHARE = 0.65
"""... in a small factory without compiled walks of its own, where little can be brought back ..."""
TAXED_SHARE = 0.3
"""... and where change is taxed, as values go on to fall then."""
SETUP_PER_OPERATION = 2e-4
"""Seconds for each operation until a search in a network has begun, where change is taxed ..."""
WALKS = 2
"""... and how often that has to fit into the share for the value; otherwise change is taxed from the beginning."""
MOST_OF_GAIN = Fraction(1, 10)
"""Share of what a repair gains on the right shift that it gives up again for little change, at the most, unless
somebody has said what change costs."""


def reoptimise(case: Case) -> None:
    """Right shift as safety net, then search with everything pending free."""
    offer_shift(case)
    search(case)


def search(case: Case) -> None:
    """Search with everything pending free, from the best schedule so far; see `scheduler.portfolio.solve`.

    Where there is none, from what construction finds. First for the value alone. Then, where change is taxed, for what
    is worth the change (`Case.trade`); otherwise for little change among the schedules that are good enough
    (`Case.aspire`).
    """
    if case.best is None:
        offer_construction(case)
    tiers = case.valued_tiers
    if tiers and len(tiers) < len(case.objective.tiers):
        tax = tax_of(case)
        share = TAXED_SHARE if tax else SMALL_SHARE if is_small(case) and not walks(case) else VALUE_SHARE
        seconds = share * case.left
        if not tax or seconds > WALKS * SETUP_PER_OPERATION * case.instance.num_operations:
            case.valued = _solved(case, Objective(tiers), seconds)
        if case.valued is not None and case.valued.status is Status.INFEASIBLE:
            case.found, case.valued = case.valued, None
            return
        if not case.trade(tax, MOST_OF_GAIN if case.tax is None else Fraction(1)):
            case.aspire()
        if case.shift.schedule is not None:
            case.offer(case.shift.schedule, "right-shift")
    case.found = _solved(case, case.ranking, case.left)


def tax_of(case: Case) -> Fraction:
    """Return what change costs, 0 where it is free up to an allowance.

    That is usual in job shops, which the tabu search speaks: little is to be gained there by giving up more.
    """
    if case.tax is not None or case.allowance is not None:
        return case.tax or Fraction(0)
    return Fraction(0) if walks(case) else usual_tax(case.instance)


def walks(case: Case) -> bool:
    """Return whether the tabu search goes on from the right shift."""
    from scheduler.search.tabu.arrays import why_unsupported
    from scheduler.search.tabu.weights import weigh

    return why_unsupported(case.instance) is None and weigh(case.instance, case.objective) is not None


def is_small(case: Case) -> bool:
    """Return whether CP-SAT has the whole factory in hand in a moment."""
    from scheduler.portfolio.run import SMALL

    return case.instance.num_modes <= SMALL


def _solved(case: Case, objective: Objective, seconds: float) -> Result | None:
    if seconds < SHORTEST:
        return None
    # Here, not above: the solver takes its time to load.
    from scheduler.portfolio import solve

    spent = case.seconds

    def on_progress(point: Progress) -> None:
        is_bound = objective.tiers[0].aspiration == 0  # what is good enough is no bound
        case.note(replace(point, seconds=point.seconds + spent, bound=point.bound if is_bound else None))

    def on_schedule(schedule: Schedule) -> None:
        case.offer(schedule, "reoptimise")

    try:
        return solve(
            case.instance,
            objective=objective,
            time_limit=seconds,
            workers=case.workers,
            seed=case.seed,
            start=None if case.best is None else case.best.schedule,
            on_progress=on_progress,
            on_schedule=on_schedule,
            stop=case.stop,
            findings=case.findings,
        )
    except UncheckedScheduleError as error:
        # A slip of ours, as in `Case.offer`: the factory gets the best plan that has passed.
        warnings.warn(f"a search is passed over: {error}", RuntimeWarning, stacklevel=2)
        return None

"""The price of stability: what it costs that a repair changes so little, and what was given up to change less."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.domain import Instance, Objective, Schedule, Status, Stop, Tier
from scheduler.domain.objective import STABILITY_TERMS
from scheduler.rescheduling.concessions import conceded
from scheduler.terms import value_terms


@dataclass(frozen=True, slots=True)
class Price:
    """What a schedule is worth, and what one may be worth for which change costs nothing.

    Attributes
    ----------
    objective
        The first tier of the objective that is left without terms of stability.
    stable
        Its value *J_stable* on the repaired schedule.
    free
        Its value *J_free* on the best schedule found when change costs nothing; never more than `stable`.
    is_proved
        Whether no schedule is worth less than `free`; otherwise the price may be higher.
    """

    objective: str
    stable: float
    free: float
    is_proved: bool

    @property
    def price(self) -> float | None:
        """``(J_stable - J_free) / J_free``; 0 when both are 0, None when only `free` is."""
        if self.stable == self.free:
            return 0.0
        return (self.stable - self.free) / self.free if self.free else None

    def __str__(self) -> str:
        share = "-" if self.price is None else f"{100 * self.price:.1f} %"
        most = "" if self.is_proved else " or more"
        return f"{share}{most} ({self.objective} {self.stable:g} instead of {self.free:g})"


@dataclass(frozen=True, slots=True)
class Trade:
    """What a repair gave up of the value for less change, against the best schedule while only the value counted.

    Attributes
    ----------
    objective
        The first tier of the objective.
    tax
        Ticks by which all jobs may end later for a tick of mean start deviation less; 0: there was an allowance.
    value_before, value
        Of that tier in the schedule with the best value, and in the repaired one, which may be better still.
    deviation_before, deviation
        Total start deviation of the two, in ticks.
    """

    objective: str
    tax: float
    value_before: float
    value: float
    deviation_before: int
    deviation: int

    def __str__(self) -> str:
        change = f"{self.objective} {self.value:g} instead of {self.value_before:g}"
        return f"{change}, total deviation {self.deviation} instead of {self.deviation_before}"


def price_of_stability(
    instance: Instance,
    schedule: Schedule,
    objective: Objective,
    *,
    time_limit: float,
    workers: int | None = None,
    seed: int = 0,
    stop: Stop | None = None,
) -> Price | None:
    """Search for a schedule that may be as different as it likes, and compare; None if only stability is wanted.

    The past stays, and so do frozen operations and pins. What a degraded schedule breaks may be broken as far.

    Parameters
    ----------
    instance, schedule
        Of a repair: the instance after the events and the repaired schedule, with which the search begins.
    objective
        What was minimised; terms of stability are left out.
    time_limit, workers, seed, stop
        As for `scheduler.solve`.
    """
    tiers = (Tier(tuple((n, w) for n, w in tier.weights if n not in STABILITY_TERMS)) for tier in objective.tiers)
    first = next((tier for tier in tiers if tier.weights), None)
    if first is None:
        return None
    # Here, not above: the solver takes its time to load.
    from scheduler.portfolio import solve

    given = conceded(instance, schedule)
    wanted = Objective((first,))
    found = solve(given, objective=wanted, time_limit=time_limit, workers=workers, seed=seed, start=schedule, stop=stop)
    stable = first.value(value_terms(instance, schedule))
    free = stable if found.values is None else min(stable, found.values[0])
    return Price(str(first), float(stable), float(free), found.status is Status.OPTIMAL)

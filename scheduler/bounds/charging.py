"""What the vehicles of a fleet have to charge at the least, whoever carries what."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from scheduler.domain import Fleet


def least_charging(fleet: Fleet, loaded: int) -> int:
    """Return how many ticks the vehicles of a fleet are at chargers, all together.

    With *T* ticks of transports, drains *d* of a loaded tick, levels at tick 0, minimum levels and rates *r* of the
    pieces of all charge curves::

        max(0, min_v d(v) T - sum_v (initial(v) - minimum(v))) / max r

    as what is drained beyond the levels that vehicles begin with has to be charged before. Empty moves, the ways to
    chargers among them, and waiting drain nothing here.

    Parameters
    ----------
    fleet
        A fleet; 0 if one of its vehicles never has to be charged, has been measured, or holds several jobs, which drain
        it at once.
    loaded
        Ticks of its transports that every schedule has.
    """
    batteries = [vehicle.battery for vehicle in fleet.vehicles if vehicle.capacity == 1]
    known = [battery for battery in batteries if battery is not None and not battery.corrections]
    if not known or len(known) < len(fleet.vehicles) or not fleet.chargers:
        return 0
    stock = sum(battery.initial - battery.minimum for battery in known)
    lacking = min(battery.drain_loaded for battery in known) * loaded - stock
    fastest = max(step.rate for battery in known for step in battery.curve)
    return max(0, ceil(Fraction(lacking, fastest)))

"""What the cyclic search makes small: a weighted sum of the cycle time and of the span of a set."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import NamedTuple

from scheduler.domain import Instance, Schedule
from scheduler.domain.cycle import cycle_time, sets_of
from scheduler.domain.objective import Tier

SPOKEN_TERMS = frozenset({"cycle_time", "makespan"})
"""Terms of the first tier that the search speaks."""


class Goal(NamedTuple):
    """The value ``per_cycle * C + per_span * F`` of a cycle time *C* and a *span* *F*.

    The span is how long the first set takes, from tick 0 on. Set *k* of *n* is over ``(k - 1) C`` later, so

        makespan = (n - 1) C + F

    A cycle that is shorter by a tick is worth ``n - 1`` ticks of the span, where only the makespan counts.

    Attributes
    ----------
    per_cycle, per_span
        What a tick of either counts.
    unit
        What one of the value is worth of the tier.
    """

    per_cycle: int
    per_span: int
    unit: Fraction = Fraction(1)

    @classmethod
    def of(cls, instance: Instance, tier: Tier) -> Goal:
        """Return the goal of a tier of `SPOKEN_TERMS`."""
        weights = {name: int(weight * tier.scale) for name, weight in tier.weights}
        per_span = weights.get("makespan", 0)
        per_cycle = weights.get("cycle_time", 0) + (len(sets_of(instance)) - 1) * per_span
        shared = gcd(per_cycle, per_span)
        return cls(per_cycle // shared, per_span // shared, Fraction(shared, tier.scale))

    def value(self, cycle: int, span: int) -> int:
        """Return the value of a cycle time and a span."""
        return self.per_cycle * cycle + self.per_span * span

    def value_of(self, instance: Instance, schedule: Schedule) -> int:
        """Return the value of a schedule."""
        from scheduler.terms import value_terms

        cycle = cycle_time(instance, schedule)
        if self.per_span == 0:
            return self.per_cycle * cycle
        return self.value(cycle, value_terms(instance, schedule)["makespan"] - (len(sets_of(instance)) - 1) * cycle)

    def size(self, value: int) -> int:
        """Return that of a value of which a share is worth looking at: of the span alone, where that comes second."""
        return max(1, value % self.per_cycle) if self.per_cycle >= FIRST else value


FIRST = 1 << 32
"""What a tick of the cycle counts where no span makes up for it."""
SHORT_CYCLE = Goal(1, 0)
"""Nothing but the cycle time counts."""
SHORT_CYCLE_THEN_SPAN = Goal(FIRST, 1)
"""The span counts among equal cycle times."""

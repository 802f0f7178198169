"""Lower bounds without a solver: in milliseconds, that of windows in up to a second for 2,000 operations.

Whoever has less time gives a wish to stop, and has what is proved by then.
"""

from scheduler.bounds.cycle import cycle_bound
from scheduler.bounds.one_machine import one_machine_bound
from scheduler.bounds.tiers import higher, makespan_bound, priced_bound, simple_bound, so_far, tier_bounds

__all__ = [
    "cycle_bound",
    "higher",
    "makespan_bound",
    "one_machine_bound",
    "priced_bound",
    "simple_bound",
    "so_far",
    "tier_bounds",
]

"""Lower bounds without a solver: in milliseconds, that of windows in up to a second for 2,000 operations."""

from scheduler.bounds.cycle import cycle_bound
from scheduler.bounds.one_machine import one_machine_bound
from scheduler.bounds.tiers import higher, makespan_bound, priced_bound, simple_bound, tier_bounds

__all__ = [
    "cycle_bound",
    "higher",
    "makespan_bound",
    "one_machine_bound",
    "priced_bound",
    "simple_bound",
    "tier_bounds",
]

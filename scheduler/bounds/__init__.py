"""Lower bounds, in milliseconds and without a solver."""

from scheduler.bounds.tiers import higher, makespan_bound, one_machine_bound, priced_bound, tier_bounds

__all__ = ["higher", "makespan_bound", "one_machine_bound", "priced_bound", "tier_bounds"]

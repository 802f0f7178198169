"""Lower bounds, in milliseconds and without a solver."""

from scheduler.bounds.tiers import makespan_bound, one_machine_bound, priced_bound, tier_bound

__all__ = ["makespan_bound", "one_machine_bound", "priced_bound", "tier_bound"]

"""Plan: find a good schedule and a lower bound, within a time limit.

The construction heuristic gives a schedule at once. Where the compiled search speaks the instance, it walks beside
CP-SAT (`hybrid`); else CP-SAT improves the schedule alone. The best schedule found so far is the answer.
"""

from scheduler.portfolio.run import OnProgress
from scheduler.portfolio.solving import solve, versions

__all__ = ["OnProgress", "solve", "versions"]

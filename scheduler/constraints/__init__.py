"""The rules: one file per kind of constraint; `RULES` is the table of contents."""

from scheduler.constraints import (
    batteries,
    buffers,
    calendars,
    capacity,
    cycles,
    docks,
    dwell,
    execution,
    modes,
    movers,
    moves,
    operators,
    parking,
    plans,
    precedence,
    setups,
    stations,
    swaps,
    tending,
    time_windows,
    transfers,
    visits,
)
from scheduler.constraints.rule import Rule, Violation

RULES: tuple[Rule, ...] = (
    plans.RULE,
    modes.RULE,
    precedence.RULE,
    time_windows.RULE,
    capacity.RULE,
    swaps.RULE,
    buffers.RULE,
    stations.RULE,
    setups.RULE,
    calendars.RULE,
    moves.RULE,
    movers.RULE,
    visits.RULE,
    tending.RULE,
    batteries.RULE,
    parking.RULE,
    transfers.RULE,
    docks.RULE,
    dwell.RULE,
    operators.RULE,
    cycles.RULE,
    execution.RULE,
)
"""Every rule, in the order of `docs/rules.md`."""

__all__ = ["RULES", "Rule", "Violation"]

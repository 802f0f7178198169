"""The least cost of going round: through all of some things by one circuit, or by as many as there may be.

What one resource does comes in a circuit, again and again; what several do, in a circuit each. Without the demand that
there is only one, that is an assignment: each thing has one that follows it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_TOURED = 12
"""Things up to which one circuit is found exactly, in hundredths of a second."""
MOST_ASSIGNED = 150
"""Things up to which an assignment takes tenths of a second."""

_Costs = NDArray[np.int64]


def least_circuit(costs: _Costs) -> int:
    """Return a lower bound of one circuit through everything, exact up to `MOST_TOURED` things.

    Parameters
    ----------
    costs
        From each thing (row) to each that follows it, none negative; the diagonal counts where there is one thing only.
    """
    num = len(costs)
    if num < 2:
        return int(costs.sum())
    if num <= MOST_TOURED:
        return _tour(costs)
    others = costs.copy()
    np.fill_diagonal(others, costs.sum() + 1)
    return least_circuits(others)


def _tour(costs: _Costs) -> int:
    """Return the least cost of a circuit, subset by subset (Held & Karp 1962)."""
    num = len(costs)
    never = int(costs.sum()) + 1
    # By what has been passed, from thing 0 on, and by where that ends.
    best = np.full((1 << num, num), never, np.int64)
    best[1, 0] = 0
    bits = 1 << np.arange(num)
    for passed in range(1, 1 << num, 2):
        ahead = np.flatnonzero((passed & bits) == 0)
        reached = (best[passed][:, None] + costs[:, ahead]).min(axis=0)
        best[passed | bits[ahead], ahead] = np.minimum(best[passed | bits[ahead], ahead], reached)
    return int((best[-1] + costs[:, 0])[1:].min())


def least_circuits(costs: _Costs) -> int:
    """Return the least cost of circuits that pass everything once: an assignment (Kuhn 1955), by augmenting paths."""
    num = len(costs)
    by_row, by_column = np.zeros(num, np.int64), np.zeros(num + 1, np.int64)
    row_of = np.full(num + 1, -1)  # of each column, and of the one where a path begins
    for row in range(num):
        row_of[num], column = row, num
        distance, before = np.full(num, np.iinfo(np.int64).max), np.full(num, num)
        is_done = np.zeros(num + 1, bool)
        while row_of[column] >= 0:
            is_done[column] = True
            here = row_of[column]
            reduced = costs[here] - by_row[here] - by_column[:num]
            is_nearer = ~is_done[:num] & (reduced < distance)
            distance[is_nearer], before[is_nearer] = reduced[is_nearer], column
            ahead = np.flatnonzero(~is_done[:num])
            column = int(ahead[distance[ahead].argmin()])
            step = distance[column]
            by_row[row_of[is_done]] += step
            by_column[is_done] -= step
            distance[ahead] -= step
        while column != num:
            row_of[column] = row_of[before[column]]
            column = int(before[column])
    return int(by_row.sum() + by_column[:num].sum())

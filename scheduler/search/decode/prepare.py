"""The memory of one thread: a state, its trail, and room to work in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scheduler.search.decode import layout as at
from scheduler.search.decode.goal import Goal
from scheduler.search.decode.layout import Ints
from scheduler.search.decode.lower import Lowered
from scheduler.search.decode.place import MAX_ENTRIES
from scheduler.search.decode.value import DUE_AT, share


@dataclass
class Memory:
    """What compiled functions write into."""

    state: Ints
    trail: Ints
    entries: Ints
    floors: Ints
    marks: Ints
    work: Ints


def prepare(lowered: Lowered, goal: Goal) -> Memory:
    """Return memory that holds what has begun, with what the objective comes to at least."""
    data, state = lowered.data, lowered.state.copy()
    ends = state[data[at.JOB_END] : data[at.JOB_END] + len(lowered.plans)].tolist()
    total, late = 0, 0
    for job, end in enumerate(ends):
        total += share(goal.weights, job, end)
        late = max(late, end - int(goal.weights[job, DUE_AT]))
    state[data[at.SUM]] = total
    state[data[at.LATEST]] = max(ends, default=0)
    state[data[at.MOST_LATE]] = late
    num_units = len(lowered.units)
    return Memory(
        state,
        np.zeros(lowered.trail_size, np.int64),
        np.zeros((MAX_ENTRIES, 4), np.int64),
        np.zeros(2 * len(lowered.operations), np.int64),
        np.zeros(num_units + 1, np.int64),
        np.zeros((3, num_units + 1), np.int64),
    )

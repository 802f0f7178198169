"""Machine sequences: taking an operation out, putting it in, changing its machine, and taking that back."""

from __future__ import annotations

import numpy as np

from scheduler.search.blocking.arrays import (
    AFTER,
    ALT,
    BEFORE,
    BLOCKS,
    END,
    FIRST,
    LAG,
    LAST,
    LENGTH,
    MACHINE,
    NEXT_START,
    ON,
    RANK,
    RELEASES,
    RELEASING,
    STARTING,
    STARTS,
    TAKES,
)
from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import Ints, ix

# Rows of a log of changes: the operation, what was before it, its rank and its alternative.
WHO, WAS_BEFORE, WAS_RANK, WAS_ALT = range(4)
# Cells of the bounds of a change: places of the order that it reaches, and how many entries the log has.
FROM, UNTIL, CHANGES = range(3)
STEP = 1 << 10
"""Distance of neighbours' ranks in a sequence that is settled, so that others fit in."""


@entry
def take(choices: Ints, alts: Ints, ops: Ints, instants: Ints, o: int, alt: int) -> None:
    """Let an operation that is in no sequence take an alternative."""
    start, end, follower = ops[STARTS, ix(o)], choices[END, ix(o)], choices[NEXT_START, ix(o)]
    ops[ALT, ix(o)], ops[MACHINE, ix(o)] = alt, alts[ON, ix(alt)]
    if end == 0:  # it has no end of its own
        end = follower
    released = follower if alts[BLOCKS, ix(alt)] else end
    if ops[RELEASES, ix(o)] >= 0:
        instants[RELEASING, ix(ops[RELEASES, ix(o)])] = -1
    ops[RELEASES, ix(o)] = released
    instants[RELEASING, ix(released)] = o
    instants[LENGTH, ix(start)] = alts[TAKES, ix(alt)]
    if end < follower:
        instants[LENGTH, ix(end)] = choices[LAG, ix(o)]
    elif instants[STARTING, ix(follower)] >= 0:
        instants[LENGTH, ix(start)] += choices[LAG, ix(o)]


@uncounted
def take_out(ops: Ints, ends: Ints, o: int) -> None:
    """Take an operation out of its sequence."""
    before, after, machine = ops[BEFORE, ix(o)], ops[AFTER, ix(o)], ops[MACHINE, ix(o)]
    if before >= 0:
        ops[AFTER, ix(before)] = after
    else:
        ends[FIRST, ix(machine)] = after
    if after >= 0:
        ops[BEFORE, ix(after)] = before
    else:
        ends[LAST, ix(machine)] = before


@entry
def put_after(ops: Ints, ends: Ints, o: int, before: int) -> None:
    """Put an operation into the sequence of its machine, after another one or as the first (-1)."""
    machine = ops[MACHINE, ix(o)]
    if before >= 0:
        after = ops[AFTER, ix(before)]
        ops[AFTER, ix(before)] = o
        ops[RANK, ix(o)] = ops[RANK, ix(before)] + 1
    else:
        after = ends[FIRST, ix(machine)]
        ends[FIRST, ix(machine)] = o
        ops[RANK, ix(o)] = ops[RANK, ix(after)] - 1 if after >= 0 else 0
    ops[BEFORE, ix(o)], ops[AFTER, ix(o)] = before, after
    if after >= 0:
        ops[BEFORE, ix(after)] = o
    else:
        ends[LAST, ix(machine)] = o


@entry
def settle(ops: Ints, ends: Ints, machine: int) -> None:
    """Number a sequence anew."""
    o, rank = ends[FIRST, ix(machine)], 0
    while o >= 0:
        ops[RANK, ix(o)] = rank
        rank += STEP
        o = ops[AFTER, ix(o)]


@entry
def _reach(ops: Ints, places: Ints, o: int, bounds: Ints) -> None:
    """Extend the bounds of a change by the ends of the arcs that an operation's place in its sequence makes.

    Where arcs end, heads change; where they begin, tails do.
    """
    before, after = ops[BEFORE, ix(o)], ops[AFTER, ix(o)]
    bounds[FROM] = min(bounds[FROM], places[ops[STARTS, ix(o)]])
    bounds[UNTIL] = max(bounds[UNTIL], places[ops[RELEASES, ix(o)]])
    if after >= 0:
        bounds[FROM] = min(bounds[FROM], places[ops[STARTS, ix(after)]])
    if before >= 0:
        bounds[UNTIL] = max(bounds[UNTIL], places[ops[RELEASES, ix(before)]])


@uncounted
def relocate(
    choices: Ints,
    alts: Ints,
    ops: Ints,
    instants: Ints,
    ends: Ints,
    places: Ints,
    log: Ints,
    bounds: Ints,
    o: int,
    alt: int,
    before: int,
) -> None:
    """Put an operation elsewhere, log the change and extend the bounds of all changes."""
    entry = bounds[CHANGES]
    log[WHO, ix(entry)], log[WAS_BEFORE, ix(entry)] = o, ops[BEFORE, ix(o)]
    log[WAS_RANK, ix(entry)], log[WAS_ALT, ix(entry)] = ops[RANK, ix(o)], ops[ALT, ix(o)]
    bounds[CHANGES] = entry + 1
    _reach(ops, places, o, bounds)
    take_out(ops, ends, o)
    if alt != ops[ALT, ix(o)]:
        take(choices, alts, ops, instants, o, alt)
    put_after(ops, ends, o, before)
    _reach(ops, places, o, bounds)


@entry
def undo(choices: Ints, alts: Ints, ops: Ints, instants: Ints, ends: Ints, log: Ints, bounds: Ints) -> None:
    """Take all changes back, the last one first."""
    for number in range(bounds[CHANGES] - 1, -1, -1):
        o = log[WHO, ix(number)]
        take_out(ops, ends, o)
        if log[WAS_ALT, ix(number)] != ops[ALT, ix(o)]:
            take(choices, alts, ops, instants, o, log[WAS_ALT, ix(number)])
        put_after(ops, ends, o, log[WAS_BEFORE, ix(number)])
        ops[RANK, ix(o)] = log[WAS_RANK, ix(number)]
    bounds[CHANGES] = 0


@entry
def empty_bounds(bounds: Ints) -> None:
    """Begin a change."""
    bounds[FROM], bounds[UNTIL], bounds[CHANGES] = np.iinfo(np.int64).max, -1, 0

"""Nearing: an operation comes back to where the baseline has it, or what keeps it away from there makes room.

Only for objectives in which starts count. Operations are *held* then: they do not start before they do in the baseline
(`layout.BASE_START`), unless the walk lets one go.
"""

from __future__ import annotations

import numpy as np

from scheduler.search.decode.changes import change_hold, first_place
from scheduler.search.decode.layout import (
    BASE_MACHINE,
    BASE_START,
    FIRST_HOLD,
    FIRST_OP,
    LAST_OP,
    MACHINE,
    MODE,
    MODES,
    MODES_AT,
    MODES_END,
    NUM_FREE,
    NUM_OPS,
    OPS,
    START,
    UNIT,
    UNITS,
    Ints,
    get,
)
from scheduler.search.decode.orders import move_down, move_up, turn
from scheduler.search.decode.trace import trace
from scheduler.search.inner import inner

TRIES = 20
"""Draws until an operation is met that is not where the baseline has it."""
HOME = 0.5
"""How often one on another machine goes back to that of the baseline."""
MAKE_ROOM = 0.7
"""How often it is what an operation waits for that makes room, not the operation that goes elsewhere in the order."""


@inner
def is_away(data: Ints, state: Ints, o: int) -> bool:
    """Return whether an operation is not where the baseline has it."""
    machine, mode = get(data, OPS, o, BASE_MACHINE), state[data[MODE] + o]
    if machine < 0 or mode < 0:
        return False
    return state[data[START] + o] != get(data, OPS, o, BASE_START) or get(data, MODES, mode, MACHINE) != machine


@inner
def go_home(data: Ints, choice: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Choose a mode on the machine of the baseline; return the first and last place changed (`end`: none)."""
    for mode in range(get(data, OPS, o, MODES_AT), get(data, OPS, o, MODES_END)):
        if get(data, MODES, mode, MACHINE) == get(data, OPS, o, BASE_MACHINE) and choice[o] != mode:
            choice[o] = mode
            return first_place(data, place, o, end), place[get(data, OPS, o, UNIT)]
    return end, end


@inner
def planned_at(data: Ints, unit: int) -> int:
    """Return when the first operation of a unit starts in the baseline, -1 if it has none of them."""
    found = -1
    for o in range(get(data, UNITS, unit, FIRST_OP), get(data, UNITS, unit, LAST_OP)):
        if get(data, OPS, o, BASE_MACHINE) >= 0 and (found < 0 or get(data, OPS, o, BASE_START) < found):
            found = get(data, OPS, o, BASE_START)
    return found


@inner
def fall_in(data: Ints, order: Ints, place: Ints, unit: int) -> tuple[int, int]:
    """Put a unit between those that begin before and after it in the baseline; return first and last place changed."""
    num, at, own = data[NUM_FREE], place[unit], planned_at(data, unit)
    if at < 0 or own < 0:
        return num, num
    target = at
    while target > 0 and planned_at(data, order[target - 1]) > own:
        target -= 1
    if target < at:
        return move_up(data, order, place, unit, target)
    while target < num - 1 and 0 <= planned_at(data, order[target + 1]) < own:
        target += 1
    if target > at:
        return move_down(data, order, place, unit, target)
    return num, num


@inner
def come_back(
    data: Ints, choice: Ints, order: Ints, place: Ints, state: Ints, pairs: Ints, end: int
) -> tuple[int, int]:
    """Let some operation come nearer to the baseline; return the first and last place changed (`end`: none)."""
    o = np.random.randint(data[NUM_OPS])
    for _ in range(TRIES):
        if is_away(data, state, o) and place[get(data, OPS, o, UNIT)] >= 0:
            break
        o = np.random.randint(data[NUM_OPS])
    if not is_away(data, state, o) or place[get(data, OPS, o, UNIT)] < 0:
        return end, end
    on_other = get(data, MODES, state[data[MODE] + o], MACHINE) != get(data, OPS, o, BASE_MACHINE)
    if on_other and np.random.random() < HOME:
        return go_home(data, choice, place, o, end)
    if state[data[START] + o] < get(data, OPS, o, BASE_START):
        return change_hold(data, choice, place, o, end)
    if np.random.random() < MAKE_ROOM:
        count = trace(data, state, o, -1, pairs)
        if count > 0:
            # What is waited for last comes first in the trace.
            pick = min(np.random.randint(count), np.random.randint(count))
            if choice[data[FIRST_HOLD] + pairs[2 * pick + 1]] > 0 and np.random.random() < 0.2:
                return change_hold(data, choice, place, pairs[2 * pick + 1], end)
            return turn(data, order, place, pairs[2 * pick], pairs[2 * pick + 1])
    return fall_in(data, order, place, get(data, OPS, o, UNIT))

"""When a machine is free: sequences with setups between neighbours, and step functions where several parts fit.

`opening`, `limit` and `beyond` mean what they do in `scheduler.search.timelines`.
"""

from __future__ import annotations

from scheduler.search.decode.calendars import work_start
from scheduler.search.decode.layout import (
    AFTER,
    BEFORE,
    BEGIN,
    CALENDAR,
    CAPACITY,
    CHANGEOVERS,
    FAMILY,
    INITIAL,
    LAST_ON,
    LAST_STEP,
    MACHINE,
    MACHINES,
    MARGIN,
    MODE,
    MODES,
    NEVER,
    NOW,
    NUM_CHANGEOVERS,
    NUM_STEPS,
    SET_FOR,
    SET_FROM,
    SET_START,
    SET_TO,
    SETUPS_AT,
    SHARED,
    SIDE,
    STEP_AFTER,
    STEP_AT,
    STEP_BEFORE,
    STEP_LEVEL,
    TIMES,
    UNTIL,
    Ints,
    get,
    put,
)
from scheduler.search.inner import inner


@inner
def step_at(data: Ints, state: Ints, profile: int, instant: int) -> int:
    """Return the step of a profile that holds at an instant."""
    step = state[data[LAST_STEP] + profile]
    while state[data[STEP_AT] + step] > instant:
        step = state[data[STEP_BEFORE] + step]
    return step


@inner
def profile_opening(data: Ints, state: Ints, profile: int, ready: int, length: int, room: int) -> int:
    """Return the earliest begin at or after `ready` of so many ticks in which at most `room` is taken."""
    if length == 0:
        return ready
    step = step_at(data, state, profile, ready)
    begin = ready
    while step >= 0 and state[data[STEP_AT] + step] < begin + length:
        after = state[data[STEP_AFTER] + step]
        if state[data[STEP_LEVEL] + step] > room:
            begin = state[data[STEP_AT] + after] if after >= 0 else NEVER
        step = after
    return begin


@inner
def profile_limit(data: Ints, state: Ints, profile: int, begin: int, room: int) -> int:
    """Return until when at most `room` is taken from `begin` on."""
    step = step_at(data, state, profile, begin)
    while step >= 0:
        if state[data[STEP_LEVEL] + step] > room:
            return state[data[STEP_AT] + step]
        step = state[data[STEP_AFTER] + step]
    return NEVER


@inner
def profile_beyond(data: Ints, state: Ints, profile: int, begin: int, until: int, room: int) -> int:
    """Return the first instant from `begin` on from which at most `room` is taken until `until`."""
    begin = profile_opening(data, state, profile, begin, 1, room)
    while begin < NEVER:
        end = profile_limit(data, state, profile, begin, room)
        if end >= until:
            break
        begin = profile_opening(data, state, profile, end, 1, room)
    return begin


@inner
def split(data: Ints, state: Ints, trail: Ints, profile: int, instant: int) -> int:
    """Return the step that begins at an instant, which is made if there is none."""
    step = step_at(data, state, profile, instant)
    if state[data[STEP_AT] + step] == instant:
        return step
    new = state[data[NUM_STEPS]]
    put(state, trail, data[NUM_STEPS], new + 1)
    after = state[data[STEP_AFTER] + step]
    put(state, trail, data[STEP_AT] + new, instant)
    put(state, trail, data[STEP_LEVEL] + new, state[data[STEP_LEVEL] + step])
    put(state, trail, data[STEP_BEFORE] + new, step)
    put(state, trail, data[STEP_AFTER] + new, after)
    put(state, trail, data[STEP_AFTER] + step, new)
    put(state, trail, (data[STEP_BEFORE] + after) if after >= 0 else (data[LAST_STEP] + profile), new)
    return new


@inner
def take(data: Ints, state: Ints, trail: Ints, profile: int, begin: int, until: int, amount: int) -> None:
    """Take so much of a profile during ``[begin, until)``."""
    if begin >= until:
        return
    step, last = split(data, state, trail, profile, begin), split(data, state, trail, profile, until)
    while step != last:
        put(state, trail, data[STEP_LEVEL] + step, state[data[STEP_LEVEL] + step] + amount)
        step = state[data[STEP_AFTER] + step]


@inner
def machine_of(data: Ints, state: Ints, o: int) -> int:
    """Return the machine of an operation that has a mode."""
    return get(data, MODES, state[data[MODE] + o], MACHINE)


@inner
def family_of(data: Ints, state: Ints, o: int) -> int:
    """Return the setup family of an operation that has a mode."""
    return get(data, MODES, state[data[MODE] + o], FAMILY)


@inner
def setup_time(data: Ints, machine: int, before: int, after: int) -> int:
    """Return the setup time between two families (0: none) of a machine with setups."""
    at = data[TIMES] + get(data, MACHINES, machine, SETUPS_AT)
    return data[at + before * get(data, MACHINES, machine, SIDE) + after]


@inner
def set_up(data: Ints, state: Ints, machine: int, before: int, ready: int, family: int, o: int) -> int:
    """Return the earliest instant from `ready` at which the machine is set up for operation `o` after another."""
    if before >= 0:
        family_before, free_at = family_of(data, state, before), state[data[UNTIL] + before]
    else:
        family_before, free_at = get(data, MACHINES, machine, INITIAL), 0
    setup = setup_time(data, machine, family_before, family)
    if setup == 0:
        return max(ready, free_at)
    begun = data[NOW]
    for row in range(data[NUM_CHANGEOVERS]):
        same = get(data, CHANGEOVERS, row, SET_FOR) == o and get(data, CHANGEOVERS, row, SET_FROM) == family_before
        if same and get(data, CHANGEOVERS, row, SET_TO) == family:
            begun = get(data, CHANGEOVERS, row, SET_START)
    start = max(free_at, begun, ready - setup)
    return work_start(data, get(data, MACHINES, machine, CALENDAR), start, setup, 0) + setup


@inner
def latest_before(data: Ints, state: Ints, machine: int, after: int, family: int) -> int:
    """Return until when a gap before `after` can be used by an operation of a family; -1 if it can't."""
    if after < 0:
        return NEVER
    following, margin = state[data[BEGIN] + after], get(data, MACHINES, machine, MARGIN)
    if get(data, MACHINES, machine, SETUPS_AT) < 0:
        return following - margin
    setup = setup_time(data, machine, family, family_of(data, state, after))
    calendar = get(data, MACHINES, machine, CALENDAR)
    if setup > 0 and work_start(data, calendar, following - setup, setup, 0) != following - setup:
        return -1
    return following - setup - margin


@inner
def opening(data: Ints, state: Ints, machine: int, ready: int, length: int, family: int, o: int) -> int:
    """Return the earliest begin at or after `ready` of an occupation of this length by operation `o`."""
    shared = get(data, MACHINES, machine, SHARED)
    if shared >= 0:
        return profile_opening(data, state, shared, ready, length, get(data, MACHINES, machine, CAPACITY) - 1)
    has_setups = get(data, MACHINES, machine, SETUPS_AT) >= 0
    if length == 0 and not has_setups:
        return ready
    begins, untils, afters = data[BEGIN], data[UNTIL], data[AFTER]
    room = length if has_setups else length + get(data, MACHINES, machine, MARGIN)
    after, before = -1, state[data[LAST_ON] + machine]
    while before >= 0 and state[untils + before] > ready:
        after, before = before, state[data[BEFORE] + before]
    while ready < NEVER:
        if after >= 0 and state[begins + after] - ready < room:
            ready = max(ready, state[untils + after])
            before, after = after, state[afters + after]
            continue
        if not has_setups:
            return ready
        begin = set_up(data, state, machine, before, ready, family, o)
        if length == 0 and before >= 0 and state[begins + before] == begin:
            ready = begin + 1  # two occupations of no length at one instant would have no order
            continue
        in_order = (
            length > 0 or after < 0 or begin < state[begins + after] or state[begins + after] < state[untils + after]
        )
        if in_order and begin + length <= latest_before(data, state, machine, after, family):
            return begin
        if after < 0:
            break
        ready = max(ready, state[untils + after])
        before, after = after, state[afters + after]
    return NEVER


@inner
def limit(data: Ints, state: Ints, machine: int, begin: int, family: int) -> int:
    """Return until when an occupation that begins at an `opening` can last at most."""
    shared = get(data, MACHINES, machine, SHARED)
    if shared >= 0:
        return profile_limit(data, state, shared, begin, get(data, MACHINES, machine, CAPACITY) - 1)
    after, before = -1, state[data[LAST_ON] + machine]
    while before >= 0 and state[data[UNTIL] + before] > begin:
        after, before = before, state[data[BEFORE] + before]
    return latest_before(data, state, machine, after, family)


@inner
def beyond(data: Ints, state: Ints, machine: int, o: int, until: int) -> int:
    """Return the begin of the first gap behind operation `o` in which something can last until `until`."""
    shared = get(data, MACHINES, machine, SHARED)
    if shared >= 0:
        room = get(data, MACHINES, machine, CAPACITY) - 1
        return profile_beyond(data, state, shared, state[data[UNTIL] + o], until, room)
    until += get(data, MACHINES, machine, MARGIN)
    following = state[data[AFTER] + o]
    while following >= 0:
        after = state[data[AFTER] + following]
        if after < 0 or state[data[BEGIN] + after] >= until:
            return state[data[UNTIL] + following]
        following = after
    return NEVER


@inner
def occupy(data: Ints, state: Ints, trail: Ints, machine: int, o: int, begin: int, until: int) -> None:
    """Let an operation take its machine during ``[begin, until)``."""
    put(state, trail, data[BEGIN] + o, begin)
    put(state, trail, data[UNTIL] + o, until)
    shared = get(data, MACHINES, machine, SHARED)
    if shared >= 0:
        take(data, state, trail, shared, begin, until, 1)
        return
    if begin == until and get(data, MACHINES, machine, SETUPS_AT) < 0:
        return
    after, before = -1, state[data[LAST_ON] + machine]
    while before >= 0 and state[data[UNTIL] + before] > begin:
        after, before = before, state[data[BEFORE] + before]
    put(state, trail, data[BEFORE] + o, before)
    put(state, trail, data[AFTER] + o, after)
    if before >= 0:
        put(state, trail, data[AFTER] + before, o)
    put(state, trail, (data[BEFORE] + after) if after >= 0 else (data[LAST_ON] + machine), o)


@inner
def release(data: Ints, state: Ints, trail: Ints, machine: int, o: int, until: int) -> None:
    """Let an operation leave its machine earlier than it was to."""
    shared = get(data, MACHINES, machine, SHARED)
    if shared >= 0:
        take(data, state, trail, shared, until, state[data[UNTIL] + o], -1)
    put(state, trail, data[UNTIL] + o, until)

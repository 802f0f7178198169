"""Placing one operation in one mode, with all moves of its parts; the compiled `scheduler.search.placement`.

Placing can *clash*: a part would have to stay on a station that is taken by then, or a maximum lag would be exceeded.
Then the answer is the operation whose occupation has to begin later, and when; `FITS` is none, `HOPELESS` none that
can help.
"""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.calendars import work_end, work_start
from scheduler.search.decode.carry import carry
from scheduler.search.decode.layout import (
    AMOUNT,
    AT,
    BUSY,
    CALENDAR,
    CAPACITY,
    CELL,
    DONE,
    DURATION,
    END,
    ENTRY,
    EXIT,
    FAMILY,
    HOLDS_IN,
    HOLDS_OUT,
    INS,
    INS_AT,
    INS_END,
    JOB,
    JOB_END,
    JOBS,
    LEFT_AT,
    LEG_TIME,
    LEGS,
    LEGS_AT,
    LIMIT,
    LINKS,
    LOADING,
    MACHINE,
    MACHINES,
    MAX_LAG,
    MIN_LAG,
    MODE,
    MODES,
    MODES_AT,
    MODES_END,
    NEEDS,
    NEEDS_AT,
    NEEDS_END,
    NEVER,
    NOW,
    NUM_LEGS,
    NUM_PLACES,
    OPS,
    OUTS,
    OUTS_AT,
    OUTS_END,
    PAUSES,
    PLACE,
    POOL,
    PRED,
    RELEASE,
    ROUTES,
    SLOT,
    SPARE,
    START,
    SUCC,
    TAIL,
    UNLOADING,
    UNTIL,
    WAITING,
    Ints,
    get,
    put,
    undo,
)
from scheduler.search.decode.machines import beyond, limit, occupy, opening, profile_opening, release, take

FITS, HOPELESS = -1, -2
MAX_OPENINGS = 100
"""Openings tried for one operation in one mode."""
MAX_ENTRIES = 8
"""Parts that can be brought to the station of one operation."""


@njit(cache=True, nogil=True)
def machine_of(data: Ints, state: Ints, o: int) -> int:
    """Return the machine of an operation that has a mode."""
    return get(data, MODES, state[data[MODE] + o], MACHINE)


@njit(cache=True, nogil=True)
def route_between(data: Ints, origin: int, destination: int) -> int:
    """Return the row of the route from machine to machine (-1: from or to the outside)."""
    outside = data[NUM_PLACES]
    here = get(data, MACHINES, origin, PLACE) if origin >= 0 else outside
    there = get(data, MACHINES, destination, PLACE) if destination >= 0 else outside
    return here * (outside + 1) + there


@njit(cache=True, nogil=True)
def leave(data: Ints, state: Ints, trail: Ints, o: int, instant: int) -> tuple[int, int]:
    """Let one part leave its station at an instant, unless another occupation comes before that."""
    machine = machine_of(data, state, o)
    if not get(data, MACHINES, machine, HOLDS_OUT):
        return FITS, 0
    if instant > state[data[UNTIL] + o]:
        bound = beyond(data, state, machine, o, instant)
        return (o, bound) if bound < NEVER else (HOPELESS, NEVER)
    put(state, trail, data[LEFT_AT] + o, max(state[data[LEFT_AT] + o], instant))
    waiting = state[data[WAITING] + o] - 1
    put(state, trail, data[WAITING] + o, waiting)
    if waiting == 0:
        release(data, state, trail, machine, o, state[data[LEFT_AT] + o])
    return FITS, 0


@njit(cache=True, nogil=True)
def may_stay(data: Ints, choice: Ints, state: Ints, link: int, machine: int) -> bool:
    """Return whether the next operation of a part may be in the cell of a machine."""
    after, cell = get(data, LINKS, link, SUCC), get(data, MACHINES, machine, CELL)
    if after < 0 or cell < 0:
        return False
    if choice[after] >= 0:
        return get(data, MACHINES, get(data, MODES, choice[after], MACHINE), CELL) == cell
    for mode in range(get(data, OPS, after, MODES_AT), get(data, OPS, after, MODES_END)):
        if get(data, MACHINES, get(data, MODES, mode, MACHINE), CELL) == cell:
            return True
    return False


@njit(cache=True, nogil=True)
def has_to_leave(data: Ints, choice: Ints, o: int, machine: int) -> bool:
    """Return whether parts of an operation occupy its station until a robot has unloaded them."""
    if not get(data, MACHINES, machine, HOLDS_OUT):
        return False
    for k in range(get(data, OPS, o, OUTS_AT), get(data, OPS, o, OUTS_END)):
        after = get(data, LINKS, get(data, OUTS, k, 0), SUCC)
        if after < 0:
            continue
        if choice[after] >= 0:
            if get(data, MODES, choice[after], MACHINE) == machine:
                return False
            continue
        for mode in range(get(data, OPS, after, MODES_AT), get(data, OPS, after, MODES_END)):
            if get(data, MODES, mode, MACHINE) == machine:
                return False
    return True


@njit(cache=True, nogil=True)
def send_off(data: Ints, choice: Ints, state: Ints, trail: Ints, o: int) -> tuple[int, int]:
    """Carry parts away: out of the cell where they can't stay in it, and all the way out after a last operation."""
    machine = machine_of(data, state, o)
    route = route_between(data, machine, -1)
    first, num = get(data, ROUTES, route, LEGS_AT), get(data, ROUTES, route, NUM_LEGS)
    for k in range(get(data, OPS, o, OUTS_AT), get(data, OPS, o, OUTS_END)):
        link = get(data, OUTS, k, 0)
        legs = num
        if get(data, LINKS, link, SUCC) >= 0:
            stays = get(data, MACHINES, machine, CELL) < 0 or may_stay(data, choice, state, link, machine)
            legs = 0 if stays else min(num, 1)
        ready = state[data[END] + o]
        for number in range(legs):
            leg = first + number
            start, end = carry(data, state, trail, link, leg, number, ready)
            if start >= NEVER:
                return HOPELESS, NEVER
            ready = end
            if get(data, LEGS, leg, SLOT) == EXIT:
                clash, bound = leave(data, state, trail, o, start + get(data, MACHINES, machine, UNLOADING))
                if clash != FITS:
                    return clash, bound
    return FITS, 0


@njit(cache=True, nogil=True)
def working_window(data: Ints, state: Ints, o: int, mode: int, ready: int) -> tuple[int, int]:
    """Return the earliest ``[start, end)`` that calendar and operators allow."""
    duration, pauses = get(data, MODES, mode, DURATION), get(data, OPS, o, PAUSES)
    calendar = get(data, MACHINES, get(data, MODES, mode, MACHINE), CALENDAR)
    while True:
        start = work_start(data, calendar, ready, duration, pauses)
        end = work_end(data, calendar, start, duration, pauses)
        ready = start
        for need in range(get(data, MODES, mode, NEEDS_AT), get(data, MODES, mode, NEEDS_END)):
            spare = get(data, NEEDS, need, SPARE)
            ready = max(ready, profile_opening(data, state, get(data, NEEDS, need, POOL), start, end - start, spare))
        if ready == start or ready >= NEVER:
            return ready, end


@njit(cache=True, nogil=True)
def ties(data: Ints, state: Ints, trail: Ints, o: int, machine: int, begin: int, start: int) -> tuple[int, int]:
    """Return the clash of a begin and start with the operations before: maximum lags, parts taken over on a station."""
    for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
        link = get(data, INS, k, 0)
        before = get(data, LINKS, link, PRED)
        if before < 0:
            continue
        excess = start - state[data[END] + before] - get(data, LINKS, link, MAX_LAG)
        if excess > 0:
            return before, state[data[START] + before] + excess
        if not get(data, MACHINES, machine, HOLDS_OUT) or machine_of(data, state, before) != machine:
            continue
        if get(data, MACHINES, machine, CAPACITY) == 1:
            if state[data[WAITING] + before] > 1 or (begin < start and get(data, MACHINES, machine, LOADING) > 0):
                return HOPELESS, NEVER
            if begin < start:
                return o, start
        clash, bound = leave(data, state, trail, before, start)
        if clash != FITS:
            return clash, bound
    return FITS, 0


@njit(cache=True, nogil=True)
def fit(
    data: Ints,
    choice: Ints,
    state: Ints,
    trail: Ints,
    entries: Ints,
    num: int,
    o: int,
    mode: int,
    earliest: int,
    opens_at: int,
) -> tuple[int, int]:
    """Place entries, occupation, work and exits, the occupation not to begin before `opens_at`."""
    machine = get(data, MODES, mode, MACHINE)
    loading, unloading = get(data, MACHINES, machine, LOADING), get(data, MACHINES, machine, UNLOADING)
    holds_in = get(data, MACHINES, machine, HOLDS_IN)
    loaded_at, ready = NEVER, earliest
    for k in range(num):
        part_ready, leg, number, link = entries[k, 0], entries[k, 1], entries[k, 2], entries[k, 3]
        if holds_in:
            part_ready = max(part_ready, opens_at - get(data, LEGS, leg, LEG_TIME) + loading)
        moved_at, there_at = carry(data, state, trail, link, leg, number, part_ready)
        if moved_at >= NEVER:
            return HOPELESS, NEVER
        before = get(data, LINKS, link, PRED)
        if before >= 0 and get(data, MACHINES, machine_of(data, state, before), CELL) == get(
            data, MACHINES, machine, CELL
        ):
            clash, bound = leave(data, state, trail, before, moved_at + unloading)
            if clash != FITS:
                return clash, bound
        loaded_at, ready = min(loaded_at, there_at - loading), max(ready, there_at)
    is_loaded = holds_in and loaded_at < NEVER
    start, end = working_window(data, state, o, mode, ready if is_loaded else max(ready, opens_at))
    if end > data[LIMIT]:
        return HOPELESS, NEVER
    begin = loaded_at if is_loaded else start
    clash, bound = ties(data, state, trail, o, machine, begin, start)
    if clash != FITS:
        return clash, bound
    until = end + (unloading if has_to_leave(data, choice, o, machine) else 0)
    parts = 0
    if get(data, MACHINES, machine, HOLDS_OUT):
        parts = get(data, OPS, o, OUTS_END) - get(data, OPS, o, OUTS_AT)
    family = get(data, MODES, mode, FAMILY)
    opens = opening(data, state, machine, begin, max(until - begin, 1) if parts else until - begin, family, o)
    if opens >= NEVER:
        return HOPELESS, NEVER
    if opens > begin:
        return o, opens
    put(state, trail, data[MODE] + o, mode)
    if parts:
        until = limit(data, state, machine, begin, family)
    occupy(data, state, trail, machine, o, begin, until)
    put(state, trail, data[START] + o, start)
    put(state, trail, data[END] + o, end)
    put(state, trail, data[WAITING] + o, parts)
    put(state, trail, data[LEFT_AT] + o, end)
    for need in range(get(data, MODES, mode, NEEDS_AT), get(data, MODES, mode, NEEDS_END)):
        amount = get(data, NEEDS, need, AMOUNT)
        take(data, state, trail, get(data, NEEDS, need, POOL), start, end, amount)
    job, complete = get(data, OPS, o, JOB), end + get(data, MODES, mode, TAIL)
    if complete > state[data[JOB_END] + job]:
        put(state, trail, data[JOB_END] + job, complete)
    put(state, trail, data[BUSY] + machine, state[data[BUSY] + machine] + get(data, MODES, mode, DURATION))
    return send_off(data, choice, state, trail, o)


@njit(cache=True, nogil=True)
def place_in(
    data: Ints, choice: Ints, state: Ints, trail: Ints, entries: Ints, o: int, mode: int, floor: int
) -> tuple[int, int]:
    """Place an operation in a mode; on a clash, what was placed of it is left for `undo`."""
    machine, job = get(data, MODES, mode, MACHINE), get(data, OPS, o, JOB)
    release_date = get(data, JOBS, job, RELEASE)
    earliest, num = max(floor, release_date, data[NOW]), 0
    for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
        link = get(data, INS, k, 0)
        before = get(data, LINKS, link, PRED)
        origin = machine_of(data, state, before) if before >= 0 else -1
        route = route_between(data, origin, machine)
        first, legs = get(data, ROUTES, route, LEGS_AT), get(data, ROUTES, route, NUM_LEGS)
        if legs < 0:
            return HOPELESS, NEVER
        done = state[data[DONE] + link]
        ready = state[data[AT] + link]
        if done == 0:
            ready = state[data[END] + before] if before >= 0 else release_date
        is_entry = False
        for number in range(done, legs):
            leg = first + number
            if get(data, LEGS, leg, SLOT) == ENTRY:
                if num == MAX_ENTRIES:
                    return HOPELESS, NEVER
                at = num
                while at > 0 and entries[at - 1, 0] > ready:
                    entries[at] = entries[at - 1]
                    at -= 1
                entries[at, 0], entries[at, 1], entries[at, 2], entries[at, 3] = ready, leg, number, link
                num += 1
                is_entry = True
                break
            start, end = carry(data, state, trail, link, leg, number, ready)
            if start >= NEVER:
                return HOPELESS, NEVER
            if get(data, LEGS, leg, SLOT) == EXIT and before >= 0:
                clash, bound = leave(data, state, trail, before, start + get(data, MACHINES, origin, UNLOADING))
                if clash != FITS:
                    return clash, bound
            ready = end
        if not is_entry:
            earliest = max(earliest, ready)
        if before >= 0:
            earliest = max(earliest, state[data[END] + before] + get(data, LINKS, link, MIN_LAG))
    mark, opens_at = trail[0], 0
    for _ in range(MAX_OPENINGS):
        clash, bound = fit(data, choice, state, trail, entries, num, o, mode, earliest, opens_at)
        if clash != o:
            return clash, bound
        undo(state, trail, mark)
        opens_at = bound
    return HOPELESS, NEVER

"""Placing one operation in one mode, with all moves of its parts; the compiled `scheduler.search.placement`.

Placing can *clash*: a part would have to stay on a station that is taken by then, or a maximum lag would be exceeded.
Then the answer is the operation whose occupation has to begin later, and when; `FITS` is none, `HOPELESS` none that
can help.
"""

from __future__ import annotations

from scheduler.search.decode.calendars import window_of_work
from scheduler.search.decode.carry import carry, first_to_arrive, route_between
from scheduler.search.decode.layout import (
    ABLE,
    AMOUNT,
    AT,
    BRINGS,
    BUSY,
    CALENDAR,
    DONE,
    DROP,
    DURATION,
    END,
    ENTRY,
    FAMILY,
    FIRST_CHARGE,
    FIRST_DROP,
    FIRST_LINGER,
    HELD,
    HOLDS_IN,
    HOLDS_OUT,
    INPUTS,
    INPUTS_SPARE,
    INS,
    INS_AT,
    INS_END,
    JOB,
    JOB_END,
    JOBS,
    KEEPS,
    LEFT_AT,
    LEGS,
    LEGS_AT,
    LIMIT,
    LINGER,
    LINKS,
    MACHINE,
    MACHINES,
    MAX_DWELL,
    MAX_LEGS,
    MIN_LAG,
    MODE,
    MODES,
    MOVE_ABLE,
    NEEDS,
    NEEDS_AT,
    NEEDS_END,
    NEVER,
    NOW,
    NUM_LEGS,
    NUM_OPS,
    OPS,
    OUTS_AT,
    OUTS_END,
    PAUSES,
    POOL,
    PRED,
    RELEASE,
    ROUTES,
    SLOT,
    SOME_STAND,
    SPARE,
    START,
    STORE,
    STORE_SPARE,
    STORED,
    TAIL,
    UNLOADING,
    WAITING,
    WATCHES,
    WISH,
    ZERO,
    Ints,
    copy,
    get,
    put,
    undo,
)
from scheduler.search.decode.leaving import FITS, HOPELESS, depart, has_to_leave, send_off, ties
from scheduler.search.decode.machines import (
    limit,
    machine_of,
    occupy,
    opening,
    profile_beyond,
    profile_limit,
    profile_opening,
    take,
)
from scheduler.search.decode.stations import stand
from scheduler.search.decode.tending import is_tended, tend, tender
from scheduler.search.inner import inner

MAX_OPENINGS = 100
"""Openings tried for one operation in one mode."""
MAX_STANDS = 100
"""Times that an operation is placed for want of room at stations."""
MAX_ENTRIES = 8
"""Parts that can be brought to the station of one operation."""


@inner
def working_window(data: Ints, state: Ints, o: int, mode: int, ready: int) -> tuple[int, int]:
    """Return the earliest ``[start, end)`` that calendar, operators and robots that tend allow."""
    duration, pauses = get(data, MODES, mode, DURATION), get(data, OPS, o, PAUSES)
    calendar = get(data, MACHINES, get(data, MODES, mode, MACHINE), CALENDAR)
    while True:
        start, end = window_of_work(data, calendar, ready, duration, pauses)
        ready = start
        for need in range(get(data, MODES, mode, NEEDS_AT), get(data, MODES, mode, NEEDS_END)):
            spare = get(data, NEEDS, need, SPARE)
            ready = max(ready, profile_opening(data, state, get(data, NEEDS, need, POOL), start, end - start, spare))
        if is_tended(data, mode):
            ready = max(ready, tender(data, state, mode, start, end - start)[1])
        if ready == start or ready >= NEVER:
            return ready, max(ready, end)


@inner
def bring(
    data: Ints, choice: Ints, state: Ints, trail: Ints, entries: Ints, num: int, free_at: int
) -> tuple[int, int, int, int]:
    """Carry parts to their machine, none put down before `free_at`.

    The answer is when the first is put down, when the last is there, and a clash.
    """
    loaded_at, arrived_at = NEVER, 0
    for k in range(num):
        ready, leg, number, link = entries[4 * k], entries[4 * k + 1], entries[4 * k + 2], entries[4 * k + 3]
        start, end = carry(data, choice, state, trail, link, leg, number, ready, free_at)
        if start >= NEVER:
            return loaded_at, arrived_at, HOPELESS, NEVER
        before = get(data, LINKS, link, PRED)
        if number == 0 and before >= 0 and get(data, MACHINES, machine_of(data, state, before), WATCHES):
            clash, bound = depart(data, state, trail, before, link, leg, start)
            if clash != FITS:
                return loaded_at, arrived_at, clash, bound
        drop = get(data, ABLE, state[data[MOVE_ABLE] + MAX_LEGS * link + number], DROP)
        loaded_at, arrived_at = min(loaded_at, end - drop), max(arrived_at, end)
    return loaded_at, arrived_at, FITS, 0


@inner
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
    holds_in, inputs = get(data, MACHINES, machine, HOLDS_IN), get(data, MACHINES, machine, INPUTS)
    mark, free_at = trail[0], opens_at if holds_in else ZERO
    while True:
        loaded_at, arrived_at, clash, bound = bring(data, choice, state, trail, entries, num, free_at)
        if clash != FITS:
            return clash, bound
        is_loaded, ready = holds_in != 0 and num > 0, max(earliest, arrived_at)
        start, end = working_window(data, state, o, mode, ready if is_loaded else max(ready, opens_at))
        if end > data[LIMIT]:
            return HOPELESS, NEVER
        if inputs < 0 or num == 0:
            break
        spare, wait = get(data, MACHINES, machine, INPUTS_SPARE), start - loaded_at
        if profile_opening(data, state, inputs, loaded_at, wait, spare) == loaded_at:
            take(data, state, trail, inputs, loaded_at, start, 1)
            break
        undo(state, trail, mark)
        free_at = profile_beyond(data, state, inputs, loaded_at, start, spare)
    begin = loaded_at if is_loaded else start
    if is_loaded and start > arrived_at and get(data, MODES, mode, MAX_DWELL) < NEVER:
        return o, begin + start - arrived_at
    clash, bound = ties(data, state, trail, o, machine, begin, start)
    if clash != FITS:
        return clash, bound
    until = end + (get(data, MACHINES, machine, UNLOADING) if has_to_leave(data, choice, o, machine) else 0)
    holds_out, parts = get(data, MACHINES, machine, HOLDS_OUT), 0
    if get(data, MACHINES, machine, KEEPS):
        parts = get(data, OPS, o, OUTS_END) - get(data, OPS, o, OUTS_AT)
    family = get(data, MODES, mode, FAMILY)
    length = max(until - begin, 1) if holds_out else until - begin
    opens = opening(data, state, machine, begin, length, family, o)
    store = get(data, MACHINES, machine, STORE)
    if store >= 0 and opens == begin:
        spare = get(data, MACHINES, machine, STORE_SPARE)
        opens = profile_opening(data, state, store, begin, max(length, 1), spare)
    if opens >= NEVER:
        return HOPELESS, NEVER
    if opens > begin:
        return o, opens
    put(state, trail, data[MODE] + o, mode)
    if holds_out:
        until = limit(data, state, machine, begin, family)
    if store >= 0:
        stored = profile_limit(data, state, store, begin, get(data, MACHINES, machine, STORE_SPARE))
        take(data, state, trail, store, begin, stored, 1)
        put(state, trail, data[STORED] + o, stored)
    occupy(data, state, trail, machine, o, begin, until)
    put(state, trail, data[START] + o, start)
    put(state, trail, data[END] + o, end)
    put(state, trail, data[WAITING] + o, parts)
    put(state, trail, data[LEFT_AT] + o, end)
    for need in range(get(data, MODES, mode, NEEDS_AT), get(data, MODES, mode, NEEDS_END)):
        amount = get(data, NEEDS, need, AMOUNT)
        take(data, state, trail, get(data, NEEDS, need, POOL), start, end, amount)
    if is_tended(data, mode):
        tend(data, state, trail, o, mode, start, end)
    job, complete = get(data, OPS, o, JOB), end + get(data, MODES, mode, TAIL)
    if complete > state[data[JOB_END] + job]:
        put(state, trail, data[JOB_END] + job, complete)
    put(state, trail, data[BUSY] + machine, state[data[BUSY] + machine] + get(data, MODES, mode, DURATION))
    if data[FIRST_DROP] > 0:
        put(state, trail, data[LINGER], choice[data[FIRST_LINGER] + o] >> 1)
    return send_off(data, choice, state, trail, o)


@inner
def place_once(
    data: Ints, choice: Ints, state: Ints, trail: Ints, entries: Ints, o: int, mode: int, floor: int
) -> tuple[int, int]:
    """Place an operation in a mode as if there were room at all stations; what clashes is left for `undo`."""
    machine, job = get(data, MODES, mode, MACHINE), get(data, OPS, o, JOB)
    if data[FIRST_CHARGE] > 0:
        put(state, trail, data[WISH], choice[data[NUM_OPS] + o])
    if data[FIRST_DROP] > 0:
        put(state, trail, data[LINGER], choice[data[FIRST_LINGER] + o] & 1)
    release_date = get(data, JOBS, job, RELEASE)
    needs_place = get(data, MACHINES, machine, HOLDS_IN) != 0 or get(data, MACHINES, machine, INPUTS) >= 0
    earliest, num = max(floor, release_date, data[NOW]), ZERO
    for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
        link = get(data, INS, k, 0)
        before = get(data, LINKS, link, PRED)
        origin = machine_of(data, state, before) if before >= 0 else -1
        done = state[data[DONE] + link]
        ready = state[data[AT] + link]
        if done == 0:
            ready = state[data[END] + before] if before >= 0 else release_date
        route = first_to_arrive(data, choice, state, trail, link, route_between(data, origin, machine), done, ready)
        if route < 0 or get(data, ROUTES, route, NUM_LEGS) < 0:
            return HOPELESS, NEVER
        first, legs = get(data, ROUTES, route, LEGS_AT), get(data, ROUTES, route, NUM_LEGS)
        is_entry = False
        for number in range(done, legs):
            leg = first + number
            if get(data, LEGS, leg, SLOT) == ENTRY or (needs_place and get(data, LEGS, leg, BRINGS)):
                if num == MAX_ENTRIES:
                    return HOPELESS, NEVER
                at = num
                while at > 0 and entries[4 * (at - 1)] > ready:
                    copy(entries, 4 * at, entries, 4 * (at - 1), 4)
                    at -= 1
                entries[4 * at], entries[4 * at + 1] = ready, leg
                entries[4 * at + 2], entries[4 * at + 3] = number, link
                num += 1
                is_entry = True
                break
            start, end = carry(data, choice, state, trail, link, leg, number, ready, ZERO)
            if start >= NEVER:
                return HOPELESS, NEVER
            if number == 0 and before >= 0 and get(data, MACHINES, origin, WATCHES):
                clash, bound = depart(data, state, trail, before, link, leg, start)
                if clash != FITS:
                    return clash, bound
            ready = end
        if not is_entry:
            earliest = max(earliest, ready)
        if before >= 0:
            earliest = max(earliest, state[data[END] + before] + get(data, LINKS, link, MIN_LAG))
    mark, opens_at = trail[0], ZERO
    for _ in range(MAX_OPENINGS):
        clash, bound = fit(data, choice, state, trail, entries, num, o, mode, earliest, opens_at)
        if clash != o:
            return clash, bound
        undo(state, trail, mark)
        opens_at = bound
    return HOPELESS, NEVER


@inner
def place_in(
    data: Ints, choice: Ints, state: Ints, trail: Ints, entries: Ints, o: int, mode: int, floor: int
) -> tuple[int, int]:
    """Place an operation in a mode, again and again until its parts find room at stations.

    On a clash, what was placed of it is left for `undo`.
    """
    if not data[SOME_STAND]:
        return place_once(data, choice, state, trail, entries, o, mode, floor)
    for _ in range(MAX_STANDS):
        mark = trail[0]
        clash, bound = place_once(data, choice, state, trail, entries, o, mode, floor)
        if clash != FITS:
            return clash, bound
        early, later = stand(data, state, trail, o)
        if early < 0:
            return FITS, 0
        if later >= NEVER:
            break
        undo(state, trail, mark)
        put(state, trail, data[HELD] + early, later)
    return HOPELESS, NEVER

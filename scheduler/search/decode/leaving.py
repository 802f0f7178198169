"""Parts leave their machines: when they may, when they must, and what becomes free by it."""

from __future__ import annotations

from scheduler.search.decode.carry import carry, route_between
from scheduler.search.decode.layout import (
    ABLE,
    BESIDE,
    CAPACITY,
    CELL,
    END,
    HOLDS_OUT,
    INS,
    INS_AT,
    INS_END,
    IS_TAKEN,
    KEEPS,
    LEFT_AT,
    LEGS,
    LEGS_AT,
    LINKS,
    LOADING,
    MACHINE,
    MACHINES,
    MAX_DWELL,
    MAX_LAG,
    MAX_LEGS,
    MODE,
    MODES,
    MODES_AT,
    MODES_END,
    MOVE_ABLE,
    MOVE_START,
    NEVER,
    NUM_LEGS,
    OPS,
    OUTS,
    OUTS_AT,
    OUTS_END,
    PICK_UP,
    PRED,
    ROUTES,
    SOME_WATCH,
    START,
    STATION,
    STORE,
    STORE_SPARE,
    STORED,
    SUCC,
    TAKES_UP,
    UNTIL,
    WAITING,
    WATCHES,
    ZERO,
    Ints,
    get,
    put,
)
from scheduler.search.decode.machines import beyond, machine_of, profile_beyond, release, take
from scheduler.search.inner import inner

FITS, HOPELESS = -1, -2


@inner
def leave(data: Ints, state: Ints, trail: Ints, o: int, instant: int) -> tuple[int, int]:
    """Let one part leave its machine, or the place behind it, unless that is needed before this instant."""
    machine = machine_of(data, state, o)
    if not get(data, MACHINES, machine, KEEPS):
        return FITS, 0
    store = get(data, MACHINES, machine, STORE)
    if instant > state[data[STORED if store >= 0 else UNTIL] + o]:
        if store >= 0:
            spare = get(data, MACHINES, machine, STORE_SPARE)
            bound = profile_beyond(data, state, store, state[data[STORED] + o], instant, spare)
        else:
            bound = beyond(data, state, machine, o, instant)
        return (o, bound) if bound < NEVER else (HOPELESS, NEVER)
    left_at, waiting = max(state[data[LEFT_AT] + o], instant), state[data[WAITING] + o] - 1
    put(state, trail, data[LEFT_AT] + o, left_at)
    put(state, trail, data[WAITING] + o, waiting)
    if waiting == 0 and store >= 0:
        take(data, state, trail, store, left_at, state[data[STORED] + o], -1)
        put(state, trail, data[STORED] + o, left_at)
    elif waiting == 0:
        release(data, state, trail, machine, o, left_at)
    return FITS, 0


@inner
def dwells(data: Ints, state: Ints, o: int, leaves_at: int) -> tuple[int, int]:
    """Return the clash if a part leaves the machine of an operation later than it may stay there."""
    excess = leaves_at - state[data[END] + o] - get(data, MODES, state[data[MODE] + o], MAX_DWELL)
    return (o, state[data[START] + o] + excess) if excess > 0 else (FITS, 0)


@inner
def depart(data: Ints, state: Ints, trail: Ints, o: int, link: int, leg: int, start: int) -> tuple[int, int]:
    """Let a part go on from a machine that is watched, on the first leg of its way, which starts then."""
    if get(data, LINKS, link, IS_TAKEN):
        return FITS, 0
    machine = machine_of(data, state, o)
    takes_up = get(data, LEGS, leg, TAKES_UP)
    if takes_up > 0 or get(data, MACHINES, machine, HOLDS_OUT):
        clash, bound = dwells(data, state, o, start)
        if clash != FITS:
            return clash, bound
    if takes_up == 0:
        return leave(data, state, trail, o, state[data[END] + o])
    load, left_at = MAX_LEGS * link, start
    while load >= 0:
        pick_up = get(data, ABLE, state[data[MOVE_ABLE] + load], PICK_UP)
        left_at = max(left_at, state[data[MOVE_START] + load] + pick_up)
        load = state[data[BESIDE] + load]
    return leave(data, state, trail, o, left_at)


@inner
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


@inner
def has_to_leave(data: Ints, choice: Ints, o: int, machine: int) -> bool:
    """Return whether parts of an operation occupy its station until a robot has unloaded them."""
    if not get(data, MACHINES, machine, HOLDS_OUT) or get(data, MACHINES, machine, CELL) < 0:
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


@inner
def send_off(data: Ints, choice: Ints, state: Ints, trail: Ints, o: int) -> tuple[int, int]:
    """Carry parts away: out of the cell where they can't stay in it, and all the way out after a last operation.

    Where the places of the output station are counted, they stay until the next operation is placed.
    """
    machine = machine_of(data, state, o)
    route = route_between(data, machine, -1)
    first, num = get(data, ROUTES, route, LEGS_AT), get(data, ROUTES, route, NUM_LEGS)
    watches = get(data, MACHINES, machine, WATCHES) != 0
    for k in range(get(data, OPS, o, OUTS_AT), get(data, OPS, o, OUTS_END)):
        link = get(data, OUTS, k, 0)
        legs, ready = num, state[data[END] + o]
        if get(data, LINKS, link, SUCC) >= 0:
            stays = get(data, MACHINES, machine, CELL) < 0 or may_stay(data, choice, state, link, machine)
            stays = stays or (num > 0 and get(data, LEGS, first, STATION) >= 0)
            legs = 0 if stays else min(num, 1)
        elif legs <= 0 and watches:
            clash, bound = leave(data, state, trail, o, ready)  # it departs where it is
            if clash != FITS:
                return clash, bound
        for number in range(legs):
            start, end = carry(data, choice, state, trail, link, first + number, number, ready, ZERO)
            if start >= NEVER:
                return HOPELESS, NEVER
            ready = end
            if number == 0 and watches:
                clash, bound = depart(data, state, trail, o, link, first, start)
                if clash != FITS:
                    return clash, bound
    return FITS, 0


@inner
def ties(data: Ints, state: Ints, trail: Ints, o: int, machine: int, begin: int, start: int) -> tuple[int, int]:
    """Return the clash of a begin and start with the operations before: maximum lags, parts that are taken over."""
    for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
        link = get(data, INS, k, 0)
        before = get(data, LINKS, link, PRED)
        if before < 0:
            continue
        excess = start - state[data[END] + before] - get(data, LINKS, link, MAX_LAG)
        if excess > 0:
            return before, state[data[START] + before] + excess
        if not data[SOME_WATCH]:
            continue
        origin = machine_of(data, state, before)
        if get(data, MACHINES, origin, WATCHES):
            clash, bound = take_over(data, state, trail, link, origin, o, machine, begin, start)
            if clash != FITS:
                return clash, bound
    return FITS, 0


@inner
def take_over(
    data: Ints, state: Ints, trail: Ints, link: int, origin: int, o: int, machine: int, begin: int, start: int
) -> tuple[int, int]:
    """Let a part leave the machine of an operation if the next one takes it over without a move.

    Other parts of the two can't be on one machine at the same time, if it has room for one only.
    """
    if get(data, ROUTES, route_between(data, origin, machine), NUM_LEGS) != 0:
        return FITS, 0
    before = get(data, LINKS, link, PRED)
    holds, is_taken = get(data, MACHINES, origin, HOLDS_OUT), get(data, LINKS, link, IS_TAKEN)
    if not is_taken and (origin == machine or holds):
        clash, bound = dwells(data, state, before, start)
        if clash != FITS:
            return clash, bound
    if origin == machine and holds and get(data, MACHINES, machine, CAPACITY) == 1:
        if state[data[WAITING] + before] > 1 or (begin < start and get(data, MACHINES, machine, LOADING) > 0):
            return HOPELESS, NEVER
        if begin < start:
            return o, start
    if is_taken:
        return FITS, 0
    return leave(data, state, trail, before, start)

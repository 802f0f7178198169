"""Why a job is complete so late: back from its end, over what each operation and move waited for.

Operations wait for the operation before them on their machine, or for their parts; moves for their parts, for the
move before them of the same robot or vehicle, for the trip of another part, for a place at a station, or for room for
their vehicle. Where a unit waited for another one, the two are a *pair*: had they changed turns, the job might be
complete earlier.
"""

from __future__ import annotations

import numpy as np

from scheduler.search.decode.carriers import approach
from scheduler.search.decode.layout import (
    ABLE,
    ARRIVES_AT,
    BEFORE,
    BEGIN,
    BESIDE,
    CARRIERS,
    DESTINATION,
    DONE,
    DROP,
    END,
    FIRST_CHARGE,
    FIRST_DROP,
    FIRST_TENDING,
    GROUP,
    HELD,
    HOLDS,
    INS,
    INS_AT,
    INS_END,
    JOBS,
    LAST_OF,
    LINKS,
    LOAD_LINK,
    LOADS,
    MACHINES,
    MAX_LEGS,
    MIN_LAG,
    MODE,
    MOVE_ABLE,
    MOVE_BEFORE,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    MOVER,
    NUM_CARRIERS,
    NUM_LINKS,
    NUM_LOADS,
    NUM_OPS,
    OPS,
    OPS_FROM,
    OPS_TO,
    ORIGIN,
    OUTS,
    OUTS_AT,
    OUTS_END,
    PICK_UP,
    PRED,
    SETUPS_AT,
    SHARED,
    SOME_STAND,
    STANDS_AT,
    STANDS_UNTIL,
    START,
    SUCC,
    UNTIL,
    Ints,
    get,
)
from scheduler.search.decode.levels import is_charge
from scheduler.search.decode.machines import family_of, machine_of, setup_time
from scheduler.search.decode.parking import parks
from scheduler.search.decode.tending import is_tended
from scheduler.search.inner import inner

DEPTH = 200
"""Steps back, at the most."""
MAX_PAIRS = 200
"""Pairs that are found, at the most."""


@inner
def link_of(data: Ints, move: int) -> int:
    """Return the link that a move, or that of a further load, belongs to; -1: past."""
    further = move - MAX_LEGS * data[NUM_LINKS]
    if further < 0:
        return move // MAX_LEGS
    return get(data, LOADS, further, LOAD_LINK) if further < data[NUM_LOADS] else -1


@inner
def number_of(data: Ints, state: Ints, link: int, move: int) -> int:
    """Return which leg of its link a move is."""
    first = MAX_LEGS * link
    if move < first + MAX_LEGS:
        return move - first
    for number in range(MAX_LEGS):
        load = state[data[BESIDE] + first + number]
        while load >= 0:
            if load == move:
                return number
            load = state[data[BESIDE] + load]
    return 0


@inner
def last_load(data: Ints, state: Ints, link: int, number: int) -> int:
    """Return the move on a leg that ended last, of all loads."""
    last = MAX_LEGS * link + number
    load = state[data[BESIDE] + last]
    while load >= 0:
        if state[data[MOVE_END] + load] > state[data[MOVE_END] + last]:
            last = load
        load = state[data[BESIDE] + load]
    return last


@inner
def tended(data: Ints, row: int) -> int:
    """Return the operation whose tending a row among the moves is, -1 if it is none."""
    o = row - data[FIRST_TENDING]
    return o if data[FIRST_TENDING] > 0 and 0 <= o < data[NUM_OPS] else -1


@inner
def owner(data: Ints, move: int) -> int:
    """Return the operation that a move belongs to: the one it leads to or, out of the factory, comes from; -1: past."""
    link = link_of(data, move)
    if link < 0:
        return tended(data, move)
    after = get(data, LINKS, link, SUCC)
    return after if after >= 0 else get(data, LINKS, link, PRED)


@inner
def last_event(data: Ints, state: Ints, job: int) -> tuple[int, int]:
    """Return the operation or else the move (the other is -1) with which a job is complete."""
    o, move, latest = -1, -1, -1
    for k in range(get(data, JOBS, job, OPS_FROM), get(data, JOBS, job, OPS_TO)):
        if state[data[MODE] + k] < 0:
            continue
        if state[data[END] + k] > latest:
            latest, o, move = state[data[END] + k], k, -1
        for out in range(get(data, OPS, k, OUTS_AT), get(data, OPS, k, OUTS_END)):
            link = get(data, OUTS, out, 0)
            done = state[data[DONE] + link]
            if done > 0 and get(data, LINKS, link, SUCC) < 0:
                last = MAX_LEGS * link + done - 1
                if state[data[MOVE_END] + last] > latest:
                    latest, o, move = state[data[MOVE_END] + last], -1, last
    return o, move


@inner
def before_on_machine(data: Ints, state: Ints, o: int) -> int:
    """Return the operation on whose leaving the machine an operation waited, -1 if it did not wait for one."""
    machine = machine_of(data, state, o)
    if get(data, MACHINES, machine, SHARED) >= 0 or state[data[BEGIN] + o] < 0:
        return -1
    before = state[data[BEFORE] + o]
    if before < 0:
        return -1
    setup = 0
    if get(data, MACHINES, machine, SETUPS_AT) >= 0:
        setup = setup_time(data, machine, family_of(data, state, before), family_of(data, state, o))
    return before if state[data[UNTIL] + before] + setup >= state[data[BEGIN] + o] else -1


@inner
def latest_part(data: Ints, state: Ints, o: int) -> tuple[int, int, int]:
    """Return when the last part of an operation arrived, and with which move or else from which operation."""
    latest, by_move, by_op = -1, -1, -1
    for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
        link = get(data, INS, k, 0)
        before, done = get(data, LINKS, link, PRED), state[data[DONE] + link]
        if done > 0:
            move = last_load(data, state, link, done - 1)
            if state[data[MOVE_END] + move] > latest:
                latest, by_move, by_op = state[data[MOVE_END] + move], move, -1
        if before >= 0:
            ready = state[data[END] + before] + (get(data, LINKS, link, MIN_LAG) if done == 0 else 0)
            if ready > latest:
                latest, by_move, by_op = ready, -1, before
    return latest, by_move, by_op


@inner
def before_in_turn(data: Ints, state: Ints, move: int) -> int:
    """Return the move for which another one waited: that before it of its carrier, or its trip's; -1: none."""
    mover, start = state[data[MOVER] + move], state[data[MOVE_START] + move]
    num_carriers = data[NUM_CARRIERS]
    if mover < num_carriers:
        before = state[data[MOVE_BEFORE] + move]
        if before < 0:
            return -1
        place = get(data, ABLE, state[data[MOVE_ABLE] + move], ORIGIN)
        free_at = state[data[MOVE_FREE] + before] + approach(data, state, mover, before, place)
        if max(free_at, state[data[MOVE_START] + before] + 1) < start:
            return -1
        if data[FIRST_CHARGE] > 0 and is_charge(data, before):
            before = state[data[MOVE_BEFORE] + before]
        return before - data[FIRST_DROP] if data[FIRST_DROP] > 0 and before >= data[FIRST_DROP] else before
    trip = state[data[LAST_OF] + mover]
    while trip >= 0 and state[data[MOVE_START] + trip] > start:
        trip = state[data[MOVE_BEFORE] + trip]
    if trip >= 0 and trip != move:
        return trip  # the part waits for the trip of another one
    before = state[data[MOVE_BEFORE] + move]
    return before if before >= 0 and state[data[MOVE_FREE] + before] >= start else -1


@inner
def before_drop(data: Ints, state: Ints, move: int) -> int:
    """Return the move for whose part a carrier put down another one late, that of a move; -1: none."""
    carrier = state[data[MOVER] + move]
    if data[FIRST_DROP] == 0 or carrier >= data[NUM_CARRIERS] or get(data, CARRIERS, carrier, HOLDS) == 1:
        return -1
    row = data[FIRST_DROP] + move
    before = state[data[MOVE_BEFORE] + row]
    place = get(data, ABLE, state[data[MOVE_ABLE] + row], ORIGIN)
    free_at = state[data[MOVE_FREE] + before] + approach(data, state, carrier, before, place)
    if max(free_at, state[data[MOVE_START] + before] + 1) < state[data[MOVE_START] + row]:
        return -1
    other = before - data[FIRST_DROP] if before >= data[FIRST_DROP] else before
    return other if other != move and owner(data, other) >= 0 else -1


@inner
def before_at_station(data: Ints, state: Ints, move: int) -> int:
    """Return the move whose part had the place at a station for which another one waited, that of a move; -1: none."""
    if not data[SOME_STAND] or move >= MAX_LEGS * data[NUM_LINKS]:
        return -1
    held, station = state[data[HELD] + move], state[data[STANDS_AT] + move]
    if station == 0 or held == 0:
        return -1
    if state[data[MOVE_END] + move] - get(data, ABLE, state[data[MOVE_ABLE] + move], DROP) > held:
        return -1
    for other in range(MAX_LEGS * data[NUM_LINKS]):
        if state[data[STANDS_UNTIL] + other] == held and state[data[STANDS_AT] + other] == station and other != move:
            return other
    return -1


@inner
def put_down_at(data: Ints, state: Ints, move: int) -> int:
    """Return the place at which a robot or vehicle puts down the part of a move."""
    makes_visits = data[FIRST_DROP] > 0 and get(data, CARRIERS, state[data[MOVER] + move], HOLDS) > 1
    row = data[FIRST_DROP] + move if makes_visits else move
    return get(data, ABLE, state[data[MOVE_ABLE] + row], DESTINATION)


@inner
def before_in_room(data: Ints, state: Ints, move: int) -> int:
    """Return the move whose vehicle left a place with limited room just as that of another move came; -1: none."""
    carrier, able = state[data[MOVER] + move], state[data[MOVE_ABLE] + move]
    if carrier >= data[NUM_CARRIERS] or not parks(data, carrier):
        return -1
    origin, destination = get(data, ABLE, able, ORIGIN), put_down_at(data, state, move)
    comes, drops = state[data[ARRIVES_AT] + move], state[data[MOVE_END] + move] - get(data, ABLE, able, DROP)
    for other in range(MAX_LEGS * data[NUM_LINKS]):
        by = state[data[MOVER] + other]
        if other % MAX_LEGS >= state[data[DONE] + other // MAX_LEGS] or by >= data[NUM_CARRIERS] or by == carrier:
            continue
        if get(data, CARRIERS, by, GROUP) != get(data, CARRIERS, carrier, GROUP):
            continue
        able = state[data[MOVE_ABLE] + other]
        here, lifted = get(data, ABLE, able, ORIGIN), state[data[MOVE_START] + other] + get(data, ABLE, able, PICK_UP)
        there, put_down = put_down_at(data, state, other), state[data[MOVE_END] + other]
        if (here == origin and lifted == comes) or (there == origin and put_down == comes):
            return other
        if (here == destination and lifted == drops) or (there == destination and put_down == drops):
            return other
    return -1


@inner
def before_tending(data: Ints, state: Ints, o: int) -> int:
    """Return the move or tending for which the robot was late that tends an operation, -1 if none of another."""
    if not is_tended(data, state[data[MODE] + o]):
        return -1
    other = before_in_turn(data, state, data[FIRST_TENDING] + o)
    by = owner(data, other) if other >= 0 else -1
    return other if by >= 0 and by != o else -1


@inner
def trace(data: Ints, state: Ints, o: int, move: int, pairs: Ints) -> int:
    """Write the pairs of waiting and hindering operations on the way back from an event; return how many there are."""
    num = 0
    for _ in range(DEPTH):
        if num == MAX_PAIRS:
            break
        if move >= 0:
            link = link_of(data, move)
            if link < 0:
                o, move = tended(data, move), -1
                if o < 0:
                    break
                continue
            other = before_drop(data, state, move)
            if other >= 0 and np.random.random() < 0.5:
                pairs[2 * num], pairs[2 * num + 1] = owner(data, move), owner(data, other)
                num += 1
                move = other
                continue
            number = number_of(data, state, link, move)
            before_op = get(data, LINKS, link, PRED)
            ready = 0
            if number > 0:
                ready = state[data[MOVE_END] + last_load(data, state, link, number - 1)]
            elif before_op >= 0:
                ready = state[data[END] + before_op]
            if state[data[MOVE_START] + move] > ready:
                other = before_at_station(data, state, move)
                if other >= 0:
                    pairs[2 * num], pairs[2 * num + 1] = owner(data, move), owner(data, other)
                    num += 1
                    after = get(data, LINKS, other // MAX_LEGS, SUCC)
                    is_fetched = other % MAX_LEGS + 1 < state[data[DONE] + other // MAX_LEGS]
                    o, move = (-1, other + 1) if is_fetched else (after, -1 if after >= 0 else other)
                    continue
                hindered = owner(data, move)
                other = before_in_turn(data, state, move)
                if other < 0:
                    other = before_in_room(data, state, move)
                if other >= 0:
                    by = owner(data, other)
                    if by < 0:
                        break
                    pairs[2 * num], pairs[2 * num + 1] = hindered, by
                    num += 1
                    move = other
                    continue
                if get(data, LINKS, link, SUCC) >= 0:
                    by = before_on_machine(data, state, hindered)
                    if by >= 0:
                        pairs[2 * num], pairs[2 * num + 1] = hindered, by
                        num += 1
                        o, move = by, -1
                        continue
            if number > 0:
                move = last_load(data, state, link, number - 1)
            elif before_op >= 0:
                o, move = before_op, -1
            else:
                break
        else:
            other = before_tending(data, state, o)
            if other >= 0 and np.random.random() < 0.5:
                pairs[2 * num], pairs[2 * num + 1] = o, owner(data, other)
                num += 1
                o, move = -1, other
                continue
            by = before_on_machine(data, state, o)
            arrived_at, by_move, by_op = latest_part(data, state, o)
            waits_for_part = arrived_at >= state[data[START] + o]
            if by >= 0 and (not waits_for_part or np.random.random() < 0.5):
                pairs[2 * num], pairs[2 * num + 1] = o, by
                num += 1
                o = by
            elif by_move >= 0:
                o, move = -1, by_move
            elif by_op >= 0:
                o = by_op
            elif by >= 0:
                pairs[2 * num], pairs[2 * num + 1] = o, by
                num += 1
                o = by
            else:
                break
    return num

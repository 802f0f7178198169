"""Robots and vehicles that hold several parts: a pick-up and a drop are visits of their own, each in a gap of its own.

The row of a move is its pick-up, the row as many places after the first drop its drop, and both stand in the sequence
of their carrier, one visit after the other. A row keeps how many parts are held after it (LOAD) and at the most during
it (MOST); tending takes a place too. A part goes on the way of others that are placed already, or directly; then the
carrier may *linger*: wait with it where it was taken up, so that there is time to take up or put down another one. So
a robot with two grippers swaps parts at a full station, and a vehicle takes two jobs at the dock.

In limited parking a visit needs room, and so do the stays in the gaps that it changes: see
`scheduler.search.decode.boarding`. A drop may then be later than the way takes.
"""

from __future__ import annotations

from scheduler.search.decode.boarding import leave_gap, visit_opening
from scheduler.search.decode.calendars import work_start
from scheduler.search.decode.carriers import (
    arrives,
    enter,
    held_after,
    later_travel,
    lifted,
    next_after,
    there,
    travel,
)
from scheduler.search.decode.charging import plug_in
from scheduler.search.decode.layout import (
    ABLE,
    BATTERY,
    CARRIER_CALENDAR,
    CARRIERS,
    DESTINATION,
    DROP,
    FIRST_CHARGE,
    FIRST_DROP,
    HOLDS,
    LAST_OF,
    LENGTH,
    LIMIT,
    LINGER,
    LOAD,
    MOST,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    MOVER,
    NEVER,
    NONE,
    NOW,
    ORIGIN,
    PICK_UP,
    SPOTS_AT,
    WHO,
    ZERO,
    Ints,
    get,
    put,
    undo,
)
from scheduler.search.decode.parked_charging import park_and_charge
from scheduler.search.decode.parking import comes_first, delay_to, parks, stand
from scheduler.search.decode.stretches import charge_before, charged, is_enough
from scheduler.search.inner import inner

DIRECT = -2
"""The drop comes right after the pick-up."""
CHARGED = -3
"""Likewise, and a charge right before that."""
MOST_SPANNED = 8
"""Visits of others between a pick-up and its drop, at the most."""


@inner
def comes_to(data: Ints, state: Ints, carrier: int, before: int, place: int) -> int:
    """Return when a carrier can begin a visit after a row: no two begin at once, so that their order is in no doubt.

    In limited parking it can't between those that had begun by `now` and what it puts down after that (`NEVER`).
    """
    if parks(data, carrier):
        held = held_after(data, state, before)
        if held > 0 and state[data[MOVE_START] + before] < data[NOW]:
            return NEVER
        here, leaves_at = stand(data, state, carrier, before)
        arrives_at = comes_first(data, carrier, held, here, leaves_at, place)
    else:
        arrives_at = there(data, state, carrier, before, place)
    return max(arrives_at, state[data[MOVE_START] + before] + 1) if before >= 0 else arrives_at


@inner
def fits_before(data: Ints, state: Ints, carrier: int, begin: int, length: int, place: int, after: int) -> bool:
    """Return whether a carrier that makes a visit then, that long, is in time for another one (-1: none)."""
    if after < 0:
        return True
    there_at = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN)
    wanted_at = state[data[MOVE_START] + after]
    return begin < wanted_at and arrives(data, carrier, place, there_at, begin + length) <= wanted_at


@inner
def lingering(data: Ints, state: Ints, able: int) -> int:
    """Return for how long a carrier lingers now with what it has picked up."""
    return state[data[LINGER]] * max(get(data, ABLE, able, PICK_UP), get(data, ABLE, able, DROP), 1)


@inner
def directly(
    data: Ints, state: Ints, able: int, ready: int, least: int, before: int, after: int, linger: int
) -> tuple[int, int]:
    """Return the earliest start of a move in one gap, and when its drop begins (`NEVER`: it does not fit)."""
    carrier = get(data, ABLE, able, WHO)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    pick_up, drop = get(data, ABLE, able, PICK_UP), get(data, ABLE, able, DROP)
    lead = pick_up + linger + travel(data, carrier, origin, destination)
    start = max(ready, least - lead, comes_to(data, state, carrier, before, origin))
    held, wait, is_lifted = held_after(data, state, before), ZERO, lifted(data, carrier) > 0
    while start <= data[LIMIT]:
        length = lead + wait + drop
        if is_lifted:  # the later it starts, the shorter it lasts
            at = max(least, arrives(data, carrier, origin, destination, start + pick_up + linger)) + wait
            length = at + drop - start
        start = work_start(data, get(data, CARRIERS, carrier, CARRIER_CALENDAR), start, max(length, 1), 0)
        at = start + lead + wait
        if is_lifted:
            at = max(least, arrives(data, carrier, origin, destination, start + pick_up + linger)) + wait
        if not fits_before(data, state, carrier, at, drop, destination, after):
            break
        if not parks(data, carrier):
            return start, at
        here, leaves_at = stand(data, state, carrier, before)
        opens = visit_opening(data, state, carrier, held, here, leaves_at, origin, start, pick_up, held, NONE)
        if opens > start:
            start, wait = opens, max(wait - (opens - start), 0)
            continue
        gone = start + pick_up
        opens = visit_opening(data, state, carrier, held + 1, origin, gone, destination, at, drop, held, after)
        if opens == at:
            return start, at
        if opens >= NEVER:
            break
        # It waits before the pick-up if there is room for that, else on the way.
        late = start + opens - at
        if visit_opening(data, state, carrier, held, here, leaves_at, origin, late, pick_up, held, NONE) == late:
            start = late
        else:
            wait += opens - at
    return NEVER, NEVER


@inner
def on_the_way(
    data: Ints, state: Ints, trail: Ints, able: int, ready: int, least: int, last: int, after: int
) -> tuple[int, int, int]:
    """Return the start of a move with its drop after a visit, when that begins, and the visit before its pick-up.

    The pick-up is in the last gap before that visit in which it fits (`NEVER`: in none). In limited parking the room
    in the gaps that it changes is given back meanwhile.
    """
    carrier = get(data, ABLE, able, WHO)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    pick_up, drop = get(data, ABLE, able, PICK_UP), get(data, ABLE, able, DROP)
    room, row = get(data, CARRIERS, carrier, HOLDS) - 1, last
    calendar = get(data, CARRIERS, carrier, CARRIER_CALENDAR)
    arrives_at = max(least, comes_to(data, state, carrier, last, destination))
    if not fits_before(data, state, carrier, arrives_at, drop, destination, after):
        return NEVER, NEVER, -1
    is_parked, here, leaves_at, onward = parks(data, carrier), ZERO, ZERO, held_after(data, state, last)
    for _ in range(MOST_SPANNED):
        if row < 0 or state[data[MOVE_START] + row] < ready or state[data[MOST] + row] > room:
            break
        before = state[data[MOVE_BEFORE] + row]
        held = held_after(data, state, before)
        if is_parked:
            leave_gap(data, state, trail, row)
            here, leaves_at = stand(data, state, carrier, before)
        if held <= room:
            start = max(ready, comes_to(data, state, carrier, before, origin))
            if is_parked:
                start = visit_opening(
                    data, state, carrier, held, here, leaves_at, origin, start, pick_up, held + 1, row
                )
            at = max(arrives_at, arrives(data, carrier, origin, destination, start + pick_up))
            if fits_before(data, state, carrier, start, pick_up, origin, row):
                if is_parked:
                    last_at, gone_at = stand(data, state, carrier, last)
                    at = visit_opening(
                        data, state, carrier, onward + 1, last_at, gone_at, destination, at, drop, onward, after
                    )
                length = max(at + drop - start, 1)
                if (
                    at < NEVER
                    and fits_before(data, state, carrier, at, drop, destination, after)
                    and work_start(data, calendar, start, length, 0) == start
                ):
                    return start, at, before
        # With the job on board it stays there in the gap before this visit, if it does not leave in it.
        if is_parked and delay_to(data, state, carrier, held + 1, here, leaves_at, row, state[data[MOVE_START] + row]):
            break
        row = before
    return NEVER, NEVER, -1


@inner
def visits_opening(
    data: Ints, state: Ints, trail: Ints, able: int, ready: int, least: int
) -> tuple[int, int, int, int]:
    """Return the start of the move that ends first of those from `ready` on with a drop not before `least`.

    Then when the drop begins, the visit before the pick-up (-1: none) and that before the drop (`DIRECT`: the pick-up,
    `CHARGED`: the same, after a charge).
    """
    carrier = get(data, ABLE, able, WHO)
    room, battery = get(data, CARRIERS, carrier, HOLDS) - 1, get(data, CARRIERS, carrier, BATTERY)
    linger, mark, is_parked = lingering(data, state, able), trail[0], parks(data, carrier)
    shortest = get(data, ABLE, able, LENGTH)
    if lifted(data, carrier) > 0:
        origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
        shortest -= travel(data, carrier, origin, destination) - later_travel(data, carrier, origin, destination)
    after, before = -1, state[data[LAST_OF] + carrier]
    while before >= 0 and state[data[MOVE_FREE] + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while True:
        start, at, behind, last = NEVER, NEVER, before, DIRECT
        if is_parked and after >= 0:
            leave_gap(data, state, trail, after)
        free_at = max(ready, state[data[MOVE_FREE] + before]) if before >= 0 else ready
        gap = state[data[MOVE_START] + after] - free_at if after >= 0 else NEVER
        if gap >= shortest and held_after(data, state, before) <= room:
            start, at = directly(data, state, able, ready, least, before, after, linger)
            if battery >= 0 and start < NEVER and not is_enough(data, state, able, start, at, before, DIRECT):
                start, at = NEVER, NEVER
        if before >= 0:
            other, drop_at, first = on_the_way(data, state, trail, able, ready, least, before, after)
            if drop_at < at and (battery < 0 or is_enough(data, state, able, other, drop_at, first, before)):
                start, at, behind, last = other, drop_at, first, before
        undo(state, trail, mark)
        if after < 0 and battery >= 0:
            other, drop_at = charged(data, state, able, ready, least, linger, at)
            if drop_at < NEVER:
                return other, drop_at, before, CHARGED
        if at < NEVER or after < 0:
            return start, at, behind, last
        before, after = after, state[data[MOVE_AFTER] + after]


@inner
def make_visits(data: Ints, state: Ints, trail: Ints, move: int, able: int, ready: int, least: int) -> None:
    """Put the pick-up and the drop of a move into the sequence of its carrier, at `visits_opening`."""
    start, at, before, last = visits_opening(data, state, trail, able, ready, least)
    carrier, row = get(data, ABLE, able, WHO), data[FIRST_DROP] + move
    if last == CHARGED:
        _, charger, begin, end = charge_before(data, state, able, ready, least, lingering(data, state, able))
        before = data[FIRST_CHARGE] + move
        if parks(data, carrier):
            park_and_charge(data, state, trail, carrier, before, charger, begin, end)
        else:
            plug_in(data, state, trail, carrier, before, charger, begin, end)
    pick_up, drop = get(data, ABLE, able, PICK_UP), get(data, ABLE, able, DROP)
    if parks(data, carrier):
        spanned = next_after(data, state, carrier, before)
        end = state[data[MOVE_AFTER] + last] if last >= 0 else spanned
        while spanned >= 0:
            leave_gap(data, state, trail, spanned)
            spanned = state[data[MOVE_AFTER] + spanned] if spanned != end else NONE
    held = held_after(data, state, before) + 1
    enter(data, state, trail, carrier, move, before)
    put(state, trail, data[MOVE_FREE] + move, start + pick_up)
    put(state, trail, data[LOAD] + move, held)
    put(state, trail, data[MOST] + move, held)
    spanned = state[data[MOVE_AFTER] + move]
    while last >= 0:
        put(state, trail, data[LOAD] + spanned, state[data[LOAD] + spanned] + 1)
        put(state, trail, data[MOST] + spanned, state[data[MOST] + spanned] + 1)
        if spanned == last:
            break
        spanned = state[data[MOVE_AFTER] + spanned]
    if last < 0:
        last = move
    held = state[data[LOAD] + last]
    enter(data, state, trail, carrier, row, last)
    put(state, trail, data[MOVE_START] + row, at)
    put(state, trail, data[MOVE_END] + row, at + drop)
    put(state, trail, data[MOVE_FREE] + row, at + drop)
    put(
        state, trail, data[MOVE_ABLE] + row, get(data, CARRIERS, carrier, SPOTS_AT) + get(data, ABLE, able, DESTINATION)
    )
    put(state, trail, data[MOVER] + row, carrier)
    put(state, trail, data[LOAD] + row, held - 1)
    put(state, trail, data[MOST] + row, held)

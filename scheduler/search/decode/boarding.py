"""Vehicles for several jobs in limited parking, in compiled form: room for visits and in the gaps between them.

A gap that the vehicle enters empty is as in `scheduler.search.decode.parking`. With jobs on board it is at no place, so
that it can wait on its way; only where two visits are at one place it stays there. A move that is put among the visits
changes the gaps before its pick-up and its drop, behind them, and those between that the vehicle entered empty so far.
Meanwhile it gives back what it takes in all of them, also while the move is tried.
"""

from __future__ import annotations

from scheduler.search.decode.carriers import held_after
from scheduler.search.decode.layout import (
    ABLE,
    FIRST_DROP,
    LIMIT,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_FREE,
    MOVE_START,
    MOVER,
    NEVER,
    ORIGIN,
    Ints,
    get,
)
from scheduler.search.decode.parking import (
    comes_first,
    delay_to,
    gap_opening,
    stand,
    take_gap,
    take_room,
    wait_before,
    wait_in,
)
from scheduler.search.inner import inner


@inner
def visit_opening(
    data: Ints,
    state: Ints,
    carrier: int,
    held: int,
    here: int,
    leaves_at: int,
    place: int,
    begin: int,
    ticks: int,
    onward: int,
    after: int,
) -> int:
    """Return the earliest visit from `begin` on with room for it, in the gap before it and up to a row (-1: none).

    The vehicle comes with `held` jobs on board and goes on with `onward`. `NEVER`: it is too late for the row.
    """
    there_at, wanted_at = place, data[LIMIT] + 1
    if after >= 0:
        there_at, wanted_at = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN), state[data[MOVE_START] + after]
    while begin < wanted_at and comes_first(data, carrier, onward, place, begin + ticks, there_at) <= wanted_at:
        opens = gap_opening(data, state, carrier, held, here, leaves_at, place, begin, ticks)
        if opens == begin and after >= 0:
            opens += delay_to(data, state, carrier, onward, place, begin + ticks, after, wanted_at)
        if opens == begin:
            return begin
        begin = opens
    return NEVER


@inner
def leave_gap(data: Ints, state: Ints, trail: Ints, row: int) -> None:
    """Give back the room that a vehicle for several jobs takes in the gap before a visit or charge."""
    carrier = state[data[MOVER] + row]
    here, leaves_at = stand(data, state, carrier, state[data[MOVE_BEFORE] + row])
    place = get(data, ABLE, state[data[MOVE_ABLE] + row], ORIGIN)
    take_gap(data, state, trail, carrier, here, leaves_at, row, place, -1)


@inner
def park_visits(data: Ints, state: Ints, trail: Ints, move: int) -> None:
    """Take room for the pick-up and the drop of a move and in all gaps that they change, once both are in the sequence.

    What these gaps took before has been given back.
    """
    row, drop, carrier = move, data[FIRST_DROP] + move, state[data[MOVER] + move]
    while row >= 0:
        before = state[data[MOVE_BEFORE] + row]
        place, start = get(data, ABLE, state[data[MOVE_ABLE] + row], ORIGIN), state[data[MOVE_START] + row]
        here, leaves_at = stand(data, state, carrier, before)
        wait = wait_in(data, state, carrier, held_after(data, state, before), here, leaves_at, place, start)
        wait_before(data, state, trail, carrier, here, leaves_at, row, place, wait)
        if before == drop:
            break
        if row in (move, drop):
            take_room(data, state, trail, carrier, place, start, state[data[MOVE_FREE] + row], 1)
        row = state[data[MOVE_AFTER] + row]

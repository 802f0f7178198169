"""What it costs to take a resource from a tick on: collisions with other jobs, modulo the cycle time, and its price."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.facts import ONE, TRIP, ZERO, Facts, Ints, Uses
from scheduler.search.cyclic.room import COLLISION, DEAREST, NEVER, Room
from scheduler.search.cyclic.shared import crowded, fill
from scheduler.search.cyclic.using import gap
from scheduler.search.cyclic.windows import close_windows
from scheduler.search.inner import entry, inner, uncounted


@inner
def sort_uses(uses: Uses, order: Ints, cycle: int) -> None:
    """Sort the uses of each resource by their begin modulo the cycle time."""
    for resource in range(len(uses.size)):
        num = uses.size[resource]
        turns = np.argsort(uses.start[resource, :num] % cycle)
        for k in range(num):
            order[resource, k] = turns[k]


@uncounted
def _busy(facts: Facts, uses: Uses, room: Room, resource: int) -> int:
    """Return how long the uses of a resource take, which are sorted, with its setups or empty travel."""
    num, busy = uses.size[resource], 0
    for k in range(num):
        a, b = room.order[resource, k], room.order[resource, (k + 1) % num]
        busy += (uses.end[resource, a] - uses.start[resource, a]) * uses.demand[resource, a]
        if uses.first[resource, a] <= TRIP:
            continue
        busy += gap(facts, resource, uses.last[resource, a], uses.first[resource, b])
    return busy


@entry
def set_prices(facts: Facts, uses: Uses, room: Room, cycle: int, longest: int) -> None:
    """Set prices: the square of how busy a resource is, in the cycle, with its setups or empty travel.

    They are made so small that a job that lasts `longest` costs less than a collision.
    """
    sort_uses(uses, room.order, cycle)
    for resource in range(len(uses.size)):
        busy = _busy(facts, uses, room, resource)
        busy //= facts.capacity[resource]
        room.price[resource] = 1 + DEAREST * busy * busy // (cycle * cycle)
    room.rebate[0] = 0
    while longest * DEAREST * 4 >> room.rebate[0] > COLLISION:
        room.rebate[0] += 1


@uncounted
def price_of_all(facts: Facts, uses: Uses, room: Room, cycle: int) -> int:
    """Sort the uses, and return the price of all time that they take, with setups and empty travel."""
    sort_uses(uses, room.order, cycle)
    total = 0
    for resource in range(len(uses.size)):
        total += _busy(facts, uses, room, resource) * room.price[resource]
    return total


@uncounted
def _detours(
    facts: Facts, uses: Uses, room: Room, resource: int, first: int, last: int, cycle: int, cost: NDArray[np.int32]
) -> int:
    """Let the price of what setups or empty travel become longer begin and end in a row of differences.

    It is that of a use that begins at a tick of the cycle; what of it is there at tick 0 is returned.
    """
    num, order = uses.size[resource], room.order[resource]
    price, rebate = room.price[resource], room.rebate[0]
    at_once = 0
    for k in range(num):
        a, b = order[k], order[(k + 1) % num]
        more = gap(facts, resource, uses.last[resource, a], first) + gap(facts, resource, last, uses.first[resource, b])
        more -= gap(facts, resource, uses.last[resource, a], uses.first[resource, b])
        more = min(max(0, more), cycle) * price >> rebate
        if more == 0:
            continue
        cost[uses.start[resource, a] % cycle] += more
        cost[uses.start[resource, b] % cycle] -= more
        if k + 1 == num:  # it goes round
            at_once += more
    return at_once


@uncounted
def price_of(uses: Uses, room: Room, job: int) -> int:
    """Return the price of what a job takes of all resources."""
    total = 0
    for resource in range(len(uses.size)):
        for k in range(uses.size[resource]):
            if uses.job[resource, k] == job:
                taken = (uses.end[resource, k] - uses.start[resource, k]) * uses.demand[resource, k]
                total += taken * room.price[resource] >> room.rebate[0]
    return total


@uncounted
def _spread(row: NDArray[np.int32], begin: int, width: int, weight: int, cycle: int) -> int:
    """Let a weight begin and end in a row of differences, modulo the cycle; return what of it is there at tick 0."""
    if width >= cycle:
        return weight
    row[begin] += weight
    end = begin + width
    if end < cycle:
        row[end] -= weight
    elif end > cycle:  # it goes round
        row[end - cycle] -= weight
        return weight
    return 0


@uncounted
def blocked(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    resource: int,
    length: int,
    origin: int,
    destination: int,
    cycle: int,
    cost: NDArray[np.int32],
) -> None:
    """Write what it costs to begin a move, or whatever else takes so long, at each tick of the cycle."""
    cost[:cycle] = 0
    base = length * room.price[resource] >> room.rebate[0]
    if length + gap(facts, resource, destination, origin) > cycle:
        base = NEVER
    for k in range(uses.size[resource]):
        weight = weights[uses.job[resource, k]] * COLLISION
        before = length + gap(facts, resource, destination, uses.first[resource, k]) - 1
        after = uses.end[resource, k] - uses.start[resource, k] + gap(facts, resource, uses.last[resource, k], origin)
        width = max(0, before + after)  # where neither takes any time, nothing is in the way
        base += _spread(cost, (uses.start[resource, k] - before) % cycle, width, weight, cycle)
    running = base + _detours(facts, uses, room, resource, origin, destination, cycle, cost)
    for t in range(cycle):
        running += cost[t]
        cost[t] = min(running, NEVER)
    if room.noise[0] > 0:
        for t in range(cycle):
            cost[t] += np.random.randint(room.noise[0])


@uncounted
def helped(facts: Facts, uses: Uses, weights: Ints, room: Room, mode: int, cycle: int) -> None:
    """Write what it costs to begin an operation in a mode at each tick of the cycle, for whoever helps."""
    total, cost = room.helpers[0], room.crowd[0]
    total[:cycle] = 0
    for k in range(facts.helps_at[mode], facts.helps_at[mode + 1]):
        resource, place = facts.helper[k], facts.help_place[k]
        if facts.capacity[resource] > 1:
            crowded(facts, uses, weights, room, resource, facts.help_demand[k], facts.duration[mode], cycle, total)
            continue
        blocked(facts, uses, weights, room, resource, facts.duration[mode], place, place, cycle, cost)
        for t in range(cycle):
            total[t] = min(NEVER, total[t] + cost[t])
    first, last = facts.works[mode, 0], facts.works[mode, 1]
    longest = ONE if facts.pauses[mode] else max(1, facts.duration[mode])
    after = ZERO if facts.holds_before[facts.machine[mode]] else facts.set_up[mode]
    close_windows(facts, first, last, longest, after, cycle, total)


@uncounted
def occupied(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    resource: int,
    family: int,
    length: int,
    cycle: int,
    ticks: int,
    inside: NDArray[np.int32],
    begun: NDArray[np.int32],
) -> None:
    """Write what a stay of at least `length` costs: ``inside`` where it begins, ``begun`` at its last tick.

    The one is what there is already when it begins, without what was paid for up to then; the other is the sum of all
    that begins, and of the price, up to a tick.
    """
    laps = 0
    if facts.capacity[resource] > 1:
        laps = max(0, length - 1) // cycle
        base = fill(facts, uses, weights, room, resource, ONE, length, cycle, inside, begun)
        for t in range(cycle):
            inside[t] = min(NEVER, inside[t] + base)
    else:
        inside[:cycle] = 0
        begun[:cycle] = 0
        running = 0
        for k in range(uses.size[resource]):
            weight = weights[uses.job[resource, k]] * COLLISION
            before = gap(facts, resource, family, uses.first[resource, k])
            width = uses.end[resource, k] + gap(facts, resource, uses.last[resource, k], family)
            width += before - uses.start[resource, k]
            begin = (uses.start[resource, k] - before) % cycle
            begun[begin] += weight
            running += _spread(inside, begin, width, weight, cycle)
        running += _detours(facts, uses, room, resource, family, family, cycle, inside)
        for t in range(cycle):
            running += inside[t]
            inside[t] = running
    for first in range(cycle, ticks, cycle):
        again, more = inside[first:], begun[first:]
        for t in range(min(cycle, ticks - first)):
            again[t] = inside[t]
            more[t] = begun[t]
    total, price, rebate = 0, room.price[resource], room.rebate[0]
    for t in range(ticks):
        total += begun[t]
        begun[t] = total + (t * price >> rebate)
    later, last = begun[min(ticks, laps * cycle) :], begun[ticks - 1]
    for t in range(ticks - laps * cycle):
        inside[t] -= later[t]
    for t in range(max(0, ticks - laps * cycle), ticks):
        inside[t] -= last
    if laps > 0:  # whole cycles have their price too
        for t in range(ticks):
            inside[t] += laps * cycle * price >> rebate

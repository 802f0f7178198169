"""Resources with a capacity above 1: how much of them is taken at each tick of the cycle, and what that costs.

A use takes its demand at every tick, modulo the cycle time, as often as it is there; longer uses than the cycle take
it more than once. What there may not be is a tick at which more is taken than there is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.facts import NONE, TRIP, ZERO, Facts, Ints, Uses
from scheduler.search.cyclic.room import COLLISION, NEVER, OWN, Room
from scheduler.search.cyclic.windows import close_windows
from scheduler.search.inner import uncounted


@uncounted
def _joins(departed: Ints, family: int, phase: int) -> bool:
    """Return whether a use is part of a trip that has been counted, and note that it has; trips of a lane are one."""
    if family > TRIP:
        return False
    bit = 1 << (TRIP - family)
    joins = departed[phase] & bit != 0
    departed[phase] |= bit
    return joins


@uncounted
def count_uses(
    uses: Uses, resource: int, hit: Ints, departed: Ints, only: int, cycle: int, count: NDArray[np.int32]
) -> None:
    """Write what is taken of a resource at each tick of the cycle, by one job or (-1) by all that are not hit."""
    count[:cycle] = 0
    departed[:cycle] = 0
    for k in range(uses.size[resource]):
        job = uses.job[resource, k]
        if job == only or (only < 0 and not hit[job]):
            phase = uses.start[resource, k] % cycle
            if _joins(departed, uses.first[resource, k], phase):
                continue
            for _ in range(uses.end[resource, k] - uses.start[resource, k]):
                count[phase] += uses.demand[resource, k]
                phase += 1
                if phase == cycle:
                    phase = 0


@uncounted
def is_there(uses: Uses, resource: int, k: int, cycle: int, tick: int) -> bool:
    """Return whether a use takes its resource at a tick of the cycle."""
    return (tick - uses.start[resource, k]) % cycle < uses.end[resource, k] - uses.start[resource, k]


@uncounted
def overload(facts: Facts, resource: int, count: NDArray[np.int32], cycle: int) -> int:
    """Return the first tick of the cycle at which more is taken than there is, -1 if there is none."""
    for t in range(cycle):
        if count[t] > facts.capacity[resource]:
            return t
    return -1


@uncounted
def eject(facts: Facts, uses: Uses, weights: Ints, room: Room, resource: int, job: int, cycle: int) -> int:
    """Mark other jobs as hit until there is enough of a resource; return their weights.

    At each tick that is too full the lightest job goes. The job that stays takes no more than there is.
    """
    total = 0
    while True:
        count_uses(uses, resource, room.hit, room.departed, NONE, cycle, room.taken)
        tick = overload(facts, resource, room.taken, cycle)
        if tick < 0:
            return total
        lightest = -1
        for k in range(uses.size[resource]):
            other = uses.job[resource, k]
            is_lighter = lightest < 0 or weights[other] < weights[lightest]
            if is_lighter and other != job and not room.hit[other] and is_there(uses, resource, k, cycle, tick):
                lightest = other
        if lightest < 0:
            return total
        room.hit[lightest] = 1
        total += weights[lightest]


@uncounted
def fill(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    resource: int,
    demand: int,
    length: int,
    cycle: int,
    inside: NDArray[np.int32],
    more: NDArray[np.int32],
) -> int:
    """Write what it costs to come at each tick of the cycle, and to be there still when it becomes too full.

    Whoever stays is there for at least `length`; for what of it is whole cycles, the cost is returned. A tick that is
    too full costs as much as the lightest job there.
    """
    count, lightest = room.taken, room.lightest
    count[:cycle] = 0
    lightest[:cycle] = OWN
    room.departed[:cycle] = 0
    for k in range(uses.size[resource]):
        phase, weight = uses.start[resource, k] % cycle, weights[uses.job[resource, k]] * COLLISION
        demand_there = uses.demand[resource, k]
        if _joins(room.departed, uses.first[resource, k], phase):
            demand_there = 0
        for _ in range(uses.end[resource, k] - uses.start[resource, k]):
            count[phase] += demand_there
            lightest[phase] = min(lightest[phase], weight)
            phase += 1
            if phase == cycle:
                phase = 0
    laps = max(0, length - 1) // cycle
    most = facts.capacity[resource] - laps * demand
    base = NEVER if most < demand else 0
    before = count[cycle - 1]
    for t in range(cycle):
        inside[t] = more[t] = 0
        if count[t] > most - demand:
            inside[t] = lightest[t]
            if count[t] > before or before <= most - demand:
                more[t] = lightest[t]
                if count[t] > most and laps > 0:
                    base = min(NEVER, base + lightest[t])
        before = count[t]
    return base


@uncounted
def crowded(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    resource: int,
    demand: int,
    length: int,
    cycle: int,
    cost: NDArray[np.int32],
) -> None:
    """Add what it costs to take so much of a resource for `length` from each tick of the cycle on."""
    inside, more = room.crowd[0], room.crowd[1]
    base = fill(facts, uses, weights, room, resource, demand, length, cycle, inside, more)
    base += length * demand * room.price[resource] >> room.rebate[0]
    rest = length - max(0, length - 1) // cycle * cycle
    later = 0
    for t in range(1, rest):
        later += more[t]
    for t in range(cycle):
        cost[t] = min(NEVER, cost[t] + base + inside[t] + later)
        later += more[(t + rest) % cycle] - more[(t + 1) % cycle]


@uncounted
def departing(
    facts: Facts, uses: Uses, weights: Ints, room: Room, option: int, cycle: int, cost: NDArray[np.int32]
) -> None:
    """Write what it costs to depart over a lane at each tick of the cycle: nothing with a trip that has room."""
    row = room.crowd[2]
    cost[:cycle] = 0
    for k in range(facts.shares_at[option], facts.shares_at[option + 1]):
        resource, family, begin = facts.shares[k, 0], facts.shares[k, 1], facts.shares[k, 3]
        row[:cycle] = 0
        length = facts.shares[k, 4] - begin
        crowded(facts, uses, weights, room, resource, facts.shares[k, 2], length, cycle, row)
        if family <= TRIP:
            for other in range(uses.size[resource]):
                if uses.first[resource, other] == family:
                    row[uses.start[resource, other] % cycle] = 0
        phase = begin % cycle
        for t in range(cycle):
            cost[t] = min(NEVER, cost[t] + row[phase])
            phase = 0 if phase == cycle - 1 else phase + 1
    close_windows(facts, facts.departs[option, 0], facts.departs[option, 1], facts.length[option], ZERO, cycle, cost)
    if room.noise[0] > 0:
        for t in range(cycle):
            cost[t] += np.random.randint(room.noise[0])

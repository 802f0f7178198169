"""The objective as one integer, in compiled form: an earlier tier outweighs all later ones.

``goal`` has a row for each job, one for what concerns all of them, and one for each tier that may have an aspiration;
see `scheduler.search.decode.goal`.
"""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.layout import (
    BASE_MACHINE,
    BASE_START,
    BEFORE,
    EARLIER,
    END,
    INITIAL,
    LANES,
    LAST_OF,
    LAST_ON,
    LATER,
    LATEST,
    LOAD,
    MACHINE,
    MACHINES,
    MODE,
    MODES,
    MOST_LATE,
    MOVE_BEFORE,
    NEIGHBOURS,
    NUM_JOBS,
    NUM_LANES,
    NUM_MACHINES,
    NUM_NEIGHBOURS,
    NUM_TRIPS,
    NUM_VEHICLES,
    OPS,
    SETUPS_AT,
    START,
    SUM,
    TRIP_CO2,
    TRIP_COST,
    UNIT_COST,
    VEHICLE,
    WHERE,
    Ints,
    get,
)
from scheduler.search.decode.machines import family_of, setup_time
from scheduler.search.inner import inner

# Columns of the rows of jobs in `goal`
DUE_AT, LATE, TARDY, FLOW, DEADLINE_AT, OVER, PROMISED_AT, BROKEN = range(8)
# Columns of the row of all: what a unit of each comes to, how many rows of tiers follow, and what values leave out
MAKESPAN, MAXIMUM, SETUP, TRIP, DEVIATION, REASSIGNED, REORDERED, COST, CO2, NUM_TIERS, OFFSET = range(11)
# Columns of the rows of tiers: what 1 of the tier comes to, up to what it is a tie, and what 1 beyond that comes to
TIMES_OF, ENOUGH, BEYOND = range(3)
WIDTH = 11
"""Columns of `goal`."""


@njit(cache=True, nogil=True)
def share(goal: Ints, job: int, complete: int) -> int:
    """Return what a job that is complete then adds to the sums."""
    late, over = complete - goal[WIDTH * job + DUE_AT], complete - goal[WIDTH * job + DEADLINE_AT]
    found = goal[WIDTH * job + FLOW] * complete
    if late > 0:
        found += goal[WIDTH * job + LATE] * late + goal[WIDTH * job + TARDY]
    if over > 0:
        found += goal[WIDTH * job + OVER] * over
    if goal[WIDTH * job + BROKEN] > 0:
        found += goal[WIDTH * job + BROKEN] * max(0, complete - goal[WIDTH * job + PROMISED_AT])
    return found


@inner
def lower_value(data: Ints, goal: Ints, state: Ints) -> int:
    """Return what the objective comes to at least, of what has been placed."""
    return lifted(data, goal, sum_of(data, goal, state))


@inner
def sum_of(data: Ints, goal: Ints, state: Ints) -> int:
    """Return what all tiers come to, of what has been placed; none has an aspiration yet."""
    all_jobs = WIDTH * data[NUM_JOBS]
    late = max(0, state[data[MOST_LATE]])
    return state[data[SUM]] + goal[all_jobs + MAKESPAN] * state[data[LATEST]] + goal[all_jobs + MAXIMUM] * late


@inner
def lifted(data: Ints, goal: Ints, value: int) -> int:
    """Return a value in which a tier comes to its aspiration at least, and beyond that to its price."""
    all_jobs = WIDTH * data[NUM_JOBS]
    num_tiers = goal[all_jobs + NUM_TIERS]
    if num_tiers == 0:
        return value
    found, rest = -goal[all_jobs + OFFSET], value + goal[all_jobs + OFFSET]
    for tier in range(1, num_tiers + 1):
        row = all_jobs + WIDTH * tier
        times = rest // goal[row + TIMES_OF]
        rest -= times * goal[row + TIMES_OF]
        found += goal[row + ENOUGH] * goal[row + TIMES_OF]
        if times > goal[row + ENOUGH]:
            found += (times - goal[row + ENOUGH]) * goal[row + BEYOND]
    return found + rest


@njit(cache=True, nogil=True)
def change_of(data: Ints, goal: Ints, state: Ints, o: int) -> int:
    """Return what it comes to that a placed operation is not where the baseline has it."""
    machine = get(data, OPS, o, BASE_MACHINE)
    if machine < 0 or state[data[MODE] + o] < 0:
        return 0
    all_jobs = WIDTH * data[NUM_JOBS]
    found = goal[all_jobs + DEVIATION] * abs(state[data[START] + o] - get(data, OPS, o, BASE_START))
    if get(data, MODES, state[data[MODE] + o], MACHINE) != machine:
        found += goal[all_jobs + REASSIGNED]
    return found


@inner
def total_setup(data: Ints, state: Ints) -> int:
    """Return the total length of all setups."""
    total = 0
    for machine in range(data[NUM_MACHINES]):
        if get(data, MACHINES, machine, SETUPS_AT) < 0:
            continue
        o = state[data[LAST_ON] + machine]
        while o >= 0:
            before = state[data[BEFORE] + o]
            family = family_of(data, state, before) if before >= 0 else get(data, MACHINES, machine, INITIAL)
            total += setup_time(data, machine, family, family_of(data, state, o))
            o = before
    return total


@inner
def total_cost(data: Ints, state: Ints, per_trip: int, per_unit: int) -> int:
    """Return what all trips over lanes cost, by these columns of LANES: each by itself, and by what it carries."""
    total = 0
    for lane in range(data[NUM_LANES]):
        first = get(data, LANES, lane, VEHICLE)
        for vehicle in range(first, first + get(data, LANES, lane, NUM_VEHICLES)):
            trip = state[data[LAST_OF] + vehicle]
            while trip >= 0:
                total += get(data, LANES, lane, per_trip)
                if per_unit >= 0:
                    total += get(data, LANES, lane, per_unit) * state[data[LOAD] + trip]
                trip = state[data[MOVE_BEFORE] + trip]
    return total


@inner
def num_reordered(data: Ints, state: Ints) -> int:
    """Return how many neighbours of the baseline are no longer in their order on their machine."""
    found = 0
    for row in range(data[NUM_NEIGHBOURS]):
        a, b = get(data, NEIGHBOURS, row, EARLIER), get(data, NEIGHBOURS, row, LATER)
        machine = get(data, NEIGHBOURS, row, WHERE)
        if state[data[MODE] + a] < 0 or state[data[MODE] + b] < 0:
            continue
        on_a = get(data, MODES, state[data[MODE] + a], MACHINE)
        if on_a != machine or get(data, MODES, state[data[MODE] + b], MACHINE) != machine:
            found += 1
            continue
        start, other = state[data[START] + a], state[data[START] + b]
        found += start > other or (start == other and state[data[END] + a] > state[data[END] + b])
    return found


@njit(cache=True, nogil=True)
def value_of(data: Ints, goal: Ints, state: Ints) -> int:
    """Return the value of a complete schedule."""
    all_jobs = WIDTH * data[NUM_JOBS]
    value = sum_of(data, goal, state)
    if goal[all_jobs + SETUP]:
        value += goal[all_jobs + SETUP] * total_setup(data, state)
    if goal[all_jobs + TRIP]:
        value += goal[all_jobs + TRIP] * state[data[NUM_TRIPS]]
    if goal[all_jobs + COST]:
        value += goal[all_jobs + COST] * total_cost(data, state, TRIP_COST, UNIT_COST)
    if goal[all_jobs + CO2]:
        value += goal[all_jobs + CO2] * total_cost(data, state, TRIP_CO2, -1)
    if goal[all_jobs + REORDERED]:
        value += goal[all_jobs + REORDERED] * num_reordered(data, state)
    return lifted(data, goal, value)

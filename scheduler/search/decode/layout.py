"""Where everything is: facts, state, and a trail of what changed in it; the contract of the compiled functions.

``data`` holds the instance: tables of integers, one after the other, behind a header. The name of a table is its place
in the header, where its offset and its width stand; that of a column is its number in the table. ``state`` holds what
has been placed: one array for each name of the second list, at the offset that ``data`` has under the name. Every
write goes through `put`, which notes it in ``trail``, so that `undo` can take it back and `redo` can make it again.

Operations are numbered by plan, those of a unit one after the other: an operation that two plans share has two numbers.
A *leg* is a row that any two machines share; the leg number `k` of link *i* is the *move* ``MAX_LEGS * i + k``. Where a
job goes in loads, that is the move of the first; those of the others are ``BESIDE`` it, behind the moves of all links.
With batteries a charge before a move is a row like a move: see `scheduler.search.decode.charging`. So is the tending of
an operation, which a robot does where a move ends and the next one begins. Carriers that hold several parts make
visits: see `scheduler.search.decode.visits`.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scheduler.search.decode.cells import NONE as NONE
from scheduler.search.decode.cells import ZERO as ZERO
from scheduler.search.decode.cells import Cells
from scheduler.search.decode.cells import get as get
from scheduler.search.inner import inner

Ints: TypeAlias = Cells[int]
Reals: TypeAlias = Cells[float]
Array: TypeAlias = NDArray[np.int64]

NEVER = 1 << 60
"""Later than any instant of a schedule."""
MAX_LEGS = 6
"""Moves on the way between two operations, at the most."""
MOST_PIECES = 2
"""Pieces of a charge curve, from its beginning, up to the end of which a charge may be wished to go, at the most."""
LEVEL_PARTS = 12
"""Parts of the capacity, up to the end of so many of which a charge may be wished to go."""
MOST_WISH = MOST_PIECES + LEVEL_PARTS - 1
"""The last wish (WISH): as little as possible (0), pieces, parts of the capacity; behind it the same, needed or not."""
LAST_MOVE = 2 * MOST_WISH + 3
"""So much more is a wish (WISH) if the moves need not leave enough to get to a charger."""

# --- header of data ----------------------------------------------------------------------------------------------

NUM_TABLES = 25
(
    OPS,
    MODES,
    NEEDS,
    LINKS,
    INS,
    OUTS,
    MACHINES,
    ROUTES,
    LEGS,
    ABLE,
    CARRIERS,
    PACES,
    BATTERIES,
    CHARGERS,
    LANES,
    LANE_LIMITS,
    JOBS,
    UNITS,
    NEXTS,
    CALENDARS,
    UNDER_WAY,
    CHANGEOVERS,
    NEIGHBOURS,
    LOADS,
    TIMES,
) = range(0, 2 * NUM_TABLES, 2)
"""Tables; TIMES is a mere list: travel and setup times, downtimes, charge curves, who may carry a job, rooms."""

NUM_COLUMNS = 49
(
    MODE,
    START,
    END,
    BEGIN,
    UNTIL,
    WAITING,
    LEFT_AT,
    STORED,
    BEFORE,
    AFTER,
    DONE,
    AT,
    VIA,
    GONE,
    GONE_UNTIL,
    MOVE_START,
    MOVE_END,
    MOVE_FREE,
    MOVE_ABLE,
    MOVER,
    MOVE_BEFORE,
    MOVE_AFTER,
    LOAD,
    BESIDE,
    MOST,
    LEVEL,
    FROM_LEVEL,
    HELD,
    STANDS_AT,
    STANDS_UNTIL,
    ARRIVES_AT,
    STOP_AT,
    SETS_OUT,
    LAST_ON,
    LAST_OF,
    LAST_STEP,
    STEP_AT,
    STEP_LEVEL,
    STEP_BEFORE,
    STEP_AFTER,
    NUM_STEPS,
    BUSY,
    JOB_END,
    NUM_TRIPS,
    SUM,
    LATEST,
    MOST_LATE,
    WISH,
    LINGER,
) = range(2 * NUM_TABLES, 2 * NUM_TABLES + NUM_COLUMNS)
"""Columns of the state: by operation (MODE to AFTER), by link (moves done, when the part is there, the facility that
its first lane leads to, units that are gone with the next leg already, and when these are there), by move (LOAD: units
on a trip, or parts held after a visit; BESIDE: the next load; MOST: parts held at the most during a visit; LEVEL: that
of the battery at MOVE_FREE; FROM_LEVEL: that before a charge; HELD: before when the part must not be put down; the
station where it takes a place then, as profile plus 1, 0: at none, and until when; ARRIVES_AT: since when the vehicle
is at the pick-up or visit; STOP_AT: the limited place where it waits before that, plus 1, 0: none; SETS_OUT: when it
leaves for there), the last operation on a machine, the last move of a carrier or lane vehicle, then what several share
(steps), machines (BUSY), jobs (JOB_END: when it is complete, or a bound of that), what the objective comes to so far,
up to which level vehicles charge now (WISH: pieces of the charge curve, -1: one; behind `MOST_PIECES` parts of the
capacity; `LAST_MOVE` more: with no reserve), and whether carriers linger now (LINGER). MOST is empty where no carrier
holds several parts, LEVEL and FROM_LEVEL without batteries, HELD to STANDS_UNTIL where no places at stations are
counted, ARRIVES_AT to SETS_OUT where no parking is limited."""

NUM_SCALARS = 28
(
    NOW,
    LIMIT,
    NUM_UNITS,
    NUM_FREE,
    NUM_OPS,
    NUM_JOBS,
    NUM_MACHINES,
    NUM_PLACES,
    NUM_CARRIERS,
    NUM_LINKS,
    NUM_LOADS,
    NUM_CHANGEOVERS,
    NUM_NEIGHBOURS,
    NUM_LANES,
    TRAIL_ROOM,
    PATIENCE,
    HAS_GAPS,
    SOME_WATCH,
    SOME_STAND,
    SOME_PARK,
    SOME_LIFT,
    FIRST_TENDING,
    FIRST_CHARGE,
    FIRST_DROP,
    FIRST_LINGER,
    FIRST_HOLD,
    FIRST_WANTED,
    NUM_CHOICES,
) = range(2 * NUM_TABLES + NUM_COLUMNS, 2 * NUM_TABLES + NUM_COLUMNS + NUM_SCALARS)
"""Instants before which nothing starts and after which nothing may end; sizes (NUM_FREE: length of an order,
NUM_CHOICES: of the choices); among the moves the first tending, of operation 0 (0: nothing is tended), the first
charge (0: there are no batteries) and the first drop (0: no carrier holds several parts); where it stands among the
choices whether carriers linger, whether operations are held, and which carriers are wanted (0: nowhere)."""
HEADER = 2 * NUM_TABLES + NUM_COLUMNS + NUM_SCALARS

# --- columns of the tables of data -------------------------------------------------------------------------------

# OPS; a baseline machine of -1: none
JOB, UNIT, MODES_AT, MODES_END, INS_AT, INS_END, OUTS_AT, OUTS_END, PAUSES, BASE_START, BASE_MACHINE, LEAST = range(12)
# MODES; TAIL: least time from the end of the operation to the completion of its job; TENDERS_AT: the first row of ABLE
# of the robots one of which has to tend it
MACHINE, DURATION, FAMILY, NEEDS_AT, NEEDS_END, TAIL, MAX_DWELL, TENDERS_AT, TENDERS_END = range(9)
# NEEDS; SPARE: what others may take of the pool meanwhile
POOL, AMOUNT, SPARE = range(3)
# LINKS; -1: from or to the outside; LOADS_AT, ONWARD_AT: moves of its further loads on a first and on a second lane;
# IS_TAKEN: its part came to the next machine without a move, for work that was lost
PRED, SUCC, MIN_LAG, MAX_LAG, LINK_JOB, LOADS_AT, ONWARD_AT, IS_TAKEN = range(8)
# MACHINES; PLACE: row of ROUTES; SETUPS_AT: in TIMES, -1: none; SHARED: its profile, -1: capacity 1
# KEEPS: parts need a place until they have been taken away; WATCHES: that, or they have a maximum dwell;
# MARGIN: ticks between two that would hand over at once otherwise; STORE, INPUTS: profiles of the places of the machine
# and behind it together, and before it (-1: not counted), with what others may take of them
CAPACITY, CELL, LOADING, UNLOADING, HOLDS_IN, HOLDS_OUT, CALENDAR, SETUPS_AT, SIDE, INITIAL, PLACE, SHARED = range(12)
KEEPS, WATCHES, MARGIN, STORE, STORE_SPARE, INPUTS, INPUTS_SPARE = range(12, 19)
# ROUTES: a square by place, the last row and column are the outside (no way: -1), then further ones between the same
# places, each the OTHER of one before it; STOP: facility that the first lane leads to, which tells them apart
LEGS_AT, NUM_LEGS, STOP, OTHER = range(4)
# LEGS; TAKES_UP: where it is the first, it takes the part off its machine (-1: it takes it up wherever it is); BRINGS:
# it ends at a machine; FULL_LOAD: its units; STATION: profile of the station at which the part takes a place then (-1:
# none), with what others may take of it
IS_TRIP, SLOT, ABLE_AT, ABLE_END, LEG_TIME, TAKES_UP, BRINGS, FULL_LOAD, STATION, STATION_SPARE = range(10)
# ABLE: who can do a leg, how long it takes, between which places of the travel times
WHO, LENGTH, ORIGIN, DESTINATION, PICK_UP, DROP = range(6)
# CARRIERS; BATTERY: its row, -1: none; HOLDS: parts at a time; where these are several, SPOTS_AT: row of ABLE for being
# at the first place of its group, the others follow; in TIMES, where parking is limited (-1: it is not): by place its
# profile (-1: not limited), what others may take of it, and whether it is a bay, where no job is handled; and between
# places the travel time over the stop; STANDS: where it is after the empty moves that have begun, with the instant from
# which on it may leave
CARRIER_CALENDAR, PACE, HOME, BATTERY, UNDER_AT, UNDER_END, HOLDS, SPOTS_AT, GROUP, ROOMS_AT, DETOURS_AT = range(11)
STANDS, LEAVES_AT = range(11, 13)
# PACES: the travel times of a robot cell or fleet at one speed; LIFTED_AT: from when on they are to be shorter (0: not
# so), those at LATER_AT
TRAVEL_AT, TRAVEL_SIDE, LIFTED_AT, LATER_AT = range(4)
# BATTERIES: levels, what they fall by in a tick, the charge curve in TIMES as level, time of a unit, level, time (SCALE
# of that time are a tick), whether the vehicle goes home in the end; in TIMES by place, what the way to a charger takes
# (REACH_AT), what that home, if it has to go there in the end, and what that out of the way (AWAY_AT); LEVEL_THERE:
# where parking is limited, that with which it may leave where it STANDS
FULL, MINIMUM, INITIAL_LEVEL, DRAIN_LOADED, DRAIN_EMPTY, DRAIN_IDLE = range(6)
CURVE_AT, CURVE_END, SCALE, RETURNS, REACH_AT, END_AT, AWAY_AT, CHARGERS_AT, CHARGERS_END = range(6, 15)
LEVEL_THERE = 15
# CHARGERS; SPOT: row of ABLE for being there; ROOM: profile of its places, with what others may take of them
SPOT, ROOM, ROOM_SPARE = range(3)
# LANES; VEHICLE: number of the first one among the movers; TRIP_TIME: the least; LIMITS: row of LANE_LIMITS or -1
VEHICLE, NUM_VEHICLES, ROOM_FOR, TRIP_TIME, RETURN_TIME, LANE_CALENDAR, LIMITS = range(7)
TRIP_COST, UNIT_COST, TRIP_CO2 = range(7, 10)
# LANE_LIMITS: timetable (NUM_LISTED 0: none; PERIOD 0: not repeated), headway, and docks by number of their profile
# (-1: not counted) with what others may hold of them meanwhile, and for how long a trip holds one; if trips are longer
# at some times, in TIMES as end, length, end, length the pieces until a first tick, then those of a period that repeats
# from tick 0 on, and all lengths (NUM_LENGTHS 0: not so)
LISTED_AT, NUM_LISTED, PERIOD, LAST_LISTED, HEADWAY = range(5)
DOCK_FROM, OTHERS_FROM, HOLD_FROM, DOCK_TO, OTHERS_TO, HOLD_TO = range(5, 11)
PIECES_AT, NUM_FIRST, NUM_PIECES, PIECES_PERIOD, LENGTHS_AT, NUM_LENGTHS = range(11, 17)
# JOBS; CARRIERS_AT: in TIMES, by carrier, -1: any; its operations in all plans; SPLITS: it goes in loads
RELEASE, DUE, DEADLINE, WEIGHT, SIZE, CARRIERS_AT, OPS_FROM, OPS_TO, UNITS_FROM, UNITS_TO, SPLITS = range(11)
# UNITS: operations FIRST_OP to LAST_OP - 1 are its own; REST: least time from its start to the completion of the job
# NEXTS lists the units that wait for it, from NEXTS_AT to NEXTS_END; it waits for NUM_BEFORE
UNIT_JOB, PLAN, FIRST_OP, LAST_OP, REST, NEXTS_AT, NEXTS_END, NUM_BEFORE = range(8)
# CALENDARS: downtimes in TIMES as start, end, start, end; in which stretches a machine is slow, in TIMES as start, end,
# worth of a tick, and what a tick is worth outside them
DOWN_AT, NUM_DOWN, SLOW_AT, NUM_SLOW, USUAL = range(5)
# UNDER_WAY: empty moves of a carrier that were under way at `now`; UNDER_START: when it would set out, if the way took
# as long as from now on, UNDER_TIME: for how long it is really under way
UNDER_FROM, UNDER_TO, UNDER_START, UNDER_TIME = range(4)
# CHANGEOVERS: setups that were under way at `now`
SET_FOR, SET_FROM, SET_TO, SET_START = range(4)
# LOADS: the link of each move of a further load
LOAD_LINK = 0
# NEIGHBOURS: operations that were neighbours on a machine in the baseline, the second one pending
EARLIER, LATER, WHERE = range(3)

EXIT, ENTRY, ONWARD, ELSEWHERE = range(4)
"""Values of SLOT: out of a cell, to a station, on from a hub, and any other."""


@inner
def put(state: Ints, trail: Ints, where: int, value: int) -> None:
    """Write into the state; ``trail[0]`` counts the writes, each is kept as place, old value, new value."""
    top = trail[0]
    trail[3 * top + 1] = where
    trail[3 * top + 2] = state[where]
    trail[3 * top + 3] = value
    trail[0] = top + 1
    state[where] = value


@inner
def undo(state: Ints, trail: Ints, mark: int) -> None:
    """Take back all writes since the trail had this many."""
    top = trail[0]
    while top > mark:
        top -= 1
        state[trail[3 * top + 1]] = trail[3 * top + 2]
    trail[0] = mark


@inner
def copy(target: Ints, at: int, source: Ints, begin: int, num: int) -> None:
    """Copy so many numbers."""
    for k in range(num):
        target[at + k] = source[begin + k]


@inner
def redo(state: Ints, trail: Ints, kept: Ints, first: int, end: int) -> None:
    """Make writes again, from the first of those to `end`, that were copied from the trail before they were undone."""
    top = trail[0]
    copy(trail, 3 * top + 1, kept, 3 * first, 3 * (end - first))
    for k in range(first, end):
        state[kept[3 * k]] = kept[3 * k + 2]
    trail[0] = top + end - first


@inner
def come_to_the_same(state: Ints, kept: Ints, num: int, trail: Ints, mark: int, stamps: Ints, stamp: int) -> bool:
    """Return whether two sequences of writes lead to the same state: `num` that are kept, and those since `mark`.

    The latter have been made, the former have been made before from the same state and been taken back. What no stamp
    marks has not been compared yet: the last write of one sequence is what it comes to, and where only the other one
    writes, that has to come to what was there before.
    """
    for k in range(num - 1, -1, -1):
        where = kept[3 * k]
        if stamps[where] != stamp:
            stamps[where] = stamp
            if state[where] != kept[3 * k + 2]:
                return False
    for k in range(mark, trail[0]):
        where = trail[3 * k + 1]
        if stamps[where] != stamp:
            stamps[where] = stamp
            if state[where] != trail[3 * k + 2]:
                return False
    return True

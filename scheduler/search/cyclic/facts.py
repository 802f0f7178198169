"""One part set as integers, a plan of it, and what the plan takes of machines and carriers.

Jobs are chains of operations, or trees: the branches of an *assembly* are joined by the operation that follows them
all; or any graphs, in which a part goes from an operation to each of several successors. A job of the set with
alternative process plans is a job here for each of them, and at most one of these is in a plan at a time; whatever has
an entry by job has one for each *alternative*. The operations of a job are numbered branch after branch, each after all
that is before it (see `scheduler.search.cyclic.choices.orders_of`). A *link* leads away from each operation to each
that follows, or out of the factory, and into each that is the first of its branch. Links have the next numbers when
their operation has.
A plan says for each operation its mode and start, and for each leg of a link its option, which is a carrier with the
length of the move, and its start. Instants have one numbering: starts of operations, then starts of legs.

A move of a carrier that holds several parts is two legs, its two *visits*: the part is taken up, and put down later.
The carrier is a resource that makes one visit after the other, with travel between them. The places on it are a
resource of their own: a counted station at which the first leg puts the part, and from which the second takes it.

Machines and carriers are *resources*, carriers after machines, and after those what several parts or operations
share: counted buffers, places at stations of cells and on carriers, operators, and lanes: their vehicles, the units on
board, the headway, docks. A *use* of one is the stretch
``[start, end)`` of its time that a visit of a part, a loaded move or a wait takes, and the setup families or places at
its two ends; its ends are given as instants with an offset, too. Of a resource with a capacity above 1 a use takes its
*demand*, and there are no gaps.

Transfers of a lane that depart at the same tick of the cycle are one *trip*. They take vehicle, headway and docks once
together, which is seen from their families: `TRIP` or less, one number for each lane that takes the resource.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
NO_LIMIT = 1 << 40
UNREACHABLE = 1 << 30
"""Ticks between two places that nothing joins."""
TRIP = -1
NONE, ZERO, ONE = (cast("int", np.int64(number)) for number in (-1, 0, 1))
YES = cast("bool", np.bool_(True))
"""Arguments of compiled functions: numba compiles a function once more for each plain constant that it is called with,
which took a third of the whole time."""


class Facts(NamedTuple):
    """What does not change; all arrays are of 64-bit integers.

    Attributes
    ----------
    ops_at
        Where the operations of each job begin, and one more.
    links_at
        Where the links of each job begin, and one more.
    comes_from, goes_to
        By link: the operation that it leads away from, and the one that it leads to; -1: none.
    outs_from, outs_to
        By operation: the first link that leads away from it, and the number after the last.
    ins_at, ins
        By operation: where the links begin that lead to it, and one more; the links.
    slots_at, link_of
        By link: where its legs have their places in a plan, as many as its longest route has, and one more; the link of
        each place.
    arrivals
        By link: a row for each mode of the operation that it leads to, or one for the departure, within those of a job.
    modes_at
        Where the modes of each operation begin, and one more.
    machine, duration, family, dwell
        By mode; families are numbered by machine, `NO_LIMIT` is no maximum dwell. A tended operation has a mode for
        each robot that can tend it.
    has_last
        By mode: whether several parts are brought, and work begins as soon as the last of them has been put down.
    behind, before
        By mode: the resource that a part takes from its machine's on until it is taken away, where the output buffer is
        counted, and the counted input buffer that it waits in; -1: none.
    helps_at, helper, help_demand, help_place
        By mode: where the resources begin that it takes besides, while it lasts: robots that tend, and operators.
    least_lag, most_lag
        By link; `NO_LIMIT` is no most lag.
    least_wait
        By link: how long a part waits before its way, at the least, so that the way takes it to the least lag.
    holds_before, holds_after
        By machine: whether it is taken from the drop on, and until the part goes on.
    routes_at
        By link: where its routes begin, mode of the predecessor by mode of the successor (one row or column where there
        is none).
    legs_at
        By route: where its legs begin, and one more; -1 where there is no way.
    way_time
        By route: how long it takes at the least; `NO_LIMIT` or more where there is no way.
    leaves, enters
        By route: whether its first leg takes the part from its machine, and whether its last one brings it to one.
    options_at
        By leg: where its options begin, and one more.
    station
        By leg: the counted station where it puts the part down, or the places on its carrier; -1: none.
    apart
        By leg: -1, or for another load of a job that goes over a lane in several how long after the one before it can
        depart; then it goes on from where that one does. 0 where each may take one of several lanes.
    by_lanes
        By leg: whether it is one of several loads each of which may take one of several lanes.
    carrier, busy, length, pick_up, drop, origin, destination
        By option: the number of the resource, how long it is taken from the start of the leg on, after how long the
        next leg or the operation can begin, after how long the place that the part comes from is free, how long before
        ``length`` that which it goes to is taken, and places numbered by carrier. A lane is no resource: -1.
    lasts
        By option: how long after the start of its leg a set is not over: a tick at the least, and for a lane until its
        vehicle is back. Where it is made once neither counts.
    turns
        By option: for several loads of a job over a lane, how long after one the next can depart, how many vehicles
        there are, how long after each so manieth load the next can depart, and how long after one a load over another.
    shares_at
        By option: where that begins in ``shares`` which a trip of a lane takes.
    shares
        Rows of a resource, the family of its use, how much, and from when to when after the departure.
    capacity, is_counted
        By resource; whether its uses are counted, and have no gaps.
    gaps_at, gaps_width
        By resource: where its table of setups or empty travel begins in ``gaps``, and the length of a row.
    gaps
        The tables, from the family or place behind to the one ahead.
    alternatives
        By job: a row of the first of those that are the same job by other process plans, and one more than the last.
    sets
        Sets that may be in the factory at a time (one number).
    is_once
        Whether the set is made once, from tick 0 on, and nothing repeats itself (one number).
    release
        By job: before which tick nothing of it begins.
    closed
        Downtimes, one after the other for each machine and lane: begin and end.
    works, departs
        By mode and by option: a row of the first of the downtimes, of its machine or lane, and one more than the last.
    pauses
        By mode: whether a downtime interrupts the work. Its time in a plan is that at which it would start to be over
        when it is, if nothing interrupted it.
    set_up
        By mode: how long its machine is set up after a downtime, at the most.
    begins_with
        Rows of a resource and the family or place with which it begins.
    """

    ops_at: Ints
    links_at: Ints
    comes_from: Ints
    goes_to: Ints
    outs_from: Ints
    outs_to: Ints
    ins_at: Ints
    ins: Ints
    slots_at: Ints
    link_of: Ints
    arrivals: Ints
    modes_at: Ints
    machine: Ints
    duration: Ints
    family: Ints
    dwell: Ints
    has_last: Ints
    behind: Ints
    before: Ints
    helps_at: Ints
    helper: Ints
    help_demand: Ints
    help_place: Ints
    least_lag: Ints
    most_lag: Ints
    least_wait: Ints
    holds_before: Ints
    holds_after: Ints
    routes_at: Ints
    legs_at: Ints
    way_time: Ints
    leaves: Ints
    enters: Ints
    options_at: Ints
    station: Ints
    apart: Ints
    by_lanes: Ints
    carrier: Ints
    busy: Ints
    length: Ints
    pick_up: Ints
    drop: Ints
    origin: Ints
    destination: Ints
    lasts: Ints
    turns: Ints
    shares_at: Ints
    shares: Ints
    capacity: Ints
    is_counted: Ints
    gaps_at: Ints
    gaps_width: Ints
    gaps: Ints
    alternatives: Ints
    sets: Ints
    is_once: Ints
    release: Ints
    closed: Ints
    works: Ints
    departs: Ints
    pauses: Ints
    set_up: Ints
    begins_with: Ints


class Plan(NamedTuple):
    """A plan of some jobs of the set: mode by operation, option by leg, instants, and whether a job is in it.

    While a job is put in, the mode of an operation is -1 as long as it is not planned yet.
    """

    mode: Ints
    option: Ints
    time: Ints
    placed: Ints

    def copy(self) -> Plan:
        """Return a plan of its own."""
        return Plan(*(array.copy() for array in self))


class Uses(NamedTuple):
    """The uses of each resource in any order, ``size`` of them; see the module."""

    size: Ints
    job: Ints
    start: Ints
    end: Ints
    demand: Ints
    first: Ints
    last: Ints
    start_instant: Ints
    start_offset: Ints
    end_instant: Ints
    end_offset: Ints


class Size(NamedTuple):
    """How much there is in a plan of a set; ``uses`` are those of one resource, at the most."""

    jobs: int
    operations: int
    legs: int
    instants: int
    resources: int
    uses: int


def size_of(facts: Facts) -> Size:
    """Return the size of a plan."""
    jobs, operations = len(facts.ops_at) - 1, len(facts.modes_at) - 1
    legs = len(facts.link_of)
    return Size(jobs, operations, legs, operations + legs, len(facts.gaps_at), operations + legs + 1)


def empty_plan(facts: Facts) -> Plan:
    """Return the plan without any job."""
    size = size_of(facts)
    counts = size.operations, size.legs, size.instants, size.jobs
    return Plan(*(np.zeros(count, np.int64) for count in counts))


def empty_uses(facts: Facts) -> Uses:
    """Return room for the uses of any plan."""
    size = size_of(facts)
    shape = (size.resources, size.uses)
    return Uses(np.zeros(size.resources, np.int64), *(np.zeros(shape, np.int64) for _ in Uses._fields[1:]))

"""Room to insert jobs in: rows of ticks, one for each mode or leg of a job, and prices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.facts import NO_LIMIT, Facts, Ints, size_of

NEVER = 1 << 29
"""A cost above all others."""
OWN = 1 << 23
"""What it costs to be in one's own way."""
COLLISION = 1 << 12
"""What it costs to collide with a job of weight 1: more than all that a job takes of resources."""
DEAREST = 8
"""Price of a tick of a resource that is always busy, before it is made smaller."""


class Room(NamedTuple):
    """Room to work in, for one thread: rows of ticks; see `rooms`.

    Attributes
    ----------
    starts, ready, held
        By mode of the job: ``A``, and ``D`` for a part that has left its machine, or not.
    inside, begun
        By mode: what it costs to begin a visit at a tick, without what is paid for until then, and the sum of what
        begins up to a tick; then the same for the places behind a machine, and for those before it.
    at_station, from_station
        The same for the stations over which a way leads, in turns.
    helpers
        What it costs to begin an operation at a tick of the cycle, for whoever helps.
    steps
        Rows for the costs along one way.
    due
        Where a lag has an end: by when the operation has to start, of what is ready and of what has arrived at a tick;
        and rows of costs and instants to find what of that is the cheapest.
    loads
        Where loads of a job may take one of several lanes: rows for what is ready for a lane, and when it comes from;
        then those of `scheduler.search.cyclic.loads`, before and after a load.
    arrived
        By row of ``moved_from``: when the last of such loads departed, where they have arrived at a tick.
    last
        By tick, where work begins as soon as the last of several parts is there: what it costs that one of them is put
        down, and by which mode before; what the cheapest of them to be the last costs more, its link and mode before.
    starts_from, starts_way, ready_from, held_from, moved_from, moved_by
        How each cost came about: instants, modes and options before; of ``A`` by the ``arrivals`` of each link, of a
        departure at tick 0.
    moved_at
        By arrival and mode before: the first row of ``moved_from`` for the way between the two.
    window
        Ticks in the window of a minimum.
    hit
        By job: whether the last one that was inserted collides with it.
    price, rebate
        By resource: what a tick of it costs, in as many parts as ``1 << rebate[0]``.
    begins
        Before which tick a job begins (one number): the cycle time, where it does not matter when the set is over.
    noise
        What a move costs more at a tick, at the most (one number).
    order
        By resource: its uses by their begin modulo the cycle time.
    taken, lightest, crowd
        By tick of the cycle: what is taken of a shared resource, the lightest job there, and room for costs.
    departed
        By tick of the cycle: which lanes have a trip that begins to take a shared resource, a bit for each.
    """

    starts: NDArray[np.int32]
    ready: NDArray[np.int32]
    held: NDArray[np.int32]
    inside: NDArray[np.int32]
    begun: NDArray[np.int32]
    at_station: NDArray[np.int32]
    from_station: NDArray[np.int32]
    helpers: NDArray[np.int32]
    steps: NDArray[np.int32]
    due: NDArray[np.int32]
    loads: NDArray[np.int32]
    arrived: NDArray[np.int32]
    last: NDArray[np.int32]
    starts_from: NDArray[np.int32]
    starts_way: NDArray[np.int32]
    ready_from: NDArray[np.int32]
    held_from: NDArray[np.int32]
    moved_from: NDArray[np.int32]
    moved_by: NDArray[np.int32]
    moved_at: Ints
    window: Ints
    hit: Ints
    price: Ints
    rebate: Ints
    begins: Ints
    noise: Ints
    order: Ints
    taken: NDArray[np.int32]
    lightest: NDArray[np.int32]
    crowd: NDArray[np.int32]
    departed: Ints


def rooms(facts: Facts, most_ticks: int) -> Room:
    """Return room for the largest job of a set and so many ticks."""
    num_modes = num_arrivals = most_modes = most_rows = 1
    counts_buffers = max(facts.behind.max(initial=-1), facts.before.max(initial=-1)) >= 0
    routes_at = [*facts.routes_at.tolist(), len(facts.leaves)]
    for job in range(len(facts.ops_at) - 1):
        ops = range(int(facts.ops_at[job]), int(facts.ops_at[job + 1]))
        links = range(int(facts.links_at[job]), int(facts.links_at[job + 1]))
        counts = [int(facts.modes_at[op + 1] - facts.modes_at[op]) for op in ops]
        num_modes = max(num_modes, sum(counts))
        most_modes = max([most_modes, *counts])
        ends = [int(facts.goes_to[link]) for link in links]
        num_arrivals = max(num_arrivals, sum(1 if op < 0 else counts[op - ops.start] for op in ends))
        first, behind = facts.legs_at[routes_at[links.start]], facts.legs_at[routes_at[links.stop]]
        most_rows = max(most_rows, int(behind - first))
    num_stays = 3 * num_modes if counts_buffers else num_modes

    def rows(number: int) -> NDArray[np.int32]:
        return np.zeros((number, most_ticks), np.int32)

    size = size_of(facts)
    most_lanes = int((np.diff(facts.options_at) * facts.by_lanes).max(initial=0))
    return Room(
        starts=rows(num_modes),
        ready=rows(num_modes),
        held=rows(num_modes),
        inside=rows(num_stays),
        begun=rows(num_stays),
        at_station=rows(2),
        from_station=rows(2),
        helpers=rows(1),
        steps=rows(5),
        due=rows(4 if (facts.most_lag < NO_LIMIT).any() else 0),
        loads=rows(6 * most_lanes + 8 if most_lanes > 0 else 0),
        arrived=rows(most_rows if most_lanes > 0 else 0),
        last=rows(5),
        starts_from=rows(num_arrivals),
        starts_way=rows(num_arrivals),
        ready_from=rows(num_modes),
        held_from=rows(num_modes),
        moved_from=rows(most_rows),
        moved_by=rows(most_rows),
        moved_at=np.zeros((num_arrivals, most_modes), np.int64),
        window=np.zeros(most_ticks, np.int64),
        hit=np.zeros(size.jobs, np.int64),
        price=np.ones(size.resources, np.int64),
        rebate=np.zeros(1, np.int64),
        begins=np.zeros(1, np.int64),
        noise=np.zeros(1, np.int64),
        order=np.zeros((size.resources, size.uses), np.int64),
        taken=np.zeros(most_ticks, np.int32),
        lightest=np.zeros(most_ticks, np.int32),
        crowd=rows(3),
        departed=np.zeros(most_ticks, np.int64),
    )
